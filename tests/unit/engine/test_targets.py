"""Connect targets of live contacts, and places that come back to who calls again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest
from tests.engine_driver import SECOND, Driver, plan
from tests.invariants import WatchedEngine

from orchestra.engine.lifecycle import TARGET
from orchestra.model import commands as c, events as e
from orchestra.model.routing import Serving


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def centre(queue: dict[str, Any] | None = None, voice: dict[str, Any] | None = None) -> Driver:
    """A watched contact centre with a connect target of 40 seconds for calls."""
    first = plan()
    queues = {**first.queues, "care": attrs.evolve(first.queues["care"], **(queue or {}))}
    channel = attrs.evolve(first.channels["voice"], **{"connect_target": seconds(40), **(voice or {})})
    return Driver(
        attrs.evolve(first, queues=queues, channels={**first.channels, "voice": channel}), engine=WatchedEngine()
    )


def told(driver: Driver) -> list[tuple[str, float]]:
    """What was told of targets, and how long the contact had waited."""
    kinds = (e.ConnectAtRisk, e.ConnectBreached)
    return [
        (type(logged.event).__name__, logged.event.waited_us / SECOND)
        for logged in driver.log
        if isinstance(logged.event, kinds)
    ]


def test_a_target_is_at_risk_after_three_quarters_and_missed_at_its_end() -> None:
    driver = centre()
    driver.call()
    driver.advance(29)
    assert told(driver) == []
    driver.advance(1)
    assert told(driver) == [("ConnectAtRisk", 30)]
    driver.advance(600)
    assert told(driver) == [("ConnectAtRisk", 30), ("ConnectBreached", 40)]
    assert driver.engine.view.targets.aims["in1"].state == "BREACHED"
    driver.sign_in("ana")
    driver.accept()
    assert driver.engine.view.targets.aims["in1"].state == "LATE"
    driver.run(c.FinishInteraction("in1", "ana"))
    driver.run(c.FinishWrapUp("in1", "ana"))
    assert driver.engine.view.targets.aims == {}


def test_whoever_is_answered_in_time_is_left_alone_even_when_handed_over_later() -> None:
    driver = centre()
    driver.sign_in("ana")
    driver.answered("joe", "voice")
    assert driver.engine.view.targets.aims["in1"].state == "MET"
    driver.advance(100)
    driver.run(c.TransferInteraction("in1", "ana", "sales"))
    driver.advance(600)
    assert told(driver) == []


def test_an_offer_that_still_rings_is_no_answer() -> None:
    driver = centre(voice={"offer_timeout": seconds(100)})
    driver.sign_in("ana")
    driver.call()
    driver.advance(50)
    assert told(driver) == [("ConnectAtRisk", 30), ("ConnectBreached", 40)]


@pytest.mark.parametrize("ends", ["leave", "cancel"])
def test_whoever_is_gone_has_no_target(ends: str) -> None:
    driver = centre()
    driver.call()
    driver.run(c.LeaveContact("in1") if ends == "leave" else c.CancelInteraction("in1", "x"))
    driver.advance(600)
    assert told(driver) == []
    assert driver.engine.view.targets.aims == {}


def test_what_is_written_has_no_target() -> None:
    driver = centre()
    driver.message("joe", "email")
    driver.advance(3600)
    assert told(driver) == []


def test_at_risk_all_further_teams_may_take_it() -> None:
    driver = centre({"also": {"sales": Serving(after=seconds(300))}})
    driver.run(c.DefineAgent("sam", ["sales"]))
    driver.sign_in("sam")
    driver.call()
    driver.advance(29)
    assert driver.offered() == {}
    driver.advance(1)
    assert driver.offered() == {"in1": "sam"}
    assert driver.last(e.GateOpened).gate == 1


def test_what_is_at_risk_while_it_rings_is_open_to_all_once_it_waits_again() -> None:
    driver = centre({"also": {"sales": Serving(after=seconds(300))}}, {"offer_timeout": seconds(35)})
    driver.run(c.DefineAgent("sam", ["sales"]))
    driver.sign_in("ana", "sam")
    driver.call()
    driver.advance(30)
    assert driver.offered() == {"in1": "ana"}
    driver.advance(5)
    assert driver.offered() == {"in1": "sam"}


def test_at_risk_it_may_move_to_where_the_queue_overflows_to() -> None:
    driver = centre({"overflow_to": "sales", "at_risk": "overflow"})
    driver.run(c.DefineAgent("sam", ["sales"]))
    driver.sign_in("sam")
    driver.call()
    start_us = driver.last(e.InteractionQueued).start_us
    driver.advance(30)
    queued = driver.last(e.InteractionQueued)
    assert (queued.queue, queued.reason, queued.start_us) == ("sales", "at_risk", start_us)
    assert driver.offered() == {"in1": "sam"}
    driver.decline()
    driver.advance(600)
    assert told(driver) == [("ConnectAtRisk", 30), ("ConnectBreached", 40)], "once each"


def test_a_long_wait_is_foreseen_with_what_the_customer_may_be_offered() -> None:
    driver = centre(voice={"alternatives": ["callback", "chat"]})
    driver.sign_in("ana")
    for number in range(3):
        driver.call(f"p{number}")
        driver.accept()
        driver.run(c.FinishInteraction(f"in{number + 1}", "ana"), 60)
        driver.run(c.FinishWrapUp(f"in{number + 1}", "ana"))
    assert driver.events(e.LongWaitForeseen) == [], "nobody had to wait"
    driver.call("joe")
    driver.accept()
    driver.call("jim")
    (foreseen,) = driver.events(e.LongWaitForeseen)
    assert (foreseen.interaction, foreseen.target_us) == ("in5", 40 * SECOND)
    assert driver.engine.view.routing.place("in5") == (0, foreseen.wait_us)
    assert foreseen.wait_us > foreseen.target_us
    assert foreseen.alternatives == ["callback", "chat"]
    assert driver.engine.view.targets.aims["in5"].foreseen_us == foreseen.wait_us


def test_a_long_wait_is_foreseen_once_for_whoever_comes_by_overflow_too() -> None:
    driver = centre({"limit": 0, "overflow_to": "sales"})
    driver.run(c.DefineAgent("sam", ["sales"]))
    driver.sign_in("sam")
    for number in range(3):
        driver.call(f"p{number}")
        driver.accept()
        driver.run(c.FinishInteraction(f"in{number + 1}", "sam"), 60)
        driver.run(c.FinishWrapUp(f"in{number + 1}", "sam"))
    driver.call("joe")
    driver.accept()
    driver.call("jim")
    assert driver.last(e.InteractionQueued).reason == "overflowed"
    assert [event.interaction for event in driver.events(e.LongWaitForeseen)] == ["in5"]
    driver.run(c.LeaveContact("in5"), 5)
    driver.call("jim")
    assert driver.last(e.InteractionQueued).reason == "resumed"
    assert [event.interaction for event in driver.events(e.LongWaitForeseen)] == ["in5", "in6"]


@pytest.mark.parametrize("state", TARGET.states)
@pytest.mark.parametrize("trigger", TARGET.triggers)
def test_a_target_goes_only_the_listed_ways(state: str, trigger: str) -> None:
    assert TARGET.allows(state, trigger) is ((state, trigger) in TARGET.steps)


# Who calls again


def test_whoever_calls_again_within_a_minute_has_their_place_back() -> None:
    driver = centre()
    driver.call("joe")
    first = driver.last(e.InteractionQueued)
    driver.call("jim", after=5)
    driver.run(c.LeaveContact("in1"), 10)
    driver.call("joe", after=59)
    again = driver.last(e.InteractionQueued)
    assert (again.reason, again.start_us, again.order) == ("resumed", first.start_us, first.order)
    driver.sign_in("ana")
    assert driver.offered() == {"in3": "ana"}, "before jim"
    assert driver.engine.view.routing.left == {}


@pytest.mark.parametrize(
    ("again", "after"),
    [({}, 60), ({"queue": "german"}, 5), ({"sender": "jim"}, 5)],
    ids=["later", "another queue", "another customer"],
)
def test_others_queue_at_the_end(again: dict[str, str], after: float) -> None:
    driver = centre()
    driver.call("joe")
    driver.run(c.LeaveContact("in1"), 10)
    driver.call(again.pop("sender", "joe"), after=after, **again)
    assert driver.last(e.InteractionQueued).reason == "arrived"


def test_whoever_comes_back_on_another_channel_has_their_place_back() -> None:
    driver = centre()
    driver.call("joe")
    first = driver.last(e.InteractionQueued)
    driver.run(c.LeaveContact("in1"), 10)
    driver.call("joe", "chat", after=5)
    again = driver.last(e.InteractionQueued)
    assert (again.reason, again.start_us, again.order) == ("resumed", first.start_us, first.order)


def test_a_place_comes_back_once_and_not_where_the_channel_says_so() -> None:
    driver = centre()
    driver.call("joe")
    driver.run(c.LeaveContact("in1"), 10)
    driver.call("joe")
    driver.call("joe")
    assert [event.reason for event in driver.events(e.InteractionQueued)] == ["arrived", "resumed", "arrived"]
    driver = centre(voice={"resume_within": timedelta()})
    driver.call("joe")
    driver.run(c.LeaveContact("in1"), 10)
    driver.call("joe")
    assert driver.last(e.InteractionQueued).reason == "arrived"
    assert driver.engine.view.routing.left == {}


def test_places_that_nobody_came_back_for_are_forgotten() -> None:
    driver = centre()
    for number in range(50):
        driver.call(f"p{number}", after=10)
        driver.run(c.LeaveContact(f"in{number + 1}"), 0)
    assert len(driver.engine.view.routing.left) <= 7
    assert driver.reloaded().state_hash() == driver.replayed().state_hash() == driver.engine.state_hash()
    for engine in (driver.engine, driver.reloaded()):
        driver.engine = engine
        driver.call("last", after=300)
        driver.run(c.LeaveContact(driver.last(e.InteractionQueued).interaction))
    assert len(driver.engine.view.routing.left) < 7


def test_places_that_were_taken_back_do_not_decide_when_others_are_forgotten() -> None:
    driver = centre()
    for number in range(6):
        driver.call(f"p{number}", after=1)
        driver.run(c.LeaveContact(driver.last(e.InteractionQueued).interaction))
    for number in range(3):
        driver.call(f"p{number}", after=0)
    rebuilt = Driver(None, engine=driver.reloaded())
    rebuilt.now_us = driver.now_us
    for one in (driver, rebuilt):
        one.run(c.LeaveContact("in8"), 90)
    assert rebuilt.engine.state_hash() == driver.engine.state_hash()
    assert len(driver.engine.view.routing.left) == 2
