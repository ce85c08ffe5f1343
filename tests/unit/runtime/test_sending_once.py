"""One task per delivery, whatever its permits do meanwhile: nothing is handed to a transport twice."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import anyio
import pytest
from anyio import to_thread
from tests.contact_centre import Centre, SteeredJournal, message, turns

from orchestra.channels.sending import Interpreted, Retry, Sent
from orchestra.channels.wire import FrameAnswer, StepResult, WireStep
from orchestra.errors import JournalUnavailable
from orchestra.journal.memory import MemoryJournal
from orchestra.journal.port import Journal
from orchestra.model import events as e
from orchestra.model.commands import SendMessage
from orchestra.model.records import Batch, Lease
from orchestra.runtime.workspace import Workspace
from orchestra.testing.clock import VirtualClock


class Slow:
    """A transport that hangs until it is let go, and notes the deliveries whose steps it got."""

    def __init__(self) -> None:
        self.got: list[str] = []
        self.go_on = anyio.Event()

    async def perform(self, step: WireStep) -> StepResult:
        self.got.append(step.idempotency_key.partition(".")[0])
        await self.go_on.wait()
        return FrameAnswer()


class Unsure(MemoryJournal):
    """Holds up the start of one delivery until it may pass, stores it, and says that nobody knows."""

    def __init__(self, delivery: str) -> None:
        super().__init__()
        self.has_come, self.may_pass = threading.Event(), threading.Event()
        self._mark = f'"{delivery}"'

    def append(self, after: int, batches: Sequence[Batch], lease: Lease) -> int:
        records = [record for batch in batches for record in batch.records]
        starts = any(record.type == "DeliveryStarted" and self._mark in record.facts for record in records)
        is_first = starts and not self.has_come.is_set()
        if is_first:
            self.has_come.set()
            assert self.may_pass.wait(8)
        position = super().append(after, batches, lease)
        if is_first:
            raise JournalUnavailable("as planned", True)
        return position


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture(autouse=True)
def two_places(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let two attempts run at once."""
    monkeypatch.setattr("orchestra.runtime.sending._AT_ONCE", 2)


def slow_centre(clock: VirtualClock, journal: Journal | None = None) -> tuple[Centre, Slow]:
    """A contact centre whose provider is slow, and takes everything in the end."""
    centre, slow = Centre(journal, clock), Slow()
    centre.transport = slow
    centre.adapter.on_interpret = lambda step, result: Sent()
    return centre, slow


async def sent(workspace: Workspace, count: int) -> None:
    """Messages to as many customers."""
    for number in range(count):
        received = await workspace.receive(message(number, sender=f"p{number}"))
        await workspace.execute(SendMessage(received.case.id, f"k{number}", text="News"))


async def until(centre: Centre, kind: type[e.Event], count: int) -> None:
    """Return when the journal holds so many events of that kind, and whoever hears of them has."""
    with anyio.fail_after(30):
        while centre.counts()[kind.__name__] < count:
            await turns()
    await turns()


async def test_what_waits_for_a_place_while_its_permits_lapse_leaves_once(clock: VirtualClock) -> None:
    """Nor does it when its start is stored and nobody knows, with another permit of the same attempt about."""
    journal = Unsure("de3")
    centre, slow = slow_centre(clock, journal)
    async with centre.open() as workspace:
        await sent(workspace, 3)
        await until(centre, e.DeliveryStarted, 2)
        for permits in (4, 4, 5):  # the second permit follows at once, the third after a gap
            await clock.advance(seconds=30)
            await until(centre, e.DeliveryPermitted, permits)
        slow.go_on.set()
        assert await to_thread.run_sync(journal.has_come.wait, 8)
        await turns(300)
        journal.may_pass.set()
        await workspace.settle()
        assert sorted(slow.got) == ["de1", "de2", "de3"]
        assert workspace.health().deliveries_unsent == 0
        assert [event.attempt for event in centre.events(e.DeliveryStarted)] == [1, 1, 1]


async def test_what_has_lost_its_permit_gives_up_its_place(clock: VirtualClock) -> None:
    """A delivery that is called back while it waits is not sent, and what comes after it is."""
    centre, slow = slow_centre(clock)
    async with centre.open() as workspace:
        await sent(workspace, 3)
        await until(centre, e.DeliveryStarted, 2)
        await clock.advance(seconds=31)  # the permit of the third lapses, and it is permitted anew at once
        await until(centre, e.DeliveryPermitted, 4)
        await clock.advance(seconds=31)  # now there is a gap until the next
        await until(centre, e.DeliveryRetried, 2)
        slow.go_on.set()
        await workspace.settle()
        assert sorted(slow.got) == ["de1", "de2"]
        assert centre.counts()["DeliveryFailed"] == 0
        clock.attach(workspace)
        await clock.advance(minutes=1)
        assert sorted(slow.got) == ["de1", "de2", "de3"]


async def test_tasks_are_no_more_than_deliveries(clock: VirtualClock) -> None:
    centre, slow = slow_centre(clock)
    async with centre.open() as workspace:
        await sent(workspace, 10)
        await until(centre, e.DeliveryStarted, 2)
        for _ in range(5):
            before = centre.counts()["DeliveryPermitted"]
            await clock.advance(hours=1)
            await until(centre, e.DeliveryPermitted, before + 1)
        assert workspace.health().sends_in_flight == 10
        slow.go_on.set()
        await workspace.settle()


async def test_a_permit_that_comes_while_the_attempt_before_ends_is_used(clock: VirtualClock) -> None:
    """An outcome and the next permit may be stored together: it is heard while its delivery is still under way."""
    journal = SteeredJournal()
    centre, slow = slow_centre(clock, journal)
    outcomes: list[Interpreted] = [Retry("busy"), Sent()]
    centre.adapter.on_interpret = lambda step, result: outcomes.pop(0)
    async with centre.open() as workspace:
        await sent(workspace, 1)
        await until(centre, e.DeliveryStarted, 1)
        journal.hold()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(workspace.receive, message("other", sender="eve"))
            await journal.held()
            slow.go_on.set()
            await turns()
            row = workspace._owner.view.deliveries.deliveries["de1"]
            while row.state != "PERMITTED":  # until the wait for the second attempt is over
                await clock.advance(seconds=1)
                await turns()
            journal.let_pass()
        await workspace.settle()
    assert journal.groups[-3] > 1, "outcome and permit are not stored together: nothing is tested here"
    assert slow.got == ["de1", "de1"]
    assert centre.counts()["DeliveryPermitted"] == 2
    assert centre.counts()["DeliveryAccepted"] == 1
