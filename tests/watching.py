"""Which invariants are to be worked out anew after a batch: those of which something that they read has changed.

A section changes through the events that it follows, and timers through whoever sets or cancels them. What has not
changed is as it was when it was looked at last, and so is the verdict on it. An invariant is given the sections and the
timers that it says it reads, and no others: it cannot depend on more.

What belongs here: knowing what has changed. What does not: the invariants.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, partial
from types import CodeType, FunctionType
from typing import Any, cast

import attrs

from orchestra.engine import engine as engines
from orchestra.engine.agenda import Agenda
from orchestra.engine.engine import Engine
from orchestra.model import events as e

__all__ = [
    "EVERY",
    "NOW",
    "Invariant",
    "NotedTimers",
    "Part",
    "Watch",
    "due_of",
    "followed_by",
    "invariant",
    "named",
    "named_by",
    "reached",
]

_NOTHING: Mapping[str, int] = {}
_EVERYTHING = -1

NOW = "now"
"""Read by what depends on engine time: it is always worked out anew."""
EVERY = ("every section",)
"""Looked at by a witness who takes notice of each event."""
SEEN = "seen "
"""Before the name of something that a witness remembers."""


@cache
def followed_by(kind: type[e.Event]) -> frozenset[str]:
    """The sections that an event may change."""
    return frozenset(name for name, _ in engines._FOLLOWERS.get(kind, ((), ()))[0])


@cache
def named(kind: type[Any]) -> frozenset[type[e.Event]]:
    """The events that the methods of a class name, by themselves or through tuples of their module."""
    return frozenset().union(*(named_by(one) for one in vars(kind).values() if isinstance(one, FunctionType)))


def named_by(method: Callable[..., Any]) -> frozenset[type[e.Event]]:
    """The events that a method names, by themselves or through tuples of its module."""
    assert isinstance(method, FunctionType)
    found: set[type[e.Event]] = set()
    for name in _names(method.__code__):
        of = method.__globals__.get(name)
        found.update(of if isinstance(of, tuple) else ())
        found.update({e.EVENTS[name]} if name in e.EVENTS else ())
    return frozenset(found)


def reached(kind: type[Any], methods: Iterable[Callable[..., Any]]) -> frozenset[str]:
    """The names of all attributes that some methods of a class may change, themselves or through its other methods."""
    found: set[str] = set()
    ahead = list(methods)
    while ahead:
        method = ahead.pop()
        assert isinstance(method, FunctionType)
        new = _names(method.__code__) - found
        found |= new
        ahead += [one for name in new if isinstance(one := vars(kind).get(name), FunctionType)]
    return frozenset(found)


def _names(code: CodeType) -> set[str]:
    inner = [one for one in code.co_consts if isinstance(one, CodeType)]
    return {*code.co_names, *(name for one in inner for name in _names(one))}


def _due_of(timers: Agenda, name: str) -> Mapping[str, int]:
    return (timers._later if name in timers.patient else timers)._due.get(name, _NOTHING)


class NotedTimers(Agenda):
    """Timers that note which names have changed, and all that they were told."""

    __slots__ = ("changed", "told")

    def __init__(self) -> None:
        super().__init__()
        self.changed: set[str] = set()
        self.told: defaultdict[str, dict[str, int]] = defaultdict(dict)

    def set(self, name: str, subject: str, due_us: int) -> None:
        super().set(name, subject, due_us)
        self.told[name][subject] = due_us
        self.changed.add(name)

    def cancel(self, name: str, subject: str) -> None:
        super().cancel(name, subject)
        if self.told[name].pop(subject, None) is not None:
            self.changed.add(name)

    def cancel_all(self, names: Iterable[str], subject: str) -> None:
        chosen = tuple(names)
        super().cancel_all(chosen, subject)
        for name in chosen:
            if self.told[name].pop(subject, None) is not None:
                self.changed.add(name)

    def load(self, rows: list[list[str | int]]) -> None:
        super().load(rows)
        for of in self.told.values():
            of.clear()
        for name, subject, due_us in rows:
            self.told[str(name)][str(subject)] = int(due_us)

    def are_as_told(self, names: Iterable[str] | None = None) -> bool:
        """Whether nothing else is due than what somebody set, or at another time; of some names, or of all."""
        chosen = self.told if names is None else names
        return len(self) == sum(map(len, self.told.values())) and all(
            self.told[name] == _due_of(self, name) for name in chosen
        )


class _PartTimers:
    """The timers of some names. It is a fault to ask for any other."""

    __slots__ = ("_due",)

    def __init__(self, timers: Agenda, names: list[str]) -> None:
        of = timers.told.__getitem__ if isinstance(timers, NotedTimers) else partial(_due_of, timers)
        self._due: dict[str, Mapping[str, int]] = {name: of(name) for name in names}

    def get(self, name: str, subject: str) -> int | None:
        """When a timer is due, or None if it is not set."""
        return self._due[name].get(subject)

    def of(self, name: str) -> Mapping[str, int]:
        """Subject -> when it is due."""
        return self._due[name]


def due_of(engine: Engine, name: str) -> Mapping[str, int]:
    """Subject -> when it is due, of all timers of a name, as an invariant reads them."""
    return cast(_PartTimers, engine.view.timers).of(name)


@cache
def _sorted_out(reads: frozenset[str]) -> tuple[list[str], list[str]]:
    """The sections, and the timers, among what is read."""
    timers = [name for name in reads if "." in name]
    return [name for name in reads.difference(timers, {NOW}) if not name.startswith(SEEN)], timers


class _PartView:
    """Some sections of a view; of others it knows nothing. Any change of the plan is a change of all of them."""

    def __init__(self, engine: Engine, reads: frozenset[str]) -> None:
        sections, timers = _sorted_out(reads)
        for name in sections:
            setattr(self, name, getattr(engine.view, name))
        self.plans = engine.view.plans
        self.timers = _PartTimers(engine.view.timers, timers)

    @property
    def plan(self) -> Any:
        return self.plans.plan

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} is read, and not among what the invariant says it reads")


class Part:
    """As much of an engine as an invariant says that it reads."""

    def __init__(self, engine: Engine, reads: frozenset[str]) -> None:
        self._engine = engine if NOW in reads else None
        self.view = _PartView(engine, reads)

    @property
    def now_us(self) -> int:
        """Engine time."""
        assert self._engine is not None, "engine time is read, and not among what the invariant says it reads"
        return self._engine.now_us

    def due(self) -> int | None:
        """When the next timer falls."""
        assert self._engine is not None, "engine time is read, and not among what the invariant says it reads"
        return self._engine.due()


class _PartWitness:
    """What an invariant says that it reads of what a witness remembers."""

    def __init__(self, witness: Any, names: frozenset[str]) -> None:
        self._witness, self._names = witness, names

    def __getattr__(self, name: str) -> Any:
        assert f"{SEEN}{name}" in self._names, f"{name} is read, and not among what the invariant says it reads"
        return getattr(self._witness, name)


@attrs.frozen(eq=False)
class Invariant:
    """Something that must hold between two batches.

    Attributes:
        check: fails where it does not hold; given a part of the engine, and of the witness if it compares both.
        reads: names of sections, of timers, `seen` and what a witness remembers, `now`: all that it depends on, beside
            the plan.
        of: the part of the witness that it compares the state with; None for its own attributes, if any.
    """

    check: Callable[..., None]
    reads: frozenset[str]
    of: str | None = None

    def of_engine(self, engine: Engine, witness: Any = None) -> Callable[[], None]:
        """What fails where it does not hold of an engine, and of its witness if it compares both."""
        part = Part(engine, self.reads)
        if not self.is_compared:
            return partial(self.check, part)
        seen = _PartWitness(witness, self.reads) if self.of is None else getattr(witness, self.of)
        return partial(self.check, part, seen)

    @property
    def is_compared(self) -> bool:
        """Whether it compares the state with what a witness remembers."""
        return any(name.startswith(SEEN) for name in self.reads)


def invariant(check: Callable[..., None], *reads: str, of: str | None = None) -> Invariant:
    """An invariant, and all that it reads."""
    return Invariant(check, frozenset(reads), of)


class Watch:
    """Knows of one engine which invariants are to be worked out anew: those between batches, or those at rest."""

    def __init__(
        self,
        engine: Engine,
        witness: Any,
        invariants: Sequence[Sequence[Invariant]],
        heard: Callable[[type[e.Event]], frozenset[str]],
    ) -> None:
        assert isinstance(engine.view.timers, NotedTimers)
        self._timers, self._heard = engine.view.timers, heard
        self._readers: dict[str, int] = {}
        self._groups: list[list[tuple[int, Callable[[], None]]]] = []
        bit = 1
        for group in invariants:
            self._groups.append([])
            for one in group:
                self._groups[-1].append((bit, one.of_engine(engine, witness)))
                for name in one.reads:
                    self._readers[name] = self._readers.get(name, 0) | bit
                bit <<= 1
        self._masks = [sum(bit for bit, _ in group) for group in self._groups]
        self._of_kind: dict[type[e.Event], int] = {}
        self._chosen: dict[int, list[Callable[[], None]]] = {}
        self._stale = _EVERYTHING

    def note(self, kind: type[e.Event]) -> None:
        """An event of a kind has taken effect."""
        changed = self._of_kind.get(kind)
        if changed is None:
            changed = self._of_kind[kind] = self._changed_by(kind)
        self._stale |= changed

    def _changed_by(self, kind: type[e.Event]) -> int:
        sections, changed = followed_by(kind), 0
        if "definition" in sections:
            return _EVERYTHING
        for name in (*sections, *(f"{SEEN}{part}" for part in self._heard(kind))):
            changed |= self._readers.get(name, 0)
        return changed

    def forget(self) -> None:
        """Whatever is known of the state is known no more."""
        self._stale = _EVERYTHING

    def look(self, group: int) -> None:
        """Work out anew what may have changed, of one group of invariants."""
        timers, readers = self._timers, self._readers
        assert timers.are_as_told(timers.changed), "timers were set or cancelled past those who look after them"
        stale = self._stale | readers.get(NOW, 0)
        for name in timers.changed:
            stale |= readers.get(name, 0)
        timers.changed.clear()
        self._stale = stale & ~self._masks[group]
        chosen = stale & self._masks[group]
        checks = self._chosen.get(chosen)
        if checks is None:
            checks = self._chosen[chosen] = [check for bit, check in self._groups[group] if chosen & bit]
        for check in checks:
            check()
