"""Orders of agents by what they did lately, and by their position."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
from tests.engine_driver import SECOND, Driver, plan
from tests.invariants import check_rebuilt

from orchestra.engine.routing.limits import note_work, regard
from orchestra.engine.routing.rows import REST, Bench
from orchestra.errors import InvalidCommand
from orchestra.model import commands as c, events as e
from orchestra.model.definitions import Presence

HOUR = 3600


def centre(*order: str, **presence: Any) -> Driver:
    """A centre whose agents are ordered so."""
    first = plan()
    queues = {**first.queues, "care": attrs.evolve(first.queues["care"], order=order)}
    return Driver(attrs.evolve(first, queues=queues, presence=attrs.evolve(first.presence, **presence)))


def serve(driver: Driver, lasts: float = 1) -> str:
    """A call comes, is taken at once and lasts so long; who took it."""
    got = driver.call(f"p{driver.now_us}", after=0)
    driver.accept(after=0)
    agent = driver.agent_of(got)
    driver.run(c.FinishInteraction(got.interaction, agent), after=lasts)
    driver.run(c.FinishWrapUp(got.interaction, agent), after=0)
    return agent


def test_whoever_has_taken_fewest_goes_first() -> None:
    driver = centre("handled")
    driver.sign_in("ana", "bob")
    assert [serve(driver) for _ in range(5)] == ["ana", "bob", "ana", "bob", "ana"]


def test_whoever_comes_later_has_taken_less() -> None:
    driver = centre("handled")
    driver.sign_in("ana")
    assert {serve(driver) for _ in range(3)} == {"ana"}
    driver.sign_in("bob")
    assert [serve(driver) for _ in range(4)] == ["bob", "bob", "bob", "ana"]


def test_whoever_has_talked_least_goes_first() -> None:
    driver = centre("talk")
    driver.sign_in("ana", "bob")
    assert serve(driver, lasts=100) == "ana"
    assert [serve(driver, lasts=40) for _ in range(3)] == ["bob", "bob", "bob"]
    assert serve(driver) == "ana"


def test_wrap_up_is_not_talk() -> None:
    driver = centre("talk")
    driver.sign_in("ana")
    driver.answered(channel="voice")
    driver.run(c.FinishInteraction("in1", "ana"), after=20)
    driver.advance(10)
    assert driver.engine.view.routing.benches["ana"].talk_us == 20 * SECOND


def test_what_is_given_away_counts_until_then() -> None:
    driver = centre("talk")
    driver.sign_in("ana")
    driver.answered()
    driver.run(c.TransferInteraction("in1", "ana", "sales"), after=30)
    assert driver.engine.view.routing.benches["ana"].talk_us == 30 * SECOND


def test_after_the_window_nothing_counts_even_for_who_was_asked_nothing() -> None:
    driver = centre("handled", window=timedelta(hours=1))
    driver.sign_in("ana")
    serve(driver)
    serve(driver)
    driver.sign_in("bob")
    assert serve(driver) == "bob"
    check_rebuilt(driver.engine, driver.reloaded())
    driver.advance(HOUR)
    assert [bench.slots for bench in driver.engine.view.routing.benches.values()] == [[], [], []]
    assert driver.engine.view.timers.get(REST, "ana") is None
    assert serve(driver) == "ana"
    check_rebuilt(driver.engine, driver.replayed())


def test_nothing_is_kept_where_no_order_asks() -> None:
    driver = centre("busy", "idle")
    driver.sign_in("ana")
    serve(driver)
    assert driver.engine.view.routing.benches["ana"].slots == []


def test_positions_go_top_down() -> None:
    driver = centre("busy", "position")
    for name, position in (("ana", 2), ("bob", 0), ("cleo", 1)):
        driver.run(c.DefineAgent(name, ["care"], position=position))
        driver.sign_in(name)
    for sender in ("joe", "jim", "jan"):
        driver.call(sender)
    assert driver.offered() == {"in1": "bob", "in2": "cleo", "in3": "ana"}
    driver.run(c.DefineAgent("ana", ["care"], position=0))
    assert driver.engine.view.presence.agents["ana"].position == 0
    assert driver.last(e.AgentDefined).position == 0
    driver.refuse(c.DefineAgent("ana", ["care"], position=-1), InvalidCommand, field="position")


def test_a_window_is_kept_in_at_most_thirteen_parts() -> None:
    bench, presence = Bench([], {}, 100), Presence(window=timedelta(microseconds=120))
    for at_us in range(1000):
        note_work(bench, presence, at_us, 1, 2)
        regard(bench, presence, at_us)
        assert 110 <= bench.handled <= 120 or at_us < 110
        assert bench.talk_us == 2 * bench.handled
    assert len(bench.slots) <= 13
