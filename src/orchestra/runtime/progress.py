"""How a case goes on, as callers see it: its stage, what is foreseen, what its customer was told and promised."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import attrs

from orchestra.engine.promises.state import Promise
from orchestra.engine.stages.forecasting import forecast
from orchestra.engine.stages.state import Course
from orchestra.engine.view import View
from orchestra.model.addresses import Ref
from orchestra.model.case_types import RESOLUTION
from orchestra.model.instants import instant
from orchestra.model.results import CaseRef
from orchestra.runtime.readers import Reader, Withheld, reader_in
from orchestra.runtime.redacting import hidden_of_case

__all__ = [
    "ForecastView",
    "ProgressView",
    "PromiseView",
    "ToldFact",
    "progress_of",
    "progress_seen",
    "told_in",
    "told_seen",
]


@attrs.frozen
class ToldFact:
    """What a customer was told last of a fact of their case.

    Attributes:
        value: what they were told; a mark that says why if the reader is not shown it.
        at: when.
    """

    fact: str
    value: str | int | bool | Withheld
    at: datetime


@attrs.frozen
class ForecastView:
    """When a case will be done, as far as can be foreseen now. It is no promise.

    Attributes:
        confidence: how many of a hundred are done by then, if all of it was learned.
    """

    earliest: datetime
    due: datetime
    confidence: int | None


@attrs.frozen
class PromiseView:
    """What a customer was promised.

    Attributes:
        what: a stage, `resolution` or `update`.
        earliest: not before when, as they were told last.
        due: by when, as they were told last.
        first_due: by when, as they were told first: by this it is judged.
        state: `OPEN`, `REVISED` (another time was told), `KEPT`, `BROKEN` or `WITHDRAWN`.
        last: how it stands against what they were told last: `OPEN`, `KEPT` or `BROKEN`.
        basis: what it rests on: `normal_time`, `agent` or `back_office`.
        stated_via: id of the contact or the notice in which they were told last; None if it was in neither.
        revisions: how often another time was told.
        done: when it was done or withdrawn; None if it is not.
    """

    id: str
    what: str
    earliest: datetime
    due: datetime
    first_due: datetime
    state: str
    last: str
    basis: str
    confidence: int | None
    stated_via: str | None
    revisions: int
    made: datetime
    done: datetime | None


@attrs.frozen
class ProgressView:
    """How far a case has come.

    Attributes:
        type: one of the plan's; None if it has none, a mark that says why if the reader is not shown it.
        stage: in which it is; as of the type.
        stages: all that its type has, in order.
        since: since when it is in that stage; None if it goes on by none.
        forecast: when it will be done; None if that cannot be foreseen, it is settled, or a customer reads.
        next_update: by when the customer is to hear of it next; None if at no time.
        promises: what the customer was promised in it, oldest first.
    """

    case: CaseRef
    type: str | Withheld | None
    stage: str | Withheld | None
    stages: Sequence[str]
    since: datetime | None
    forecast: ForecastView | None
    next_update: datetime | None
    promises: Sequence[PromiseView]


def told_in(view: View, case: str | Ref, actor: str | None) -> tuple[ToldFact, ...]:
    """What a case's customer was told, as an actor sees it; facts by name.

    Raises:
        UnknownId: there is no such case.
        NotPermitted: it is another customer's, or the actor is nobody known.
    """
    reader, key = reader_in(view, actor), view.case(case)[0]
    return told_seen(view, key, reader, hidden_of_case(view, reader, key))


def told_seen(view: View, key: str, reader: Reader, mark: Withheld | None) -> tuple[ToldFact, ...]:
    """What a case's customer was told, as a reader sees it: `mark` stands for all of it, if there is one."""
    found = view.facts.all(view.cases.group(key)).items()
    marks = {fact: mark or (Withheld("role") if reader.hides(fact) else None) for fact, _ in found}
    return tuple(ToldFact(fact, marks[fact] or told.value, instant(told.at_us)) for fact, told in found)


def progress_of(view: View, case: str | Ref, actor: str | None, at_us: int) -> ProgressView:
    """How far a case has come, as an actor sees it. Customers are shown no forecast: they are told what is stated.

    Raises:
        UnknownId: there is no such case.
        NotPermitted: it is another customer's, or the actor is nobody known.
    """
    reader, key = reader_in(view, actor), view.case(case)[0]
    return progress_seen(view, key, reader, hidden_of_case(view, reader, key), at_us)


def progress_seen(view: View, key: str, reader: Reader, mark: Withheld | None, at_us: int) -> ProgressView:
    """How far a case has come, as a reader sees it: `mark` stands for all of it, if there is one."""
    ref = view.matter(key)
    if mark is not None:
        return ProgressView(ref, mark, mark, (), None, None, None, ())
    rows = view.promises.promises
    promises = tuple(_promise(name, rows[name]) for name in view.promises.all_in(view.cases.group(key)))
    course: Course | None = view.stages.courses.get(key)
    kind = None if course is None else view.plan.case_types.get(course.type)
    if course is None or kind is None:
        return ProgressView(ref, None, None, (), None, None, None, promises)
    stages = tuple(stage.name for stage in kind.stages)
    ahead = None if course.is_over or reader.ids else forecast(view, course, RESOLUTION, at_us)
    foreseen = (
        None if ahead is None else ForecastView(instant(ahead.earliest_us), instant(ahead.due_us), ahead.confidence)
    )
    update = None if course.update_us is None else instant(course.update_us)
    return ProgressView(ref, course.type, course.stage, stages, instant(course.since_us), foreseen, update, promises)


def _promise(name: str, row: Promise) -> PromiseView:
    return PromiseView(
        name,
        row.what,
        instant(row.earliest_us),
        instant(row.due_us),
        instant(row.first_us),
        row.state,
        row.last,
        row.basis,
        row.confidence,
        row.stated_via,
        row.revisions,
        instant(row.made_us),
        None if row.done_us is None else instant(row.done_us),
    )
