"""The one path after any failure: everybody who waits is told, the engine is loaded anew, and work goes on."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any

import anyio
import pytest
from tests.contact_centre import PLAN, Centre, SteeredJournal, answered, message, turns

from orchestra.engine.engine import Engine
from orchestra.engine.section import Steps
from orchestra.errors import (
    InvalidCommand,
    JournalCorrupt,
    JournalUnavailable,
    LeaseLost,
    MalformedMessage,
    Quarantined,
    VersionConflict,
    WorkspaceInUse,
)
from orchestra.model import events as e
from orchestra.model.commands import Command, ReceiveMessage, SignIn, WriteReply
from orchestra.runtime import owner
from orchestra.runtime.workspace import Workspace
from orchestra.testing.clock import START, VirtualClock
from orchestra.testing.faults import JournalFault


async def told(workspace: Workspace, journal: SteeredJournal, *faults: JournalFault | Exception) -> list[Exception]:
    """What three callers are told when the append of the first fails: the others came while it was under way."""
    errors: list[Exception] = []

    async def receive(number: int) -> None:
        try:
            await workspace.receive(message(number))
        except JournalUnavailable as error:
            errors.append(error)

    journal.hold()
    journal.fail(*faults)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(receive, 1)
        await journal.held()
        tasks.start_soon(receive, 2)
        tasks.start_soon(receive, 3)
        await turns()
        journal.let_pass()
    return errors


@pytest.mark.parametrize(
    ("fault", "is_unknown", "stored"),
    [
        (JournalFault.REFUSE, False, 0),
        (JournalFault.LOSE, True, 0),
        (JournalFault.OBSCURE, True, 1),
        (VersionConflict(3, 4), False, 0),
        (MalformedMessage("records", "as planned"), False, 0),
    ],
    ids=["refused", "lost", "obscured", "conflict", "malformed"],
)
async def test_every_waiter_is_told_and_work_goes_on(
    fault: JournalFault | Exception, is_unknown: bool, stored: int
) -> None:
    journal = SteeredJournal()
    centre = Centre(journal)
    async with centre.open() as workspace:
        errors = await told(workspace, journal, fault)
        assert len(errors) == 3
        assert [error.outcome_unknown for error in errors if isinstance(error, JournalUnavailable)] == [is_unknown] * 3
        assert centre.counts()["MessageReceived"] == stored
        with anyio.fail_after(8):
            again = [await workspace.receive(message(number)) for number in (1, 2, 3)]
        assert [received.duplicate for received in again] == [bool(stored), False, False]
        assert centre.counts()["MessageReceived"] == 3
        live = workspace.state_hash()
    async with centre.open() as workspace:
        assert workspace.state_hash() == live


async def test_a_retried_message_is_a_duplicate_only_once_it_is_durable() -> None:
    """Its first copy's append failed: the retry must be taken, not told `duplicate`."""
    journal = SteeredJournal()
    centre = Centre(journal, VirtualClock())
    request = centre.provider.customer_writes("Hello", at=START)
    async with centre.open() as workspace:
        statuses: list[int] = []

        async def deliver() -> None:
            statuses.append((await workspace.webhook("r-41f6", request)).status)

        journal.hold()
        journal.fail(JournalFault.LOSE)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(deliver)
            await journal.held()
            tasks.start_soon(deliver)  # the provider is impatient
            await turns()
            assert statuses == []
            journal.let_pass()
        assert statuses == [503, 503]
        assert centre.counts()["MessageReceived"] == 0
        await deliver()
        await deliver()
        assert statuses[2:] == [200, 200]
        assert centre.counts()["MessageReceived"] == 1


