"""The other end of the loopback channel: a provider in memory, and the transport that leads to it.

Deterministic: it has no clock and makes ids by counting. Tests tell it how to fail and ask what it delivered.
"""

from __future__ import annotations

import enum
import hmac
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType

import attrs

from orchestra.channels.account import Account
from orchestra.channels.fields import Fields
from orchestra.channels.inbound import DeliveryState
from orchestra.channels.instants import unix_us
from orchestra.channels.loopback.wire import (
    KEY_HEADER,
    SECRET_NAME,
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    signature_headers,
    signature_of,
)
from orchestra.channels.safe_json import JsonObject, JsonValue, canonical_json, parse_json
from orchestra.channels.wire import (
    HttpAnswer,
    HttpStep,
    NoAnswer,
    NoAnswerReason,
    RawRequest,
    StepResult,
    WireStep,
    header_values,
)
from orchestra.errors import MalformedMessage

__all__ = ["Delivered", "Failure", "LoopbackProvider", "LoopbackTransport"]


class Failure(enum.Enum):
    """What the provider can be told to do with a request, instead of answering it well."""

    RATE_LIMITED = "rate_limited"
    """429 with `Retry-After: 7`; not taken."""
    UNAVAILABLE = "unavailable"
    """503; not taken."""
    ERROR_AFTER_TAKING = "error_after_taking"
    """500, though the message was taken."""
    REJECTED = "rejected"
    """422; it will never be taken."""
    NOT_CONNECTED = "not_connected"
    """Nothing was written."""
    TIMED_OUT = "timed_out"
    """No answer after the request was written; not taken."""
    TIMED_OUT_AFTER_TAKING = "timed_out_after_taking"
    """No answer after the request was written, though the message was taken."""
    CUT_SHORT = "cut_short"
    """Half an answer; the message was taken."""


_TAKES = frozenset({Failure.ERROR_AFTER_TAKING, Failure.TIMED_OUT_AFTER_TAKING, Failure.CUT_SHORT})

_RESULTS: Mapping[Failure, StepResult] = MappingProxyType(
    {
        Failure.RATE_LIMITED: HttpAnswer(status=429, headers=(("Retry-After", "7"),)),
        Failure.UNAVAILABLE: HttpAnswer(status=503),
        Failure.ERROR_AFTER_TAKING: HttpAnswer(status=500),
        Failure.REJECTED: HttpAnswer(status=422),
        Failure.NOT_CONNECTED: NoAnswer(NoAnswerReason.NOT_CONNECTED, may_have_arrived=False),
        Failure.TIMED_OUT: NoAnswer(NoAnswerReason.TIMED_OUT, may_have_arrived=True),
        Failure.TIMED_OUT_AFTER_TAKING: NoAnswer(NoAnswerReason.TIMED_OUT, may_have_arrived=True),
        Failure.CUT_SHORT: NoAnswer(NoAnswerReason.CUT_SHORT, may_have_arrived=True),
    }
)


@attrs.frozen(kw_only=True)
class Delivered:
    """One send that the provider took: `id` is the message's, `body` all that was sent."""

    id: str
    key: str
    type: str
    recipient: str = attrs.field(repr=False)
    text: str | None = attrs.field(default=None, repr=False)
    body: Mapping[str, JsonValue] = attrs.field(repr=False)


