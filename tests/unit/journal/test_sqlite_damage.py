"""Damage to SQLite journals: each is reported with its place, and what was acknowledged is never lost unnoticed."""

from __future__ import annotations

import random
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path

import pytest
from tests.counts import FAULT_SEEDS

from orchestra.errors import InvalidData, JournalCorrupt, JournalError
from orchestra.journal.sqlite import SqliteJournal
from orchestra.model.records import Done, Record, Snapshot
from orchestra.testing.journal_samples import HOUR, NOON, SUBJECTS, add, batch, positions, record

COUNT = 60
EXPECTED = [record(n) for n in range(1, COUNT + 1)]
FRAME = 24 + 4096
LOG_HEADER = 32

# Appends one record at a time, and goes without closing.
KILLED = """
import os, sys
from orchestra.journal.sqlite import SqliteJournal
from orchestra.testing.journal_samples import HOUR, NOON, batch
journal = SqliteJournal(sys.argv[1])
lease = journal.acquire("killed", NOON, HOUR)
for position in range(int(sys.argv[2])):
    journal.append(position, [batch(position, 1)], lease)
os._exit(0)
"""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a journal that was closed."""
    path = tmp_path_factory.mktemp("whole") / "contacts.db"
    with closing(SqliteJournal(path)) as journal:
        add(journal, COUNT)
    return path.read_bytes()


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a journal whose process was killed: everything is in the log still."""
    path = tmp_path_factory.mktemp("killed") / "contacts.db"
    subprocess.run([sys.executable, "-c", KILLED, str(path), "12"], check=True)
    return path.parent


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "contacts.db"


@pytest.fixture
def left(killed: Path, path: Path) -> Path:
    """A copy of the killed process's files, to be damaged."""
    for found in killed.iterdir():
        if not found.name.endswith("-shm"):
            shutil.copy(found, path.with_name(found.name))
    return path


def beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def read_until_damage(path: Path) -> tuple[list[Record], JournalCorrupt | None]:
    """What a reader gets, and what stops it."""
    found: list[Record] = []
    with closing(SqliteJournal(path)) as journal:
        try:
            for one in journal.read():
                found.append(one)  # noqa: PERF402 - what came before the error counts
        except JournalCorrupt as error:
            return found, error
    return found, None


def verified(path: Path) -> bool:
    """Whether the journal claims to be sound."""
    try:
        with closing(SqliteJournal(path)) as journal:
            journal.verify()
    except (InvalidData, JournalError):
        return False
    return True


