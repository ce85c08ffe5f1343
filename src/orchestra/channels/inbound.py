"""What an adapter reports of the outer world: provider's news, read but not yet believed or journaled.

They are no journaled events: the runtime makes commands of them and the engine decides what happened. To keep
the two apart in code, import this module and write `inbound.MessageReceived`.
"""

from __future__ import annotations

import enum
from datetime import datetime

import attrs

from orchestra.channels.instants import TimeUnit
from orchestra.channels.parts import Identity, Part, ThreadRef, text_of, unquoted_of

__all__ = [
    "AutoReplyReceived",
    "BounceReceived",
    "CallEvent",
    "CallState",
    "ChannelNotice",
    "ChoiceSelected",
    "ConsentChanged",
    "DeliveryState",
    "DeliveryUpdate",
    "IdentityLinked",
    "Inbound",
    "MessageDeleted",
    "MessageEdited",
    "MessageReceived",
    "Origin",
    "OutboundEcho",
    "ProgressPosted",
    "ProviderIds",
    "ReactionChanged",
    "TypingChanged",
    "Unrecognised",
]


@attrs.frozen(kw_only=True)
class ProviderIds:
    """The provider's own ids.

    Attributes:
        message: of the message concerned, unlike that of any other message of the account: it is taken once under
            this id, and edits, reactions and receipts name it so.
        event: of this piece of news.
        other: further ids by name, as `("post", "81")`, in the order of the payload.
    """

    message: str | None = None
    event: str | None = None
    other: tuple[tuple[str, str], ...] = ()


@attrs.frozen(kw_only=True)
class Origin:
    """Where a piece of news comes from: what all inbound events have in common.

    Attributes:
        dedupe_key: equal for every delivery of the same news and for nothing else within the account; made of
            the provider's ids alone, never of the attempt or of the time it was received.
        ids: the provider's ids.
        thread: what it belongs to, if the provider says.
        identities: whom it concerns, the sender first.
        occurred_at: when, by the provider's clock; None if it does not say.
        occurred_unit: how precisely it says so.
        sequence: the provider's own number of a message in its conversation, from 0, which rises in the order in which
            they were written; None if it has no such thing.
        received_at: when the bytes reached us.
        is_redelivery: the provider says that it has sent this before.
        raw_digest: SHA-256, hexadecimal, of the bytes it was read from.
    """

    dedupe_key: str
    ids: ProviderIds
    received_at: datetime
    raw_digest: str
    thread: ThreadRef = attrs.field(factory=ThreadRef)
    identities: tuple[Identity, ...] = ()
    occurred_at: datetime | None = None
    occurred_unit: TimeUnit = TimeUnit.SECONDS
    sequence: int | None = None
    is_redelivery: bool = False

    @property
    def sender(self) -> Identity | None:
        """Who caused it, if the provider says."""
        return self.identities[0] if self.identities else None


@attrs.frozen(kw_only=True)
class Inbound:
    """One piece of news. Each kind below is a class of its own."""

    origin: Origin


@attrs.frozen(kw_only=True)
class MessageReceived(Inbound):
    """Somebody wrote. `parts` are in order; media are named, not fetched."""

    parts: tuple[Part, ...]
    subject: str | None = attrs.field(default=None, repr=False)
    is_public: bool = False

    @property
    def text(self) -> str:
        """What it says in words."""
        return text_of(self.parts)

    @property
    def unquoted_text(self) -> str:
        """What it says in words without the earlier messages that it ends with, as far as that could be told."""
        return unquoted_of(self.parts)


@attrs.frozen(kw_only=True)
class MessageEdited(Inbound):
    """The writer replaced a message, perhaps one that was never seen; `parts` is all it says now."""

    message_id: str
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        """What it now says in words."""
        return text_of(self.parts)


@attrs.frozen(kw_only=True)
class MessageDeleted(Inbound):
    """The writer, or a moderator, took a message back, perhaps one that was never seen."""

    message_id: str


@attrs.frozen(kw_only=True)
class ReactionChanged(Inbound):
    """Somebody's reaction to a message is `reaction` now; None if they took it away."""

    message_id: str
    reaction: str | None


@attrs.frozen(kw_only=True)
class ChoiceSelected(Inbound):
    """Somebody pressed a button or picked an item: `choice` is the id we gave it."""

    choice: str
    label: str | None = attrs.field(default=None, repr=False)
    message_id: str | None = None


class DeliveryState(enum.Enum):
    """How far one of our messages came. Higher ranks include the lower ones; `FAILED` stands apart."""

    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


