"""Moves of the random workload that have the application's own actions done, and let them go wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeVar

from orchestra.engine.engine import Engine
from orchestra.model import commands as c
from orchestra.model.actions import ActionNames

__all__ = ["NAMES", "WEIGHTS"]

Value = TypeVar("Value")

NAMES = ActionNames({"refund@1", "tell@1"})


class Chooser(Protocol):
    """Where choices come from."""

    def pick(self, options: Sequence[Value]) -> Value:
        """One of the options; there is at least one."""
        ...

    def number(self, least: int, most: int) -> int:
        """A number from `least` to `most`, both included."""
        ...

    def chance(self, percent: int) -> bool:
        """True about so often."""
        ...


def request(engine: Engine, choose: Chooser) -> c.Command:
    cases = list(engine.view.cases.cases)[-12:]
    case = choose.pick(cases) if cases and choose.chance(80) else None
    action = choose.pick(["refund@1", "tell@1", "tell@2"] if choose.chance(10) else ["refund@1", "tell@1"])
    return c.RequestAction(action, f"key{choose.number(1, 40)}", case, values={"cents": choose.pick([100, 100, 250])})


def start(engine: Engine, choose: Chooser) -> c.Command | None:
    ready = sorted(engine.view.actions.ready)
    if not ready:
        return None
    name = choose.pick(ready)
    return c.StartAction(name, engine.view.actions.requests[name].attempts + 1 + choose.chance(3), 1)


def record(engine: Engine, choose: Chooser) -> c.Command | None:
    started = sorted(engine.view.actions.started)
    if not started:
        return None
    name = choose.pick(started)
    outcome = choose.pick(["done", "retry", "retry", "retry", "failed"])
    return c.RecordAction(name, engine.view.actions.requests[name].attempts, outcome, code=choose.pick([None, "busy"]))


def recover(engine: Engine, choose: Chooser) -> c.Command | None:
    started = sorted(engine.view.actions.started)
    return c.RecoverAction(choose.pick(started), choose.pick([1, 2, 2, 2])) if started else None


def cancel(engine: Engine, choose: Chooser) -> c.Command | None:
    waiting = sorted(engine.view.actions.open)
    return c.CancelAction(choose.pick(waiting), "changed its mind") if waiting else None


WEIGHTS: Mapping[Callable[[Engine, Chooser], c.Command | None], int] = {
    request: 6,
    start: 9,
    record: 7,
    recover: 7,
    cancel: 1,
}
"""Move -> how often it is made, relative to the others."""
