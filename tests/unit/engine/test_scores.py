"""Agents ordered by an application's own scores: what these are given, when they are asked, and what if they fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import pytest
from tests.engine_driver import Driver, plan
from tests.invariants import WatchedEngine, check_rebuilt, check_state

from orchestra.engine.engine import Engine
from orchestra.engine.scores import UNRATED, Rating
from orchestra.errors import InvalidCommand
from orchestra.model import commands as c, events as e
from orchestra.model.plan import Plan
from orchestra.model.routing import Ring, Step
from orchestra.model.scores import (
    MOST,
    ProfileScore,
    Score,
    ScoredAgent,
    ScoredContact,
    ScoredNeed,
    ScoredProfile,
    ScoreFailure,
    Scores,
)

NAMES = {"ana": 1, "bob": 3, "cleo": 2}


def by_name(agent: ScoredAgent, contact: ScoredContact) -> int:
    """Bob first, then Cleo, then Ana."""
    return NAMES[agent.name]


def by_german(profile: ScoredProfile, need: ScoredNeed) -> int:
    return profile.skills.get("german", 0)


def served(order: list[str], **queue: Any) -> Plan:
    first = plan()
    return attrs.evolve(
        first, queues={**first.queues, "care": attrs.evolve(first.queues["care"], order=order, **queue)}
    )


def centre(scores: Scores, *order: str, is_watched: bool = False, **queue: Any) -> Driver:
    """A contact centre whose queue goes by scores; who watches it asks them, too."""
    engine = WatchedEngine(scores=scores) if is_watched else Engine(scores)
    driver = Driver(served(list(order), **queue), engine=engine)
    driver.sign_in("ana", "bob", "cleo")
    return driver


def sound(driver: Driver) -> Driver:
    check_state(driver.engine)
    check_rebuilt(driver.engine, driver.replayed())
    check_rebuilt(driver.engine, driver.reloaded())
    return driver


def test_whoever_has_the_higher_score_goes_first_and_the_key_says_so() -> None:
    driver = centre({"acme.name@1": Score(by_name)}, "score:acme.name@1", "idle", is_watched=True)
    driver.message()
    made = driver.last(e.OfferMade)
    assert made.key[0] == -3
    assert made.agent == "bob"
    assert [key[0] for key in made.runners_up] == [-2, -1]
    assert [key[-1] for key in made.runners_up] == ["cleo", "ana"]
    sound(driver)


def test_a_score_of_profiles_is_asked_once_for_each_profile_and_need() -> None:
    asked: list[tuple[ScoredProfile, ScoredNeed]] = []

    def rate(profile: ScoredProfile, need: ScoredNeed) -> int:
        asked.append((profile, need))
        return by_german(profile, need)

    driver = centre({"acme.german@1": ProfileScore(rate)}, "score:acme.german@1", "idle")
    for name in ("joe", "mia", "kim"):
        driver.message(name)
    made = driver.events(e.OfferMade)
    assert [(one.agent, one.key[0]) for one in made] == [("cleo", -90), ("cleo", -90), ("bob", -60)]
    assert len(asked) == 3
    assert {profile.skills.get("german", 0) for profile, _ in asked} == {0, 60, 90}
    profile = next(profile for profile, _ in asked if "billing" in profile.skills)
    assert profile == ScoredProfile("person", ("care", "sales"), {"german": 90, "billing": 40})
    assert {need.channel for _, need in asked} == {"chat"}
    driver.message("zoe", "email")
    assert {need.channel for _, need in asked} == {"chat", "email"}
    assert asked[-1][1] == ScoredNeed("care", "email", ("care",), {})
    sound(driver)


def test_what_a_score_said_is_forgotten_when_too_much_of_it_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestra.engine.routing.rules._MOST_RATED", 3)
    asked: list[tuple[str, int]] = []

    def rate(profile: ScoredProfile, need: ScoredNeed) -> int:
        asked.append((need.channel, profile.skills.get("german", 0)))
        return by_german(profile, need)

    driver = centre({"acme.german@1": ProfileScore(rate)}, "score:acme.german@1", "idle")
    driver.message()
    assert driver.last(e.OfferMade).agent == "cleo"
    first = list(asked)
    assert len(first) == len(set(first)) == 3, "each profile, once"
    driver.message("zoe")
    assert asked == first
    driver.message("zoe", "email")
    assert {channel for channel, _ in asked[3:]} == {"email"}
    more = len(asked)
    driver.message("max")
    assert asked[more:], "those of before had to go"


def test_a_score_is_given_the_agent_and_the_contact_as_they_are() -> None:
    seen: list[tuple[ScoredAgent, ScoredContact]] = []

    def rate(agent: ScoredAgent, contact: ScoredContact) -> int:
        seen.append((agent, contact))
        return 0

    driver = centre({"acme.all@3": Score(rate)}, "score:acme.all@3", "idle", tier=2, priority=4)
    driver.message("joe", skills={"german": 50}, agent="cleo")
    agent, contact = next(pair for pair in seen if pair[0].name == "cleo")
    bench = driver.engine.view.routing.benches["cleo"]
    assert {one.name for one, _ in seen} == {"bob", "cleo"}, "only those who fit"
    assert attrs.astuple(agent, recurse=False) == (
        "cleo",
        "person",
        ("care", "sales"),
        {"german": 90, "billing": 40},
        0,
        0,
        {},
        0,
        100,
        agent.idle_since_us,
        0,
    )
    assert agent.idle_since_us < bench.idle_since_us or bench.idle_since_us == agent.idle_since_us
    assert attrs.astuple(contact, recurse=False) == (
        "in1",
        "cu1",
        "care",
        "chat",
        {"german": 50},
        2,
        4,
        0,
        "cleo",
        driver.now_us,
        None,
    )
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        agent.position = 9  # type: ignore[misc]
    with pytest.raises(TypeError):
        agent.skills["german"] = 1  # type: ignore[index]


def test_bots_are_told_from_people() -> None:
    kinds: list[str] = []

    def rate(profile: ScoredProfile, need: ScoredNeed) -> int:
        kinds.append(profile.kind)
        assert not any(skill.startswith("@") for skill in [*profile.skills, *need.skills])
        return 0

    driver = centre({"a@1": ProfileScore(rate)}, "score:a@1", steps=[Step(pool="bots")])
    driver.run(c.DefineAgent("robo", ["care"], kind="bot"))
    driver.sign_in("robo")
    driver.message()
    assert (driver.last(e.OfferMade).agent, kinds) == ("robo", ["bot"])


def test_whoever_becomes_free_is_asked_about_what_waits() -> None:
    driver = Driver(served(["score:acme.name@1", "idle"]), engine=WatchedEngine(scores={"acme.name@1": Score(by_name)}))
    driver.message()
    driver.sign_in("bob")
    assert driver.last(e.OfferMade).key[0] == -3
    driver.sign_in("ana", "cleo")
    driver.decline()
    assert driver.last(e.OfferMade).agent == "cleo", "whoever declined is not asked again"
    sound(driver)


def test_a_ring_goes_to_the_best_one_after_the_other() -> None:
    driver = centre({"acme.name@1": Score(by_name)}, "score:acme.name@1", "idle", is_watched=True, ring=Ring(first=2))
    got = driver.message()
    driver.advance(0)
    assert list(driver.ringing(got)) == ["bob", "cleo"]
    sound(driver)


def test_chance_decides_among_those_of_equal_score() -> None:
    drawn = set()
    for seed in range(20):
        first = served(["score:even@1", "random"])
        of = attrs.evolve(first, workspace=attrs.evolve(first.workspace, seed=seed))
        scores: Scores = {"even@1": Score(lambda agent, contact: int(agent.name != "ana"))}
        driver = Driver(of, engine=Engine(scores))
        driver.sign_in("ana", "bob", "cleo")
        driver.message()
        drawn.add(driver.last(e.OfferMade).agent)
        assert driver.last(e.OfferMade).runners_up == []
    assert drawn == {"bob", "cleo"}


def test_with_chance_nobody_is_drawn_where_nobody_fits() -> None:
    driver = centre({"even@1": Score(lambda agent, contact: 1)}, "score:even@1", "random")
    driver.message("joe", skills={"billing": 90})
    assert driver.offered() == {}


def test_the_agent_who_knows_the_customer_is_rated_too() -> None:
    scores: tuple[Score | ProfileScore, ...] = Score(by_name), ProfileScore(by_german)
    for score in scores:
        steps = [Step(pool="known", lasts=plan().presence.grace), Step()]
        driver = centre({"a@1": score}, "score:a@1", steps=steps)
        driver.message("joe", agent="cleo")
        assert driver.last(e.OfferMade).key == [-2 if isinstance(score, Score) else -90, "cleo"]
        driver.run(c.SetAway("cleo", "lunch"))
        got = driver.message("mia", agent="cleo")
        assert driver.state(got) == "QUEUED"
        sound(driver)


def test_who_would_put_work_aside_is_rated_too() -> None:
    scores: tuple[Score | ProfileScore, ...] = Score(by_name), ProfileScore(by_german)
    for score in scores:
        first = served(["score:a@1"])
        voice = attrs.evolve(first.channels["voice"], interrupts=["email"], wrap_up=first.presence.rest_after_decline)
        email = attrs.evolve(first.channels["email"], weight_percent=100)
        of = attrs.evolve(first, channels={**first.channels, "voice": voice, "email": email})
        driver = Driver(of, engine=WatchedEngine(scores={"a@1": score}))
        driver.sign_in("ana", "bob", "cleo")
        for name in ("joe", "mia", "kim"):
            driver.answered(name, "email")
        driver.call("zoe")
        assert driver.last(e.OfferMade).agent == ("bob" if isinstance(score, Score) else "cleo")
        sound(driver)


def broken(one: object, other: object) -> int:
    raise LookupError(one)


BAD: dict[str, tuple[Callable[..., Any], str]] = {
    "raises": (broken, "raised LookupError"),
    "a fraction": (lambda one, other: 0.5, "gave float, not a whole number"),
    "a truth": (lambda one, other: True, "gave bool, not a whole number"),
    "nothing": (lambda one, other: None, "gave NoneType, not a whole number"),
    "too much": (lambda one, other: MOST + 1, f"gave a number beyond {MOST}"),
    "too little": (lambda one, other: -MOST - 1, f"gave a number beyond {MOST}"),
}


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("kind", [Score, ProfileScore])
def test_a_score_that_fails_takes_nothing_down_and_is_told(bad: str, kind: type[Any]) -> None:
    rate, reason = BAD[bad]
    driver = centre({"bad@1": kind(rate)}, "score:bad@1", "idle")
    driver.message()
    made = driver.last(e.OfferMade)
    assert (made.agent, made.key[0]) == ("ana", UNRATED), "the next part of the order decides"
    assert driver.engine.view.plans.rating.failures() == {"bad@1": ScoreFailure(3, reason)}
    sound(driver)


def test_whoever_has_no_score_goes_behind_all_who_have_one() -> None:
    def rate(agent: ScoredAgent, contact: ScoredContact) -> int:
        return -MOST if agent.name != "ana" else broken(agent, contact)

    driver = centre({"bad@1": Score(rate)}, "score:bad@1", "idle")
    driver.message()
    made = driver.last(e.OfferMade)
    assert [key[-1] for key in (made.key, *made.runners_up)] == ["bob", "cleo", "ana"]


@pytest.mark.parametrize("value", [MOST, 0, -MOST])
def test_the_greatest_and_least_scores_are_scores(value: int) -> None:
    rating = Rating({"a@1": Score(lambda agent, contact: value)})
    assert rating.agent("a@1", ScoredAgent("x", *[()] * 10), None) == -value  # type: ignore[call-arg,arg-type]
    assert rating.failures() == {}


def test_a_plan_that_names_what_is_not_registered_is_refused() -> None:
    driver = centre({"acme.vip@2": Score(by_name), "b@1": Score(by_name)}, "idle")
    new = served(["score:acme.vip@3"], steps=[Step(order=["score:other@1", "idle"])])
    command = c.ChangePlan(new, new.digest(), "2025b", "check")
    error = driver.refuse(command, InvalidCommand)
    assert "queues.care.order[0]: no score 'acme.vip@3' is registered; there are: acme.vip@2, b@1" in str(error)
    assert "queues.care.steps[0].order[0]: no score 'other@1'" in str(error)
    faults = [fault for fault in driver.engine.plan_faults(new) if fault.is_error]
    assert [fault.path for fault in faults] == ["queues.care.order[0]", "queues.care.steps[0].order[0]"]


def test_the_log_is_repeated_by_whoever_has_no_scores() -> None:
    driver = centre({"acme.name@1": Score(by_name)}, "score:acme.name@1", "idle")
    for name in ("joe", "mia", "kim"):
        driver.message(name)
    driver.decline()
    reader = driver.replayed()
    assert reader.view.plans.rating.scores == {}
    assert reader.state_hash() == driver.engine.state_hash()
    assert reader.view.plans.rating.failures() == {}, "nobody was asked"


def test_decisions_under_a_plan_whose_scores_are_gone_go_by_the_other_parts() -> None:
    driver = Driver(served(["score:acme.name@1", "idle"]), engine=WatchedEngine(scores={"acme.name@1": Score(by_name)}))
    driver.sign_in("ana", "bob")
    reader = driver.reloaded()
    decided = reader.execute(c.SignIn("cleo"), driver.now_us)
    assert [type(event) for event in decided.events] == [e.AgentSignedIn]
    other = Driver(None, engine=reader)
    other.now_us = driver.now_us
    other.message()
    made = other.last(e.OfferMade)
    assert (made.agent, made.key[0]) == ("ana", UNRATED)
    assert reader.view.plans.rating.failures() == {"acme.name@1": ScoreFailure(3, "is not registered")}


def test_equal_logs_and_scores_decide_alike() -> None:
    def run() -> Driver:
        driver = centre({"a@1": Score(by_name), "b@1": ProfileScore(by_german)}, "score:b@1", "score:a@1", "idle")
        for name in ("joe", "mia", "kim", "zoe"):
            driver.message(name)
        driver.decline()
        driver.accept(driver.pending()[0])
        return driver

    one, other = run(), run()
    assert one.engine.state_hash() == other.engine.state_hash()
    assert [logged.event for logged in one.log] == [logged.event for logged in other.log]
