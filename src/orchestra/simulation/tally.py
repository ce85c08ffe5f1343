"""What is counted while customers come and go: whole numbers that add up over batches, classes, groups and seeds.

Belongs here: counting, and areas under the curves of how many wait, are served, work. Does not: means and intervals
(`results`), who is counted when (`driver`).
"""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from orchestra.simulation.histogram import Histogram

__all__ = ["CURVES", "Counter", "Curve", "Tally", "merged"]

CURVES = ("waiting", "serving", "retrying", "busy", "staffed")
"""What is averaged over time: customers who wait, are served, will retry; agents who have work, are signed in."""


@attrs.define
class Curve:
    """How many there are, and the area under that, exactly: each up at t subtracts t, each down adds t.

    Attributes:
        level: how many there are.
        offset: what to add to level x now to have the area so far.
    """

    level: int = 0
    offset: int = 0

    def up(self, now_us: int) -> None:
        """One more."""
        self.level += 1
        self.offset -= now_us

    def down(self, now_us: int) -> None:
        """One less."""
        self.level -= 1
        self.offset += now_us

    def cut(self, now_us: int) -> int:
        """The area since the last cut."""
        area = self.level * now_us + self.offset
        self.offset = -self.level * now_us
        return area


@attrs.define
class Tally:
    """What happened in one stretch of time, to one class, to one group, or in all. Times are microseconds.

    Attributes:
        length_us: of the stretch.
        came: tries to get in touch, of which `first` were the first of their customers.
        blocked: of these, who had no free line or were turned away, of which `first_blocked` at their first try.
        answered: who were answered; `waited` of all whose wait ended, how many had waited at all.
        abandoned: who left before.
        wait_us: time waited by all whose wait ended, `answered_us` by those answered.
        within: limit by limit, who were answered within it; `over` whose wait, however it ended, was longer.
        answered_waits: of the answered, `abandoned_waits` of the others.
        served: services that ended; `service_us` what they took, `stay_us` from getting in touch to the end of them.
        areas: curve -> area under it.
        looks: instant of the cycle -> [looks, sum of those waiting, sum of those served].
    """

    length_us: int = 0
    came: int = 0
    first: int = 0
    blocked: int = 0
    first_blocked: int = 0
    answered: int = 0
    waited: int = 0
    abandoned: int = 0
    wait_us: int = 0
    answered_us: int = 0
    within: list[int] = attrs.field(factory=list)
    over: list[int] = attrs.field(factory=list)
    answered_waits: Histogram = attrs.field(factory=Histogram)
    abandoned_waits: Histogram = attrs.field(factory=Histogram)
    served: int = 0
    service_us: int = 0
    stay_us: int = 0
    areas: dict[str, int] = attrs.field(factory=dict)
    looks: dict[int, list[int]] = attrs.field(factory=dict)

    def add(self, other: Tally, *, is_same_time: bool) -> None:
        """Add another: of the same stretch and another class or group, or of another stretch."""
        self.length_us = max(self.length_us, other.length_us) if is_same_time else self.length_us + other.length_us
        for name in _SUMS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.within = _added(self.within, other.within)
        self.over = _added(self.over, other.over)
        self.answered_waits.merge(other.answered_waits)
        self.abandoned_waits.merge(other.abandoned_waits)
        for curve, area in other.areas.items():
            self.areas[curve] = self.areas.get(curve, 0) + area
        for at, (looks, waiting, serving) in other.looks.items():
            before = self.looks.get(at, [0, 0, 0])
            count = max(before[0], looks) if is_same_time else before[0] + looks
            self.looks[at] = [count, before[1] + waiting, before[2] + serving]


_SUMS = (
    "came",
    "first",
    "blocked",
    "first_blocked",
    "answered",
    "waited",
    "abandoned",
    "wait_us",
    "answered_us",
    "served",
    "service_us",
    "stay_us",
)


def _added(one: list[int], other: list[int]) -> list[int]:
    if not one or not other:
        return list(one or other)
    return [mine + theirs for mine, theirs in zip(one, other, strict=True)]


def merged(tallies: Iterable[Tally], *, is_same_time: bool = False) -> Tally:
    """All of them added up."""
    total = Tally()
    for tally in tallies:
        total.add(tally, is_same_time=is_same_time)
    return total


class Counter:
    """What is counted about one class or one group since the last cut.

    Attributes:
        tally: since the last cut.
        waiting, serving, retrying, busy, staffed: how many, over time.
        stints_us: all time waited that ended since the last cut, also of those who waited a second time.
        entered, left: who got in and who were over, since the start.
    """

    __slots__ = (
        "_limits",
        "_since_us",
        "busy",
        "entered",
        "left",
        "retrying",
        "serving",
        "staffed",
        "stints_us",
        "tally",
        "waiting",
    )

    def __init__(self, start_us: int, limits_us: tuple[int, ...]) -> None:
        self._since_us = start_us
        self._limits = tuple(enumerate(limits_us))
        self.waiting, self.serving, self.retrying, self.busy, self.staffed = (Curve() for _ in CURVES)
        self.entered = self.left = self.stints_us = 0
        self._clear()

    @property
    def limits_us(self) -> list[int]:
        """The times within which answers are counted."""
        return [limit for _, limit in self._limits]

    def _clear(self) -> None:
        self.stints_us = 0
        self.tally = Tally(within=[0] * len(self._limits), over=[0] * len(self._limits))

    def answered(self, wait_us: int) -> None:
        """Somebody was answered, for the first time."""
        tally = self.tally
        tally.answered += 1
        tally.wait_us += wait_us
        tally.answered_us += wait_us
        if wait_us:
            tally.waited += 1
        for place, limit in self._limits:
            if wait_us <= limit:
                tally.within[place] += 1
            else:
                tally.over[place] += 1
        tally.answered_waits.add(wait_us)

    def abandoned(self, wait_us: int) -> None:
        """Somebody left who had not been answered."""
        tally = self.tally
        tally.abandoned += 1
        tally.wait_us += wait_us
        if wait_us:
            tally.waited += 1
        for place, limit in self._limits:
            if wait_us > limit:
                tally.over[place] += 1
        tally.abandoned_waits.add(wait_us)

    def look(self, at_us: int) -> None:
        """Note how many wait and are served at this instant of the cycle."""
        row = self.tally.looks.setdefault(at_us, [0, 0, 0])
        row[0] += 1
        row[1] += self.waiting.level
        row[2] += self.serving.level

    def cut(self, now_us: int) -> Tally:
        """What was counted since the last cut; begins anew."""
        tally = self.tally
        tally.length_us = now_us - self._since_us
        curves = (self.waiting, self.serving, self.retrying, self.busy, self.staffed)
        tally.areas = {name: curve.cut(now_us) for name, curve in zip(CURVES, curves, strict=True)}
        self._since_us = now_us
        self._clear()
        return tally
