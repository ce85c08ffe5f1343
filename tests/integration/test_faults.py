"""Storage that fails, by seeds and for real: nobody is told what is not so, and damage is reported, never skipped."""

from __future__ import annotations

import gc
import random
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import anyio
import attrs
import pytest
from tests.contact_centre import Centre, SteeredJournal, message
from tests.counts import FAULT_SEEDS

from orchestra.channels.loopback.transport import Failure
from orchestra.errors import JournalCorrupt, JournalUnavailable, OrchestraError
from orchestra.journal.memory import MemoryJournal
from orchestra.journal.sqlite import SqliteJournal
from orchestra.model.commands import SendMessage
from orchestra.model.records import Lease
from orchestra.model.results import Received
from orchestra.runtime import owner
from orchestra.runtime.loading import load_engine
from orchestra.runtime.workspace import Workspace
from orchestra.testing.clock import VirtualClock
from orchestra.testing.faults import JournalFault

pytestmark = pytest.mark.faults

CALLERS = 6
EACH = 4
FAULTS = (JournalFault.REFUSE, JournalFault.LOSE, JournalFault.OBSCURE)
PROVIDER = (Failure.UNAVAILABLE, Failure.RATE_LIMITED, Failure.TIMED_OUT_AFTER_TAKING, Failure.CUT_SHORT)


class Unreliable(SteeredJournal):
    """A journal whose appends fail by chance, one in `every`."""

    def __init__(self, seed: int, every: int) -> None:
        super().__init__(MemoryJournal())
        self._random = random.Random(seed)
        self._every = every
        self.is_reliable = False
        self.failures = 0

    def append(self, after: int, batches: Any, lease: Lease) -> int:
        if not self.is_reliable and self._random.randrange(self._every) == 0:
            self.failures += 1
            self.fail(self._random.choice(FAULTS))
        return super().append(after, batches, lease)


@attrs.define
class Caller:
    """Hands in messages and sends answers, asking again until told; remembers what it was told."""

    workspace: Workspace
    name: str
    told: dict[str, Received]

    async def _sure(self, ask: Callable[[], Any]) -> Any:
        while True:
            try:
                return await ask()
            except JournalUnavailable:
                await anyio.lowlevel.checkpoint()

    async def work(self) -> None:
        for turn in range(EACH):
            name = f"{self.name}-{turn}"
            told = await self._sure(lambda n=name: self.workspace.receive(message(n, sender=self.name)))
            self.told[name] = told
            command = SendMessage(told.case.id, name, text=f"Answer to {name}")
            await self._sure(lambda c=command: self.workspace.execute(c))


@pytest.mark.parametrize("first", range(0, FAULT_SEEDS, 10))
async def test_callers_on_a_journal_that_fails_by_chance(first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owner, "_FIRST_REST_S", 0.0)  # this journal needs no time to recover
    for seed in range(first, min(first + 10, FAULT_SEEDS)):
        await _run(seed)
    gc.collect()  # the suite seldom does: engines that were put aside would pile up in a long session


async def _run(seed: int) -> None:
    rng = random.Random(seed)
    journal, clock = Unreliable(seed, every=rng.choice((2, 3, 8))), VirtualClock()
    centre = Centre(journal, clock)
    centre.provider.fail_next(*(rng.choice(PROVIDER) for _ in range(rng.randrange(10))))
    told: dict[str, Received] = {}
    journal.is_reliable = True
    async with centre.open() as workspace:
        clock.attach(workspace)
        journal.is_reliable = False
        async with anyio.create_task_group() as tasks:
            for number in range(CALLERS):
                tasks.start_soon(Caller(workspace, f"joe-{number}", told).work)
        await clock.advance(hours=2)
        journal.is_reliable = True
        await clock.advance(hours=2)
        live = workspace.state_hash()
        assert workspace.health().deliveries_unsent == 0
    _check(seed, centre, told, live)


def _check(seed: int, centre: Centre, told: dict[str, Received], live: str) -> None:
    counts = centre.counts()
    assert counts["MessageReceived"] == counts["DeliveryPlanned"] == CALLERS * EACH, seed
    assert counts["DeliveryAccepted"] == CALLERS * EACH, seed
    cases = {received.case.id for received in told.values()}
    assert len(cases) == counts["CaseOpened"] == CALLERS, seed
    sent = Counter(delivered.text for delivered in centre.provider.delivered)
    assert sent == Counter(f"Answer to {name}" for name in told), seed
    assert load_engine(centre.journal).state_hash() == live, seed


# Damage in the file itself


async def _filled(file: Path) -> str:
    async with Centre(journal := SqliteJournal(file)).open() as workspace:
        for number in range(20):
            await workspace.receive(message(number, sender=f"joe-{number}"))
        state = workspace.state_hash()
    journal.close()
    return state


