"""A journal in one SQLite file: the embedded store for one host, any number of processes.

Belongs here: appending, leases, erasure and snapshots. Does not: reading (`sqlite_reading`), the inbox
(`sqlite_inbox`), connections and files (`sqlite_connections`, `sqlite_files`).

The file lives with up to three others beside it: SQLite's `-wal` and `-shm`, and `-head` (see `head`). They belong
together: move or remove them together, or while no process has the journal open, when only the one is left.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path

from orchestra.errors import (
    DefinitionError,
    Fault,
    JournalCorrupt,
    JournalError,
    JournalUnavailable,
    VersionConflict,
    WorkspaceInUse,
)
from orchestra.journal.chain import GENESIS, opened, seal
from orchestra.journal.checks import is_held, prove_owner, snapshot_ahead, snapshot_check
from orchestra.journal.head import Head, Witness
from orchestra.journal.sqlite_backup import copy_file, prove_all
from orchestra.journal.sqlite_connections import Connections
from orchestra.journal.sqlite_directory import SqliteDirectory, store_filed
from orchestra.journal.sqlite_files import create_journal
from orchestra.journal.sqlite_inbox import SqliteInbox, store_answers
from orchestra.journal.sqlite_keys import SqliteKeys, store_keys
from orchestra.journal.sqlite_queries import SQL
from orchestra.journal.sqlite_reading import Reader
from orchestra.journal.sqlite_witness import set_inner_witness
from orchestra.model.records import Batch, Lease, Record, Snapshot

__all__ = ["SqliteJournal"]

SYNCHRONOUS = ("FULL", "EXTRA", "NORMAL")


class SqliteJournal:
    """A journal in the SQLite file at `path`; see `orchestra.journal.port.Journal` for what each call promises.

    Safe to use from several threads and, with one object in each, several processes of one host. Not usable in a forked
    child: open it there. Filtered reads by subject prove each record they give; that no other is missing is proved
    by reads without subjects and by `verify`.

    Args:
        path: the file; made if there is none.
        synchronous: SQLite's setting. `FULL` (or `EXTRA`) keeps what was acknowledged through a loss of power,
            `NORMAL` only through the death of the process, and is faster.
        create: False to refuse when there is no such file.
        read_only: promise to write nothing. Then a file in a folder that cannot be written is read as it stands, unless
            a write-ahead log belongs to it.

    Raises:
        DefinitionError: `synchronous` is none of these.
        MalformedMessage: the file is not a journal.
        UnsupportedVersion: a newer library wrote it.
        JournalUnavailable: it cannot be opened.
        JournalCorrupt: its first page is damaged, or the file is gone and its companions are not.
    """

    def __init__(
        self, path: str | Path, *, synchronous: str = "FULL", create: bool = True, read_only: bool = False
    ) -> None:
        if synchronous not in SYNCHRONOUS:
            raise DefinitionError([Fault("synchronous", f"{synchronous!r} is none of {', '.join(SYNCHRONOUS)}")])
        self.path = Path(path).absolute()
        self._connections = Connections(self.path, synchronous, read_only=read_only)
        self._head = Head(self.path)
        self._is_witnessed = synchronous != "NORMAL"  # else an acknowledged record may be lost with the power
        self._last: Witness | None = None
        self._epoch = 0
        self._reader = Reader(self._connections, self._head)
        self._inbox = SqliteInbox(self._connections)
        self._keys = SqliteKeys(self._connections, _prove_lease, self._fold_log)
        self._directory = SqliteDirectory(self._connections)
        if create and not self.path.exists():
            create_journal(self.path)
        try:
            if read_only:
                self._reader.position()
                return
            with self._connections.alone() as connection:
                connection.execute("PRAGMA journal_mode = WAL")
        except BaseException:
            self._connections.close()
            raise

    @property
    def inbox(self) -> SqliteInbox:
        """The inbox in the same file."""
        return self._inbox

    @property
    def keys(self) -> SqliteKeys:
        """The customers' keys in the same file."""
        return self._keys

    @property
    def directory(self) -> SqliteDirectory:
        """The directory of archived customers in the same file."""
        return self._directory

    def acquire(self, holder: str, now_us: int, ttl_us: int) -> Lease:
        """Become the owner; at once if the last one's process on this host is gone. See the port.

        Raises:
            WorkspaceInUse: a living holder's lease has not expired.
            JournalCorrupt: the last record is damaged, or acknowledged records are missing.
        """
        self._reader.prove_tail()
        with self._connections.transaction() as connection:
            epoch, owner, since_us, expires_us = _lease_row(connection)
            if owner is not None and is_held(Lease(epoch, owner, since_us, expires_us), holder, now_us):
                raise WorkspaceInUse(owner, since_us)
            lease = Lease(epoch + 1, holder, now_us, now_us + ttl_us)
            connection.execute(SQL["take_lease"], (lease.epoch, holder, now_us, lease.expires_us))
        self._head.forget()
        return lease

    def renew(self, lease: Lease, now_us: int, ttl_us: int) -> Lease:
        """Stay the owner; see the port."""
        with self._connections.transaction() as connection:
            epoch, owner, since_us, _ = _lease_row(connection)
            prove_owner(lease, epoch, owner)
            connection.execute(SQL["extend_lease"], (now_us + ttl_us,))
        return Lease(lease.epoch, lease.holder, since_us, now_us + ttl_us)

    def release(self, lease: Lease) -> None:
        """Stop being the owner; see the port."""
        with self._connections.transaction() as connection:
            connection.execute(SQL["release_lease"], (lease.epoch, lease.holder))

    def append(self, after: int, batches: Sequence[Batch], lease: Lease) -> int:
        """Store batches, all or none, synced when this returns; see the port.

        Raises:
            VersionConflict: the journal is at another position; nothing was stored.
            LeaseLost: the lease is not the one in force; nothing was stored.
            MalformedMessage: the records do not follow the last one in position and time, an answer is to no waiting
                request, or a key is of somebody who has one; nothing was stored.
            JournalUnavailable: nothing was stored, or with `outcome_unknown` nobody knows.
            JournalCorrupt: the file is damaged; nothing was stored.
            JournalMoved: the file is no longer at its path; nothing was acknowledged.
        """
        answers = [batch.done for batch in batches if batch.done is not None]
        with self._connections.transaction(after + 1) as connection:
            last_at_us, check = self._prove_place(connection, after, lease)
            rows = seal(after, last_at_us, check, batches)
            if rows:
                check = rows[-1][6]
                connection.executemany(SQL["insert_record"], rows)
            if answers:
                store_answers(connection, answers)
            store_keys(connection, batches)
            store_filed(connection, batches)
        self._last = Witness(after + len(rows), check)
        self._epoch = lease.epoch
        if rows and self._is_witnessed:
            self._head.write(self._last)
        return self._last.position

    def _prove_place(self, connection: sqlite3.Connection, after: int, lease: Lease) -> tuple[int, bytes]:
        row = connection.execute(SQL["head"]).fetchone()
        if row is None:
            raise _no_lease_row()
        epoch, owner, position, check, at_us = row
        prove_owner(lease, epoch, owner)
        if after != (position or 0):
            raise VersionConflict(after, position or 0)
        if self._last is not None and self._last.position == after and self._last.check != (check or GENESIS):
            raise JournalCorrupt(after, "the last record is not the one that was stored")
        return at_us or 0, check or GENESIS

    def position(self) -> int:
        """The last durable position; see the port."""
        return self._reader.position()

    def read(
        self,
        after: int = 0,
        *,
        limit: int | None = None,
        subjects: Collection[str] | None = None,
        types: Collection[str] | None = None,
    ) -> Iterator[Record]:
        """Durable records past `after`, in order, up to the last one when the iteration starts; see the port.

        Raises:
            JournalCorrupt: at a damaged record, after those before it; or at the end, when acknowledged records are
                missing there.
        """
        rows = self._reader.rows(max(0, after), subjects, types, limit if types is None else None)
        return map(opened, rows if limit is None else islice(rows, max(0, limit)))

    def verify(self) -> int:
        """Prove every record and the file's structure; returns the position.

        Raises:
            JournalCorrupt: something is not what was written.
        """
        return prove_all(self._connections, self._head)

    def blank(self, subjects: Collection[str] | None = None) -> int:
        """Destroy private parts, in the file and in its log; see the port.

        Raises:
            JournalUnavailable: nothing was erased; or all was, but another process's read in progress keeps the old
                text in the log: then call again.
        """
        with self._connections.transaction() as connection:
            if subjects is None:
                count = connection.execute(SQL["blank_all"]).rowcount
            else:
                rows = [(subject,) for subject in sorted(set(subjects))]
                count = max(0, connection.executemany(SQL["blank_subject"], rows).rowcount) if rows else 0
        if not self._fold_log():
            raise JournalUnavailable("erased, but a reader keeps the old text in the log: erase again")
        return count

    def _fold_log(self) -> bool:
        # Moves the log into the file and cuts it to nothing; not possible while another process reads from it.
        with self._connections.alone() as connection:
            is_busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not is_busy

    def save_snapshot(self, snapshot: Snapshot) -> None:
        """Keep this snapshot in place of the one with its schema; see the port.

        Raises:
            MalformedMessage: the journal has no such position.
            JournalUnavailable: it was not stored.
        """
        with self._connections.transaction() as connection:
            check = _check_at(connection, snapshot.position)
            if check is None:
                raise snapshot_ahead(snapshot)
            values = (snapshot.schema, snapshot.position, check, snapshot_check(snapshot), snapshot.state)
            connection.execute(SQL["save_snapshot"], values)

    def load_snapshot(self, schema: str) -> Snapshot | None:
        """The newest snapshot with this schema, or None; see the port.

        One that belongs to other records than those of this journal counts as damaged.
        """
        try:
            with self._connections.reading() as connection:
                row = connection.execute(SQL["load_snapshot"], (schema,)).fetchone()
                if row is None or _check_at(connection, row[0]) != row[1]:
                    return None
            snapshot = Snapshot(row[0], schema, row[3])
            return snapshot if snapshot_check(snapshot) == row[2] else None
        except (JournalCorrupt, TypeError, OverflowError):  # a flipped bit also changes types and signs
            return None

    def changes(self) -> int:
        """A number that differs after any other connection has committed; see the port."""
        return self._connections.data_version()

    def backup(self, target: Path) -> int:
        """Copy the live journal to a new file, owned by nobody; see the port."""
        return copy_file(self._connections, target)

    def close(self) -> None:
        """Release files and connections; see the port."""
        with suppress(JournalError):
            self._settle()
        self._connections.close()
        self._head.forget()

    def _settle(self) -> None:
        # With the log folded in, the file can speak for itself, and the witness moves inside.
        self._connections.check()
        if self._last is None:
            return
        with self._connections.transaction() as connection:
            set_inner_witness(connection)
        if self._fold_log():
            with self._connections.transaction() as connection:
                epoch, *_ = _lease_row(connection)
                if epoch == self._epoch:  # else another owner has begun, and the witness outside is theirs
                    self._head.remove()


def _prove_lease(connection: sqlite3.Connection, lease: Lease) -> None:
    epoch, owner, _, _ = _lease_row(connection)
    prove_owner(lease, epoch, owner)


def _lease_row(connection: sqlite3.Connection) -> tuple[int, str | None, int, int]:
    row = connection.execute(SQL["lease"]).fetchone()
    if row is None:
        raise _no_lease_row()
    epoch, holder, since_us, expires_us = row
    if not all(isinstance(number, int) for number in (epoch, since_us, expires_us)):
        raise _no_lease_row()
    return epoch, holder, since_us, expires_us


def _no_lease_row() -> JournalCorrupt:
    return JournalCorrupt(1, "the row of the lease is missing or damaged")


def _check_at(connection: sqlite3.Connection, position: int) -> bytes | None:
    if position == 0:
        return GENESIS
    row = connection.execute(SQL["record_check"], (position,)).fetchone()
    return None if row is None else row[0]
