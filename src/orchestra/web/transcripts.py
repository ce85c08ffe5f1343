"""What was said in one person's web chat, from the journal alone: numbered, in order, the same in every process.

Belongs here: which events are part of it, and under which number. Does not: who looks at it (`rooms`).

A customer's message has its place where it was received, one of ours where it was handed over: a message that an
operator has stopped, or that waits for a permit, is not shown before.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Collection, Iterator

import attrs

from orchestra.codec import decode_event
from orchestra.journal.port import Journal
from orchestra.model import events as e
from orchestra.model.attachments import in_words
from orchestra.runtime.composing import with_token
from orchestra.runtime.history.people import MERGES
from orchestra.runtime.keys import WorkspaceKey
from orchestra.runtime.published import Bell

__all__ = ["SHOWN", "Entry", "Transcript", "load"]

SHOWN = (
    e.ConversationStarted,
    e.MessageReceived,
    e.MessageWritten,
    e.MessageAmended,
    e.DeliveryPlanned,
    e.DeliveryAccepted,
    e.CustomerErased,
    e.ErasureDone,
)
"""The events that a transcript is made of."""

_NAMES = tuple(kind.__name__ for kind in SHOWN)
_MOST_KEPT = 500
_MOST_IDS = 10_000
_LONGEST_SEARCH = 500_000


@attrs.frozen(kw_only=True)
class Entry:
    """One message.

    Attributes:
        seq: its number in the chat, from 1, without gaps.
        id: of one of the customer's, the client's own; of ours, that of its delivery.
        sender: `customer`, `agent` or `company`.
        text: None once it is erased.
        at_us: when, microseconds UTC.
    """

    seq: int
    id: str
    sender: str
    text: str | None = attrs.field(repr=False)
    at_us: int


class Transcript:
    """The chat of one person on one account.

    Args:
        channel: the account's channel in the plan.
        account: its name there.
        address: the hashed address of the person.
        key: the workspace's.
        bell: rings with each new message, and when an agent types.

    Attributes:
        place: channel and account.
        conversations: the ids under which the person has written here.
        customer: the customer that they became by writing; None before.
        interaction: the newest one that they wrote in.
        erased: a position at which all words until then were erased; 0 if none ever were.
        position: of the last event that was looked at.
        count: how many messages there are.
        typings: how often an agent was seen typing.
    """

    def __init__(self, channel: str, account: str, address: str, key: WorkspaceKey, bell: Bell) -> None:
        self.place = channel, account
        self._address = address
        self._key = key
        self._texts: dict[str, tuple[str | None, str]] = {}
        self._planned: dict[str, e.DeliveryPlanned] = {}
        self._kept: deque[Entry] = deque(maxlen=_MOST_KEPT)
        self._ids: OrderedDict[str, int] = OrderedDict()
        self.conversations: set[str] = set()
        self.customer: str | None = None
        self.interaction: str | None = None
        self._customers: set[str] = set()
        self.erased = 0
        self.position = 0
        self.count = 0
        self.typings = 0
        self.bell = bell

    def learn(self, position: int, at_us: int, event: e.Event) -> None:
        """Look at the next event of the journal; one that was looked at before changes nothing."""
        if position <= self.position:
            return
        self.position = position
        match event:
            case e.ConversationStarted():
                self._started(event)
            case e.MessageReceived():
                self._received(event, at_us)
            case e.MessageWritten():
                self._written(event)
            case e.MessageAmended(act="corrected", delivery=None) if event.message in self._texts:
                # It leaves as it is now. What the page has shown stays, since the channel takes nothing back.
                self._texts[event.message] = event.text, self._texts[event.message][1]
            case e.DeliveryPlanned() if event.conversation in self.conversations:
                self._planned[event.delivery] = event
            case e.DeliveryAccepted():
                self._accepted(event, at_us)
            case e.CustomerErased() | e.ErasureDone() if event.customer in self._customers:
                self._erase()
            case _:
                pass

    def see_typing(self) -> None:
        """An agent is typing."""
        self.typings += 1
        self.bell.ring()

    def past(self, seq: int) -> list[Entry]:
        """The messages behind a number, as far as they are kept."""
        if seq >= self.count:
            return []
        missing = self.count - len(self._kept)
        return [self._kept[index] for index in range(max(0, seq - missing), len(self._kept))]

    def number_of(self, client_id: str) -> int | None:
        """The number of a message of the customer's, by the id that their client gave it."""
        return self._ids.get(client_id)

    @property
    def awaited(self) -> Collection[str]:
        """The deliveries of our messages that have not been handed over yet."""
        return self._planned.keys()

    def _started(self, event: e.ConversationStarted) -> None:
        if event.address == self._address and (event.channel, event.account) == self.place:
            self.conversations.add(event.conversation)
            self.customer = event.customer
            self._customers.add(event.customer)

    def _received(self, event: e.MessageReceived, at_us: int) -> None:
        if event.conversation in self.conversations:
            self.interaction, self.customer = event.interaction, event.customer
            self._customers.add(event.customer)
            client_id = event.message_id.rpartition(".")[2]
            self._add(client_id, "customer", event.text, at_us)
            self._ids[client_id] = self.count
            if len(self._ids) > _MOST_IDS:
                self._ids.popitem(last=False)

    def _written(self, event: e.MessageWritten) -> None:
        if event.conversation in self.conversations:
            text = event.text if event.title is None or event.text is None else f"{event.title}\n\n{event.text}"
            text = in_words(text, event.media)
            self._texts[event.message] = text, "company" if event.agent is None else "agent"

    def _accepted(self, event: e.DeliveryAccepted, at_us: int) -> None:
        planned = self._planned.pop(event.delivery, None)
        if planned is not None:
            text, sender = self._texts.pop(planned.message, (None, "company"))
            shown = None if text is None else with_token(planned, text, self._key)
            self._add(event.provider_ids[0] if event.provider_ids else event.delivery, sender, shown, at_us)

    def _erase(self) -> None:
        """Forget all words, also those that somebody in this process looks at."""
        self.erased = self.position
        self._texts.clear()
        for index, entry in enumerate(self._kept):
            self._kept[index] = attrs.evolve(entry, text=None)
        self.bell.ring()

    def _add(self, name: str, sender: str, text: str | None, at_us: int) -> None:
        self.count += 1
        self._kept.append(Entry(seq=self.count, id=name, sender=sender, text=text, at_us=at_us))
        self.bell.ring()


