"""The fold over promises. Belongs here: which promise is whose. Does not: what one counts as (`promises`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from orchestra.insight.journey_fold import JourneyFold
from orchestra.insight.promises import Stated
from orchestra.model import events as e
from orchestra.model.case_types import UPDATE

__all__ = ["PromiseFold"]


class PromiseFold:
    """Notes what becomes of promises with the cases they were made in; they count where and as long as those do."""

    def __init__(self, journeys: JourneyFold) -> None:
        self._journeys = journeys
        self._case_of: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._case_of)

    def _of(self, promise: str) -> Stated | None:
        """What is noted of a promise, which counts otherwise from now on."""
        return self._journeys.stated(self._case_of.get(promise, ""), promise)

    def made(self, event: e.PromiseMade, at_us: int) -> None:
        """Something was promised."""
        self._case_of[event.promise] = event.case
        self._journeys.state(event.case, event.promise, Stated(event.what == UPDATE))

    def revised(self, event: e.PromiseRevised, at_us: int) -> None:
        """Another time was told: it is open again how that turns out."""
        stated = self._of(event.promise)
        if stated is not None:
            stated.is_revised, stated.last = True, None

    def withdrawn(self, event: e.PromiseWithdrawn, at_us: int) -> None:
        """It does not hold."""
        stated = self._of(event.promise)
        if stated is not None:
            stated.is_withdrawn = True
        self._case_of.pop(event.promise, None)

    def kept(self, event: e.PromiseKept, at_us: int) -> None:
        """It was done in time."""
        self._turn_out(event, is_kept=True)
        self._case_of.pop(event.promise, None)

    def broken(self, event: e.PromiseBroken, at_us: int) -> None:
        """It was not done in time."""
        self._turn_out(event, is_kept=False)
        stated = self._of(event.promise)
        if stated is not None and event.warned_us is not None:
            stated.warned_us = event.warned_us

    def _turn_out(self, event: e.PromiseKept | e.PromiseBroken, *, is_kept: bool) -> None:
        stated = self._of(event.promise)
        if stated is None:
            return
        if event.against in ("first", "both"):
            stated.first = is_kept
        if event.against in ("last", "both"):
            stated.last = is_kept

    def kept_late(self, event: e.PromiseKeptLate, at_us: int) -> None:
        """It was done after all."""
        stated = self._of(event.promise)
        if stated is not None:
            stated.late_us = event.late_us
        self._case_of.pop(event.promise, None)

    def delayed(self, event: e.DelayForeseen, at_us: int) -> None:
        """It was foreseen that it would be late."""
        stated = self._of(event.promise)
        if stated is not None:
            stated.delays += 1

    HANDLERS: ClassVar[Mapping[type[e.Event], Callable[[Any, Any, int], None]]] = {
        e.PromiseMade: made,
        e.PromiseRevised: revised,
        e.PromiseWithdrawn: withdrawn,
        e.PromiseKept: kept,
        e.PromiseBroken: broken,
        e.PromiseKeptLate: kept_late,
        e.DelayForeseen: delayed,
    }
