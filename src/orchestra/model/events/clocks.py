"""Events: service clocks. Spans are business time, microseconds."""

from __future__ import annotations

import attrs

from orchestra.model.event import Event

__all__ = [
    "ClockBreached",
    "ClockCanceled",
    "ClockFulfilled",
    "ClockMoved",
    "ClockPaused",
    "ClockRestarted",
    "ClockResumed",
    "ClockStarted",
    "ClockWarned",
    "ClocksChecked",
    "ClocksForgotten",
    "CustomerAnswered",
]


@attrs.define
class CustomerAnswered(Event):
    """The customer has been answered, as far as clocks are concerned: by a `person`, a `bot` or an `automatic` text."""

    case: str
    customer: str
    by: str
    interaction: str | None = None


@attrs.define
class ClockStarted(Event):
    """A clock runs by the first policy that fits.

    Attributes:
        interaction: the contact that it measures, or with which the engagement began; None of a case.
        engagement: the engagement that it measures.
        calendar: by which time counts; around the clock without one.
        due_us: when the target will be reached if it goes on; None if it never will be.
        next_us: when that or a warning is to be told; None if neither ever is.
    """

    clock: str
    customer: str
    case: str
    policy: str
    measure: str
    scope: str
    target_us: int
    warn_at: list[int]
    human_only: bool
    interaction: str | None = None
    engagement: str | None = None
    calendar: str | None = None
    due_us: int | None = None
    next_us: int | None = None


@attrs.define
class ClockMoved(Event):
    """Another policy holds, or the same one says something else; how long the clock has run and paused stands.

    `before` is the policy until now, and `ran_us` how long it has run.
    """

    clock: str
    customer: str
    case: str
    policy: str
    measure: str
    before: str
    target_us: int
    warn_at: list[int]
    human_only: bool
    ran_us: int
    paused_us: int
    interaction: str | None = None
    calendar: str | None = None
    due_us: int | None = None
    next_us: int | None = None


@attrs.define
class ClockPaused(Event):
    """The clock stands still after it has run so long; `by_hand` if somebody said so, until the customer is heard."""

    clock: str
    customer: str
    case: str
    policy: str
    measure: str
    reason: str
    by_hand: bool
    ran_us: int
    interaction: str | None = None


@attrs.define
class ClockResumed(Event):
    """The clock goes on, after all that it has paused for, together, and by `reason` last."""

    clock: str
    customer: str
    case: str
    policy: str
    measure: str
    reason: str
    paused_us: int
    interaction: str | None = None
    due_us: int | None = None
    next_us: int | None = None


@attrs.define
class ClockWarned(Event):
    """So many percent of the target were reached at `reached_us`, whenever that was noticed."""

    clock: str
    customer: str
    case: str
    policy: str
    measure: str
    percent: int
    reached_us: int
    interaction: str | None = None
    due_us: int | None = None
    next_us: int | None = None


@attrs.define
class ClockBreached(Event):
    """The target was reached at `breached_us`, whenever that was noticed. It is told once, and the clock goes on."""

    clock: str
    customer: str
    case: str
    policy: str
    measure: str
    target_us: int
    breached_us: int
    interaction: str | None = None


@attrs.define
class ClockFulfilled(Event):
    """What the clock was for has happened, after so long; `met` if that was in time."""

    clock: str
    customer: str
    case: str
    policy: str
    measure: str
    met: bool
    target_us: int
    ran_us: int
    paused_us: int
    interaction: str | None = None


@attrs.define
class ClockRestarted(Event):
    """The case is open again, and so is the clock: it goes on from where it stood when it was fulfilled."""

    clock: str
    customer: str
    case: str
    policy: str
    measure: str
    due_us: int | None = None
    next_us: int | None = None


@attrs.define
class ClockCanceled(Event):
    """The clock is for nothing any more."""

    clock: str
    customer: str
    case: str
    policy: str
    measure: str
    reason: str
    ran_us: int
    interaction: str | None = None


@attrs.define
class ClocksChecked(Event):
    """Which policies hold is looked up again, slice by slice: up to the how many-th that something is measured of.

    `of` is a customer, or `*` for everything.
    """

    of: str
    past: int
    is_done: bool


@attrs.define
class ClocksForgotten(Event):
    """A case is closed, or an engagement over: what clocks knew of it is forgotten."""

    of: str
    customer: str
