"""Signals: the newest of each kind, while it matters, and never in the journal."""

from __future__ import annotations

from contextlib import aclosing
from datetime import timedelta
from itertools import pairwise

import anyio
import attrs
import pytest
from tests.contact_centre import Centre, message, turns

from orchestra.model import commands as c
from orchestra.runtime.signals import PlaceSignal, Signal, TypingSignal
from orchestra.runtime.workspace import Workspace
from orchestra.testing.clock import VirtualClock

AT_ONCE = timedelta()


@pytest.fixture
def centre() -> Centre:
    return Centre(clock=VirtualClock())


async def heard(workspace: Workspace, interaction: str, into: list[Signal]) -> None:
    """Listen to the end."""
    async for signal in workspace.signals(interaction, every=AT_ONCE):
        into.append(signal)  # noqa: PERF401


async def test_a_place_rises_and_ends_with_the_waiting(centre: Centre) -> None:
    signals: list[Signal] = []
    async with centre.open() as workspace:
        for number in range(3):
            await workspace.receive(message(number, sender=f"joe-{number}"))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(heard, workspace, "in3", signals)
            await turns()
            ana = await workspace.sign_in("ana")
            for _ in range(3):
                await (await ana.next_offer()).accept()
                await turns()
    assert signals[0] == PlaceSignal("in3", 2, None)
    assert signals[-1] == PlaceSignal("in3", None, None)
    positions = [signal.position for signal in signals if isinstance(signal, PlaceSignal)]
    assert positions == sorted(positions, key=lambda place: (place is None, -(place or 0)))
    assert len(signals) == len(set(signals))


async def test_an_estimated_wait_comes_with_experience(centre: Centre) -> None:
    clock = VirtualClock()
    centre.clock = clock
    async with centre.open() as workspace:
        clock.attach(workspace)
        ana = await workspace.sign_in("ana")
        for number in range(8):
            await workspace.receive(message(number, sender=f"joe-{number}"))
        for _ in range(3):
            contact = await (await ana.next_offer()).accept()
            await clock.advance(seconds=20)
            await contact.finish("resolved")
        async with aclosing(workspace.signals("in8")) as signals:
            signal = await anext(signals)
        assert isinstance(signal, PlaceSignal)
        assert signal.estimated_wait is not None
        assert timedelta(seconds=1) <= signal.estimated_wait <= timedelta(minutes=5)


async def test_typing_is_heard_once_per_look(centre: Centre) -> None:
    signals: list[Signal] = []
    async with centre.open() as workspace:
        await workspace.receive(message(1))
        before = centre.journal.position()
        workspace.typing("in1", "nobody listens")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(heard, workspace, "in1", signals)
            await turns()
            for _ in range(3):
                workspace.typing("in1", "customer")
            await turns()
            workspace.typing("in1", "ana")
            await turns()
            tasks.cancel_scope.cancel()
        assert centre.journal.position() == before
        assert workspace._signals._typing == {}
    assert signals[1:] == [TypingSignal("in1", "customer"), TypingSignal("in1", "ana")]


async def test_several_may_listen(centre: Centre) -> None:
    first: list[Signal] = []
    second: list[Signal] = []
    async with centre.open() as workspace:
        await workspace.receive(message(1))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(heard, workspace, "in1", first)
            tasks.start_soon(heard, workspace, "in1", second)
            await turns()
            ana = await workspace.sign_in("ana")
            await (await ana.next_offer()).accept()
    assert first[-1] == second[-1] == PlaceSignal("in1", None, None)


async def test_what_does_not_wait_says_so_and_ends(centre: Centre) -> None:
    signals: list[Signal] = []
    async with centre.open() as workspace:
        await heard(workspace, "in99", signals)
    assert signals == [PlaceSignal("in99", None, None)]


async def test_they_end_with_the_workspace(centre: Centre) -> None:
    signals: list[Signal] = []
    with anyio.fail_after(30):
        async with anyio.create_task_group() as tasks, centre.open() as workspace:
            await workspace.receive(message(1))
            tasks.start_soon(heard, workspace, "in1", signals)
            await turns()
    assert signals == [PlaceSignal("in1", 0, None)]


async def test_a_place_is_told_no_more_often_than_its_queue_announces(centre: Centre) -> None:
    clock = VirtualClock()
    centre.clock = clock
    signals: list[Signal] = []
    plan = centre.plan
    slow = attrs.evolve(plan.queues["care"], announce_every=timedelta(seconds=30))
    centre.plan = attrs.evolve(plan, queues={"care": slow})
    async with centre.open() as workspace:
        clock.attach(workspace)
        for number in range(4):
            await workspace.receive(message(number, sender=f"joe-{number}"))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(heard, workspace, "in4", signals)
            await turns()
            for name in ("in1", "in2"):
                await workspace.execute(c.LeaveContact(name))
                await turns()
            assert [one.position for one in signals if isinstance(one, PlaceSignal)] == [3]
            await clock.advance(seconds=29)
            await turns()
            assert len(signals) == 1
            await clock.advance(seconds=1)
            await turns()
            assert [one.position for one in signals if isinstance(one, PlaceSignal)] == [3, 1], "the newest alone"
            await workspace.execute(c.LeaveContact("in4"))
            await turns()
    assert signals[-1] == PlaceSignal("in4", None, None), "which is told at once"


