"""Who still stands by the room and keys of a plan of before, and by which: all whose names come after a cursor.

Belongs here: how far the walk over the agents has come after a change of plan. Does not: placing them (`changing`), and
how those count who are left (`takers`).
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Any

from orchestra.engine.routing.capacity import Capacity
from orchestra.engine.routing.takers import Unmoved

__all__ = ["Before", "Seats"]


class Before:
    """The room that agents had by a plan of before, and those who still stand by it."""

    __slots__ = ("agents", "capacity")

    def __init__(self, capacity: Capacity, agents: Unmoved) -> None:
        self.capacity = capacity
        self.agents = agents


class Seats:
    """How far all are placed anew.

    `rows` is bound -> words of a plan (`capacity_words`): whoever's name comes after a bound, and not after the next
    one, has the room that these words say until their turn comes; whoever comes before all bounds is placed. It stays
    the caller's table.

    Attributes:
        befores: who stands by which words, by their bounds.
    """

    def __init__(self, rows: dict[str, Any], rules: Capacity) -> None:
        self._rows = rows
        self._bounds = sorted(rows)
        self.befores = [Before(Capacity(rows[bound]), Unmoved()) for bound in self._bounds]
        self._follow(rules)

    def __bool__(self) -> bool:
        return bool(self._bounds)

    @property
    def cursor(self) -> str:
        """Up to this name, itself included, all are placed; there are some who are not."""
        return self._bounds[0]

    @property
    def unmoved(self) -> list[Unmoved]:
        """Those who stand by the words of before, by which of them."""
        return [before.agents for before in self.befores]

    def of(self, agent: str) -> Before | None:
        """By what an agent stands who is not placed yet; None for whoever is."""
        at = bisect_left(self._bounds, agent) - 1
        return self.befores[at] if at >= 0 else None

    def change(self, before: Capacity, agents: Unmoved, rules: Capacity) -> None:
        """The plan has changed: those who were placed are left behind, as all others are already.

        No command goes before a slice that is due, so that some have been placed since the last change.
        """
        self._rows[""] = before.words
        self._bounds.insert(0, "")
        self.befores.insert(0, Before(before, agents))
        self._follow(rules)

    def _follow(self, rules: Capacity) -> None:
        for before in self.befores:
            before.agents.asks = before.capacity.asks(rules)

    def advance(self, agent: str) -> None:
        """All are placed up to this one."""
        while len(self._bounds) > 1 and self._bounds[1] <= agent:
            self._drop()
        self._rows[agent] = self._rows.pop(self._bounds[0])
        self._bounds[0] = agent

    def end(self) -> None:
        """All are placed."""
        while self._bounds:
            self._drop()

    def _drop(self) -> None:
        del self._rows[self._bounds.pop(0)], self.befores[0]
