"""What a change of plan moves goes in slices, and between two of them all that holds still holds."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import attrs
import pytest
from tests.engine_driver import Driver, plan
from tests.invariants import WatchedEngine, check_liveness, check_rebuilt, check_state
from tests.unit.engine.test_routing_changing import lines, queue

from orchestra.engine.routing import decide
from orchestra.model import commands as c, events as e
from orchestra.model.definitions import Callbacks, Label
from orchestra.model.plan import Plan
from orchestra.model.routing import Ring, Serving, Step
from orchestra.runtime.history.waiting import why_waiting


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two at once, so that a few are enough for several slices."""
    monkeypatch.setattr(decide, "_MOVED_AT_ONCE", 2)


def centre(of: Plan | None = None, waiting: int = 6, **values: Any) -> Driver:
    """A watched contact centre in which so many e-mails wait in queue care, a second apart."""
    driver = Driver(of or plan(), engine=WatchedEngine())
    for number in range(waiting):
        driver.message(f"c{number}", "email", **values)
    return driver


def step(driver: Driver) -> list[str]:
    """Let the next timer ring, which moves; gives what was moved, in the order in which it was."""
    due = driver.engine.due()
    assert due is not None
    driver.now_us = due
    events = driver._keep(driver.engine.tick(due)).events
    check_state(driver.engine)
    check_rebuilt(driver.engine, driver.reloaded())
    return [name for event in events if isinstance(event, e.RoutingMoved) for name in event.moved]


def behind(driver: Driver) -> list[str]:
    """What waits or rings by rules of before, by name."""
    routing = driver.engine.view.routing
    alive = {name: item for name, item in routing.items.items() if item.state == "WAITING" or item.ringing}
    return sorted(name for name, item in alive.items() if routing.standing.is_behind(item))


def moved(driver: Driver) -> list[str]:
    """All that were moved, in order."""
    return [name for event in driver.events(e.RoutingMoved) for name in event.moved]


# What it costs


