"""Building an engine from a journal: the newest snapshot, then the tail. The one way to come to a state."""

from __future__ import annotations

import gc
import json
import logging
import zlib
from collections.abc import Generator
from contextlib import contextmanager

from orchestra.codec import decode_event
from orchestra.engine.engine import SCHEMA, Engine
from orchestra.errors import ReplayMismatch
from orchestra.journal.port import Journal
from orchestra.model.actions import ActionNames
from orchestra.model.records import Snapshot
from orchestra.model.rules import Predicates
from orchestra.model.scores import Scores

__all__ = ["load_engine", "save_snapshot"]

_log = logging.getLogger("orchestra.runtime")


def load_engine(
    journal: Journal,
    *,
    until: int | None = None,
    use_snapshot: bool = True,
    scores: Scores | None = None,
    predicates: Predicates | None = None,
    actions: ActionNames | None = None,
) -> Engine:
    """The engine as it stood after the journal's last record, or after position `until`.

    A snapshot that does not fit is left aside with a warning: the journal alone says what happened. Loading asks no
    score and no predicate; who goes on to decide gives the engine those of the application, and its actions.

    Raises:
        JournalCorrupt: a record is damaged.
        ReplayMismatch: the records cannot have been written by this code.
        UnsupportedVersion: a newer library wrote them.
    """
    with _no_collection():
        snapshot = journal.load_snapshot(SCHEMA) if use_snapshot else None
        if snapshot is not None and (until is None or snapshot.position <= until):
            try:
                return _replayed(_restored(snapshot, Engine(scores, predicates, actions)), journal, until)
            except ReplayMismatch as error:
                # What the rows hold may be private: the cause's name says enough.
                cause = type(error.__cause__ or error).__name__
                _log.warning("the snapshot at position %d is not used (%s)", snapshot.position, cause)
        return _replayed(Engine(scores, predicates, actions), journal, until)


def _restored(snapshot: Snapshot, engine: Engine) -> Engine:
    """A new engine, in the state that a snapshot holds.

    Raises:
        ReplayMismatch: its rows do not fit.
    """
    try:
        engine.load(json.loads(zlib.decompress(snapshot.state)))
    except (zlib.error, ValueError, LookupError, TypeError, AttributeError) as error:
        raise ReplayMismatch(snapshot.position, "the snapshot's rows do not fit") from error
    if engine.position != snapshot.position:
        raise ReplayMismatch(snapshot.position, f"the snapshot's rows are of position {engine.position}")
    return engine


def _replayed(engine: Engine, journal: Journal, until: int | None) -> Engine:
    """The engine after it has repeated the rest of the journal."""
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
    """Loading makes only things that stay: collecting in between finds nothing, and costs most of the time.

    What was made is old at once, so that no collection of the young walks through all of it; but nothing stays frozen,
    or an engine that is put aside for a newer one would never be freed.
    """
    was_enabled, are_others_frozen = gc.isenabled(), gc.get_freeze_count() > 0
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
        if not are_others_frozen:  # else that is the application's doing, and is left alone
            gc.freeze()
            gc.unfreeze()
