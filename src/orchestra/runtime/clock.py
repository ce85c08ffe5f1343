"""Where the runtime gets the time from. The engine never asks."""

from __future__ import annotations

import time
from typing import Protocol

import anyio

__all__ = ["Clock", "SystemClock", "sleep_until"]


class Clock(Protocol):
    """Tells the time and waits for it."""

    def now_us(self) -> int:
        """Now, in microseconds since 1970 UTC."""
        ...

    async def sleep_until(self, instant_us: int) -> None:
        """Return at that instant, or at once if it has passed. Cancellable."""
        ...


class SystemClock:
    """The computer's clock. It may step; the engine takes a step back as standing still."""

    def now_us(self) -> int:
        """Now, in microseconds since 1970 UTC."""
        return time.time_ns() // 1000

    async def sleep_until(self, instant_us: int) -> None:
        """Return at that instant; looks at the clock anew every minute, so a step is noticed."""
        while (left_us := instant_us - self.now_us()) > 0:  # noqa: ASYNC110 - nothing but time is waited for
            await anyio.sleep(min(left_us / 1_000_000, 60.0))


async def sleep_until(clock: Clock, instant_us: int | None, woken: anyio.Event) -> None:
    """Return at that instant by the clock, or as soon as the event is set; None waits for the event alone."""
    if instant_us is None:
        await woken.wait()
        return
    async with anyio.create_task_group() as race:
        race.start_soon(_cancel_after, woken, race.cancel_scope)
        await clock.sleep_until(instant_us)
        race.cancel_scope.cancel()


async def _cancel_after(woken: anyio.Event, scope: anyio.CancelScope) -> None:
    await woken.wait()
    scope.cancel()
