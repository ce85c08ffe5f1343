"""Appending to SQLite: our journal against the raw driver, and against `eventsourcing` on SQLite.

All sides sync to disk on every commit (WAL, synchronous=FULL). Ours keeps a chain of checksums, compares and swaps, and
checks its lease; the raw driver inserts the same columns into a table with the same indexes and nothing else.

What a sync costs decides the second comparison: no journal that syncs can be faster than the raw driver that does, so
that bound is printed beside it. `TMPDIR=/dev/shm` runs the same where a sync is free, and shows the code's own share.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from measure import Case, main

from orchestra.codec import to_record
from orchestra.journal.sqlite import SqliteJournal
from orchestra.model.events import OfferAccepted
from orchestra.model.records import Batch, Record

FACTS = '{"agent":"ana","customer":"cu%d","interaction":"in%d","offer":"of%d"}'
PRIVATE = '{"text":"Where is my order? It should have come on Monday."}'
COLUMNS = (
    "create table if not exists records (position integer primary key, at_us integer not null, type text not null, "
    "version integer not null, actor text not null, subject text, facts text not null, private text, "
    "seal blob not null, private_seal blob); create index if not exists by_subject on records (subject, position) "
    "where subject is not null"
)
PEER = "eventsourcing SQLite"
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


def ours_encoded(saves: int, each: int) -> Callable[[], None]:
    """Events into the journal: encoded, sealed, appended."""

    def run() -> None:
        journal = SqliteJournal(fresh())
        lease = journal.acquire("bench", 0, 10**15)
        position = 0
        for save in range(saves):
            events = [OfferAccepted(f"of{save}", f"in{save}", f"cu{step}", "ana") for step in range(each)]
            records = [to_record(event, position + n, save, "agent:ana") for n, event in enumerate(events, 1)]
            position = journal.append(position, [Batch(records)], lease)
        journal.close()

    return run


class Offer(Aggregate):
    """The peer's aggregate, with the same values in its events."""

    @event("Accepted")
    def accept(self, offer: str, interaction: str, customer: str, agent: str) -> None:
        """Record the answer."""
        self.agent = agent


def eventsourcing(saves: int, each: int) -> Callable[[], None]:
    """Events into the peer's SQLite store by its application, one aggregate per save."""

    def run() -> None:
        env = {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(fresh())}
        application: Application = Application(env=env)
        for save in range(saves):
            offer = Offer()  # its creation is the first event
            for step in range(each - 1):
                offer.accept(f"of{save}", f"in{save}", f"cu{step}", "ana")
            application.save(offer)
        application.close()

    return run


if __name__ == "__main__":
    cases = [
        Case(f"append, {each} a save", ours(n, each), raw(n, each), n * each, target=0.6, peer_name="raw sqlite3")
        for each, n in ((1, 300), (10, 200), (100, 60))
    ]
    cases += [
        Case(
            f"events, {each} a save",
            ours_encoded(n, each),
            eventsourcing(n, each),
            n * each,
            target,
            PEER,
        )
        for each, n, target in ((1, 300, 2.0), (10, 200, 3.0))
    ]
    cases += [
        Case(f"bound: the raw driver, {each} a save", raw(n, each), eventsourcing(n, each), n * each, None, PEER)
        for each, n in ((1, 300), (10, 200))
    ]
    try:
        main("journal on SQLite", cases)
    finally:
        for file in FOLDER.iterdir():
            file.unlink()
        FOLDER.rmdir()
