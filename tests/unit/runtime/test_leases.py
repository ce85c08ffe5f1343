"""Device leases: silence is loss, a heartbeat is return, and a restart gives everybody one grace."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from tests.contact_centre import Centre, SteeredJournal, message, turns

from orchestra.engine.engine import Engine
from orchestra.errors import JournalUnavailable, UnknownId
from orchestra.model import events as e
from orchestra.model.commands import (
    Command,
    DefineAgent,
    LoseDevice,
    RemoveAgent,
    ReturnDevice,
    SignIn,
    SignOut,
)
from orchestra.model.plan import Plan
from orchestra.runtime.workspace import Workspace
from orchestra.testing.clock import VirtualClock
from orchestra.testing.faults import JournalFault

PLAN = Plan.parse("""
workspace.default_queue = "care"
teams.care = {}
queues.care.team = "care"
channels.chat.live = true
agents.ana.teams = ["care"]
agents.ben.teams = ["care"]
presence = { device_lease = "30s", grace = "60s" }
""")


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def centre(clock: VirtualClock) -> Centre:
    return Centre(SteeredJournal(), clock, PLAN)


def lost(centre: Centre) -> list[tuple[str, str]]:
    return [(event.agent, event.device) for event in centre.events(e.DeviceLost)]


async def test_a_silent_device_is_lost_after_its_lease(centre: Centre, clock: VirtualClock) -> None:
    async with centre.open() as workspace:
        clock.attach(workspace)
        await workspace.sign_in("ana", "phone", heartbeats=True)
        await clock.advance(seconds=30)
        assert lost(centre) == []
        await clock.advance(seconds=1)
        assert lost(centre) == [("ana", "phone")]
        await clock.advance(days=1)
        assert lost(centre) == [("ana", "phone")]
        assert [event.agent for event in centre.events(e.AgentLost)] == ["ana"]


async def test_heartbeats_keep_it(centre: Centre, clock: VirtualClock) -> None:
    async with centre.open() as workspace:
        clock.attach(workspace)
        await workspace.sign_in("ana", "phone", heartbeats=True)
        for _ in range(20):
            await clock.advance(seconds=25)
            await workspace.heartbeat("ana", "phone")
        assert lost(centre) == []


async def test_a_lost_device_returns_with_its_next_heartbeat(centre: Centre, clock: VirtualClock) -> None:
    async with centre.open() as workspace:
        clock.attach(workspace)
        await workspace.sign_in("ana", "phone", heartbeats=True)
        await clock.advance(seconds=40)
        await workspace.heartbeat("ana", "phone")
        await clock.advance(seconds=29)
        assert centre.counts()["DeviceReturned"] == 1
        assert centre.counts()["AgentLost"] == 0
        await clock.advance(seconds=5)
        assert len(lost(centre)) == 2


async def test_a_device_returned_by_command_has_a_new_lease(centre: Centre, clock: VirtualClock) -> None:
    async with centre.open() as workspace:
        clock.attach(workspace)
        await workspace.sign_in("ana", "phone", heartbeats=True)
        await clock.advance(seconds=40)
        await workspace.execute(ReturnDevice("ana", "phone"))
        await clock.advance(seconds=29)
        assert len(lost(centre)) == 1


async def test_a_device_that_this_process_works_is_never_lost(centre: Centre, clock: VirtualClock) -> None:
    async with centre.open() as workspace:
        clock.attach(workspace)
        await workspace.sign_in("ana")
        await clock.advance(days=2)
        assert lost(centre) == []


async def test_one_signed_in_by_command_must_be_heard_of(centre: Centre, clock: VirtualClock) -> None:
    async with centre.open() as workspace:
        clock.attach(workspace)
        await workspace.execute(SignIn("ben", "tablet"))
        await clock.advance(seconds=31)
        assert lost(centre) == [("ben", "tablet")]


async def test_several_devices_are_lost_each_at_its_time(centre: Centre, clock: VirtualClock) -> None:
    async with centre.open() as workspace:
        clock.attach(workspace)
        await workspace.sign_in("ana", "phone", heartbeats=True)
        await clock.advance(seconds=10)
        await workspace.sign_in("ana", "desk", heartbeats=True)
        await workspace.sign_in("ben", "desk", heartbeats=True)
        await clock.advance(minutes=1)
        assert lost(centre)[0] == ("ana", "phone")
        assert sorted(lost(centre)[1:]) == [("ana", "desk"), ("ben", "desk")]


async def test_who_signed_out_is_not_watched(centre: Centre, clock: VirtualClock) -> None:
    async with centre.open() as workspace:
        clock.attach(workspace)
        await workspace.sign_in("ana", "phone", heartbeats=True)
        await workspace.execute(SignOut("ana"))
        await clock.advance(hours=1)
        assert lost(centre) == []


async def test_after_a_restart_every_device_has_one_grace(centre: Centre, clock: VirtualClock) -> None:
    async with centre.open() as workspace:
        clock.attach(workspace)
        await workspace.sign_in("ana", "phone", heartbeats=True)
        await workspace.sign_in("ben")  # worked by a process that is then gone
        await clock.advance(seconds=29)
    await clock.advance(hours=2)  # nobody owns the workspace meanwhile
    async with centre.open() as workspace:
        clock.attach(workspace)
        await clock.advance(seconds=29)
        assert lost(centre) == []
        await workspace.heartbeat("ana", "phone")
        await clock.advance(seconds=2)
        assert lost(centre) == [("ben", "main")]


async def test_a_device_no_longer_worked_here_must_be_heard_of(centre: Centre, clock: VirtualClock) -> None:
    async with centre.open() as workspace:
        clock.attach(workspace)
        await workspace.sign_in("ana")
        await clock.advance(hours=1)
        await workspace.sign_in("ana", heartbeats=True)
        await clock.advance(seconds=30)
        assert lost(centre) == []
        await clock.advance(seconds=1)
        assert lost(centre) == [("ana", "main")]


@pytest.mark.parametrize("gone", [SignOut("ana"), RemoveAgent("ana"), None], ids=["signed out", "removed", "lost"])
async def test_who_left_and_comes_back_elsewhere_is_watched(
    centre: Centre, clock: VirtualClock, gone: Command | None
) -> None:
    async with centre.open() as workspace:
        clock.attach(workspace)
        await workspace.sign_in("ana")
        if gone is None:
            await workspace.execute(LoseDevice("ana", "main"))  # somebody says so
            await clock.advance(minutes=2)
        else:
            await workspace.execute(gone)
        await workspace.execute(DefineAgent("ana", ["care"]))
        before = len(lost(centre))
        await workspace.execute(SignIn("ana", "main"))  # by another process, which dies at once
        await clock.advance(seconds=31)
        assert lost(centre)[before:] == [("ana", "main")]


async def test_signing_out_while_a_loss_waits_for_its_turn(
    centre: Centre, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The report comes too late, for a device that is no more: nothing to do, and nothing to die of."""
    monkeypatch.setattr("orchestra.runtime.owner._MOST_PENDING", 2)
    assert isinstance(centre.journal, SteeredJournal)
    async with centre.open() as workspace:
        await workspace.sign_in("ana", "phone", heartbeats=True)
        centre.journal.hold()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(workspace.receive, message(1))
            await centre.journal.held()
            tasks.start_soon(workspace.execute, SignOut("ana"))
            await turns()
            await clock.advance(seconds=31)
            await turns()
            centre.journal.let_pass()
        await workspace.receive(message(2))
        await turns()
        assert workspace.health().position == centre.journal.position()
        assert [event.agent for event in centre.events(e.AgentSignedOut)] == ["ana"]


