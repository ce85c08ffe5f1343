"""Where archived customers are, when the journal does not know it yet, and what was stored of them.

Belongs here: what a directory will say once everything decided is stored. Does not: who is looked for (`engine`), and
bringing them back (`ledger`).
"""

from __future__ import annotations

from collections.abc import Collection

from orchestra.codec import decode_event
from orchestra.engine.archive.keys import behind_unknown
from orchestra.engine.engine import Decided
from orchestra.errors import CommandRefused, JournalCorrupt, NotPermitted, UnknownId
from orchestra.journal.port import Journal
from orchestra.model.events import CustomerArchived, CustomerRecalled
from orchestra.model.records import Batch

__all__ = ["Unstored", "keys_behind"]


def keys_behind(error: CommandRefused) -> list[str]:
    """The keys of what was not known where something was refused, also if that is only the reason behind it."""
    unknown = error.__cause__ if isinstance(error, NotPermitted) else error
    return [behind_unknown(unknown)] if isinstance(unknown, UnknownId) else []


class Unstored:
    """Who was archived and recalled by decisions that are not stored yet: the engine runs ahead of the journal."""

    def __init__(self) -> None:
        self._filed: dict[int, tuple[frozenset[str], dict[str, str]]] = {}
        self._struck: dict[int, int] = {}

    def note(self, decided: Decided, batch: Batch) -> None:
        """Know what a decision says of customers who are archived, and let its batch tell the directory."""
        struck: list[int] = []
        filed: dict[str, int] = {}
        for position, event in enumerate(decided.events, decided.first):
            if isinstance(event, CustomerArchived):
                filed.update(dict.fromkeys(event.keys, position))
                self._filed[position] = frozenset(event.keys), event.rows
            elif isinstance(event, CustomerRecalled):
                struck.append(event.archived_at)
                self._struck[event.archived_at] = position
        if filed or struck:
            batch.filed, batch.struck = filed, struck

    def has_stored(self, position: int) -> None:
        """The journal knows everything up to a position."""
        for known in [one for one in self._filed if one <= position]:
            del self._filed[known]
        for known in [one for one, by in self._struck.items() if by <= position]:
            del self._struck[known]

    def find(self, journal: Journal, keys: Collection[str]) -> list[int]:
        """Where those behind the keys were archived, who are so still; as the directory will say."""
        found = {position for position, (names, _) in self._filed.items() if not names.isdisjoint(keys)}
        found.update(journal.directory.find(keys))
        return sorted(found.difference(self._struck))

    def rows(self, journal: Journal, position: int) -> dict[str, str]:
        """What was stored of whoever was archived at a position.

        Raises:
            JournalCorrupt: nobody was, whatever the directory says.
        """
        if position in self._filed:
            return self._filed[position][1]
        for record in journal.read(position - 1, limit=1):
            event = decode_event(record)
            if isinstance(event, CustomerArchived):
                return event.rows
        raise JournalCorrupt(position, "the directory says that somebody was archived here, and nobody was")
