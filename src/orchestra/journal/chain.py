"""Checksums over records: each is chained to the one before it, so a change, a gap or a swap shows.

Belongs here: the row that every journal stores for a record, how it is sealed when written and proved when read.
Does not: where rows are kept.

The checksum guards against faults (flipped bits, torn writes, lost rows), not against somebody who rewrites the file
and the checksums with it. The private part has its own, so that erasing it leaves the chain as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeAlias

from orchestra.errors import JournalCorrupt, MalformedMessage
from orchestra.model.records import Batch, Record

__all__ = ["GENESIS", "LARGEST", "Row", "blanked", "digest", "opened", "prove", "seal"]

CHECK_BYTES = 8
GENESIS = bytes(CHECK_BYTES)
"""What the first record is chained to."""

LARGEST = 2**63 - 1
"""The largest integer a store takes, and a position that no journal reaches."""

Row: TypeAlias = tuple[int, int, str, int, str, str | None, bytes, bytes | None, str, str | None]
"""position, at_us, type, version, actor, subject, record check, private check, facts, private."""


def digest(*parts: bytes) -> bytes:
    """The checksum of these bytes one after the other, 8 bytes long.

    Source: RFC 7693 (BLAKE2b) with an 8 byte digest.
    """
    return blake2b(b"".join(parts), digest_size=CHECK_BYTES).digest()


def _record_check(
    previous: bytes,
    position: int,
    at_us: int,
    kind: str,
    version: int,
    actor: str,
    subject: str | None,
    facts: str,
) -> bytes:
    # Lengths stand before the texts, so that no two different records can join to the same string.
    if subject is None:
        head = f"{position} {at_us} {version} {len(kind)} {len(actor)} - {kind}{actor}{facts}"
    else:
        head = f"{position} {at_us} {version} {len(kind)} {len(actor)} {len(subject)} {kind}{actor}{subject}{facts}"
    return blake2b(previous + head.encode(), digest_size=CHECK_BYTES).digest()


def seal(after: int, last_at_us: int, previous: bytes, batches: Sequence[Batch]) -> list[Row]:
    """The rows to store for these batches, each with its checksums.

    Args:
        after: the journal's position; the records must follow it without a gap.
        last_at_us: engine time of the record at `after`; the records must not be earlier.
        previous: the check of the record at `after`, `GENESIS` for an empty journal.
        batches: the records, in order.

    Raises:
        MalformedMessage: positions leave a gap, time falls, or a text is not Unicode.
    """
    rows: list[Row] = []
    position = after
    try:
        for batch in batches:
            for record in batch.records:
                position += 1
                at_us, subject, facts, private = record.at_us, record.subject, record.facts, record.private
                if record.position != position or not last_at_us <= at_us <= LARGEST:
                    raise _misplaced(record, position, last_at_us)
                last_at_us = at_us
                kind, version, actor = record.type, record.version, record.actor
                previous = _record_check(previous, position, at_us, kind, version, actor, subject, facts)
                secret = None if private is None else digest(previous, private.encode())
                rows.append((position, at_us, kind, version, actor, subject, previous, secret, facts, private))
    except UnicodeEncodeError as error:
        # The error is not chained: it carries the text, which may be private.
        raise MalformedMessage(f"record {position}", f"text is not Unicode: {error.reason}") from None
    return rows


def _misplaced(record: Record, position: int, last_at_us: int) -> MalformedMessage:
    if record.position != position:
        return MalformedMessage(f"record {record.position}", f"position {position} comes next")
    return MalformedMessage(f"record {position}", f"time {record.at_us} is not within {last_at_us} to {LARGEST}")


def prove(row: Row, previous: bytes) -> bytes:
    """The row's own check, after making sure that the row is what was written.

    Args:
        row: as it came from the store.
        previous: the check of the record before it.

    Raises:
        JournalCorrupt: facts, private part or one of the checks have changed.
    """
    position, at_us, kind, version, actor, subject, check, secret, facts, private = row
    try:
        expected = _record_check(previous, position, at_us, kind, version, actor, subject, facts)
        hidden = None if private is None else digest(expected, private.encode())
    except (TypeError, AttributeError):
        # A flipped bit in a row's header turns texts into numbers, blobs or nothing.
        raise JournalCorrupt(position, "a field has another type than was written") from None
    if check != expected:
        raise JournalCorrupt(position, "the record does not fit its checksum")
    if secret != hidden:
        raise JournalCorrupt(position, "the private part does not fit its checksum")
    return expected


def opened(row: Row) -> Record:
    """The record in a row."""
    position, at_us, kind, version, actor, subject, _, _, facts, private = row
    return Record(position, at_us, kind, version, actor, subject, facts, private)


def blanked(row: Row) -> Row:
    """The row without its private part; its place in the chain is as before."""
    return (*row[:7], None, row[8], None)
