"""The customers' wrapped keys in a SQLite journal's file.

Belongs here: storing, replacing and destroying them. Does not: what is wrapped in them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping

from orchestra.errors import JournalUnavailable
from orchestra.journal.checks import other_keys, two_keys
from orchestra.journal.sqlite_connections import Connections
from orchestra.journal.sqlite_queries import SQL
from orchestra.model.records import Batch, Lease

__all__ = ["SqliteKeys", "store_keys"]


def store_keys(connection: sqlite3.Connection, batches: Iterable[Batch]) -> None:
    """Store the keys that come with batches, inside a transaction that is open.

    Raises:
        MalformedMessage: somebody has one already.
    """
    for batch in batches:
        for subject, wrapped in batch.keys.items():
            if connection.execute(SQL["find_key"], (subject,)).fetchone() is not None:
                raise two_keys(subject)
            connection.execute(SQL["insert_key"], (subject, wrapped))


class SqliteKeys:
    """Keys beside the records; see `orchestra.journal.port.KeyTable`."""

    def __init__(
        self,
        connections: Connections,
        prove: Callable[[sqlite3.Connection, Lease], None],
        fold_log: Callable[[], bool],
    ) -> None:
        self._connections = connections
        self._prove = prove
        self._fold_log = fold_log

    def find(self, subjects: Collection[str]) -> Mapping[str, str]:
        """The keys of these subjects; see the port."""
        with self._connections.reading() as connection:
            rows = [(subject, connection.execute(SQL["find_key"], (subject,)).fetchone()) for subject in subjects]
        return {subject: row[0] for subject, row in rows if row is not None}

    def everything(self) -> Mapping[str, str]:
        """All keys; see the port."""
        with self._connections.reading() as connection:
            return dict(connection.execute(SQL["all_keys"]).fetchall())

    def replace(self, wrapped: Mapping[str, str], lease: Lease) -> None:
        """Put other texts in the place of all; see the port."""
        with self._connections.transaction() as connection:
            self._prove(connection, lease)
            if dict(connection.execute(SQL["all_keys"]).fetchall()).keys() != wrapped.keys():
                raise other_keys()
            connection.executemany(SQL["replace_key"], [(text, subject) for subject, text in wrapped.items()])
        self._cut()

    def destroy(self, subjects: Collection[str]) -> int:
        """Destroy keys, in the file and in its log; see the port."""
        rows = [(subject,) for subject in sorted(set(subjects))]
        with self._connections.transaction() as connection:
            count = max(0, connection.executemany(SQL["destroy_key"], rows).rowcount) if rows else 0
        self._cut()
        return count

    def _cut(self) -> None:
        if not self._fold_log():
            raise JournalUnavailable("done, but a reader keeps the old keys in the log: do it again")
