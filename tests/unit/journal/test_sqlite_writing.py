"""Writing when the disk, the lock or the commit fails; and erasing so that nothing is left."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from orchestra.errors import JournalCorrupt, JournalUnavailable
from orchestra.journal import sqlite_files
from orchestra.journal.sqlite import SqliteJournal
from orchestra.journal.sqlite_errors import DriverError, cause, is_damage, translated
from orchestra.model.records import Batch, Done, Lease, Record, Snapshot
from orchestra.testing.journal_samples import HOUR, NOON, add, answer, batch, contents, record

CANARY = "canary-7f3a"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "contacts.db"


@pytest.fixture
def journal(path: Path) -> Iterator[SqliteJournal]:
    with closing(SqliteJournal(path)) as opened:
        yield opened


@pytest.fixture
def lease(journal: SqliteJournal) -> Lease:
    return journal.acquire("first", NOON, HOUR)


def large(after: int, count: int) -> Batch:
    return Batch([record(n, private="x" * 10_000) for n in range(after + 1, after + count + 1)])


def driver_error(code: int, name: str, kind: type[sqlite3.Error] = sqlite3.OperationalError) -> sqlite3.Error:
    error = kind("made for the test")
    error.sqlite_errorcode, error.sqlite_errorname = code, name
    return error


class FailingConnection:
    """A writing connection on which one statement fails, before or after it was done."""

    def __init__(self, inner: sqlite3.Connection, statement: str, error: sqlite3.Error, is_done: bool) -> None:
        self.inner, self.statement, self.error, self.is_done = inner, statement, error, is_done

    def execute(self, statement: str, *values: Any) -> Any:
        if not statement.startswith(self.statement):
            return self.inner.execute(statement, *values)
        if self.is_done:
            self.inner.execute(statement, *values)
        raise self.error

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


def fail(journal: SqliteJournal, statement: str, error: sqlite3.Error, *, is_done: bool = False) -> None:
    with journal._connections.alone() as connection:
        failing: Any = FailingConnection(connection, statement, error, is_done)
        journal._connections._writer = failing


def mend(journal: SqliteJournal) -> None:
    connection: Any = journal._connections._writer
    if isinstance(connection, FailingConnection):
        journal._connections._writer = connection.inner


IO_ERROR = (sqlite3.SQLITE_IOERR | 4 << 8, "SQLITE_IOERR_FSYNC")
FULL = (sqlite3.SQLITE_FULL, "SQLITE_FULL")


# Full and failing disks.


def test_a_full_disk_stores_nothing_of_the_append(journal: SqliteJournal, lease: Lease) -> None:
    journal.append(0, [batch(0, 5)], lease)
    with journal._connections.alone() as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    for _ in range(2):
        with pytest.raises(JournalUnavailable, match="disk is full") as caught:
            journal.append(5, [large(5, 20)], lease)
        assert not caught.value.outcome_unknown
        assert isinstance(caught.value.__cause__, sqlite3.Error)
    assert contents(journal) == [record(n) for n in range(1, 6)]
    assert journal.verify() == 5
    with journal._connections.alone() as connection:
        connection.execute("PRAGMA max_page_count = 100000")
    assert journal.append(5, [large(5, 20)], lease) == 25


BIG_WRITES: dict[str, Callable[[SqliteJournal], object]] = {
    "submit": lambda journal: journal.inbox.submit("a", "x" * 50_000),
    "snapshot": lambda journal: journal.save_snapshot(Snapshot(0, "s1", bytes(50_000))),
}


@pytest.mark.parametrize("write", BIG_WRITES)
def test_a_full_disk_is_reported_by_every_write(journal: SqliteJournal, write: str) -> None:
    with journal._connections.alone() as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(JournalUnavailable, match="disk is full"):
        BIG_WRITES[write](journal)
    assert journal.inbox.waiting() == []
    assert journal.load_snapshot("s1") is None


# A real limit of the system on the size of files; what was acknowledged is printed.
LIMITED = """
import os, resource, sys
from orchestra.errors import JournalUnavailable
from orchestra.journal.sqlite import SqliteJournal
from orchestra.model.records import Batch
from orchestra.testing.journal_samples import HOUR, NOON, record
journal = SqliteJournal(sys.argv[1])
lease = journal.acquire("limited", NOON, HOUR)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
position = 0
try:
    while position < 500:
        position = journal.append(position, [Batch([record(position + 1, private="x" * 3000)])], lease)
