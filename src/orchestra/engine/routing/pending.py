"""Agents who are yet to be asked, a few at a time and in an order that does not depend on who was entered when."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from orchestra.engine.ordered import Ordered

__all__ = ["Pending"]


class Pending:
    """A set of names. `names` is name -> 1; it stays the caller's table."""

    def __init__(self, names: dict[str, int]) -> None:
        self._names = names
        self._order: Ordered[str] = Ordered()
        for name in sorted(names):
            self._order.add(name)

    def __bool__(self) -> bool:
        return bool(self._names)

    def add(self, names: Iterable[str]) -> None:
        """Enter those that are not in yet."""
        for name in names:
            if name not in self._names:
                self._names[name] = 1
                self._order.add(name)

    def discard(self, name: str) -> None:
        """Take one out, if it is in."""
        if self._names.pop(name, None) is not None:
            self._order.remove(name)

    def first(self, count: int) -> list[str]:
        """At most so many, the first by name."""
        return list(islice(self._order, count))