class LoopbackProvider:
    """The provider of one loopback account.

    Attributes:
        delivered: what it took, in order, each idempotency key once.
        attempts: every send that reached it: its key, in order.
        polls: every poll that it answered well: its cursor, in order.
        page_size: most news in one answer to a poll.

    Args:
        account: the account that it serves; its first `signing` secret signs both ways.
        url: the public address of our webhook.
    """

    def __init__(self, account: Account, *, url: str = "https://orchestra.invalid/hooks/loopback") -> None:
        self.delivered: list[Delivered] = []
        self.attempts: list[str] = []
        self.polls: list[str | None] = []
        self.page_size = 50
        self._kept: list[JsonValue] = []
        self._failing_polls: deque[Failure] = deque()
        self._account = account
        self._url = url
        self._answers: dict[str, tuple[bytes, HttpAnswer]] = {}
        self._failures: deque[Failure] = deque()
        self._standing_failure: Failure | None = None
        self._events = 0

    def fail_next(self, *failures: Failure) -> None:
        """Treat the next sends so, one each; those after them are answered well again."""
        self._failures.extend(failures)

    def fail_always(self, failure: Failure | None) -> None:
        """Treat every send so that `fail_next` says nothing about; None to work again."""
        self._standing_failure = failure

    def fail_polls(self, *failures: Failure) -> None:
        """Treat the next polls so, one each; those after them are answered well again."""
        self._failing_polls.extend(failures)

    def keep(self, *events: JsonValue) -> None:
        """Keep news that no webhook tells, in order, for whoever asks."""
        self._kept.extend(events)

    def keep_message(
        self, text: str, *, at: datetime, sender: str = "customer-1", conversation: str = "conversation-1"
    ) -> None:
        """Keep a customer's new message, as while nobody takes webhooks."""
        self.keep(self._message(text, at, sender, conversation))

    def receive(self, step: HttpStep) -> StepResult:
        """Take a request, as far as it may, and answer it.

        Guarantees:
            A key is delivered once, whatever the failures; its first answer is given to every repetition.
        """
        if not header_values(step.headers, KEY_HEADER):
            return _RESULTS[self._failing_polls.popleft()] if self._failing_polls else self._tell(step)
        failure = self._failures.popleft() if self._failures else self._standing_failure
        if failure is Failure.NOT_CONNECTED:
            return _RESULTS[failure]
        self.attempts.append(step.idempotency_key)
        if failure is None:
            return self._take(step)
        if failure in _TAKES:
            self._take(step)
        return _RESULTS[failure]

    def customer_writes(
        self, text: str, *, at: datetime, sender: str = "customer-1", conversation: str = "conversation-1"
    ) -> RawRequest:
        """Give the signed webhook of a customer's new message."""
        return self.webhook(self._message(text, at, sender, conversation), at=at)

    def receipt(self, state: DeliveryState, *message_ids: str, at: datetime) -> RawRequest:
        """Give the signed webhook that tells how far messages of ours came."""
        return self.webhook(self.event("delivery", at=at, state=state.value, messages=list(message_ids)), at=at)

    def read_up_to(self, watermark: datetime, *, at: datetime) -> RawRequest:
        """Give the signed webhook that tells that all was read that we sent up to then."""
        return self.webhook(self.event("delivery", at=at, state="read", up_to=unix_us(watermark) // 1_000), at=at)

    def echo(self, delivered: Delivered, *, at: datetime) -> RawRequest:
        """Give the signed webhook that shows us a message of ours."""
        shown = self.event("echo", at=at, message=delivered.id, key=delivered.key, text=delivered.text)
        return self.webhook(shown, at=at)

    def event(
        self,
        kind: str,
        *,
        at: datetime,
        sender: str | None = None,
        conversation: str | None = None,
        **fields: JsonValue,
    ) -> JsonObject:
        """Make one event with the next id. `kind` is its type, `fields` are those of the type."""
        self._events += 1
        common: JsonObject = {"id": f"event-{self._events}", "type": kind, "at": unix_us(at) // 1_000}
        if sender is not None:
            common["from"] = {"id": sender}
        if conversation is not None:
            common["conversation"] = conversation
        return {**common, **fields}

    def webhook(self, *events: JsonValue, at: datetime, attempt: int = 1) -> RawRequest:
        """Make one signed webhook of events; with `attempt=2` it is the same news once more."""
        listed: list[JsonValue] = list(events)
        body = canonical_json({"account": self._account.id, "attempt": attempt, "events": listed})
        headers = signature_headers(self._secret(), at, body)
        return RawRequest(
            method="POST",
            url=self._url,
            headers=(("Content-Type", "application/json"), *headers),
            body=body,
            received_at=at,
        )

    def _message(self, text: str, at: datetime, sender: str, conversation: str) -> JsonObject:
        message = f"in-{self._events + 1}"
        return self.event("message", at=at, sender=sender, conversation=conversation, message=message, text=text)

    def _secret(self) -> str:
        return self._account.secret_values(SECRET_NAME)[0]

    def _take(self, step: HttpStep) -> HttpAnswer:
        if not self._is_genuine(step):
            return HttpAnswer(status=401)
        key = "".join(header_values(step.headers, KEY_HEADER))
        known = self._answers.get(key)
        if known is not None:
            return known[1] if known[0] == step.body else HttpAnswer(status=409)
        try:
            answer = self._deliver(key, parse_json(step.body))
        except MalformedMessage:
            return HttpAnswer(status=400)
        self._answers[key] = (step.body, answer)
        return answer

    def _tell(self, step: HttpStep) -> HttpAnswer:
        """Answer a poll with the next page of what is kept."""
        if not self._is_genuine(step):
            return HttpAnswer(status=401)
        try:
            body = Fields(parse_json(step.body), "poll")
            after = body.optional_identifier("after")
            is_poll = body.identifier("account") == self._account.id and body.identifier("type") == "poll"
            begin = int(after or "0")
        except (MalformedMessage, ValueError):
            return HttpAnswer(status=400)
        if not is_poll:
            return HttpAnswer(status=400)
        self.polls.append(after)
        page = self._kept[begin : begin + self.page_size]
        end = begin + len(page)
        told: JsonObject = {
            "account": self._account.id,
            "events": page,
            "next": str(end) if page else after,
            "more": end < len(self._kept),
        }
        return HttpAnswer(status=200, body=canonical_json(told))

    def _is_genuine(self, step: HttpStep) -> bool:
        timestamp = "".join(header_values(step.headers, TIMESTAMP_HEADER))
        signature = "".join(header_values(step.headers, SIGNATURE_HEADER))
        return hmac.compare_digest(signature_of(self._secret(), timestamp, step.body), signature)

    def _deliver(self, key: str, value: JsonValue) -> HttpAnswer:
        body = Fields(value, "send")
        if body.identifier("account") != self._account.id:
            raise MalformedMessage("send.account", "names another account")
        message = f"out-{len(self.delivered) + 1}"
        self.delivered.append(
            Delivered(
                id=message,
                key=key,
                type=body.identifier("type"),
                recipient=body.child("to").identifier("id"),
                text=body.text("text") if "text" in body else None,
                body=MappingProxyType(value if isinstance(value, dict) else {}),
            )
        )
        return HttpAnswer(status=200, body=canonical_json({"message": message}))


class LoopbackTransport:
    """Leads HTTP steps to a provider in this process. Any other step reaches nobody: `NOT_CONNECTED`.

    Args:
        provider: who answers.
        watch: called with each step before it is written; may raise, to stand for a crash at that point.
    """

    def __init__(self, provider: LoopbackProvider, *, watch: Callable[[WireStep], None] | None = None) -> None:
        self._provider = provider
        self._watch = watch

    async def perform(self, step: WireStep) -> StepResult:
        """Hand the step over and give the provider's answer."""
        if self._watch is not None:
            self._watch(step)
        if not isinstance(step, HttpStep):
            return _RESULTS[Failure.NOT_CONNECTED]
        return self._provider.receive(step)
