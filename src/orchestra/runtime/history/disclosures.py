"""What two people who were taken for one were told of each other.

Belongs here: the messages that went to one of them in a case of the other. Does not: undoing the merge.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import attrs

from orchestra.codec.events import decode_event
from orchestra.errors import UnknownId
from orchestra.journal.port import Journal
from orchestra.model import events as e
from orchestra.model.instants import instant
from orchestra.runtime.history.people import person_of

__all__ = ["Disclosure", "disclosures"]

_SAID = ("MessageWritten", "ReplyRecorded", "MessageAmended")


@attrs.frozen
class Disclosure:
    """A message about somebody's case that went to somebody else.

    Attributes:
        position: in the journal.
        told: whom it went to.
        of: whose case it was about.
        text: what it said, unless it was erased.
    """

    position: int
    at: datetime
    told: str
    of: str
    case: str
    message: str
    text: str | None = attrs.field(repr=False)


@attrs.frozen
class _Merge:
    """A merge that was undone: where it stands, where its undoing does, and the ids of both sides now."""

    merged: int
    split: int
    sides: tuple[Sequence[str], Sequence[str]]


def disclosures(journal: Journal, link: str) -> list[Disclosure]:
    """What either side of a merge that was undone saw of the other, oldest first.

    Args:
        journal: what to read.
        link: the merge, which was undone.

    Raises:
        UnknownId: there is no such merge that was undone.
    """
    merge = _undone(journal, link)
    one, other = merge.sides
    found = [*_told(journal, merge, one, other), *_told(journal, merge, other, one)]
    return sorted(found, key=lambda disclosure: disclosure.position)


def _told(journal: Journal, merge: _Merge, told: Sequence[str], of: Sequence[str]) -> Iterator[Disclosure]:
    """The messages to one side in the cases of the other, while they counted as one."""
    cases = _cases(journal, of)
    for record in journal.read(merge.merged, subjects=told, types=_SAID):
        if record.position > merge.split:
            return
        event = decode_event(record)
        if not isinstance(event, e.MessageWritten | e.ReplyRecorded | e.MessageAmended):
            continue
        if event.case in cases and getattr(event, "act", "corrected") == "corrected":
            at, whose = instant(record.at_us), cases[event.case]
            yield Disclosure(record.position, at, event.customer, whose, event.case, event.message, event.text)


def _undone(journal: Journal, link: str) -> _Merge:
    merged = 0
    for record in journal.read(types=("CustomersMerged", "CustomersSplit")):
        match decode_event(record):
            case e.CustomersMerged(link=name) if name == link:
                merged = record.position
            case e.CustomersSplit(link=name, customer=customer, other=other) if name == link:
                return _Merge(
                    merged, record.position, (person_of(journal, customer).ids, person_of(journal, other).ids)
                )
            case _:
                pass
    raise UnknownId("merge that was undone", link)


def _cases(journal: Journal, ids: Iterable[str]) -> dict[str, str]:
    """The cases of these ids, and of which each is."""
    opened = map(decode_event, journal.read(subjects=tuple(ids), types=("CaseOpened",)))
    return {event.case: event.customer for event in opened if isinstance(event, e.CaseOpened)}
