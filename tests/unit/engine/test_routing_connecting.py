"""Answers that are still to be connected: confirmed, failed, or overtaken."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest
from tests.engine_driver import SECOND, Driver, person, plan
from tests.invariants import WatchedEngine, check_liveness, check_rebuilt, check_state

from orchestra.errors import NotAllowedInState, NotPermitted, OfferExpired
from orchestra.model import commands as c, events as e
from orchestra.model.definitions import Ring, Step
from orchestra.model.plan import Plan


def connecting(ring: Ring | None = None, connects: int | None = 30, **queue: Any) -> Plan:
    """The small contact centre, whose calls must be connected after an agent has answered."""
    of = plan()
    voice = attrs.evolve(
        of.channels["voice"],
        connects=None if connects is None else timedelta(seconds=connects),
        interrupts=["email"],
        put_aside="keep",
    )
    care = attrs.evolve(of.queues["care"], ring=ring or Ring(), **queue)
    return attrs.evolve(of, channels={**of.channels, "voice": voice}, queues={**of.queues, "care": care})


def driver_of(*agents: str, **values: Any) -> Driver:
    """An engine under that plan, with these agents at work."""
    driver = Driver(connecting(**values), engine=WatchedEngine())
    driver.sign_in(*agents)
    return driver


def call(driver: Driver, sender: str = "joe", **values: Any) -> Any:
    """A call that rings as many as it is to."""
    got = driver.call(sender, **values)
    driver.advance(0)
    return got


def settled(driver: Driver) -> None:
    """Everything holds, now and after a rebuild."""
    driver.advance(0)
    check_state(driver.engine)
    check_liveness(driver.engine)
    for rebuilt in (driver.replayed(), driver.reloaded()):
        check_rebuilt(driver.engine, rebuilt)


def test_an_answer_begins_the_set_up_and_the_contact_is_nobodys_yet() -> None:
    driver = driver_of("ana")
    got = call(driver)
    decided = driver.accept()
    assert [type(event) for event in decided.events] == [e.OfferConnecting]
    assert driver.last(e.OfferConnecting).until_us == driver.now_us + 30 * SECOND
    assert decided.result.is_connecting
    assert driver.state(got) == "CONNECTING"
    assert driver.engine.view.contacts.interactions[got.interaction].agent is None
    assert driver.engine.view.routing.benches["ana"].used_percent == 100
    settled(driver)


def test_once_it_is_confirmed_the_contact_is_the_agents() -> None:
    driver = driver_of("ana")
    got = call(driver)
    driver.accept()
    decided = driver.confirm()
    assert not decided.result.is_connecting
    assert (driver.state(got), driver.agent_of(got)) == ("ACTIVE", "ana")
    assert driver.advance(60) == [], "no time-out is left"
    settled(driver)


def test_asking_twice_is_answered_as_before() -> None:
    driver = driver_of("ana")
    call(driver)
    first = driver.accept()
    again = driver.accept()
    assert (again.events, again.result) == ([], first.result)
    confirmed = driver.confirm()
    again = driver.confirm()
    assert (again.events, again.result) == ([], confirmed.result)
    assert driver.accept().result == confirmed.result


def test_what_is_not_connected_in_time_waits_again_with_its_place_and_nobody_is_blamed() -> None:
    driver = driver_of("ana", "bob")
    got = call(driver)
    queued = driver.last(e.InteractionQueued)
    driver.accept()
    until_us = driver.last(e.OfferConnecting).until_us
    driver.advance_to(until_us - 1)
    assert driver.state(got) == "CONNECTING"
    driver.advance_to(until_us)
    end = driver.last(e.OfferEnded)
    assert (end.agent, end.outcome, end.reason) == ("ana", "SETUP_FAILED", "not connected in time")
    again = driver.last(e.InteractionQueued)
    assert (again.start_us, again.order, again.reason) == (queued.start_us, queued.order, "setup_failed")
    assert driver.ringing(got) == {"bob": "PENDING"}
    assert driver.engine.view.agent("ana").misses == 0
    made = driver.offer_to("ana")
    driver.refuse(c.ConfirmConnected(made.offer, "ana", made.token), OfferExpired, state="SETUP_FAILED")
    settled(driver)


def test_a_failed_set_up_gives_the_agent_a_short_rest_and_then_the_same_contact_again() -> None:
    driver = driver_of("ana")
    got = call(driver)
    driver.accept()
    driver.fail()
    assert driver.last(e.OfferEnded).reason == "no line"
    assert driver.state(got) == "QUEUED"
    assert driver.engine.view.routing.benches["ana"].rests
    settled(driver)
    driver.advance(4.9)
    assert driver.state(got) == "QUEUED"
    driver.advance(0.1)
    assert driver.ringing(got) == {"ana": "PENDING"}, "who could not be connected has not refused"
    assert driver.events(e.RoutingExhausted) == []
    settled(driver)


def test_only_the_agent_who_is_being_connected_can_say_how_it_went() -> None:
    driver = driver_of("ana", "bob")
    call(driver)
    made = driver.last(e.OfferMade)
    for kind in (c.ConfirmConnected, c.ReportSetupFailed):
        driver.refuse(kind(made.offer, "ana", made.token), OfferExpired, state="PENDING")
    driver.accept()
    for kind in (c.ConfirmConnected, c.ReportSetupFailed):
        driver.refuse(kind(made.offer, "bob", made.token), NotPermitted)
        driver.refuse(kind(made.offer, "ana", made.token + 1), OfferExpired, state="CONNECTING")
    driver.refuse(c.AcceptOffer(made.offer, "ana", made.token + 1), OfferExpired, state="CONNECTING")
    driver.refuse(c.DeclineOffer(made.offer, "ana", made.token), OfferExpired, state="CONNECTING")
    driver.confirm()
    driver.refuse(c.ReportSetupFailed(made.offer, "ana", made.token), OfferExpired, state="ACCEPTED")


def test_whatever_connects_may_confirm_in_the_agents_place() -> None:
    driver = driver_of("ana")
    got = call(driver)
    driver.accept()
    made = driver.last(e.OfferMade)
    driver.run(c.ConfirmConnected(made.offer, "ana", made.token, actor="system"))
    assert driver.agent_of(got) == "ana"
    assert driver.log[-1].actor == "system"


@pytest.mark.parametrize(
    ("command", "outcome", "state"),
    [
        (c.LeaveContact("in1"), "CUSTOMER_LEFT", "ABANDONED"),
        (c.CancelInteraction("in1", "settled"), "WITHDRAWN", "CANCELED"),
        (c.RecordReply("voice", "main", "r1", person("joe"), text="done"), "WITHDRAWN", "DONE"),
    ],
)
def test_the_contact_may_end_while_it_is_being_connected(command: c.Command, outcome: str, state: str) -> None:
    driver = driver_of("ana", "bob", ring=Ring(first=2))
    got = call(driver)
    driver.accept(driver.offer_to("bob"))
    driver.run(command)
    assert [(end.agent, end.outcome) for end in driver.events(e.OfferEnded)] == [("ana", outcome), ("bob", outcome)]
    assert driver.state(got) == state
    assert [driver.engine.view.agent(agent).misses for agent in ("ana", "bob")] == [0, 0]
    settled(driver)


@pytest.mark.parametrize(
    ("command", "outcome"),
    [
        (c.SetAway("ana", "x"), "RESCINDED"),
        (c.SignOut("ana"), "RESCINDED"),
        (c.RemoveAgent("ana"), "RESCINDED"),
        (c.RescindOffer("of1", "x"), "RESCINDED"),
        (c.LoseDevice("ana", "main"), "AGENT_LOST"),
    ],
)
def test_the_agent_may_go_while_being_connected(command: c.Command, outcome: str) -> None:
    driver = driver_of("ana")
    got = call(driver)
    driver.accept()
    driver.run(command)
    assert driver.last(e.OfferEnded).outcome == outcome
    assert driver.state(got) == ("OFFERED" if isinstance(command, c.RescindOffer) else "QUEUED")
    settled(driver)


def test_of_several_who_are_being_connected_the_first_confirmed_has_it() -> None:
    driver = driver_of("ana", "bob", "cleo", ring=Ring(first=3))
    got = call(driver)
    driver.accept(driver.offer_to("ana"))
    driver.accept(driver.offer_to("bob"))
    assert driver.ringing(got) == {"ana": "CONNECTING", "bob": "CONNECTING", "cleo": "PENDING"}
    settled(driver)
    decided = driver.confirm(driver.offer_to("bob"))
    ends = [(event.agent, event.outcome) for event in decided.events if isinstance(event, e.OfferEnded)]
    assert ends == [("ana", "RESCINDED"), ("cleo", "RESCINDED")]
    assert driver.agent_of(got) == "bob"
    made = driver.offer_to("ana")
    driver.refuse(c.ConfirmConnected(made.offer, "ana", made.token), OfferExpired, state="RESCINDED")
    assert driver.advance(60) == [], "the set-up that lost has no time-out left"
    settled(driver)


def test_when_the_last_set_up_of_a_ring_fails_the_others_ring_on() -> None:
    driver = driver_of("ana", "bob", "cleo", ring=Ring(first=3))
    got = call(driver)
    driver.accept(driver.offer_to("ana"))
    driver.accept(driver.offer_to("bob"))
    driver.fail(driver.offer_to("ana"))
    assert driver.state(got) == "CONNECTING"
    driver.fail(driver.offer_to("bob"))
    assert driver.state(got) == "OFFERED"
    assert driver.ringing(got) == {"cleo": "PENDING"}
    settled(driver)
    driver.advance(5)
    assert len(driver.ringing(got)) == 3, "after their rest they are asked again"


def test_nobody_else_is_asked_while_somebody_is_being_connected() -> None:
    driver = driver_of("ana", "bob", ring=Ring(first=2, every=timedelta(seconds=4)))
    got = call(driver)
    driver.accept(driver.offer_to("ana"))
    driver.sign_in("cleo")
    driver.decline(driver.offer_to("bob"))
    driver.advance(10)
    assert driver.ringing(got) == {"ana": "CONNECTING"}
    assert driver.engine.view.routing.benches["cleo"].used_percent == 0
    settled(driver)


def test_after_a_failed_set_up_a_ring_grows_on() -> None:
    driver = driver_of("ana", "bob", ring=Ring(first=2, every=timedelta(seconds=4)))
    got = call(driver)
    driver.accept(driver.offer_to("ana"))
    driver.advance(8)
    assert [event.agents for event in driver.events(e.RingWidened)] == [2]
    driver.fail(driver.offer_to("ana"))
    driver.advance(4)
    assert [event.agents for event in driver.events(e.RingWidened)] == [2, 3]
    assert driver.ringing(got) == {"bob": "PENDING"}
    settled(driver)


def test_a_failed_set_up_is_made_up_for_by_the_next_best() -> None:
    driver = driver_of("ana", "bob", ring=Ring(first=2))
    got = call(driver)
    driver.accept(driver.offer_to("ana"))
    driver.sign_in("cleo")
    driver.fail(driver.offer_to("ana"))
    assert driver.ringing(got) == {"bob": "PENDING", "cleo": "PENDING"}
    settled(driver)


def test_steps_and_overflow_wait_while_a_contact_is_being_connected() -> None:
    driver = driver_of("ana", steps=[Step(lasts=timedelta(seconds=10))], overflow_to="sales")
    got = call(driver)
    driver.accept()
    driver.advance(25)
    assert driver.state(got) == "CONNECTING"
    assert driver.engine.view.routing.items[got.interaction].queue == "care"
    driver.fail()
    driver.advance(0)
    assert driver.last(e.InteractionQueued).reason == "overflowed", "its time was over long ago"
    settled(driver)


def test_an_answer_ends_a_row_of_misses() -> None:
    driver = driver_of("ana")
    call(driver)
    driver.advance_to(driver.last(e.OfferMade).deadline_us + 30 * SECOND)
    assert driver.engine.view.agent("ana").misses == 1
    driver.accept()
    assert driver.engine.view.agent("ana").misses == 0


def test_work_is_put_aside_once_the_call_is_connected() -> None:
    driver = driver_of("ana")
    letter = driver.answered("jim", "email")
    got = call(driver)
    driver.accept()
    assert driver.state(letter) == "ACTIVE"
    driver.fail()
    assert driver.engine.view.routing.benches["ana"].used_percent == 20
    settled(driver)
    driver.advance(5)
    driver.accept()
    driver.confirm()
    assert (driver.state(letter), driver.state(got)) == ("PARKED", "ACTIVE")
    settled(driver)


def test_another_plan_changes_nothing_in_a_set_up_that_has_begun() -> None:
    driver = driver_of("ana", "bob", ring=Ring(first=2))
    got = call(driver)
    driver.accept(driver.offer_to("ana"))
    driver.change_plan(connecting(connects=None))
    driver.advance(0)
    assert driver.ringing(got) == {"ana": "CONNECTING", "bob": "PENDING"}
    decided = driver.accept(driver.offer_to("bob"))
    assert isinstance(decided.events[0], e.OfferAccepted), "who answers now is connected by that"
    assert driver.agent_of(got) == "bob"
    settled(driver)


def test_a_contact_that_is_being_connected_is_in_nobodys_hands() -> None:
    driver = driver_of("ana")
    got = call(driver)
    driver.accept()
    for command in (
        c.FinishInteraction(got.interaction, "ana"),
        c.HoldInteraction(got.interaction, "ana"),
        c.TransferInteraction(got.interaction, "ana", "sales"),
    ):
        driver.refuse(command, NotAllowedInState, state="CONNECTING")


def test_what_could_not_be_connected_shares_its_place_with_what_its_case_was_merged_with() -> None:
    """A contact that is being connected keeps its place for itself; one that rings on does not."""
    driver = driver_of("ana", "bob", ring=Ring(first=2))
    bill = driver.message("joe", "email", topic="bill", queue="sales")
    got = call(driver, topic="order")
    driver.accept()
    driver.run(c.MergeCases(bill.case.id, got.case.id, "the same"))
    assert driver.engine.view.engagements.linked == {}
    made = driver.last(e.OfferConnecting)
    token = driver.engine.view.routing.offers[made.offer].token
    driver.run(c.ReportSetupFailed(made.offer, made.agent, token))
    assert driver.engine.view.contacts.interactions[got.interaction].state == "OFFERED"
    assert driver.engine.view.engagements.linked == {bill.interaction: got.interaction}
    settled(driver)
