"""What a section of the engine is: a slice of state and four tables of functions."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any, ClassVar, Generic, TypeVar

import attrs

from orchestra.engine.business_time import AROUND_THE_CLOCK, BusinessTime, Time
from orchestra.engine.calendar import Calendar
from orchestra.engine.scores import Rating
from orchestra.engine.timers import Timers
from orchestra.model.actions import ActionNames
from orchestra.model.commands import Command
from orchestra.model.events import Event
from orchestra.model.hours import Hours
from orchestra.model.plan import Plan
from orchestra.model.rules import Predicates

__all__ = ["SLICE_PAUSE_US", "Decide", "Evolve", "OnTimer", "Plans", "React", "Rows", "Section", "Slice", "Steps"]

SLICE_PAUSE_US = 1_000
"""Bulk work rings again this much later, so that commands which came meanwhile go between two slices of it."""

Rows = dict[str, list[list[Any]]]
"""Some rows of a section: table -> [keys, values or field by field...]."""

Steps = Generator[Event, None, Any]
"""What `decide` gives: events one by one, each evolved before the next is asked for, then the command's result.
It refuses, if at all, before the first event."""


class Plans:
    """Holds the plan in force; only the definition section changes it, all may read it.

    `rating` asks the scores that a plan may name, `predicates` are those that its rules may, `actions` the names of the
    application's own. What follows events asks none of them. `on_rules` is told when other rules hold: the engine lets
    them hear what they follow.
    """

    __slots__ = ("_times", "actions", "on_rules", "plan", "predicates", "rating")

    def __init__(
        self,
        rating: Rating | None = None,
        predicates: Predicates | None = None,
        actions: ActionNames | None = None,
    ) -> None:
        self.plan = Plan()
        self.rating = rating or Rating()
        self.predicates: Predicates = dict(predicates or {})
        self.actions = actions or ActionNames()
        self.on_rules: Callable[[], None] = _nobody
        self._times: dict[str, tuple[Hours, BusinessTime]] = {}

    def time(self, calendar: str | None) -> Time:
        """How time passes by a calendar of the plan; around the clock without one. What evolves state never asks."""
        if calendar is None:
            return AROUND_THE_CLOCK
        hours = self.plan.calendars[calendar]
        known = self._times.get(calendar)
        if known is None or known[0] != hours:
            known = self._times[calendar] = hours, BusinessTime(Calendar(hours))
        return known[1]


_FIELDS: dict[type[Any], list[Callable[[Any], Any]]] = {}
"""What gives the fields of a kind of row, one by one: looked up once for each kind."""


def _columns(kind: type[Any], rows: list[Any]) -> list[list[Any]]:
    fields = _FIELDS.get(kind)
    if fields is None:
        fields = _FIELDS[kind] = [attrgetter(field.name) for field in attrs.fields(kind)]
    return [list(map(field, rows)) for field in fields]


def _nobody() -> None:
    """Nobody wants to know."""


class Slice:
    """A section's own state.

    `TABLES` names what is authoritative: attribute -> class of its rows (attrs classes of plain values) or None for
    plain values. All tables are dicts with text keys. Everything else is derived and rebuilt by `reindex`.
    """

    TABLES: ClassVar[Mapping[str, type[Any] | None]] = {}

    def __init__(self, plans: Plans, timers: Timers) -> None:
        self.plans = plans
        self.timers = timers
        for name in self.TABLES:
            setattr(self, name, {})
        self.reindex()

    @property
    def plan(self) -> Plan:
        """The plan in force."""
        return self.plans.plan

    def dump(self) -> dict[str, Any]:
        """All tables as plain columns: table -> [keys, values...], or [keys, field by field...], sorted by key.

        Columns, not rows: far fewer lists to parse, and rows are made of them without one step of Python each.
        """
        dumped = {}
        for name, kind in self.TABLES.items():
            table: dict[str, Any] = getattr(self, name)
            keys = sorted(table)
            rows = [table[key] for key in keys]
            dumped[name] = [keys, *([rows] if kind is None else _columns(kind, rows))]
        return dumped

    def load(self, dumped: Mapping[str, Any]) -> None:
        """Take the columns that `dump` gave, and rebuild what is derived.

        Raises:
            ValueError: a table has more or fewer columns, or longer or shorter ones.
        """
        for name, kind in self.TABLES.items():
            keys, *columns = dumped[name]
            width = 1 if kind is None else len(attrs.fields(kind))
            # Said here, since a row whose last fields are missing would take their defaults.
            if len(columns) != width or any(len(column) != len(keys) for column in columns):
                raise ValueError(f"{name}: the columns do not fit")
            setattr(self, name, dict(zip(keys, columns[0] if kind is None else map(kind, *columns), strict=True)))
        self.reindex()

    def reindex(self) -> None:
        """Rebuild what is derived from the tables."""

    # Archive and recall

    def picked(self, keys: Mapping[str, Sequence[str]]) -> Rows:
        """Some rows, as plain columns in the form of `dump`: table -> [keys, values or field by field...]."""
        picked: Rows = {}
        for name, of in keys.items():
            kind, table = self.TABLES[name], getattr(self, name)
            rows = [table[key] for key in of]
            picked[name] = [list(of), *([rows] if kind is None else _columns(kind, rows))]
        return picked

    def take_out(self, keys: Mapping[str, Sequence[str]]) -> None:
        """Forget rows of somebody who is archived. Whoever derives anything from them forgets that, too."""
        for name, of in keys.items():
            table = getattr(self, name)
            for key in of:
                del table[key]

    def put_back(self, rows: Rows) -> None:
        """Take rows that `picked` gave, and own them. Whoever derives anything from them does so."""
        for name, (keys, *columns) in rows.items():
            kind = self.TABLES[name]
            made = columns[0] if kind is None else map(kind, *columns)
            getattr(self, name).update(zip(keys, made, strict=True))


Own = TypeVar("Own", bound=Slice)
Decide = Callable[[Any, Any, int], Steps]
Evolve = Callable[[Any, Any, int], None]
React = Callable[[Any, Any, int], Iterable[Event]]
OnTimer = Callable[[Any, str, int], Iterator[Event]]


@attrs.frozen
class Section(Generic[Own]):
    """One concern of the engine.

    Attributes:
        name: names its slice in the view and in dumps.
        state: class of its slice.
        decide: command -> steps(view, command, at_us); the only place that refuses; changes nothing.
        evolve: event -> change(own slice, event, at_us); cannot fail; reads only the event and the slice.
        react: event -> events(view, event, at_us), worked out one by one; never refuses.
        timers: timer name -> events(view, subject, at_us); their evolution moves or cancels the timer.
        patient: those timers of which a great many may be due at once: commands go before what they bring.
    """

    name: str
    state: type[Own]
    decide: Mapping[type[Command], Decide] = attrs.field(factory=dict)
    evolve: Mapping[type[Event], Evolve] = attrs.field(factory=dict)
    react: Mapping[type[Event], React] = attrs.field(factory=dict)
    timers: Mapping[str, OnTimer] = attrs.field(factory=dict)
    patient: frozenset[str] = frozenset()
