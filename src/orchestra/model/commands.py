"""Commands: what anyone may ask of the engine. Imperative names, plain values, checked against the actor's roles.

Ids are those that results and events gave; wherever a case, customer or interaction id stands, a `Ref` may stand.
Instants are microseconds since 1970 UTC. `actor` is `kind:name`; without one it is the agent the command names, or the
kind that the command is for.
"""

from __future__ import annotations

import attrs

from orchestra.model.addresses import Actor, Address, Ref
from orchestra.model.plan import Plan
from orchestra.model.private import private

__all__ = [
    "COMMANDS",
    "AcceptOffer",
    "AddRef",
    "AssignCase",
    "CancelDelivery",
    "CancelInteraction",
    "ChangePlan",
    "CloseCase",
    "Command",
    "DeclineOffer",
    "DefineAgent",
    "FinishInteraction",
    "FinishWrapUp",
    "HoldInteraction",
    "LeaveContact",
    "LoseDevice",
    "MarkLog",
    "OpenCase",
    "ReceiveContact",
    "ReceiveMessage",
    "RecordOutcome",
    "RecordReceipt",
    "RecordReply",
    "RecoverDelivery",
    "RemoveAgent",
    "ReopenCase",
    "RescindOffer",
    "ResolveCase",
    "ResumeCase",
    "RetrieveInteraction",
    "ReturnDevice",
    "SendMessage",
    "SetAvailable",
    "SetAway",
    "SetCaseWaiting",
    "SetFields",
    "SignIn",
    "SignOut",
    "StartDelivery",
    "StartSending",
    "StopSending",
    "TransferInteraction",
    "WriteReply",
]

Id = str | Ref


@attrs.define
class Command:
    """Something asked of the engine, by `actor`."""

    actor: Actor | None = attrs.field(default=None, kw_only=True)


# Definition


@attrs.define
class ChangePlan(Command):
    """Put another plan into force. Refused if work in flight needs a name that the new plan lacks."""

    plan: Plan
    digest: str
    zone_data: str
    key_check: str


# Agents


@attrs.define
class DefineAgent(Command):
    """Add an agent or replace their profile. Skills are skill -> level; capacity is a percentage of a full budget."""

    agent: str
    teams: list[str]
    skills: dict[str, int] = attrs.field(factory=dict)
    roles: list[str] = attrs.field(factory=list)
    capacity_percent: int = 100
    name: str | None = private()


@attrs.define
class RemoveAgent(Command):
    """Take an agent out. Their offers end, their interactions queue again, their cases go back to the team."""

    agent: str


@attrs.define
class SignIn(Command):
    """Begin to work, on one device. Signing in on another device adds it."""

    agent: str
    device: str = "main"


@attrs.define
class SignOut(Command):
    """Stop working on all devices. Offers are taken back; work in hand queues again or stays, as its channel says."""

    agent: str
    reason: str = "signed_out"


@attrs.define
class SetAway(Command):
    """Take no new work, with a reason from the plan's list or any text."""

    agent: str
    reason: str


@attrs.define
class SetAvailable(Command):
    """Take new work again."""

    agent: str


@attrs.define
class LoseDevice(Command):
    """A device's lease ran out. With the last device gone offers end, and after the grace work in hand queues again."""

    agent: str
    device: str


@attrs.define
class ReturnDevice(Command):
    """A lost device is back."""

    agent: str
    device: str


# Contacts


@attrs.define
class ReceiveContact(Command):
    """Take an inbound contact without text, such as a call. Taken once per (channel, account, contact_id).

    `reply_case` is a case id from a reply token that the caller has verified.
    """

    channel: str
    account: str
    contact_id: str
    sender: Address
    thread: str | None = None
    occurred_us: int | None = None
    reply_case: str | None = None
    case_number: str | None = None
    topic: str | None = None
    queue: str | None = None
    skills: dict[str, int] = attrs.field(factory=dict)
    priority: int = 0


@attrs.define
class ReceiveMessage(Command):
    """Take an inbound message. Taken once per (channel, account, message_id).

    `reply_case` is a case id from a reply token that the caller has verified.
    """

    channel: str
    account: str
    message_id: str
    sender: Address
    thread: str | None = None
    occurred_us: int | None = None
    reply_case: str | None = None
    case_number: str | None = None
    topic: str | None = None
    queue: str | None = None
    skills: dict[str, int] = attrs.field(factory=dict)
    priority: int = 0
    text: str | None = private()