@attrs.frozen(kw_only=True)
class DeliveryUpdate(Inbound):
    """Our messages reached a state: those of `message_ids`, or all that were sent up to `watermark`.

    Exactly one of the two is given. `code`, `permanent` and `is_undeliverable` tell of a failure: why, that the same
    would fail again, and that nobody can be reached at the address with whatever message. That a message was read
    `is_weak` if it may have been a machine that opened it: proxies of mail load what is in a mail for everybody.
    """

    state: DeliveryState
    message_ids: tuple[str, ...] = ()
    watermark: datetime | None = None
    code: str | None = None
    permanent: bool = False
    is_undeliverable: bool = False
    is_weak: bool = False


@attrs.frozen(kw_only=True)
class TypingChanged(Inbound):
    """Somebody began or stopped typing."""

    is_typing: bool


@attrs.frozen(kw_only=True)
class OutboundEcho(Inbound):
    """The provider shows us a message that the company's side sent: by us, or by another tool on the account.

    Attributes:
        key: our idempotency key, if the provider gives it back; None may mean that another tool sent it.
        parts: what was sent.
    """

    parts: tuple[Part, ...]
    key: str | None = None

    @property
    def text(self) -> str:
        """What it says in words."""
        return text_of(self.parts)


@attrs.frozen(kw_only=True)
class IdentityLinked(Inbound):
    """The provider says that `linked` is the same person as the sender."""

    linked: Identity


@attrs.frozen(kw_only=True)
class ConsentChanged(Inbound):
    """The sender allowed or forbade messages: STOP, unfollow, block. None as `topic` means all."""

    is_granted: bool
    topic: str | None = None


class CallState(enum.Enum):
    """What happened to a call, or to an agent's leg of it; `IDLE`: it has done all that it was told."""

    RINGING = "ringing"
    ANSWERED = "answered"
    KEYS_PRESSED = "keys_pressed"
    IDLE = "idle"
    HELD = "held"
    RESUMED = "resumed"
    TRANSFERRED = "transferred"
    FAILED = "failed"
    ENDED = "ended"


@attrs.frozen(kw_only=True)
class CallEvent(Inbound):
    """Call control news; sound stays outside.

    Attributes:
        call_id: the provider's id of the customer's call, also of news of an agent's leg.
        state: what happened.
        keys: those pressed; empty if none were in the time given.
        cause: why the call or leg ended, in the provider's word.
        leg: which agent's leg it is about, by the name that it was called under (`CallAction.leg`); None for the
            customer's own line.
        leg_id: the provider's id of that leg.
        awaits: the answer to this request says what the call is to do next.
    """

    call_id: str
    state: CallState
    keys: str | None = attrs.field(default=None, repr=False)
    cause: str | None = None
    leg: str | None = None
    leg_id: str | None = None
    awaits: bool = False


@attrs.frozen(kw_only=True)
class ProgressPosted(Inbound):
    """A back office says that something we follow has moved: `ref` names it, `stage` is where it stands.

    It should be there until `due_at`, and not before `earliest_at`; `reason` says why, in a few words.
    """

    ref: str
    stage: str
    due_at: datetime | None = None
    earliest_at: datetime | None = None
    reason: str | None = attrs.field(default=None, repr=False)


@attrs.frozen(kw_only=True)
class BounceReceived(Inbound):
    """A message of ours came back.

    Attributes:
        message_id: the provider's id of it; None if only its key is known (`ids.other`).
        permanent: the same to the same address would fail again.
        code: why.
        is_final: it will not arrive any more; False while servers on the way still try.
        is_undeliverable: the address takes nothing, from nobody. The sender in `origin` is who was not reached.
    """

    message_id: str | None
    permanent: bool
    code: str | None = None
    is_final: bool = True
    is_undeliverable: bool = False


@attrs.frozen(kw_only=True)
class AutoReplyReceived(Inbound):
    """A machine answered: an absence notice, a list, a loop. Never to be answered automatically."""

    parts: tuple[Part, ...]
    reason: str
    subject: str | None = attrs.field(default=None, repr=False)

    @property
    def text(self) -> str:
        """What it says in words."""
        return text_of(self.parts)


@attrs.frozen(kw_only=True)
class ChannelNotice(Inbound):
    """The provider tells the account's owner something: a limit, a quality rating, a lapsed permission."""

    code: str


@attrs.frozen(kw_only=True)
class Unrecognised(Inbound):
    """News of a type that this adapter does not know: kept and answered as received. `type` is the provider's word."""

    type: str
