"""Agents are placed anew in slices after a change of plan, and between two of them nobody leaves a step for that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import attrs
import pytest
from tests.engine_driver import Driver, plan
from tests.invariants import WatchedEngine, check_liveness, check_rebuilt, check_state
from tests.unit.engine.test_routing_changing import lines, queue

from orchestra.engine.routing import decide
from orchestra.engine.routing.capacity import Capacity, capacity_words
from orchestra.engine.routing.match import failing
from orchestra.engine.routing.rows import SEAT, Bench
from orchestra.engine.routing.seats import Seats
from orchestra.engine.routing.takers import Unmoved
from orchestra.model import commands as c, events as e
from orchestra.model.definitions import Callbacks, Channel, Label, Rate
from orchestra.model.plan import Plan
from orchestra.model.routing import Condition, Ring, Step


@pytest.fixture
def one(monkeypatch: pytest.MonkeyPatch) -> None:
    """One at a time, so that three agents are three slices."""
    monkeypatch.setattr(decide, "_SEATED_AT_ONCE", 1)


def channel(name: str, of: Plan | None = None, **parts: Any) -> Plan:
    """A plan with one channel changed."""
    first = of or plan()
    return attrs.evolve(first, channels={**first.channels, name: attrs.evolve(first.channels[name], **parts)})


def paced(**parts: Any) -> Plan:
    """A plan with another pace."""
    return attrs.evolve(plan(), presence=attrs.evolve(plan().presence, **parts))


def desk(of: Plan | None = None, *agents: str) -> Driver:
    """A watched contact centre at which these work, or ana, bob and cleo."""
    driver = Driver(of or plan(), engine=WatchedEngine())
    driver.sign_in(*(agents or ("ana", "bob", "cleo")))
    return driver


def slices(driver: Driver, most: int = 1) -> list[str]:
    """Let time pass until so many slices have been placed; gives who was, and looks at all that must hold between."""
    found: list[str] = []
    while most:
        due_us = driver.engine.due()
        assert due_us is not None
        driver.now_us = max(due_us, driver.now_us)
        events = driver._keep(driver.engine.tick(driver.now_us)).events
        seated = [event for event in events if isinstance(event, e.RoutingReseated)]
        found += [name for event in seated for name in event.agents]
        most -= len(seated)
        check_state(driver.engine)
        check_rebuilt(driver.engine, driver.reloaded())
    return found


def unmoved(driver: Driver) -> list[str]:
    """Who is yet to be placed."""
    return sorted(name for one in driver.engine.view.routing.index.unmoved for name in one.of_agent)


CHANGES: Mapping[str, Callable[[], Plan]] = {
    "a weight": lambda: channel("email", weight_percent=25),
    "a limit": lambda: channel("voice", limit=2),
    "what interrupts": lambda: channel("voice", interrupts=["email"]),
    "a channel more": lambda: attrs.evolve(plan(), channels={"aaa": Channel(), **plan().channels}),
    "a channel less": lambda: attrs.evolve(
        plan(), channels={name: one for name, one in plan().channels.items() if name != "voice"}
    ),
    "labels": lambda: queue("care", attrs.evolve(plan(), labels={"money": Label(1)}), labels=["money"]),
    "keys": lambda: queue("care", order=["position", "idle"]),
    "a key more": lambda: queue("sales", order=["handled", "idle"]),
    "pace": lambda: paced(rate=Rate(3, timedelta(seconds=30))),
}


# What it costs


@pytest.mark.parametrize("change", CHANGES)
def test_the_change_itself_looks_at_no_agent(change: str) -> None:
    costs = []
    for agents in (10, 400):
        driver, new = Driver(), CHANGES[change]()
        for number in range(agents):
            driver.run(c.DefineAgent(f"a{number:03d}", ["care"], {"german": 1 + number % 50}))
            driver.run(c.SignIn(f"a{number:03d}"))
        driver.advance(0)
        costs.append(lines(lambda driver=driver, new=new: driver.change_plan(new)))  # type: ignore[misc]
        assert len(unmoved(driver)) == agents
    few, many = costs
    assert many <= few + 50, "each of four hundred agents would cost a line at least"


@pytest.mark.parametrize("change", ["a weight", "keys", "pace"])
def test_no_step_places_more_than_a_slice(monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    driver, placed = Driver(), [0]
    names = [f"a{number:03d}" for number in range(250)]
    for name in names:
        driver.run(c.DefineAgent(name, ["care"]))
        driver.run(c.SignIn(name))
    index = driver.engine.view.routing.index
    place = index.place

    def counted(*given: Any) -> None:
        placed[-1] += 1
        place(*given)

    monkeypatch.setattr(index, "place", counted)
    driver.change_plan(CHANGES[change]())
    assert placed == [0]
    while (due_us := driver.engine.due()) is not None and due_us <= driver.now_us + 10_000:
        placed.append(0)
        driver._keep(driver.engine.tick(due_us))
    assert (max(placed), sum(placed)) == (100, 250)
    assert [len(event.agents) for event in driver.events(e.RoutingReseated)] == [100, 100, 50]
    assert [name for event in driver.events(e.RoutingReseated) for name in event.agents] == names


@pytest.mark.usefixtures("one")
def test_commands_go_between_two_slices() -> None:
    driver = desk()
    driver.change_plan(CHANGES["keys"]())
    assert slices(driver) == ["ana"]
    assert driver.engine.due() == driver.now_us + 1_000
    driver.run(c.SetAway("bob", "lunch"))
    assert slices(driver) == ["cleo"]
    assert driver.engine.view.timers.get(SEAT, "") is None
    assert driver.engine.view.routing.to_seat == {}


def test_where_nobody_works_nothing_is_placed() -> None:
    driver = Driver(plan())
    driver.change_plan(CHANGES["keys"]())
    driver.advance(1)
    assert driver.events(e.RoutingReseated) == []
    driver.sign_in("ana")
    driver.message()
    assert len(driver.last(e.OfferMade).key) == 3, "by position and idle, and the name"


# Between two slices


@pytest.mark.usefixtures("one")
@pytest.mark.parametrize("change", CHANGES)
def test_at_every_position_all_is_as_if_it_had_been_built_from_nothing(change: str) -> None:
    driver = desk()
    driver.message("a", "email")
    driver.message("b", "chat")
    driver.accept()
    driver.change_plan(CHANGES[change]())
    check_rebuilt(driver.engine, driver.reloaded())
    assert [slices(driver) for _ in range(3)] == [["ana"], ["bob"], ["cleo"]]
    assert unmoved(driver) == []
    driver.advance(1)
    check_liveness(driver.engine)
    check_rebuilt(driver.engine, driver.replayed())


@pytest.mark.usefixtures("one")
@pytest.mark.parametrize("change", CHANGES)
def test_who_is_yet_to_be_placed_counts_as_able_and_free_where_they_were(change: str) -> None:
    driver = desk()
    driver.message("a", "chat")
    driver.accept()
    routing = driver.engine.view.routing
    driver.change_plan(CHANGES[change]())
    for _ in range(3):
        kind = routing.rules.places["chat", routing.rules.labels["care"]]
        chat = routing.rules.bare("care", kind)
        assert (routing.index.able(chat), routing.index.free(chat)) == (3, 3), "two chats are enough for one agent"
        assert all(routing.index.is_free(name, chat) for name in ("ana", "bob", "cleo"))
        assert routing.index.ready(chat) == 3 - len(unmoved(driver))
        slices(driver)


@pytest.mark.usefixtures("one")
def test_a_new_channel_finds_free_whoever_was_free_for_anything() -> None:
    driver = desk()
    driver.answered("v", "voice")
    driver.change_plan(CHANGES["a channel more"]())
    routing = driver.engine.view.routing
    new = routing.rules.bare("care", routing.rules.places["aaa", ()])
    busy = driver.last(e.OfferMade).agent
    assert {name for name in ("ana", "bob", "cleo") if routing.index.is_free(name, new)} == {"ana", "bob", "cleo"} - {
        busy
    }
    assert routing.index.free(new) == 2
    check_rebuilt(driver.engine, driver.reloaded())


SATURATED = [Step(lasts=timedelta(seconds=60), skip_if=Condition(saturated=True)), Step(skills={"german": 95})]
NOBODY = [Step(lasts=timedelta(seconds=60), skip_if=Condition(nobody=True)), Step(skills={"german": 95})]


@pytest.mark.usefixtures("one")
@pytest.mark.parametrize("steps", [SATURATED, NOBODY])
def test_nobody_leaves_a_step_because_agents_are_being_placed(steps: list[Step]) -> None:
    first = queue("care", steps=steps)
    driver = desk(first)
    driver.change_plan(queue("sales", first, order=["position"]))
    got = driver.message("first")
    assert driver.offered() == {got.interaction: "ana"}, "ana has had her turn"
    more = [driver.message(f"c{number}", after=0) for number in range(2)]
    others = [driver.message(f"d{number}", after=0, queue="german") for number in range(2)]
    assert driver.events(e.StepEntered) == []
    driver.advance(1)
    assert driver.events(e.StepEntered) == []
    assert all(driver.state(one) == "OFFERED" for one in (got, *more, *others))


@pytest.mark.usefixtures("one")
def test_where_all_were_busy_a_step_is_skipped_all_the_while() -> None:
    first = queue("care", channel("chat", weight_percent=100), steps=[*SATURATED[:1], Step(teams=["sales"])])
    driver = desk(first, "ana", "bob")
    for number in range(2):
        driver.message(f"c{number}")
        driver.accept()
    driver.change_plan(channel("chat", first, weight_percent=50, limit=1))
    assert slices(driver) == ["ana"]
    got = driver.message("late", after=0)
    assert driver.last(e.StepEntered).interaction == got.interaction
    check_rebuilt(driver.engine, driver.replayed())


@pytest.mark.usefixtures("one")
@pytest.mark.parametrize("overflow_if", [Condition(nobody=True), Condition(saturated=True)])
def test_nobody_overflows_or_is_turned_away_because_agents_are_being_placed(overflow_if: Condition) -> None:
    for parts in ({"overflow_to": "sales", "overflow_if": overflow_if}, {"limit": 0}):
        first = queue("care", **parts)
        driver = desk(first, "bob", "cleo")
        driver.change_plan(queue("german", first, order=["position"]))
        got = driver.call("joe", after=0)
        assert driver.state(got) == "OFFERED"
        late = driver.call("jim", after=0)
        assert (driver.state(late), driver.engine.view.routing.items[late.interaction].queue) == ("QUEUED", "care")
        driver.advance(1)
        assert driver.offered() == {got.interaction: "bob", late.interaction: "cleo"}


@pytest.mark.usefixtures("one")
def test_whoever_declined_is_not_all_there_are() -> None:
    driver = desk(plan(), "ana", "bob")
    got = driver.message()
    driver.change_plan(CHANGES["keys"]())
    assert slices(driver) == ["ana"]
    driver.decline(after=0)
    assert driver.events(e.RoutingExhausted) == []
    assert driver.offered() == {}
    driver.advance(1)
    assert driver.offered() == {got.interaction: "bob"}
    assert driver.events(e.RoutingExhausted) == []


@pytest.mark.usefixtures("one")
def test_a_decision_tells_who_is_yet_to_be_placed_and_counts_nobody_twice() -> None:
    first = queue("care", ring=Ring(first=2))
    driver = desk(first)
    got = driver.message("a", "email")
    driver.advance(0)
    assert driver.ringing(got).keys() == {"ana", "bob"}
    driver.change_plan(channel("email", first, weight_percent=30))
    assert slices(driver) == ["ana"]
    view, item = driver.engine.view, driver.engine.view.routing.items[got.interaction]
    assert failing(view, item, view.routing.rules.wanted(item)) == {"asked": 2, "unmoved": 1}, "bob is asked already"


@pytest.mark.usefixtures("one")
def test_who_becomes_free_midway_is_offered_something_when_their_turn_comes() -> None:
    driver = desk(plan(), "ana", "bob")
    for number in range(4):
        driver.message(f"c{number}")
        driver.accept()
    waits = driver.message("late")
    driver.change_plan(CHANGES["pace"]())
    assert slices(driver) == ["ana"]
    of_bob = next(made for made in driver.events(e.OfferMade) if made.agent == "bob")
    driver.run(c.FinishInteraction(of_bob.interaction, "bob"))
    assert driver.offered() == {}
    check_rebuilt(driver.engine, driver.reloaded())
    assert slices(driver) == ["bob"]
    driver.advance(0)
    assert driver.offered() == {waits.interaction: "bob"}
    check_liveness(driver.engine)


@pytest.mark.usefixtures("one")
def test_customers_are_called_first_only_for_those_who_are_placed() -> None:
    first = attrs.evolve(plan(), callbacks=Callbacks(first="customer", at_once=1))
    driver = Driver(first, engine=WatchedEngine())
    for number in range(3):
        driver.run(c.RequestCallback(driver.call(f"c{number}").interaction), 1)
    driver.sign_in("ana", "bob", "cleo")
    assert len(driver.events(e.CallbackDialing)) == 1
    more = attrs.evolve(first, callbacks=attrs.evolve(first.callbacks, at_once=9))
    driver.change_plan(channel("email", more, weight_percent=30))
    for called in (1, 2, 3):
        slices(driver)
        driver.advance(0)
        assert len(driver.events(e.CallbackDialing)) == called
    driver.advance(1)
    check_liveness(driver.engine)


@pytest.mark.usefixtures("one")
def test_rings_go_on_and_widen_to_those_who_are_placed() -> None:
    first = queue("care", ring=Ring(first=3))
    driver = desk(first, "cleo")
    got = driver.message()
    driver.advance(0)
    driver.change_plan(channel("email", first, weight_percent=30))
    driver.sign_in("ana")
    assert driver.ringing(got) == {"ana": "PENDING", "cleo": "PENDING"}
    driver.change_plan(first)
    driver.sign_in("bob")
    assert len(driver.ringing(got)) == 3
    driver.change_plan(channel("email", first, weight_percent=30))
    driver.decline(driver.offer_to("cleo"), after=0)
    check_rebuilt(driver.engine, driver.reloaded())
    driver.advance(1)
    check_liveness(driver.engine)


@pytest.mark.usefixtures("one")
def test_who_is_placed_has_the_pace_of_the_plan_in_force_from_then_on() -> None:
    driver = desk(paced(rate=Rate(3, timedelta(seconds=30))), "ana", "bob")
    for number in range(4):
        driver.message(f"c{number}", "email")
        driver.accept(after=0)
    driver.change_plan(paced(rate=Rate(1, timedelta(seconds=30))))
    benches = driver.engine.view.routing.benches
    assert slices(driver) == ["ana"]
    assert (benches["ana"].is_limited, benches["bob"].is_limited) == (True, False)
    assert slices(driver) == ["bob"]
    late = driver.message("late", "email")
    assert driver.offered() == {}
    driver.advance(30)
    assert driver.offered().keys() == {late.interaction}
    check_rebuilt(driver.engine, driver.replayed())


# Who comes, goes and changes midway


@pytest.mark.usefixtures("one")
def test_who_comes_midway_is_placed_at_once_if_their_turn_is_over() -> None:
    driver = Driver(plan(), engine=WatchedEngine())
    for name in ("dan", "eve"):
        driver.run(c.DefineAgent(name, ["care"]))
    driver.sign_in("bob", "dan")
    driver.change_plan(CHANGES["keys"]())
    assert slices(driver) == ["bob"]
    for name in ("ana", "eve"):
        driver.run(c.SignIn(name))
        check_rebuilt(driver.engine, driver.reloaded())
    assert unmoved(driver) == ["dan", "eve"]
    assert slices(driver, 2) == ["dan", "eve"]
    assert driver.engine.view.routing.to_seat == {}


@pytest.mark.usefixtures("one")
def test_who_goes_midway_is_not_placed() -> None:
    driver = desk()
    driver.change_plan(CHANGES["a weight"]())
    assert slices(driver) == ["ana"]
    for name in ("ana", "cleo"):
        driver.run(c.SignOut(name))
        check_rebuilt(driver.engine, driver.reloaded())
    driver.run(c.RemoveAgent("cleo"))
    assert slices(driver) == ["bob"]
    assert driver.engine.view.routing.to_seat == {}


@pytest.mark.usefixtures("one")
def test_where_all_are_gone_midway_it_ends_and_another_change_begins_anew() -> None:
    driver = desk(plan(), "ana", "bob")
    driver.change_plan(CHANGES["a weight"]())
    assert slices(driver) == ["ana"]
    for name in ("ana", "bob"):
        driver.run(c.SignOut(name))
    driver.change_plan(CHANGES["a channel more"]())
    assert sorted(driver.engine.view.routing.to_seat) == ["", "ana"]
    driver._keep(driver.engine.tick(driver.now_us))
    assert driver.engine.view.routing.to_seat == {}
    assert driver.last(e.RoutingReseated).agents == []


@pytest.mark.usefixtures("one")
def test_who_comes_when_all_had_gone_midway_counts_by_the_rules_of_before() -> None:
    driver = desk(plan(), "ana", "bob")
    driver.change_plan(CHANGES["a weight"]())
    assert slices(driver) == ["ana"]
    for name in ("ana", "bob"):
        driver.run(c.SignOut(name))
    new = CHANGES["a channel more"]()
    driver._keep(driver.engine.execute(c.ChangePlan(new, new.digest(), "2025b", "check"), driver.now_us))
    check_rebuilt(driver.engine, driver.reloaded())
    driver.advance(1)
    driver.sign_in("bob")
    assert unmoved(driver) == []


@pytest.mark.usefixtures("one")
def test_who_is_defined_otherwise_midway_counts_by_that_at_once() -> None:
    driver = desk()
    routing = driver.engine.view.routing
    driver.change_plan(CHANGES["a weight"]())
    assert slices(driver) == ["ana"]
    german = routing.rules.bare("german", routing.rules.places["chat", ()])
    assert routing.index.able(german) == 2
    driver.run(c.DefineAgent("bob", ["care"], {"german": 10}))
    assert (routing.index.able(german), routing.index.free(german)) == (1, 1)
    check_rebuilt(driver.engine, driver.reloaded())
    assert slices(driver, 2) == ["bob", "cleo"]


@pytest.mark.usefixtures("one")
def test_what_is_put_aside_midway_makes_room_by_the_rules_of_before() -> None:
    first = channel("voice", interrupts=["email"])
    driver = desk(first, "bob")
    for number in range(5):
        driver.message(f"m{number}", "email")
        driver.accept()
    routing = driver.engine.view.routing
    voice = routing.rules.bare("care", routing.rules.places["voice", ()])
    assert routing.index.free(voice) == 1
    driver.run(c.DefineAgent("ana", ["care"]))
    driver.sign_in("ana")
    driver.change_plan(plan())
    assert slices(driver) == ["ana"]
    for offer in driver.events(e.OfferMade)[:2]:
        driver.run(c.FinishInteraction(offer.interaction, "bob"))
        check_rebuilt(driver.engine, driver.reloaded())
    assert routing.index.is_free("bob", voice), "three mails could be put aside"
    assert slices(driver) == ["bob"]
    assert not routing.index.is_free("bob", voice)


# A further change midway


@pytest.mark.usefixtures("one")
@pytest.mark.parametrize("then", CHANGES)
def test_a_further_change_places_all_anew_and_each_counts_by_the_rules_they_stand_by(then: str) -> None:
    driver = desk()
    driver.message("a", "email")
    driver.change_plan(channel("chat", weight_percent=30))
    assert slices(driver, 2) == ["ana", "bob"]
    new, bounds = CHANGES[then](), driver.engine.view.routing.to_seat
    driver.change_plan(new)
    assert sorted(bounds) == ["", "bob"]
    check_state(driver.engine)
    check_rebuilt(driver.engine, driver.reloaded())
    driver.change_plan(channel("email", new, weight_percent=5))
    assert sorted(bounds) == ["", "ana", "bob"]
    assert [sorted(one.of_agent) for one in driver.engine.view.routing.index.unmoved] == [["ana"], ["bob"], ["cleo"]]
    check_rebuilt(driver.engine, driver.reloaded())
    assert [(slices(driver), sorted(bounds)) for _ in range(3)] == [
        (["ana"], ["ana", "bob"]),
        (["bob"], ["bob"]),
        (["cleo"], []),
    ]
    check_rebuilt(driver.engine, driver.replayed())


@pytest.mark.usefixtures("one")
def test_a_further_change_of_something_else_leaves_the_rest_to_be_placed() -> None:
    driver = desk()
    first = CHANGES["keys"]()
    driver.change_plan(first)
    assert slices(driver) == ["ana"]
    driver.change_plan(queue("sales", first, tier=2))
    assert sorted(driver.engine.view.routing.to_seat) == ["ana"]
    assert slices(driver, 2) == ["bob", "cleo"]


@pytest.mark.usefixtures("one")
def test_a_crash_midway_goes_on_where_it_was() -> None:
    driver = desk()
    driver.message("a", "email")
    driver.change_plan(CHANGES["a key more"]())
    for number in range(4):
        other = driver.reloaded()
        due_us = driver.engine.due()
        assert due_us is not None
        while (due_us := driver.engine.due()) is not None and due_us <= driver.now_us + 20_000:
            decided = driver._keep(driver.engine.tick(due_us))
            assert other.tick(due_us).events == decided.events
            check_rebuilt(driver.engine, other)
            if number % 2:
                other = driver.reloaded()
        driver.change_plan(CHANGES["a weight"]() if number % 2 else CHANGES["a key more"]())


# The parts


def test_room_by_words_of_before_stands_for_the_same_work_and_for_what_is_new() -> None:
    before = attrs.evolve(plan(), labels={"money": Label(1)})
    old = Capacity(capacity_words(queue("care", before, labels=["money"])))
    new = Capacity(capacity_words(attrs.evolve(before, channels={**plan().channels, "fax": Channel()})), {})
    asks = old.asks(new)
    assert asks[0] == 1, "whoever is limited is"
    place = new.places["chat", ()]
    assert (asks[place], asks[place + 1]) == (1 << old.places["chat", ()], 2 << old.places["chat", ()])
    assert asks[new.places["fax", ()]] == sum(1 << at for at in old.places.values())
    asks = new.asks(old)
    of_chat = 1 << new.places["chat", ()]
    assert (asks[old.places["chat", ("money",)]], asks[old.places["chat", ()]]) == (of_chat, of_chat)


def test_words_go_through_json_and_say_the_same() -> None:
    words = capacity_words(queue("care", attrs.evolve(plan(), labels={"money": Label(1)}), labels=["money"]))
    assert words["labels"] == [[], ["money"]]
    capacity = Capacity(words)
    bench = Bench(["care"], {}, 100, labels={"money": 1})
    room = capacity.room(bench, {})
    assert {work for work, place in capacity.places.items() if room >> place & 1} == {
        ("chat", ()),
        ("email", ()),
        ("voice", ()),
    }


def test_bounds_say_by_which_words_everybody_stands() -> None:
    words = capacity_words(plan())
    rows: dict[str, Any] = {"bob": words, "dan": words}
    seats = Seats(rows, Capacity(words))
    assert (bool(seats), seats.cursor) == (True, "bob")
    found = [seats.of(name) for name in ("ana", "bob", "cleo", "dan", "eve")]
    assert found == [None, None, seats.befores[0], seats.befores[0], seats.befores[1]]
    seats.advance("cleo")
    assert (sorted(rows), len(seats.unmoved)) == (["cleo", "dan"], 2)
    seats.advance("dan")
    assert (sorted(rows), len(seats.unmoved)) == (["dan"], 1)
    agents = Unmoved()
    seats.change(Capacity(words), agents, Capacity(words))
    assert (sorted(rows), seats.unmoved[0]) == (["", "dan"], agents)
    seats.end()
    assert (rows, bool(seats), seats.of("zoe")) == ({}, False, None)
