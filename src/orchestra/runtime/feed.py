"""The public feed: every durable event, in order, from any position on."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Collection

import anyio

from orchestra.errors import InvalidCommand
from orchestra.journal.port import Journal
from orchestra.model.events import EVENTS, Event
from orchestra.runtime.published import Published, Recent, published
from orchestra.runtime.threads import in_thread

__all__ = ["follow", "follow_journal", "type_names"]

_CHUNK = 1000
_CHUNK_SIZE = 4_000_000
_POLL_S = 0.05


def type_names(types: Collection[type[Event]] | None) -> frozenset[str] | None:
    """The names of these event classes; None for all.

    Raises:
        InvalidCommand: they are no event classes.
    """
    if types is None:
        return None
    if not _are_classes(types):
        raise InvalidCommand("types", "must be a list of event classes, as [events.CaseResolved]")
    return frozenset(kind.__name__ for kind in types if kind.__name__ in EVENTS)


def _are_classes(types: object) -> bool:
    return isinstance(types, Collection) and all(isinstance(kind, type) for kind in types)


async def follow(
    journal: Journal, recent: Recent, after: int, names: frozenset[str] | None, is_over: Callable[[], bool]
) -> AsyncGenerator[Published]:
    """Events past `after`, then new ones as they become durable, until the workspace closes."""
    _refuse_no_position(after)
    while True:
        stroke = recent.bell.stroke
        entries = recent.past(after)
        if entries is None:
            told = recent.position  # before reading: what comes meanwhile may be missing in what is read
            entries, _ = await in_thread(_chunk, journal, after, names)
            if not entries:
                after = told
                continue
        for entry in entries:
            after = entry.position
            if names is None or entry.type in names:
                yield entry
        if not entries:
            if is_over():
                return
            await stroke.wait()


async def follow_journal(journal: Journal, after: int, names: frozenset[str] | None) -> AsyncGenerator[Published]:
    """As `follow`, for a process that does not own the workspace: looks for changes, and never ends by itself."""
    _refuse_no_position(after)
    while True:
        changes = journal.changes()
        entries, reached = await in_thread(_chunk, journal, after, names)
        for entry in entries:
            yield entry
        after = reached  # what is of no wanted type is not read again
        while not entries and journal.changes() == changes:  # noqa: ASYNC110 - other processes wake nobody here
            await anyio.sleep(_POLL_S)


def _refuse_no_position(after: object) -> None:
    if isinstance(after, bool) or not isinstance(after, int):
        raise InvalidCommand("after", f"must be a position, a whole number, not {type(after).__name__}")


def _chunk(journal: Journal, after: int, names: frozenset[str] | None) -> tuple[list[Published], int]:
    """The next events, and the position up to which there are no others."""
    upto = max(after, journal.position())  # before reading: what comes meanwhile may be missing in what is read
    entries: list[Published] = []
    size = 0
    for record in journal.read(after, limit=_CHUNK, types=names):
        entries.append(published(record))
        size += entries[-1].size
        if len(entries) == _CHUNK or size >= _CHUNK_SIZE:
            return entries, record.position
    return entries, max(upto, entries[-1].position) if entries else upto