async def test_what_was_stored_unknown_to_us_is_told_after_the_reload() -> None:
    journal = SteeredJournal()
    centre = Centre(journal)
    seen: list[int] = []
    async with centre.open() as workspace:

        async def follow() -> None:
            async for entry in workspace.events():
                seen.append(entry.position)  # noqa: PERF401

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(follow)
            await turns()
            journal.fail(JournalFault.OBSCURE)
            with pytest.raises(JournalUnavailable):
                await workspace.receive(message(1))
            await workspace.receive(message(2))
            await turns()
            tasks.cancel_scope.cancel()
        assert seen == list(range(1, journal.position() + 1))


async def test_a_permit_stored_unknown_to_us_is_used() -> None:
    journal = SteeredJournal()
    centre = Centre(journal, VirtualClock())
    async with centre.open() as workspace:
        ana = await workspace.sign_in("ana")
        await workspace.receive(message(1))
        await (await ana.next_offer()).accept()
        journal.fail(JournalFault.OBSCURE)
        with pytest.raises(JournalUnavailable):
            await workspace.execute(WriteReply("in1", "ana", text="Hello back"))
        await workspace.receive(message(2))
        await workspace.settle()
        assert [delivered.text for delivered in centre.provider.delivered] == ["Hello back"]


@pytest.mark.parametrize("fault", [JournalFault.REFUSE, JournalFault.LOSE, JournalFault.OBSCURE])
@pytest.mark.parametrize("which", ["start", "outcome"])
async def test_a_sending_survives_failing_appends(fault: JournalFault, which: str) -> None:
    """Neither is a message lost in between, nor sent twice, nor does its delivery stay open."""
    journal = SteeredJournal()
    centre = Centre(journal, VirtualClock())

    faults = [fault]
    original = journal.append

    def append(after: int, batches: Any, lease: Any) -> int:
        names = {record.type for batch in batches for record in batch.records}
        if faults and ("DeliveryStarted" if which == "start" else "DeliveryAccepted") in names:
            journal.fail(faults.pop())
        return original(after, batches, lease)

    journal.append = append  # type: ignore[method-assign]
    async with centre.open() as workspace:
        await answered(workspace)
        await workspace.settle()
        assert faults == []
        assert len(centre.provider.attempts) == 1
        assert centre.counts()["DeliveryStarted"] == 1
        assert centre.counts()["DeliveryAccepted"] == 1
        assert workspace.health().deliveries_unsent == 0


def failing_at(journal: SteeredJournal, kind: str, *faults: JournalFault) -> list[JournalFault]:
    """Let the next appends of events of that kind fail so, one each; gives what is still to come."""
    left, original = list(faults), journal.append

    def append(after: int, batches: Any, lease: Any) -> int:
        if left and any(record.type == kind for batch in batches for record in batch.records):
            journal.fail(left.pop(0))
        return original(after, batches, lease)

    journal.append = append  # type: ignore[method-assign]
    return left


@pytest.mark.parametrize("fault", [JournalFault.OBSCURE, JournalFault.LOSE])
async def test_an_agent_accepts_again_after_an_unknown_outcome(fault: JournalFault) -> None:
    journal = SteeredJournal()
    async with Centre(journal).open() as workspace:
        await workspace.receive(message(1))
        offer = await (await workspace.sign_in("ana")).next_offer()
        left = failing_at(journal, "OfferAccepted", fault)
        with pytest.raises(JournalUnavailable, match="unknown"):
            await offer.accept()
        assert left == []
        contact = await offer.accept()
        assert (contact.interaction, contact.agent, contact.case.number) == ("in1", "ana", "C-000001")
        await contact.reply("Hello back")


@pytest.mark.parametrize("fault", [JournalFault.OBSCURE, JournalFault.LOSE])
async def test_a_reply_with_an_unknown_outcome_reaches_the_customer_once(fault: JournalFault) -> None:
    journal = SteeredJournal()
    centre = Centre(journal, VirtualClock())
    async with centre.open() as workspace:
        contact = await answered(workspace, "Hello back")
        left = failing_at(journal, "MessageWritten", fault)
        written = await contact.reply("Your refund is on its way")
        assert left == []
        assert await contact.reply("Your refund is on its way") != written, "the same text may be meant twice"
        await workspace.settle()
    texts = ["Hello back", *["Your refund is on its way"] * 2]
    assert [delivered.text for delivered in centre.provider.delivered] == texts