def flip(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def spoil(path: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(statement, values)


# What bits there are to flip in the file.


def test_without_damage_all_is_well(path: Path, whole: bytes) -> None:
    path.write_bytes(whole)
    assert verified(path)
    assert read_until_damage(path) == (EXPECTED, None)


def test_a_flipped_bit_in_facts_is_found_at_its_record(path: Path, whole: bytes) -> None:
    for number in (1, 7, COUNT):
        spot = whole.index(b'{"number":%d}' % number) + 3
        path.write_bytes(flip(whole, spot * 8))
        found, damage = read_until_damage(path)
        assert damage is not None
        assert damage.position == number
        assert found == EXPECTED[: number - 1]


def test_a_flipped_bit_in_a_private_part_is_found_at_its_record(path: Path, whole: bytes) -> None:
    path.write_bytes(flip(whole, whole.index(b"said in 7") * 8))
    found, damage = read_until_damage(path)
    assert damage is not None
    assert (damage.position, "private" in damage.reason) == (7, True)
    assert found == EXPECTED[:6]


@pytest.mark.parametrize("column", ["record_check", "private_check"])
def test_a_flipped_bit_in_a_check_is_found_at_its_record(path: Path, whole: bytes, column: str) -> None:
    path.write_bytes(whole)
    with closing(sqlite3.connect(path)) as connection:
        (check,) = connection.execute(f"SELECT {column} FROM record WHERE position = 7").fetchone()
    for bit in range(64):
        path.write_bytes(flip(whole, whole.index(check) * 8 + bit))
        found, damage = read_until_damage(path)
        assert damage is not None
        assert damage.position == 7
        assert found == EXPECTED[:6]


def test_a_flipped_bit_in_a_page_header_is_found(path: Path, whole: bytes) -> None:
    unnoticed = 0
    for page in range(1, len(whole) // 4096):
        for byte in range(5):  # kind of page, first free block, number of cells
            for bit in range(8):
                path.write_bytes(flip(whole, (page * 4096 + byte) * 8 + bit))
                unnoticed += verified(path)
                assert_nothing_false(path)
    # Pages of empty tables say little; but no page of records is among them.
    assert unnoticed < 5 * 8 * 3


def test_a_flipped_bit_in_the_first_page_is_found_or_harmless(path: Path, whole: bytes) -> None:
    refused = 0
    for bit in range(100 * 8):
        path.write_bytes(flip(whole, bit))
        refused += not verified(path)
        assert_nothing_false(path)
    assert refused > 100


def test_a_flipped_bit_in_the_index_is_found_by_verifying(path: Path, whole: bytes) -> None:
    path.write_bytes(whole)
    with closing(sqlite3.connect(path)) as connection:
        (root,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'record_subject'").fetchone()
    page = whole[(root - 1) * 4096 : root * 4096]
    for subject in SUBJECTS:
        spot = (root - 1) * 4096 + page.index(subject.encode()) + 3
        path.write_bytes(flip(whole, spot * 8))
        assert not verified(path)


@pytest.mark.faults
@pytest.mark.parametrize("seed", range(FAULT_SEEDS))
def test_a_bit_flipped_anywhere_is_found_or_harmless(path: Path, whole: bytes, seed: int) -> None:
    path.write_bytes(flip(whole, random.Random(seed).randrange(len(whole) * 8)))
    assert_nothing_false(path)


@pytest.mark.faults
@pytest.mark.parametrize("seed", range(FAULT_SEEDS))
def test_a_torn_page_is_found_or_harmless(path: Path, whole: bytes, seed: int) -> None:
    chance = random.Random(seed)
    page = chance.randrange(len(whole) // 4096) * 4096
    start = page + chance.randrange(0, 4096, 512)
    path.write_bytes(whole[:start] + bytes(page + 4096 - start) + whole[page + 4096 :])
    assert_nothing_false(path)


@pytest.mark.faults
@pytest.mark.parametrize("seed", range(FAULT_SEEDS))
def test_a_cut_file_is_found(path: Path, whole: bytes, seed: int) -> None:
    path.write_bytes(whole[: random.Random(seed).randrange(len(whole))])
    assert not verified(path)
    assert_nothing_false(path)


def assert_nothing_false(path: Path) -> None:
    """A reader gets what was written up to some record; if it gets less than all, it is told."""
    try:
        found, damage = read_until_damage(path)
    except (InvalidData, JournalError):
        return  # refused at the door
    assert found == EXPECTED[: len(found)]
    if damage is None:
        assert found == EXPECTED
    else:
        assert damage.position <= len(found) + 1


# The log of a process that was killed.


def test_what_a_killed_process_acknowledged_is_there(left: Path) -> None:
    assert read_until_damage(left) == (EXPECTED[:12], None)


def cuts(killed: Path) -> list[int]:
    size = (killed / "contacts.db-wal").stat().st_size
    frames = range(LOG_HEADER, size, FRAME)
    return [0, 10, *frames, *(start + 1000 for start in frames), size - 1]


def test_a_cut_log_is_reported_wherever_it_is_cut(killed: Path, path: Path) -> None:
    lengths: set[int] = set()
    for cut in cuts(killed):
        for suffix in ("", "-head"):
            shutil.copy(killed / f"contacts.db{suffix}", beside(path, suffix))
        beside(path, "-wal").write_bytes((killed / "contacts.db-wal").read_bytes()[:cut])
        found, damage = read_until_damage(path)
        assert damage is not None, cut
        assert "12 records were acknowledged" in damage.reason
        assert damage.position == len(found) + 1
        assert found == EXPECTED[: len(found)]
        lengths.add(len(found))
    assert lengths == set(range(12))


def test_a_last_page_that_cannot_be_read_hides_nothing_before_it(path: Path, whole: bytes) -> None:
    path.write_bytes(whole)
    with closing(SqliteJournal(path)) as journal:
        lease = journal.acquire("more", NOON + HOUR, HOUR)
        journal.append(COUNT, [batch(COUNT, 200)], lease)
    data = path.read_bytes()
    last = data.rindex(b'{"number":%d}' % (COUNT + 200)) // 4096 * 4096
    path.write_bytes(data[:last] + bytes(4096) + data[last + 4096 :])
    with closing(SqliteJournal(path)) as journal, pytest.raises(JournalCorrupt):
        journal.position()
    found, damage = read_until_damage(path)
    assert COUNT < len(found) < COUNT + 200
    assert positions(found) == list(range(1, len(found) + 1))
    assert damage is not None
    assert damage.position == len(found) + 1


def test_a_flipped_bit_in_the_log_is_reported(killed: Path, path: Path) -> None:
    log = (killed / "contacts.db-wal").read_bytes()
    for start in range(LOG_HEADER, len(log), FRAME):
        for suffix in ("", "-head"):
            shutil.copy(killed / f"contacts.db{suffix}", beside(path, suffix))
        beside(path, "-wal").write_bytes(flip(log, (start + 24 + 4000) * 8))
        found, damage = read_until_damage(path)
        assert damage is not None, start
        assert damage.position == len(found) + 1 <= 12
        assert found == EXPECTED[: len(found)]


def test_a_log_that_is_gone_is_reported(left: Path) -> None:
    beside(left, "-wal").unlink()
    found, damage = read_until_damage(left)
    assert found == []
    assert damage is not None
    assert damage.position == 1


def test_a_torn_write_that_was_not_acknowledged_is_no_damage(left: Path) -> None:
    with beside(left, "-wal").open("ab") as log:
        log.write(b"\x07" * 3000)
    assert read_until_damage(left) == (EXPECTED[:12], None)
    with closing(SqliteJournal(left)) as journal:
        assert add_later(journal) == 13


def add_later(journal: SqliteJournal) -> int:
    lease = journal.acquire("later", NOON + HOUR, HOUR)
    return journal.append(journal.position(), [batch(journal.position(), 1)], lease)


def test_nobody_owns_a_journal_that_lost_records(left: Path) -> None:
    beside(left, "-wal").unlink()
    for _ in range(2):
        with closing(SqliteJournal(left)) as journal:
            with pytest.raises(JournalCorrupt, match="12 records were acknowledged"):
                journal.acquire("later", NOON + HOUR, HOUR)
            with pytest.raises(JournalCorrupt):
                journal.verify()
            with pytest.raises(JournalCorrupt):
                list(journal.read(subjects=["cu-1"]))
            assert journal.position() == 0


def test_the_loss_can_be_accepted_by_hand(left: Path) -> None:
    log = beside(left, "-wal")
    log.write_bytes(log.read_bytes()[:-FRAME])
    with closing(SqliteJournal(left)) as journal, pytest.raises(JournalCorrupt, match=r"contacts\.db-head"):
        add_later(journal)
    beside(left, "-head").unlink()
    with closing(SqliteJournal(left)) as journal:
        assert add_later(journal) == 12
        assert journal.verify() == 12


def test_another_journal_in_its_place_is_reported(left: Path) -> None:
    # Another journal, longer than the witness says, whose record there is another.
    beside(left, "-wal").unlink()
    left.unlink()
    with closing(SqliteJournal(left.with_name("other.db"))) as journal:
        lease = journal.acquire("other", NOON, HOUR)
        journal.append(0, [batch(0, 11)], lease)
        changed = batch(11, 2)
        changed.records[0].facts = "{}"
        journal.append(11, [changed], lease)
    left.with_name("other.db").rename(left)
    found, damage = read_until_damage(left)
    assert len(found) == 13
    assert damage is not None
    assert damage.position == 12


def test_a_witness_that_is_behind_accuses_nobody(left: Path, tmp_path: Path) -> None:
    older = tmp_path / "older.db"
    subprocess.run([sys.executable, "-c", KILLED, str(older), "3"], check=True)
    shutil.copy(beside(older, "-head"), beside(left, "-head"))
    assert read_until_damage(left) == (EXPECTED[:12], None)


# Rows that are not what was written.


@pytest.fixture
def filled(path: Path, whole: bytes) -> Path:
    path.write_bytes(whole)
    return path


def test_a_missing_record_is_a_gap(filled: Path) -> None:
    spoil(filled, "DELETE FROM record WHERE position = 7")
    found, damage = read_until_damage(filled)
    assert found == EXPECTED[:6]
    assert damage is not None
    assert damage.position == 7
    with closing(SqliteJournal(filled)) as journal:
        for reading in (journal.read(7), journal.read(types=["OfferMade"]), journal.read(6)):
            with pytest.raises(JournalCorrupt) as caught:
                list(reading)
            assert caught.value.position == 7
        assert positions(journal.read(8)) == list(range(9, COUNT + 1))


def test_a_reader_of_one_subject_meets_the_gap_before_its_record(filled: Path) -> None:
    spoil(filled, "DELETE FROM record WHERE position = 9")
    subject = record(10).subject
    assert subject is not None
    with closing(SqliteJournal(filled)) as journal, pytest.raises(JournalCorrupt) as caught:
        list(journal.read(subjects=[subject]))
    assert caught.value.position == 9


def test_the_first_record_missing_is_a_gap(filled: Path) -> None:
    spoil(filled, "DELETE FROM record WHERE position = 1")
    found, damage = read_until_damage(filled)
    assert found == []
    assert damage is not None
    assert damage.position == 1


@pytest.mark.parametrize(
    "change",
    [
        "at_us = at_us + 1",
        "type = 'Other'",
        "version = 9",
        "actor = 'agent:eve'",
        "subject = 'cu-9'",
        "subject = NULL",
        "facts = '{}'",
        "facts = CAST(facts AS BLOB)",
        "facts = CAST(x'7bff7d' AS TEXT)",
        "private = 'other'",
        "private = NULL",
        "private = CAST(private AS BLOB)",
        "private_check = NULL",
        "record_check = zeroblob(8)",
        "record_check = 'text'",
    ],
)
def test_a_changed_field_is_found_at_its_record(filled: Path, change: str) -> None:
    spoil(filled, f"UPDATE record SET {change} WHERE position = 7")
    found, damage = read_until_damage(filled)
    assert found == EXPECTED[:6]
    assert damage is not None
    assert damage.position == 7
    assert not verified(filled)


def test_what_cannot_be_decoded_is_found_by_subject_too(filled: Path) -> None:
    spoil(filled, "UPDATE record SET facts = CAST(x'7bff7d' AS TEXT) WHERE position = 7")
    subject = record(7).subject
    assert subject is not None
    with closing(SqliteJournal(filled)) as journal:
        reading = journal.read(subjects=[subject])
        before = [n for n in range(1, 7) if record(n).subject == subject]
        assert [next(reading).position for _ in before] == before
        with pytest.raises(JournalCorrupt):
            next(reading)


def test_records_in_each_others_place_are_found(filled: Path) -> None:
    for place, position in ((1000, 7), (7, 8), (8, 1000)):
        spoil(filled, f"UPDATE record SET position = {place} WHERE position = {position}")
    found, damage = read_until_damage(filled)
    assert found == EXPECTED[:6]
    assert damage is not None
    assert damage.position == 7


def test_nobody_appends_to_a_damaged_record(filled: Path) -> None:
    spoil(filled, "UPDATE record SET facts = '{}' WHERE position = (SELECT max(position) FROM record)")
    with closing(SqliteJournal(filled)) as journal:
        with pytest.raises(JournalCorrupt) as caught:
            journal.acquire("later", NOON + HOUR, HOUR)
        assert caught.value.position == COUNT


def test_an_owner_notices_that_its_last_record_changed(path: Path) -> None:
    with closing(SqliteJournal(path)) as journal:
        lease = journal.acquire("first", NOON, HOUR)
        journal.append(0, [batch(0, 3)], lease)
        spoil(path, "UPDATE record SET record_check = zeroblob(8) WHERE position = 3")
        with pytest.raises(JournalCorrupt) as caught:
            journal.append(3, [batch(3, 1)], lease)
        assert caught.value.position == 3
        assert journal.position() == 3


@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM lease", "DROP TABLE lease", "UPDATE lease SET epoch = 'x'", "UPDATE lease SET epoch = 1.5"],
)
def test_a_journal_without_its_lease_row_is_reported(filled: Path, statement: str) -> None:
    spoil(filled, statement)
    with closing(SqliteJournal(filled)) as journal, pytest.raises(JournalError):
        journal.acquire("later", NOON + HOUR, HOUR)


@pytest.mark.parametrize("command", ["'that'", "NULL", "7", "CAST(x'ff' AS TEXT)", "x'ff'", "''"])
def test_a_damaged_request_is_given_without_its_command(path: Path, command: str) -> None:
    with closing(SqliteJournal(path)) as journal:
        journal.inbox.submit("a", "this")
        journal.inbox.submit("b", "more")
        spoil(path, f"UPDATE request SET command = {command} WHERE request_id = 'a'")
        assert [(found.request_id, found.command) for found in journal.inbox.waiting()] == [("a", None), ("b", "more")]


def test_a_request_whose_id_is_damaged_keeps_nobody_waiting(path: Path) -> None:
    with closing(SqliteJournal(path)) as journal:
        journal.inbox.submit("a", "this")
        journal.inbox.submit("b", "more")
        spoil(path, "UPDATE request SET request_id = CAST(x'ff' AS TEXT) WHERE request_id = 'a'")
        assert [found.request_id for found in journal.inbox.waiting()] == ["b"]


def test_a_damaged_answer_is_reported(path: Path) -> None:
    with closing(SqliteJournal(path)) as journal:
        journal.inbox.submit("a", "{}")
        lease = journal.acquire("first", NOON, HOUR)
        journal.append(0, [batch(0, 0, Done("a", "1", NOON))], lease)
        spoil(path, "UPDATE request SET result = 'yes'")
        with pytest.raises(JournalCorrupt, match="inbox request 'a'"):
            journal.inbox.result("a")


@pytest.mark.parametrize(
    "change", ["position = 2", "position = -1", "position = 'x'", "record_check = NULL", "state = 'text'", "state = 7"]
)
def test_a_snapshot_that_does_not_fit_counts_as_absent(filled: Path, change: str) -> None:
    with closing(SqliteJournal(filled)) as journal:
        journal.save_snapshot(Snapshot(3, "s1", b"state"))
        with suppress(sqlite3.IntegrityError):
            spoil(filled, f"UPDATE snapshot SET {change}")
        assert journal.load_snapshot("s1") == (Snapshot(3, "s1", b"state") if "NULL" in change else None)


def test_a_snapshot_of_another_history_counts_as_absent(filled: Path) -> None:
    with closing(SqliteJournal(filled)) as journal:
        journal.save_snapshot(Snapshot(COUNT, "s1", b"state"))
    spoil(filled, f"DELETE FROM record WHERE position >= {COUNT}")
    spoil(filled, "DELETE FROM witness")
    with closing(SqliteJournal(filled)) as journal:
        assert journal.load_snapshot("s1") is None
        lease = journal.acquire("later", NOON + HOUR, HOUR)
        changed = batch(COUNT - 1, 1)
        changed.records[0].facts = "{}"
        journal.append(COUNT - 1, [changed], lease)
        assert journal.load_snapshot("s1") is None


def test_last_records_missing_after_closing_are_reported(filled: Path) -> None:
    spoil(filled, f"DELETE FROM record WHERE position > {COUNT - 5}")
    found, damage = read_until_damage(filled)
    assert found == EXPECTED[:-5]
    assert damage is not None
    assert damage.position == COUNT - 4


@pytest.mark.parametrize("change", ["position = -1", "position = 'x'", "record_check = 7", "proof = zeroblob(8)"])
def test_a_damaged_witness_inside_counts_as_none(filled: Path, change: str) -> None:
    spoil(filled, f"UPDATE witness SET {change}")
    assert read_until_damage(filled) == (EXPECTED, None)


# Copies.


def test_damage_is_not_copied(filled: Path, tmp_path: Path) -> None:
    spoil(filled, "UPDATE record SET facts = '{}' WHERE position = 7")
    with closing(SqliteJournal(filled)) as journal:
        with pytest.raises(JournalCorrupt) as caught:
            journal.backup(tmp_path / "copy")
        assert caught.value.position == 7
    assert [found.name for found in tmp_path.iterdir()] == ["contacts.db"]
