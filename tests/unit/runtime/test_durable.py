"""Durable before visible: while an append is held up, nothing leaves the workspace that rests on it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Any

import anyio
import pytest
from anyio import from_thread, to_thread
from tests.contact_centre import Centre, SteeredJournal, message, turns

from orchestra.errors import CommandRefused
from orchestra.model import events as e
from orchestra.model.commands import AcceptOffer, DefineAgent, WriteReply
from orchestra.runtime.workspace import Workspace
from orchestra.testing.clock import START, VirtualClock

Ask = Callable[[Centre, Workspace], Awaitable[Any]]


async def result(centre: Centre, workspace: Workspace) -> Any:
    return await workspace.receive(message("other", sender="jim"))


async def duplicate(centre: Centre, workspace: Workspace) -> Any:
    received = await workspace.receive(message("first"))
    assert received.duplicate
    return received


async def refusal(centre: Centre, workspace: Workspace) -> Any:
    with pytest.raises(CommandRefused):
        await workspace.execute(AcceptOffer("of99", "ana", 1))
    return "refused"


async def read_case(centre: Centre, workspace: Workspace) -> Any:
    return await workspace.case("ca2")


async def read_interaction(centre: Centre, workspace: Workspace) -> Any:
    return await workspace.interaction("in2")


async def reason_of_waiting(centre: Centre, workspace: Workspace) -> Any:
    return await workspace.why_waiting("in2") or "does not wait"


async def place(centre: Centre, workspace: Workspace) -> Any:
    async with aclosing(workspace.signals("in2")) as signals:
        return await anext(signals)


async def event(centre: Centre, workspace: Workspace) -> Any:
    async with aclosing(workspace.events(after=workspace.health().position)) as entries:
        return await anext(entries)


async def timeline(centre: Centre, workspace: Workspace) -> Any:
    # What is not in the journal is not in a history either: the question is asked anew until it is.
    async with aclosing(workspace.events(after=workspace.health().position)) as entries:
        await anext(entries)
    return await workspace.timeline("cu2")


async def webhook(centre: Centre, workspace: Workspace) -> Any:
    request = centre.provider.customer_writes("Hello", at=START)
    return await workspace.webhook("r-41f6", request)


ASKED = [
    result,
    duplicate,
    refusal,
    read_case,
    read_interaction,
    reason_of_waiting,
    place,
    event,
    timeline,
    webhook,
]


@pytest.mark.parametrize("ask", ASKED, ids=lambda ask: ask.__name__)
async def test_nothing_leaves_before_it_is_durable(ask: Ask) -> None:
    journal = SteeredJournal()
    centre = Centre(journal, VirtualClock())
    left: list[Any] = []

    async def asking(workspace: Workspace) -> None:
        left.append(await ask(centre, workspace))

    async with centre.open() as workspace:
        await workspace.receive(message("before"))
        journal.hold()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(workspace.receive, message("first", sender="ann"))
            await journal.held()
            tasks.start_soon(asking, workspace)
            await turns()
            assert left == []
            journal.let_pass()
        assert len(left) == 1
        assert left[0]


async def test_no_offer_is_shown_before_it_is_durable() -> None:
    journal = SteeredJournal()
    centre = Centre(journal)
    shown: list[str] = []
    async with centre.open() as workspace:
        ana = await workspace.sign_in("ana")

        async def wait_for_offer() -> None:
            shown.append((await ana.next_offer()).interaction)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(wait_for_offer)
            await turns()
            journal.hold()
            tasks.start_soon(workspace.receive, message(1))
            await journal.held()
            assert shown == []
            journal.let_pass()
    assert shown == ["in1"]


async def test_nothing_is_sent_before_it_is_durable() -> None:
    journal = SteeredJournal()
    centre = Centre(journal, VirtualClock())
    async with centre.open() as workspace:
        ana = await workspace.sign_in("ana")
        await workspace.receive(message(1))
        await (await ana.next_offer()).accept()
        journal.hold()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(workspace.execute, WriteReply("in1", "ana", text="Hello back"))
            await journal.held()
            assert centre.provider.attempts == []  # not even the permit is durable
            journal.let_pass()
        await workspace.settle()
        assert len(centre.provider.delivered) == 1


async def test_a_sending_starts_only_when_its_start_is_durable() -> None:
    journal = SteeredJournal()
    centre = Centre(journal, VirtualClock())
    async with centre.open() as workspace:
        ana = await workspace.sign_in("ana")
        await workspace.receive(message(1))
        contact = await (await ana.next_offer()).accept()
        stored = len(journal.groups)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(contact.reply, "Hello back")
            while len(journal.groups) == stored:
                await anyio.lowlevel.checkpoint()
            journal.hold()  # the permit is durable, the start is not
            await journal.held()
            assert centre.provider.attempts == []
            journal.let_pass()
        await workspace.settle()
    assert centre.counts()["DeliveryStarted"] == len(centre.provider.attempts) == 1


async def test_the_state_hash_may_run_ahead_but_health_tells() -> None:
    journal = SteeredJournal()
    centre = Centre(journal)
    async with centre.open() as workspace:
        journal.hold()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(workspace.receive, message(1))
            await journal.held()
            health = workspace.health()
            assert health.position == journal.position()
            assert health.pending_events > 0
            journal.let_pass()
        assert workspace.health().pending_events == 0


async def test_many_callers_share_appends() -> None:
    journal = SteeredJournal()
    centre = Centre(journal)
    callers, each = 64, 4
    async with centre.open() as workspace:
        before = len(journal.groups)

        async def write(number: int) -> None:
            for turn in range(each):
                await workspace.receive(message(f"{number}-{turn}", sender=f"joe-{number}"))

        async with anyio.create_task_group() as tasks:
            for number in range(callers):
                tasks.start_soon(write, number)
        groups = journal.groups[before:]
        assert len(groups) < callers * each / 4
        assert max(groups) >= callers / 2
        assert centre.counts()["MessageReceived"] == callers * each


async def test_callers_wait_while_too_much_is_not_yet_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestra.runtime.owner._MOST_PENDING", 100)
    journal = SteeredJournal()
    centre = Centre(journal)
    async with centre.open() as workspace:
        journal.hold()
        async with anyio.create_task_group() as tasks:
            for number in range(200):
                tasks.start_soon(workspace.receive, message(number, sender=f"joe-{number}"))
            await journal.held()
            assert 100 < workspace.health().pending_events < 150
            journal.let_pass()
        assert workspace.health().pending_events == 0
        assert centre.counts()["MessageReceived"] == 200


async def test_what_was_refused_counts_as_nothing_pending() -> None:
    centre = Centre()
    async with centre.open() as workspace:
        await refusal(centre, workspace)
        await turns()
        assert workspace.health().oldest_pending.total_seconds() == 0


async def test_leaving_the_block_stores_what_was_decided() -> None:
    journal = SteeredJournal()
    centre = Centre(journal)
    async with centre.open() as workspace:
        journal.hold()
        with anyio.move_on_after(0.01):  # a caller who gives up
            await workspace.receive(message(1))
        await journal.held()
        with anyio.move_on_after(0.01):
            await workspace.execute(DefineAgent("zoe", ["care"]))
        journal.let_pass()
    assert centre.counts()["MessageReceived"] == 1
    assert [agent.agent for agent in centre.events(e.AgentDefined)] == ["ana", "ben", "zoe"]


async def test_cancelling_the_block_stores_what_was_decided() -> None:
    journal = SteeredJournal()
    centre = Centre(journal)
    is_busy = anyio.Event()

    async def run() -> None:
        async with centre.open() as workspace:
            journal.hold()
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(workspace.receive, message(1))
                await journal.held()
                tasks.start_soon(workspace.receive, message(2))
                await turns()
                is_busy.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run)
        await is_busy.wait()
        tasks.cancel_scope.cancel()
        journal.let_pass()
    assert centre.counts()["MessageReceived"] == 2
    async with centre.open() as workspace:
        assert (await workspace.receive(message(2))).duplicate


async def test_threads_of_the_application_cannot_stop_the_journal() -> None:
    centre = Centre()
    limiter = to_thread.current_default_thread_limiter()
    count = int(limiter.total_tokens)
    together = anyio.Event()
    arrived = 0

    async def receive(workspace: Workspace, number: int) -> None:
        nonlocal arrived
        arrived += 1
        if arrived == count:
            together.set()
        await together.wait()  # now every common thread is taken
        await workspace.receive(message(number, sender=f"joe-{number}"))

    async with centre.open() as workspace, anyio.create_task_group() as tasks:
        for number in range(count):
            tasks.start_soon(to_thread.run_sync, from_thread.run, receive, workspace, number)
    assert centre.counts()["MessageReceived"] == count
