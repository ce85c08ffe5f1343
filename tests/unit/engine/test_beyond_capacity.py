"""Steps in which the agent who knows the customer is asked whatever else they have in hand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest
from tests.engine_driver import Driver, plan
from tests.invariants import WatchedEngine, check_liveness, check_rebuilt, check_state

from orchestra.engine.routing.rows import MOST_IN_HAND
from orchestra.engine.routing.rules import Rules
from orchestra.model import commands as c, events as e
from orchestra.model.definitions import Label, Rate
from orchestra.model.plan import Plan
from orchestra.model.routing import Condition, Step

HALF_A_MINUTE = timedelta(seconds=30)
BEYOND = [Step(pool="known", beyond_capacity=True, lasts=HALF_A_MINUTE), Step()]
WITHIN = [Step(pool="known", lasts=HALF_A_MINUTE), Step()]


def centre(steps: list[Step], *, presence: dict[str, Any] | None = None, **queue: Any) -> Plan:
    """A centre in which `care` is served in these steps."""
    first = plan()
    queues = {**first.queues, "care": attrs.evolve(first.queues["care"], steps=steps, **queue)}
    return attrs.evolve(first, queues=queues, presence=attrs.evolve(first.presence, **presence or {}))


def watched(of: Plan, *agents: str) -> Driver:
    driver = Driver(of, engine=WatchedEngine())
    driver.sign_in(*agents or ("ana", "bob"))
    return driver


def offered(driver: Driver) -> dict[str, str]:
    check_state(driver.engine)
    check_liveness(driver.engine)
    for other in (driver.replayed(), driver.reloaded()):
        check_rebuilt(driver.engine, other)
    return driver.offered()


def call(driver: Driver, sender: str = "joe", **values: Any) -> e.OfferMade:
    """A call for ana; the offer that came of it."""
    driver.call(sender, **{"agent": "ana"} | values)
    return driver.last(e.OfferMade)


def busy(driver: Driver, calls: int = 1) -> None:
    """Ana has so many calls in hand."""
    for number in range(calls):
        driver.accept(call(driver, f"sue{number}"))


def test_the_known_agent_is_asked_though_budget_and_limit_are_full() -> None:
    driver = watched(centre(BEYOND))
    busy(driver)
    assert not driver.last(e.OfferMade).beyond_capacity, "there was room for the first"
    made = call(driver)
    assert (made.agent, made.beyond_capacity, made.failed) == ("ana", True, {"skills": 1})
    assert offered(driver) == {"in2": "ana"}
    bench = driver.engine.view.routing.benches["ana"]
    assert (bench.used_percent, bench.counts) == (200, {"voice": 2})


def test_without_the_word_they_are_waited_for() -> None:
    driver = watched(centre(WITHIN))
    busy(driver)
    call(driver)
    assert offered(driver) == {}
    driver.advance(30)
    assert offered(driver) == {"in2": "bob"}, "the next step asks everybody"


def test_what_is_beyond_blocks_what_comes_next_and_takes_nothing_away() -> None:
    driver = watched(centre(BEYOND), "ana")
    busy(driver, 3)
    driver.call("jim")
    assert offered(driver) == {}, "nobody knows jim, and ana has no room"
    for number in (1, 2):
        driver.run(c.FinishInteraction(f"in{number}", "ana"), 1)
        driver.advance(10)
        assert offered(driver) == {}
    driver.run(c.FinishInteraction("in3", "ana"), 1)
    driver.advance(10)
    assert offered(driver) == {"in4": "ana"}


def test_a_label_that_is_full_keeps_nobody_who_is_known() -> None:
    first = centre(BEYOND, labels=["complex"])
    driver = watched(attrs.evolve(first, labels={"complex": Label(1)}))
    driver.accept(call(driver, "sue", channel="email"))
    made = call(driver, channel="email")
    assert (made.agent, made.beyond_capacity, made.labels) == ("ana", True, ["complex"])
    assert offered(driver) == {"in2": "ana"}


def test_only_the_step_that_says_so_goes_beyond() -> None:
    steps = [attrs.evolve(WITHIN[0]), BEYOND[0], Step()]
    driver = watched(centre(steps))
    busy(driver)
    call(driver)
    assert offered(driver) == {}
    driver.advance(30)
    assert driver.last(e.OfferMade).beyond_capacity
    assert offered(driver) == {"in2": "ana"}


def test_nobody_goes_beyond_for_whom_nobody_knows() -> None:
    """A contact that no agent knows may stand in the step after a change of plan, and is anybody's there."""
    driver = watched(centre([]), "ana")
    busy(driver)
    driver.call("jim")
    driver.change_plan(centre(BEYOND))
    driver.advance(1)
    assert offered(driver) == {}


# What holds all the same


def test_whoever_is_away_is_not_asked() -> None:
    driver = watched(centre(BEYOND))
    busy(driver)
    driver.run(c.SetAway("ana", "lunch"), 1)
    call(driver)
    assert offered(driver) == {}
    driver.run(c.SetAvailable("ana"), 1)
    assert offered(driver) == {"in2": "ana"}
    assert driver.last(e.OfferMade).beyond_capacity


