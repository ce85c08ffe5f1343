"""Records for tests of journals: small, told apart by their position, with every kind of field.

Belongs here: sample records and what is read back of them. Does not: tests (`orchestra.testing.journals`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from orchestra.journal.port import Journal
from orchestra.model.records import Batch, Done, Record

__all__ = ["HOUR", "MINUTE", "NOON", "SUBJECTS", "TYPES", "add", "answer", "batch", "contents", "positions", "record"]

NOON: Final = 1_767_614_400_000_000
"""2026-01-05 12:00 UTC, in microseconds."""
MINUTE: Final = 60_000_000
HOUR: Final = 60 * MINUTE

SUBJECTS: Final = ("cu-1", "cu-2", "cu-3")
TYPES: Final = ("MessageReceived", "OfferMade")


def record(position: int, *, at_us: int | None = None, private: str | None = "?") -> Record:
    """The record that stands at that position in every test.

    Subjects take turns, each fourth record has none; types take turns; every other record has a private part, unless
    `private` says otherwise.
    """
    subject = None if position % 4 == 0 else SUBJECTS[position % 3]
    if private == "?":
        private = f'{{"body":"said in {position}"}}' if position % 2 else None
    return Record(
        position=position,
        at_us=NOON + position * MINUTE if at_us is None else at_us,
        type=TYPES[position % 2],
        version=1 + position % 2,
        actor="agent:ana",
        subject=subject,
        facts=f'{{"number":{position}}}',
        private=private,
    )


def batch(after: int, count: int, done: Done | None = None) -> Batch:
    """The `count` records past `after`."""
    return Batch([record(position) for position in range(after + 1, after + count + 1)], done)


def answer(request_id: str, result: str = '{"ok":true}', at_us: int = NOON) -> Batch:
    """A batch with nothing but an answer."""
    return Batch([], Done(request_id, result, at_us))


def add(journal: Journal, count: int, *, holder: str = "adder") -> int:
    """Own the journal, append that many records, give it back; returns the new position."""
    lease = journal.acquire(holder, NOON, HOUR)
    after = journal.position()
    position = journal.append(after, [batch(after, count)], lease)
    journal.release(lease)
    return position


def contents(journal: Journal) -> list[Record]:
    """Every record."""
    return list(journal.read())


def positions(records: Iterable[Record]) -> list[int]:
    """The positions of these records."""
    return [found.position for found in records]
