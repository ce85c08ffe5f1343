"""Opening SQLite journals: what is recognised, what is refused, and what other files appear."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Barrier

import pytest

from orchestra.errors import (
    DefinitionError,
    JournalCorrupt,
    JournalMoved,
    JournalUnavailable,
    MalformedMessage,
    UnsupportedVersion,
    WorkspaceInUse,
)
from orchestra.journal import sqlite_files
from orchestra.journal.port import FORMAT
from orchestra.journal.process import process_holder
from orchestra.journal.sqlite import SqliteJournal
from orchestra.journal.sqlite_queries import SCHEMA, SQL
from orchestra.testing.journal_samples import HOUR, NOON, add, batch, contents, record


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "contacts.db"


def files(path: Path) -> list[str]:
    return sorted(found.name for found in path.parent.iterdir())


def run(script: str, *arguments: object) -> str:
    """What a Python program prints; it must succeed."""
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_format_of_the_schema_is_the_format_of_the_port() -> None:
    assert f"PRAGMA user_version = {FORMAT};" in SCHEMA


def test_every_statement_runs(path: Path) -> None:
    SqliteJournal(path).close()
    with closing(sqlite3.connect(path)) as connection:
        for name, statement in SQL.items():
            values = (None,) * statement.count("?")
            assert connection.execute(f"EXPLAIN {statement}", values).fetchone(), name


def test_a_closed_journal_is_one_file(path: Path) -> None:
    journal = SqliteJournal(path)
    add(journal, 3)
    assert files(path) == ["contacts.db", "contacts.db-head", "contacts.db-shm", "contacts.db-wal"]
    journal.close()
    assert files(path) == ["contacts.db"]


def test_a_path_may_be_text_and_relative(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    with closing(SqliteJournal("contacts.db")) as journal:
        assert journal.path == path


def test_an_unknown_synchronous_is_refused(path: Path) -> None:
    with pytest.raises(DefinitionError, match=r"OFF.*FULL, EXTRA, NORMAL"):
        SqliteJournal(path, synchronous="OFF")
    assert files(path) == []


@pytest.mark.parametrize(("synchronous", "number"), [("NORMAL", 1), ("FULL", 2), ("EXTRA", 3)])
def test_the_settings_that_keep_promises(path: Path, synchronous: str, number: int) -> None:
    with closing(SqliteJournal(path, synchronous=synchronous)) as journal:
        for connected in (journal._connections.reading, journal._connections.alone):
            with connected() as connection:
                found = {
                    name: connection.execute(f"PRAGMA {name}").fetchone()[0]
                    for name in ("synchronous", "journal_mode", "secure_delete", "fullfsync")
                }
            assert found == {"synchronous": number, "journal_mode": "wal", "secure_delete": 1, "fullfsync": 1}


def test_a_journal_without_sync_leaves_no_witness(path: Path) -> None:
    with closing(SqliteJournal(path, synchronous="NORMAL")) as journal:
        add(journal, 1)
        assert "contacts.db-head" not in files(path)


def test_a_newer_format_is_refused_naming_both(path: Path) -> None:
    SqliteJournal(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 7")
    with pytest.raises(UnsupportedVersion) as caught:
        SqliteJournal(path)
    assert (caught.value.found, caught.value.known) == (7, FORMAT)
    assert "version 7" in str(caught.value)
    assert f"version {FORMAT}" in str(caught.value)


def _other_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE record (position INTEGER)")


def _without_version(path: Path) -> None:
    SqliteJournal(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 0")


FOREIGN: dict[str, Callable[[Path], object]] = {
    "another database": _other_database,
    "a text": lambda path: path.write_text("Dear customer, " * 100),
    "a short text": lambda path: path.write_text("x"),
    "zeros": lambda path: path.write_bytes(bytes(8192)),
    "an empty file": lambda path: path.touch(),
    "no version": _without_version,
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_what_is_not_a_journal_is_left_as_it_is(path: Path, kind: str) -> None:
    FOREIGN[kind](path)
    before = path.read_bytes()
    with pytest.raises(MalformedMessage, match="not a journal") as caught:
        SqliteJournal(path)
    assert str(path) in str(caught.value)
    assert path.read_bytes() == before
    assert files(path) == ["contacts.db"]


def test_a_folder_is_not_a_journal(path: Path) -> None:
    path.mkdir()
    with pytest.raises(JournalUnavailable):
        SqliteJournal(path)


def test_an_index_that_leads_elsewhere_is_reported(path: Path) -> None:
    with closing(SqliteJournal(path)) as journal:
        add(journal, 12)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        # An index on something else under the name and in the place of the one on subjects.
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "UPDATE sqlite_master SET sql = replace(sql, '(subject)', '(type)') WHERE name = 'record_subject'"
        )
        connection.execute("PRAGMA writable_schema = RESET")
        connection.execute("REINDEX")
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "UPDATE sqlite_master SET sql = replace(sql, '(type)', '(subject)') WHERE name = 'record_subject'"
        )
    with closing(SqliteJournal(path)) as journal:
        with pytest.raises(JournalCorrupt, match="checksum"):
            list(journal.read(subjects=["OfferMade"]))
        with pytest.raises(JournalCorrupt, match="structure"):
            journal.verify()
        assert len(contents(journal)) == 12


def test_a_folder_that_cannot_be_synced_makes_no_journal(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("os.fsync", refuse)
    with pytest.raises(JournalUnavailable, match="Input/output error"):
        SqliteJournal(path)
    assert files(path) == []


def test_a_poll_of_a_locked_file_is_reported(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_files, "BUSY_SECONDS", 0.0)
    with closing(SqliteJournal(path)) as journal:
        journal.changes()
        poller = journal._connections._poller
        assert poller is not None
        poller.close()
        with pytest.raises(JournalUnavailable, match="closed database"):
            journal.changes()


def test_a_missing_folder_is_unavailable(path: Path) -> None:
    with pytest.raises(JournalUnavailable):
        SqliteJournal(path / "no" / "folder.db")


@pytest.mark.parametrize("left", ["-wal", "-head"])
def test_companions_without_their_journal_are_not_adopted(path: Path, left: str) -> None:
    run(KILLED, path, 3)
    path.unlink()
    for suffix in {"-wal", "-shm", "-head"} - {left}:
        path.with_name(path.name + suffix).unlink()
    with pytest.raises(JournalCorrupt, match=f"contacts.db{left}"):
        SqliteJournal(path)
    assert files(path) == [f"contacts.db{left}"]


# Appends and goes without closing, as a killed process does.
KILLED = """
import os, sys
from orchestra.journal.sqlite import SqliteJournal
from orchestra.testing.journal_samples import add
journal = SqliteJournal(sys.argv[1])
for _ in range(int(sys.argv[2])):
    add(journal, 1)
