"""Journal files: made whole or not at all, recognised before they are touched.

Belongs here: creating, opening and publishing a file. Does not: what is read from it or written to it.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from orchestra.errors import (
    JournalCorrupt,
    JournalMoved,
    JournalUnavailable,
    MalformedMessage,
    OrchestraError,
    UnsupportedVersion,
)
from orchestra.journal.head import Head
from orchestra.journal.port import FORMAT
from orchestra.journal.sqlite_errors import DRIVER_ERRORS, DriverError, cause, is_writable, translated
from orchestra.journal.sqlite_queries import APPLICATION_ID, SCHEMA

__all__ = [
    "Place",
    "connect",
    "create_journal",
    "identify",
    "is_at_rest",
    "publish",
    "remove_draft",
    "temporary_beside",
    "unopened",
]

BUSY_SECONDS = 5.0


class Place:
    """Whether the file at a path is still the one that was there when this was first asked.

    What is open goes on to be written when its name is taken away or given to another file, and nobody who opens the
    path will ever see it: SQLite itself does not look.
    """

    def __init__(self, path: Path) -> None:
        self._name = str(path)
        self._found: tuple[int, int] | None = None
        self._is_lost = False

    @property
    def is_known(self) -> bool:
        """Whether it was asked before."""
        return self._found is not None

    def recall(self) -> None:
        """Refuse if it was once found not to be; without looking again.

        Raises:
            JournalMoved: it was.
        """
        if self._is_lost:
            raise JournalMoved(self._name)

    def prove(self) -> None:
        """Make sure that it is.

        Raises:
            JournalMoved: there is none, or another.
            JournalUnavailable: nobody can tell.
        """
        try:
            status = os.stat(self._name)  # noqa: PTH116 - before each answer: a `Path` costs as much again
        except (FileNotFoundError, NotADirectoryError):
            self._is_lost = True
        except OSError as error:
            raise JournalUnavailable(f"the file cannot be looked at: {error.strerror}", True) from error
        else:
            found = status.st_dev, status.st_ino
            self._found = self._found or found
            self._is_lost = self._found != found
        self.recall()


def is_at_rest(path: Path) -> bool:
    """Whether the file can only be read as it stands: SQLite can make no files beside it, and needs none.

    What is in a write-ahead log would be missed, so there must be none.
    """
    return not is_writable(path.parent) and not path.with_name(path.name + "-wal").exists()


def connect(
    path: Path, synchronous: str = "FULL", *, create: bool = False, at_rest: bool = False
) -> sqlite3.Connection:
    """A connection to that file, in autocommit mode, usable from any thread by one at a time.

    Args:
        path: the file.
        synchronous: SQLite's setting.
        create: make it if there is none.
        at_rest: take it for a file that nobody writes: without locks and without files beside it.
    """
    mode = "rwc" if create else "rw"
    address = f"{path.as_uri()}?mode={'ro&immutable=1' if at_rest else mode}"
    connection = sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        # macOS alone: there an ordinary sync does not reach the disk.
        connection.execute("PRAGMA fullfsync = ON")
        # Erased texts must not linger in the free parts of pages.
        connection.execute("PRAGMA secure_delete = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def create_journal(path: Path) -> None:
    """Make an empty journal there. One that another process makes at the same time is left alone.

    Raises:
        JournalCorrupt: there is no journal file, but there are the files that belong to one.
        JournalUnavailable: it cannot be written.
    """
    _refuse_orphans(path)
    draft = temporary_beside(path)
    try:
        with closing(connect(draft, create=True)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(SCHEMA)
        publish(draft, path)
    except FileExistsError:
        pass
    except DRIVER_ERRORS as error:
        raise translated(error, path) from cause(error)
    finally:
        remove_draft(draft)


def _refuse_orphans(path: Path) -> None:
    # A new file would take the old write-ahead log for its own.
    for suffix in ("-wal", "-head"):
        left = path.with_name(path.name + suffix)
        if left.exists():
            witness = Head(path).read()
            known = f" with {witness.position} acknowledged records" if witness else ""
            raise JournalCorrupt(
                1, f"{path.name} is gone, but {left.name} of a journal{known} is there; remove that too to start anew"
            )


def temporary_beside(path: Path) -> Path:
    """A name for a file that will become `path`; in the same folder, so that it can be renamed."""
    return path.with_name(f"{path.name}.draft-{secrets.token_hex(6)}")


def publish(draft: Path, path: Path) -> None:
    """Give a finished file its name, durably, unless the name is taken.

    Raises:
        FileExistsError: something has that name; it is as before.
        JournalUnavailable: the folder cannot be written.
    """
    try:
        _sync(draft)
        _name(draft, path)
        if os.name == "posix":
            _sync(path.parent)
    except FileExistsError:
        raise
    except OSError as error:
        raise JournalUnavailable(f"{path.name} cannot be written: {error.strerror}") from error


def _name(draft: Path, path: Path) -> None:
    try:
        os.link(draft, path)  # unlike renaming, this never replaces a file
    except FileExistsError:
        raise
    except OSError:
        # A file system without hard links.
        if path.exists():
            raise FileExistsError(path) from None
        draft.rename(path)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_draft(draft: Path) -> None:
    """Remove a temporary file and whatever SQLite put beside it."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        with suppress(OSError):
            draft.with_name(draft.name + suffix).unlink()


def unopened(error: DriverError, path: Path) -> OrchestraError:
    """The error to raise when a file could not be opened; chain it to the `cause`."""
    if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_NOTADB:
        return MalformedMessage(str(path), "not a journal: not a SQLite file, or its first page is lost")
    return translated(error, path)


def identify(connection: sqlite3.Connection, path: Path) -> None:
    """Make sure that the file is a journal which this library can read, without changing it.

    Raises:
        MalformedMessage: it is something else.
        UnsupportedVersion: a newer library wrote it.
        JournalCorrupt: its first page is damaged.
        JournalUnavailable: it cannot be read.
    """
    try:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    except DRIVER_ERRORS as error:
        raise unopened(error, path) from cause(error)
    if application != APPLICATION_ID or version < 1:
        raise MalformedMessage(str(path), "not a journal: the file lacks the mark of one")
    if version > FORMAT:
        raise UnsupportedVersion(f"journal {path}", version, FORMAT)
