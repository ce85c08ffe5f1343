"""Commands: contacts."""

from __future__ import annotations

import attrs

from orchestra.model.addresses import Address, Thread
from orchestra.model.attachments import FileData
from orchestra.model.command import Command, Id
from orchestra.model.private import private

__all__ = [
    "CancelInteraction",
    "EndCall",
    "FinishInteraction",
    "FinishWrapUp",
    "HoldInteraction",
    "LeaveContact",
    "ReceiveContact",
    "ReceiveMessage",
    "RecordReply",
    "RetrieveInteraction",
    "TransferInteraction",
    "WriteReply",
]


@attrs.define
class ReceiveContact(Command):
    """Take an inbound contact without text, such as a call. Taken once per (channel, account, contact_id).

    `also` are addresses under which the provider knows the sender, too. `reply_case` is a case id from a reply token
    that the caller has verified, `invitation` the id of an invitation from its token; `agent` knows the customer, for
    queues that ask them first (the agent who owns the case, unless stated).
    """

    channel: str
    account: str
    contact_id: str
    sender: Address
    thread: Thread | None = None
    also: list[Address] = attrs.field(factory=list)
    occurred_us: int | None = None
    reply_case: str | None = None
    case_number: str | None = None
    topic: str | None = None
    queue: str | None = None
    skills: dict[str, int] = attrs.field(factory=dict)
    priority: int = 0
    agent: str | None = None
    invitation: str | None = None


@attrs.define
class ReceiveMessage(Command):
    """Take an inbound message. Taken once per (channel, account, message_id).

    `also` are addresses under which the provider knows the sender, too. `reply_case` is a case id from a reply token
    that the caller has verified, `invitation` the id of an invitation from its token; `agent` knows the customer, for
    queues that ask them first (the agent who owns the case, unless stated). `choice` is the id of what they picked of
    what we offered. `media` are the files that came with it, at most twenty. `reply_to` is the provider's id of the
    message that it answers, `sequence` the provider's own number of it in the conversation: both order what was said.
    """

    channel: str
    account: str
    message_id: str
    sender: Address
    thread: Thread | None = None
    also: list[Address] = attrs.field(factory=list)
    occurred_us: int | None = None
    reply_case: str | None = None
    case_number: str | None = None
    topic: str | None = None
    queue: str | None = None
    skills: dict[str, int] = attrs.field(factory=dict)
    priority: int = 0
    agent: str | None = None
    invitation: str | None = None
    text: str | None = private()
    choice: str | None = None
    media: list[FileData] | None = private()
    reply_to: str | None = None
    sequence: int | None = None


@attrs.define
class LeaveContact(Command):
    """The customer hangs up or leaves: abandoned if nobody had answered, else over for the agent too."""

    interaction: Id


@attrs.define
class EndCall(Command):
    """The provider tells that a call is over, which was taken under `call_id`: as `LeaveContact`, unless it was so."""

    channel: str
    account: str
    call_id: str


@attrs.define
class HoldInteraction(Command):
    """Put the customer on hold."""

    interaction: Id
    agent: str


@attrs.define
class RetrieveInteraction(Command):
    """Take the customer back from hold."""

    interaction: Id
    agent: str


@attrs.define
class FinishInteraction(Command):
    """End the agent's contact with the customer; wrap-up follows where the channel has one."""

    interaction: Id
    agent: str
    disposition: str | None = None


@attrs.define
class FinishWrapUp(Command):
    """End wrap-up before its time, where the channel lets the agent.

    A disposition given here replaces the one given at the finish. Of an interaction that the agent has transferred it
    ends the wrap-up of their own part, and a disposition is that part's.
    """

    interaction: Id
    agent: str
    disposition: str | None = None


@attrs.define
class TransferInteraction(Command):
    """Hand the interaction back to a queue, with its place kept. `skills` replace what was required."""

    interaction: Id
    agent: str
    queue: str
    skills: dict[str, int] = attrs.field(factory=dict)


@attrs.define
class CancelInteraction(Command):
    """End an interaction that needs nobody any more, with a reason."""

    interaction: Id
    reason: str


@attrs.define
class WriteReply(Command):
    """Answer in an interaction that the agent handles; the delivery is planned at once.

    With a `key` it is written once per interaction and key. The same key with another `digest`, a keyed hash of the
    text, is refused. `choices` are what the customer can pick from, in order, each an id and a label: buttons where the
    channel has them, else a list. `media` are files to send, by the digest under which the media store keeps them for
    this customer: the first goes with the text where it can, the others follow as messages of their own; with files the
    text may be left out. `template` is what stands for the text where the channel lets no free words pass: name,
    language and parameters of a text that its provider has approved. `answers` is the id of the message it answers.
    What is for `only_them` is not said where others can read along: it is sent to the customer alone, or not at all.
    """

    interaction: Id
    agent: str
    text: str | None = private()
    key: str | None = None
    digest: str | None = None
    choices: list[list[str]] | None = private()
    media: list[FileData] | None = private()
    template: list[str] | None = private()
    answers: str | None = None
    only_them: bool = False


@attrs.define
class RecordReply(Command):
    """Record an answer that was given outside of this library, as a native client or a contact log shows it.

    Whoever waited in that conversation has been answered. With `resolve` the case is resolved by it.
    """

    channel: str
    account: str
    message_id: str
    recipient: Address
    agent: str | None = None
    thread: Thread | None = None
    occurred_us: int | None = None
    resolve: bool = False
    disposition: str | None = None
    text: str | None = private()
    media: list[FileData] | None = private()