async def _open(file: Path) -> None:
    with closing(SqliteJournal(file)) as journal:
        async with Centre(journal).open() as workspace:
            await workspace.receive(message("more"))


def _tamper(file: Path, statement: str) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(statement)
        connection.commit()


@pytest.mark.parametrize("position", [1, 7, 40])
async def test_a_changed_record_is_reported_with_its_position(tmp_path: Path, position: int) -> None:
    file = tmp_path / "contacts.db"
    await _filled(file)
    table = _records_table(file)
    _tamper(file, f"UPDATE {table} SET facts = replace(facts, '1', '2') WHERE position = {position}")
    with pytest.raises(JournalCorrupt) as caught:
        await _open(file)
    assert caught.value.position == position


async def test_a_missing_record_is_reported(tmp_path: Path) -> None:
    file = tmp_path / "contacts.db"
    await _filled(file)
    _tamper(file, f"DELETE FROM {_records_table(file)} WHERE position = 12")
    with pytest.raises(JournalCorrupt) as caught:
        await _open(file)
    assert caught.value.position in {12, 13}


async def test_a_tail_torn_off_is_reported(tmp_path: Path) -> None:
    file = tmp_path / "contacts.db"
    await _filled(file)
    with closing(SqliteJournal(file)) as journal:
        last = journal.position()
    _tamper(file, f"DELETE FROM {_records_table(file)} WHERE position > {last - 3}")
    with pytest.raises(JournalCorrupt):
        await _open(file)


def _records_table(file: Path) -> str:
    with closing(sqlite3.connect(file)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        (found,) = [name for name in tables if _has_facts(connection, name)]
        return str(found)


def _has_facts(connection: sqlite3.Connection, table: str) -> bool:
    return any(column[1] == "facts" for column in connection.execute(f"PRAGMA table_info({table})"))


@pytest.mark.parametrize("seed", range(max(4, FAULT_SEEDS // 10)))
async def test_a_flipped_bit_is_reported_or_harmless(tmp_path: Path, seed: int) -> None:
    """A bit in free space harms nothing; anywhere else the workspace does not open, and says why."""
    file = tmp_path / "contacts.db"
    state = await _filled(file)
    rng = random.Random(seed)
    content = bytearray(file.read_bytes())
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    file.write_bytes(bytes(content))
    try:
        with closing(SqliteJournal(file)) as journal:
            found = load_engine(journal, use_snapshot=False).state_hash()
    except OrchestraError as error:
        found = f"reported: {error}"
    assert found == state or found.startswith("reported: ")


async def test_a_full_disk_is_told_and_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    file = tmp_path / "contacts.db"
    journal = SqliteJournal(file)
    disk = Disk(journal)
    centre = Centre(journal)
    told: list[str] = []
    async with centre.open() as workspace:
        await workspace.receive(message(0))
        disk.set_limit(30)
        for number in range(1, 2000):
            try:
                await workspace.receive(message(number, "x" * 2000, sender=f"joe-{number}"))
                told.append(f"m{number}")
            except JournalUnavailable:
                break
        else:
            pytest.fail("the disk never got full")
        disk.set_limit(1 << 30)  # somebody made room
        await _until_taken(workspace, number)
    journal.close()
    with closing(SqliteJournal(file)) as again:
        centre.journal = again
        taken = Counter(event.message_id for event in centre.events() if type(event).__name__ == "MessageReceived")
    assert set(taken.values()) == {1}
    assert {*told, "m0", f"m{number}"} == set(taken)


async def _until_taken(workspace: Workspace, number: int) -> None:
    with anyio.fail_after(30):
        while True:
            try:
                await workspace.receive(message(number, sender=f"joe-{number}"))
                return
            except JournalUnavailable:
                await anyio.lowlevel.checkpoint()


class Disk:
    """Lets a journal's file grow by so many pages and no more: SQLite then says that the disk is full."""

    def __init__(self, journal: SqliteJournal) -> None:
        self._journal = journal
        self._pages: int | None = None
        original = journal.append

        def append(after: int, batches: Any, lease: Lease) -> int:
            if self._pages is not None:
                with journal._connections.alone() as connection:
                    connection.execute(f"PRAGMA max_page_count = {self._pages}")
            return original(after, batches, lease)

        journal.append = append  # type: ignore[method-assign]

    def set_limit(self, pages: int) -> None:
        """So many more than now."""
        with self._journal._connections.alone() as connection:
            (now,) = connection.execute("PRAGMA page_count").fetchone()
        self._pages = min(now + pages, 1 << 30)
