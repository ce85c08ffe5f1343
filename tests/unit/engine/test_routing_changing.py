"""What a change of plan moves, and what it leaves alone."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any

import attrs
import pytest
from tests.engine_driver import Driver, plan
from tests.invariants import WatchedEngine, check_liveness, check_rebuilt, check_state

from orchestra.engine.routing.rules import Rules
from orchestra.model import commands as c, events as e
from orchestra.model.definitions import Channel, ServiceLevel
from orchestra.model.plan import Plan
from orchestra.model.routing import Ring, Serving, Step


def queue(name: str, of: Plan | None = None, **parts: Any) -> Plan:
    """A plan with one queue changed."""
    first = of or plan()
    return attrs.evolve(first, queues={**first.queues, name: attrs.evolve(first.queues[name], **parts)})


def crowd(waiting: int, *agents: str) -> Driver:
    """So many in queue care, two in sales and one in german; nobody is at work but agents of no use to them."""
    driver = Driver(plan())
    for number in range(waiting):
        driver.message(f"c{number}", "email", after=0)
    driver.message("s1", "email", queue="sales")
    driver.message("s2", "email", queue="sales", skills={"billing": 20})
    driver.message("g1", "email", queue="german")
    driver.run(c.DefineAgent("zoe", ["sales"], {"billing": 10}, capacity_percent=20))
    driver.sign_in("zoe")
    return driver


def lines(run: Callable[[], object]) -> int:
    """How many lines of Python it takes, loops and comprehensions turn by turn."""
    count = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        run()
    finally:
        sys.settrace(before)
    return count


SMALL: Mapping[str, Callable[[], Plan]] = {
    "who serves a small queue": lambda: queue("sales", also={"care": Serving()}),
    "its rank": lambda: queue("sales", tier=1),
    "its order": lambda: queue("sales", order=["idle", "busy"]),
    "its steps": lambda: queue("sales", steps=[Step(skills={"german": 10})]),
    "its ring": lambda: queue("sales", ring=Ring(first=2)),
    "how a report looks at the large one": lambda: queue("care", service_level=ServiceLevel(percent=70)),
    "a channel more": lambda: attrs.evolve(plan(), channels={"aaa": Channel(), **plan().channels}),
    "a queue more": lambda: attrs.evolve(plan(), queues={**plan().queues, "vip": plan().queues["care"]}),
    "an agent": lambda: attrs.evolve(plan(), agents={**plan().agents, "new": plan().agents["ana"]}),
    "the seed": lambda: attrs.evolve(plan(), workspace=attrs.evolve(plan().workspace, seed=99)),
}


@pytest.mark.parametrize("change", SMALL)
def test_what_a_change_costs_does_not_depend_on_what_waits_in_other_queues(change: str) -> None:
    costs = []
    for waiting in (10, 1_000):
        driver, new = crowd(waiting), SMALL[change]()
        costs.append(lines(lambda driver=driver, new=new: (driver.change_plan(new), driver.advance(0))))  # type: ignore[misc]
        check_state(driver.engine)
        check_rebuilt(driver.engine, driver.reloaded())
    few, many = costs
    assert many <= few + 200, "each of a thousand that wait elsewhere would cost a line at least"


def test_none_of_thousands_that_wait_elsewhere_is_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    driver, touched = crowd(2_000), list[str]()
    routing = driver.engine.view.routing
    wait, unwait, arm = routing.index.wait, routing.index.unwait, routing.arm
    monkeypatch.setattr(routing.index, "wait", lambda name, *more: (touched.append(name), wait(name, *more))[1])
    monkeypatch.setattr(routing.index, "unwait", lambda name: (touched.append(name), unwait(name))[1])
    monkeypatch.setattr(routing, "arm", lambda name, item: (touched.append(name), arm(name, item))[1])
    driver.change_plan(queue("sales", tier=3, steps=[Step(skills={"german": 5})]))
    driver.advance(0)
    assert touched == ["in2002"] * 3, "what rings is in no bucket that it could leave"


def test_a_queue_that_is_served_otherwise_is_offered_to_those_who_serve_it_now() -> None:
    driver = Driver(plan(), engine=WatchedEngine())
    driver.sign_in("ana")
    got = driver.message(queue="sales")
    assert driver.state(got) == "QUEUED"
    driver.change_plan(queue("sales", team="care"))
    assert driver.engine.view.routing.to_sweep == {}, "nobody could take what is not moved yet"
    driver.advance(0)
    assert (driver.last(e.RoutingMoved).moved, driver.last(e.RoutingSwept).agents) == (["in1"], ["ana"])
    assert driver.offered() == {"in1": "ana"}
    check_liveness(driver.engine)


def test_nobody_is_asked_again_where_nothing_changed_for_them() -> None:
    driver = crowd(5)
    driver.sign_in("ana")
    for new in (queue("german", team="sales"), queue("care", retry_after=plan().presence.grace)):
        driver.change_plan(new)
        assert driver.engine.view.routing.to_sweep == {}


def test_whom_the_plan_defines_otherwise_is_asked() -> None:
    driver = Driver(plan())
    driver.sign_in("ana")
    got = driver.message(queue="german")
    agents = {**plan().agents, "ana": attrs.evolve(plan().agents["ana"], skills={"german": 80})}
    driver.change_plan(attrs.evolve(plan(), agents=agents))
    assert driver.engine.view.routing.to_sweep == {"ana": 1}
    driver.advance(0)
    assert driver.offered() == {got.interaction: "ana"}


def test_more_room_is_offered_to_all_in_slices() -> None:
    driver = crowd(30)
    driver.sign_in("ana", "bob")
    assert len(driver.offered()) == 11
    email = attrs.evolve(plan().channels["email"], weight_percent=10)
    driver.change_plan(attrs.evolve(plan(), channels={**plan().channels, "email": email}))
    driver.advance(0)
    asked = [event.agents for event in driver.events(e.RoutingReseated)]
    assert (asked, driver.last(e.RoutingSwept).agents) == ([["ana", "bob", "zoe"]], ["ana", "bob", "zoe"])
    assert len(driver.offered()) == 11, "what they were offered weighs what it did"
    for made in driver.pending():
        driver.decline(made, after=0)
    assert len(driver.offered()) == 20
    check_rebuilt(driver.engine, driver.reloaded())


def test_what_rings_goes_by_the_new_steps_too() -> None:
    first = queue("care", ring=Ring(first=3))
    driver = Driver(first, engine=WatchedEngine())
    driver.sign_in("ana")
    got = driver.message("joe", agent="ana")
    driver.advance(0)
    routing = driver.engine.view.routing
    assert (routing.items[got.interaction].ring, list(routing.index.of_ringing)) == (3, [got.interaction])
    known = queue("care", first, steps=[Step(pool="known", lasts=plan().presence.grace), Step()])
    driver.change_plan(known)
    driver.advance(0)
    assert list(routing.index.of_ringing) == [], "it is for one agent alone now"
    check_rebuilt(driver.engine, driver.reloaded())
    driver.change_plan(first)
    driver.advance(0)
    assert list(routing.index.of_ringing) == [got.interaction]
    check_rebuilt(driver.engine, driver.reloaded())
    driver.sign_in("bob")
    assert list(driver.ringing(got)) == ["ana", "bob"]


def test_a_closed_queue_opens_and_shuts_as_the_new_plan_says() -> None:
    driver = Driver(plan(), engine=WatchedEngine())
    got = driver.message()
    driver.run(c.CloseQueue("care", "fire"))
    driver.sign_in("ana")
    assert driver.state(got) == "QUEUED"
    driver.change_plan(queue("care", when_closed="finish"))
    driver.advance(0)
    assert driver.offered() == {"in1": "ana"}
    other = driver.message("mia", "email")
    driver.change_plan(plan())
    driver.sign_in("bob")
    assert driver.engine.view.routing.index.is_shut("care")
    assert driver.offered() == {"in1": "ana", other.interaction: "ana"}, "what rings goes on ringing"
    driver.message("kim", "email")
    assert len(driver.offered()) == 2
    check_rebuilt(driver.engine, driver.reloaded())


def test_a_closed_queue_that_is_gone_is_as_new_when_it_comes_back() -> None:
    driver = Driver(plan())
    driver.sign_in("cleo")
    driver.run(c.CloseQueue("sales", "fire"))
    less = attrs.evolve(
        plan(),
        queues={name: one for name, one in plan().queues.items() if name != "sales"},
        channels={name: attrs.evolve(one, accounts={}) for name, one in plan().channels.items()},
    )
    driver.change_plan(less)
    assert not driver.engine.view.routing.index.is_shut("sales")
    driver.change_plan(plan())
    driver.message(queue="sales")
    assert driver.offered() == {"in1": "cleo"}
    check_rebuilt(driver.engine, driver.reloaded())


def test_kinds_of_work_keep_their_places_and_new_ones_take_those_that_are_free() -> None:
    driver = Driver(plan())
    before = dict(driver.engine.view.routing.rules.places)
    more = attrs.evolve(plan(), channels={"aaa": Channel(), **plan().channels})
    driver.change_plan(more)
    places = driver.engine.view.routing.rules.places
    assert {name: places[name] for name in before} == before
    assert places["aaa", ()] == 7
    driver.change_plan(
        attrs.evolve(more, channels={name: one for name, one in more.channels.items() if name != "chat"})
    )
    driver.change_plan(more)
    assert sorted(driver.engine.view.routing.rules.places.values()) == [1, 3, 5, 7]


def test_another_order_places_all_agents_anew() -> None:
    driver = Driver(plan(), engine=WatchedEngine())
    driver.sign_in("ana", "bob", "cleo")
    driver.change_plan(queue("care", order=["position", "idle"]))
    check_rebuilt(driver.engine, driver.reloaded())
    driver.advance(0)
    assert driver.last(e.RoutingReseated).agents == ["ana", "bob", "cleo"]
    check_rebuilt(driver.engine, driver.reloaded())
    driver.message()
    assert driver.last(e.OfferMade).key[0] == 0
    assert len(driver.last(e.OfferMade).key) == 3


def test_who_has_declined_is_looked_at_again_where_the_queue_is_served_otherwise() -> None:
    driver = Driver(queue("care", also={"sales": Serving()}), engine=WatchedEngine())
    driver.run(c.DefineAgent("zoe", ["sales"], capacity_percent=1))
    driver.sign_in("ana", "zoe")
    got = driver.message()
    driver.decline()
    assert driver.events(e.RoutingExhausted) == [], "zoe could take it, had she room"
    driver.change_plan(plan())
    driver.advance(0)
    assert [event.interaction for event in driver.events(e.RoutingExhausted)] == [got.interaction]
    check_liveness(driver.engine)
    check_rebuilt(driver.engine, driver.reloaded())


def test_a_queue_of_which_the_plan_says_the_same_is_not_worked_out_anew() -> None:
    first = plan()
    before, other = Rules(first), queue("sales", rank="due")
    again = Rules(
        attrs.evolve(other, queues={name: attrs.evolve(one) for name, one in other.queues.items()}), before=before
    )
    kept = {name for name in first.queues if again.queues[name] is before.queues[name]}
    assert kept == first.queues.keys() - {"sales"}
    keyed = Rules(queue("sales", order=["position"]), before=before)
    assert not any(keyed.queues[name] is before.queues[name] for name in first.queues), "own keys have other numbers"
    scored = queue("sales", order=["score:fit@1", "busy", "idle"])
    one = Rules(scored)
    two = Rules(scored, before=one)
    assert two.queues["sales"] is not one.queues["sales"], "what it remembers is of a plan of before"
