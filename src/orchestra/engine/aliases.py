"""Ids that stand for one another: merged customers, merged cases.

An id never stops working. Each goes on as another one, or by itself; all that go on as one are a group, whose root is
the one that goes on by itself.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence

from orchestra.engine.section import Slice

__all__ = ["Aliased", "number"]


def number(name: str) -> int:
    """What orders ids of one kind, `cu7` or `ca7`, by when they were given, oldest first."""
    return int(name[2:])


class Aliased(Slice):
    """State whose rows may become aliases of each other. Who is one is derived: `_above` says what a row says of it."""

    def reindex(self) -> None:
        """Nobody is an alias yet; whoever derives from this gathers those who are."""
        self._root_of: dict[str, str] = {}
        self._groups: dict[str, tuple[str, ...]] = {}

    @abstractmethod
    def _above(self, name: str) -> str | None:
        """What an id goes on as, or None: it goes on by itself."""

    def _gather(self, aliases: Iterable[str]) -> None:
        """Put each alias to what it goes on as, in the end."""
        found: dict[str, list[str]] = {}
        for name in aliases:
            found.setdefault(self._top(name), []).append(name)
        for root, others in found.items():
            self._groups[root] = tuple(sorted((root, *others), key=number))
            self._root_of.update(dict.fromkeys(others, root))

    def _part(self, name: str) -> None:
        """Forget what an id stands for, and what stands for it. Its group goes whole, or stays whole."""
        self._groups.pop(name, None)
        self._root_of.pop(name, None)

    def _top(self, name: str) -> str:
        while (above := self._above(name)) is not None:
            name = above
        return name

    def root(self, name: str) -> str:
        """What an id stands for: itself, unless it is an alias."""
        return self._root_of.get(name, name)

    def group(self, name: str) -> Sequence[str]:
        """All ids that stand for the same, the oldest first."""
        if not self._groups:
            return (name,)
        return self._groups.get(self.root(name), (name,))
