from __future__ import annotations

import random

import attrs
import pytest
from tests.engine_driver import Driver, plan
from tests.invariants import check_rebuilt

from orchestra.engine.routing import rules
from orchestra.engine.routing.rows import MOST_IN_HAND, Bench, Item
from orchestra.engine.routing.rules import Rules
from orchestra.model import commands as c, events as e
from orchestra.model.definitions import Channel
from orchestra.model.plan import Plan


@pytest.mark.parametrize(
    ("bench", "channel", "has_room"),
    [
        (Bench([], {}, 100, used_percent=0), Channel(weight_percent=100), True),
        (Bench([], {}, 100, used_percent=1), Channel(weight_percent=100), False),
        (Bench([], {}, 99, used_percent=0), Channel(weight_percent=100), False),
        (Bench([], {}, 300, used_percent=100, counts={"chat": 1}), Channel(limit=1), False),
        (Bench([], {}, 300, used_percent=100, counts={"voice": 1}), Channel(limit=1), True),
        (Bench([], {}, 300, used_percent=100, counts={"chat": 1}), Channel(limit=2), True),
        (Bench([], {}, 10_000, counts={"chat": MOST_IN_HAND - 1}), Channel(), True),
        (Bench([], {}, 10_000, counts={"chat": MOST_IN_HAND - 1, "voice": 1}), Channel(), False),
    ],
)
def test_room_is_budget_limit_and_number(bench: Bench, channel: Channel, has_room: bool) -> None:
    rules = Rules(Plan(channels={"chat": channel}))
    assert rules.capacity.room(bench, {}) == has_room * (1 << rules.places["chat", ()])


def test_what_is_derived_is_rebuilt() -> None:
    driver = Driver()
    driver.sign_in("cleo", "bob", "ana")
    for number in range(12):
        driver.message(f"p{number}", ["chat", "email"][number % 2], skills={"german": number * 8} if number > 3 else {})
    driver.accept()
    driver.run(c.SetAway("ana", "x"))
    driver.run(c.LoseDevice("bob", "main"))
    check_rebuilt(driver.engine, driver.reloaded())
    check_rebuilt(driver.engine, driver.replayed())


def test_who_is_drawn_does_not_depend_on_the_order_in_which_profiles_appeared() -> None:
    names = [f"a{number}" for number in range(6)]
    drawn = set()
    for seed in range(5):
        first = plan(agents={})
        queues = {**first.queues, "care": attrs.evolve(first.queues["care"], order=["random"])}
        driver = Driver(attrs.evolve(first, queues=queues))
        for name in random.Random(seed).sample(names, len(names)):
            driver.run(c.DefineAgent(name, ["care"], {"german": 1 + int(name[1:]) % 3}), after=0)
            driver.run(c.SignIn(name), after=0)
        driver.message("joe", after=100)
        drawn.add(driver.last(e.OfferMade).agent)
    assert len(drawn) == 1


def test_the_order_in_which_profiles_appeared_decides_nothing() -> None:
    names = [f"a{number}" for number in range(6)]
    offered = []
    for seed in range(5):
        driver = Driver(plan(agents={}))
        order = random.Random(seed).sample(names, len(names))
        for name in order:
            skills = {"german": 50 + int(name[1:])} if int(name[1:]) % 2 else {}
            driver.run(c.DefineAgent(name, ["care"], skills))
        for name in order:
            driver.run(c.SignIn(name))
        driver.message("joe")
        driver.message("jim", skills={"german": 40})
        offered.append(driver.offered())
    assert offered == [{"in1": "a0", "in2": "a1"}] * 5


def test_offers_are_forgotten_with_their_interaction() -> None:
    driver = Driver()
    driver.sign_in("ana", "bob")
    driver.message()
    driver.decline()
    driver.accept()
    assert set(driver.engine.view.routing.offers) == {"of1", "of2"}
    driver.run(c.FinishInteraction("in1", "bob"))
    assert (driver.engine.view.routing.offers, driver.engine.view.routing.items) == ({}, {})
    assert driver.engine.view.routing.in_hand == {}


def test_a_queue_that_changes_its_team_is_served_by_the_new_one() -> None:
    driver = Driver()
    driver.sign_in("ana")
    driver.message("joe", queue="german")
    driver.sign_in("cleo")
    driver.run(c.DefineAgent("dan", ["sales"], {"german": 99}))
    driver.run(c.DeclineOffer("of1", "cleo", 1))
    queues = dict(plan().queues)
    queues["german"] = attrs.evolve(queues["german"], team="sales")
    driver.change_plan(plan(queues=queues))
    driver.advance(1)
    driver.sign_in("dan")
    assert driver.offered() == {"in1": "dan"}


def test_tokens_and_places_come_from_counts() -> None:
    driver = Driver()
    routing = driver.engine.view.routing
    assert (routing.next_token(), routing.next_order()) == (1, 1)
    driver.sign_in("ana")
    driver.message()
    assert (routing.next_token(), routing.next_order()) == (2, 2)
    driver.run(c.RescindOffer("of1", "x"))
    assert (routing.next_token(), routing.next_order()) == (3, 2)


def test_needs_are_worked_out_again_where_too_many_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = Rules(plan())
    needs = [Item("cu1", "chat", "care", {f"s{number}": 1}) for number in range(5)]
    first = [compiled.wanted(item) for item in needs]
    assert compiled.wanted(needs[0]) is first[0]
    monkeypatch.setattr(rules, "_REMEMBERED", 2)
    forgetful = Rules(plan())
    assert [forgetful.wanted(item) for item in (*needs, *needs)] == first * 2
