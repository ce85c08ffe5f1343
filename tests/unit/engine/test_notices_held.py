"""Notices wait while a person talks with the customer, and a while after that; who talks may tell them instead."""

from __future__ import annotations

from datetime import timedelta

import attrs
import pytest
from tests.engine_driver import MINUTE, SECOND
from tests.notice_plans import NOTICES, Teller

from orchestra.engine.engine import Engine
from orchestra.errors import InvalidCommand, NotAllowedInState
from orchestra.model import commands as c, events as e
from orchestra.model.plan import Plan


@pytest.fixture
def joe() -> Teller:
    """Joe is on the phone with ana, who has no wrap-up."""
    plan = Plan.parse(NOTICES)
    channels = {**plan.channels, "voice": attrs.evolve(plan.channels["voice"], wrap_up=timedelta())}
    joe = Teller(attrs.evolve(plan, channels=channels))
    joe.talk()
    return joe


def test_it_waits_until_a_while_after_they_have_talked(joe: Teller) -> None:
    joe.plan_notice()
    assert joe.state() == "HELD: talking"
    assert joe.notice().until_us is None
    joe.run(c.FinishInteraction("in2", "ana"), 60)
    assert joe.last(e.LiveContactEnded) == e.LiveContactEnded("cu1", joe.now_us + 5 * MINUTE)
    assert joe.notice().until_us == joe.now_us + 5 * MINUTE
    joe.advance(299)
    assert joe.state() == "HELD: talking"
    joe.advance(1)
    assert joe.state() == "SENDING"


def test_what_is_planned_just_after_they_have_talked_waits_too(joe: Teller) -> None:
    joe.run(c.FinishInteraction("in2", "ana"), 60)
    joe.plan_notice(after=100)
    assert joe.state() == "HELD: cool_down"
    joe.advance(200)
    assert joe.state() == "SENDING"


def test_a_message_that_is_about_to_leave_stays(joe: Teller) -> None:
    joe.run(c.FinishInteraction("in2", "ana"), 1)
    joe.plan_notice(after=300)
    assert joe.delivery().state == "PERMITTED"
    joe.answered("joe", "voice", topic="order")
    joe.refuse(c.StartDelivery("de1", 1, 1), NotAllowedInState)
    joe.advance(31)
    assert (joe.state(), joe.delivery().state) == ("HELD: talking", "CANCELED")
    assert joe.last(e.DeliveryCanceled).reason == "recalled: talking"
    joe.run(c.FinishInteraction("in3", "ana"), 1)
    joe.advance(300)
    assert (joe.state(), joe.delivery("de2").state) == ("SENDING", "PERMITTED")
    joe.start("de2")


def test_who_calls_again_is_left_alone_again(joe: Teller) -> None:
    joe.plan_notice()
    joe.run(c.FinishInteraction("in2", "ana"), 1)
    joe.answered("joe", "voice", topic="order")
    joe.advance(600)
    assert joe.state() == "HELD: talking"
    assert joe.notice().until_us is None
    joe.run(c.FinishInteraction("in3", "ana"), 1)
    joe.advance(300)
    assert joe.state() == "SENDING"


def test_what_is_legal_or_never_held_leaves_all_the_same(joe: Teller) -> None:
    joe.plan_notice("law")
    joe.plan_notice("code", "k2")
    assert (joe.state("nt1"), joe.state("nt2")) == ("SENDING", "SENDING")
    joe.start()


@pytest.mark.parametrize("rules", [{"hold_automation": False}, {"never_held": ["stage"]}])
def test_the_plan_may_say_that_nothing_waits(joe: Teller, rules: dict[str, object]) -> None:
    plan = joe.engine.view.plan
    joe.change_plan(attrs.evolve(plan, engagements=attrs.evolve(plan.engagements, **rules)))
    joe.plan_notice()
    assert joe.state() == "SENDING"


def test_whoever_is_transferred_waits_for_nobody(joe: Teller) -> None:
    joe.plan_notice()
    joe.run(c.TransferInteraction("in2", "ana", "sales"), 1)
    assert joe.last(e.LiveContactEnded).until_us == joe.now_us + 5 * MINUTE


def test_who_talks_with_a_bot_is_told(joe: Teller) -> None:
    joe.plan_notice()
    joe.run(c.DefineAgent("ana", ["care"], kind="bot"), 1)
    assert joe.last(e.LiveContactEnded).customer == "cu1"
    joe.run(c.FinishInteraction("in2", "ana"), 1)
    assert len(joe.events(e.LiveContactEnded)) == 1


def test_whoever_turns_out_to_be_somebody_else_is_not_disturbed_by_that(joe: Teller) -> None:
    joe.message("ada", "email")
    joe.run(c.MergeCustomers("cu1", "cu2", "said"), 1)
    joe.plan_notice(case="ca2")
    assert joe.state() == "HELD: talking"
    joe.run(c.SplitCustomers("li1", "wrong"), 1)
    assert joe.last(e.LiveContactEnded).customer == "cu2"
    joe.advance(300)
    assert joe.state() == "SENDING"


