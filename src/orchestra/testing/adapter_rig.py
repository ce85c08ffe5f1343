"""What the contract of adapters needs of an integrator, and what its points share.

Belongs here: the samples that a test module supplies, and asking an adapter so that whatever it raises is told as a
failure of the contract. Does not: the points themselves (`adapter_auth`, `adapter_decode`, `adapter_encode`,
`adapter_interpret`, `adapter_general`, `adapter_poll`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import ClassVar, NoReturn

import attrs
import pytest

from orchestra.channels import inbound, outbound
from orchestra.channels.account import Account, Conversation
from orchestra.channels.parts import Identity
from orchestra.channels.port import ChannelAdapter, Decoded
from orchestra.channels.sending import Failed, Interpreted, Refused, Retry, SendPlan
from orchestra.channels.wire import Handshake, HttpAnswer, RawRequest, Rejected, StepResult, Verified, WireStep
from orchestra.testing.adapter_points import POINTS

__all__ = ["AdapterRig", "Signing", "Vector", "is_success", "is_transient", "keys_of"]


@attrs.frozen(kw_only=True)
class Signing:
    """How a provider shows that a request is its own.

    Attributes:
        secret: the name of the account's secret that it is checked with.
        headers: the header fields that carry the proof: signature, token, and what is signed besides the body. Each is
            there exactly once.
        covers_body: a changed body no longer fits the proof. Not so where the proof is a shared token.
        covers_url: a changed address no longer fits.
        timestamp: which of the headers says when it was sent; None if none does: then declare point 5.
        window: how old or new that may be.
    """

    secret: str
    headers: tuple[str, ...]
    covers_body: bool = True
    covers_url: bool = False
    timestamp: str | None = None
    window: timedelta = timedelta(minutes=5)


@attrs.frozen(kw_only=True)
class Vector:
    """A genuine request from a provider's documentation or SDK, whom it is for, and when it was sent."""

    request: RawRequest
    account: Account
    now: datetime


