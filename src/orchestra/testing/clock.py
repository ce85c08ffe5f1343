"""A clock that stands still until it is told to go on, and takes a workspace along."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol

import anyio

from orchestra.model.instants import instant, since_epoch_us

__all__ = ["VirtualClock"]

START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
"""Where a virtual clock starts if it is not told: a Monday morning."""


_TURNS = 10


class _Settling(Protocol):
    def due_us(self) -> int | None: ...

    async def settle(self) -> None: ...


class VirtualClock:
    """Time for tests: hours pass in no time, in the order in which things fall due.

    Args:
        start: where it starts, aware.
    """

    def __init__(self, start: datetime = START) -> None:
        self._now_us = since_epoch_us(start)
        self._sleepers: list[tuple[int, anyio.Event]] = []
        self._workspaces: list[_Settling] = []

    @property
    def now(self) -> datetime:
        """Now, in UTC."""
        return instant(self._now_us)

    def now_us(self) -> int:
        """Now, in microseconds since 1970 UTC."""
        return self._now_us

    async def sleep_until(self, instant_us: int) -> None:
        """Return when the clock has been advanced to that instant."""
        if instant_us <= self._now_us:
            await anyio.lowlevel.checkpoint()
            return
        sleeper = (instant_us, anyio.Event())
        self._sleepers.append(sleeper)
        try:
            await sleeper[1].wait()
        finally:
            self._sleepers = [other for other in self._sleepers if other is not sleeper]

    def attach(self, workspace: _Settling) -> None:
        """Take this workspace along: `advance` returns when all its due work is done."""
        self._workspaces.append(workspace)

    async def advance(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> None:
        """Let time pass. Whatever falls due on the way happens at its own instant, in order.

        Returns when all work that is due by then is done, stored and sent.
        """
        span = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        target_us = self._now_us + span // timedelta(microseconds=1)
        await self._settle()
        while (next_us := self._next_us()) is not None and next_us <= target_us:
            await self._move(next_us)
        await self._move(target_us)

    def _next_us(self) -> int | None:
        dues = [due for workspace in self._workspaces if (due := workspace.due_us()) is not None]
        dues += [instant_us for instant_us, _ in self._sleepers]
        return min(dues, default=None)

    async def _move(self, instant_us: int) -> None:
        self._now_us = max(self._now_us, instant_us)
        for when_us, woken in self._sleepers:
            if when_us <= self._now_us:
                woken.set()
        self._sleepers = [sleeper for sleeper in self._sleepers if not sleeper[1].is_set()]
        for _ in range(_TURNS):  # for those who are awake now
            await anyio.lowlevel.checkpoint()
        await self._settle()

    async def _settle(self) -> None:
        for workspace in self._workspaces:
            await workspace.settle()