os._exit(0)
"""


def test_a_journal_of_a_process_that_just_went_is_whole(path: Path) -> None:
    run(KILLED, path, 5)
    assert "contacts.db-head" in files(path)
    with closing(SqliteJournal(path)) as journal:
        assert contents(journal) == [record(n) for n in range(1, 6)]
        assert journal.verify() == 5
        assert add(journal, 1) == 6
    assert files(path) == ["contacts.db"]


def test_many_who_make_it_at_once_make_one(path: Path) -> None:
    start = Barrier(6)

    def make(number: int) -> None:
        start.wait()
        with closing(SqliteJournal(path)) as journal:
            journal.inbox.submit(f"from {number}", "{}")

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(make, range(6)))
    with closing(SqliteJournal(path)) as journal:
        assert sorted(found.request_id for found in journal.inbox.waiting()) == [f"from {n}" for n in range(6)]
    assert files(path) == ["contacts.db"]


def test_without_hard_links_a_journal_is_made_all_the_same(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr("os.link", refuse)
    with closing(SqliteJournal(path)) as journal:
        add(journal, 2)
        assert journal.backup(path.with_name("copy")) == 2
        with pytest.raises(JournalUnavailable, match="exists already"):
            journal.backup(path.with_name("copy"))
    with closing(SqliteJournal(path.with_name("copy"))) as copy:
        assert copy.position() == 2


def test_a_journal_that_vanishes_is_reported_and_not_made_anew(path: Path) -> None:
    with closing(SqliteJournal(path)) as journal:
        path.unlink()
        with pytest.raises(JournalMoved):
            journal.position()
    assert "contacts.db" not in files(path)


# Forks with an open journal; what the child meets is printed. A program of its own: pytest has threads.
FORKING = """
import os, sys
from orchestra.errors import JournalUnavailable
from orchestra.journal.sqlite import SqliteJournal
from orchestra.model.records import Snapshot
from orchestra.testing.journal_samples import HOUR, NOON, add, batch
from pathlib import Path

