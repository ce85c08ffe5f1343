"""Appending to SQLite: our journal against the raw driver, and against `eventsourcing` on SQLite.

All sides sync to disk on every commit (WAL, synchronous=FULL). Ours keeps a chain of checksums, compares and swaps, and checks
its lease; the raw driver inserts the same columns into a table with the same indexes and nothing else.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

from eventsourcing.persistence import StoredEvent
from eventsourcing.sqlite import SQLiteAggregateRecorder, SQLiteDatastore
from measure import Case, main

from orchestra.journal.sqlite import SqliteJournal
from orchestra.model.records import Batch, Record

FACTS = '{"agent":"ana","customer":"cu%d","interaction":"in%d","offer":"of%d"}'
PRIVATE = '{"text":"Where is my order? It should have come on Monday."}'
COLUMNS = (
    "create table if not exists records (position integer primary key, at_us integer not null, type text not null, "
    "version integer not null, actor text not null, subject text, facts text not null, private text, "
    "seal blob not null, private_seal blob); create index if not exists by_subject on records (subject, position) "
    "where subject is not null"
)
FOLDER = Path(tempfile.mkdtemp(prefix="journal-bench-"))


def record(position: int) -> Record:
    """A record of ordinary size."""
    n = position
    return Record(n, n, "OfferAccepted", 1, "agent:ana", f"cu{n % 1000}", FACTS % (n, n, n), PRIVATE)


def fresh() -> Path:
    """A new file's path."""
    return FOLDER / f"{uuid4().hex}.db"


def ours(saves: int, each: int) -> Callable[[], None]:
    """Append through the journal."""

    def run() -> None:
        journal = SqliteJournal(fresh())
        lease = journal.acquire("bench", 0, 10**15)
        position = 0
        for _ in range(saves):
            batch = [record(position + offset + 1) for offset in range(each)]
            position = journal.append(position, [Batch(batch)], lease)
        journal.close()

    return run


def raw(saves: int, each: int) -> Callable[[], None]:
    """Insert with the driver alone."""

    def run() -> None:
        connection = sqlite3.connect(fresh(), isolation_level=None)
        connection.execute("pragma journal_mode=wal")
        connection.execute("pragma synchronous=full")
        connection.executescript(COLUMNS)
        position = 0
        for _ in range(saves):
            rows = []
            for offset in range(each):
                r = record(position + offset + 1)
                rows.append(
                    (r.position, r.at_us, r.type, r.version, r.actor, r.subject, r.facts, r.private, b"8bytes..", b"8")
                )
            position += each
            connection.execute("begin immediate")
            connection.executemany("insert into records values (?,?,?,?,?,?,?,?,?,?)", rows)
            connection.execute("commit")
        connection.close()

    return run


def eventsourcing(saves: int, each: int) -> Callable[[], None]:
    """Append through the peer's recorder, one aggregate per save."""

    def run() -> None:
        datastore = SQLiteDatastore(str(fresh()))
        recorder = SQLiteAggregateRecorder(datastore, events_table_name="events")
        recorder.create_table()
        position = 0
        for _ in range(saves):
            aggregate: UUID = uuid4()
            events = []
            for offset in range(each):
                r = record(position + offset + 1)
                events.append(StoredEvent(aggregate, offset + 1, r.type, (r.facts + (r.private or "")).encode()))
            position += each
            recorder.insert_events(events)
        datastore.close()

    return run


if __name__ == "__main__":
    cases = [
        Case(f"append, {each} a save", ours(n, each), raw(n, each), n * each, target=0.6, peer_name="raw sqlite3")
        for each, n in ((1, 300), (10, 200), (100, 60))
    ]
    cases += [
        Case(f"append, {each} a save", ours(n, each), eventsourcing(n, each), n * each, target, "eventsourcing SQLite")
        for each, n, target in ((1, 300, 2.0), (10, 200, 3.0))
    ]
    try:
        main("journal on SQLite", cases)
    finally:
        for file in FOLDER.iterdir():
            os.unlink(file)
        FOLDER.rmdir()
