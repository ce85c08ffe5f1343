"""One history of a customer over all channels, in one order.

Belongs here: which records are part of it. Does not: measures, and other people's histories.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import attrs

from orchestra.codec import decode_event
from orchestra.errors import UnknownId
from orchestra.journal.port import Journal
from orchestra.model import events as e
from orchestra.model.attachments import Attachment, shown_files
from orchestra.model.instants import instant, instant_text
from orchestra.model.plan import Plan
from orchestra.model.records import Record
from orchestra.runtime.history.amended import Amended
from orchestra.runtime.history.order import in_order, said_us
from orchestra.runtime.history.people import person_of
from orchestra.runtime.history.phrases import DETAILS, PHRASES, sentence
from orchestra.runtime.history.places import Places
from orchestra.runtime.history.redaction import Parts, in_words
from orchestra.runtime.readers import Reader, Withheld

__all__ = ["Entry", "timeline"]

_WITH_OTHERS = (
    *("MessageReceived", "ContactTaken", "ReplyRecorded", "MessageWritten", "DeliveryPlanned"),
    *("MessageEdited", "MessageRetracted", "ReactionChanged", "AutoReplyRecorded", "MessageAmended"),
)
_ELSEWHERE = ("CaseOpened", "CaseOwnerChanged")

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
        team: in which it happened, if that is known.
        brand: whose account it was on, if it was on one of a brand.
        who: `agent:ana`, `customer:cu7`, or who else caused it; only `team:care` or `company` where the reader is shown
            no more.
        text: of a message, unless it was erased; a mark that says why if the reader is not shown it. Customers are
            shown what a message of ours says now; others what it said, and each correction where it was made.
        sentence: what happened, in words.
        message: id of the message, if it is one, or is about one.
        media: files of the message, unless they were erased. A reader who is not shown its text is not shown what they
            are called, nor given them.
        said_us: when a message was said by its source, as that was taken, if that was before it came; else None.
    """

    position: int
    at_us: int
    kind: str
    channel: str | None
    case: str | None
    number: str | None
    team: str | None
    brand: str | None
    who: str
    text: str | Withheld | None = attrs.field(repr=False)
    sentence: str
    message: str | None = None
    media: tuple[Attachment, ...] = ()
    said_us: int | None = None

    @property
    def at(self) -> datetime:
        """When, in UTC."""
        return instant(self.at_us)

    def to_json(self) -> dict[str, Any]:
        """Plain data; times as RFC 3339 text."""
        data = attrs.asdict(self, recurse=False)
        del data["at_us"], data["said_us"]
        text = self.text.to_json() if isinstance(self.text, Withheld) else self.text
        media = [attrs.asdict(file) for file in self.media]
        said = None if self.said_us is None else instant_text(self.said_us)
        return {**data, "text": text, "media": media, "at": instant_text(self.at_us), "said": said}


def timeline(journal: Journal, customer: str, *, details: bool = False, reader: Reader | None = None) -> list[Entry]:
    """Everything that happened with a customer, on all channels, oldest first.

    What was said in one conversation stands in the order in which it was said, however late it came.

    Others who wrote or were answered in the customer's cases appear with that; the customer's own writing in other
    people's cases, and what was answered to it, is part of it, those cases are not. All ids of a person who was merged
    have one timeline. Reads by customer, never the whole journal.

    Args:
        journal: what to read.
        customer: the customer's id.
        details: also what only matters to who looks for a fault, such as each attempt to send.
        reader: for whom; whatever they are not shown is withheld. None withholds nothing, and knows no brands.

    Raises:
        UnknownId: nothing is known of that customer.
        NotPermitted: the reader is another customer, who has no part in any case of this one.
        JournalCorrupt: a record is damaged.
    """
    reader = reader or Reader(None, Plan())
    person = person_of(journal, customer)
    own = _read(journal, person.ids)
    if not own:
        raise UnknownId("customer", customer)
    found = {record.position: (record, event) for record, event in (*own, *_by_participants(journal, own))}
    placed = [*_elsewhere(journal, own), *(found[position] for position in sorted(found))]
    telling = _Telling(reader, person.ids, placed)
    shown = in_order([found[position] for position in sorted(found)])
    entries = (telling.entry(record, event) for record, event in shown if _shown(record.type, details=details))
    return [entry for entry in entries if entry is not None]


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
        if getattr(event, "case", None) in cases:
            yield record, event


