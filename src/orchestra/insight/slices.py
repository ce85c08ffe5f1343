"""Which counts an event belongs to: everything, its channel, its account, its queue.

Belongs here: tallies by name. Does not: what is counted.
"""

from __future__ import annotations

from collections.abc import Sequence

from orchestra.insight.tally import Tally

__all__ = ["Slices"]

Key = tuple[str | None, str | None, str | None]


class Slices:
    """All tallies, made when first needed.

    Args:
        within_s: limits of the first response that are counted.
    """

    def __init__(self, within_s: Sequence[int]) -> None:
        self._within_s = tuple(within_s)
        self.total = Tally(self._within_s)
        self.channels: dict[str, Tally] = {}
        self.accounts: dict[str, Tally] = {}
        self.queues: dict[str, Tally] = {}
        self._known: dict[Key, tuple[Tally, ...]] = {}

    def of(self, channel: str | None, account: str | None, queue: str | None) -> tuple[Tally, ...]:
        """The tallies of something: the total first, then those of what is named, in that order."""
        key = channel, account, queue
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = (self.total, *self._named(key))
        return found

    def of_queue(self, queue: str) -> tuple[Tally]:
        """The queue's tally alone."""
        return (self._one(self.queues, queue),)

    def _named(self, key: Key) -> list[Tally]:
        tables = (self.channels, self.accounts, self.queues)
        return [self._one(table, name) for table, name in zip(tables, key, strict=True) if name is not None]

    def _one(self, table: dict[str, Tally], name: str) -> Tally:
        tally = table.get(name)
        if tally is None:
            tally = table[name] = Tally(self._within_s)
        return tally