def test_whoever_declined_is_not_asked_again() -> None:
    driver = watched(centre(BEYOND))
    busy(driver)
    call(driver)
    driver.decline()
    assert offered(driver) == {"in2": "bob"}


@pytest.mark.parametrize("limit", ["rate", "on_return"])
def test_whoever_has_been_offered_enough_is_not_asked(limit: str) -> None:
    driver = watched(centre(BEYOND, presence={limit: Rate(1, timedelta(seconds=20))}))
    busy(driver)
    call(driver)
    assert offered(driver) == {}
    driver.advance(20)
    assert offered(driver) == {"in2": "ana"}


def test_whoever_rests_is_not_asked() -> None:
    driver = watched(centre(BEYOND, presence={"rest_after_decline": timedelta(seconds=10)}), "ana")
    call(driver, "sue")
    driver.decline()
    call(driver)
    assert "in2" not in offered(driver)
    driver.advance(10)
    assert offered(driver)["in2"] == "ana"


def test_no_agent_ever_has_more_in_hand_than_may_be() -> None:
    first = centre(BEYOND)
    email = attrs.evolve(first.channels["email"], weight_percent=100, limit=1)
    driver = watched(attrs.evolve(first, channels={**first.channels, "email": email}), "ana")
    for number in range(MOST_IN_HAND + 1):
        driver.message(f"p{number}", "email", after=0, agent="ana")
    bench = driver.engine.view.routing.benches["ana"]
    assert (sum(bench.counts.values()), bench.used_percent) == (MOST_IN_HAND, MOST_IN_HAND * 100)
    waiting = driver.engine.view.routing.items[f"in{MOST_IN_HAND + 1}"]
    assert waiting.state == "WAITING"
    driver.decline(driver.events(e.OfferMade)[0])
    assert waiting.state == "OFFERED", "who has one less in hand is asked"
    assert offered(driver)[f"in{MOST_IN_HAND + 1}"] == "ana"


# Beside other work


def test_what_the_channel_interrupts_is_put_aside_first() -> None:
    first = centre(BEYOND)
    voice = attrs.evolve(first.channels["voice"], interrupts=["email"])
    driver = watched(attrs.evolve(first, channels={**first.channels, "voice": voice}), "ana")
    driver.accept(call(driver, "sue", channel="email"))
    made = call(driver)
    assert not made.beyond_capacity, "with the mail aside there is room"
    driver.accept(made)
    assert driver.state(made) == "ACTIVE"
    assert driver.engine.view.contacts.interactions["in1"].state == "PARKED"
    driver.accept(call(driver, "jim"))
    assert driver.last(e.OfferMade).beyond_capacity, "nothing is left to put aside"
    assert driver.engine.view.routing.benches["ana"].used_percent == 200
    offered(driver)


def test_a_share_of_the_budget_for_whoever_has_just_come_binds_nobody_who_is_known() -> None:
    first = centre(BEYOND)
    warm_up = attrs.evolve(first.presence.warm_up, percent=10, lasts=timedelta(minutes=5))
    driver = watched(attrs.evolve(first, presence=attrs.evolve(first.presence, warm_up=warm_up)), "ana")
    driver.call("jim", "voice")
    assert offered(driver) == {}
    assert call(driver).beyond_capacity
    assert offered(driver) == {"in2": "ana"}


def test_what_waits_for_somebody_known_goes_by_its_rank_when_they_come() -> None:
    driver = watched(centre(BEYOND), "bob")
    driver.sign_in("ana")
    driver.run(c.SetAway("ana", "lunch"), 1)
    for name in ("jim", "joe"):
        driver.call(name, agent="ana")
    driver.run(c.SetAvailable("ana"), 1)
    made = driver.events(e.OfferMade)
    assert [(one.interaction, one.beyond_capacity) for one in made] == [("in1", False), ("in2", True)]
    assert offered(driver) == {"in1": "ana", "in2": "ana"}


def test_a_known_agent_without_room_makes_no_step_saturated() -> None:
    driver = watched(centre([attrs.evolve(BEYOND[0], skip_if=Condition(saturated=True)), Step()]))
    busy(driver)
    assert call(driver).agent == "ana"
    assert not driver.events(e.StepEntered)


# A change of plan


def test_what_waits_is_offered_once_the_plan_says_so() -> None:
    driver = watched(centre(WITHIN), "ana")
    busy(driver)
    call(driver)
    assert offered(driver) == {}
    driver.change_plan(centre(BEYOND))
    driver.advance(1)
    assert offered(driver) == {"in2": "ana"}
    assert driver.last(e.OfferMade).beyond_capacity
    driver.change_plan(centre(WITHIN))
    driver.advance(1)
    assert offered(driver) == {"in2": "ana"}, "an offer that was right stands"


def test_room_is_alike_only_where_both_go_beyond_or_none() -> None:
    within, beyond = Rules(centre(WITHIN)), Rules(centre(BEYOND))
    assert beyond.gives_room_alike(Rules(centre(BEYOND)))
    assert not within.gives_room_alike(beyond)
    assert within.queues_alike(Rules(centre(BEYOND))) == {"german", "sales"}
