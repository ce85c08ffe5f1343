"""Reading records back from SQLite, a piece at a time, each proved against the chain.

Belongs here: reads of records and the search for damage. Does not: writing.

No connection and no transaction is held between two pieces, so a reader may take its time: writers and the
write-ahead log do not wait for it. A read gives what was durable when it began.

There is no index on type, but for the rare one that every process asks for when it connects: it would cost each append,
and a read by type over all records proves the whole chain on its way, which a read through an index cannot.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from heapq import merge
from operator import itemgetter
from typing import Any, cast

from orchestra.errors import JournalCorrupt
from orchestra.journal.chain import GENESIS, LARGEST, Row, prove
from orchestra.journal.head import Head, Witness
from orchestra.journal.sqlite_connections import Connections
from orchestra.journal.sqlite_errors import DRIVER_ERRORS, cause, is_damage, translated
from orchestra.journal.sqlite_queries import SQL
from orchestra.journal.sqlite_witness import inner_witness

__all__ = ["Reader"]

CHUNK = 512

_INDEXED = frozenset({"PlanChanged"})
"""What the index on type holds."""


class Reader:
    """Reads the records of one journal file."""

    def __init__(self, connections: Connections, head: Head) -> None:
        self._connections = connections
        self._head = head

    def position(self) -> int:
        """The last record's position; 0 if there is none."""
        with self._connections.reading() as connection:
            return int(connection.execute(SQL["position"]).fetchone()[0])

    def rows(
        self, after: int, subjects: Collection[str] | None, types: Collection[str] | None, most: int | None = None
    ) -> Iterator[Row]:
        """Proved rows in order, to the end; then damage at the end, if there is any, is raised.

        Whoever takes but a few says so with `most`, and pays for no more.
        """
        witnesses = self._witnesses()
        upto, damage = self._readable()
        if subjects is not None:
            found = self._merged(sorted(set(subjects)), after, upto)
        elif types is not None and frozenset(types) == _INDEXED:
            found = self._picked("read_plans", (), after, upto, CHUNK)
        else:
            found = self._scan(after, upto, CHUNK if most is None else max(1, min(most, CHUNK)))
        if types is None:
            yield from found
        else:
            wanted = frozenset(types)
            yield from (row for row in found if row[2] in wanted)
        if damage is not None:
            raise damage
        self._prove_end(witnesses, upto)

    def _readable(self) -> tuple[int, JournalCorrupt | None]:
        # When the last page cannot be read, what stands before it still can.
        try:
            return self.position(), None
        except JournalCorrupt as error:
            return LARGEST, error

    def _witnesses(self) -> Sequence[tuple[Witness | None, str]]:
        # Asked before the position: they must not speak of later records.
        remedy = f"; to accept an older copy in this place, remove {self._head.path.name}"
        return [(self._head.read(), remedy), (inner_witness(self._connections), "")]

    def _prove_end(self, witnesses: Sequence[tuple[Witness | None, str]], position: int) -> None:
        for witness, remedy in witnesses:
            if witness is None:
                continue
            reason = f"{witness.position} records were acknowledged and not all are there{remedy}"
            if position < witness.position:
                raise JournalCorrupt(position + 1, reason)
            if self._check_at(witness.position) != witness.check:
                raise JournalCorrupt(witness.position, reason)

    def prove_tail(self) -> None:
        """Make sure that the last record and its place after the one before are sound, and nothing after it is lost.

        Raises:
            JournalCorrupt: something is wrong there.
        """
        witnesses = self._witnesses()
        position = self.position()
        for _ in self._scan(max(0, position - 1), position):
            pass
        self._prove_end(witnesses, position)

    def _scan(self, after: int, upto: int, size: int = CHUNK) -> Iterator[Row]:
        if after >= upto:
            return
        previous = GENESIS if after == 0 else self._check_at(after)
        if previous is None:
            raise JournalCorrupt(after, "the record is missing")
        position = after
        while position < upto:
            rows = self._piece("read_all", (position, upto), position, size)
            if not rows:
                raise JournalCorrupt(position + 1, "the record is missing")
            for row in rows:
                if row[0] != position + 1:
                    raise JournalCorrupt(position + 1, "the record is missing")
                previous = prove(row, previous)
                position += 1
                yield row

    def _merged(self, subjects: Sequence[str], after: int, upto: int) -> Iterator[Row]:
        # A few of each at a time, so that many subjects need no more memory than one.
        size = max(16, CHUNK // max(1, len(subjects)))
        found = (self._picked("read_subject", (subject,), after, upto, size) for subject in subjects)
        return merge(*found, key=itemgetter(0))

    def _picked(self, query: str, keys: tuple[str, ...], after: int, upto: int, size: int) -> Iterator[Row]:
        position = after
        while rows := self._piece(query, (*keys, position, upto), position, size):
            for *fields, previous in rows:
                row = cast(Row, tuple(fields))
                if row[0] <= position:
                    raise JournalCorrupt(position + 1, "an index is broken")
                position = row[0]
                if previous is None and position > 1:
                    raise JournalCorrupt(position - 1, "the record is missing")
                prove(row, previous or GENESIS)
                yield row

    def _piece(self, query: str, values: tuple[object, ...], after: int, size: int) -> list[Any]:
        with self._connections.reading() as connection:
            try:
                return connection.execute(SQL[query], (*values, size)).fetchall()
            except DRIVER_ERRORS as error:
                if size == 1 or not is_damage(error):
                    raise translated(error, self._connections.path, position=after + 1) from cause(error)
        # One by one up to the damage, so that all before it are given.
        return self._piece(query, values, after, 1)

    def _check_at(self, position: int) -> bytes | None:
        with self._connections.reading() as connection:
            row = connection.execute(SQL["record_check"], (position,)).fetchone()
        return None if row is None else row[0]
