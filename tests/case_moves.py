"""Moves of the random workload that put right which contacts belong together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol, TypeVar

from orchestra.engine.engine import Engine
from orchestra.model import commands as c

__all__ = ["WEIGHTS", "take_apart"]

Value = TypeVar("Value")


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


def _some(choose: Chooser, names: Iterable[str]) -> str | None:
    """One of the newest of these; now and then one that does not exist."""
    options = list(names)[-12:]
    if choose.chance(2):
        return "ca999"
    return choose.pick(options) if options else None


def _of_one(engine: Engine, choose: Chooser) -> tuple[str, str] | None:
    """Two cases of a customer, mostly."""
    cases = engine.view.cases.cases
    one = _some(choose, cases)
    if one is None:
        return None
    whose = cases[one].customer if one in cases else ""
    other = _some(choose, (name for name, row in cases.items() if row.customer == whose or choose.chance(5)))
    return None if other is None else (one, other)


def merge_cases(engine: Engine, choose: Chooser) -> c.Command | None:
    pair = _of_one(engine, choose)
    return None if pair is None else c.MergeCases(*pair, "the same")


def unmerge_case(engine: Engine, choose: Chooser) -> c.Command | None:
    name = _some(choose, (name for name, row in engine.view.cases.cases.items() if row.into or choose.chance(2)))
    return None if name is None else c.UnmergeCase(name, "two matters")


def split_case(engine: Engine, choose: Chooser) -> c.Command | None:
    cases = engine.view.cases
    name = _some(choose, cases.cases)
    if name is None:
        return None
    own = [one for member in cases.group(name) if member in cases.cases for one in cases.cases[member].interactions]
    some = sorted({choose.pick(own) for _ in range(choose.number(1, 3))}) if own else []
    talks = sorted({row.conversation or "co999" for one in some if (row := engine.view.contacts.interactions[one])})
    if choose.chance(40):
        some, talks = [], talks[:1]
    else:
        talks = []
    return c.SplitCase(name, "another matter", some, talks, choose.pick([None, "order"]), choose.pick([None, "sales"]))


def move_interaction(engine: Engine, choose: Chooser) -> c.Command | None:
    name, case = _some(choose, engine.view.contacts.interactions), _some(choose, engine.view.cases.cases)
    return None if name is None or case is None else c.MoveInteraction(name, case, "wrong case")


def settle_suggestion(engine: Engine, choose: Chooser) -> c.Command | None:
    name = _some(choose, engine.view.cases.suggestions)
    if name is None:
        return None
    return c.AcceptCaseSuggestion(name) if choose.chance(60) else c.DismissCaseSuggestion(name, "another matter")


def take_apart(engine: Engine, choose: Chooser) -> Iterable[c.Command]:
    """Two cases are merged, something goes on in either, and they are taken apart again."""
    pair = _of_one(engine, choose)
    if pair is None:
        return
    yield c.MergeCases(*pair, "the same")
    for name in choose.pick([(), pair, pair[1:]]):
        yield choose.pick(
            [c.ResolveCase(name), c.OpenWorkItem("task", f"of {name}", name), c.AddRef(name, f"x:{name}")]
        )
    yield c.UnmergeCase(pair[1], "two matters")


Move = Callable[[Engine, Chooser], "c.Command | None"]

WEIGHTS: Mapping[Move, int] = {
    merge_cases: 4,
    unmerge_case: 2,
    split_case: 2,
    move_interaction: 2,
    settle_suggestion: 6,
}
"""Move -> how often it is made, relative to those of `moves`."""