class AdapterRig(ABC):
    """What a test module supplies. Override what your channel has; what it has not goes into `not_applicable`.

    Attributes:
        not_applicable: number of a point -> why it has no meaning for this channel.
        signing: how requests are proven; needed unless points 1 to 13 are declared.
        now: the instant at which everything here happens; `sign` must sign for it.
        content_type: of the samples' bodies.
        names_account: bodies name the account that they are for.
        success_has_body: an answer that says yes has a body that says what was made; without one nobody knows.
        sequence_kinds: the samples that point 19 permutes: news about the same messages.
    """

    not_applicable: ClassVar[Mapping[int, str]] = {}
    signing: ClassVar[Signing | None] = None
    now: ClassVar[datetime] = datetime(2026, 1, 5, 12, tzinfo=UTC)
    content_type: ClassVar[str] = "application/json"
    names_account: ClassVar[bool] = True
    success_has_body: ClassVar[bool] = True
    sequence_kinds: ClassVar[tuple[str, ...]] = ("message", "edit", "delete", "delivered", "read")

    # What every adapter has.

    @abstractmethod
    def adapter(self) -> ChannelAdapter:
        """Give a new instance of the adapter."""

    @abstractmethod
    def account(self) -> Account:
        """Give an account with its secrets; equal at every call."""

    def sign(self, request: RawRequest, secret: str) -> RawRequest:
        """Give the request as the provider would send it at `now` if that were the account's secret.

        Whatever the body: the suite signs broken ones too. An empty secret may raise ValueError where there can be
        none.
        """
        self._lacks(f"sign() of a {request.method} with one of {len(secret)} characters", "1 to 13")

    def sample(self, kind: str) -> RawRequest:
        """Give an unsigned request of a kind; equal at every call.

        Kinds: `message` (one new message), `redelivery` (the same news, sent again), `extended` (the message, with
        parameters that nobody knows yet, and repeated ones where the encoding has such), `other_account` (the message,
        naming another account), `batch` (at least two pieces of news), `bad_among_good` (the batch with one unreadable
        piece in its midst), `empty_batch`, `unknown` (one piece of a type that does not exist), `echo` (one message of
        ours), `without_phone` (the message of somebody known by the provider's id alone), `watermark` (all was read up
        to an instant), `failed` and `late_accepted` (one of our messages has failed; then, that it was taken),
        `hostile_media` (a message with a file at http://169.254.169.254/latest/meta-data), and those of
        `sequence_kinds`: `edit` and `delete` of the message in `message`, `delivered` and `read` of one of ours.
        """
        self._lacks(f"sample({kind!r})", "that of the point that fails")

    # Proof.

    def secret(self, number: int) -> str:
        """Give a secret as the provider makes them: another one for each number. Override it where they have a form."""
        return f"secret-{number}-0123456789abcdef"

    def vectors(self) -> Sequence[Vector]:
        """Give genuine requests of the provider's documentation or SDK."""
        return ()

    def sign_at(self, request: RawRequest, secret: str, timestamp: str) -> RawRequest:
        """Give the request, properly signed over this timestamp, whatever it is."""
        self._lacks(f"sign_at() of {timestamp!r} with one of {len(secret)} characters for {request.method}", "5")

    def bad_timestamps(self) -> Sequence[str]:
        """Give what is no timestamp of the last minutes. Override it where a provider counts otherwise than in s."""
        seconds, window = int(self.now.timestamp()), int(self._signing().window.total_seconds())
        stale, future = str(seconds - window - 1), str(seconds + window + 1)
        odd = (f"{seconds}.0", f"{seconds:_}", "NaN", "inf", f" {seconds}", f"+{seconds}", f"{seconds}000", "", "-1")
        return (stale, future, *odd, hex(seconds), str(seconds).translate(_ARABIC_DIGITS), "9" * 5_000)

    def downgrades(self) -> Sequence[RawRequest]:
        """Give messages proven by a weaker way that the provider also has, or once had."""
        return ()

    def unbound_body(self) -> RawRequest:
        """Give a request with a genuine signature that leaves the body out, for providers that sign bodies apart."""
        self._lacks("unbound_body()", "9")

    def equal_urls(self) -> Sequence[tuple[str, str]]:
        """Give pairs of the address that we know and the one that the provider signs for it, as with a port."""
        return ()

    def handshake(self, kind: str) -> RawRequest:
        """Give the request by which a provider tries an address, complete with its proof.

        Kinds: `genuine`, `wrong_token` (or a wrong signature), `markup` (genuine, with the challenge
        `<script>alert(1)</script>`).
        """
        self._lacks(f"handshake({kind!r})", "12")

    # Texts.

    def written(self, text: str) -> RawRequest:
        """Give the unsigned request for one new message with this text."""
        self._lacks(f"written() of {len(text)} characters", "26")

    def echo(self, step: WireStep) -> RawRequest:
        """Give the unsigned request by which the provider, as it understood the step, would echo the message."""
        self._lacks(f"echo() of {type(step).__name__}", "46")

    def shown(self, step: WireStep) -> str:
        """Give the text that the provider shows because of a step; empty if none. From the echo unless overridden."""
        events = self._decoded(self.echo(step)).events
        return "".join(event.text for event in events if isinstance(event, inbound.OutboundEcho))

    # Sending.

    def conversation(self) -> Conversation:
        """Give the conversation to write in. Override it for a recipient that the channel takes."""
        return Conversation(id="conversation-1", recipient=Identity(self.adapter().channel, "customer-1"))

    def shut_conversation(self) -> Conversation:
        """Give the same after its window has closed."""
        long_ago = self.now - timedelta(days=30)
        closed_at = self.now - timedelta(seconds=1)
        return attrs.evolve(self.conversation(), last_inbound_at=long_ago, window_closes_at=closed_at)

    def template(self) -> outbound.Template:
        """Give a template that passes when the window is closed."""
        return outbound.Template(key="template-1", name="order_shipped", language="en", parameters=("81",))

    def messages(self) -> Sequence[outbound.Outbound]:
        """Give messages to encode: at least one that the channel carries, first."""
        return (
            outbound.Message(key="key-1", text="Your order is on its way."),
            outbound.Message(key="key-2", text="Grüße, ありがとう 👋🏽 e\u0301"),
            outbound.Choices(
                key="key-3", text="Which day?", choices=(outbound.Choice("a", "Monday"), outbound.Choice("b", "Friday"))
            ),
            outbound.Progress(key="key-4", text="Packed.", stage="packed", due_at=self.now + timedelta(days=2)),
        )

    def answer(self, kind: str) -> StepResult:
        """Give the provider's answer to a step.

        Kinds: `accepted`, `permanent` (refused for good), `transient` (refused for now), `error_in_success` (a status
        that says yes and a body that says no; point 39), `already_accepted` (it has that key already; point 40).
        """
        self._lacks(f"answer({kind!r})", "39, 40 or 42")

    def throttled(self, advice: str | None) -> StepResult | None:
        """Give the provider's answer when we send too fast, with its advice when to try again.

        Override it where the advice is in another place than the header `Retry-After`; None where it cannot be what is
        asked for, as a date in a field for numbers.
        """
        return HttpAnswer(status=429, headers=() if advice is None else (("Retry-After", advice),))

    def page(self) -> StepResult:
        """Give the provider's answer to a poll from the very beginning: a page of at least two pieces of news."""
        self._lacks("page()", "47 to 49")

    def authorization(self) -> StepResult:
        """Give the provider's answer that grants credentials."""
        self._lacks("authorization()", "50")

    # Shared by the points.

    def _needs(self, point: int) -> None:
        unknown = set(self.not_applicable) - set(POINTS)
        assert not unknown, f"not_applicable names points that do not exist: {sorted(unknown)}"
        reason = self.not_applicable.get(point)
        if reason is not None:
            assert reason.strip(), f"point {point} is declared as not applicable without a reason"
            pytest.skip(f"point {point} ({POINTS[point]}) does not apply: {reason}")

    def _applies(self, point: int) -> bool:
        return point not in self.not_applicable

    @staticmethod
    def _lacks(what: str, points: str) -> NoReturn:
        pytest.fail(f"supply {what}, or declare point {points} as not applicable")

    def _signing(self) -> Signing:
        if self.signing is None:
            self._lacks("signing", "1 to 13")
        return self.signing

    def _account_with(self, *secrets: str) -> Account:
        """The account as if these were the accepted values of its secret."""
        account = self.account()
        return attrs.evolve(account, secrets={**account.secrets, self._signing().secret: secrets})

    def _signed(self, request: RawRequest) -> RawRequest:
        """The request with the proof of the account's current secret; as it is where nothing is proven."""
        if self.signing is None:
            return request
        current = self.account().secret_values(self.signing.secret)
        assert current, f"the account needs the secret {self.signing.secret!r}"
        return self.sign(request, current[0])

    def _verdict(self, request: RawRequest, account: Account | None = None) -> Verified | Handshake | Rejected:
        try:
            verdict = self.adapter().verify(request, account or self.account(), self.now)
        except Exception as error:
            raise AssertionError(f"verify raised {type(error).__name__} on {request}") from error
        assert isinstance(verdict, Verified | Handshake | Rejected), f"verify gave {verdict}"
        return verdict

    def _decoded(self, request: RawRequest) -> Decoded:
        """What a genuine request holds."""
        return self._read(self.adapter(), self._signed(request))

    def _read(self, adapter: ChannelAdapter, request: RawRequest) -> Decoded:
        verified = adapter.verify(request, self.account(), self.now)
        assert isinstance(verified, Verified), f"a genuine request was not accepted: {verified}"
        return self._decode(adapter, verified)

    def _decode(self, adapter: ChannelAdapter, verified: Verified) -> Decoded:
        try:
            return adapter.decode(verified, self.account())
        except Exception as error:
            raise AssertionError(f"decode raised {type(error).__name__} on {verified.request.body[:60]!r}") from error

    def _encode(self, message: outbound.Outbound, conversation: Conversation | None = None) -> SendPlan | Refused:
        to = conversation or self.conversation()
        try:
            plan = self.adapter().encode(message, self.account(), to, self.now)
        except Exception as error:
            raise AssertionError(f"encode raised {type(error).__name__} on {type(message).__name__}") from error
        assert isinstance(plan, SendPlan | Refused), f"encode gave {plan}"
        return plan

    def _steps(self) -> tuple[WireStep, ...]:
        plan = self._encode(self.messages()[0])
        assert isinstance(plan, SendPlan), f"the first of messages() must be one that the channel carries: {plan}"
        return plan.steps

    def _interpret(self, step: WireStep, result: StepResult) -> Interpreted:
        try:
            return self.adapter().interpret(step, result, self.now)
        except Exception as error:
            raise AssertionError(f"interpret raised {type(error).__name__} on {result}") from error

    def _received_later(self, request: RawRequest, seconds: int) -> RawRequest:
        return attrs.evolve(request, received_at=self.now + timedelta(seconds=seconds))


def keys_of(decoded: Decoded) -> list[str]:
    """The dedupe keys of all news, in order."""
    return [event.origin.dedupe_key for event in decoded.events]


def is_success(decoded: Decoded) -> bool:
    """Whether the provider is told that all is well."""
    return 200 <= decoded.reply.status < 300


def is_transient(outcome: object) -> bool:
    """Whether the message may be sent again because of this."""
    return isinstance(outcome, Retry) or (isinstance(outcome, Failed) and not outcome.permanent)


_ARABIC_DIGITS = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
