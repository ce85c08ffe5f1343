"""Events: how far cases have come, and when their customers hear of that."""

from __future__ import annotations

import attrs

from orchestra.model.event import Event

__all__ = [
    "ProgressReported",
    "StageEntered",
    "StageExpected",
    "StageLeft",
    "StageResumed",
    "UpdateDue",
    "UpdateScheduled",
]


@attrs.define
class ProgressReported(Event):
    """A back office reported that a case has come to a stage, at `reported_us` by its own clock; None if unknown.

    `outcome` is `taken`, or why nothing follows from it: it was made `late`, before the newest report that is known, or
    would lead `back` to an earlier stage, and does not tell that it was made after the case came to the one it is in.
    `report` is its id.
    """

    case: str
    customer: str
    stage: str
    report: str
    reported_us: int | None
    outcome: str


@attrs.define
class StageEntered(Event):
    """The case has come to a stage of its type, the `place` of which counts from 0.

    `by` is `topic`, as what the case is about says its type, `asked`, or `advanced`. The stage is expected to be over
    by `due_us` and not before `earliest_us`; None if it takes what is normal. `promise` names the text by which the
    customer is told.
    """

    case: str
    customer: str
    type: str
    stage: str
    place: int
    is_last: bool
    by: str
    earliest_us: int | None = None
    due_us: int | None = None
    reason: str | None = None
    promise: str | None = None


@attrs.define
class StageExpected(Event):
    """It is known, or known anew, when the stage of a case will be over; None if it takes what is normal."""

    case: str
    customer: str
    type: str
    stage: str
    earliest_us: int | None
    due_us: int | None
    reason: str | None = None


@attrs.define
class StageLeft(Event):
    """The case is in this stage no more, after `lasted_us` of business time.

    `finished` ones, which a later stage follows, tell how long such a stage normally takes. `to` is the stage that
    follows; None if the case is of no type any more.
    """

    case: str
    customer: str
    type: str
    stage: str
    lasted_us: int
    finished: bool
    to: str | None
    reason: str


@attrs.define
class StageResumed(Event):
    """A stage goes on, with the times at which it began and is expected to be over.

    `reason` is `reopened`, after which it counts anew, `merged` or `unmerged`. `before` is the case that was in that
    stage before: one that goes on as this one, or as which this one went on. `origin` is the case that it was first, of
    several that are one matter; None if it is this one.
    """

    case: str
    customer: str
    type: str
    stage: str
    since_us: int
    earliest_us: int | None
    due_us: int | None
    reason: str
    before: str | None = None
    origin: str | None = None


@attrs.define
class UpdateScheduled(Event):
    """The customer is to hear of the case by `due_us`, of which is reminded at `ring_us`; None for no such time."""

    case: str
    customer: str
    stage: str
    due_us: int | None
    ring_us: int | None


@attrs.define
class UpdateDue(Event):
    """The customer is to hear of the case by `due_us`, whether anything has changed or not.

    Unless they do, the same is said again at `again_us`.
    """

    case: str
    customer: str
    type: str
    stage: str
    due_us: int
    again_us: int | None