@attrs.define
class LeaveContact(Command):
    """The customer hangs up or leaves: abandoned if nobody had answered, else over for the agent too."""

    interaction: Id


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
    """End wrap-up before its time. A disposition given here replaces the one given at the finish."""

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
    """Answer in an interaction that the agent handles; the delivery is planned at once."""

    interaction: Id
    agent: str
    text: str | None = private()


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
    thread: str | None = None
    occurred_us: int | None = None
    resolve: bool = False
    disposition: str | None = None
    text: str | None = private()


# Cases


@attrs.define
class OpenCase(Command):
    """Open a case for a known customer without a contact."""

    customer: Id
    topic: str | None = None
    queue: str | None = None


@attrs.define
class SetCaseWaiting(Command):
    """The case waits `on` customer or third_party."""

    case: Id
    on: str
    reason: str | None = None


@attrs.define
class ResumeCase(Command):
    """What the case waited for has come."""

    case: Id


@attrs.define
class ResolveCase(Command):
    """The matter is settled."""

    case: Id
    disposition: str | None = None


@attrs.define
class ReopenCase(Command):
    """It was not settled after all."""

    case: Id
    reason: str


@attrs.define
class CloseCase(Command):
    """File a resolved case for good."""

    case: Id


@attrs.define
class AssignCase(Command):
    """Make an agent or a team the one accountable owner."""

    case: Id
    owner_kind: str
    owner: str


@attrs.define
class AddRef(Command):
    """Let a customer, case or interaction be addressed by the application's own key."""

    target: Id
    ref: str


@attrs.define
class SetFields(Command):
    """Set typed fields that the plan declares. A value of None removes the field."""

    target: Id
    fields: dict[str, str | int | bool | None]


# Offers


@attrs.define
class AcceptOffer(Command):
    """Take what is offered. The token is the offer's own; a stale one is refused."""

    offer: str
    agent: str
    token: int


@attrs.define
class DeclineOffer(Command):
    """Refuse what is offered; it is not offered to this agent again."""

    offer: str
    agent: str
    token: int
    reason: str | None = None


@attrs.define
class RescindOffer(Command):
    """Take an offer back; the interaction waits again with its place."""

    offer: str
    reason: str


# Deliveries


@attrs.define
class SendMessage(Command):
    """Send a customer a message that answers no live interaction, on a conversation the case has had.

    Sent once per `key`; the same key with another case, topic or `digest` (a keyed hash of the text) is refused.
    """

    case: Id
    key: str
    topic: str = "message"
    channel: str | None = None
    digest: str | None = None
    text: str | None = private()


@attrs.define
class StartDelivery(Command):
    """Declare, durably, that the attempt leaves now. Only under a permit that has not run out."""

    delivery: str
    attempt: int
    epoch: int


@attrs.define
class RecordOutcome(Command):
    """What became of an attempt: `accepted`, `retry`, `failed` or `unknown`.

    `safe_to_repeat` says that the provider honours keys, so an unknown outcome may be resent.
    """

    delivery: str
    attempt: int
    outcome: str
    provider_ids: list[str] = attrs.field(factory=list)
    code: str | None = None
    retry_after_us: int | None = None
    safe_to_repeat: bool = False


@attrs.define
class RecoverDelivery(Command):
    """A delivery was started by an owner that is gone; its outcome is unknown."""

    delivery: str
    epoch: int
    safe_to_repeat: bool = False


@attrs.define
class RecordReceipt(Command):
    """The provider tells what became of a message: delivered, read, acted or failed."""

    channel: str
    account: str
    provider_id: str
    receipt: str
    occurred_us: int | None = None
    code: str | None = None


@attrs.define
class CancelDelivery(Command):
    """Do not send it, if it has not left."""

    delivery: str
    reason: str


@attrs.define
class StopSending(Command):
    """Hold all sending: of the workspace (both None), of a channel, of a topic, or of a topic on a channel."""

    reason: str
    channel: str | None = None
    topic: str | None = None


@attrs.define
class StartSending(Command):
    """Lift the stop of exactly that scope."""

    channel: str | None = None
    topic: str | None = None


# Contact logs


@attrs.define
class MarkLog(Command):
    """A log's prefix has been taken: its SHA-256, line count, and running counts over the whole prefix.

    `previous` is the digest of the prefix that this one extends.
    """

    sha256: str
    lines: int
    rejected: int
    duplicates: int
    previous: str | None = None


COMMANDS: tuple[type[Command], ...] = tuple(Command.__subclasses__())
"""Every command, in the order of this module."""
