"""The journal that fails on demand: at the planned write, in the planned way, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from orchestra.errors import JournalUnavailable
from orchestra.journal.memory import MemoryJournal
from orchestra.model.records import Lease, Snapshot
from orchestra.testing.faults import WRITES, Crash, FaultyJournal, JournalFault
from orchestra.testing.journal_samples import HOUR, NOON, add, batch, contents, positions

CALLS: dict[str, Callable[[FaultyJournal, Lease], object]] = {
    "acquire": lambda journal, _: journal.acquire("second", NOON + HOUR, HOUR),
    "renew": lambda journal, lease: journal.renew(lease, NOON, 2 * HOUR),
    "release": lambda journal, lease: journal.release(lease),
    "append": lambda journal, lease: journal.append(4, [batch(4, 1)], lease),
    "blank": lambda journal, _: journal.blank(),
    "save_snapshot": lambda journal, _: journal.save_snapshot(Snapshot(4, "s1", b"new")),
    "submit": lambda journal, _: journal.inbox.submit("a", "{}"),
    "forget": lambda journal, _: journal.inbox.forget(2**60),
    "replace": lambda journal, lease: journal.keys.replace({}, lease),
    "destroy": lambda journal, _: journal.keys.destroy(["cu-1"]),
}

CHANGE_NOTHING = {"forget", "destroy"}
"""There is nothing to forget, and no key to destroy."""


@pytest.fixture
def inner() -> MemoryJournal:
    journal = MemoryJournal()
    add(journal, 4)
    return journal


def test_there_is_a_call_for_every_write() -> None:
    assert CALLS.keys() == WRITES


@pytest.mark.parametrize("name", sorted(WRITES))
def test_every_call_that_writes_is_counted_and_done(inner: MemoryJournal, name: str) -> None:
    lease = inner.acquire("first", NOON, HOUR)
    journal = FaultyJournal(inner)
    before = inner.changes()
    CALLS[name](journal, lease)
    assert (journal.calls, journal.writes) == ([name], 1)
    assert (inner.changes() > before) == (name not in CHANGE_NOTHING)


@pytest.mark.parametrize("name", sorted(WRITES))
@pytest.mark.parametrize("fault", list(JournalFault))
def test_a_planned_fault_happens(inner: MemoryJournal, name: str, fault: JournalFault) -> None:
    lease = inner.acquire("first", NOON, HOUR)
    journal = FaultyJournal(inner, {1: fault})
    is_crash = fault in {JournalFault.CRASH_BEFORE, JournalFault.CRASH_IN, JournalFault.CRASH_AFTER}
    before = inner.changes()
    with pytest.raises(Crash if is_crash else JournalUnavailable) as caught:
        CALLS[name](journal, lease)
    if isinstance(caught.value, JournalUnavailable):
        assert caught.value.outcome_unknown == (fault is not JournalFault.REFUSE)
    is_stored = fault in {JournalFault.OBSCURE, JournalFault.CRASH_AFTER} and name not in CHANGE_NOTHING
    assert (inner.changes() > before) == is_stored


def test_a_crash_in_an_append_may_leave_the_first_of_several_batches(inner: MemoryJournal) -> None:
    journal = FaultyJournal(inner, {1: JournalFault.CRASH_IN}, only={"append"})
    lease = journal.acquire("first", NOON, HOUR)
    with pytest.raises(Crash):
        journal.append(4, [batch(4, 1), batch(5, 2), batch(7, 1)], lease)
    assert positions(inner.read()) == [1, 2, 3, 4, 5]


def test_a_crash_in_a_write_is_as_the_store_says(inner: MemoryJournal) -> None:
    torn: list[bool] = []
    journal = FaultyJournal(inner, {1: JournalFault.CRASH_IN}, tear=lambda write: torn.append(bool(write())))
    with pytest.raises(Crash):
        journal.acquire("first", NOON, HOUR)
    assert torn == [True]


def test_only_the_planned_write_fails(inner: MemoryJournal) -> None:
    journal = FaultyJournal(inner, {2: JournalFault.REFUSE})
    lease = journal.acquire("first", NOON, HOUR)
    with pytest.raises(JournalUnavailable):
        journal.append(4, [batch(4, 1)], lease)
    assert journal.append(4, [batch(4, 1)], lease) == 5
    assert journal.calls == ["acquire", "append", "append"]


def test_chosen_calls_alone_are_counted(inner: MemoryJournal) -> None:
    journal = FaultyJournal(inner, {1: JournalFault.REFUSE}, only={"append"})
    lease = journal.acquire("first", NOON, HOUR)
    with pytest.raises(JournalUnavailable):
        journal.append(4, [batch(4, 1)], lease)
    assert journal.calls == ["append"]


def test_after_a_crash_nothing_reaches_the_store(inner: MemoryJournal, tmp_path: Path) -> None:
    journal = FaultyJournal(inner, {2: JournalFault.CRASH_AFTER})
    lease = journal.acquire("first", NOON, HOUR)
    reading = journal.read()
    next(reading)
    with pytest.raises(Crash):
        journal.append(4, [batch(4, 1)], lease)
    before = inner.changes()
    reads: list[Callable[[], object]] = [
        journal.position,
        journal.changes,
        journal.inbox.waiting,
        lambda: journal.inbox.result("a"),
        lambda: journal.keys.find(["cu-1"]),
        journal.keys.everything,
        lambda: journal.load_snapshot("s1"),
        lambda: journal.backup(tmp_path / "copy"),
        lambda: contents(journal),
        lambda: list(reading),
    ]
    for read in reads:
        with pytest.raises(Crash):
            read()
    for call in CALLS.values():
        with pytest.raises(Crash):
            call(journal, lease)
    journal.close()
    assert inner.changes() == before
    assert positions(inner.read()) == [1, 2, 3, 4, 5]


def test_nothing_that_recovers_from_errors_survives_a_crash() -> None:
    assert not issubclass(Crash, Exception)


def test_every_write_of_a_program_can_be_tried() -> None:
    def program(journal: FaultyJournal) -> None:
        lease = journal.acquire("first", NOON, HOUR)
        for position in range(3):
            journal.append(position, [batch(position, 1)], lease)
        journal.release(lease)

    rehearsal = FaultyJournal(MemoryJournal())
    program(rehearsal)
    stored: list[int] = []
    for number in range(1, rehearsal.writes + 1):
        inner = MemoryJournal()
        with pytest.raises(Crash):
            program(FaultyJournal(inner, {number: JournalFault.CRASH_BEFORE}))
        stored.append(inner.position())
    assert stored == [0, 0, 1, 2, 3]


def test_closing_closes_the_inner_journal(inner: MemoryJournal) -> None:
    FaultyJournal(inner).close()
    with pytest.raises(JournalUnavailable):
        inner.position()
