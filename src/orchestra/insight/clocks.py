"""Which service clocks were met: what each counts as, and the sums by policy.

Belongs here: from events of clocks to verdicts, and figures. Does not: which case counts where (`journey_fold`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from orchestra.insight.variants import Share, Window
from orchestra.model.instants import seconds

__all__ = ["ClockCount", "ClockTally", "ClocksMet", "Verdict", "verdicts_counted"]

_ONCE = ("first_reply", "requester_wait", "agent_work", "resolution")
"""What is measured once of a matter, however many cases it is made of."""


@attrs.define(eq=False)
class Verdict:
    """What became of a clock: met, breached, or not known yet."""

    policy: str
    measure: str
    scope: str
    is_met: bool = False
    is_breached: bool = False
    is_over: bool = False
    ran_us: int = 0
    paused_us: int = 0

    @property
    def is_known(self) -> bool:
        """Whether it counts."""
        return self.is_met or self.is_breached


@attrs.define
class ClockCount:
    """Sums over clocks of one policy. Times are of those that are over."""

    measure: str
    met: int = 0
    breached: int = 0
    over: int = 0
    ran_us: int = 0
    paused_us: int = 0

    def include(self, other: ClockCount, sign: int = 1) -> None:
        """Add another's numbers, or take them away."""
        self.met += sign * other.met
        self.breached += sign * other.breached
        self.over += sign * other.over
        self.ran_us += sign * other.ran_us
        self.paused_us += sign * other.paused_us


Counts = Mapping[str, ClockCount]
"""Policy -> what its clocks count as."""


def verdicts_counted(verdicts: Iterable[Verdict]) -> dict[str, ClockCount]:
    """What the clocks of one matter count as, by policy.

    What is measured once of a matter counts once, under one policy: a breach before what was met, and the longest of
    several.
    """
    known = [one for one in verdicts if one.is_known]
    once: dict[str, Verdict] = {}
    for one in known:
        if one.scope == "case" and one.measure in _ONCE:
            before = once.setdefault(one.measure, one)
            once[one.measure] = max(before, one, key=lambda verdict: (verdict.is_breached, verdict.ran_us))
    others = [one for one in known if one.scope != "case" or one.measure not in _ONCE]
    counts: dict[str, ClockCount] = {}
    for one in (*once.values(), *others):
        is_met = not one.is_breached
        count = ClockCount(one.measure, is_met, one.is_breached, one.is_over, one.ran_us, one.paused_us)
        counts.setdefault(one.policy, ClockCount(one.measure)).include(count)
    return counts


@attrs.define(eq=False)
class ClockTally:
    """The sums of one channel, account or queue, or of everything."""

    by_policy: dict[str, ClockCount] = attrs.field(factory=dict[str, ClockCount])

    def replace(self, before: Counts, after: Counts) -> None:
        """A matter counts as this now, and no longer as that."""
        for counts, sign in ((before, -1), (after, 1)):
            for policy, count in counts.items():
                self.by_policy.setdefault(policy, ClockCount(count.measure)).include(count, sign)

    def figures(self, window: Window) -> dict[str, ClocksMet]:
        """Policy -> what its clocks come to, sorted; without those of which nothing is known."""
        found = sorted(self.by_policy.items())
        return {
            policy: ClocksMet(window, policy, *attrs.astuple(count))
            for policy, count in found
            if count.met or count.breached
        }


@attrs.frozen
class ClocksMet:
    """How often what a policy says was kept.

    Attributes:
        measures: what it measures, as `resolution`.
        met: fulfilled in time.
        breached: reached their target first, also those that go on.
        over: how many are over.
        ran_us: how long those that are over took, together, in business time; `paused_us` how long they stood still,
            which is no part of it.
    """

    window: Window
    policy: str
    measures: str
    met: int
    breached: int
    over: int
    ran_us: int
    paused_us: int

    @property
    def share(self) -> Share:
        """Met / (met + breached)."""
        return Share(f"clock {self.policy} met", self.met, self.met + self.breached, self.window)

    @property
    def mean_ran_s(self) -> float | None:
        """How long one took that is over, in seconds of business time; None of none."""
        return seconds(self.ran_us, self.over) if self.over else None

    @property
    def mean_paused_s(self) -> float | None:
        """How long one stood still that is over; None of none."""
        return seconds(self.paused_us, self.over) if self.over else None

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "measures": self.measures,
            "met": self.met,
            "breached": self.breached,
            "over": self.over,
            "share": self.share.to_json(),
            "ran_s": seconds(self.ran_us),
            "paused_s": seconds(self.paused_us),
        }