def load(journal: Journal, transcript: Transcript, address: str, customer: str | None, since: int) -> None:
    """Bring a new transcript up to where the journal is. Reads the customer's records, never the whole journal.

    Args:
        journal: what to read.
        transcript: what is to be filled.
        address: the hashed address of the person.
        customer: the customer that they were known to be; None if that is to be found out.
        since: a position before which they had not written, if so.

    Raises:
        JournalError: it cannot be read.
    """
    whose = customer or _writer(journal, address, since)
    while whose is not None:
        for record in journal.read(subjects=_ever_known_as(journal, whose), types=_NAMES):
            transcript.learn(record.position, record.at_us, decode_event(record))
        # Whoever writes again after they were erased is somebody new, whom nothing ties to who they were.
        since, before = transcript.erased, since
        whose = _writer(journal, address, since) if since > before else None


def _writer(journal: Journal, address: str, since: int) -> str | None:
    """Who began to write from this address. Whoever has not for very long is somebody new."""
    after = max(since, journal.position() - _LONGEST_SEARCH)
    for record in journal.read(after, types=[e.ConversationStarted.__name__]):
        event = decode_event(record)
        if isinstance(event, e.ConversationStarted) and event.address == address:
            return event.customer
    return None


def _ever_known_as(journal: Journal, customer: str) -> list[str]:
    """All ids that the person ever had, also those that were split off since: what was said then was said here."""
    found, waiting = {customer}, [customer]
    while waiting:
        records = journal.read(subjects=[waiting.pop()], types=MERGES)
        new = {name for record in records for name in _others(decode_event(record))} - found
        found |= new
        waiting.extend(new)
    return sorted(found)


def _others(event: e.Event) -> Iterator[str]:
    for field in ("alias_of", "other"):
        name = getattr(event, field, None)
        if name is not None:
            yield name
