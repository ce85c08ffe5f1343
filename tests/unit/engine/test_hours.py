"""Queues that close and open: by their hours, and by whoever says so."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest
from tests.engine_driver import SECOND, START, Driver, plan
from tests.invariants import WatchedEngine, check_liveness, check_rebuilt, check_state

from orchestra.errors import InvalidCommand, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.hours import Hours
from orchestra.model.plan import Plan
from orchestra.model.routing import Ring, Serving, Step
from orchestra.runtime.history.waiting import why_waiting

# Tests begin on Tuesday, 14 November 2023, 22:13:20 UTC.
TONIGHT = Hours("UTC", tue=["20:00-22:20"], wed=["08:00-18:00"])


def hours_plan(**queue: Any) -> Plan:
    first = plan()
    return attrs.evolve(first, queues={**first.queues, "care": attrs.evolve(first.queues["care"], **queue)})


def centre(**queue: Any) -> Driver:
    """A watched contact centre, one queue of which closes and opens."""
    driver = Driver(hours_plan(**queue), engine=WatchedEngine())
    driver.advance(0)
    return driver


def sound(driver: Driver) -> Driver:
    check_state(driver.engine)
    check_liveness(driver.engine)
    check_rebuilt(driver.engine, driver.replayed())
    check_rebuilt(driver.engine, driver.reloaded())
    return driver


def us(day: int, hour: int, minute: int = 0) -> int:
    return round(datetime(2023, 11, day, hour, minute, tzinfo=UTC).timestamp()) * SECOND


def test_a_queue_opens_and_closes_by_its_hours() -> None:
    driver = centre(hours=TONIGHT)
    assert driver.last(e.QueueOpened) == e.QueueOpened("care", us(14, 22, 20), "hours")
    driver.advance_to(us(14, 22, 20))
    assert driver.last(e.QueueClosed) == e.QueueClosed("care", us(15, 8), "hours")
    driver.sign_in("ana")
    driver.message("joe", "email")
    assert driver.offered() == {}
    driver.advance_to(us(15, 8))
    assert sound(driver).offered() == {"in1": "ana"}
    assert driver.engine.due() is not None


def test_a_queue_without_hours_is_always_open() -> None:
    driver = centre()
    assert driver.events(e.QueueOpened) == driver.events(e.QueueClosed) == []
    assert not driver.engine.view.hours.is_closed("care")


def test_somebody_may_close_it_until_somebody_opens_it() -> None:
    driver = centre()
    driver.sign_in("ana")
    driver.run(c.CloseQueue("care", "fire alarm"))
    driver.message("joe", "email")
    assert sound(driver).offered() == {}
    waiting = why_waiting(driver.engine.view, "in1")
    assert waiting is not None
    assert (waiting.reason, waiting.sentence) == ("closed", "queue care is closed")
    driver.run(c.OpenQueue("care", "false alarm"))
    driver.advance(1)
    assert sound(driver).offered() == {"in1": "ana"}
    assert driver.engine.view.hours.doors == {}


def test_somebody_may_close_it_for_a_while() -> None:
    driver = centre()
    driver.sign_in("ana")
    driver.run(c.CloseQueue("care", "meeting", driver.now_us + 600 * SECOND))
    driver.message("joe", "email")
    driver.advance(590)
    assert driver.offered() == {}
    driver.advance(10)
    assert sound(driver).offered() == {"in1": "ana"}


def test_what_somebody_said_goes_before_hours() -> None:
    driver = centre(hours=TONIGHT)
    driver.run(c.CloseQueue("care", "ill"))
    driver.advance_to(us(15, 10))
    assert driver.engine.view.hours.is_closed("care")
    driver.run(c.OpenQueue("care", "well"))
    assert driver.last(e.QueueOpened).until_us == us(15, 18)
    driver.advance_to(us(15, 18))
    assert driver.engine.view.hours.is_closed("care")
    driver.run(c.OpenQueue("care", "overtime"))
    driver.advance_to(us(20, 12))
    assert not driver.engine.view.hours.is_closed("care"), "until the hours change the next time"
    driver.run(c.OpenQueue("care", "still", driver.now_us + SECOND))
    driver.advance(1)
    assert driver.engine.view.hours.doors["care"].reason == "hours"


@pytest.mark.parametrize(
    ("command", "error"),
    [
        (c.CloseQueue("none", "x"), UnknownId),
        (c.OpenQueue("none", "x"), UnknownId),
        (c.CloseQueue("care", ""), InvalidCommand),
        (c.CloseQueue("care", "hours"), InvalidCommand),
        (c.CloseQueue("care", "x", START), InvalidCommand),
        (c.OpenQueue("care", "x", START), InvalidCommand),
    ],
)
def test_what_makes_no_sense_is_refused(command: c.Command, error: type[Any]) -> None:
    centre().refuse(command, error)


# Who comes while it is closed


def came(when_closed: str, channel: str, **queue: Any) -> tuple[str, str, str]:
    """State, queue and last reason of a contact that comes to a closed queue while somebody is free."""
    driver = centre(when_closed=when_closed, **queue)
    driver.run(c.DefineAgent("dan", ["care", "sales"], {}))
    driver.sign_in("dan")
    driver.run(c.CloseQueue("care", "x"))
    got = driver.call("joe") if channel == "voice" else driver.message("joe", channel)
    row = sound(driver).engine.view.contacts.interactions[got.interaction]
    last = [ev for ev in driver.log if isinstance(ev.event, e.InteractionQueued | e.InteractionDeflected)][-1].event
    return row.state, row.queue or "", last.reason  # type: ignore[union-attr]


@pytest.mark.parametrize("channel", ["voice", "email"])
def test_who_comes_to_a_queue_that_waits_waits(channel: str) -> None:
    assert came("wait", channel) == ("QUEUED", "care", "arrived")


@pytest.mark.parametrize("channel", ["voice", "email"])
def test_who_comes_to_a_queue_that_overflows_goes_there(channel: str) -> None:
    assert came("overflow", channel, overflow_to="sales") == ("OFFERED", "sales", "overflowed")


def test_a_queue_may_turn_away_who_waits_on_the_line() -> None:
    assert came("turn_away", "voice") == ("DEFLECTED", "", "closed")
    assert came("turn_away", "voice", overflow_to="sales", limit=9) == ("DEFLECTED", "", "closed")
    assert came("turn_away", "email") == ("QUEUED", "care", "arrived")
    assert came("turn_away", "email", overflow_to="sales", limit=9) == ("QUEUED", "care", "arrived")


def test_a_queue_that_only_finishes_takes_nobody_else_on_the_line() -> None:
    assert came("finish", "voice") == ("DEFLECTED", "", "closed")
    assert came("finish", "voice", overflow_to="sales") == ("OFFERED", "sales", "overflowed")
    assert came("finish", "email") == ("OFFERED", "care", "arrived")


# Who waits when it closes


def closing(when_closed: str, **queue: Any) -> Driver:
    """Three calls and three mails wait when the queue closes."""
    driver = centre(when_closed=when_closed, **queue)
    for name in ("joe", "jim", "jan"):
        driver.call(name, topic="order")
        driver.message(name, "email", topic="bill")
    driver.run(c.CloseQueue("care", "x"))
    driver.advance(1)
    return sound(driver)


def test_at_closing_all_may_wait() -> None:
    driver = closing("wait")
    assert Counter(row.state for row in driver.engine.view.contacts.interactions.values()) == {"QUEUED": 6}
    driver.sign_in("ana")
    assert sound(driver).offered() == {}


def test_at_closing_all_may_move_on_with_their_place() -> None:
    driver = closing("overflow", overflow_to="sales")
    starts = {event.interaction: event.start_us for event in driver.events(e.InteractionQueued)[:6]}
    moved = [event for event in driver.events(e.InteractionQueued) if event.reason == "closed"]
    assert {event.interaction: event.start_us for event in moved} == starts
    assert {event.queue for event in moved} == {"sales"}
    assert driver.last(e.QueueCleared) == e.QueueCleared("care", 6, True)


def test_at_closing_those_on_the_line_may_be_turned_away() -> None:
    driver = closing("turn_away")
    rows = driver.engine.view.contacts.interactions.values()
    assert Counter((row.channel, row.state) for row in rows) == {("voice", "DEFLECTED"): 3, ("email", "QUEUED"): 3}
    assert {event.reason for event in driver.events(e.InteractionDeflected)} == {"closed"}
    driver.run(c.OpenQueue("care", "back"))
    driver.sign_in("ana")
    assert set(sound(driver).offered()) == {"in2", "in4", "in6"}


def test_at_closing_who_has_gone_to_another_place_meanwhile_is_not_turned_away() -> None:
    """A chat gets the place that it was to have with a call, and takes along another call about the same matter."""
    driver = centre(when_closed="turn_away")
    order = driver.call(topic="order")
    bill = driver.message(topic="bill", queue="sales")
    driver.run(c.LinkQuestion(bill.interaction, order.interaction))
    again = driver.call(topic="bill", account="second")
    assert (again.case, driver.engine.view.contacts.interactions[again.interaction].state) == (bill.case, "QUEUED")
    driver.run(c.CloseQueue("care", "x"))
    driver.advance(1)
    rows = sound(driver).engine.view.contacts.interactions
    names = (order.interaction, bill.interaction, again.interaction)
    assert [rows[name].state for name in names] == ["DEFLECTED", "QUEUED", "LINKED"]


def test_at_closing_those_who_wait_may_still_be_served() -> None:
    driver = closing("finish")
    driver.sign_in("ana")
    assert sound(driver).offered() == {"in1": "ana"}


def test_an_offer_that_comes_to_nothing_leads_out_of_a_closed_queue_too() -> None:
    driver = centre(when_closed="overflow", overflow_to="sales")
    driver.sign_in("ana")
    driver.call("joe")
    driver.run(c.CloseQueue("care", "x"))
    assert driver.offered() == {"in1": "ana"}, "it rings already"
    driver.decline()
    assert [event.reason for event in driver.events(e.InteractionQueued)] == ["arrived", "declined", "closed"]
    sound(driver)


def test_who_declined_before_it_closed_is_asked_again_after_it_has_opened() -> None:
    driver = centre(steps=[Step()])
    driver.sign_in("ana")
    driver.message("joe", "email")
    driver.run(c.CloseQueue("care", "x"))
    driver.decline()
    driver.advance(60)
    assert driver.offered() == {}
    driver.run(c.OpenQueue("care", "y"))
    driver.advance(30)
    assert sound(driver).offered() == {"in1": "ana"}


def test_a_caller_is_not_handed_to_a_queue_that_would_turn_them_away() -> None:
    first = hours_plan()
    sales = attrs.evolve(first.queues["sales"], when_closed="turn_away")
    driver = Driver(attrs.evolve(first, queues={**first.queues, "sales": sales}), engine=WatchedEngine())
    driver.run(c.CloseQueue("sales", "x"))
    driver.sign_in("ana")
    driver.answered("joe", "voice")
    driver.refuse(c.TransferInteraction("in1", "ana", "sales"), InvalidCommand)
    driver.run(c.FinishInteraction("in1", "ana"))
    driver.advance(60)
    driver.answered("jim", "email")
    driver.run(c.TransferInteraction("in2", "ana", "sales"))
    assert driver.last(e.InteractionQueued).queue == "sales"


def test_a_closed_queue_stays_closed_under_a_new_plan_and_hours_are_looked_at_anew() -> None:
    driver = centre(hours=TONIGHT)
    driver.change_plan(hours_plan(hours=attrs.evolve(TONIGHT, tue=["20:00-22:00"])))
    driver.advance(0)
    assert driver.engine.view.hours.is_closed("care")
    driver.change_plan(hours_plan())
    driver.advance(0)
    assert not driver.engine.view.hours.is_closed("care"), "it has no hours any more"
    driver.run(c.CloseQueue("care", "x", driver.now_us + 600 * SECOND))
    driver.change_plan(hours_plan(when_closed="finish"))
    driver.sign_in("ana")
    driver.message("joe", "email")
    assert sound(driver).offered() == {"in1": "ana"}, "closed as before, but served"
    assert driver.engine.view.hours.is_closed("care")


def test_a_queue_that_is_gone_leaves_nothing_behind() -> None:
    first = hours_plan()
    driver = Driver(
        attrs.evolve(first, queues={**first.queues, "night": attrs.evolve(first.queues["care"], hours=TONIGHT)})
    )
    driver.advance_to(us(14, 22, 30))
    driver.run(c.CloseQueue("night", "x"))
    driver.change_plan(first)
    driver.advance(3600)
    assert driver.engine.view.hours.doors == driver.engine.view.routing.closed == {}
    check_rebuilt(driver.engine, driver.replayed())


def test_many_leave_a_closed_queue_in_slices_and_commands_go_between() -> None:
    driver = Driver(hours_plan(when_closed="overflow", overflow_to="sales"))
    for number in range(260):
        driver.message(f"p{number}", "email", after=0)
    driver.run(c.CloseQueue("care", "x"))
    first = driver.engine.due() or 0
    driver.now_us = max(driver.now_us, first)
    decided = driver.engine.tick(driver.now_us)
    assert len(decided.events) <= 200
    assert decided.events[-1] == e.QueueCleared("care", 50, False)
    assert (driver.engine.due() or 0) > driver.now_us, "now commands have their turn"
    got = driver.engine.execute(c.SignIn("cleo"), driver.now_us)
    assert [type(event) for event in got.events][:2] == [e.AgentSignedIn, e.OfferMade]
    moved = sum(ev.moved for ev in driver.advance(5) if isinstance(ev, e.QueueCleared))
    assert moved == 210
    assert driver.engine.view.routing.index.waiting_in["care"] == 0
    check_state(driver.engine)


def test_who_came_first_leaves_a_closed_queue_first_whatever_they_need() -> None:
    driver = centre(when_closed="overflow", overflow_to="sales")
    for name, skills in (("joe", {"german": 50}), ("mia", {}), ("kim", {"german": 50})):
        driver.message(name, skills=skills)
    other = driver.reloaded()
    driver.run(c.CloseQueue("care", "fire drill"))
    driver.advance(1)
    moved = [event.interaction for event in driver.events(e.InteractionQueued) if event.reason == "closed"]
    assert moved == ["in1", "in2", "in3"]
    other.execute(c.CloseQueue("care", "fire drill"), driver.now_us - SECOND)
    again = [event.interaction for event in other.tick(driver.now_us).events if isinstance(event, e.InteractionQueued)]
    assert again == moved
    sound(driver)


def test_who_knows_the_customer_is_asked_when_the_queue_opens() -> None:
    driver = centre(steps=[Step(pool="known", lasts=timedelta(hours=1)), Step()])
    driver.sign_in("ana", "bob")
    driver.run(c.CloseQueue("care", "x"))
    driver.message("joe", "email", agent="bob")
    assert sound(driver).offered() == {}
    driver.run(c.OpenQueue("care", "y"))
    driver.advance(0)
    assert sound(driver).offered() == {"in1": "bob"}


def test_what_rings_when_a_queue_closes_rings_more_once_it_opens() -> None:
    driver = centre(ring=Ring(first=1, every=timedelta(seconds=10), more=1, most=3))
    driver.sign_in("ana", "bob")
    driver.message("joe", "email")
    driver.run(c.CloseQueue("care", "x"))
    driver.advance(15)
    assert len(driver.pending()) == 1
    driver.run(c.OpenQueue("care", "y"))
    driver.advance(0)
    assert len(driver.pending()) == 2
    sound(driver)


def test_what_waits_for_a_gate_says_so() -> None:
    driver = centre(also={"sales": Serving(timedelta(seconds=60))})
    driver.run(c.DefineAgent("sam", ["sales"]))
    driver.sign_in("sam")
    driver.message("joe", "email")
    waiting = why_waiting(driver.engine.view, "in1")
    assert waiting is not None
    assert waiting.reason == "gated"
    driver.advance(60)
    assert driver.offered() == {"in1": "sam"}
