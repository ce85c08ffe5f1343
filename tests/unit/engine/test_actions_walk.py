"""Every command about a request in every state of one: what it brings, or that it is refused and changes nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.engine_driver import Driver, plan
from tests.invariants import WatchedEngine
from tests.rule_plans import RULED

from orchestra.engine.lifecycle import ACTION
from orchestra.errors import CommandRefused, NotAllowedInState
from orchestra.model import commands as c, events as e
from orchestra.model.actions import ActionNames, Actions

Step = c.Command


def _begin() -> Driver:
    names = ActionNames({"refund@1"})
    driver = Driver(plan(RULED, actions=Actions(attempts=2)), engine=WatchedEngine(actions=names))
    driver.run(c.RequestAction("refund@1", "k1"))
    return driver


REACHED: dict[str, list[Step]] = {
    "READY": [],
    "STARTED": [
        c.StartAction("ar1", 1, 1),
    ],
    "WAITING": [
        c.StartAction("ar1", 1, 1),
        c.RecordAction("ar1", 1, "retry"),
    ],
    "DONE": [
        c.StartAction("ar1", 1, 1),
        c.RecordAction("ar1", 1, "done"),
    ],
    "FAILED": [
        c.StartAction("ar1", 1, 1),
        c.RecordAction("ar1", 1, "failed"),
    ],
    "CANCELED": [
        c.CancelAction("ar1", "changed its mind"),
    ],
}
"""State -> the commands that lead to it. `UNKNOWN` is reached by time and a second loss, below."""


def _in(state: str) -> Driver:
    driver = _begin()
    for step in REACHED[state]:
        driver.run(step)
    assert driver.engine.view.actions.requests["ar1"].state == state
    return driver


COMMANDS: dict[str, Callable[[int], Step]] = {
    "start": lambda attempts: c.StartAction("ar1", attempts + 1, 1),
    "done": lambda attempts: c.RecordAction("ar1", attempts, "done"),
    "retry": lambda attempts: c.RecordAction("ar1", attempts, "retry"),
    "failed": lambda attempts: c.RecordAction("ar1", attempts, "failed"),
    "recover": lambda attempts: c.RecoverAction("ar1", 2),
    "cancel": lambda attempts: c.CancelAction("ar1", "changed its mind"),
}

BRINGS: dict[tuple[str, str], type[e.Event]] = {
    ("READY", "start"): e.ActionStarted,
    ("READY", "cancel"): e.ActionCanceled,
    ("STARTED", "done"): e.ActionDone,
    ("STARTED", "retry"): e.ActionRetried,
    ("STARTED", "failed"): e.ActionFailed,
    ("STARTED", "recover"): e.ActionRetried,
    ("WAITING", "cancel"): e.ActionCanceled,
}
"""State and command -> the event. Whatever is not listed is refused."""


@pytest.mark.parametrize("state", REACHED)
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_in_every_state(state: str, command: str) -> None:
    driver = _in(state)
    attempts = driver.engine.view.actions.requests["ar1"].attempts
    step = COMMANDS[command](attempts)
    brings = BRINGS.get((state, command))
    if brings is None:
        driver.refuse(step, NotAllowedInState)
    else:
        assert [type(event) for event in driver.run(step).events] == [brings]


def test_what_nobody_knows_is_over() -> None:
    driver = _in("WAITING")
    driver.advance(10)
    driver.run(c.StartAction("ar1", 2, 1))
    driver.run(c.RecoverAction("ar1", 2))
    assert driver.engine.view.actions.requests["ar1"].state == "UNKNOWN"
    for command in COMMANDS.values():
        driver.refuse(command(2), NotAllowedInState)


def test_all_states_are_walked() -> None:
    assert {*REACHED, "UNKNOWN"} == set(ACTION.states)


@pytest.mark.parametrize("state", REACHED)
def test_a_request_in_any_state_is_rebuilt_and_its_key_stays_taken(state: str) -> None:
    driver = _in(state)
    for engine in (
        driver.replayed(),
        driver.replayed(is_blanked=True),
        driver.reloaded(),
    ):
        assert engine.state_hash() == driver.engine.state_hash()
        assert engine.due() == driver.engine.due()
    asked = driver.run(c.RequestAction("refund@1", "k1"))
    assert asked.result.duplicate
    assert asked.events == []


@pytest.mark.parametrize("state", ["READY", "STARTED", "WAITING"])
def test_what_is_open_needs_nobody_to_ask_again(state: str) -> None:
    """Law: what is to be done has a timer, or the owner that was told of it."""
    driver = _in(state)
    own = driver.engine.view.actions
    assert list(own.open) == ["ar1"]
    assert bool(own.ready) + bool(own.started) + (driver.engine.view.timers.get("actions.due", "ar1") is not None) == 1


@pytest.mark.parametrize("state", ["DONE", "FAILED", "CANCELED"])
def test_what_is_over_leaves_nothing_to_be_done(state: str) -> None:
    driver = _in(state)
    own = driver.engine.view.actions
    assert (own.open, own.ready, own.started) == ({}, {}, {})
    assert driver.engine.view.timers.get("actions.due", "ar1") is None


@pytest.mark.parametrize(
    "command",
    [
        c.StartAction("ar7", 1, 1),
        c.RecordAction("ar7", 1, "done"),
        c.RecoverAction("ar7", 2),
        c.CancelAction("ar7", "x"),
    ],
)
def test_there_must_be_such_a_request(command: c.Command) -> None:
    error = _begin().refuse(command, type(_unknown(command)))
    assert str(error) == "no request 'ar7'"


def _unknown(command: c.Command) -> CommandRefused:
    with pytest.raises(CommandRefused) as caught:
        _begin().engine.execute(command, 10**16)
    return caught.value
