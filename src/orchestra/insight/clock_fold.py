"""The fold over service clocks. Belongs here: which clock is whose. Does not: what one counts as (`clocks`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from orchestra.insight.clocks import Verdict
from orchestra.insight.journey_fold import JourneyFold
from orchestra.model import events as e

__all__ = ["ClockFold"]


class ClockFold:
    """Notes what becomes of clocks with the cases in which they began; they count where and as long as those do."""

    def __init__(self, journeys: JourneyFold) -> None:
        self._journeys = journeys
        self._case_of: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._case_of)

    def _verdict(self, clock: str) -> Verdict | None:
        """What is noted of a clock, which counts otherwise from now on."""
        return self._journeys.verdict(self._case_of.get(clock, ""), clock)

    def started(self, event: e.ClockStarted, at_us: int) -> None:
        """A clock runs."""
        self._case_of[event.clock] = event.case
        self._journeys.judge(event.case, event.clock, Verdict(event.policy, event.measure, event.scope))

    def moved(self, event: e.ClockMoved, at_us: int) -> None:
        """It counts under another policy."""
        verdict = self._verdict(event.clock)
        if verdict is not None:
            verdict.policy = event.policy

    def breached(self, event: e.ClockBreached, at_us: int) -> None:
        """It has taken too long."""
        verdict = self._verdict(event.clock)
        if verdict is not None:
            verdict.is_breached = True

    def fulfilled(self, event: e.ClockFulfilled, at_us: int) -> None:
        """It is over, in time or not."""
        verdict = self._verdict(event.clock)
        if verdict is not None:
            verdict.is_met, verdict.is_breached, verdict.is_over = event.met, not event.met, True
            verdict.ran_us, verdict.paused_us = event.ran_us, event.paused_us
        self._case_of.pop(event.clock, None)

    def restarted(self, event: e.ClockRestarted, at_us: int) -> None:
        """It was not over after all: if it was met, that is not known any more."""
        self._case_of[event.clock] = event.case
        verdict = self._verdict(event.clock)
        if verdict is not None:
            verdict.is_met = verdict.is_over = False
            verdict.ran_us = verdict.paused_us = 0

    def canceled(self, event: e.ClockCanceled, at_us: int) -> None:
        """It counts only if it had taken too long."""
        self._case_of.pop(event.clock, None)

    HANDLERS: ClassVar[Mapping[type[e.Event], Callable[[Any, Any, int], None]]] = {
        e.ClockStarted: started,
        e.ClockMoved: moved,
        e.ClockBreached: breached,
        e.ClockFulfilled: fulfilled,
        e.ClockRestarted: restarted,
        e.ClockCanceled: canceled,
    }
