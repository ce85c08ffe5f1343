"""Customers who are archived, as an application meets them: as if they had never been."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import anyio
import attrs
import pytest
from tests.archiving import archiving
from tests.contact_centre import PLAN, SteeredJournal

from orchestra.codec import decode_event, encode_command
from orchestra.engine.archive.keys import key_of
from orchestra.errors import JournalCorrupt, JournalUnavailable, NotPermitted, UnknownId
from orchestra.journal.memory import MemoryJournal
from orchestra.journal.sqlite import SqliteJournal
from orchestra.model import commands as c, events as e
from orchestra.model.addresses import Address, Email, ref
from orchestra.model.definitions import Channel
from orchestra.model.identity import Identity
from orchestra.model.message import Message
from orchestra.model.plan import Plan
from orchestra.model.results import Received
from orchestra.runtime.history.export import export
from orchestra.runtime.ledger import Ledger
from orchestra.runtime.loading import load_engine, save_snapshot
from orchestra.runtime.workspace import Workspace
from orchestra.testing.clock import VirtualClock

pytestmark = pytest.mark.anyio

ARCHIVING = archiving(
    attrs.evolve(PLAN, channels={**PLAN.channels, "email": Channel()}, identity=Identity(purposes={"news": "opt_in"})),
    timedelta(days=30),
)
JOE = Email("joe@mail.example", "Joe")


async def _write(workspace: Workspace, number: str, sender: Email = JOE) -> Received:
    return await workspace.receive(Message("email", id=number, sender=sender, text=f"text {number}"))


async def _over(workspace: Workspace, number: str, sender: Email = JOE) -> Received:
    """A contact whose case is closed."""
    got = await _write(workspace, number, sender)
    assert got.interaction is not None
    await workspace.execute(c.CancelInteraction(got.interaction, "over"))
    await workspace.execute(c.ResolveCase(got.case.id))
    await workspace.execute(c.CloseCase(got.case.id))
    return got


def _is_there(workspace: Workspace, customer: str = "cu1") -> bool:
    return customer in workspace._owner.view.identity.customers


async def _archived(workspace: Workspace, clock: VirtualClock, days: int = 31) -> None:
    await clock.advance(days=days)
    await workspace.settle()
    assert not _is_there(workspace)


async def test_whatever_is_asked_about_somebody_archived_is_answered() -> None:
    clock = VirtualClock()
    async with Workspace.open(ARCHIVING, clock=clock) as workspace:
        got = await _over(workspace, "1")
        await workspace.execute(c.AddRef(got.case.id, "order:81"))
        await workspace.execute(c.RecordConsent("cu1", "news", True))
        case, person = await workspace.case(got.case.id), await workspace.customer("cu1")
        timeline = [entry.text for entry in await workspace.timeline("cu1")]
        for question in (
            lambda: workspace.case(got.case.id),
            lambda: workspace.case(ref("order:81")),
            lambda: workspace.customer("cu1"),
            lambda: workspace.interaction(str(got.interaction)),
            lambda: workspace.customer("cu1", actor="customer:cu1"),
            lambda: workspace.engagement("cu1"),
        ):
            await _archived(workspace, clock)
            assert [entry.text for entry in await workspace.timeline("cu1")] == timeline
            await question()
            assert _is_there(workspace)
            assert await workspace.case(got.case.id) == case
            assert await workspace.customer("cu1") == person
        with pytest.raises(UnknownId):
            await workspace.case("ca99")
        with pytest.raises(NotPermitted):
            await workspace.customer("cu1", actor="customer:cu99")


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
async def test_a_customer_comes_back_to_their_old_case_also_after_a_restart(kind: str, tmp_path: Path) -> None:
    clock = VirtualClock()
    journal = MemoryJournal() if kind == "memory" else SqliteJournal(tmp_path / "contacts.db")
    async with Workspace.open(ARCHIVING, journal, clock=clock) as workspace:
        await _over(workspace, "1")
        await _archived(workspace, clock)
        archived = workspace.state_hash()
    if kind == "sqlite":
        journal = SqliteJournal(tmp_path / "contacts.db")
    assert load_engine(journal).state_hash() == archived
    save_snapshot(journal)
    async with Workspace.open(ARCHIVING, journal, clock=clock) as workspace:
        assert workspace.state_hash() == archived
        again = await _write(workspace, "2")
        assert again.customer == "cu1"
        assert (await workspace.customer("cu1")).ids == ("cu1",)
        assert load_engine(journal).state_hash() == load_engine(journal, use_snapshot=False).state_hash()


async def test_a_backup_recalls_whom_the_journal_recalls(tmp_path: Path) -> None:
    clock = VirtualClock()
    journal = MemoryJournal()
    async with Workspace.open(ARCHIVING, journal, clock=clock) as workspace:
        await _over(workspace, "1")
        await _archived(workspace, clock)
        journal.backup(tmp_path / "copy.db")
    async with Workspace.open(ARCHIVING, SqliteJournal(tmp_path / "copy.db"), clock=clock) as workspace:
        assert (await _write(workspace, "2")).customer == "cu1"


async def test_somebody_archived_is_forgotten_like_anybody() -> None:
    clock = VirtualClock()
    journal = MemoryJournal()
    async with Workspace.open(ARCHIVING, journal, clock=clock) as workspace:
        await _over(workspace, "1")
        await _archived(workspace, clock)
        await workspace.erase("cu1", "asked for")
        await clock.advance(days=62)
        await workspace.settle()
        assert (await _write(workspace, "2")).customer == "cu2"
        texts = [record.private or "" for record in journal.read(subjects=["cu1"])]
        assert not any("joe" in text or "text 1" in text for text in texts)
        facts = [record.facts for record in journal.read()]
        assert not any("joe@" in text or "text 1" in text for text in facts)


async def test_two_who_are_split_after_they_were_archived() -> None:
    clock = VirtualClock()
    async with Workspace.open(ARCHIVING, clock=clock) as workspace:
        await _over(workspace, "1")
        await _over(workspace, "2", Email("jm@mail.example"))
        linked = await workspace.execute(c.MergeCustomers("cu1", "cu2", "login", 100))
        await _archived(workspace, clock, 62)
        assert not _is_there(workspace, "cu2")
        await workspace.execute(c.SplitCustomers(linked.link, "two people"))
        assert (await workspace.customer("cu2")).ids == ("cu2",)


async def test_another_process_asks_for_somebody_archived(tmp_path: Path) -> None:
    clock = VirtualClock()
    journal = MemoryJournal()
    async with Workspace.open(ARCHIVING, journal, clock=clock) as workspace:
        await _over(workspace, "1")
        await _archived(workspace, clock)
        journal.inbox.submit("r1", encode_command(c.SetFields("cu1", {})))
        journal.inbox.submit("r2", encode_command(c.ReopenCase("ca1", "again")))
        with anyio.fail_after(8):
            while journal.inbox.result("r2") is None:
                await anyio.lowlevel.checkpoint()
                await clock.advance(seconds=1)
        assert (await workspace.case("ca1")).state == "OPEN"


# When the directory cannot be asked


class _Blind(SteeredJournal):
    """A journal whose directory can be made to fail, or to lie."""

    def __init__(self) -> None:
        super().__init__(MemoryJournal())
        self.fails = False
        self.lie: list[int] | None = None

    @property
    def directory(self) -> _Blind:
        return self

    def find(self, keys: Collection[str]) -> Collection[int]:
        if self.fails:
            raise JournalUnavailable("it cannot be read")
        return self.alive().directory.find(keys) if self.lie is None else self.lie


async def test_nothing_is_decided_while_the_directory_cannot_be_read() -> None:
    clock = VirtualClock()
    journal = _Blind()
    async with Workspace.open(ARCHIVING, journal, clock=clock) as workspace:
        await _over(workspace, "1")
        await _archived(workspace, clock)
        before = workspace.state_hash()
        journal.fails = True
        for ask in (lambda: _write(workspace, "2"), lambda: workspace.case("ca1")):
            with pytest.raises(JournalUnavailable):
                await ask()
        assert workspace.state_hash() == before
        assert workspace.health().quarantined == 0
        journal.fails = False
        assert (await _write(workspace, "2")).customer == "cu1"


async def test_a_directory_that_lies_is_found_out_and_harms_nobody() -> None:
    clock = VirtualClock()
    journal = _Blind()
    async with Workspace.open(ARCHIVING, journal, clock=clock) as workspace:
        await _over(workspace, "1")
        await _archived(workspace, clock)
        journal.lie = [1]
        with pytest.raises(JournalCorrupt):
            await _write(workspace, "2")
        journal.lie = None
        assert (await _write(workspace, "2")).customer == "cu1"
        [archived] = [event for event in map(decode_event, journal.read()) if isinstance(event, e.CustomerArchived)]
        await _over(workspace, "3", Email("zoe@mail.example"))
        journal.lie = [
            record.position for record in journal.read() if isinstance(decode_event(record), e.CustomerArchived)
        ]
        assert (await workspace.execute(c.SetFields("cu1", {}))) is None
        with suppress(UnknownId):
            await workspace.case("ca77")
        assert archived.customer == "cu1"


async def test_a_command_of_another_process_waits_until_the_directory_can_be_read() -> None:
    clock = VirtualClock()
    journal = _Blind()
    async with Workspace.open(ARCHIVING, journal, clock=clock) as workspace:
        await _over(workspace, "1")
        await _archived(workspace, clock)
        journal.fails = True
        journal.inbox.submit("r1", encode_command(c.ReopenCase("ca1", "again")))
        for _ in range(3):
            await clock.advance(seconds=1)
        assert journal.inbox.result("r1") is None
        journal.fails = False
        with anyio.fail_after(8):
            while journal.inbox.result("r1") is None:
                await clock.advance(seconds=1)
        assert (await workspace.case("ca1")).state == "OPEN"


async def test_a_command_about_somebody_whose_record_is_damaged_is_answered() -> None:
    clock = VirtualClock()
    journal = _Blind()
    async with Workspace.open(ARCHIVING, journal, clock=clock) as workspace:
        await _over(workspace, "1")
        await _archived(workspace, clock)
        journal.lie = [1]
        journal.inbox.submit("r1", encode_command(c.ReopenCase("ca1", "again")))
        with anyio.fail_after(8):
            while journal.inbox.result("r1") is None:
                await clock.advance(seconds=1)
        assert "Quarantined" in str(journal.inbox.result("r1"))
        journal.lie = None
        assert (await workspace.case("ca1")).state == "CLOSED"


async def test_an_export_holds_what_is_theirs_and_no_copies_of_it() -> None:
    clock = VirtualClock()
    journal = MemoryJournal()
    async with Workspace.open(ARCHIVING, journal, clock=clock) as workspace:
        await _over(workspace, "1")
        before = list(export(journal, "cu1"))
        await _archived(workspace, clock)
        await workspace.case("ca1")
        assert len(list(journal.read(types=["CustomerArchived", "CustomerRecalled"]))) == 2
        assert list(export(journal, "cu1")) == before


# What is decided and not yet stored


def _ledger() -> Ledger:
    journal = MemoryJournal()
    return Ledger(journal, journal.acquire("me", 0, 10**18))


def test_whoever_was_archived_a_moment_ago_is_found_before_that_is_stored() -> None:
    ledger, day = _ledger(), 24 * 3600 * 1_000_000
    plan: Plan = ARCHIVING
    ledger.execute(c.ChangePlan(plan, plan.digest(), "2025b", "check"), 0)
    address = Address("email", "key-joe", "joe@mail.example")
    got = ledger.execute(c.ReceiveMessage("email", "main", "m1", address, text="x"), day).result
    for command in (
        c.CancelInteraction(got.interaction, "over"),
        c.ResolveCase(got.case.id),
        c.CloseCase(got.case.id),
    ):
        ledger.execute(command, day)
    ledger.commit()
    ledger.tick(40 * day)
    assert not ledger.engine.view.identity.customers
    assert list(ledger.journal.directory.find([key_of("id", "cu1")])) == [], "not stored yet"
    assert ledger.execute(c.ReceiveMessage("email", "main", "m2", address, text="x"), 40 * day).result.customer == "cu1"
    ledger.commit()
    assert list(ledger.journal.directory.find([key_of("id", "cu1")])) == []
    assert ledger.execute(c.SetFields("cu1", {}), 41 * day).events == []


def test_whoever_was_recalled_a_moment_ago_is_not_recalled_again() -> None:
    ledger, day = _ledger(), 24 * 3600 * 1_000_000
    plan: Plan = ARCHIVING
    ledger.execute(c.ChangePlan(plan, plan.digest(), "2025b", "check"), 0)
    for number in (1, 2):
        address = Address("email", f"key-{number}")
        got = ledger.execute(c.ReceiveMessage("email", "main", f"m{number}", address, text="x"), day).result
        ledger.execute(c.CancelInteraction(got.interaction, "over"), day)
        ledger.execute(c.ResolveCase(got.case.id), day)
        ledger.execute(c.CloseCase(got.case.id), day)
    ledger.tick(40 * day)
    ledger.commit()
    [first] = ledger.journal.directory.find([key_of("id", "cu1")])
    assert ledger.recall([key_of("id", "cu1")], 40 * day)
    assert not ledger.recall([key_of("id", "cu1")], 40 * day)
    assert list(ledger.journal.directory.find([key_of("id", "cu1")])) == [first], "struck with the next append"
    ledger.commit()
    assert list(ledger.journal.directory.find([key_of("id", "cu1")])) == []
    assert len(list(ledger.journal.directory.find([key_of("id", "cu2")]))) == 1
