"""Everything that is stored of a person, for themself.

Belongs here: which records are theirs. Does not: how they are shown (`timeline`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from orchestra.errors import UnknownId
from orchestra.journal.port import Journal
from orchestra.model.instants import instant_text
from orchestra.runtime.history.people import person_of

__all__ = ["export"]

_OF_ARCHIVE = frozenset({"CustomerArchived", "CustomerRecalled", "ArchivePutOff"})
"""Records that only repeat what others say, also of those who were archived together with the person, or say when."""


def export(journal: Journal, customer: str) -> Iterator[dict[str, Any]]:
    """All records of a person under all their ids, oldest first, with their private parts, as plain data.

    What others wrote in this person's cases is about those others, and is not part of it.

    Args:
        journal: what to read; by customer, never the whole of it.
        customer: any of the person's ids.

    Raises:
        UnknownId: nothing is stored of that customer.
        JournalCorrupt: a record is damaged.
    """
    found = False
    for record in journal.read(subjects=person_of(journal, customer).ids):
        found = True
        if record.type in _OF_ARCHIVE:
            continue
        private = {} if record.private is None else json.loads(record.private)
        about = {
            "position": record.position,
            "at": instant_text(record.at_us),
            "event": record.type,
            "by": record.actor,
        }
        yield {**about, **json.loads(record.facts), **private}
    if not found:
        raise UnknownId("customer", customer)