journal = SqliteJournal(sys.argv[1])
lease = journal.acquire("parent", NOON, HOUR)
journal.append(0, [batch(0, 2)], lease)
reading = journal.read()
calls = [
    journal.position, journal.changes, journal.blank, journal.inbox.waiting, journal.verify,
    lambda: list(journal.read()), lambda: journal.append(2, [batch(2, 1)], lease),
    lambda: journal.acquire("child", NOON + HOUR, HOUR), lambda: journal.renew(lease, NOON, HOUR),
    lambda: journal.release(lease), lambda: journal.inbox.submit("a", "{}"), lambda: journal.inbox.result("a"),
    lambda: journal.inbox.forget(9), lambda: journal.save_snapshot(Snapshot(1, "s", b"")),
    lambda: journal.load_snapshot("s"), lambda: journal.backup(Path(sys.argv[1] + ".copy")), lambda: next(reading),
]
if os.fork() == 0:
    refused = 0
    for call in calls:
        try:
            call()
        except JournalUnavailable as error:
            refused += "forked" in str(error) and "open it in the child" in str(error)
    journal.close()
    with open(sys.argv[1] + ".said", "w") as file:
        file.write(f"{refused} of {len(calls)}")
    child = SqliteJournal(sys.argv[1])
    child.inbox.submit("from the child", "{}")
    child.close()
    os._exit(0)
assert os.wait()[1] == 0
assert journal.append(2, [batch(2, 1)], lease) == 3
assert journal.inbox.waiting()[0].request_id == "from the child"
assert journal.verify() == 3
journal.close()
"""


def test_a_forked_child_is_refused_and_its_parent_goes_on(path: Path) -> None:
    run(FORKING, path)
    assert path.with_name("contacts.db.said").read_text() == "17 of 17"
    with closing(SqliteJournal(path)) as journal:
        assert journal.verify() == 3


OWNER = """
import sys
from orchestra.journal.process import process_holder
from orchestra.journal.sqlite import SqliteJournal
from orchestra.testing.journal_samples import HOUR, NOON, batch
journal = SqliteJournal(sys.argv[1])
lease = journal.acquire(process_holder(), NOON, HOUR)
journal.append(0, [batch(0, 3)], lease)
print(lease.holder, flush=True)
sys.stdin.read()
"""


def test_the_lease_of_a_killed_process_is_free_at_once(path: Path) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    holder = owner.stdout.readline().strip()
    with closing(SqliteJournal(path)) as journal:
        with pytest.raises(WorkspaceInUse) as caught:
            journal.acquire(process_holder(), NOON + 1, HOUR)
        assert caught.value.holder == holder
        owner.send_signal(signal.SIGKILL)
        owner.communicate()
        lease = journal.acquire(process_holder(), NOON + 2, HOUR)
        assert lease.epoch == 2
        assert journal.append(3, [batch(3, 1)], lease) == 4
        assert contents(journal) == [record(n) for n in range(1, 5)]


def test_another_processs_request_shows(path: Path) -> None:
    submit = (
        "import sys; from orchestra.journal.sqlite import SqliteJournal; "
        "journal = SqliteJournal(sys.argv[1]); journal.inbox.submit('a', '{}'); journal.close()"
    )
    with closing(SqliteJournal(path)) as journal:
        before = journal.changes()
        run(submit, path)
        assert journal.changes() != before
        assert [found.request_id for found in journal.inbox.waiting()] == ["a"]


def test_the_witness_of_a_later_owner_stays(path: Path) -> None:
    with closing(SqliteJournal(path)) as second:
        first = SqliteJournal(path)
        first.append(0, [batch(0, 1)], first.acquire("first", NOON, HOUR))
        lease = second.acquire("second", NOON + HOUR, HOUR)
        second.append(1, [batch(1, 1)], lease)
        first.close()
        assert "contacts.db-head" in files(path)
        second.append(2, [batch(2, 1)], lease)
    assert files(path) == ["contacts.db"]


# Drops its rights after the imports, then meets files that it may only read.
READ_ONLY = """
import os, sys
from orchestra.errors import JournalUnavailable
from orchestra.journal.sqlite import SqliteJournal
from orchestra.testing.journal_samples import add
if os.geteuid() == 0:
    os.seteuid(65534)
try:
    journal = SqliteJournal(sys.argv[1])
    add(journal, 1)
except JournalUnavailable as error:
    assert not error.outcome_unknown
    print(error)
