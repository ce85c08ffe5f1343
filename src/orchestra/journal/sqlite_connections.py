"""Connections to one journal file: one that writes, one that polls, a few that read.

Belongs here: who may use which connection when, transactions, refusing a forked child. Does not: any statement on
journal tables.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from orchestra.errors import JournalUnavailable
from orchestra.journal.sqlite_errors import DRIVER_ERRORS, cause, translated
from orchestra.journal.sqlite_files import Place, connect, identify, is_at_rest, unopened

__all__ = ["Connections"]

IDLE_READERS = 4


class Connections:
    """All connections of one journal object; safe to use from any thread."""

    def __init__(self, path: Path, synchronous: str, *, read_only: bool = False) -> None:
        self.path = path
        self._reads_only = read_only
        self._synchronous = synchronous
        self._place = Place(path)
        self._log = self._new_log()
        self._process = os.getpid()
        self._is_closed = False
        self._writing = threading.Lock()
        self._polling = threading.Lock()
        self._borrowing = threading.Lock()
        self._writer: sqlite3.Connection | None = None
        self._poller: sqlite3.Connection | None = None
        self._readers: list[sqlite3.Connection] = []

    def check(self) -> None:
        """Refuse use after closing, in a forked child, and once the file was found gone from its path.

        Raises:
            JournalUnavailable: it is one of the first two.
            JournalMoved: it is the last.
        """
        if os.getpid() != self._process:
            # SQLite's locks and shared memory do not survive a fork; using them would damage the file.
            raise JournalUnavailable(
                f"it was opened in process {self._process}, which then forked: open it in the child, after the fork"
            )
        if self._is_closed:
            raise JournalUnavailable("it is closed")
        self._place.recall()
        self._log.recall()

    def _connect(self) -> sqlite3.Connection:
        if not self._place.is_known and not self.path.exists():
            raise JournalUnavailable(f"there is no journal at {self.path}")
        self._place.prove()
        try:
            connection = connect(self.path, self._synchronous, at_rest=self._reads_only and is_at_rest(self.path))
        except DRIVER_ERRORS as error:
            raise unopened(error, self.path) from cause(error)
        try:
            identify(connection, self.path)
            self._place.prove()
        except BaseException:
            connection.close()
            raise
        return connection

    def _new_log(self) -> Place:
        return Place(self.path.with_name(self.path.name + "-wal"))

    @contextmanager
    def reading(self) -> Generator[sqlite3.Connection]:
        """A connection to read with, for a moment: what it reads is read by `fetchall`, then it goes back."""
        connection = self._borrow()
        try:
            yield connection
        except DRIVER_ERRORS as error:
            raise translated(error, self.path) from cause(error)
        finally:
            self._give_back(connection)

    def _borrow(self) -> sqlite3.Connection:
        self.check()
        with self._borrowing:
            if self._readers:
                return self._readers.pop()
        return self._connect()

    def _give_back(self, connection: sqlite3.Connection) -> None:
        with self._borrowing:
            if not self._is_closed and len(self._readers) < IDLE_READERS:
                self._readers.append(connection)
                return
        connection.close()

    @contextmanager
    def alone(self) -> Generator[sqlite3.Connection]:
        """The writing connection outside a transaction; others of this object wait."""
        with self._writing:
            self.check()
            if self._writer is None:
                self._writer = self._connect()
            try:
                yield self._writer
            except DRIVER_ERRORS as error:
                raise translated(error, self.path) from cause(error)

    @contextmanager
    def transaction(self, position: int = 1) -> Generator[sqlite3.Connection]:
        """One transaction that has the write lock from its start; whole or not at all, and in the file at the path.

        Args:
            position: the first record that may be damaged if the file turns out to be.

        Raises:
            JournalUnavailable: nothing was stored, or with `outcome_unknown` nobody knows.
            JournalCorrupt: the file is damaged; nothing was stored.
            JournalMoved: the file is no longer at its path. What was stored is not in the one that is there.
        """
        with self.alone() as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
                self._place.prove()  # else this would go into the log of whatever file is there now
                yield connection
            except BaseException as error:
                self._undo(connection)
                if isinstance(error, DRIVER_ERRORS):
                    raise translated(error, self.path, position=position) from cause(error)
                raise
            try:
                connection.execute("COMMIT")
            except DRIVER_ERRORS as error:
                # Bytes may have reached the log. After a failed sync nothing that this connection believes can be
                # trusted, so the next use opens a new one.
                self._drop_writer()
                raise translated(error, self.path, outcome_unknown=True) from cause(error)
            self._place.prove()  # again: what is answered now must be there for those who open the path later
            self._log.prove()

    def _undo(self, connection: sqlite3.Connection) -> None:
        try:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        except DRIVER_ERRORS:
            self._drop_writer()  # closing rolls back

    def _drop_writer(self) -> None:
        connection, self._writer = self._writer, None
        self._log = self._new_log()  # SQLite makes another, if this was the last connection
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()

    def data_version(self) -> int:
        """A number that changes when any other connection, of this process or another, has committed.

        Raises:
            JournalMoved: the file is no longer at its path.
        """
        with self._polling:
            self.check()
            self._place.prove()  # what happens at the path would never show in the old file
            if self._poller is None:
                self._poller = self._connect()
            try:
                (version,) = self._poller.execute("PRAGMA data_version").fetchone()
            except DRIVER_ERRORS as error:
                raise translated(error, self.path) from cause(error)
        return int(version)

    def close(self) -> None:
        """Close all; in a forked child, where closing would take the parent's locks away, do nothing."""
        if self._is_closed or os.getpid() != self._process:
            return
        with self._writing, self._polling, self._borrowing:
            self._is_closed = True
            open_now = [*self._readers, self._poller, self._writer]
            self._readers, self._poller, self._writer = [], None, None
        for connection in open_now:
            if connection is not None:
                with suppress(sqlite3.Error):
                    connection.close()
