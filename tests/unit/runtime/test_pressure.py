"""Much at once: a journal that keeps failing, long texts, much that falls due together, a clock that is set back."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import anyio
import pytest
from tests.contact_centre import Centre, SteeredJournal, answered, message, turns

from orchestra.engine.engine import Engine
from orchestra.errors import JournalUnavailable
from orchestra.model import events as e
from orchestra.model.commands import ResolveCase, SendMessage, SignIn, StartSending, StopSending
from orchestra.model.records import Batch, Lease
from orchestra.runtime.owner import Owner
from orchestra.runtime.published import Published, Recent
from orchestra.runtime.workspace import Workspace
from orchestra.testing.clock import VirtualClock
from orchestra.testing.faults import JournalFault

DAY_US = 86_400_000_000


class Measured(SteeredJournal):
    """Tells how many records each append asked to store."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[int] = []

    def append(self, after: int, batches: Sequence[Batch], lease: Lease) -> int:
        self.asked.append(sum(len(batch.records) for batch in batches))
        return super().append(after, batches, lease)


@pytest.fixture
def journal() -> Measured:
    return Measured()


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def centre(journal: Measured, clock: VirtualClock) -> Centre:
    return Centre(journal, clock)


# A journal that keeps failing


@pytest.fixture
def rests(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long each rest was to be; none is made."""
    lengths: list[float] = []

    async def rest(_: Owner, seconds: float) -> None:
        lengths.append(seconds)
        await anyio.lowlevel.checkpoint()

    monkeypatch.setattr(Owner, "_pause", rest)
    return lengths


async def test_a_journal_that_keeps_failing_is_left_alone_for_longer_and_longer(
    centre: Centre, journal: Measured, clock: VirtualClock, rests: list[float]
) -> None:
    """A timer is due, and nothing of what it brings can be stored: no caller is there to be slowed down."""
    async with centre.open() as workspace:
        await workspace.sign_in("ana")
        await workspace.receive(message(1))
        journal.fail(*[JournalFault.REFUSE] * 10)
        await clock.advance(hours=1)
        with anyio.fail_after(8):
            while not centre.counts()["OfferEnded"]:
                await anyio.lowlevel.checkpoint()
        assert rests == [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
        rests.clear()
        journal.fail(JournalFault.REFUSE)
        with pytest.raises(JournalUnavailable):
            await workspace.receive(message(2))
        await workspace.receive(message(2))
        assert rests == [], "one failure is no outage"


async def test_leaving_the_block_ends_a_rest(
    centre: Centre, journal: Measured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestra.runtime.owner._FIRST_REST_S", math.inf)
    monkeypatch.setattr("orchestra.runtime.owner._LONGEST_REST_S", math.inf)
    with anyio.fail_after(8):
        async with centre.open() as workspace:
            journal.fail(JournalFault.REFUSE, JournalFault.REFUSE)
            for _ in range(2):
                with pytest.raises(JournalUnavailable):
                    await workspace.receive(message(1))
            with anyio.move_on_after(0.5):
                await workspace.receive(message(1))
            assert centre.counts()["MessageReceived"] == 0
    assert centre.counts()["MessageReceived"] == 1


async def test_after_a_failure_the_oldest_is_tried_alone(centre: Centre, journal: Measured) -> None:
    async with centre.open() as workspace:
        journal.fail(JournalFault.REFUSE)
        with pytest.raises(JournalUnavailable):
            await workspace.receive(message(0))
        before = len(journal.groups)
        async with anyio.create_task_group() as tasks:
            for number in range(4):
                tasks.start_soon(workspace.receive, message(number, sender=f"joe-{number}"))
        assert journal.groups[before:] == [1, 3]
        assert workspace.health().oldest_pending.total_seconds() == 0


# Long texts


async def test_few_long_events_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestra.runtime.published._MOST_KEPT_SIZE", 100)

    def entry(position: int, size: int) -> Published:
        return Published(position, position, "system", e.CaseClosed(f"ca{position}", "cu1", "done"), size)

    recent = Recent(0)
    recent.publish([entry(position, 30) for position in range(1, 6)])
    assert recent.past(1) is None
    assert [kept.position for kept in recent.past(2) or ()] == [3, 4, 5]
    recent.publish([entry(6, 500)])
    assert [kept.position for kept in recent.past(5) or ()] == [6]
    recent.publish([entry(7, 60), entry(8, 40)])
    assert [kept.position for kept in recent.past(6) or ()] == [7, 8]


async def test_an_event_knows_how_long_its_record_is(centre: Centre) -> None:
    async with centre.open() as workspace:
        before = workspace.health().position
        await workspace.receive(message(1, "long " * 1000))
        told = workspace._owner.recent.past(before) or []
        records = centre.records()[before:]
    assert [entry.size for entry in told] == [len(record.facts) + len(record.private or "") for record in records]
    assert max(entry.size for entry in told) > 5000


async def test_callers_wait_while_too_much_text_is_not_yet_stored(
    centre: Centre, journal: Measured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestra.runtime.owner._MOST_PENDING_SIZE", 50_000)
    async with centre.open() as workspace:
        ledger = workspace._owner.ledger
        journal.hold()
        async with anyio.create_task_group() as tasks:
            for number in range(30):
                tasks.start_soon(workspace.receive, message(number, "long " * 2000, sender=f"joe-{number}"))
            await journal.held()
            assert 50_000 < ledger.size < 70_000
            journal.let_pass()
        assert ledger.size == 0
        assert centre.counts()["MessageReceived"] == 30
        journal.fail(JournalFault.REFUSE)
        with pytest.raises(JournalUnavailable):
            await workspace.receive(message("x", "long " * 2000))
        await workspace.receive(message("x"))
        assert workspace._owner.ledger.size == 0


# Much that falls due together


async def resolved(workspace: Workspace, count: int = 40) -> None:
    """So many cases that close by themselves when their customers keep silent."""
    for number in range(count):
        received = await workspace.receive(message(number, sender=f"joe-{number}"))
        await workspace.execute(ResolveCase(received.case.id))


async def test_what_fell_due_while_nobody_was_there_is_stored_in_parts(
    centre: Centre, journal: Measured, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestra.runtime.ledger._MOST_AT_ONCE", 20)
    monkeypatch.setattr("orchestra.engine.engine._TICK_BATCH", 5)
    async with centre.open() as workspace:
        await resolved(workspace)
    journal.asked.clear()
    clock._now_us += 60 * DAY_US
    async with centre.open() as workspace:
        assert centre.counts()["CaseClosed"] == 40
        assert max(journal.asked) < 30
        live = workspace.state_hash()
    async with centre.open() as workspace:
        assert workspace.state_hash() == live


async def test_a_command_after_a_long_standstill_waits_its_turn(
    centre: Centre, journal: Measured, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process was stopped for weeks; the first to run is a caller, not the timers."""
    async with centre.open() as workspace:
        await resolved(workspace)
        monkeypatch.setattr("orchestra.runtime.owner._MOST_PENDING", 20)
        monkeypatch.setattr("orchestra.engine.engine._TICK_BATCH", 5)
        journal.hold()
        clock._now_us += 60 * DAY_US
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(workspace.execute, SignIn("ana"))
            await journal.held()
            assert 20 < workspace.health().pending_events < 40
            journal.let_pass()
        assert centre.counts()["CaseClosed"] == 40
        types = [record.type for record in centre.records()]
        assert types.index("AgentSignedIn") > max(n for n, name in enumerate(types) if name == "CaseClosed")


async def test_others_have_their_turns_while_much_rings(
    centre: Centre, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestra.engine.engine._TICK_BATCH", 5)
    async with centre.open() as workspace:
        await resolved(workspace)
        clock._now_us += 60 * DAY_US
        seen: list[int] = []

        async def watch() -> None:
            while True:
                seen.append(len(workspace._owner.view.timers))
                await anyio.lowlevel.checkpoint()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(watch)
            await workspace.execute(SignIn("ana"))
            tasks.cancel_scope.cancel()
        assert len(set(seen)) > 4


async def test_a_caller_is_told_nothing_of_a_timer_that_breaks_the_engine(
    centre: Centre, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def tick(self: Engine, at_us: int, *, is_prompt: bool = False) -> Any:
        raise KeyError("planted")

    told: list[Exception] = []
    with anyio.fail_after(8), pytest.raises(KeyError, match="planted"):  # noqa: PT012
        async with centre.open() as workspace:
            await answered(workspace)
            monkeypatch.setattr(Engine, "tick", tick)
            clock._now_us += DAY_US
            try:
                with anyio.CancelScope(shield=True):
                    await workspace.execute(SignIn("ben"))
            except JournalUnavailable as error:
                told.append(error)
            await anyio.sleep_forever()
    assert [type(error) for error in told] == [JournalUnavailable]


# A clock that is set back


async def test_what_is_due_at_engine_time_does_not_wait_for_the_clock(centre: Centre, clock: VirtualClock) -> None:
    async with centre.open() as workspace:
        received = await workspace.receive(message(1))
        await workspace.execute(StopSending(reason="a test"))
        await workspace.execute(SendMessage(received.case.id, "k1", text="News"))
        clock._now_us -= 3_600_000_000
        await workspace.execute(StartSending())
        with anyio.fail_after(8):
            while not centre.provider.delivered:
                await anyio.lowlevel.checkpoint()
        await workspace.settle()
        assert [delivered.text for delivered in centre.provider.delivered] == ["News"]
        assert workspace.health().timer_lag.total_seconds() == 0


async def test_a_device_has_its_whole_lease_though_the_clock_is_set_back(centre: Centre, clock: VirtualClock) -> None:
    async with centre.open() as workspace:
        clock.attach(workspace)
        await workspace.sign_in("ana", "phone", heartbeats=True)
        clock._now_us -= 3_600_000_000
        await workspace.heartbeat("ana", "phone")
        await clock.advance(minutes=60)
        assert centre.counts()["DeviceLost"] == 0
        await clock.advance(minutes=2)
        await turns()
        assert centre.counts()["DeviceLost"] == 1
