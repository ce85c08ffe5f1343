"""By which edition of its queue's rules an item stands, and what rings by which of them.

Belongs here: what is behind after a change of plan. Does not: moving it (`changing`), and the order in which it waits
(`items`).
"""

from __future__ import annotations

from heapq import nsmallest

from orchestra.engine.routing.rows import Item

__all__ = ["Standing"]


class Standing:
    """All that rings, by queue and edition.

    `editions` is queue -> how often its rules have changed while something stood there; it stays the caller's table.
    """

    def __init__(self, editions: dict[str, int]) -> None:
        self._editions = editions
        self.rings: dict[str, dict[int, dict[str, int]]] = {}

    def edition(self, queue: str) -> int:
        """The edition of a queue's rules that holds."""
        return self._editions.get(queue, 0)

    def change(self, queue: str) -> None:
        """A queue's rules have changed: all that stands there is behind."""
        self._editions[queue] = self.edition(queue) + 1

    def is_behind(self, item: Item) -> bool:
        """Whether what waits or rings still stands by rules of before."""
        return item.edition != self._editions.get(item.queue, 0)

    def ring(self, name: str, item: Item) -> None:
        """An item rings, by the rules that hold."""
        item.edition = self._editions.get(item.queue, 0)
        self.enter(name, item)

    def enter(self, name: str, item: Item) -> None:
        """Enter an item that rings, by the rules by which it stands."""
        self.rings.setdefault(item.queue, {}).setdefault(item.edition, {})[name] = 1

    def unring(self, name: str, item: Item) -> None:
        """An item rings no more; one that did not is left alone."""
        editions = self.rings.get(item.queue)
        ringing = None if editions is None else editions.get(item.edition)
        if editions is None or ringing is None:
            return
        ringing.pop(name, None)
        if not ringing:
            del editions[item.edition]
            if not editions:
                del self.rings[item.queue]

    def behind(self, queue: str, most: int) -> list[str]:
        """At most so many that ring in a queue and are behind, by edition and name."""
        found: list[str] = []
        for edition, ringing in sorted(self.rings.get(queue, {}).items(), key=lambda one: one[0]):
            if edition != self.edition(queue):
                found += nsmallest(most - len(found), ringing)
        return found