async def test_a_reply_is_asked_for_again_by_its_key() -> None:
    """By another process too, which never saw the contact that the first had in hand."""
    journal = SteeredJournal()
    centre = Centre(journal, VirtualClock())
    async with centre.open() as workspace:
        contact = await answered(workspace)
        failing_at(journal, "MessageWritten", JournalFault.OBSCURE)
        command = WriteReply("in1", "ana", text="Your refund is on its way", key="form-81")
        with pytest.raises(JournalUnavailable, match="unknown"):
            await workspace.execute(command)
        written = await workspace.execute(command)
        assert await contact.reply("Your refund is on its way", key="form-81") == written
        with pytest.raises(InvalidCommand, match="another"):
            await contact.reply("It is not", key="form-81")
        await workspace.settle()
    assert [delivered.text for delivered in centre.provider.delivered] == ["Hello back", "Your refund is on its way"]


async def test_a_reply_that_nobody_knows_of_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when the last asking came to nothing for sure: the first may have come to something."""
    monkeypatch.setattr(owner, "_FIRST_REST_S", 0.0)  # this journal needs no time to recover
    journal = SteeredJournal()
    async with Centre(journal).open() as workspace:
        contact = await answered(workspace)
        left = failing_at(journal, "MessageWritten", *[JournalFault.LOSE] * 9)
        with pytest.raises(JournalUnavailable) as caught:
            await contact.reply("Your refund is on its way")
        assert caught.value.outcome_unknown
        assert left
        left[:] = [JournalFault.LOSE, JournalFault.REFUSE]
        with pytest.raises(JournalUnavailable) as caught:
            await contact.reply("Your refund is on its way")
        assert caught.value.outcome_unknown
        left[:] = [JournalFault.REFUSE]
        with pytest.raises(JournalUnavailable) as caught:
            await contact.reply("Your refund is on its way")
        assert not caught.value.outcome_unknown


async def test_while_the_journal_is_down_callers_are_told_at_once() -> None:
    journal = SteeredJournal()
    centre = Centre(journal)
    async with centre.open() as workspace:
        journal.reads_fail = True
        journal.fail(JournalFault.REFUSE)
        with pytest.raises(JournalUnavailable):
            await workspace.receive(message(1))
        with pytest.raises(JournalUnavailable, match="cannot be read"):  # after the first attempt to reload
            await workspace.receive(message(1))
        journal.reads_fail = False
        while True:
            try:
                received = await workspace.receive(message(1))
                break
            except JournalUnavailable:
                await turns()
        assert not received.duplicate


async def test_leaving_does_not_wait_for_a_journal_that_is_down() -> None:
    journal = SteeredJournal()
    centre = Centre(journal)
    with anyio.fail_after(20):
        async with centre.open() as workspace:
            journal.reads_fail = True
            journal.fail(JournalFault.REFUSE)
            with pytest.raises(JournalUnavailable):
                await workspace.receive(message(1))
    journal.reads_fail = False
    assert centre.counts()["MessageReceived"] == 0


async def test_callers_who_waited_for_room_go_on_after_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestra.runtime.owner._MOST_PENDING", 20)
    journal = SteeredJournal()
    centre = Centre(journal)
    outcomes: list[str] = []

    async def receive(number: int) -> None:
        try:
            await workspace.receive(message(number, sender=f"joe-{number}"))
            outcomes.append("taken")
        except JournalUnavailable:
            outcomes.append("failed")

    async with centre.open() as workspace:
        journal.hold()
        journal.fail(JournalFault.REFUSE)
        with anyio.fail_after(8):
            async with anyio.create_task_group() as tasks:
                for number in range(20):
                    tasks.start_soon(receive, number)
                await journal.held()
                journal.let_pass()
        assert set(outcomes) == {"taken", "failed"}
        assert centre.counts()["MessageReceived"] == outcomes.count("taken")


async def test_a_lost_lease_cancels_the_block() -> None:
    journal = SteeredJournal()
    centre = Centre(journal)
    was_cancelled = False
    with pytest.raises(LeaseLost) as caught:  # noqa: PT012
        async with centre.open() as workspace:
            journal.fail(LeaseLost(1, 2))
            with pytest.raises(JournalUnavailable):
                await workspace.receive(message(1))
            try:
                await anyio.sleep_forever()
            finally:
                was_cancelled = True
    assert was_cancelled
    assert (caught.value.epoch, caught.value.current) == (1, 2)


async def test_a_lease_lost_between_appends_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestra.runtime.owner.LEASE_TTL_US", 30_000)
    centre = Centre()
    with pytest.raises(LeaseLost):  # noqa: PT012
        async with centre.open():
            centre.journal.acquire("another", 1 << 60, 1_000_000)  # long after the lease has run out
            await anyio.sleep_forever()


async def test_a_lease_is_kept_through_short_outages(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("orchestra.runtime.owner.LEASE_TTL_US", 30_000)
    journal = SteeredJournal()
    calls: list[int] = []
    original = journal.renew

    def renew(*arguments: Any) -> Any:
        calls.append(1)
        if len(calls) == 1:
            raise JournalUnavailable("as planned")
        return original(*arguments)

    monkeypatch.setattr(journal, "renew", renew)
    async with Centre(journal).open() as workspace:
        with anyio.fail_after(30):
            while len(calls) < 3:
                await anyio.lowlevel.checkpoint()
        await workspace.receive(message(1))
    assert "lease not renewed" in caplog.text


async def test_a_damaged_journal_ends_the_workspace() -> None:
    journal = SteeredJournal()
    with pytest.raises(JournalCorrupt) as caught:  # noqa: PT012
        async with Centre(journal).open() as workspace:
            journal.fail(JournalCorrupt(7, "as planned"))
            original = journal.read
            journal.read = _damaged(7)  # type: ignore[method-assign]
            with pytest.raises(JournalUnavailable):
                await workspace.receive(message(1))
            await anyio.sleep_forever()
    journal.read = original  # type: ignore[method-assign]
    assert caught.value.position == 7


def _damaged(position: int) -> Callable[..., Any]:
    def read(*arguments: Any, **more: Any) -> Any:
        raise JournalCorrupt(position, "as planned")

    return read


# Faults of the engine


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Texts of messages that break the engine, after it has decided on a first event."""
    texts: set[str] = set()
    decide = Engine()._decide[ReceiveMessage]

    def break_down(view: Any, command: Command, at_us: int) -> Steps:
        assert isinstance(command, ReceiveMessage)
        steps = decide(view, command, at_us)
        yield next(steps)
        if command.text in texts:
            raise KeyError(command.text)
        return (yield from steps)

    original = Engine.__init__

    def init(self: Engine, *given: Any) -> None:
        original(self, *given)
        self._decide[ReceiveMessage] = break_down

    monkeypatch.setattr(Engine, "__init__", init)
    return texts


