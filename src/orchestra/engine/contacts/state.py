"""Conversations and interactions as they stand, and which provider ids were taken."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import ClassVar

import attrs

from orchestra.engine.lifecycle import INTERACTION
from orchestra.engine.section import Evolve, Rows, Slice
from orchestra.model import events as e
from orchestra.model.structure import microseconds

__all__ = [
    "EVOLVE",
    "IDLE",
    "NO_THREAD",
    "WRAP_UP",
    "Contacts",
    "Conversation",
    "Interaction",
    "Taken",
    "taken_key",
]

IDLE = "contacts.idle"
"""Timer of an answered interaction in which nobody writes."""
WRAP_UP = "contacts.wrap_up"
"""Timer of an interaction in wrap-up."""


NO_THREAD = "@"
"""What the thread of a conversation begins with that the provider has none for; never a provider's thread."""


@attrs.define
class Conversation:
    """One thread between a customer and an own account. `address` is the customer's that is written to, hashed."""

    customer: str
    channel: str
    account: str
    thread: str
    address: str
    interaction: str | None = None
    case: str | None = None
    messages: int = 0
    last_inbound_us: int | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """What it is found by."""
        return self.channel, self.account, self.thread

    @property
    def has_thread(self) -> bool:
        """Whether the provider has a thread for it; else it goes by the sender's address."""
        return not self.thread.startswith(NO_THREAD)


@attrs.define
class Interaction:
    """One contact, in a conversation; or a work item, in none.

    `connecting` is a set of the offers whose agents are being connected, `wrap_up` how its wrap-up ends, once it is
    being wrapped up; `answered_by` is the contact whose answer was its answer, too.
    """

    customer: str
    channel: str
    account: str
    conversation: str | None
    live: bool
    started_us: int
    state: str = INTERACTION.initial
    case: str | None = None
    queue: str | None = None
    agent: str | None = None
    disposition: str | None = None
    connecting: dict[str, int] = attrs.field(factory=dict)
    wrap_up: str | None = None
    answered_by: str | None = None

    @property
    def is_final(self) -> bool:
        """Whether nothing more can happen in it."""
        return self.state in INTERACTION.final

    @property
    def is_open(self) -> bool:
        """Whether the customer is still being served: neither final nor in wrap-up."""
        return self.state != "WRAPPING" and self.state not in INTERACTION.final


@attrs.define
class Taken:
    """A provider's id that was taken. `number` orders ids of a channel by when they came."""

    number: int
    at_us: int
    interaction: str | None
    case: str
    customer: str
    message: str | None


def taken_key(channel: str, account: str, provider_id: str) -> str:
    """The key under which an inbound id is remembered."""
    return f"{channel}\x1f{account}\x1f{provider_id}"


