"""Which counts an event belongs to: everything, its channel, its account, its brand, its queue.

Belongs here: tallies by name. Does not: what is counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orchestra.insight.tally import RETURN_US, Tally
from orchestra.model.brands import Brand, accounts_of

__all__ = ["Slices"]

Key = tuple[str | None, str | None, str | None]


class Slices:
    """All tallies, made when first needed.

    Args:
        within_s: limits of the first response that are counted.
        return_us: the window within which coming back counts.
    """

    def __init__(self, within_s: Sequence[int], return_us: int = RETURN_US) -> None:
        self._within_s = tuple(within_s)
        self._return_us = return_us
        self.total = Tally(self._within_s, return_us)
        self.channels: dict[str, Tally] = {}
        self.accounts: dict[str, Tally] = {}
        self.brands: dict[str, Tally] = {}
        self.queues: dict[str, Tally] = {}
        self._brand_of: dict[tuple[str, str], str] = {}
        self._known: dict[Key, tuple[Tally, ...]] = {}

    def set_brands(self, brands: Mapping[str, Brand]) -> None:
        """Which accounts belong to which brand, from now on."""
        self._brand_of = accounts_of(brands)
        self._known.clear()

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
        channel, account, queue = key
        brand = None if channel is None or account is None else self._brand_of.get((channel, account))
        named = ((self.channels, channel), (self.accounts, account), (self.brands, brand), (self.queues, queue))
        return [self._one(table, name) for table, name in named if name is not None]

    def _one(self, table: dict[str, Tally], name: str) -> Tally:
        tally = table.get(name)
        if tally is None:
            tally = table[name] = Tally(self._within_s, self._return_us)
        return tally