def _elsewhere(journal: Journal, own: Sequence[Found]) -> list[Found]:
    """Whose the cases of others are in which this customer has a part: their numbers, and who answers for them."""
    parts = [event for _, event in own if isinstance(event, e.PartTaken)]
    if not parts:
        return []
    cases = {event.case for event in parts}
    found = _read(journal, sorted({event.of for event in parts}), _ELSEWHERE)
    return [(record, event) for record, event in found if getattr(event, "case", None) in cases]


class _Telling:
    """Makes entries of events, as the reader is shown them."""

    def __init__(self, reader: Reader, ids: Sequence[str], found: Sequence[Found]) -> None:
        self._reader = reader
        self._ids = ids
        self._places = Places(reader.plan)
        for _, event in found:
            self._places.learn(event)
        self._retracted = {event.message for _, event in found if isinstance(event, e.MessageRetracted)}
        self._amended = Amended([event for _, event in found])
        self._parts = Parts(reader, ids, (event for _, event in found)) if reader.ids else None

    def entry(self, record: Record, event: e.Event) -> Entry | None:
        """The entry of an event; None if the reader is not shown that it happened."""
        if isinstance(event, e.FactTold) and event.notice is not None:
            return None  # it stands with the notice, as the customer was told it
        case, place = self._places.case(event), self._places.place(event)
        entry = Entry(
            record.position,
            record.at_us,
            record.type,
            self._places.channel(event),
            case,
            self._places.numbers.get(case or ""),
            place.team,
            place.brand,
            _who(record, event),
            self._text(event),
            sentence(event, self._ids),
            getattr(event, "message", None),
            () if self._is_retracted(event) else _files(event),
            said if (said := said_us(record, event)) < record.at_us else None,
        )
        if self._reader.sees_all:
            return entry
        if self._parts is not None:
            return self._to_customer(entry, event, self._parts)
        seen, mark = self._reader.seen(place)
        if seen != "all" and entry.text is not None:
            entry = _unread(entry, mark)
        if seen == "trace":
            who = entry.who if entry.who.startswith("customer:") else _team(entry)
            return attrs.evolve(entry, who=who, sentence=in_words(entry.kind))
        is_hidden = self._reader.hides(getattr(event, "attribute", getattr(event, "fact", "")))
        return attrs.evolve(entry, sentence=in_words(entry.kind)) if is_hidden else entry

    def _text(self, event: e.Event) -> str | Withheld | None:
        """What was said, unless whoever wrote it took it back: that is shown to nobody."""
        text: str | None = getattr(event, "text", None)
        if text is None and getattr(event, "media", None) is not None:
            text = ""  # it says nothing but its file
        return Withheld("retracted") if text is not None and self._is_retracted(event) else text

    def _is_retracted(self, event: e.Event) -> bool:
        is_reaction = isinstance(event, e.ReactionChanged | e.MessageAmended)
        return not is_reaction and getattr(event, "message", None) in self._retracted

    def _to_customer(self, entry: Entry, event: e.Event, parts: Parts) -> Entry | None:
        if not parts.shows(entry.kind, event, entry.case):
            return None
        text, is_gone = self._amended.now(event, entry.text), self._amended.is_gone(event)
        entry = attrs.evolve(entry, text=text, media=() if is_gone else entry.media)
        mark = parts.withheld(event, entry.case)
        shown = entry if entry.text is None or mark is None else _unread(entry, mark)
        return attrs.evolve(shown, sentence=sentence(event, self._ids, inner=False))


def _files(event: e.Event) -> tuple[Attachment, ...]:
    return shown_files(getattr(event, "message", ""), getattr(event, "media", None))


def _unread(entry: Entry, mark: Withheld | None) -> Entry:
    """The entry for who must not read it: that there are files stays, what they are called does not."""
    return attrs.evolve(entry, text=mark, media=tuple(attrs.evolve(file, name=None) for file in entry.media))


def _team(entry: Entry) -> str:
    return "company" if entry.team is None else f"team:{entry.team}"


def _who(record: Record, event: e.Event) -> str:
    if isinstance(event, e.MessageReceived | e.ContactTaken | e.MessageEdited | e.ReactionChanged):
        return f"customer:{event.customer}"
    if isinstance(event, e.ReplyRecorded | e.MessageWritten | e.MessageAmended) and event.agent is not None:
        return f"agent:{event.agent}"
    return record.actor