def test_two_who_are_one_person_are_left_alone_together(joe: Teller) -> None:
    joe.message("ada", "email")
    joe.run(c.MergeCustomers("cu1", "cu2", "said"), 1)
    joe.run(c.FinishInteraction("in2", "ana"), 1)
    joe.plan_notice(case="ca2")
    assert joe.state() == "HELD: cool_down"


def test_without_notices_in_the_plan_nothing_is_noted() -> None:
    joe = Teller(attrs.evolve(Plan.parse(NOTICES), notices=Plan().notices))
    joe.run(c.FinishInteraction(joe.talk(), "ana"), 1)
    assert joe.events(e.LiveContactEnded) == []
    assert joe.engine.view.notices.cooling == {}


def test_contacts_that_nobody_was_on_the_line_of_count_for_nothing() -> None:
    joe = Teller()
    joe.sign_in("ana")
    got = joe.answered("joe", "email")
    joe.run(c.FinishInteraction(got.interaction, "ana"), 1)
    assert joe.events(e.LiveContactEnded) == []


def test_whose_while_is_over_is_forgotten_two_at_a_time() -> None:
    joe = Teller()
    joe.sign_in("ana")
    for number in range(6):
        got = joe.answered(f"caller{number % 5}", "voice", after=30)
        joe.run(c.FinishInteraction(got.interaction, "ana"), 1)
    for _ in range(2):
        joe.advance(400)
        got = joe.answered("last", "voice")
        joe.run(c.FinishInteraction(got.interaction, "ana"), 1)
    cooling = joe.engine.view.notices.cooling
    assert len(cooling) == 2
    assert max(cooling.values()) == joe.now_us + 5 * MINUTE
    for engine in (joe.reloaded(), joe.replayed(is_blanked=True)):
        assert engine.view.notices.cooling == cooling


# Telling it


def test_who_talks_with_them_tells_it(joe: Teller) -> None:
    joe.plan_notice()
    joe.run(c.TellNow("in2", "ana", "nt1"), 1)
    assert joe.last(e.NoticeSuppressed) == e.NoticeSuppressed("nt1", "cu1", "told", "agent:ana")
    assert joe.last(e.FactTold) == e.FactTold("ca1", "cu1", "stage", "packed", "agent:ana", "in2", "nt1")
    assert joe.state() == "SUPPRESSED: told"
    joe.run(c.FinishInteraction("in2", "ana"), 1)
    joe.advance(300)
    joe.plan_notice(key="k2")
    assert joe.state("nt2") == "SUPPRESSED: already_told"


def test_what_is_of_another_matter_was_told_in_no_contact_of_it(joe: Teller) -> None:
    joe.run(c.OpenCase("cu1"), 1)
    joe.plan_notice(case="ca2")
    joe.run(c.TellNow("in2", "ana", "nt1"), 1)
    assert joe.last(e.FactTold) == e.FactTold("ca2", "cu1", "stage", "packed", "agent:ana", None, "nt1")


def test_what_is_about_no_case_is_told_without_a_trace_of_facts(joe: Teller) -> None:
    joe.plan_notice(customer="cu1")
    joe.run(c.TellNow("in2", "ana", "nt1"), 1)
    assert joe.state() == "SUPPRESSED: told"
    assert joe.events(e.FactTold) == []


def test_a_bot_may_tell_it_as_well(joe: Teller) -> None:
    joe.plan_notice()
    joe.run(c.DefineAgent("ana", ["care"], kind="bot"), 1)
    joe.run(c.TellNow("in2", "ana", "nt1"), 1)
    assert joe.last(e.FactTold).by == "bot:ana"


def test_what_is_not_held_or_for_somebody_else_cannot_be_told(joe: Teller) -> None:
    joe.plan_notice("law")
    joe.refuse(c.TellNow("in2", "ana", "nt1"), NotAllowedInState)
    joe.sign_in("bob")
    got = joe.answered("ada", "voice")
    joe.plan_notice(key="k2", case=got.case.id)
    assert joe.state("nt2") == "HELD: talking"
    joe.refuse(c.TellNow("in2", "ana", "nt2"), InvalidCommand, field="delivery")


def test_a_notice_waits_on_its_own_timer_and_no_other(joe: Teller) -> None:
    engine: Engine = joe.engine
    joe.plan_notice()
    joe.plan_notice("both", "k2", facts={"stage": "packed", "due": "2026-08-01"})
    assert [engine.view.timers.names_of(name) for name in ("nt1", "nt2")] == [["notices.due"], ["notices.due"]]
    assert engine.view.timers.get("notices.due", "nt1") == joe.notice().expires_us
    assert joe.now_us % SECOND == 0
