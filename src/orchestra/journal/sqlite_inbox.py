"""The inbox in a SQLite journal's file.

Belongs here: requests and their answers. Does not: executing commands (`runtime`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

import attrs

from orchestra.journal.checks import damaged_request, fits, id_check, not_waiting, other_command, request_check
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
        check = request_check(f"answer to {done.request_id}", done.request_id, done.result)
        if connection.execute(SQL["answer"], (check, done.result, done.at_us, done.request_id)).rowcount != 1:
            raise not_waiting(done.request_id)


class SqliteInbox:
    """Commands of other processes, beside the records; see `orchestra.journal.port.Inbox`."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def submit(self, request_id: str, command: str) -> None:
        """Store a command durably; see the port."""
        check = request_check(f"request {request_id}", request_id, command)
        with self._connections.transaction() as connection:
            known = _find(connection, request_id)
            if known is None:
                connection.execute(SQL["submit"], (request_id, id_check(request_id), check, command))
            elif known.command_check != check:
                raise other_command(request_id)

    def waiting(self, limit: int = 1000) -> Sequence[Request]:
        """Requests not yet answered, oldest first; see the port."""
        with self._connections.reading() as connection:
            rows = connection.execute(SQL["waiting"], (max(0, limit),)).fetchall()
        return [
            Request(number, request_id, command if fits(request_id, command, check) else None)
            for number, request_id, command, check in ((n, _text(i), _text(c), check) for n, i, check, c in rows)
            if request_id is not None
        ]

    def result(self, request_id: str) -> str | None:
        """The stored answer, or None; see the port."""
        with self._connections.reading() as connection:
            found = _find(connection, request_id)
            if found is None or found.result is None:
                return None
            if not fits(request_id, found.result, found.result_check):
                raise damaged_request(_position(connection), request_id)
        return str(found.result)

    def forget(self, before_us: int) -> int:
        """Delete old answers; see the port."""
        with self._connections.transaction() as connection:
            return connection.execute(SQL["forget"], (before_us,)).rowcount


@attrs.frozen
class _Found:
    """What is stored of a request; any of it may be damaged."""

    command_check: object
    result_check: object
    result: object = attrs.field(repr=False)


def _find(connection: sqlite3.Connection, request_id: str) -> _Found | None:
    """What is stored under an id, if anything is.

    Raises:
        JournalCorrupt: something is, and by one of its copies it has another id.
    """
    key = request_id, id_check(request_id)
    by_id, by_check, name, *stored = connection.execute(SQL["find_request"], key).fetchone()
    if by_id is None and by_check is None:
        return None
    if by_id != by_check or name != request_id.encode():
        raise damaged_request(_position(connection), request_id)
    return _Found(*stored)


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