async def test_a_silent_device_is_found_after_a_sign_out_was_lost(centre: Centre, clock: VirtualClock) -> None:
    """Its lease runs out while it seems to be gone; then the sign-out turns out not to be stored."""
    assert isinstance(centre.journal, SteeredJournal)
    async with centre.open() as workspace:
        await workspace.sign_in("ana", "phone", heartbeats=True)
        await turns()
        centre.journal.hold()
        centre.journal.fail(JournalFault.REFUSE)

        async def sign_out() -> None:
            with pytest.raises(JournalUnavailable):
                await workspace.execute(SignOut("ana"))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(sign_out)
            await centre.journal.held()
            await clock.advance(seconds=31)
            await turns()
            centre.journal.let_pass()
        with anyio.fail_after(8):
            while not lost(centre):
                await anyio.lowlevel.checkpoint()
        assert lost(centre) == [("ana", "phone")]


async def test_a_loss_that_breaks_the_engine_keeps_no_other_from_being_found(
    centre: Centre, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = Engine.execute
    faults: list[str] = []

    def execute(self: Engine, command: Command, at_us: int, *absent: Any) -> Any:
        if isinstance(command, LoseDevice) and command.device == "phone":
            faults.append(command.device)
            raise KeyError(command.device)
        return original(self, command, at_us, *absent)

    monkeypatch.setattr(Engine, "execute", execute)
    async with centre.open() as workspace:
        clock.attach(workspace)
        await workspace.sign_in("ana", "phone", heartbeats=True)
        await clock.advance(seconds=1)
        await workspace.sign_in("ben", "desk", heartbeats=True)
        await clock.advance(seconds=40)
        assert lost(centre) == [("ben", "desk")]
        assert len(faults) == 1
        await clock.advance(seconds=31)
        assert len(faults) == 2


async def test_a_heartbeat_of_nobody_does_nothing(centre: Centre, clock: VirtualClock) -> None:
    async with centre.open() as workspace:
        clock.attach(workspace)
        await workspace.heartbeat("zoe", "phone")
        with pytest.raises(UnknownId):
            await workspace.heartbeat("ana", "phone")  # not signed in there
        await clock.advance(hours=1)
        assert lost(centre) == []


async def test_a_loss_that_cannot_be_stored_is_reported_later(
    centre: Centre, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestra.runtime.leases._PAUSE_S", 0.001)
    assert isinstance(centre.journal, SteeredJournal)
    async with centre.open() as workspace:
        clock.attach(workspace)
        await workspace.sign_in("ana", "phone", heartbeats=True)
        centre.journal.fail(JournalFault.REFUSE, JournalFault.LOSE)
        await clock.advance(seconds=31)
        assert lost(centre) == [("ana", "phone")]


async def test_a_shorter_lease_in_a_new_plan_holds_at_once(centre: Centre, clock: VirtualClock) -> None:
    async with centre.open() as workspace:
        clock.attach(workspace)
        await workspace.sign_in("ana", "phone", heartbeats=True)
        assert workspace.due_us() is not None
    shorter = Plan.parse("""
        workspace.default_queue = "care"
        teams.care = {}
        queues.care.team = "care"
        channels.chat.live = true
        agents.ana.teams = ["care"]
        presence.device_lease = "5s"
    """)
    async with Workspace.open(shorter, centre.journal, clock=clock) as workspace:
        clock.attach(workspace)
        await clock.advance(seconds=6)
        assert lost(centre) == [("ana", "phone")]


async def test_the_lost_agent_s_contact_goes_back_to_the_queue(centre: Centre, clock: VirtualClock) -> None:
    async with centre.open() as workspace:
        clock.attach(workspace)
        session = await workspace.sign_in("ana", "phone", heartbeats=True)
        await workspace.receive(message(1))
        await (await session.next_offer()).accept()
        await clock.advance(minutes=2)
        assert (await workspace.interaction("in1")).state == "QUEUED"


async def test_closing_ends_the_watch(centre: Centre) -> None:
    async with centre.open() as workspace:
        await workspace.sign_in("ana", "phone", heartbeats=True)
    with pytest.raises(JournalUnavailable):
        await workspace.execute(SignOut("ana"))
