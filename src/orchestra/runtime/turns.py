"""Turns for work that nobody waits for: a burst of it goes on between what people wait for, a step at a time.

Each step costs some milliseconds of the one thread in which everything is decided, and of the journal. Steps that all
go on as they can make everybody wait behind all of them; so they go one at a time, with rests, and only once all that
was decided is stored: whatever people do meanwhile is stored next.
"""

from __future__ import annotations

import time
from contextlib import suppress

import anyio

from orchestra.errors import JournalUnavailable
from orchestra.runtime.clock import sleep_until
from orchestra.runtime.owner import Owner

__all__ = ["Turns"]

_STEPS = 1
"""So many between two rests: the more at once, the longer people wait behind them."""
_REST_S = 0.009
"""From one turn to the next at least, and so many times as long as the last one took until all of it was stored: on a
slower machine, too, most of the time is people's. Never longer than the most: a stalled disk delays no burst twice."""
_REST_TIMES, _MOST_REST_S = 4, 0.036


def rest_s(took_s: float) -> float:
    """Seconds from the begin of a turn to the next where it took so many until all of it was stored."""
    return max(_REST_S, min(_REST_TIMES * took_s, _MOST_REST_S))


class Turns:
    """Hands out turns, in the order in which they are asked for.

    Rests are by the computer's clock, whatever the workspace's own does: it is the processor that is shared.
    """

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._order = anyio.Lock()
        self._left = 0
        self._began_s = -_MOST_REST_S

    async def turn(self) -> None:
        """Return when it is the caller's turn; at once if little was done lately.

        Raises:
            JournalUnavailable: the workspace is closed.
        """
        async with self._order:
            if not self._left:
                await self._stored()
                took_s = time.monotonic() - self._began_s
                await anyio.sleep(max(0.0, rest_s(took_s) - took_s))
                self._left, self._began_s = _STEPS, time.monotonic()
            self._left -= 1

    async def ring_for_ever(self) -> None:
        """Let timers ring when they fall due that no command waits for, a slice each turn."""
        owner = self._owner
        while not owner.is_closing:
            due = owner.engine.due()
            if due is None or due > owner.now_us:
                await sleep_until(owner.clock, due, owner.timer.stroke)
                continue
            with suppress(JournalUnavailable):
                await self.turn()
                await owner.ready()
                owner.ring_once()

    async def _stored(self) -> None:
        """Return when nothing waits to be stored."""
        while self._owner.is_behind:
            try:
                await self._owner.durable(self._owner.engine.position)
            except JournalUnavailable:
                await self._owner.recovered()
