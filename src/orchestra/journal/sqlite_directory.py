"""The directory of archived customers in a SQLite journal's file.

Belongs here: filing, striking and finding keys. Does not: what they are hashes of.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable

from orchestra.journal.sqlite_connections import Connections
from orchestra.journal.sqlite_queries import SQL
from orchestra.model.records import Batch

__all__ = ["SqliteDirectory", "store_filed"]


def store_filed(connection: sqlite3.Connection, batches: Iterable[Batch]) -> None:
    """File and strike what comes with batches, inside a transaction that is open."""
    for batch in batches:
        if batch.filed:
            connection.executemany(SQL["file_key"], batch.filed.items())
        if batch.struck:
            connection.executemany(SQL["strike_position"], [(position,) for position in batch.struck])


class SqliteDirectory:
    """Where archived customers are; see `orchestra.journal.port.Directory`."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def find(self, keys: Collection[str]) -> Collection[int]:
        """Where those behind the keys were archived; see the port."""
        with self._connections.reading() as connection:
            found = [row[0] for key in keys for row in connection.execute(SQL["find_filed"], (key,))]
        return sorted(set(found))
