"""Which promises were kept: what each counts as, by the first word and by the last, and the sums.

Belongs here: what a promise counts as, and figures. Does not: events (`promise_fold`), nor which case counts where.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs

from orchestra.insight.variants import Share, Window
from orchestra.model.instants import seconds

__all__ = ["WARNED_US", "PromiseCount", "PromisesKept", "Stated", "stated_counted"]

WARNED_US = 3600 * 1_000_000
"""Whoever is told of a later time so long before the first one was warned: it may keep them from calling, or coming."""


@attrs.define(eq=False)
class Stated:
    """What became of a promise against what was said first, and last: kept, broken, or not known yet."""

    is_update: bool
    first: bool | None = None
    last: bool | None = None
    warned_us: int | None = None
    late_us: int = 0
    is_revised: bool = False
    is_withdrawn: bool = False
    delays: int = 0

    @property
    def is_late(self) -> bool:
        """Whether it was broken against what was said first."""
        return self.first is False

    @property
    def is_warned(self) -> bool:
        """Whether the customer was told long enough before that it would be late."""
        return self.is_late and self.warned_us is not None and self.warned_us >= WARNED_US


@attrs.define
class PromiseCount:
    """Sums over promises; those of updates apart. `late_us` is of those that were done after all."""

    stated: int = 0
    revised: int = 0
    withdrawn: int = 0
    kept_first: int = 0
    broken_first: int = 0
    kept_last: int = 0
    broken_last: int = 0
    warned: int = 0
    done_late: int = 0
    late_us: int = 0
    delays: int = 0
    updates_kept: int = 0
    updates_broken: int = 0

    def include(self, other: PromiseCount, sign: int = 1) -> None:
        """Add another's numbers, or take them away."""
        for field in attrs.fields(PromiseCount):
            setattr(self, field.name, getattr(self, field.name) + sign * getattr(other, field.name))

    def replace(self, before: PromiseCount | None, after: PromiseCount | None) -> None:
        """A matter counts as this now, and no longer as that; None is nothing."""
        for count, sign in ((before, -1), (after, 1)):
            if count is not None:
                self.include(count, sign)

    def figures(self, window: Window) -> PromisesKept:
        """What the counts say now."""
        return PromisesKept(window, *attrs.astuple(self))


def stated_counted(promises: Iterable[Stated]) -> PromiseCount:
    """What the promises of one matter count as. Of updates only whether they were kept."""
    sums = PromiseCount()
    for one in promises:
        if one.is_update:
            sums.include(PromiseCount(updates_kept=one.first is True, updates_broken=one.is_late))
            continue
        sums.include(
            PromiseCount(
                stated=1,
                revised=one.is_revised,
                withdrawn=one.is_withdrawn,
                kept_first=one.first is True,
                broken_first=one.is_late,
                kept_last=one.last is True,
                broken_last=one.last is False,
                warned=one.is_warned,
                done_late=one.late_us > 0,
                late_us=one.late_us,
                delays=one.delays,
            )
        )
    return sums


@attrs.frozen
class PromisesKept:
    """Whether customers could rely on what they were told.

    Attributes:
        stated: promises of a time; those of the next update are counted apart.
        revised: of which another time was told.
        withdrawn: of which the customer was told that they do not hold.
        kept_first: done before the time that was said first; `broken_first` not done by then.
        kept_last: as these, by what was said last, also of those that go on.
        warned: of those broken by what was said first, those of which the customer was told of a later time an hour
            before or earlier.
        done_late: done after both times; `late_us` is how long after the first one, together.
        delays: how often a delay was foreseen.
        updates_kept: promises of the next update that were kept; `updates_broken` that were not.
    """

    window: Window
    stated: int
    revised: int
    withdrawn: int
    kept_first: int
    broken_first: int
    kept_last: int
    broken_last: int
    warned: int
    done_late: int
    late_us: int
    delays: int
    updates_kept: int
    updates_broken: int

    @property
    def shares(self) -> dict[str, Share]:
        """Every share by its key."""
        return {
            "kept_first": self._share("promises kept, by the first word", self.kept_first, self.broken_first),
            "kept_last": self._share("promises kept, by the last word", self.kept_last, self.broken_last),
            "warned": self._share("late promises told an hour before", self.warned, self.broken_first - self.warned),
            "updates": self._share("promised updates kept", self.updates_kept, self.updates_broken),
        }

    def _share(self, name: str, those: int, others: int) -> Share:
        return Share(name, those, those + others, self.window)

    @property
    def mean_late_s(self) -> float | None:
        """How long after the first time one was done that was late by both, in seconds; None of none."""
        return seconds(self.late_us, self.done_late) if self.done_late else None

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        left_out = ("window", "late_us")
        counts = attrs.asdict(self, filter=lambda field, _: field.name not in left_out)
        shares = {key: share.to_json() for key, share in self.shares.items()}
        return {**counts, "mean_late_s": self.mean_late_s, "shares": shares}
