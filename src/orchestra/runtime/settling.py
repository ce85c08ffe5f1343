"""Waiting until all that is due is done: for scripts, demonstrations and tests.

Belongs here: telling whether anything is under way. Does not: doing it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import anyio

from orchestra.errors import JournalUnavailable
from orchestra.runtime.leases import Leases
from orchestra.runtime.owner import Owner

__all__ = ["Busy", "Settling"]

_QUIET_TURNS = 10


class Busy(Protocol):
    """What has things under way in this process."""

    @property
    def in_flight(self) -> int:
        """How many."""
        ...


class Settling:
    """Knows what is under way in a workspace, and what is next."""

    def __init__(self, owner: Owner, leases: Leases, busy: Sequence[Busy]) -> None:
        self._owner = owner
        self._leases = leases
        self._busy = busy

    async def settle(self) -> None:
        """As `Workspace.settle`."""
        while not self._owner.is_closing and not await self._is_quiet():
            try:
                await self._work()
            except JournalUnavailable:
                await self._owner.recovered()
        if self._owner.is_closing:
            for _ in range(_QUIET_TURNS):  # a block that is about to be cancelled must not go on to move the clock
                await anyio.lowlevel.checkpoint()

    async def _work(self) -> None:
        owner = self._owner
        await owner.recovered()
        stroke = owner.recent.bell.stroke
        if owner.ring_once() or owner.is_behind:
            await owner.durable(owner.engine.position)
        elif not await self._leases.look() and self._in_flight:
            await stroke.wait()

    async def _is_quiet(self) -> bool:
        """Whether nothing is under way, after all tasks that are awake have had some turns."""
        for _ in range(_QUIET_TURNS):
            if self._owner.is_behind or self._in_flight or self._is_due():
                return False
            await anyio.lowlevel.checkpoint()
        return True

    @property
    def _in_flight(self) -> int:
        return sum(one.in_flight for one in self._busy)

    def _is_due(self) -> bool:
        due = self.due_us()
        return due is not None and due <= self._owner.now_us

    def due_us(self) -> int | None:
        """As `Workspace.due_us`."""
        if self._owner.is_closing:
            return None
        dues = [due for due in (self._owner.engine.due(), self._leases.due_us()) if due is not None]
        return min(dues, default=None)