class Contacts(Slice):
    """Conversations and interactions by id."""

    TABLES: ClassVar = {
        "conversations": Conversation,
        "interactions": Interaction,
        "taken": Taken,
        "counts": None,
    }

    conversations: dict[str, Conversation]
    interactions: dict[str, Interaction]
    taken: dict[str, Taken]
    counts: dict[str, int]

    def reindex(self) -> None:
        """Rebuild the look-ups by thread, case and message, and the order in which ids are forgotten."""
        self.by_thread: dict[tuple[str, str, str], str] = {}
        self.before: dict[tuple[str, str, str], dict[str, int]] = {}
        for name in sorted(self.conversations, key=_number):
            self._enter(name, self.conversations[name])
        self.open_in_case: dict[str | None, int] = {}
        self.newest: dict[tuple[str | None, str, str], str] = {}
        for name in sorted(self.interactions, key=lambda name: int(name[2:])):
            row = self.interactions[name]
            if row.case is not None:  # else between its start and its case, in the middle of a batch
                self._place(name, row)
        self.by_message = {row.message: key for key, row in self.taken.items() if row.message is not None}
        self._oldest: dict[str, deque[str]] = {}
        for key, _ in sorted(self.taken.items(), key=lambda item: item[1].number):
            self._oldest.setdefault(key.partition("\x1f")[0], deque()).append(key)

    def _enter(self, name: str, talk: Conversation) -> None:
        """Enter a conversation under its thread: the newest there counts, and which came before it is remembered."""
        key = talk.key
        other = self.by_thread.get(key)
        if other is not None:
            older, name = sorted((other, name), key=_number)
            self.before.setdefault(key, {})[older] = 1
        self.by_thread[key] = name

    def take_out(self, keys: Mapping[str, Sequence[str]]) -> None:
        """Forget conversations, with all others of their threads, and interactions, with all others of their cases."""
        for name in keys["conversations"]:
            key = self.conversations[name].key
            self.by_thread.pop(key, None)
            self.before.pop(key, None)
        for name in keys["interactions"]:
            row = self.interactions[name]
            self.newest.pop((row.case, row.customer, row.channel), None)
        super().take_out(keys)

    def put_back(self, rows: Rows) -> None:
        """Know conversations and interactions again."""
        super().put_back(rows)
        for name in sorted(rows["conversations"][0], key=_number):
            self._enter(name, self.conversations[name])
        for name in sorted(rows["interactions"][0], key=_number):
            self._place(name, self.interactions[name])

    def _place(self, name: str, row: Interaction) -> None:
        """Enter an interaction among those of its case: how many are open, and the newest by customer and channel."""
        if row.conversation is not None:  # what is asked of the newest is where to write
            self.newest[row.case, row.customer, row.channel] = name
        if row.is_open:
            self.open_in_case[row.case] = self.open_in_case.get(row.case, 0) + 1

    def _shut(self, row: Interaction) -> None:
        """An interaction that was open is so no longer."""
        left = self.open_in_case.pop(row.case) - 1
        if left:
            self.open_in_case[row.case] = left

    def next_id(self, kind: str, prefix: str) -> str:
        """The id that the next of this kind will have."""
        return f"{prefix}{self.counts.get(kind, 0) + 1}"

    def _count(self, kind: str) -> None:
        self.counts[kind] = self.counts.get(kind, 0) + 1

    def _take(self, channel: str, account: str, provider_id: str, taken: Taken) -> None:
        self._count("taken")
        key = taken_key(channel, account, provider_id)
        self.taken[key] = taken
        if taken.message is not None:
            self.by_message[taken.message] = key
        order = self._oldest.setdefault(channel, deque())
        order.append(key)
        kept = self.plan.channels[channel].keep_ids
        if kept is None:
            return
        horizon = taken.at_us - microseconds(kept)
        for _ in range(2):  # each id taken forgets at most two: no single step is ever long
            if self.taken[order[0]].at_us >= horizon:
                return
            forgotten = self.taken.pop(order.popleft())
            self.by_message.pop(forgotten.message or "", None)

    def conversation_started(self, event: e.ConversationStarted, at_us: int) -> None:
        """Know the conversation by its thread, which may have been somebody else's before."""
        self._count("conversation")
        row = Conversation(event.customer, event.channel, event.account, event.thread, event.address)
        self.conversations[event.conversation] = row
        self._enter(event.conversation, row)

    def started(self, event: e.InteractionStarted, at_us: int) -> None:
        """The conversation's latest interaction has begun."""
        self._count("interaction")
        self.interactions[event.interaction] = Interaction(
            event.customer, event.channel, event.account, event.conversation, event.live, at_us
        )
        if event.conversation is not None:
            self.conversations[event.conversation].interaction = event.interaction

    def attached(self, event: e.InteractionAttached, at_us: int) -> None:
        """Interaction and conversation belong to the case."""
        interaction = self.interactions[event.interaction]
        interaction.case = event.case
        if interaction.conversation is not None:
            self.conversations[interaction.conversation].case = event.case
        self._place(event.interaction, interaction)

    def moved(self, event: e.InteractionMoved, at_us: int) -> None:
        """Interaction and conversation belong to another case, and so does what is written there from now on."""
        interaction = self.interactions[event.interaction]
        if interaction.is_open:
            self._shut(interaction)
        if interaction.conversation is not None:
            self._move_conversation(event, interaction.conversation, interaction)
        interaction.case = event.case
        if interaction.is_open:
            self.open_in_case[event.case] = self.open_in_case.get(event.case, 0) + 1

    def _move_conversation(self, event: e.InteractionMoved, name: str, interaction: Interaction) -> None:
        """The conversation goes where its latest interaction goes; where to write is the newest in each case."""
        talk = self.conversations[name]
        # There is none where nobody but us has ever made contact.
        if talk.case == event.before and talk.interaction in (None, event.interaction):
            talk.case = event.case
        before, after = ((case, interaction.customer, interaction.channel) for case in (event.before, event.case))
        if event.left is None:
            del self.newest[before]
        else:
            self.newest[before] = event.left
        self.newest[after] = max(event.interaction, self.newest.get(after, event.interaction), key=_number)

    def case_opened(self, event: e.CaseOpened, at_us: int) -> None:
        """The conversation in which a case came up belongs to it."""
        if event.conversation is not None:
            self.conversations[event.conversation].case = event.case

    def contact_taken(self, event: e.ContactTaken, at_us: int) -> None:
        """Remember the provider's id."""
        number = self.counts.get("taken", 0) + 1
        row = Taken(number, at_us, event.interaction, event.case, event.customer, None)
        self._take(event.channel, event.account, event.contact_id, row)

    def received(self, event: e.MessageReceived, at_us: int) -> None:
        """Remember the provider's id; somebody wrote."""
        self._count("message")
        conversation = self.conversations[event.conversation]
        conversation.messages = event.number
        conversation.last_inbound_us = max(conversation.last_inbound_us or event.occurred_us, event.occurred_us)
        number = self.counts.get("taken", 0) + 1
        row = Taken(number, at_us, event.interaction, event.case, event.customer, event.message)
        self._take(event.channel, event.account, event.message_id, row)
        self._touch(event.interaction, at_us)

    def written(self, event: e.MessageWritten, at_us: int) -> None:
        """Count the message in its conversation; somebody wrote."""
        self._count("message")
        self.conversations[event.conversation].messages = event.number
        if event.interaction is not None:
            self._touch(event.interaction, at_us)

    def recorded(self, event: e.ReplyRecorded, at_us: int) -> None:
        """Remember the provider's id, and the case the answer was about, if the conversation is with who got it.

        A thread may have been somebody else's: an old answer leads nobody's conversation to a case that is not theirs.
        """
        self._count("message")
        conversation = self.conversations[event.conversation]
        conversation.messages = event.number
        if conversation.case is None or conversation.customer == event.customer:
            conversation.case = event.case
        number = self.counts.get("taken", 0) + 1
        row = Taken(number, at_us, event.interaction, event.case, event.customer, event.message)
        self._take(event.channel, event.account, event.message_id, row)

    def _touch(self, name: str, at_us: int) -> None:
        """Somebody wrote: an answered interaction stays open for another idle time; in a work item nobody writes."""
        interaction = self.interactions[name]
        if interaction.conversation is None:
            return
        idle = self.plan.channels[interaction.channel].idle_after
        if interaction.state in ("ACTIVE", "HELD", "PARKED") and idle is not None and not interaction.live:
            self.timers.set(IDLE, name, at_us + microseconds(idle))

    def routed(self, event: e.InteractionRouted, at_us: int) -> None:
        """Where it will come to wait."""
        self.interactions[event.interaction].queue = event.queue

    def queued(self, event: e.InteractionQueued, at_us: int) -> None:
        """It waits, with nobody."""
        interaction = self.interactions[event.interaction]
        trigger = "move" if interaction.state == "QUEUED" else "queue"
        interaction.state = INTERACTION.steps[interaction.state, trigger]
        interaction.queue, interaction.agent = event.queue, None
        self.timers.cancel(IDLE, event.interaction)

    def callback_requested(self, event: e.CallbackRequested, at_us: int) -> None:
        """The callback is an interaction of its own. What the customer writes meanwhile does not belong to it."""
        self._count("interaction")
        row = Interaction(event.customer, event.channel, event.account, event.conversation, live=True, started_us=at_us)
        row.queue = event.queue
        self.interactions[event.interaction] = row

    def scheduled(self, event: e.CallbackScheduled, at_us: int) -> None:
        """It waits for its time, with nobody."""
        interaction = self.interactions[event.interaction]
        interaction.state = INTERACTION.steps[interaction.state, "schedule"]
        interaction.agent = None

    def dialing(self, event: e.CallbackDialing, at_us: int) -> None:
        """Its customer is called."""
        interaction = self.interactions[event.interaction]
        interaction.state = INTERACTION.steps[interaction.state, "dial"]

    def offered(self, event: e.OfferMade, at_us: int) -> None:
        """It is shown to an agent."""
        interaction = self.interactions[event.interaction]
        interaction.state = INTERACTION.steps[interaction.state, "offer"]

    def accepted(self, event: e.OfferAccepted, at_us: int) -> None:
        """The agent has it."""
        interaction = self.interactions[event.interaction]
        interaction.state = INTERACTION.steps[interaction.state, "accept"]
        interaction.agent = event.agent
        interaction.connecting = {}
        self._touch(event.interaction, at_us)

    def being_connected(self, event: e.OfferConnecting, at_us: int) -> None:
        """An agent has answered, and is being connected."""
        interaction = self.interactions[event.interaction]
        interaction.state = INTERACTION.steps[interaction.state, "connect"]
        interaction.connecting[event.offer] = 1

    def offer_ended(self, event: e.OfferEnded, at_us: int) -> None:
        """If it was the last of those being connected, it is shown to the others, or waits again."""
        interaction = self.interactions[event.interaction]
        was_connecting = interaction.connecting.pop(event.offer, None) is not None
        if was_connecting and not interaction.connecting:
            interaction.state = INTERACTION.steps[interaction.state, "fail"]

    def transfer_completed(self, event: e.TransferCompleted, at_us: int) -> None:
        """Another agent has it, and talks with the customer."""
        interaction = self.interactions[event.interaction]
        interaction.state = INTERACTION.steps[interaction.state, "transfer"]
        interaction.agent = event.to
        self._touch(event.interaction, at_us)

    def held(self, event: e.InteractionHeld, at_us: int) -> None:
        """The customer is on hold."""
        interaction = self.interactions[event.interaction]
        interaction.state = INTERACTION.steps[interaction.state, "hold"]

    def retrieved(self, event: e.InteractionRetrieved, at_us: int) -> None:
        """The customer is back."""
        interaction = self.interactions[event.interaction]
        interaction.state = INTERACTION.steps[interaction.state, "retrieve"]
        self._touch(event.interaction, at_us)

    def parked(self, event: e.InteractionInterrupted | e.InteractionParked, at_us: int) -> None:
        """It is put aside, or its agent is gone."""
        interaction = self.interactions[event.interaction]
        interaction.state = INTERACTION.steps[interaction.state, "park"]

    def resumed(self, event: e.InteractionResumed, at_us: int) -> None:
        """The agent goes on with it."""
        interaction = self.interactions[event.interaction]
        interaction.state = INTERACTION.steps[interaction.state, "resume"]
        self._touch(event.interaction, at_us)

    def finished(self, event: e.InteractionFinished, at_us: int) -> None:
        """The customer is served; wrap-up runs if there is one."""
        interaction = self.interactions[event.interaction]
        interaction.disposition = event.disposition
        self.timers.cancel(IDLE, event.interaction)
        if event.wrap_up is not None:
            interaction.state = INTERACTION.steps[interaction.state, "wrap_up"]
            interaction.wrap_up = event.wrap_up
            self._shut(interaction)
        if event.wrap_up_until_us is not None:
            self.timers.set(WRAP_UP, event.interaction, event.wrap_up_until_us)

    def done(self, event: e.InteractionDone, at_us: int) -> None:
        """It is over."""
        self._end(event.interaction, "end")
        self.interactions[event.interaction].disposition = event.disposition

    def abandoned(self, event: e.InteractionAbandoned, at_us: int) -> None:
        """The customer left."""
        self._end(event.interaction, "leave")

    def deflected(self, event: e.InteractionDeflected, at_us: int) -> None:
        """It was turned away."""
        self._end(event.interaction, "deflect")

    def canceled(self, event: e.InteractionCanceled, at_us: int) -> None:
        """Nobody is needed any more."""
        self._end(event.interaction, "cancel")

    def question_linked(self, event: e.QuestionLinked, at_us: int) -> None:
        """It waits for the answer to another one."""
        interaction = self.interactions[event.interaction]
        interaction.state = INTERACTION.steps[interaction.state, "link"]

    def deferred(self, event: e.ContactDeferred, at_us: int) -> None:
        """It waits for another one to be over."""
        interaction = self.interactions[event.interaction]
        interaction.state = INTERACTION.steps[interaction.state, "defer"]

    def question_answered(self, event: e.QuestionAnswered, at_us: int) -> None:
        """The answer to another one was its own."""
        self._end(event.interaction, "merge")
        self.interactions[event.interaction].answered_by = event.by

    def _end(self, name: str, trigger: str) -> None:
        interaction = self.interactions[name]
        if interaction.is_open:
            self._shut(interaction)
        interaction.state = INTERACTION.steps[interaction.state, trigger]
        self.timers.cancel_all((IDLE, WRAP_UP), name)


