"""Commands: deliveries."""

from __future__ import annotations

import attrs

from orchestra.model.addresses import Address
from orchestra.model.attachments import FileData
from orchestra.model.command import Command, Id
from orchestra.model.identity import SERVICE
from orchestra.model.private import private

__all__ = [
    "CancelDelivery",
    "CorrectMessage",
    "RecordOutcome",
    "RecordReceipt",
    "RecoverDelivery",
    "ResumeDeliveries",
    "SendMessage",
    "SendReaction",
    "StartDelivery",
    "StartSending",
    "StopSending",
    "TakeBackMessage",
    "TellNow",
]


@attrs.define
class SendMessage(Command):
    """Send a customer a message that answers no live interaction, on a conversation the case has had.

    Sent once per `key`; the same key with another case, topic, purpose, subject or `digest` (a keyed hash of the text)
    is refused. What is sent for a `purpose` other than `service` needs what the plan asks for, at the time it leaves.
    `subject` is what it tells about, as in `MakeCommitment`; while a conflict about that is open, it is refused too.
    What no agent, bot or operator asked for waits while somebody talks with the customer, and for a while afterwards.
    `to` is a participant of the case who gets it instead of its customer; their role in it says whether they may.
    `title` is one line that stands above it where the channel has one, as the subject of a mail does. `choices`,
    `media` and `template` are as in `WriteReply`.
    """

    case: Id
    key: str
    topic: str = "message"
    channel: str | None = None
    digest: str | None = None
    purpose: str = SERVICE
    subject: str | None = None
    to: Id | None = None
    text: str | None = private()
    title: str | None = private()
    choices: list[list[str]] | None = private()
    media: list[FileData] | None = private()
    template: list[str] | None = private()


@attrs.define
class CorrectMessage(Command):
    """Replace the text of a message of ours: where it was sent, or before it leaves.

    `message` is the message's id. An agent must have a part in the contact it was written in or in that of now, or
    answer for its case, by themself or in a team. The provider is told once per message and `key`; the same key with
    another `digest` (a keyed hash of the text) is refused. Notices and invitations are not corrected so.
    """

    message: str
    key: str | None = None
    digest: str | None = None
    text: str | None = private()


@attrs.define
class TakeBackMessage(Command):
    """Delete a message of ours where it was sent; call it back if it has not left. For whom, as `CorrectMessage`."""

    message: str
    key: str | None = None


@attrs.define
class SendReaction(Command):
    """Put our reaction, such as an emoji, on a message of a customer's; None takes it away. As `CorrectMessage`."""

    message: str
    key: str | None = None
    digest: str | None = None
    reaction: str | None = private()


@attrs.define
class StartDelivery(Command):
    """Declare, durably, that the attempt leaves now. Only under a permit that has not run out.

    `wording` is the position of the correction that it says; 0 if the message was not corrected before it left.
    """

    delivery: str
    attempt: int
    epoch: int
    wording: int = 0


@attrs.define
class RecordOutcome(Command):
    """What became of an attempt: `accepted`, `retry`, `failed` or `unknown`.

    `safe_to_repeat` says that the provider honours keys, so an unknown outcome may be resent; `is_undeliverable`, of a
    failed one, that nobody can be reached at the address, which is given up. `lost` are words for what the channel
    could not carry of it.
    """

    delivery: str
    attempt: int
    outcome: str
    provider_ids: list[str] = attrs.field(factory=list)
    code: str | None = None
    retry_after_us: int | None = None
    safe_to_repeat: bool = False
    lost: list[str] | None = None
    is_undeliverable: bool = False


@attrs.define
class RecoverDelivery(Command):
    """A delivery was started by an owner that is gone; its outcome is unknown."""

    delivery: str
    epoch: int
    safe_to_repeat: bool = False


@attrs.define
class RecordReceipt(Command):
    """The provider tells what became of a message: delivered, read, acted or failed.

    That it was read or acted on `is_weak` if a machine may have done so, as proxies of mail do that load pictures for
    everybody, and scanners that follow links. It is noted, and nothing follows from it.

    A failed one `is_undeliverable` if nobody can be reached at the address, which is given up then; if `recipient` is
    given, only where that is the one it went to. With `delivery` the message is named by our own id, as a bounce may
    name it that knows no other, and `provider_id` says nothing.
    """

    channel: str
    account: str
    provider_id: str
    receipt: str
    occurred_us: int | None = None
    code: str | None = None
    is_weak: bool = False
    is_undeliverable: bool = False
    recipient: Address | None = None
    delivery: str | None = None


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


@attrs.define
class ResumeDeliveries(Command):
    """An account is connected again: what nobody could send over it is due now."""

    channel: str
    account: str


@attrs.define
class TellNow(Command):
    """Note that an agent who talks with a customer has told them what a held message says: it is not sent any more.

    `delivery` is the message's, or a notice that is held: what that one tells, the customer knows from now on.
    """

    interaction: Id
    agent: str
    delivery: str