async def test_a_command_that_breaks_the_engine_is_set_aside(
    broken: set[str], caplog: pytest.LogCaptureFixture
) -> None:
    broken.add("poison")
    centre = Centre()
    async with centre.open() as workspace:
        await workspace.receive(message(1))
        before = workspace.state_hash()
        with pytest.raises(Quarantined) as caught:
            await workspace.receive(message(2, "poison", sender="jim"))
        assert (caught.value.command, caught.value.fault) == ("ReceiveMessage", "KeyError")
        assert workspace.state_hash() == before
        assert workspace.health().quarantined == 1
        received = await workspace.receive(message(3, sender="jim"))
        assert received.customer == "cu2"
        assert workspace.state_hash() != before
    assert [record.levelno for record in caplog.records if "engine fault" in record.message] == [logging.ERROR]
    assert "poison" not in caplog.text


async def test_what_others_decided_before_the_fault_is_stored(broken: set[str]) -> None:
    broken.add("poison")
    journal = SteeredJournal()
    centre = Centre(journal)
    outcomes: dict[int, str] = {}

    async def receive(number: int, text: str) -> None:
        try:
            await workspace.receive(message(number, text, sender=f"joe-{number}"))
            outcomes[number] = "taken"
        except Quarantined:
            outcomes[number] = "quarantined"

    async with centre.open() as workspace:
        journal.hold()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(receive, 1, "Hello")
            await journal.held()
            for number, text in ((2, "Hello"), (3, "poison"), (4, "Hello"), (5, "poison"), (6, "Hello")):
                tasks.start_soon(receive, number, text)
                await turns(3)
            journal.let_pass()
    assert outcomes == {1: "taken", 2: "taken", 3: "quarantined", 4: "taken", 5: "quarantined", 6: "taken"}
    assert centre.counts()["MessageReceived"] == 4


