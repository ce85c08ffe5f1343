"""Promises, delays and silence worked out minute by minute, from the words of the rules alone.

What belongs here: a naive model of one case, which knows nothing of the engine. What does not: driving the engine.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from functools import cache
from itertools import accumulate

import attrs

__all__ = ["MINUTES_A_DAY", "Oracle", "Shown", "StageOf"]

MINUTES_A_DAY = 1_440
_HORIZON = 60 * MINUTES_A_DAY


@attrs.frozen
class StageOf:
    """A stage: how many open minutes it takes normally, and for how many nothing need be heard; None for any."""

    name: str
    normal: int | None
    silence: int | None


@attrs.frozen
class Shown:
    """Something that must have happened: in which minute, what, about which promise, and until which minute if any."""

    minute: int
    what: str
    promise: str | None = None
    until: int | None = None


@attrs.define
class Said:
    """A promise: what it is about, its dues, how each turned out, and the delay that was told last."""

    name: str
    target: int
    first: int
    last: int
    first_open: bool = True
    last_open: bool = True
    told: int | None = None
    is_told_unknown: bool = False
    is_done: bool = False


@cache
def _counted(opens: int, closes: int, offset: int) -> Sequence[int]:
    """How many open minutes have passed by each minute."""
    minutes = (opens <= (minute + offset) % MINUTES_A_DAY < closes for minute in range(_HORIZON))
    return tuple(accumulate(minutes, initial=0))


@attrs.define
class Oracle:
    """One case that goes through stages, from minute 0 on.

    Attributes:
        stages: in order; the last is reached when the matter is done.
        opens: minute of the day at which business time begins to pass.
        closes: and at which it stops.
        at_least: open minutes by which something is a delay.
        percent: of the open minutes that are left.
        made_up: of a hundred parts of a delay; less counts as made up.
        ahead: open minutes by which is reminded before a silence is over.
        offset: minute of the day at minute 0.
    """

    stages: Sequence[StageOf]
    opens: int
    closes: int
    at_least: int
    percent: int
    made_up: int
    ahead: int
    offset: int
    now: int = 0
    place: int = 0
    since: int = 0
    expected: int | None = None
    word: int = 0
    reminded: bool = False
    remind_at: int | None = None
    promises: list[Said] = attrs.field(factory=list)
    shown: list[Shown] = attrs.field(factory=list)
    _passed: Sequence[int] = attrs.field(default=(), repr=False)

    def __attrs_post_init__(self) -> None:
        self._passed = _counted(self.opens, self.closes, self.offset)
        self._hear()

    # Business time, counted

    def between(self, begin: int, end: int) -> int:
        """Open minutes between two, below 0 if the second is earlier."""
        return self._passed[end] - self._passed[begin]

    def after(self, begin: int, count: int) -> int:
        """The first minute by which so many open ones have passed."""
        if count <= 0:
            return begin
        return bisect_left(self._passed, self._passed[begin] + count, begin)

    # What is foreseen

    def _ends(self) -> int | None:
        """The minute in which the present stage should be over; None if it should be already, or nobody knows."""
        if self.expected is not None and self.expected > self.now:
            return self.expected
        normal, spent = self.stages[self.place].normal, self.between(self.since, self.now)
        if normal is None or (spent >= normal and spent > 0):
            return None
        return self.after(self.since, normal)

    def _later(self, target: int) -> tuple[int, bool]:
        """Open minutes of the stages after this one, and whether all are known."""
        following = [one.normal for one in self.stages[self.place + 1 : max(target, self.place + 1)]]
        return sum(one or 0 for one in following), None not in following

    def foreseen(self, target: int) -> int | None:
        """By which minute something will be done; None if that cannot be told."""
        ends, (later, is_known) = self._ends(), self._later(target)
        return self.after(ends, later) if ends is not None and is_known else None

    def _lateness(self, target: int, due: int) -> int:
        """How many open minutes it will be late, as far as is certain: the stage ends now at the earliest."""
        ends = self._ends()
        left = 0 if ends is None else self.between(self.now, ends)
        return left + self._later(target)[0] - self.between(self.now, due)

    def _tolerance(self, due: int) -> int:
        """A hundred times the minutes by which it must be late."""
        return max(100 * self.at_least, self.percent * max(0, self.between(self.now, due)))

    def _look(self, said: Said) -> None:
        """Tell of a delay, or that it is made up."""
        expected = self.foreseen(said.target)
        if (said.told is not None or said.is_told_unknown) and expected is not None:
            late = max(0, self.between(said.last, expected))
            if 100 * 100 * late < self.made_up * self._tolerance(said.last):
                said.told, said.is_told_unknown = None, False
                self.shown.append(Shown(self.now, "made up", said.name))
        if said.is_told_unknown and expected is None:
            return
        due = said.last if said.told is None else max(said.last, said.told)
        if 100 * self._lateness(said.target, due) >= self._tolerance(due):
            said.told, said.is_told_unknown = expected, expected is None
            self.shown.append(Shown(self.now, "delay", said.name, expected))

    def _look_at_all(self) -> None:
        for said in self.promises:
            if not said.is_done:
                self._look(said)

    # Time

    def _hear(self) -> None:
        """The silence that is allowed in this stage counts from the last word."""
        silence = self.stages[self.place].silence
        self.remind_at = None if silence is None else max(self.now, self.after(self.word, silence - self.ahead))

    def _pass_minute(self) -> None:
        for said in self.promises:
            first, last = (said.first_open and said.first == self.now), (said.last_open and said.last == self.now)
            if not said.is_done and (first or last):
                against = "both" if first and last else "first" if first else "last"
                said.first_open, said.last_open = said.first_open and not first, said.last_open and not last
                self.shown.append(Shown(self.now, f"broken {against}", said.name))
        if self.remind_at == self.now:
            self.shown.append(Shown(self.now, "update"))
            silence = self.stages[self.place].silence
            assert silence is not None
            self.remind_at = self.after(self.now, silence)
        self._look_at_all()

    def wait(self, minutes: int) -> None:
        """Let minutes pass, one by one."""
        for _ in range(minutes):
            self.now += 1
            self._pass_minute()

    # What is said

    def advance(self, place: int, due: int | None) -> None:
        """The case comes to a stage, or it is said when the present one is over."""
        if place == self.place:
            if due is not None:
                self.expected = due
        else:
            self.place, self.since, self.expected = place, self.now, due
            self._hear()
            self._keep(lambda said: said.target <= place)
        self._look_at_all()
        if self.remind_at == self.now:
            self._pass_minute()

    def _keep(self, is_done: object) -> None:
        assert callable(is_done)
        for said in self.promises:
            if not said.is_done and is_done(said):
                said.is_done = True
                kept = [name for name, is_open in (("first", said.first_open), ("last", said.last_open)) if is_open]
                against = "both" if len(kept) == 2 else kept[0] if kept else "late"
                self.shown.append(Shown(self.now, f"kept {against}", said.name))

    def promise(self, name: str, target: int, due: int) -> None:
        """The customer is promised that a stage is reached by a minute."""
        self.promises.append(Said(name, target, due, due))
        self._say()

    def revise(self, name: str, due: int) -> None:
        """The customer is told another minute."""
        said = next(one for one in self.promises if one.name == name)
        said.last, said.last_open, said.told, said.is_told_unknown = due, True, None, False
        self._say()

    def tell(self) -> None:
        """The customer hears something."""
        self.word = self.now
        self._hear()

    def _say(self) -> None:
        self.tell()
        self._look_at_all()
