"""Events: what is foreseen of cases, what customers are promised, and what becomes of that."""

from __future__ import annotations

import attrs

from orchestra.model.event import Event

__all__ = [
    "DelayForeseen",
    "DelayMadeUp",
    "ForecastMade",
    "PromiseBroken",
    "PromiseKept",
    "PromiseKeptLate",
    "PromiseMade",
    "PromiseRevised",
    "PromiseWithdrawn",
]


@attrs.define
class ForecastMade(Event):
    """When a case will be done as far as can be foreseen: by `due_us` and not before `earliest_us`; None if unknown.

    It is no promise. At `ring_us` it is looked at again, unless something changes before.
    """

    case: str
    customer: str
    earliest_us: int | None
    due_us: int | None
    ring_us: int | None


@attrs.define
class PromiseMade(Event):
    """The customer was promised `what`, a stage, `resolution` or `update`, by `due_us` and not before `earliest_us`.

    `basis` is `normal_time`, `agent` or `back_office`; `stated_via` is the contact or the notice in which they were
    told.
    """

    promise: str
    case: str
    customer: str
    what: str
    earliest_us: int
    due_us: int
    basis: str
    confidence: int | None = None
    stated_via: str | None = None


@attrs.define
class PromiseRevised(Event):
    """The customer was told another time than `before_us`, which was promised last. `revision` counts from 1."""

    promise: str
    case: str
    customer: str
    what: str
    before_us: int
    earliest_us: int
    due_us: int
    basis: str
    revision: int
    reason: str
    confidence: int | None = None
    stated_via: str | None = None


@attrs.define
class PromiseWithdrawn(Event):
    """The customer was told that the promise does not hold."""

    promise: str
    case: str
    customer: str
    what: str
    reason: str


@attrs.define
class PromiseKept(Event):
    """What was promised was done in time. `against` is the due it was kept against: `first`, `last` or `both`."""

    promise: str
    case: str
    customer: str
    what: str
    due_us: int
    against: str


@attrs.define
class PromiseBroken(Event):
    """What was promised was not done by `due_us`. `against` is as of one that is kept.

    `warned_us` is how long before its first due the customer was told of a later one; None if they were not, or the
    first due is not the one that was missed now.
    """

    promise: str
    case: str
    customer: str
    what: str
    due_us: int
    against: str
    warned_us: int | None = None


@attrs.define
class PromiseKeptLate(Event):
    """What was promised was done after all, `late_us` after it was due first."""

    promise: str
    case: str
    customer: str
    what: str
    due_us: int
    late_us: int


@attrs.define
class DelayForeseen(Event):
    """What was promised by `due_us` is expected so much later that the customer should hear of it before they ask.

    Now it is expected by `new_due_us` and not before `earliest_us`; None if no time can be told, so that they are only
    told when they hear next, `update_us`. `reason` is `overrun`, as the stage takes longer than it should, `expected`,
    or what was said by whoever works on it.
    """

    promise: str
    case: str
    customer: str
    what: str
    stage: str
    due_us: int
    earliest_us: int | None
    new_due_us: int | None
    update_us: int | None
    reason: str


@attrs.define
class DelayMadeUp(Event):
    """What was foreseen to be late is expected in time again, or nearly so."""

    promise: str
    case: str
    customer: str
    what: str
    due_us: int
    new_due_us: int
