"""The port that a channel adapter fulfils, and the optional parts of it.

An adapter is pure: from bytes to events, and from messages to wire steps. It has no clock, no socket, no sleep,
no throttle, no state outside its arguments, and may be called from several threads at once. `AdapterContract`
in `orchestra.testing.adapters` holds it to that.

Optional parts are protocols of their own; the runtime asks with `isinstance` which of them an adapter has.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol, runtime_checkable

import attrs

from orchestra.channels.account import Account, Conversation
from orchestra.channels.capabilities import Capabilities
from orchestra.channels.description import Description
from orchestra.channels.inbound import Inbound
from orchestra.channels.outbound import Outbound
from orchestra.channels.parts import MediaRef
from orchestra.channels.sending import Failed, Interpreted, Next, Refused, Retry, SendPlan
from orchestra.channels.wire import (
    FrameStep,
    Handshake,
    HttpReply,
    HttpStep,
    RawRequest,
    Rejected,
    StepResult,
    Verified,
    WireStep,
)

__all__ = [
    "CONTRACT_VERSION",
    "AnsweringAdapter",
    "Authorized",
    "AuthorizingAdapter",
    "ChannelAdapter",
    "DecidingAdapter",
    "Decoded",
    "FetchingAdapter",
    "Issue",
    "Polled",
    "PollingAdapter",
    "StreamCodec",
    "StreamStep",
    "Taken",
    "accepts_contract",
]

CONTRACT_VERSION = 1
"""The version of this port. Adapters of this version and of the one before it are taken."""


def accepts_contract(version: object) -> bool:
    """Tell whether an adapter written for that version of the port can be used. The first version is 1."""
    oldest = max(1, CONTRACT_VERSION - 1)
    return type(version) is int and oldest <= version <= CONTRACT_VERSION


@attrs.frozen(kw_only=True)
class Issue:
    """Something in a genuine request that could not be used.

    Attributes:
        code: a fixed word of the adapter.
        where: the path in the payload.
        reason: what is wrong, never a quotation.
        raw_digest: SHA-256, hexadecimal, of the whole body.
    """

    code: str
    where: str
    reason: str
    raw_digest: str


@attrs.frozen(kw_only=True)
class Decoded:
    """All that a request held.

    Attributes:
        events: in the order of the payload.
        issues: what could not be used of it; good events stand in spite of them.
        reply: what to answer once the events are durable; for a channel that wants its decision in the
            response, the neutral answer.
    """

    events: tuple[Inbound, ...] = ()
    issues: tuple[Issue, ...] = ()
    reply: HttpReply = attrs.field(factory=HttpReply)


@runtime_checkable
class ChannelAdapter(Protocol):
    """One channel, as pure functions.

    Attributes:
        channel: the name under which plans and plug-ins know it.
        contract_version: the version of this port that it was written for.
    """

    channel: str
    contract_version: int

    def describe(self) -> Description:
        """Tell what an account needs and what the adapter gives."""
        ...

    def capabilities(self, account: Account, conversation: Conversation) -> Capabilities:
        """Tell what the channel can carry there."""
        ...

    def verify(self, request: RawRequest, account: Account, now: datetime) -> Verified | Handshake | Rejected:
        """Tell whether the account's provider sent this. Never raises, whatever the bytes.

        The account fixes the algorithm; the request only says what it claims.
        """
        ...

    def decode(self, verified: Verified, account: Account) -> Decoded:
        """Read all events of a request. Never raises: what cannot be read is an issue beside those that can."""
        ...

    def encode(
        self, message: Outbound, account: Account, conversation: Conversation, now: datetime
    ) -> SendPlan | Refused:
        """Plan the sending. The same arguments give the same bytes; what is lost on the way is recorded."""
        ...

    def interpret(self, step: WireStep, result: StepResult, now: datetime) -> Interpreted:
        """Say what came of a step. No answer after the write is `Unknown`, never a guess."""
        ...


@attrs.frozen(kw_only=True)
class Taken:
    """What became of a request's news, once they are durable.

    Attributes:
        case_numbers: of the cases that its messages belong to, as people name them, in order, each once.
        customers: who wrote them, in order, each once.
        left_out: how many pieces of news could not be used.
    """

    case_numbers: tuple[str, ...] = ()
    customers: tuple[str, ...] = ()
    left_out: int = 0


@runtime_checkable
class AnsweringAdapter(Protocol):
    """An adapter of a channel that is answered with what became of its news, as a form is with the case's number."""

    def answer(self, verified: Verified, decoded: Decoded, taken: Taken, account: Account) -> HttpReply:
        """Write the answer, in the place of `decoded.reply`. Never raises."""
        ...


