"""Events: deliveries."""

from __future__ import annotations

import attrs

from orchestra.model.event import Event
from orchestra.model.identity import SERVICE
from orchestra.model.private import private

__all__ = [
    "AccountPaced",
    "AutomationResumed",
    "DeliveriesResumed",
    "DeliveryAccepted",
    "DeliveryCanceled",
    "DeliveryExpired",
    "DeliveryFailed",
    "DeliveryHeld",
    "DeliveryPermitted",
    "DeliveryPlanned",
    "DeliveryReleased",
    "DeliveryRetried",
    "DeliverySpread",
    "DeliveryStarted",
    "DeliveryUnknown",
    "MessageAmended",
    "ReceiptKept",
    "ReceiptRecorded",
    "SendingStarted",
    "SendingStopped",
    "TalkEnded",
]


@attrs.define
class DeliveryPlanned(Event):
    """A message is to be sent, about a subject of commitments if it names one.

    `body` is the position of the event that holds its text. What is `automatic` was written by nobody: it waits while
    somebody talks with the customer. What is the message of a `notice` leaves, and waits, as that one says. The message
    `has_template` if there is one that stands for it where no free words pass: that is all that is sent `instead_of` a
    delivery that was turned away there.
    """

    delivery: str
    key: str
    message: str
    case: str
    customer: str
    channel: str
    account: str
    conversation: str
    topic: str
    body: int
    expires_us: int
    interaction: str | None = None
    digest: str | None = None
    purpose: str = SERVICE
    subject: str | None = None
    automatic: bool = False
    notice: str | None = None
    has_template: bool = False
    instead_of: str | None = None


@attrs.define
class MessageAmended(Event):
    """A message that was sent is to be changed at its provider; the delivery that does so is planned by this.

    Attributes:
        delivery: by which it leaves, with permits as any other; None for a message that has not left itself, which
            leaves as it is now, or not at all.
        key: the delivery's.
        act: `corrected`, which says `text` from now on; `taken_back`; or `reacted`, with `text`, to one of theirs.
        message: the one that is changed, or reacted to.
        of: the delivery of that message, if it is ours.
        body: the position of this event.
        interaction: in which the message was written, if in one.
        agent: who asked for it, if an agent or bot did.
    """

    delivery: str | None
    key: str | None
    act: str
    message: str
    of: str | None
    case: str
    customer: str
    channel: str
    account: str
    conversation: str
    topic: str
    body: int
    expires_us: int
    interaction: str | None = None
    agent: str | None = None
    digest: str | None = None
    purpose: str = SERVICE
    text: str | None = private()


@attrs.define
class DeliveryPermitted(Event):
    """The attempt may leave until the permit runs out."""

    delivery: str
    customer: str
    attempt: int
    until_us: int


@attrs.define
class DeliveryStarted(Event):
    """The attempt leaves now: from here on the provider may have it."""

    delivery: str
    customer: str
    attempt: int
    epoch: int


@attrs.define
class DeliveryAccepted(Event):
    """The provider took it, under these ids of its own; `lost` names what the channel could not carry of it."""

    delivery: str
    customer: str
    attempt: int
    provider_ids: list[str]
    lost: list[str] | None = None


@attrs.define
class DeliveryRetried(Event):
    """The attempt did not succeed or its permit ran out; the next is due at `next_us`."""

    delivery: str
    customer: str
    attempt: int
    next_us: int
    code: str | None = None


@attrs.define
class DeliveryFailed(Event):
    """It will not be tried again."""

    delivery: str
    customer: str
    attempt: int
    code: str | None = None


@attrs.define
class DeliveryUnknown(Event):
    """Nobody knows whether the provider took it, and it cannot be repeated safely."""

    delivery: str
    customer: str
    attempt: int
    code: str | None = None


@attrs.define
class DeliveryHeld(Event):
    """It waits: until an operator lets its scope be sent again, or until what `reason` says is over.

    That is an open conflict about its subject, or that somebody talks with the customer.
    """

    delivery: str
    customer: str
    reason: str | None = None


@attrs.define
class DeliveryReleased(Event):
    """Nothing keeps it any more; it leaves after those that have begun to leave in its conversation meanwhile."""

    delivery: str
    customer: str


@attrs.define
class DeliverySpread(Event):
    """Its account takes no more just now, by its rate: it waits until that takes more."""

    delivery: str
    customer: str


@attrs.define
class AccountPaced(Event):
    """What waits over an account was looked at: it takes more at `next_us`.

    None says that nothing waits, or that something which it was permitted has to begin first.
    """

    channel: str
    account: str
    next_us: int | None


@attrs.define
class DeliveryExpired(Event):
    """Its time passed before it could leave."""

    delivery: str
    customer: str


@attrs.define
class DeliveryCanceled(Event):
    """It was called back before it left."""

    delivery: str
    customer: str
    reason: str


@attrs.define
class ReceiptRecorded(Event):
    """The provider told what became of it; `conflicts` if that contradicts what was known.

    What `is_weak` proves nothing: a machine may have read it, or acted on it.
    """

    delivery: str
    customer: str
    receipt: str
    occurred_us: int
    conflicts: bool
    code: str | None = None
    early_key: str | None = None
    is_weak: bool = False


@attrs.define
class ReceiptKept(Event):
    """A receipt came before the provider's answer did; it counts as soon as the message is known.

    Attributes:
        is_undeliverable: nobody can be reached at the address.
        recipient: which that is, hashed, if it was told.
    """

    channel: str
    account: str
    provider_id: str
    receipt: str
    occurred_us: int
    code: str | None = None
    is_undeliverable: bool = False
    recipient: str | None = None


@attrs.define
class SendingStopped(Event):
    """Nothing of this scope leaves until started again."""

    channel: str | None
    topic: str | None
    reason: str


@attrs.define
class SendingStarted(Event):
    """The stop of this scope is lifted."""

    channel: str | None
    topic: str | None


@attrs.define
class DeliveriesResumed(Event):
    """An account is connected again; what nobody could send over it is due, slice by slice."""

    channel: str
    account: str


@attrs.define
class TalkEnded(Event):
    """Nobody talks with the customer any more: what was held meanwhile may leave from then on."""

    customer: str
    until_us: int


@attrs.define
class AutomationResumed(Event):
    """These were held while somebody talked with the customer, and are looked at again; `more` follow if it says so."""

    customer: str
    deliveries: list[str]
    more: bool