except JournalUnavailable as error:
    print(position, error.outcome_unknown)
    os._exit(0)
"""


@pytest.mark.parametrize("limit", [100_000, 150_001, 333_333])
def test_a_disk_that_really_fills_loses_nothing_acknowledged(path: Path, limit: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(path), str(limit)], capture_output=True, text=True, check=True
    )
    position, is_unknown = done.stdout.split()
    acknowledged = int(position)
    assert acknowledged > 3
    with closing(SqliteJournal(path)) as journal:
        found = contents(journal)
        assert [one.position for one in found[:acknowledged]] == list(range(1, acknowledged + 1))
        assert len(found) - acknowledged in ({0, 1} if is_unknown == "True" else {0})
        assert journal.verify() == len(found)
        lease = journal.acquire("next", NOON + HOUR, HOUR)
        assert journal.append(len(found), [batch(len(found), 1)], lease) == len(found) + 1


@pytest.mark.parametrize(("code", "name"), [IO_ERROR, FULL])
@pytest.mark.parametrize("is_done", [False, True])
def test_a_commit_that_fails_has_an_unknown_outcome(
    journal: SqliteJournal, lease: Lease, code: int, name: str, is_done: bool
) -> None:
    journal.append(0, [batch(0, 2)], lease)
    fail(journal, "COMMIT", driver_error(code, name), is_done=is_done)
    with pytest.raises(JournalUnavailable, match=name) as caught:
        journal.append(2, [batch(2, 2)], lease)
    assert caught.value.outcome_unknown
    # The next one asks the file, over a new connection.
    after = journal.position()
    assert after == (4 if is_done else 2)
    assert journal.append(after, [batch(after, 1)], lease) == after + 1
    assert contents(journal) == [record(n) for n in range(1, after + 2)]


def test_damage_met_by_a_commit_is_an_unknown_outcome_first(journal: SqliteJournal, lease: Lease) -> None:
    fail(journal, "COMMIT", driver_error(sqlite3.SQLITE_CORRUPT, "SQLITE_CORRUPT", sqlite3.DatabaseError))
    with pytest.raises(JournalUnavailable) as caught:
        journal.append(0, [batch(0, 1)], lease)
    assert caught.value.outcome_unknown


@pytest.mark.parametrize("statement", ["BEGIN", "SELECT lease"])
def test_a_failure_before_the_commit_is_known_to_store_nothing(
    journal: SqliteJournal, lease: Lease, statement: str
) -> None:
    fail(journal, statement, driver_error(*IO_ERROR))
    with pytest.raises(JournalUnavailable, match="FSYNC") as caught:
        journal.append(0, [batch(0, 2)], lease)
    assert not caught.value.outcome_unknown
    mend(journal)
    assert journal.append(0, [batch(0, 1)], lease) == 1


def test_damage_before_the_commit_is_reported_with_its_place(journal: SqliteJournal, lease: Lease) -> None:
    journal.append(0, [batch(0, 2)], lease)
    fail(journal, "SELECT lease", driver_error(sqlite3.SQLITE_CORRUPT, "SQLITE_CORRUPT", sqlite3.DatabaseError))
    with pytest.raises(JournalCorrupt) as caught:
        journal.append(2, [batch(2, 1)], lease)
    assert caught.value.position == 3


def test_a_rollback_that_fails_is_not_the_end(journal: SqliteJournal, lease: Lease) -> None:
    fail(journal, "ROLLBACK", driver_error(*IO_ERROR))
    with pytest.raises(Exception, match="comes next"):
        journal.append(0, [batch(4, 1)], lease)
    assert journal.append(0, [batch(0, 1)], lease) == 1
    assert contents(journal) == [record(1)]


def test_an_answer_whose_commit_failed_is_asked_for_again(journal: SqliteJournal, lease: Lease) -> None:
    journal.inbox.submit("a", "{}")
    fail(journal, "COMMIT", driver_error(*IO_ERROR))
    with pytest.raises(JournalUnavailable):
        journal.append(0, [batch(0, 1, Done("a", "1", NOON))], lease)
    assert [found.request_id for found in journal.inbox.waiting()] == ["a"]
    journal.append(0, [batch(0, 1, Done("a", "1", NOON))], lease)
    assert journal.inbox.result("a") == "1"


# Locks.


@contextmanager
def locked(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield connection
        connection.execute("ROLLBACK")


@pytest.fixture
def impatient(path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SqliteJournal]:
    monkeypatch.setattr(sqlite_files, "BUSY_SECONDS", 0.0)
    with closing(SqliteJournal(path)) as opened:
        yield opened


WRITES: dict[str, Callable[[SqliteJournal, Lease], object]] = {
    "append": lambda journal, lease: journal.append(0, [batch(0, 1)], lease),
    "renew": lambda journal, lease: journal.renew(lease, NOON, HOUR),
    "release": lambda journal, lease: journal.release(lease),
    "acquire": lambda journal, _: journal.acquire("second", NOON + HOUR, HOUR),
    "submit": lambda journal, _: journal.inbox.submit("a", "{}"),
    "forget": lambda journal, _: journal.inbox.forget(1),
    "blank": lambda journal, _: journal.blank(),
    "snapshot": lambda journal, _: journal.save_snapshot(Snapshot(0, "s1", b"")),
}


@pytest.mark.parametrize("write", WRITES)
def test_a_lock_that_is_not_given_back_is_reported(impatient: SqliteJournal, path: Path, write: str) -> None:
    lease = impatient.acquire("first", NOON, HOUR)
    with locked(path):
        with pytest.raises(JournalUnavailable, match="another process is writing") as caught:
            WRITES[write](impatient, lease)
        assert not caught.value.outcome_unknown
        assert contents(impatient) == []
    WRITES[write](impatient, lease)


def test_a_writer_waits_for_the_lock(journal: SqliteJournal, lease: Lease, path: Path) -> None:
    has_begun = Event()

    def append() -> int:
        has_begun.set()
        return journal.append(0, [batch(0, 1)], lease)

    with ThreadPoolExecutor(1) as pool:
        with locked(path):
            appending = pool.submit(append)
            has_begun.wait()
            assert journal.position() == 0
        assert appending.result() == 1


# Erasing.


def traces(folder: Path) -> list[str]:
    """The files in which the canary can be found."""
    return sorted(found.name for found in folder.iterdir() if CANARY.encode() in found.read_bytes())


def with_canary(position: int, subject: str, length: int) -> Record:
    found = record(position, private=f'{{"body":"{CANARY} {"x" * length} {CANARY}"}}')
    found.subject = subject
    return found


@pytest.mark.parametrize("length", [0, 300, 3_000, 20_000])
def test_what_is_erased_is_in_no_file(journal: SqliteJournal, path: Path, length: int) -> None:
    lease = journal.acquire("first", NOON, HOUR)
    for position in range(0, 60, 3):
        records = [
            with_canary(position + 1, "cu-1", length),
            record(position + 2),
            with_canary(position + 3, "cu-1", 9),
        ]
        journal.append(position, [Batch(records)], lease)
    assert traces(path.parent)
    assert journal.blank(["cu-1"]) == 40
    assert traces(path.parent) == []
    assert journal.verify() == 60
    assert sum(found.private is not None for found in journal.read()) == sum(
        record(n).private is not None for n in range(2, 60, 3)
    )


def test_erasing_one_subject_leaves_the_others(journal: SqliteJournal, path: Path, lease: Lease) -> None:
    journal.append(0, [Batch([with_canary(1, "cu-1", 50), with_canary(2, "cu-2", 50)])], lease)
    journal.blank(["cu-1"])
    assert traces(path.parent) == ["contacts.db"]
    journal.blank(["cu-2"])
    assert traces(path.parent) == []


def test_a_command_is_gone_once_it_is_answered(journal: SqliteJournal, path: Path, lease: Lease) -> None:
    journal.inbox.submit("a", f'{{"text":"{CANARY}"}}')
    assert traces(path.parent)
    journal.append(0, [answer("a", f'"{CANARY}"')], lease)
    journal.inbox.forget(NOON + 1)
    journal.blank()  # cuts the log
    assert traces(path.parent) == []


def test_a_backup_has_nothing_that_was_erased(journal: SqliteJournal, path: Path, lease: Lease) -> None:
    journal.append(0, [Batch([with_canary(1, "cu-1", 5_000), record(2)])], lease)
    journal.blank(["cu-1"])
    journal.backup(path.with_name("copy"))
    assert traces(path.parent) == []


def test_erasing_under_a_reader_is_finished_by_erasing_again(impatient: SqliteJournal, path: Path) -> None:
    add(impatient, 1)
    lease = impatient.acquire("first", NOON, HOUR)
    impatient.append(1, [Batch([with_canary(2, "cu-1", 50)])], lease)
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM record").fetchone()
        with pytest.raises(JournalUnavailable, match="erase again"):
            impatient.blank(["cu-1"])
        assert contents(impatient)[1].private is None
        reader.execute("ROLLBACK")
    assert traces(path.parent)
    assert impatient.blank(["cu-1"]) == 0
    assert traces(path.parent) == []


def test_nothing_private_shows_in_a_refusal(journal: SqliteJournal, lease: Lease) -> None:
    bad = with_canary(5, "cu-1", 5)
    bad.facts = f"{CANARY} \ud800"
    for batches in ([Batch([bad])], [Batch([with_canary(1, "cu-1", 5)]), Batch([], Done("no", CANARY, NOON))]):
        with pytest.raises(Exception, match=r"record 5|request no") as caught:
            journal.append(0, batches, lease)
        assert CANARY not in f"{caught.value!s}{caught.value!r}{caught.value.__cause__!r}"


# Backups of a journal in use.


def test_a_backup_while_others_write_is_one_moment(journal: SqliteJournal, lease: Lease, path: Path) -> None:
    journal.append(0, [batch(0, 200)], lease)

    def copy(number: int) -> int:
        return journal.backup(path.with_name(f"copy-{number}"))

    with ThreadPoolExecutor(2) as pool:
        copies = [pool.submit(copy, number) for number in range(4)]
        for position in range(200, 240):
            journal.append(position, [batch(position, 1)], lease)
        made = [job.result() for job in copies]
    for number, position in enumerate(made):
        with closing(SqliteJournal(path.with_name(f"copy-{number}"))) as opened:
            assert contents(opened) == [record(n) for n in range(1, position + 1)]


# What each failure of the driver means.


@pytest.mark.parametrize(
    ("code", "name", "reason"),
    [
        (sqlite3.SQLITE_BUSY, "SQLITE_BUSY", "another process"),
        (sqlite3.SQLITE_BUSY | 1 << 8, "SQLITE_BUSY_RECOVERY", "another process"),
        (sqlite3.SQLITE_LOCKED, "SQLITE_LOCKED", "another connection"),
        (sqlite3.SQLITE_CANTOPEN | 3 << 8, "SQLITE_CANTOPEN_FULLPATH", "cannot be opened"),
        (sqlite3.SQLITE_READONLY | 4 << 8, "SQLITE_READONLY_DBMOVED", "only be read"),
        (sqlite3.SQLITE_NOMEM, "SQLITE_NOMEM", "out of memory"),
        (sqlite3.SQLITE_TOOBIG, "SQLITE_TOOBIG", "larger"),
        (sqlite3.SQLITE_ERROR, "SQLITE_ERROR", "made for the test"),
    ],
)
def test_failures_of_the_store_make_it_unavailable(tmp_path: Path, code: int, name: str, reason: str) -> None:
    error = driver_error(code, name)
    found = translated(error, tmp_path / "contacts.db", position=5)
    assert isinstance(found, JournalUnavailable)
    assert str(tmp_path / "contacts.db") in str(found)
    assert not found.outcome_unknown
    assert reason in str(found)
    assert name in str(found)
    assert not is_damage(error)
    assert cause(error) is error


@pytest.mark.parametrize(
    "error",
    [
        driver_error(sqlite3.SQLITE_CORRUPT, "SQLITE_CORRUPT"),
        driver_error(sqlite3.SQLITE_CORRUPT | 1 << 8, "SQLITE_CORRUPT_VTAB"),
        driver_error(sqlite3.SQLITE_NOTADB, "SQLITE_NOTADB"),
        UnicodeDecodeError("utf-8", b"text \xff", 5, 6, "made for the test"),
        sqlite3.OperationalError("Could not decode to UTF-8 column 'facts' with text '{\xff}'"),
    ],
)
def test_damage_is_told_apart(error: DriverError) -> None:
    assert is_damage(error)
    found = translated(error, Path("contacts.db"), position=5)
    assert isinstance(found, JournalCorrupt)
    assert found.position == 5
    assert "text" not in found.reason


def test_an_error_that_quotes_stored_text_is_not_passed_on(journal: SqliteJournal, lease: Lease, path: Path) -> None:
    journal.append(0, [Batch([with_canary(1, "cu-1", 5)])], lease)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE record SET private = CAST(CAST(private AS BLOB) || x'ff' AS TEXT)")
    with pytest.raises(JournalCorrupt) as caught:
        contents(journal)
    assert CANARY not in "".join(traceback.format_exception(caught.value))