def crowd(waiting: int, *, is_apart: bool = False) -> Driver:
    """So many wait in queue care; each with a place in the order of its own, or with needs of its own, too."""
    driver = Driver(plan())
    for number in range(waiting):
        skills = {"german": 1 + number % 100, "billing": 1 + number // 100} if is_apart else {}
        driver.message(f"c{number}", "email", after=0, priority=number % 7, skills=skills)
    return driver


def test_the_change_itself_costs_the_same_however_many_wait_in_the_queue() -> None:
    new, costs = queue("care", tier=1, steps=[Step(skills={"german": 10})]), []
    for waiting in (10, 1_000):
        driver = crowd(waiting)
        costs.append(lines(lambda driver=driver: driver.change_plan(new)))  # type: ignore[misc]
        assert len(behind(driver)) == waiting
    few, many = costs
    assert many <= few + 200, "each of a thousand would cost a line at least"


@pytest.mark.parametrize("is_apart", [False, True])
def test_each_slice_costs_what_it_moves_and_commands_go_between(is_apart: bool) -> None:
    driver = crowd(1_000, is_apart=is_apart)
    driver.change_plan(queue("care", tier=1))
    costs, sizes = [], []
    for number in range(5):
        costs.append(lines(lambda: sizes.append(len(step_only(driver)))))
        assert (driver.engine.due() or 0) > driver.now_us or number == 4, "now commands have their turn"
        driver.engine.execute(c.DefineAgent(f"new{number}", ["sales"]), driver.now_us)
    assert sizes == [200] * 5
    assert max(costs) < 2 * min(costs), "the first moves as many as the last"
    assert (behind(driver), driver.engine.view.routing.to_move) == ([], {})
    assert sorted(moved(driver)) == sorted(driver.engine.view.routing.items), "each of them once"
    check_state(driver.engine)
    check_rebuilt(driver.engine, driver.reloaded())


def step_only(driver: Driver) -> list[str]:
    """As `step`, without a look at whether all holds."""
    driver.now_us = driver.engine.due() or 0
    (event,) = driver._keep(driver.engine.tick(driver.now_us)).events
    assert isinstance(event, e.RoutingMoved)
    return event.moved


def test_what_is_entered_anew_is_counted_over_several_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    driver, entered = crowd(500), Counter[int]()
    routing = driver.engine.view.routing
    wait = routing.index.wait
    monkeypatch.setattr(routing.index, "wait", lambda *more: (entered.update([len(driver.batches)]), wait(*more))[1])
    driver.change_plan(queue("care", tier=1))
    driver.advance(0)
    driver.change_plan(queue("care", tier=2))
    driver.advance(1)
    assert max(entered.values()) == 200
    assert entered.total() == 200 + 500, "those that were moved before the second change move again, the rest once"


def test_nobody_is_looked_for_as_long_as_somebody_is_about_to_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = crowd(1_000)
    routing, yielded = driver.engine.view.routing, list[str]()
    for number in range(120):
        driver.run(c.DefineAgent(f"a{number:03}", ["sales"], capacity_percent=20))
        driver.run(c.SignIn(f"a{number:03}"))
    takers = routing.index.takers_of

    def counted(buckets: Any) -> Any:
        for agent in takers(buckets):
            yielded.append(agent)
            yield agent

    monkeypatch.setattr(routing.index, "takers_of", counted)
    driver.change_plan(queue("care", team="sales"))
    driver.advance(1)
    assert len(driver.offered()) == 120
    assert len(yielded) <= 2 * 120, "a slice of two hundred would find all that are free, each time"
    check_liveness(driver.engine)


# What is behind


@pytest.mark.usefixtures("few")
def test_the_first_in_line_move_first_and_are_offered_at_once() -> None:
    driver = centre(queue("care", team="sales"))
    urgent = driver.message("vip", "email", priority=9)
    driver.run(c.DefineAgent("tom", ["care"], capacity_percent=20))
    driver.sign_in("tom")
    driver.change_plan(plan())
    assert step(driver) == [urgent.interaction, "in1"]
    assert driver.offered() == {urgent.interaction: "tom"}
    assert behind(driver) == ["in2", "in3", "in4", "in5", "in6"]


@pytest.mark.usefixtures("few")
def test_who_becomes_free_midway_is_offered_what_is_moved_and_nothing_that_is_behind() -> None:
    driver = centre(queue("care", newest_first=True))
    driver.change_plan(queue("care", steps=[Step(skills={"german": 50})]))
    assert step(driver) == ["in6", "in5"]
    driver.engine.execute(c.SignIn("ana"), driver.now_us)
    assert driver.offered() == {}, "by the rules of before she could take the others"
    driver.engine.execute(c.DefineAgent("bob", ["care"], {"german": 60}, capacity_percent=20), driver.now_us)
    driver._keep(driver.engine.execute(c.SignIn("bob"), driver.now_us))
    assert driver.offered() == {"in5": "bob"}, "the oldest of those that are moved"
    driver.advance(1)
    assert moved(driver) == ["in6", "in5", "in4", "in3", "in2", "in1"]
    check_liveness(driver.engine)


@pytest.mark.usefixtures("few")
def test_what_arrives_midway_waits_by_the_new_rules_at_once() -> None:
    driver = centre()
    driver.run(c.DefineAgent("tom", ["sales"], capacity_percent=20))
    driver.sign_in("tom")
    driver.change_plan(queue("care", team="sales"))
    got = driver.message("new", "email", after=0)
    assert driver.offered() == {"in1": "tom"}, "who came first was in the first slice"
    assert got.interaction not in behind(driver)
    driver.advance(1)
    assert got.interaction not in moved(driver)
    check_rebuilt(driver.engine, driver.replayed())


@pytest.mark.usefixtures("few")
def test_places_and_reasons_are_told_all_the_while_though_the_kind_of_work_is_gone() -> None:
    labelled = queue("care", attrs.evolve(plan(), labels={"money": Label(9)}), labels=["money"])
    driver = centre(labelled, waiting=0)
    driver.sign_in("ana")
    driver.answered("d", "voice")
    names = [driver.call(f"c{number}").interaction for number in range(6)]
    routing = driver.engine.view.routing
    driver.change_plan(queue("care", tier=3))
    assert behind(driver) == names
    while driver.engine.view.routing.to_move:
        places = [routing.place(name) for name in names]
        assert sorted(place[0] for place in places if place) == list(range(6))
        for name in names:
            told = why_waiting(driver.engine.view, name)
            assert told is not None
            assert (told.reason, told.able) == ("saturated", 1)
        step(driver)
    assert [place[0] for place in map(routing.place, names) if place] == list(range(6))


# Other things that happen midway


@pytest.mark.usefixtures("few")
def test_a_second_change_moves_what_was_moved_and_what_was_not() -> None:
    driver = centre()
    driver.change_plan(queue("care", tier=1))
    assert step(driver) == ["in1", "in2"]
    driver.change_plan(queue("care", tier=2))
    assert behind(driver) == [f"in{number}" for number in range(1, 7)]
    driver.advance(1)
    assert moved(driver)[2:] == ["in3", "in4", "in5", "in6", "in1", "in2"], "by the ranks that they had"
    assert {row.rank[0] for row in driver.engine.view.routing.items.values() if row.rank} == {2}
    check_rebuilt(driver.engine, driver.replayed())


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("back", [True, False])
def test_the_rest_follows_after_a_second_change_of_something_else_or_back(back: bool) -> None:
    driver = centre()
    driver.change_plan(queue("care", tier=1))
    step(driver)
    driver.change_plan(plan() if back else queue("sales", queue("care", tier=1), tier=4))
    assert len(behind(driver)) == (6 if back else 4)
    driver.advance(1)
    assert behind(driver) == []
    assert {row.rank[0] for row in driver.engine.view.routing.items.values() if row.rank} == {0 if back else 1}


@pytest.mark.usefixtures("few")
def test_queues_that_change_at_once_share_a_slice() -> None:
    driver = centre(waiting=1)
    driver.message("g", "email", queue="german")
    driver.message("s", "email", queue="sales")
    driver.change_plan(queue("sales", queue("german", queue("care", tier=1), tier=1), tier=1))
    assert [step(driver), step(driver)] == [["in1", "in2"], ["in3"]]


@pytest.mark.usefixtures("few")
def test_a_queue_that_emptied_midway_and_is_gone_leaves_nothing() -> None:
    more = attrs.evolve(plan(), queues={**plan().queues, "night": plan().queues["care"]})
    driver = centre(more, waiting=3, queue="night")
    driver.change_plan(queue("night", more, tier=1))
    assert step(driver) == ["in1", "in2"]
    for name in ("in1", "in2", "in3"):
        driver.engine.execute(c.CancelInteraction(name, "test"), driver.now_us)
    for case in ("ca1", "ca2", "ca3"):
        driver.engine.execute(c.ResolveCase(case), driver.now_us)
        driver.engine.execute(c.CloseCase(case), driver.now_us)
    assert driver.engine.view.routing.editions == {"night": 1}
    driver.engine.execute(c.ChangePlan(plan(), plan().digest(), "2025b", "check"), driver.now_us)
    assert driver.engine.view.routing.editions == {}
    assert step(driver) == []
    assert driver.engine.view.routing.to_move == {}


@pytest.mark.usefixtures("few")
def test_what_leaves_midway_is_moved_no_more() -> None:
    driver = centre()
    driver.change_plan(queue("care", tier=1))
    step(driver)
    for name in ("in1", "in3", "in5"):
        driver._keep(driver.engine.execute(c.CancelInteraction(name, "test"), driver.now_us))
        check_rebuilt(driver.engine, driver.reloaded())
    driver.advance(1)
    assert moved(driver) == ["in1", "in2", "in4", "in6"]


@pytest.mark.usefixtures("few")
def test_a_step_is_not_over_when_the_old_plan_said_so() -> None:
    two = [Step(lasts=timedelta(seconds=6)), Step(skills={"german": 50})]
    driver = centre(queue("care", steps=two), after=0)
    longer = [attrs.evolve(two[0], lasts=timedelta(seconds=60)), two[1]]
    driver.advance_to((driver.engine.due() or 0) - 1)
    driver.change_plan(queue("care", steps=longer))
    driver.now_us += 1
    driver._keep(driver.engine.tick(driver.now_us))
    assert driver.events(e.StepEntered) == []
    assert [event.moved for event in driver.events(e.RoutingMoved)] == [
        ["in1", "in2"],
        ["in3"],
        ["in4"],
        ["in5"],
        ["in6"],
    ]
    assert behind(driver) == []
    driver.advance(61)
    assert [event.interaction for event in driver.events(e.StepEntered)] == moved(driver)


@pytest.mark.parametrize("after_s", [0, 30])
def test_what_rings_a_step_or_gate_of_before_goes_by_the_new_plan(
    monkeypatch: pytest.MonkeyPatch, after_s: int
) -> None:
    monkeypatch.setattr(decide, "_MOVED_AT_ONCE", 1)
    old = queue(
        "care", also={"sales": Serving(timedelta(seconds=20))}, steps=[Step(lasts=timedelta(seconds=20)), Step()]
    )
    driver = centre(old, waiting=0)
    for name in ("a", "b", "c"):
        driver.message(name, "email", after=0)
    driver.advance_to((driver.engine.due() or 0) - 1)
    also = {"sales": Serving(timedelta(seconds=20 + after_s))}
    new = queue("care", also=also, steps=[Step(lasts=timedelta(seconds=20 + after_s)), Step()], tier=1)
    driver.change_plan(new)
    driver.now_us += 1
    events = driver._keep(driver.engine.tick(driver.now_us)).events
    assert [event.moved for event in events if isinstance(event, e.RoutingMoved)] == [["in1"], ["in2"], ["in3"]]
    is_due = after_s == 0
    assert len([event for event in events if isinstance(event, e.GateOpened)]) == 3 * is_due
    assert len([event for event in events if isinstance(event, e.StepEntered)]) == 3 * is_due
    check_rebuilt(driver.engine, driver.reloaded())


@pytest.mark.usefixtures("few")
def test_who_is_asked_again_midway_is_asked_by_the_new_rules() -> None:
    driver = centre(waiting=4)
    driver.run(c.DefineAgent("ana", ["care"], capacity_percent=20))
    driver.sign_in("ana")
    driver.decline()
    driver.accept()
    retry_us = driver.engine.view.timers.get("routing.retry", "in1")
    assert retry_us is not None
    for number in range(3):
        driver.message(f"vip{number}", "email", priority=9)
    driver.advance_to(retry_us - 1)
    driver.change_plan(queue("care", steps=[Step(skills={"german": 50})]))
    assert step(driver) == ["in5", "in6"]
    driver.run(c.DefineAgent("ana", ["care"], capacity_percent=100))
    assert behind(driver) == ["in1", "in3", "in4", "in7"]
    driver.advance_to(retry_us)
    assert driver.last(e.RoutingRetried).interaction == "in1"
    assert behind(driver) == ["in3", "in4", "in7"]
    assert driver.offered() == {}, "ana has room, and speaks no German"
    driver.run(c.DefineAgent("bob", ["care"], {"german": 60}, capacity_percent=20))
    driver.sign_in("bob")
    check_liveness(driver.engine)
    check_rebuilt(driver.engine, driver.replayed())


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("policy", ["overflow", "turn_away"])
def test_a_queue_that_closes_midway_is_left_by_those_who_are_behind_too(policy: str) -> None:
    closing = queue("care", when_closed=policy, overflow_to="sales")
    driver = centre(closing, waiting=2)
    names = [driver.call(f"v{number}").interaction for number in range(4)]
    driver.change_plan(queue("care", closing, tier=1))
    step(driver)
    driver._keep(driver.engine.execute(c.CloseQueue("care", "fire"), driver.now_us))
    driver.advance(1)
    rows = driver.engine.view.contacts.interactions
    left = {name for name, row in rows.items() if row.queue == "sales" or row.state == "DEFLECTED"}
    assert left == ({*names, "in1", "in2"} if policy == "overflow" else set(names))
    check_state(driver.engine)
    check_rebuilt(driver.engine, driver.replayed())


@pytest.mark.usefixtures("few")
def test_callbacks_that_are_behind_are_called_once_they_are_moved() -> None:
    first = attrs.evolve(queue("care", team="sales"), callbacks=Callbacks(first="customer", at_once=9))
    driver = centre(first, waiting=0)
    names = [driver.run(c.RequestCallback(driver.call(f"c{n}").interaction), 1).result.interaction for n in range(3)]
    driver.sign_in("ana", "bob")
    driver.change_plan(attrs.evolve(plan(), callbacks=first.callbacks))
    last = driver.run(c.RequestCallback(driver.call("late").interaction)).result.interaction
    driver.advance(1)
    called = [event.interaction for event in driver.events(e.CallbackDialing)]
    assert called[:2] == names[:2]
    assert last not in called
    check_liveness(driver.engine)


@pytest.mark.usefixtures("few")
def test_what_waits_for_one_agent_is_not_theirs_until_it_is_moved() -> None:
    known = [Step(pool="known", lasts=timedelta(hours=1)), Step()]
    driver = centre(queue("care", steps=known), waiting=0)
    driver.sign_in("ana")
    driver.run(c.SetAway("ana", "lunch"))
    for number in range(4):
        driver.message(f"c{number}", "email", agent="ana")
    assert driver.engine.view.routing.index.of_known.keys() == {"ana"}
    driver.change_plan(queue("care", steps=[attrs.evolve(known[0], pool="people", teams=["sales"]), Step()]))
    assert driver.engine.view.routing.index.of_known == {}
    assert step(driver) == ["in1", "in2"]
    driver._keep(driver.engine.execute(c.SetAvailable("ana"), driver.now_us))
    driver.advance(1)
    assert driver.offered() == {}, "they wait for sales now"
    check_liveness(driver.engine)
    check_rebuilt(driver.engine, driver.replayed())


# What rings, consults, and who has declined


@pytest.mark.usefixtures("few")
def test_what_rings_moves_in_slices_too_by_name() -> None:
    driver = centre(queue("care", ring=Ring(first=3)), waiting=0)
    driver.sign_in("ana")
    names = [driver.message(f"c{number}", "email").interaction for number in range(5)]
    assert driver.offered().keys() == set(names)
    driver.advance(0)
    driver.change_plan(queue("care", ring=Ring(first=3), team="sales"))
    assert behind(driver) == names
    assert [step(driver) for _ in range(3)] == [names[:2], names[2:4], names[4:]]
    driver.sign_in("bob")
    assert set(driver.offered().values()) == {"ana"}, "bob does not serve it any more"
    driver.sign_in("cleo")
    assert len(driver.pending()) == 10
    check_rebuilt(driver.engine, driver.replayed())


@pytest.mark.usefixtures("few")
def test_nobody_more_is_rung_by_rules_of_before() -> None:
    driver = centre(queue("care", ring=Ring(first=3)), waiting=0)
    driver.sign_in("ana")
    for number in range(3):
        driver.message(f"c{number}", "email")
    driver.advance(0)
    driver.change_plan(queue("care", ring=Ring(first=3), team="sales"))
    assert step(driver) == ["in1", "in2"]
    driver._keep(driver.engine.execute(c.SignIn("bob"), driver.now_us))
    assert (set(driver.offered().values()), behind(driver)) == ({"ana"}, ["in3"])
    change = queue("care", ring=Ring(first=3), tier=1)
    driver._keep(driver.engine.execute(c.ChangePlan(change, change.digest(), "2025b", "check"), driver.now_us))
    assert behind(driver) == ["in1", "in2", "in3"]
    driver.advance(1)
    assert moved(driver)[2:] == ["in3", "in1", "in2"], "those first that are behind for longest"
    assert len(driver.pending()) == 6, "bob may be asked for all of them again"
    check_liveness(driver.engine)


@pytest.mark.usefixtures("few")
def test_where_only_those_are_left_who_declined_that_is_found_when_it_is_moved() -> None:
    driver = centre(queue("care", also={"sales": Serving()}), waiting=0)
    driver.run(c.DefineAgent("zoe", ["sales"], capacity_percent=1))
    driver.sign_in("ana", "zoe")
    names = [driver.message(f"c{number}", "email").interaction for number in range(3)]
    for _ in names:
        driver.decline(driver.pending()[0])
    assert driver.events(e.RoutingExhausted) == [], "zoe could take them, had she room"
    driver.change_plan(plan())
    assert step(driver) == names[:2]
    driver.advance(0)
    assert [event.interaction for event in driver.events(e.RoutingExhausted)] == names[:2]
    driver.advance(1)
    assert [event.interaction for event in driver.events(e.RoutingExhausted)] == names


def test_whoever_barges_in_midway_is_not_asked_for_the_consult(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decide, "_MOVED_AT_ONCE", 1)
    driver = centre(waiting=0)
    driver.sign_in("ana")
    got = driver.answered("joe")
    driver.message("first", "email", queue="sales")
    driver.run(c.ConsultQueue(got.interaction, "ana", "sales"), 1)
    driver.change_plan(queue("sales", tier=1))
    assert step(driver) == ["in2"]
    driver.run(c.SignIn("cleo"))
    driver.run(c.MonitorInteraction(got.interaction, "cleo", actor="operator:eve"))
    assert behind(driver) == ["cs1"]
    driver._keep(driver.engine.execute(c.BargeIn(got.interaction, "cleo", actor="operator:eve"), driver.now_us))
    assert behind(driver) == []
    assert driver.engine.view.routing.items["cs1"].barred == ["ana", "cleo"]
    driver.advance(1)
    assert driver.events(e.ConsultAsked) == []
    check_liveness(driver.engine)
    check_rebuilt(driver.engine, driver.replayed())
