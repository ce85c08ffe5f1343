"""Building an engine from a journal: the newest snapshot, then the tail. The one way to come to a state."""

from __future__ import annotations

import gc
import json
import zlib
from collections.abc import Generator
from contextlib import contextmanager

from orchestra.codec import decode_event
from orchestra.engine.engine import SCHEMA, Engine
from orchestra.errors import ReplayMismatch
from orchestra.journal.port import Journal
from orchestra.model.records import Snapshot

__all__ = ["load_engine", "save_snapshot"]


def load_engine(journal: Journal, *, until: int | None = None, use_snapshot: bool = True) -> Engine:
    """The engine as it stood after the journal's last record, or after position `until`.

    Raises:
        JournalCorrupt: a record is damaged.
        ReplayMismatch: the records cannot have been written by this code.
        UnsupportedVersion: a newer library wrote them.
    """
    with _no_collection():
        engine = Engine()
        snapshot = journal.load_snapshot(SCHEMA) if use_snapshot else None
        if snapshot is not None and (until is None or snapshot.position <= until):
            engine.load(json.loads(zlib.decompress(snapshot.state)))
        for record in journal.read(engine.position):
            if until is not None and record.position > until:
                break
            if record.position != engine.position + 1:
                raise ReplayMismatch(record.position, f"follows position {engine.position}")
            engine.replay(decode_event(record), record.at_us)
        return engine


def save_snapshot(journal: Journal) -> int:
    """Fold the journal's tail onto its last snapshot, keep the result, and give its position."""
    engine = load_engine(journal)
    state = zlib.compress(json.dumps(engine.dump(), separators=(",", ":")).encode(), 1)
    journal.save_snapshot(Snapshot(engine.position, SCHEMA, state))
    return engine.position


@contextmanager
def _no_collection() -> Generator[None]:
    """Loading makes only things that stay: collecting in between finds nothing, and costs most of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
        gc.freeze()
