"""Copies of a journal: made beside their final name, proved, and only then given it.

Belongs here: writing a new journal file from another journal. Does not: restoring, which is opening the copy.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Generator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from orchestra.errors import JournalCorrupt, JournalUnavailable
from orchestra.journal.chain import Row
from orchestra.journal.head import Head
from orchestra.journal.sqlite_connections import Connections
from orchestra.journal.sqlite_errors import DRIVER_ERRORS, cause, is_damage, translated
from orchestra.journal.sqlite_files import connect, create_journal, publish, remove_draft, temporary_beside
from orchestra.journal.sqlite_queries import SQL
from orchestra.journal.sqlite_reading import Reader
from orchestra.journal.sqlite_witness import set_inner_witness

__all__ = ["copy_file", "prove_all", "write_file"]


def copy_file(source: Connections, target: Path) -> int:
    """Copy a journal while it is in use; returns the copy's position.

    Raises:
        JournalUnavailable: the target exists, or cannot be written.
        JournalCorrupt: the copy did not verify.
    """

    def fill(draft: Path) -> None:
        with closing(connect(draft, create=True)) as copy:
            with source.reading() as connection:
                _copy(connection, copy, target)
            copy.execute(SQL["disown"])
            set_inner_witness(copy)

    return _made(target, fill)


def _copy(connection: sqlite3.Connection, copy: sqlite3.Connection, target: Path) -> None:
    try:
        connection.backup(copy)
    except DRIVER_ERRORS as error:
        if is_damage(error):  # of what is read; whatever else fails here fails in the copy
            raise
        raise translated(error, target.absolute()) from cause(error)


def write_file(
    target: Path,
    rows: Sequence[Row],
    epoch: int,
    requests: Sequence[tuple[Any, ...]],
    snapshots: Sequence[Any],
    keys: Sequence[tuple[str, str]],
    filed: Sequence[tuple[str, int]],
) -> int:
    """Write a journal file from rows in the form of its tables; returns its position.

    Raises:
        JournalUnavailable: the target exists, or cannot be written.
        JournalCorrupt: the copy did not verify.
    """

    def fill(draft: Path) -> None:
        create_journal(draft)
        with closing(connect(draft)) as copy:
            copy.execute("BEGIN IMMEDIATE")
            copy.executemany(SQL["insert_record"], rows)
            copy.executemany(SQL["insert_request"], requests)
            copy.executemany(SQL["save_snapshot"], snapshots)
            copy.executemany(SQL["insert_key"], keys)
            copy.executemany(SQL["file_key"], filed)
            copy.execute(SQL["take_lease"], (epoch, None, 0, 0))
            set_inner_witness(copy)
            copy.execute("COMMIT")

    return _made(target, fill)


def _made(target: Path, fill: Callable[[Path], None]) -> int:
    target = target.absolute()
    draft = temporary_beside(target)
    try:
        if target.exists():
            raise FileExistsError(target)
        fill(draft)
        position = _proved(draft)
        publish(draft, target)
    except FileExistsError as error:
        raise JournalUnavailable(f"{target} exists already: nothing was overwritten") from error
    except DRIVER_ERRORS as error:
        raise translated(error, target) from cause(error)
    finally:
        remove_draft(draft)
    return position


def _proved(draft: Path) -> int:
    with _opened(draft) as connections:
        return prove_all(connections, Head(draft))


@contextmanager
def _opened(path: Path) -> Generator[Connections]:
    connections = Connections(path, "FULL")
    try:
        yield connections
    finally:
        connections.close()


def prove_all(connections: Connections, head: Head) -> int:
    """Read and prove every record and the file's structure, indexes included; returns the position.

    Raises:
        JournalCorrupt: something is not what was written.
    """
    position = 0
    for row in Reader(connections, head).rows(0, None, None):
        position = row[0]
    with connections.reading() as connection:
        (verdict, *_), *_ = connection.execute("PRAGMA integrity_check(1)").fetchall()
    if verdict != "ok":
        raise JournalCorrupt(position + 1, f"every record is sound, but the file's structure is not: {verdict}")
    return position