async def test_position_and_wait_are_pushed_and_never_more_often_than_the_queue_announces(centre: Centre) -> None:
    """Whoever waits is told without asking: the newest place and wait, however often both change meanwhile."""
    every = timedelta(seconds=10)
    clock = VirtualClock()
    centre.clock = clock
    centre.plan = attrs.evolve(
        centre.plan, queues={"care": attrs.evolve(centre.plan.queues["care"], announce_every=every)}
    )
    told: list[tuple[int, PlaceSignal]] = []

    async def listen(workspace: Workspace, interaction: str) -> None:
        async for signal in workspace.signals(interaction, every=timedelta()):
            assert isinstance(signal, PlaceSignal)
            told.append((clock.now_us(), signal))

    async with centre.open() as workspace:
        clock.attach(workspace)
        ana = await workspace.sign_in("ana")
        for number in range(1, 31):
            await workspace.receive(message(number, sender=f"p{number}"))
        for _ in range(4):  # ana has four at once; what is over tells how long others wait
            contact = await (await ana.next_offer()).accept()
            await clock.advance(seconds=20)
            await contact.finish("resolved")
        stored = centre.journal.position()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(listen, workspace, "in30")
            await turns()
            assert (len(told), centre.journal.position()) == (1, stored), "the first is told at once, and kept nowhere"
            for number in range(10, 29):  # one a second gives up before it
                await clock.advance(seconds=1)
                await workspace.execute(c.LeaveContact(f"in{number}"))
                await turns()
            await clock.advance(seconds=10)
            await workspace.execute(c.LeaveContact("in30"))
            await turns()
    *places, (_, over) = told
    assert over == PlaceSignal("in30", None, None)
    instants = [at_us for at_us, _ in places]
    gaps = [after - before for before, after in pairwise(instants)]
    assert len(places) == 3, "of 19 changes within 19 seconds"
    assert gaps == [10 * 1_000_000, 10 * 1_000_000], "as soon as may be, and no sooner"
    positions = [one.position for _, one in places]
    assert positions == sorted(positions, key=lambda position: -(position or 0))
    assert [(one.estimated_wait or timedelta()) > timedelta() for _, one in places] == [True] * 3
    assert len({one.estimated_wait for _, one in places}) == 3, "the wait falls with the place"


async def test_all_typing_is_told_to_who_listens_to_all(centre: Centre) -> None:
    told: list[TypingSignal] = []

    async def listen(workspace: Workspace) -> None:
        async for signal in workspace.typings(every=AT_ONCE):
            told.append(signal)  # noqa: PERF401

    async with centre.open() as workspace, anyio.create_task_group() as tasks:
        tasks.start_soon(listen, workspace)
        await turns()
        workspace.typing("in1", "ana")
        workspace.typing("in1", "ana")
        workspace.typing("in2", "customer")
        await turns()
        workspace.typing("in1", "ana")
        await turns()
        assert told == [TypingSignal("in1", "ana"), TypingSignal("in2", "customer"), TypingSignal("in1", "ana")]
        tasks.cancel_scope.cancel()
    workspace.typing("in1", "ana")  # nobody listens any more
    assert len(told) == 3


async def test_typing_that_goes_on_is_told_again_after_a_while(centre: Centre) -> None:
    clock = VirtualClock()
    centre.clock = clock
    async with centre.open() as workspace, aclosing(workspace.typings(every=timedelta(seconds=5))) as typings:
        told: list[TypingSignal] = []

        async def listen() -> None:
            async for signal in typings:
                told.append(signal)  # noqa: PERF401

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(listen)
            await turns()
            for seconds in (0, 1, 3, 1):  # the last one is five seconds after the first
                await clock.advance(seconds=seconds)
                workspace.typing("in1", "customer")
                if seconds == 3:
                    workspace.typing("in1", "ana")
                await turns()
            tasks.cancel_scope.cancel()
        assert [signal.who for signal in told] == ["customer", "ana", "customer"]


async def test_listening_to_all_ends_with_the_workspace(centre: Centre) -> None:
    ended = anyio.Event()

    async def listen(workspace: Workspace) -> None:
        async for _ in workspace.typings():
            pass
        ended.set()

    async with anyio.create_task_group() as tasks:
        async with centre.open() as workspace:
            tasks.start_soon(listen, workspace)
            await turns()
        with anyio.fail_after(8):
            await ended.wait()