def _number(name: str) -> int:
    return int(name[2:])


EVOLVE: dict[type[e.Event], Evolve] = {
    e.ConversationStarted: Contacts.conversation_started,
    e.InteractionStarted: Contacts.started,
    e.InteractionAttached: Contacts.attached,
    e.InteractionMoved: Contacts.moved,
    e.CaseOpened: Contacts.case_opened,
    e.ContactTaken: Contacts.contact_taken,
    e.MessageReceived: Contacts.received,
    e.MessageWritten: Contacts.written,
    e.ReplyRecorded: Contacts.recorded,
    e.InteractionRouted: Contacts.routed,
    e.InteractionQueued: Contacts.queued,
    e.CallbackRequested: Contacts.callback_requested,
    e.CallbackScheduled: Contacts.scheduled,
    e.CallbackDialing: Contacts.dialing,
    e.OfferMade: Contacts.offered,
    e.OfferConnecting: Contacts.being_connected,
    e.OfferAccepted: Contacts.accepted,
    e.OfferEnded: Contacts.offer_ended,
    e.TransferCompleted: Contacts.transfer_completed,
    e.InteractionHeld: Contacts.held,
    e.InteractionRetrieved: Contacts.retrieved,
    e.InteractionInterrupted: Contacts.parked,
    e.InteractionParked: Contacts.parked,
    e.InteractionResumed: Contacts.resumed,
    e.InteractionFinished: Contacts.finished,
    e.InteractionDone: Contacts.done,
    e.InteractionAbandoned: Contacts.abandoned,
    e.InteractionCanceled: Contacts.canceled,
    e.InteractionDeflected: Contacts.deflected,
    e.QuestionLinked: Contacts.question_linked,
    e.ContactDeferred: Contacts.deferred,
    e.QuestionAnswered: Contacts.question_answered,
}
