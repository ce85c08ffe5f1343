"""Plans with types of cases for tests of the engine, and a driver of one case that goes on by their stages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, TypeVar

import attrs

from orchestra.engine.promises.state import Promise
from orchestra.engine.stages.state import Course
from orchestra.model import commands as c, events as e
from orchestra.model.case_types import CaseType, Delay, Stage, Tells
from orchestra.model.definitions import WorkspaceDefinition
from orchestra.model.hours import Hours
from orchestra.model.plan import Plan
from tests.engine_driver import HOUR, START, Driver, plan

Kind = TypeVar("Kind", bound=e.Event)

__all__ = ["OFFICE", "ORDER", "Journey", "hours", "order_plan", "sound", "stages"]


def hours(count: float) -> timedelta:
    """So many hours."""
    return timedelta(hours=count)


def stages(*normal: float | None, **of_all: Any) -> list[Stage]:
    """Stages `one`, `two` and so on, each of which normally takes so many hours; None for what is to be learned."""
    names = ("one", "two", "three", "four")
    return [
        Stage(name, None if one is None else hours(one), **of_all) for name, one in zip(names, normal, strict=False)
    ]


ORDER = CaseType(
    topics=["order"],
    stages=[
        Stage("received", hours(1), max_silence=hours(4)),
        Stage("checked", hours(2), hours(1), max_silence=hours(4)),
        Stage("shipping", hours(24), hours(12), max_silence=hours(8)),
        Stage("ready"),
    ],
    resolves=True,
    delay=Delay(hours(2), 0),
    silent=True,
)
"""An order: an hour until it is received, two until it is checked, a day until it is there."""

_SHIFT = ["09:00-17:00"]
OFFICE = Hours("Europe/Berlin", _SHIFT, _SHIFT, _SHIFT, _SHIFT, _SHIFT)
"""Eight hours a day, from Monday to Friday."""


def sound(one: CaseType) -> CaseType:
    """A type that says so if it tells its customers nothing."""
    tells = any(stage.promise for stage in one.stages) or one.tells != Tells()
    return attrs.evolve(one, silent=not tells)


def order_plan(*, calendar: bool = False, types: dict[str, CaseType] | None = None, **changes: Any) -> Plan:
    """A plan with one type of cases, and what is changed in it; others beside it."""
    workspace = WorkspaceDefinition("care", seed=7, calendar="office" if calendar else None)
    found = {"order": attrs.evolve(ORDER, **changes), **(types or {})}
    case_types = {name: sound(one) for name, one in found.items()}
    return attrs.evolve(plan(), workspace=workspace, calendars={"office": OFFICE}, case_types=case_types)


class Journey(Driver):
    """A driven engine in which joe has a case, ca1, on the topic of orders, and no contact that goes on."""

    def __init__(self, of: Plan | None = None, topic: str | None = "order", *, after: float = 0, **more: Any) -> None:
        super().__init__(of or order_plan(), **more)
        self._customers: dict[str, str] = {}
        self.advance(after)
        self.open(topic)

    def open(self, topic: str | None = "order", sender: str = "joe") -> str:
        """A case of somebody, the first of whom is one of a contact that is over; gives its id."""
        if sender in self._customers:
            opened: str = self.run(c.OpenCase(self._customers[sender], topic=topic)).result.id
            return opened
        got = self.message(sender, "email", 0, topic=topic)
        self._customers[sender] = got.customer
        self.run(c.CancelInteraction(got.interaction, "over"))
        case: str = got.case.id
        return case

    def advance_case(self, stage: str, after_h: float = 0, case: str = "ca1", **more: Any) -> list[e.Event]:
        """Let a case come to a stage after so many hours; gives what that brought."""
        return self.run(c.AdvanceCase(case, stage, **more), after_h * 3600).events

    def promise(self, what: str = "resolution", in_h: float | None = None, case: str = "ca1", **more: Any) -> str:
        """Promise something by so many hours from now, or what is foreseen; gives its id."""
        due_us = None if in_h is None else self.in_hours(in_h)
        promised: str = self.run(c.MakePromise(case, what, due_us, **more)).result.promise
        return promised

    def hours(self, count: float) -> list[e.Event]:
        """Let hours pass; gives what they brought."""
        return self.advance(count * 3600)

    def in_hours(self, count: float) -> int:
        """The instant so many hours from now."""
        return self.now_us + round(count * HOUR)

    def course(self, case: str = "ca1") -> Course:
        """How far a case has come."""
        row: Course = self.engine.view.stages.courses[case]
        return row

    def row(self, name: str = "pr1") -> Promise:
        """A promise."""
        row: Promise = self.engine.view.promises.promises[name]
        return row

    def of(self, events: Sequence[e.Event], *kinds: type[Kind]) -> list[Kind]:
        """Those of some kinds among events."""
        return [event for event in events if isinstance(event, kinds)]

    def at(self, hours_since_start: float) -> int:
        """An instant."""
        return START + round(hours_since_start * HOUR)