"""


@pytest.mark.parametrize("folder_mode", [0o555, 0o777])
def test_a_file_that_can_only_be_read_is_reported(folder_mode: int) -> None:
    # Not in pytest's own folders, which another user may not even enter.
    with TemporaryDirectory() as folder:
        path = Path(folder) / "contacts.db"
        with closing(SqliteJournal(path)) as journal:
            add(journal, 3)
        path.chmod(0o444)
        path.parent.chmod(folder_mode)
        assert "journal unavailable" in run(READ_ONLY, path)
        path.chmod(0o644)
        with closing(SqliteJournal(path)) as journal:
            assert journal.verify() == 3


# Reads what stands there, with the rights of nobody.
READ_AT_REST = """
import os, sys
from orchestra.errors import JournalUnavailable
from orchestra.journal.sqlite import SqliteJournal
from orchestra.testing.journal_samples import add
if os.geteuid() == 0:
    os.seteuid(65534)
try:
    journal = SqliteJournal(sys.argv[1], create=False, read_only=True)
    print(len(list(journal.read())), journal.verify(), journal.load_snapshot("x"))
    journal.close()
    journal = SqliteJournal(sys.argv[1], create=False)
except JournalUnavailable as error:
    print(error)
"""

COPY_IT = "its folder cannot be written, and it needs files beside it: copy contacts.db and every contacts.db-* that is"


def test_a_file_in_a_folder_that_cannot_be_written_is_read_by_who_only_reads() -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "contacts.db"
        with closing(SqliteJournal(path)) as journal:
            add(journal, 3)
        path.chmod(0o444)
        path.parent.chmod(0o555)
        read, refused = run(READ_AT_REST, path).splitlines()
        assert read == "3 3 None"
        assert refused.startswith(f"journal unavailable: {path}: {COPY_IT}")
        assert [found.name for found in path.parent.iterdir()] == ["contacts.db"]
        path.parent.chmod(0o755)


def test_what_is_in_a_log_is_not_passed_over() -> None:
    """Without its log the file would be read as of an earlier time: better not at all."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "contacts.db"
        journal = SqliteJournal(path)
        add(journal, 3)
        copy = Path(folder) / "copied" / "contacts.db"
        copy.parent.mkdir()
        for suffix in ("", "-wal"):
            copy.with_name(copy.name + suffix).write_bytes(path.with_name(path.name + suffix).read_bytes())
        journal.close()
        path.parent.chmod(0o755)
        copy.parent.chmod(0o555)
        assert run(READ_AT_REST, copy).startswith(f"journal unavailable: {copy}: {COPY_IT}")
        copy.parent.chmod(0o755)


def test_who_only_reads_reads_a_live_journal_as_anybody(path: Path) -> None:
    with closing(SqliteJournal(path)) as journal:
        add(journal, 3)
        with closing(SqliteJournal(path, create=False, read_only=True)) as reader:
            assert len(contents(reader)) == 3
            lease = journal.acquire("first", NOON, HOUR)
            journal.append(3, [batch(3, 1)], lease)
            assert len(contents(reader)) == 4


@pytest.mark.parametrize(
    ("name", "reason"), [(".", "is a directory"), ("none/contacts.db", "there is no folder {folder}/none")]
)
def test_where_no_file_can_be_is_said_with_the_path(tmp_path: Path, name: str, reason: str) -> None:
    told = f"^journal unavailable: {tmp_path / name}: {reason.format(folder=tmp_path)}$"
    with pytest.raises(JournalUnavailable, match=told):
        SqliteJournal(tmp_path / name)


def test_where_no_copy_can_be_is_said_with_the_path_of_the_copy(tmp_path: Path) -> None:
    target = tmp_path / "none" / "copy.db"
    with closing(SqliteJournal(tmp_path / "contacts.db")) as journal:
        with pytest.raises(
            JournalUnavailable, match=f"^journal unavailable: {target}: there is no folder {target.parent}$"
        ):
            journal.backup(target)
        with pytest.raises(JournalUnavailable, match=f"^journal unavailable: {tmp_path} exists already"):
            journal.backup(tmp_path)


