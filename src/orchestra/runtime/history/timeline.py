"""One history of a customer over all channels, in one order.

Belongs here: which records are part of it. Does not: measures, and other people's histories.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

import attrs

from orchestra.codec import decode_event
from orchestra.errors import UnknownId
from orchestra.journal.port import Journal
from orchestra.model import events as e
from orchestra.model.instants import instant, instant_text
from orchestra.model.records import Record
from orchestra.runtime.history.people import person_of
from orchestra.runtime.history.phrases import DETAILS, PHRASES, sentence

__all__ = ["Entry", "timeline"]

_WITH_OTHERS = ("MessageReceived", "ContactTaken", "ReplyRecorded")

Found = tuple[Record, e.Event]


@attrs.frozen
class Entry:
    """Something that happened with a customer.

    Attributes:
        position: in the journal.
        at_us: engine time, microseconds UTC.
        kind: the event's name.
        channel: on which it happened, if on one.
        case: id of the case, if it belongs to one.
        number: the case's number, if it is known here.
        who: `agent:ana`, `customer:cu7`, or who else caused it.
        text: of a message, unless it was erased.
        sentence: what happened, in words.
    """

    position: int
    at_us: int
    kind: str
    channel: str | None
    case: str | None
    number: str | None
    who: str
    text: str | None = attrs.field(repr=False)
    sentence: str

    @property
    def at(self) -> datetime:
        """When, in UTC."""
        return instant(self.at_us)

    def to_json(self) -> dict[str, Any]:
        """Plain data; the time as RFC 3339 text."""
        data = attrs.asdict(self)
        del data["at_us"]
        return {**data, "at": instant_text(self.at_us)}


def timeline(
    journal: Journal,
    customer: str,
    *,
    details: bool = False,
    number_of: Callable[[str], str | None] | None = None,
) -> list[Entry]:
    """Everything that happened with a customer, on all channels, oldest first.

    Others who wrote or were answered in the customer's cases appear with that; the customer's own writing in other
    people's cases, and what was answered to it, is part of it, those cases are not. All ids of a person who was merged
    have one timeline. Reads by customer, never the whole journal.

    Args:
        journal: what to read.
        customer: the customer's id.
        details: also what only matters to who looks for a fault, such as each attempt to send.
        number_of: case id -> number, for other people's cases; without it only the customer's own have numbers.

    Raises:
        UnknownId: nothing is known of that customer.
        JournalCorrupt: a record is damaged.
    """
    person = person_of(journal, customer)
    own = _read(journal, person.ids)
    if not own:
        raise UnknownId("customer", customer)
    found = {record.position: (record, event) for record, event in (*own, *_by_participants(journal, own))}
    index = _Index(own, person.ids, number_of)
    shown = (found[position] for position in sorted(found))
    return [index.entry(record, event) for record, event in shown if _shown(record.type, details=details)]


def _shown(kind: str, *, details: bool) -> bool:
    return kind in PHRASES and (details or kind not in DETAILS)


def _read(journal: Journal, subjects: Sequence[str], types: Sequence[str] | None = None) -> list[Found]:
    return [(record, decode_event(record)) for record in journal.read(subjects=subjects, types=types)]


def _by_participants(journal: Journal, own: Sequence[Found]) -> Iterator[Found]:
    """What others wrote in this customer's cases, and what they were answered there."""
    joined = [event for _, event in own if isinstance(event, e.ParticipantJoined)]
    if not joined:
        return
    cases = {event.case for event in joined}
    for record, event in _read(journal, sorted({event.participant for event in joined}), _WITH_OTHERS):
        if isinstance(event, e.MessageReceived | e.ContactTaken | e.ReplyRecorded) and event.case in cases:
            yield record, event


class _Index:
    """What events leave to be looked up: the channel of an interaction, the case of a delivery, a case's number."""

    def __init__(self, own: Sequence[Found], ids: Sequence[str], number_of: Callable[[str], str | None] | None) -> None:
        self._ids = ids
        self._number_of = number_of
        self._channels: dict[str, str] = {}
        self._cases: dict[str, str] = {}
        self._numbers: dict[str, str] = {}
        for _, event in own:
            self._learn(event)

    def _learn(self, event: e.Event) -> None:
        if isinstance(event, e.InteractionStarted | e.CallbackRequested):
            self._channels[event.interaction] = event.channel
        elif isinstance(event, e.InteractionAttached):
            self._cases[event.interaction] = event.case
        elif isinstance(event, e.DeliveryPlanned):
            self._channels[event.delivery] = self._channels[event.message] = event.channel
            self._cases[event.delivery] = event.case
        elif isinstance(event, e.CaseOpened):
            self._numbers[event.case] = event.number

    def _look(self, event: e.Event, field: str, known: dict[str, str]) -> str | None:
        said: str | None = getattr(event, field, None)
        if said is not None:
            return said
        names = (getattr(event, name, None) for name in ("interaction", "delivery", "message"))
        return next((known[name] for name in names if name in known), None)

    def entry(self, record: Record, event: e.Event) -> Entry:
        """The entry of an event."""
        case = self._look(event, "case", self._cases)
        return Entry(
            record.position,
            record.at_us,
            record.type,
            self._look(event, "channel", self._channels),
            case,
            self._number(case),
            _who(record, event),
            getattr(event, "text", None),
            sentence(event, self._ids),
        )

    def _number(self, case: str | None) -> str | None:
        if case is None:
            return None
        if case in self._numbers or self._number_of is None:
            return self._numbers.get(case)
        return self._number_of(case)


def _who(record: Record, event: e.Event) -> str:
    if isinstance(event, e.MessageReceived | e.ContactTaken):
        return f"customer:{event.customer}"
    if isinstance(event, e.ReplyRecorded | e.MessageWritten) and event.agent is not None:
        return f"agent:{event.agent}"
    return record.actor
