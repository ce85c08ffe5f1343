"""Durable events on their way out: who wants to know is told, in order, after the append and never before."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import anyio
import attrs

from orchestra.codec import decode_event
from orchestra.model.events import Event
from orchestra.model.records import Record

__all__ = ["Bell", "Published", "Recent", "published", "size_of"]

_MOST_KEPT_SIZE = 8_000_000


@attrs.frozen
class Published:
    """An event with what its record says of it.

    Attributes:
        position: its place in the journal; give it as `after` to go on behind it.
        at_us: engine time, microseconds UTC.
        actor: who caused it, `kind:name`.
        event: the event itself. Do not change it.
        size: characters of text in its record: what keeping it costs.
    """

    position: int
    at_us: int
    actor: str
    event: Event
    size: int = attrs.field(default=0, eq=False, repr=False)

    @property
    def type(self) -> str:
        """The event's name."""
        return type(self.event).__name__


def published(record: Record) -> Published:
    """The event of a record, as it is told."""
    return Published(record.position, record.at_us, record.actor, decode_event(record), size_of(record))


def size_of(record: Record) -> int:
    """How much text the record holds, in characters: what takes the memory when many are kept."""
    return len(record.facts) + len(record.private or "")


class Bell:
    """Wakes all who wait for the next stroke. A stroke that nobody waits for is not kept."""

    __slots__ = ("_event",)

    def __init__(self) -> None:
        self._event = anyio.Event()

    def ring(self) -> None:
        """Wake everybody who waits now."""
        event, self._event = self._event, anyio.Event()
        event.set()

    @property
    def stroke(self) -> anyio.Event:
        """The next stroke: take it before looking at what it tells of, and none is missed."""
        return self._event

    async def wait(self) -> None:
        """Return at the next stroke."""
        await self._event.wait()


class Recent:
    """The newest durable events, so that those who keep up need not read the journal.

    Args:
        position: of the last event before the first one told here.
        most: how many are kept; fewer if their texts are long.
    """

    __slots__ = ("_kept", "_most", "_size", "bell", "listeners", "position")

    def __init__(self, position: int, most: int = 10_000) -> None:
        self._kept: deque[Published] = deque()
        self._most = most
        self._size = 0
        self.bell = Bell()
        self.listeners: list[Callable[[Published], None]] = []
        self.position = position

    def publish(self, entries: list[Published]) -> None:
        """Tell of these, which have become durable."""
        for entry in entries:
            self._keep(entry)
            self.position = entry.position
            for listener in self.listeners:
                listener(entry)
        self.bell.ring()

    def _keep(self, entry: Published) -> None:
        self._kept.append(entry)
        self._size += entry.size
        while len(self._kept) > self._most or (self._size > _MOST_KEPT_SIZE and len(self._kept) > 1):
            self._size -= self._kept.popleft().size

    def past(self, after: int) -> list[Published] | None:
        """Those past a position, oldest first; None if some of them are no longer kept."""
        if after >= self.position:
            return []
        if not self._kept or self._kept[0].position > after + 1:
            return None
        missing = after + 1 - self._kept[0].position
        return [self._kept[index] for index in range(missing, len(self._kept))]
