"""Moves of the random workload by which cases go on, and their customers are told of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeVar

from orchestra.engine.engine import Engine
from orchestra.model import commands as c

__all__ = ["WEIGHTS"]

Value = TypeVar("Value")

SPEAKERS = (None, None, "agent:ana", "back_office:erp")


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


def _case(engine: Engine, choose: Chooser) -> str | None:
    """One of the newest cases; now and then one that does not exist."""
    names = list(engine.view.cases.cases)[-12:]
    return "ca999" if choose.chance(2) else choose.pick(names) if names else None


def tell_fact(engine: Engine, choose: Chooser) -> c.Command | None:
    case = _case(engine, choose)
    if case is None:
        return None
    value = choose.pick(["soon", "late", 3, True])
    row = engine.view.cases.cases.get(case)
    contact = choose.pick([None, *row.interactions]) if row is not None else None
    return c.TellFact(case, choose.pick(["ready", "price"]), value, contact, actor=choose.pick(SPEAKERS))


Move = Callable[[Engine, Chooser], "c.Command | None"]

WEIGHTS: Mapping[Move, int] = {tell_fact: 4}
"""Move -> how often it is made, relative to the others here."""
