"""Which ids are one person's, from the journal alone: for whoever has no state to ask.

Belongs here: merges and splits as the records of those concerned tell them. Does not: what a person did (`timeline`).
"""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from orchestra.codec.events import decode_event
from orchestra.journal.port import Journal
from orchestra.model import events as e
from orchestra.model.records import Record

__all__ = ["MERGES", "Person", "person_of"]

MERGES = ("CustomerAliased", "CustomerUnaliased", "CustomersMerged", "CustomersSplit")
"""Types of the events that say whose ids are one person's."""


@attrs.frozen
class Person:
    """Somebody under all their ids.

    Attributes:
        root: the id that stands for them.
        ids: all of them, the oldest first.
    """

    root: str
    ids: tuple[str, ...]


def person_of(journal: Journal, customer: str) -> Person:
    """All ids of the person whom an id means. Reads the records of these ids, never the whole journal."""
    root, found, waiting = customer, {customer}, [customer]
    while waiting:
        name = waiting.pop()
        above, below = _neighbours(name, journal.read(subjects=[name], types=MERGES))
        if above is None:
            root = name
        new = {*below, *(() if above is None else (above,))} - found
        found |= new
        waiting.extend(new)
    return Person(root, tuple(sorted(found, key=lambda name: (len(name), name))))


def _neighbours(name: str, records: Iterable[Record]) -> tuple[str | None, set[str]]:
    """Whom an id is an alias of, and which ids are its own aliases."""
    above: str | None = None
    below: dict[str, str] = {}
    for record in records:
        match decode_event(record):
            case e.CustomerAliased(alias_of=other):
                above = other
            case e.CustomerUnaliased():
                above = None
            case e.CustomersMerged(link=link, other=other):
                below[link] = other
            case e.CustomersSplit(link=link):
                del below[link]
            case _:
                pass
    return above, set(below.values())