async def test_a_timer_that_breaks_the_engine_ends_the_workspace_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing can be decided before it rings; a workspace that stands still must not look alive."""
    clock = VirtualClock()
    centre = Centre(clock=clock)

    def tick(self: Engine, at_us: int, *, is_prompt: bool = False) -> Any:
        raise KeyError("planted")

    with pytest.raises(KeyError, match="planted"):  # noqa: PT012
        async with centre.open() as workspace:
            await answered(workspace)
            monkeypatch.setattr(Engine, "tick", tick)
            clock._now_us += 3600 * 1_000_000
            await workspace.settle()
            await anyio.sleep_forever()


async def test_a_timer_that_recovers_harms_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = VirtualClock()
    centre = Centre(clock=clock)
    original = Engine.tick
    calls: list[int] = []

    def tick(self: Engine, at_us: int, *, is_prompt: bool = False) -> Any:
        calls.append(at_us)
        if len(calls) < 3:
            raise KeyError("planted")
        return original(self, at_us, is_prompt=is_prompt)

    async with centre.open() as workspace:
        clock.attach(workspace)
        await workspace.sign_in("ana")
        await workspace.receive(message(1))
        monkeypatch.setattr(Engine, "tick", tick)
        await clock.advance(minutes=2)
        assert workspace.health().quarantined == 2
        assert centre.counts()["OfferEnded"] >= 1


async def test_what_cannot_be_stored_is_refused_before_it_is_decided() -> None:
    centre = Centre()
    async with centre.open() as workspace:
        await workspace.receive(message(1))
        for command in (
            WriteReply("in1", "ana", text="\ud800"),
            WriteReply("in1", "ana", text="\ud800", key="k1"),
            SignIn("ana", "\udfff"),
            ReceiveMessage("chat", "main", "m2", workspace.key.address(message(1).sender), skills={"\ud800": 1}),
        ):
            with pytest.raises(InvalidCommand):
                await workspace.execute(command)
        assert workspace.health().quarantined == 0


async def test_a_value_of_a_wrong_type_never_reaches_the_engine() -> None:
    centre = Centre()
    async with centre.open() as workspace:
        await workspace.sign_in("ana")
        with pytest.raises(InvalidCommand, match="device: must be text, not float"):
            await workspace.execute(SignIn("ana", 1.5))  # type: ignore[arg-type]
        assert workspace.health().quarantined == 0
        await workspace.receive(message(1))
        assert centre.counts()["MessageReceived"] == 1


# Opening and leaving


async def test_an_error_in_the_block_comes_out_as_it_was_raised() -> None:
    error = ValueError("mine")
    centre = Centre()
    with pytest.raises(ValueError, match="mine") as caught:  # noqa: PT012
        async with centre.open() as workspace:
            await workspace.receive(message(1))
            raise error
    assert caught.value is error
    async with centre.open() as workspace:
        assert (await workspace.receive(message(1))).duplicate


async def test_a_group_of_errors_in_the_block_stays_a_group() -> None:
    async def fail(error: Exception) -> None:
        raise error

    with pytest.raises(ExceptionGroup) as caught:  # noqa: PT012
        async with Centre().open(), anyio.create_task_group() as tasks:
            tasks.start_soon(fail, ValueError("one"))
            tasks.start_soon(fail, KeyError("two"))
    assert {type(error) for error in caught.value.exceptions} == {ValueError, KeyError}


async def test_a_second_owner_is_told_who_is_there() -> None:
    centre = Centre()
    async with centre.open():
        with pytest.raises(WorkspaceInUse) as caught:
            async with centre.open():
                pytest.fail("two owners")
    assert caught.value.holder
    async with centre.open():
        pass


async def test_a_standby_takes_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestra.runtime.tenure._STANDBY_S", 0.001)
    centre = Centre()
    took_over = anyio.Event()
    epochs: list[int] = []

    async def stand_by() -> None:
        async with centre.open(standby=True) as workspace:
            epochs.append(workspace.health().epoch)
            assert (await workspace.receive(message(1))).duplicate
            took_over.set()

    async with anyio.create_task_group() as tasks:
        async with centre.open() as workspace:
            epochs.append(workspace.health().epoch)
            tasks.start_soon(stand_by)
            await workspace.receive(message(1))
            await turns()
            assert not took_over.is_set()
        with anyio.fail_after(30):
            await took_over.wait()
    assert epochs == [1, 2]


async def test_a_lease_that_cannot_be_given_back_hides_nothing(caplog: pytest.LogCaptureFixture) -> None:
    journal = SteeredJournal()
    journal.release = _unavailable  # type: ignore[method-assign]
    with pytest.raises(ValueError, match="mine"):
        async with Centre(journal).open():
            raise ValueError("mine")
    assert "lease not given back" in caplog.text


def _unavailable(*_: Any) -> None:
    raise JournalUnavailable("as planned")


async def test_an_open_that_fails_leaves_the_lease_free() -> None:
    journal = SteeredJournal()
    centre = Centre(journal)
    journal.fail(JournalFault.REFUSE)
    with pytest.raises(JournalUnavailable):
        async with centre.open():
            pytest.fail("opened although nothing could be stored")
    async with centre.open() as workspace:
        assert workspace.health().epoch == 2


async def test_after_the_block_calls_are_refused() -> None:
    async with Centre().open() as workspace:
        ana = await workspace.sign_in("ana")
    with pytest.raises(JournalUnavailable, match="closed"):
        await workspace.receive(message(1))
    with pytest.raises(JournalUnavailable, match="closed"):
        await ana.next_offer()
    assert [entry.type async for entry in workspace.events()][-1] == "AgentSignedIn"


async def test_those_who_wait_when_the_block_is_left_are_told() -> None:
    told: list[str] = []

    async with anyio.create_task_group() as tasks, Centre().open() as workspace:
        ana = await workspace.sign_in("ana")

        async def wait_for_offer() -> None:
            with pytest.raises(JournalUnavailable):
                await ana.next_offer()
            told.append("offer")

        async def follow() -> None:
            async for entry in workspace.events(after=workspace.health().position):
                told.append(entry.type)  # noqa: PERF401
            told.append("feed")

        tasks.start_soon(wait_for_offer)
        tasks.start_soon(follow)
        await turns()
        assert told == []
    assert sorted(told) == ["feed", "offer"]


async def test_an_unchanged_plan_is_not_put_into_force_again() -> None:
    centre = Centre()
    for _ in range(3):
        async with centre.open():
            pass
    assert len(centre.events(e.PlanChanged)) == 1
    assert centre.events(e.PlanChanged)[0].plan == PLAN


async def test_whoever_cleans_up_after_a_cancellation_may_still_call() -> None:
    centre = Centre()
    is_cleaning = anyio.Event()

    async def run() -> None:
        async with centre.open() as workspace:
            try:
                await workspace.receive(message(1))
                is_cleaning.set()
                await anyio.sleep_forever()
            finally:
                with anyio.CancelScope(shield=True):
                    await turns()
                    await workspace.receive(message(2))

    with anyio.fail_after(30):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(run)
            await is_cleaning.wait()
            tasks.cancel_scope.cancel()
    assert centre.counts()["MessageReceived"] == 2


async def test_whoever_cleans_up_after_the_lease_was_lost_is_told() -> None:
    journal = SteeredJournal()
    told: list[str] = []

    async def clean_up(workspace: Workspace) -> None:
        with anyio.CancelScope(shield=True):
            await turns()
            for ask in (workspace.receive(message(2)), workspace.case("ca1")):
                with pytest.raises(JournalUnavailable):
                    await ask
                told.append("unavailable")

    with anyio.fail_after(30), pytest.raises(LeaseLost):  # noqa: PT012
        async with Centre(journal).open() as workspace:
            journal.fail(LeaseLost(1, 2))
            try:
                with pytest.raises(JournalUnavailable):
                    await workspace.receive(message(1))
                await anyio.sleep_forever()
            finally:
                await clean_up(workspace)
    assert told == ["unavailable", "unavailable"]


async def test_a_journal_that_stays_down_ends_the_workspace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestra.runtime.owner._RELOADS", 1)
    journal = SteeredJournal()
    with anyio.fail_after(30), pytest.raises(JournalUnavailable, match="cannot be read"):  # noqa: PT012
        async with Centre(journal).open() as workspace:
            journal.reads_fail = True
            journal.fail(JournalFault.REFUSE)
            with pytest.raises(JournalUnavailable):
                await workspace.receive(message(1))
            await anyio.sleep_forever()


async def test_timers_wait_for_room_as_callers_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestra.runtime.owner._MOST_PENDING", 40)
    journal, clock = SteeredJournal(), VirtualClock()
    centre = Centre(journal, clock)
    async with centre.open() as workspace:
        await workspace.sign_in("ana")
        for number in range(5):
            await workspace.receive(message(number, sender=f"joe-{number}"))
        journal.hold()
        async with anyio.create_task_group() as tasks:
            for number in range(10):
                tasks.start_soon(workspace.receive, message(f"x{number}", sender=f"jim-{number}"))
            await journal.held()
            before = workspace.health().pending_events
            assert before > 40
            tasks.start_soon(functools.partial(clock.advance, hours=1))  # every offer times out
            await turns()
            assert workspace.health().pending_events < before + 40
            journal.let_pass()
        assert centre.counts()["OfferEnded"] > 0


def _finds_damage(before_us: int) -> None:
    raise JournalCorrupt(0, "as planned")


@pytest.mark.parametrize("fails", [_unavailable, _finds_damage])
async def test_old_answers_that_cannot_be_dropped_harm_nobody(
    fails: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    journal = SteeredJournal()
    journal.inbox.forget = fails  # type: ignore[method-assign,assignment]
    async with Centre(journal).open() as workspace:
        await workspace.receive(message(1))
        with anyio.fail_after(30):
            while "old answers not dropped" not in caplog.text:
                await turns()


async def test_who_waits_for_a_recovery_is_told_when_the_workspace_closes() -> None:
    journal = SteeredJournal()
    told: list[str] = []

    async def wait(workspace: Workspace) -> None:
        with pytest.raises(JournalUnavailable, match="closed"):
            await workspace._owner.recovered()
        told.append("closed")

    async with anyio.create_task_group() as tasks, Centre(journal).open() as workspace:
        journal.reads_fail = True
        journal.fail(JournalFault.REFUSE)
        with pytest.raises(JournalUnavailable):
            await workspace.receive(message(1))
        tasks.start_soon(wait, workspace)
        await turns()
        assert told == []
    assert told == ["closed"]
