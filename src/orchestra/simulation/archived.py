"""Customers whom the engine has archived, as far as they will come back; of all others nothing is kept.

Belongs here: what was stored of them. Does not: who comes back (`line`), and giving it to the engine (`clockwork`).
"""

from __future__ import annotations

from orchestra.engine.archive.decide import RecallCustomer
from orchestra.engine.archive.keys import key_of
from orchestra.engine.engine import Decided
from orchestra.model.addresses import Address
from orchestra.model.events import CustomerArchived

__all__ = ["Archived"]


class Archived:
    """The directory of a simulation, in memory."""

    __slots__ = ("_expected", "_stored")

    def __init__(self) -> None:
        self._expected: set[str] = set()
        self._stored: dict[str, RecallCustomer] = {}

    def expect(self, address: Address) -> None:
        """Whoever has this address will come back."""
        self._expected.add(key_of("address", address.key))

    def note(self, decided: Decided) -> None:
        """Keep what a decision has archived of those who will come back."""
        for position, event in enumerate(decided.events, decided.first):
            if isinstance(event, CustomerArchived):
                recall = RecallCustomer(event.rows, position)
                self._stored |= dict.fromkeys(self._expected.intersection(event.keys), recall)

    def take(self, address: Address) -> RecallCustomer | None:
        """Whoever has this address is back: the command that brings back what the engine knew, if it was archived."""
        key = key_of("address", address.key)
        self._expected.discard(key)
        return self._stored.pop(key, None)
