"""The public feed: every durable event, in order, from any position on."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Collection

import anyio

from orchestra.journal.port import Journal
from orchestra.model.events import EVENTS, Event
from orchestra.runtime.published import Published, Recent, published
from orchestra.runtime.threads import in_thread

__all__ = ["follow", "follow_journal", "type_names"]

_CHUNK = 1000
_POLL_S = 0.05


def type_names(types: Collection[type[Event]] | None) -> frozenset[str] | None:
    """The names of these event classes; None for all."""
    return None if types is None else frozenset(kind.__name__ for kind in types if kind.__name__ in EVENTS)


async def follow(
    journal: Journal, recent: Recent, after: int, names: frozenset[str] | None, is_over: Callable[[], bool]
) -> AsyncGenerator[Published]:
    """Events past `after`, then new ones as they become durable, until the workspace closes."""
    while True:
        stroke = recent.bell.stroke
        entries = recent.past(after)
        if entries is None:
            told = recent.position  # before reading: what comes meanwhile may be missing in what is read
            entries = await in_thread(_chunk, journal, after, names)
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
    while True:
        changes = journal.changes()
        entries = await in_thread(_chunk, journal, after, names)
        for entry in entries:
            after = entry.position
            yield entry
        while not entries and journal.changes() == changes:  # noqa: ASYNC110 - other processes wake nobody here
            await anyio.sleep(_POLL_S)


def _chunk(journal: Journal, after: int, names: frozenset[str] | None) -> list[Published]:
    return [published(record) for record in journal.read(after, limit=_CHUNK, types=names)]
