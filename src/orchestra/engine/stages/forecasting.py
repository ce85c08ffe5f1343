"""When something that a case works towards will be done, as far as can be foreseen: its stages' times, added up.

A forecast is a pure function of the state and the plan. It counts in business time from now on; instants are made of
it by the calendar of the case's type.
"""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from orchestra.engine.business_time import Time
from orchestra.engine.stages.state import Course
from orchestra.engine.view import View
from orchestra.model.case_types import RESOLUTION, CaseType, Stage
from orchestra.model.structure import microseconds

__all__ = ["Forecast", "Outlook", "Takes", "case_type", "forecast", "outlook", "takes", "target", "time_of"]


@attrs.frozen
class Takes:
    """How long a stage takes, in microseconds of business time: this at the least, and normally that at the most."""

    least_us: int
    most_us: int


@attrs.frozen
class Outlook:
    """What lies between now and something a case works towards, in microseconds of business time.

    `stage` is what is left of the stage it is in, None if nobody knows; `later` is all that comes after that. It
    `is_known` if nobody lacks any of it. `confidence` is how many of a hundred are done by then, where all of it was
    learned.
    """

    stage: Takes | None
    later: Takes
    is_known: bool
    confidence: int | None


@attrs.frozen
class Forecast:
    """By when something will be done, and not before which instant."""

    earliest_us: int
    due_us: int
    confidence: int | None


def case_type(view: View, course: Course) -> CaseType:
    """The type of a case that is not settled: a plan keeps it."""
    return view.plan.case_types[course.type]


def time_of(view: View, one: CaseType) -> Time:
    """How business time passes for a type of cases."""
    return view.plans.time(view.plan.calendar_of() if one.calendar is None else one.calendar)


def takes(view: View, name: str, stage: Stage, spent_us: int = 0) -> Takes | None:
    """How long a stage takes that has taken so long already; None if nobody knows.

    Once it has taken longer than normal, those count that were finished lately and took as long, too.
    """
    one = view.plan.case_types[name]
    most_us = None if stage.normal is None else microseconds(stage.normal)
    if most_us is None:
        most_us = view.stages.took(name, stage.name, one.percentile, one.learned_from)
    if most_us is not None and (spent_us == 0 or most_us > spent_us):
        return Takes(min(_least(view, name, stage, most_us), most_us), most_us)
    longer_us = view.stages.took(name, stage.name, one.percentile, one.learned_from, spent_us) if spent_us else None
    return None if longer_us is None else Takes(spent_us, longer_us)


def _least(view: View, name: str, stage: Stage, most_us: int) -> int:
    if stage.least is not None:
        return microseconds(stage.least)
    one = view.plan.case_types[name]
    few_us = view.stages.took(name, stage.name, 100 - one.percentile, one.learned_from)
    return most_us if few_us is None else few_us


def target(one: CaseType, place: int, what: str) -> int:
    """The place of the stage with which something is done that a case in another one works towards.

    A stage is over with the next one, the last with itself; the matter is done with the last. Where it is in that
    already, what is left of it counts.
    """
    last = len(one.stages) - 1
    wanted = one.place(what) if what != RESOLUTION else None
    reached = last if wanted is None else min(wanted + 1, last)
    return max(reached, place + 1)


def outlook(view: View, course: Course, what: str, at_us: int) -> Outlook:
    """What lies between now and something that a case works towards."""
    one = case_type(view, course)
    place = one.place_of(course.stage)
    own, is_learned = _left_of(view, course, one.stages[place], at_us)
    follow = one.stages[place + 1 : target(one, place, what)]
    later = [takes(view, course.type, stage) for stage in follow]
    is_learned = is_learned and all(stage.normal is None for stage in follow)
    known = [found for found in later if found is not None]
    is_known = own is not None and len(known) == len(later)
    return Outlook(own, _sum(known), is_known, one.percentile if is_learned and is_known else None)


def _left_of(view: View, course: Course, stage: Stage, at_us: int) -> tuple[Takes | None, bool]:
    """What is left of the stage that a case is in, and whether that was learned."""
    time = time_of(view, case_type(view, course))
    if course.due_us is not None and course.due_us > at_us:
        earliest_us = course.due_us if course.earliest_us is None else course.earliest_us
        return Takes(time.elapsed(at_us, earliest_us), time.elapsed(at_us, course.due_us)), False
    spent_us = time.elapsed(course.since_us, at_us)
    found = takes(view, course.type, stage, spent_us)
    is_learned = stage.normal is None or microseconds(stage.normal) <= spent_us
    if found is None:
        return None, is_learned
    return Takes(max(0, found.least_us - spent_us), found.most_us - spent_us), is_learned


def _sum(parts: Iterable[Takes]) -> Takes:
    parts = list(parts)
    return Takes(sum(part.least_us for part in parts), sum(part.most_us for part in parts))


def forecast(view: View, course: Course, what: str, at_us: int) -> Forecast | None:
    """By when something will be done that a case works towards; None if that cannot be foreseen."""
    found = outlook(view, course, what, at_us)
    if not found.is_known or found.stage is None:
        return None
    time = time_of(view, case_type(view, course))
    over = _over(course, time, found.stage, at_us)
    earliest_us = None if over is None else time.due(over[0], found.later.least_us)
    due_us = None if over is None else time.due(over[1], found.later.most_us)
    if earliest_us is None or due_us is None:
        return None  # it never opens again
    return Forecast(earliest_us, due_us, found.confidence)


def _over(course: Course, time: Time, left: Takes, at_us: int) -> tuple[int, int] | None:
    """Not before when, and by when, the stage is over that a case is in: as it was told, where it was."""
    if course.due_us is not None and course.due_us > at_us:
        earliest_us = course.due_us if course.earliest_us is None else course.earliest_us
        return max(earliest_us, at_us), course.due_us
    least_us, most_us = time.due(at_us, left.least_us), time.due(at_us, left.most_us)
    return None if least_us is None or most_us is None else (least_us, most_us)
