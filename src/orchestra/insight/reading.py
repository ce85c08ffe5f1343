"""Measures over a journal. Belongs here: records to events to the fold. Does not: any figure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from orchestra.codec import decode_event
from orchestra.insight.measures import FOLDED, Measures
from orchestra.insight.tally import RETURN_US
from orchestra.journal.port import Journal

__all__ = ["measure"]

_TELL_EVERY = 1000


def measure(
    journal: Journal,
    *,
    after: int = 0,
    until: int | None = None,
    within_s: Sequence[int] = (3600,),
    return_s: int = RETURN_US // 1_000_000,
    on_record: Callable[[int], None] | None = None,
) -> Measures:
    """Fold a journal's records.

    Args:
        journal: what to read.
        after: begin past this position.
        until: end with this position; None for the last durable one.
        within_s: limits under which first responses are counted.
        return_s: the window within which a customer who comes again on the same topic has come back.
        on_record: told a position now and then, and the last one read, for whoever shows progress.

    Raises:
        JournalCorrupt: a record is damaged.
        ReplayMismatch: a record's facts are not what its event consists of.
        UnsupportedVersion: a newer library wrote it.
    """
    measures, position = Measures(within_s=within_s, return_s=return_s), after
    for record in journal.read(after):
        if until is not None and record.position > until:
            break
        position = record.position
        if record.type in FOLDED:
            measures.add(decode_event(record), record.at_us)
        else:
            measures.skip(record.at_us)
        if on_record is not None and position % _TELL_EVERY == 0:
            on_record(position)
    if on_record is not None:
        on_record(position)
    return measures
