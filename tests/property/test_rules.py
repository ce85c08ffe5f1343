"""Conditions against an oracle that reads them as the documentation does, and firings against a count by hand."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from tests.engine_driver import Driver, plan
from tests.rule_plans import RULED

from orchestra.engine.engine import Engine
from orchestra.engine.rules.conditions import compiled
from orchestra.engine.rules.scene import Scene
from orchestra.errors import CommandRefused
from orchestra.model import commands as c, events as e
from orchestra.model.rules import Action, Rule, When

FIELDS = (
    "case.topic",
    "case.state",
    "case.fields.orders",
    "case.fields.due",
    "interaction.live",
    "interaction.channel",
    "interaction.fields.note",
    "customer.fields.vip",
    "event.number",
    "event.channel",
)
VALUES: Any = st.one_of(
    st.sampled_from(["order", "refund", "OPEN", "chat", "2026-12-01", "2026-01-01", ""]),
    st.integers(0, 3),
    st.booleans(),
)
OPERATORS = (
    "is",
    "is_not",
    "one_of",
    "none_of",
    "at_least",
    "at_most",
    "is_set",
    "is_not_set",
)


def _one(field: str, operator: str, value: Any, values: list[Any]) -> When:
    return When(field, operator, value, values)


LEAVES = st.builds(
    _one,
    st.sampled_from(FIELDS),
    st.sampled_from(OPERATORS),
    VALUES,
    st.lists(VALUES, max_size=3),
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.builds(
        lambda every, some, no: When(all=every, any=some, none=no),
        st.lists(inner, max_size=2),
        st.lists(inner, max_size=2),
        st.lists(inner, max_size=2),
    ),
    max_leaves=6,
)


def _scene() -> tuple[Scene, dict[str, Any]]:
    """A message in a case of two orders of a good customer, and all that can be read of it."""
    driver = Driver(plan(RULED))
    got = driver.message(topic="order")
    driver.run(c.SetFields(got.case.id, {"orders": 2, "due": "2026-12-01"}))
    driver.run(c.SetFields(got.customer, {"vip": True}))
    scene = Scene.of(driver.engine.view, driver.last(e.MessageReceived), 1, driver.now_us)
    known = {
        "case.topic": "order",
        "case.state": "OPEN",
        "case.fields.orders": 2,
        "case.fields.due": "2026-12-01",
        "interaction.live": True,
        "interaction.channel": "chat",
        "interaction.fields.note": None,
        "customer.fields.vip": True,
        "event.number": 1,
        "event.channel": "chat",
    }
    return scene, known


SCENE, KNOWN = _scene()


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and one == other


def _compared(when: When, value: Any) -> bool:
    """What the documentation says of each operator."""
    match when.operator:
        case "is":
            return _same(value, when.value)
        case "is_not":
            return not _same(value, when.value)
        case "one_of":
            return any(_same(value, one) for one in when.values)
        case "none_of":
            return not any(_same(value, one) for one in when.values)
        case "is_set":
            return value is not None
        case "is_not_set":
            return value is None
        case _:
            if type(value) is not type(when.value):
                return False
            return bool(value >= when.value if when.operator == "at_least" else value <= when.value)


def _holds(when: When) -> bool:
    """All that is given must hold."""
    if when.field is not None and not _compared(when, KNOWN[when.field]):
        return False
    if not all(_holds(inner) for inner in when.all):
        return False
    if when.any and not any(_holds(inner) for inner in when.any):
        return False
    return not any(_holds(inner) for inner in when.none)


@given(CONDITIONS)
@settings(max_examples=300, deadline=None)
def test_conditions_hold_as_the_documentation_says(when: When) -> None:
    assert compiled(when, {})(SCENE) is _holds(when)


@given(CONDITIONS)
@settings(max_examples=100, deadline=None)
def test_asking_changes_nothing_and_gives_the_same_again(when: When) -> None:
    before = SCENE.view.position
    holds = compiled(when, {})
    assert holds(SCENE) is holds(SCENE)
    assert SCENE.view.position == before


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["write", "resolve", "reopen", "assign", "wait", "later"]),
        st.sampled_from(["joe", "sue"]),
        st.integers(1, 3),
    ),
    max_size=25,
)
TOLD = Action("notify", team="care", text="look")
RULES = (
    Rule("any", "MessageReceived", do=[TOLD], most_per_hour=3),
    Rule("second", "MessageReceived", When("event.number", "is", 2), [TOLD]),
    Rule("resolved", "CaseResolved", When("case.queue", "is", "care"), [TOLD], most_per_hour=2),
    Rule("taken", "CaseOwnerChanged", When("event.owner_kind", "is", "agent"), [TOLD]),
    Rule("again", "CaseReopened", When(none=[When("event.reason", "is", "contact")]), [TOLD]),
)


def _command(driver: Driver, step: tuple[str, str, int]) -> c.Command | None:
    what, who, number = step
    cases = sorted(driver.engine.view.cases.cases)
    case = cases[number % len(cases)] if cases else ""
    match what:
        case "resolve":
            return c.ResolveCase(case)
        case "reopen":
            return c.ReopenCase(case, "not settled")
        case "assign":
            return c.AssignCase(case, "agent", "ana" if who == "joe" else "bob")
        case "wait":
            return c.SetCaseWaiting(case, "customer")
        case _:
            return None


def _live(steps: list[tuple[str, str, int]]) -> Driver:
    driver = Driver(plan(RULED, rules=RULES))
    for step in steps:
        if step[0] == "write":
            driver.message(step[1], "email")
        elif step[0] == "later":
            driver.advance(step[2] * 1800)
        elif (command := _command(driver, step)) is not None:
            driver.advance(0)
            try:
                driver.run(command, 1)
            except CommandRefused:
                continue
    return driver


@given(STEPS)
@settings(max_examples=40, deadline=None)
def test_rules_fire_as_often_as_their_events_and_limits_say(steps: list[tuple[str, str, int]]) -> None:
    driver = _live(steps)
    fired = Counter(event.rule for event in driver.events(e.RuleFired))
    expected: Counter[str] = Counter()
    hours: Counter[tuple[str, str, int]] = Counter()
    for logged in driver.log:
        event, hour = logged.event, logged.at_us // 3_600_000_000
        if isinstance(event, e.MessageReceived):
            hours["any", event.case, hour] += 1
            expected["any"] += hours["any", event.case, hour] <= 3
            expected["second"] += event.number == 2
        elif isinstance(event, e.CaseResolved):
            hours["resolved", event.case, hour] += 1
            expected["resolved"] += hours["resolved", event.case, hour] <= 2
        elif isinstance(event, e.CaseOwnerChanged):
            expected["taken"] += event.owner_kind == "agent"
        elif isinstance(event, e.CaseReopened):
            expected["again"] += event.reason != "contact"
    assert fired == +expected
    assert len(driver.events(e.TeamNotified)) == fired.total()
    assert not driver.events(e.RuleFailed)


@given(STEPS)
@settings(max_examples=20, deadline=None)
def test_firing_is_repeated_from_the_log_alone(steps: list[tuple[str, str, int]]) -> None:
    driver = _live(steps)
    for engine in (driver.replayed(), driver.replayed(is_blanked=True), driver.reloaded()):
        assert engine.state_hash() == driver.engine.state_hash()
        assert engine.view.rules.fired == driver.engine.view.rules.fired


@pytest.mark.parametrize("seed", range(3))
def test_two_engines_fire_alike(seed: int) -> None:
    steps = [("write", "joe" if number % (seed + 2) else "sue", number) for number in range(12)]
    one, other = _live(steps), _live(steps)
    assert [logged.event for logged in one.log] == [logged.event for logged in other.log]
    assert isinstance(one.engine, Engine)
