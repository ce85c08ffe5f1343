"""The inbox in a SQLite journal's file.

Belongs here: requests and their answers. Does not: executing commands (`runtime`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from orchestra.journal.checks import damaged_request, fits, not_waiting, other_command, text_check
from orchestra.journal.sqlite_connections import Connections
from orchestra.journal.sqlite_queries import SQL
from orchestra.model.records import Done, Request

__all__ = ["SqliteInbox", "store_answers"]


def store_answers(connection: sqlite3.Connection, answers: Iterable[Done]) -> None:
    """Answer waiting requests inside a transaction that is open.

    Raises:
        MalformedMessage: one of them is not waiting.
    """
    for done in answers:
        check = text_check(f"answer to {done.request_id}", done.result)
        if connection.execute(SQL["answer"], (check, done.result, done.at_us, done.request_id)).rowcount != 1:
            raise not_waiting(done.request_id)


class SqliteInbox:
    """Commands of other processes, beside the records; see `orchestra.journal.port.Inbox`."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def submit(self, request_id: str, command: str) -> None:
        """Store a command durably; see the port."""
        check = text_check(f"request {request_id}", command)
        text_check("request id", request_id)
        with self._connections.transaction() as connection:
            known = connection.execute(SQL["request_check"], (request_id,)).fetchone()
            if known is None:
                connection.execute(SQL["submit"], (request_id, check, command))
            elif known[0] != check:
                raise other_command(request_id)

    def waiting(self, limit: int = 1000) -> Sequence[Request]:
        """Requests not yet answered, oldest first; see the port."""
        with self._connections.reading() as connection:
            rows = connection.execute(SQL["waiting"], (max(0, limit),)).fetchall()
        return [
            Request(number, request_id, command if fits(command, check) else None)
            for number, request_id, command, check in ((n, _text(i), _text(c), check) for n, i, check, c in rows)
            if request_id is not None
        ]

    def result(self, request_id: str) -> str | None:
        """The stored answer, or None; see the port."""
        with self._connections.reading() as connection:
            row = connection.execute(SQL["result"], (request_id,)).fetchone()
            if row is None:
                return None
            check, result = row
            if not fits(result, check):
                raise damaged_request(_position(connection), request_id)
        return str(result)

    def forget(self, before_us: int) -> int:
        """Delete old answers; see the port."""
        with self._connections.transaction() as connection:
            return connection.execute(SQL["forget"], (before_us,)).rowcount


def _text(stored: object) -> str | None:
    """Text of the bytes that a column holds; None if it holds no text."""
    if not isinstance(stored, bytes):
        return None
    try:
        return stored.decode()
    except UnicodeDecodeError:
        return None


def _position(connection: sqlite3.Connection) -> int:
    return int(connection.execute(SQL["position"]).fetchone()[0])
