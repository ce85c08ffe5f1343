"""The witness inside a SQLite journal: a record that the journal had when it was last closed, or copied.

Belongs here: reading and writing that row. Does not: the witness beside the file (`head`), which speaks for what came
after.
"""

from __future__ import annotations

import sqlite3

from orchestra.errors import JournalCorrupt
from orchestra.journal.head import Witness
from orchestra.journal.sqlite_connections import Connections
from orchestra.journal.sqlite_queries import SQL

__all__ = ["inner_witness", "set_inner_witness"]


def inner_witness(connections: Connections) -> Witness | None:
    """The witness inside; None when there is none or it is damaged."""
    try:
        with connections.reading() as connection:
            row = connection.execute(SQL["witness"]).fetchone()
        if row is None:
            return None
        witness = Witness(row[0], row[1])
        return witness if witness.proof() == row[2] else None
    except (JournalCorrupt, TypeError, AttributeError, OverflowError):  # a flipped bit also changes types and signs
        return None


def set_inner_witness(connection: sqlite3.Connection) -> None:
    """Let the last record be the witness, inside a transaction that is open."""
    last = connection.execute(SQL["last"]).fetchone()
    if last is not None:
        witness = Witness(*last)
        connection.execute(SQL["set_witness"], (witness.position, witness.check, witness.proof()))
