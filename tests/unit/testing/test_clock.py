"""The clock of tests: it stands still, and takes a workspace along."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import anyio
import pytest

from orchestra.model.instants import since_epoch_us
from orchestra.testing.clock import VirtualClock

START = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)


class Recorder:
    """Something with work due at some instants."""

    def __init__(self, clock: VirtualClock, *dues: datetime) -> None:
        self.clock = clock
        self.dues = sorted(map(since_epoch_us, dues))
        self.worked: list[datetime] = []

    def due_us(self) -> int | None:
        return self.dues[0] if self.dues else None

    async def settle(self) -> None:
        while self.dues and self.dues[0] <= self.clock.now_us():
            self.dues.pop(0)
            self.worked.append(self.clock.now)


async def test_it_stands_still() -> None:
    clock = VirtualClock(START)
    await anyio.lowlevel.checkpoint()
    assert clock.now == START
    assert clock.now_us() == since_epoch_us(START)


async def test_work_is_done_at_its_own_instant() -> None:
    clock = VirtualClock(START)
    dues = [START + timedelta(days=2), START + timedelta(seconds=5)]
    recorder = Recorder(clock, *dues, START + timedelta(days=9))
    clock.attach(recorder)
    await clock.advance(days=3)
    assert recorder.worked == sorted(dues)
    assert clock.now == START + timedelta(days=3)


async def test_work_due_already_is_done_before_time_passes() -> None:
    clock = VirtualClock(START)
    recorder = Recorder(clock, START - timedelta(hours=1))
    clock.attach(recorder)
    await clock.advance()
    assert recorder.worked == [START]


async def test_sleepers_wake_in_order() -> None:
    clock = VirtualClock(START)
    woken: list[tuple[str, datetime]] = []

    async def sleep(name: str, minutes: int) -> None:
        await clock.sleep_until(since_epoch_us(START) + minutes * 60_000_000)
        woken.append((name, clock.now))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(sleep, "late", 20)
        tasks.start_soon(sleep, "soon", 10)
        tasks.start_soon(sleep, "past", -1)
        await anyio.wait_all_tasks_blocked()
        assert woken == [("past", START)]
        await clock.advance(hours=1)
        assert woken[1:] == [("soon", START + timedelta(minutes=10)), ("late", START + timedelta(minutes=20))]


async def test_a_cancelled_sleeper_is_forgotten() -> None:
    clock = VirtualClock(START)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(clock.sleep_until, since_epoch_us(START) + 1)
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()
    await clock.advance(seconds=1)
    assert clock.now == START + timedelta(seconds=1)


@pytest.mark.parametrize("span", [{"days": 1}, {"hours": 24}, {"minutes": 1440}, {"seconds": 86_400}])
async def test_spans_add_up(span: dict[str, float]) -> None:
    clock = VirtualClock(START)
    await clock.advance(**span)
    assert clock.now == START + timedelta(days=1)
