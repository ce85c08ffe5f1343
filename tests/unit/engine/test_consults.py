"""Consults: an agent asks another for help with a contact, whose customer stays where they are."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest
from tests.engine_driver import SECOND, plan
from tests.unit.engine.consult_desk import Desk

from orchestra.engine.lifecycle import CONSULT
from orchestra.errors import CommandRefused, InvalidCommand, NotAllowedInState, NotPermitted, OfferExpired, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.results import Consulted, Consulting

# The way it goes


def test_who_is_asked_has_the_capacity_held_and_a_deadline(desk: Desk, got: Any) -> None:
    asked = desk.ask(got)
    assert asked == Consulting("cs1", 1, 50, desk.now_us + 30 * SECOND)
    event = desk.last(e.ConsultAsked)
    assert (event.agent, event.consulted, event.note) == ("ana", "bob", "who is it?")
    assert (desk.used("ana"), desk.used("bob")) == (50, 50)
    assert "who is it?" not in repr(event)


def test_who_accepts_takes_part_and_the_contact_stays_with_who_asked(desk: Desk, got: Any, asked: Any) -> None:
    assert desk.join(asked) == Consulted("cs1", got.interaction, got.case, got.customer, "ana")
    assert (desk.state(got), desk.agent_of(got)) == ("ACTIVE", "ana")
    assert desk.used("bob") == 50
    desk.advance(3600)
    assert desk.engine.view.consults.consults["cs1"].state == "JOINED"


def test_accepting_twice_is_answered_twice_and_happens_once(desk: Desk, asked: Any) -> None:
    assert desk.join(asked) == desk.join(asked)
    assert len(desk.events(e.ConsultAccepted)) == 1


def test_capacity_that_a_consult_gives_back_is_offered_what_waits_at_once(desk: Desk) -> None:
    asked_about = desk.answered("joe", "voice")
    desk.sign_in("bob")
    asked = desk.ask(asked_about)
    waiting = desk.call("mia")
    assert desk.offered() == {}
    desk.run(c.DeclineConsult(asked.consult, "bob", asked.token), 1)
    desk.advance(0)
    assert desk.offered() == {waiting.interaction: "bob"}


# How it ends


def test_who_declines_has_the_capacity_back_and_is_not_blamed(desk: Desk, got: Any, asked: Any) -> None:
    desk.run(c.DeclineConsult("cs1", "bob", asked.token, "busy"), 1)
    assert (desk.outcome(), desk.last(e.ConsultEnded).reason, desk.used("bob")) == ("DECLINED", "busy", 0)
    desk.unchanged(got)
    assert desk.ask(got).consult == "cs2"


def test_who_does_not_answer_in_time_is_asked_no_more(desk: Desk, got: Any, asked: Any) -> None:
    desk.advance(29.999)
    assert desk.events(e.ConsultEnded) == []
    desk.advance(0.001)
    assert (desk.outcome(), desk.used("bob")) == ("TIMED_OUT", 0)
    assert desk.engine.view.presence.agents["bob"].misses == 0
    desk.unchanged(got)
    desk.refuse(c.AcceptConsult("cs1", "bob", asked.token), OfferExpired, offer="cs1", state="over")


def test_a_consult_that_is_accepted_after_it_was_canceled_is_over(desk: Desk, got: Any, asked: Any) -> None:
    desk.run(c.EndConsult("cs1", "ana", "found it"), 1)
    assert (desk.outcome(), desk.used("bob")) == ("CANCELED", 0)
    desk.refuse(c.AcceptConsult("cs1", "bob", asked.token), OfferExpired, offer="cs1", state="over")
    desk.unchanged(got)


def test_either_side_ends_a_consult_that_goes_on(desk: Desk, got: Any, joined: Any) -> None:
    desk.run(c.LeaveConsult("cs1", "bob"), 1)
    assert (desk.outcome(), desk.used("bob")) == ("LEFT", 0)
    again = desk.ask(got)
    desk.join(again)
    desk.run(c.EndConsult("cs2", "ana"), 1)
    assert (desk.outcome(), desk.used("bob")) == ("ENDED", 0)
    desk.unchanged(got)


@pytest.mark.parametrize("is_joined", [False, True])
def test_the_customer_leaves_during_a_consult(desk: Desk, got: Any, asked: Any, is_joined: bool) -> None:
    if is_joined:
        desk.join(asked)
    desk.run(c.LeaveContact(got.interaction), 1)
    assert (desk.outcome(), desk.used("bob"), desk.state(got)) == ("CUSTOMER_LEFT", 0, "DONE")


@pytest.mark.parametrize("is_joined", [False, True])
def test_a_consult_is_over_with_the_contact(desk: Desk, got: Any, asked: Any, is_joined: bool) -> None:
    if is_joined:
        desk.join(asked)
    desk.run(c.FinishInteraction(got.interaction, "ana"), 1)
    assert (desk.outcome(), desk.used("bob")) == ("ENDED" if is_joined else "CANCELED", 0)


def test_a_consult_is_over_when_nobody_is_needed(desk: Desk, got: Any, joined: Any) -> None:
    desk.run(c.CancelInteraction(got.interaction, "spam"), 1)
    assert (desk.outcome(), desk.last(e.ConsultEnded).reason) == ("ENDED", "the contact is over")


def test_a_consult_is_over_when_the_contact_waits_again(desk: Desk, got: Any, joined: Any) -> None:
    desk.run(c.TransferInteraction(got.interaction, "ana", "sales"), 1)
    names = [type(event).__name__ for event in desk.batches[-1].events]
    assert names.index("ConsultEnded") == names.index("InteractionQueued") + 1
    assert desk.used("bob") == 0


@pytest.mark.parametrize("is_joined", [False, True])
@pytest.mark.parametrize("goes", [c.SignOut("bob"), c.RemoveAgent("bob")])
def test_the_consulted_agent_is_gone(desk: Desk, got: Any, asked: Any, is_joined: bool, goes: c.Command) -> None:
    if is_joined:
        desk.join(asked)
    desk.run(goes, 1)
    assert desk.outcome() == "AGENT_LOST"
    desk.unchanged(got)


def test_the_consulted_agent_is_lost_after_the_grace(desk: Desk, got: Any, joined: Any) -> None:
    desk.run(c.SignIn("bob", "phone"), 1)
    desk.run(c.LoseDevice("bob", "phone"), 1)
    desk.run(c.LoseDevice("bob", "main"), 1)
    desk.advance(59.999)
    assert desk.events(e.ConsultEnded) == []
    desk.advance(0.001)
    assert desk.outcome() == "AGENT_LOST"
    desk.unchanged(got)


@pytest.mark.parametrize("goes", [c.SetAway("bob", "lunch"), c.LoseDevice("bob", "main")])
def test_who_takes_no_work_is_asked_no_more(desk: Desk, got: Any, asked: Any, goes: c.Command) -> None:
    desk.run(goes, 1)
    assert desk.outcome() == "AGENT_LOST"
    desk.unchanged(got)


def test_who_goes_away_goes_on_with_what_they_take_part_in(desk: Desk, joined: Any) -> None:
    desk.run(c.SetAway("bob", "lunch"), 1)
    assert desk.events(e.ConsultEnded) == []


def test_who_asked_signs_out(desk: Desk, got: Any, joined: Any) -> None:
    desk.run(c.SignOut("ana"), 1)
    assert (desk.outcome(), desk.last(e.ConsultEnded).reason) == ("ENDED", "who asked is gone")
    assert desk.used("bob") == (50 if desk.offered()[got.interaction] == "bob" else 0)


def test_what_an_agent_signs_out_with_that_is_kept_is_consulted_no_more(desk: Desk) -> None:
    got = desk.answered("joe", "email")
    desk.sign_in("bob")
    desk.join(desk.ask(got))
    desk.run(c.SignOut("ana"), 1)
    assert (desk.outcome(), desk.agent_of(got)) == ("ENDED", "ana")


def test_the_wrap_up_of_the_consulted_agent_ends_while_a_consult_is_live(desk: Desk) -> None:
    got = desk.answered()
    desk.sign_in("bob")
    other = desk.call("mia")
    desk.accept(desk.offer_to("bob"))
    assert desk.agent_of(other) == "bob"
    desk.run(c.FinishInteraction(other.interaction, "bob"), 1)
    assert (desk.state(other), desk.used("bob")) == ("WRAPPING", 100)
    desk.refuse(c.AskConsult(got.interaction, "ana", "bob"), NotAllowedInState, subject="bob", state="SATURATED")
    desk.run(c.DefineAgent("bob", ["care"], capacity_percent=200), 1)
    desk.join(desk.ask(got))
    desk.advance(10)
    assert (desk.state(other), desk.used("bob")) == ("DONE", 50)
    assert desk.engine.view.consults.consults["cs1"].state == "JOINED"


# What is refused


def test_a_second_consult_while_one_is_open_is_refused(desk: Desk, got: Any, asked: Any) -> None:
    second = c.AskConsult(got.interaction, "ana", "cleo")
    desk.refuse(second, NotAllowedInState, subject="cs1", state="ASKED", trigger="ask_another")
    desk.join(asked)
    desk.refuse(second, NotAllowedInState, subject="cs1", state="JOINED")


@pytest.mark.parametrize(
    ("command", "error", "attributes"),
    [
        (c.AskConsult("in1", "ana", "ana"), InvalidCommand, {"field": "agent"}),
        (c.TransferToAgent("in1", "ana", "ana"), InvalidCommand, {"field": "agent"}),
        (c.AskConsult("in1", "ana", "bob", "x" * 500_001), InvalidCommand, {"field": "note"}),
        (c.AskConsult("in1", "ana", "nobody"), UnknownId, {"kind": "agent"}),
        (c.AskConsult("in1", "bob", "cleo"), NotPermitted, {"actor": "agent:bob"}),
        (c.AskConsult("in9", "ana", "bob"), UnknownId, {"kind": "interaction"}),
        (c.EndConsult("cs1", "ana"), UnknownId, {"kind": "consult"}),
        (c.EndConsult("csx", "ana"), UnknownId, {"kind": "consult"}),
    ],
)
def test_what_makes_no_sense_is_refused(
    desk: Desk, got: Any, command: c.Command, error: type[CommandRefused], attributes: dict[str, Any]
) -> None:
    desk.refuse(command, error, **attributes)


def test_only_those_are_asked_who_take_work_and_have_room(desk: Desk, got: Any) -> None:
    ask = c.AskConsult(got.interaction, "ana", "bob")
    desk.run(c.SetAway("bob", "lunch"), 1)
    desk.refuse(ask, NotAllowedInState, subject="bob", state="AWAY", trigger="be_consulted")
    desk.run(c.SetAvailable("bob"), 1)
    desk.run(c.LoseDevice("bob", "main"), 1)
    desk.refuse(ask, NotAllowedInState, subject="bob", state="SILENT")
    desk.run(c.SignOut("bob"), 1)
    desk.refuse(ask, NotAllowedInState, subject="bob", state="OFFLINE")
    desk.run(c.SignIn("bob"), 1)
    desk.run(c.DefineAgent("bob", ["care"], capacity_percent=49), 1)
    desk.refuse(ask, NotAllowedInState, subject="bob", state="SATURATED")


def test_only_what_is_in_hand_is_consulted_about(desk: Desk) -> None:
    got = desk.message()
    desk.refuse(c.AskConsult(got.interaction, "ana", "bob"), NotAllowedInState, state="OFFERED", trigger="consult")


def test_a_customer_on_hold_can_wait_for_a_consult(desk: Desk, got: Any) -> None:
    desk.run(c.HoldInteraction(got.interaction, "ana"), 1)
    desk.join(desk.ask(got))
    assert desk.state(got) == "HELD"


def test_the_parts_are_not_mixed_up(desk: Desk, asked: Any) -> None:
    for command in (c.AcceptConsult("cs1", "cleo", 1), c.DeclineConsult("cs1", "ana", 1), c.LeaveConsult("cs1", "ana")):
        desk.refuse(command, NotPermitted)
    desk.refuse(c.EndConsult("cs1", "bob"), NotPermitted, actor="agent:bob")
    for stale in (c.AcceptConsult("cs1", "bob", 2), c.DeclineConsult("cs1", "bob", 2)):
        desk.refuse(stale, OfferExpired, state="ASKED")
    desk.refuse(c.LeaveConsult("cs1", "bob"), NotAllowedInState, state="ASKED", trigger="leave")
    desk.join(asked)
    desk.refuse(c.DeclineConsult("cs1", "bob", 1), OfferExpired, state="JOINED")


def test_bots_are_not_consulted_and_do_not_consult(desk: Desk, got: Any) -> None:
    desk.run(c.DefineAgent("rob", ["care"], kind="bot"), 1)
    desk.sign_in("rob")
    desk.refuse(c.AskConsult(got.interaction, "ana", "rob"), InvalidCommand, field="agent")
    desk.refuse(c.TransferToAgent(got.interaction, "ana", "rob"), InvalidCommand, field="agent")


def test_who_asked_signs_out_while_something_rings_at_them(desk: Desk, got: Any, joined: Any) -> None:
    desk.run(c.SetAway("cleo", "lunch"), 1)
    rings = desk.message("mia")
    assert desk.offered() in ({rings.interaction: "ana"}, {rings.interaction: "bob"})
    desk.run(c.SignOut(desk.offered()[rings.interaction]), 1)
    assert desk.engine.view.consults.consults == {}


# The table, walked


_TRIGGERS = {
    "accept": c.AcceptConsult("cs1", "bob", 1),
    "connect": c.AcceptConsult("cs1", "bob", 1),
    "confirm": c.ConfirmConnected("cs1", "bob", 1),
    "fail": c.ReportSetupFailed("cs1", "bob", 1),
    "decline": c.DeclineConsult("cs1", "bob", 1),
    "end": c.EndConsult("cs1", "ana"),
    "leave": c.LeaveConsult("cs1", "bob"),
    "customer_leave": c.LeaveContact("in1"),
    "agent_lose": c.SignOut("bob"),
    "merge": c.MergeConsult("cs1", "ana"),
    "transfer": c.CompleteTransfer("cs1", "ana"),
}


@pytest.mark.parametrize(
    ("state", "trigger"),
    [step for step in CONSULT.steps if step[1] not in ("barge_in", "queue") and step[0] != "QUEUED"],
)
def test_each_step_of_the_table_is_taken(desk: Desk, asked: Any, state: str, trigger: str) -> None:
    if "CONNECTING" in (state, CONSULT.steps[state, trigger]):
        first = plan()
        chat = attrs.evolve(first.channels["chat"], connects=timedelta(seconds=15))
        desk.change_plan(attrs.evolve(first, channels={**first.channels, "chat": chat}))
    if state != "ASKED":
        desk.join(asked)
    if state == "MERGED":
        desk.run(c.MergeConsult("cs1", "ana"), 1)
    if trigger == "time_out":
        desk.advance(30)
    else:
        desk.run(_TRIGGERS[trigger], 1)
    after = CONSULT.steps[state, trigger]
    if after == "TRANSFERRED":
        assert (desk.events(e.ConsultEnded), desk.engine.view.consults.consults) == ([], {})
    elif after in CONSULT.final:
        assert (desk.outcome(), desk.engine.view.consults.consults) == (after, {})
    else:
        assert desk.engine.view.consults.consults["cs1"].state == after