@runtime_checkable
class DecidingAdapter(Protocol):
    """An adapter whose provider wants to be told in the answer to a request what comes next, as of a call.

    News with `awaits` ask for it. The runtime waits for the decision as long as `Capabilities.reply_deadline` lets it;
    else the request gets `Decoded.reply`, and the decision follows by `encode` as any message does.
    """

    def decide(
        self, message: Outbound, account: Account, conversation: Conversation, now: datetime
    ) -> HttpReply | None:
        """Write the answer that has the same effect as sending the message; None if none has. Never raises."""
        ...


@attrs.frozen(kw_only=True)
class Polled:
    """What a poll brought.

    Attributes:
        decoded: the news, in order, and what of them could not be used. Nobody is sent its reply.
        cursor: where to go on, 1 to 2,000 characters; the one that was asked with if nothing is new.
        has_more: there is more, which is asked for at once; the cursor has moved then.
        retry: why there was no answer that could be read, and the provider's advice; None if there was one.
    """

    decoded: Decoded
    cursor: str | None = attrs.field(repr=False)
    has_more: bool = False
    retry: Retry | None = None


@runtime_checkable
class PollingAdapter(Protocol):
    """An adapter of a channel that must be asked for its news, or that can be asked to fill a gap.

    The runtime asks when the workspace opens, when an account is up again, and as often as the plan says. The cursor is
    kept once all news before it are durable, so the same may come twice: their dedupe keys must be the same, and those
    that a webhook would bring.
    """

    def poll(self, cursor: str | None, account: Account, now: datetime) -> SendPlan:
        """Plan the asking. The cursor is the last one given; None at the very beginning.

        Of several steps each is decoded, and the last one says where to go on.
        """
        ...

    def decode_poll(self, step: WireStep, result: StepResult, cursor: str | None, account: Account) -> Polled:
        """Read what came. Never raises; on a failed answer, which `retry` tells of, the cursor stays."""
        ...


@attrs.frozen(kw_only=True)
class Authorized:
    """Credentials that a provider gave.

    Attributes:
        secrets: name -> value. Whatever the runtime asks of the adapter from then on, it is given an account that has
            them among its secrets: `account.secret_values(name)`. They are kept in memory only.
        expires_at: when they are worth nothing any more; None if the provider does not say. They are renewed some time
            before, and whenever an answer has the status 401.
    """

    secrets: Mapping[str, str] = attrs.field(factory=dict, repr=False, hash=False)
    expires_at: datetime | None = None


@runtime_checkable
class AuthorizingAdapter(Protocol):
    """An adapter whose provider gives out credentials that expire.

    The runtime asks before it sends, polls or fetches, once for all that wait, and again when they expire or are
    refused.
    """

    def authorize(self, account: Account, now: datetime) -> SendPlan | None:
        """Plan the fetching of fresh credentials, with the account's own secrets; None if the account needs none."""
        ...

    def decode_authorization(
        self, step: WireStep, result: StepResult, now: datetime
    ) -> Authorized | Next | Retry | Failed:
        """Read what came. Never raises: `Failed` says that the account's own secrets are not accepted."""
        ...


@runtime_checkable
class FetchingAdapter(Protocol):
    """An adapter whose media stand behind authentication.

    `interpret` is told what came of each step: `Next` leads on, as from a file's id to its address; of any other step
    whose answer is a success the body is the file. Files of adapters without this part are fetched where their `ref`
    says, with nothing that proves who we are.
    """

    def fetch(self, media_ref: MediaRef, account: Account) -> HttpStep | Refused:
        """Plan the fetching of one file. What proves who we are goes to the provider's own hosts only.

        The transport guards where it may lead. Redirects are followed a few times, without the step's headers.
        """
        ...


@attrs.frozen(kw_only=True)
class StreamStep:
    """What a piece of a stream brought: events, frames to write, and whether to close after writing them."""

    decoded: Decoded = attrs.field(factory=Decoded)
    frames: tuple[FrameStep, ...] = ()
    is_closing: bool = False


@runtime_checkable
class StreamCodec(Protocol):
    """One connection of a channel that streams. It keeps what is incomplete between calls, and nothing else.

    `orchestra.runtime.streaming.follow_stream` feeds it: what a piece brought is durable before its frames are written.
    """

    def feed(self, data: bytes, now: datetime) -> StreamStep:
        """Take the next bytes of the connection; empty bytes mean that the peer has closed it."""
        ...