def test_a_copy_that_fails_half_way_names_the_copy(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(sqlite3.Connection):
        def backup(self, target: sqlite3.Connection, **_: object) -> None:  # type: ignore[override]
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode, error.sqlite_errorname = sqlite3.SQLITE_FULL, "SQLITE_FULL"
            raise error

    target = path.with_name("copy.db")
    with closing(SqliteJournal(path)) as journal:
        add(journal, 1)
        whole = sqlite3.connect
        monkeypatch.setattr(sqlite3, "connect", lambda *given, **more: whole(*given, **more, factory=Full))
        journal._connections._readers.clear()
        told = f"^journal unavailable: {target}: the disk is full"
        with pytest.raises(JournalUnavailable, match=told):
            journal.backup(target)
    assert not target.exists()


# Files that do not stay where they are.


def _remove(path: Path) -> None:
    for found in path.parent.glob("contacts.db*"):
        found.unlink()


def _move(path: Path) -> None:
    (path.parent / "away").mkdir()
    for found in path.parent.glob("contacts.db*"):
        found.rename(path.parent / "away" / found.name)


def _restore_another(path: Path) -> None:
    with closing(SqliteJournal(path)) as journal:
        journal.backup(path.with_name("copy"))
    path.with_name("copy").replace(path)


def _remove_the_log(path: Path) -> None:
    path.with_name("contacts.db-wal").unlink()


def _replace_the_log(path: Path) -> None:
    log = path.with_name("contacts.db-wal")
    copy = path.with_name("copy")
    copy.write_bytes(log.read_bytes())
    copy.replace(log)


MOVES: dict[str, Callable[[Path], None]] = {
    "removed": _remove,
    "moved": _move,
    "replaced": _restore_another,
    "log removed": _remove_the_log,
    "log replaced": _replace_the_log,
}


@pytest.mark.skipif(sys.platform == "win32", reason="files that are open stay where they are there")
@pytest.mark.parametrize("how", MOVES)
def test_nothing_is_acknowledged_that_is_not_at_the_path(path: Path, how: str) -> None:
    with closing(SqliteJournal(path)) as journal:
        lease = journal.acquire("first", NOON, HOUR)
        journal.append(0, [batch(0, 1)], lease)
        MOVES[how](path)
        calls: tuple[Callable[[], object], ...] = (
            lambda: journal.append(1, [batch(1, 1)], lease),
            lambda: journal.inbox.submit("a", "{}"),
            lambda: journal.renew(lease, NOON, HOUR),
            journal.blank,
        )
        for call in calls:
            with pytest.raises(JournalMoved) as caught:
                call()
            assert caught.value.path.startswith(str(path))
            assert "put the files in place" in str(caught.value)


@pytest.mark.skipif(sys.platform == "win32", reason="as above")
@pytest.mark.parametrize("how", ["removed", "moved", "replaced"])
def test_who_waits_for_changes_hears_that_the_file_is_gone(path: Path, how: str) -> None:
    with closing(SqliteJournal(path)) as journal:
        add(journal, 1)
        journal.changes()
        MOVES[how](path)
        with pytest.raises(JournalMoved):
            journal.changes()


@pytest.mark.skipif(sys.platform == "win32", reason="as above")
def test_a_journal_once_found_gone_is_used_no_more(path: Path) -> None:
    with closing(SqliteJournal(path)) as journal:
        lease = journal.acquire("first", NOON, HOUR)
        journal.append(0, [batch(0, 1)], lease)
        path.rename(path.with_name("elsewhere"))
        with pytest.raises(JournalMoved):
            journal.append(1, [batch(1, 1)], lease)
        path.with_name("elsewhere").rename(path)
        for call in (journal.position, journal.changes, lambda: journal.append(1, [batch(1, 1)], lease)):
            with pytest.raises(JournalMoved):
                call()
    with closing(SqliteJournal(path)) as again:
        assert contents(again) == [record(1)]


def test_a_file_that_cannot_be_looked_at_leaves_the_outcome_unknown(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object) -> None:
        raise PermissionError(13, "Permission denied")

    with closing(SqliteJournal(path)) as journal:
        lease = journal.acquire("first", NOON, HOUR)
        with monkeypatch.context() as patched:
            patched.setattr(sqlite_files.os, "stat", refuse)
            with pytest.raises(JournalUnavailable, match="cannot be looked at") as caught:
                journal.append(0, [batch(0, 1)], lease)
            assert caught.value.outcome_unknown
        assert journal.append(0, [batch(0, 1)], lease) == 1


def test_a_log_made_anew_after_a_failure_is_the_journals_own(path: Path) -> None:
    with closing(SqliteJournal(path)) as journal:
        lease = journal.acquire("first", NOON, HOUR)
        journal._connections._drop_writer()
        while journal._connections._readers:
            journal._connections._readers.pop().close()
        assert "contacts.db-wal" not in files(path)
        assert journal.append(0, [batch(0, 1)], lease) == 1
