"""The adapter suite against adapters with planted bugs: a suite that passes those proves nothing."""

from __future__ import annotations

import itertools
import json
import logging
import socket
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

import attrs
import pytest
from tests.contract.loopback_case import LoopbackCase
from typing_extensions import override

from orchestra.channels import inbound
from orchestra.channels.account import Account, Conversation
from orchestra.channels.loopback import LoopbackAdapter
from orchestra.channels.outbound import Message, Outbound
from orchestra.channels.port import ChannelAdapter, Decoded, Polled
from orchestra.channels.sending import Failed, Interpreted, Refused, Retry, SendPlan, Sent, Unknown
from orchestra.channels.wire import (
    Handshake,
    HttpAnswer,
    HttpReply,
    HttpStep,
    RawRequest,
    Rejected,
    StepResult,
    Verified,
    WireStep,
)


def rewrite(decoded: Decoded, change: Callable[[inbound.Inbound], inbound.Inbound]) -> Decoded:
    return attrs.evolve(decoded, events=tuple(change(event) for event in decoded.events))


def with_origin(event: inbound.Inbound, **values: Any) -> inbound.Inbound:
    return attrs.evolve(event, origin=attrs.evolve(event.origin, **values))


class DropsBatchAfterOneBad(LoopbackAdapter):
    @override
    def decode(self, verified: Verified, account: Account) -> Decoded:
        decoded = super().decode(verified, account)
        return attrs.evolve(decoded, events=()) if decoded.issues else decoded


class HidesBadEvents(LoopbackAdapter):
    @override
    def decode(self, verified: Verified, account: Account) -> Decoded:
        return attrs.evolve(super().decode(verified, account), issues=())


class RefusesUnknownTypes(LoopbackAdapter):
    @override
    def decode(self, verified: Verified, account: Account) -> Decoded:
        decoded = super().decode(verified, account)
        is_unknown = any(isinstance(event, inbound.Unrecognised) for event in decoded.events)
        return attrs.evolve(decoded, reply=HttpReply(status=400)) if is_unknown else decoded


class DropsUnknownTypes(LoopbackAdapter):
    @override
    def decode(self, verified: Verified, account: Account) -> Decoded:
        decoded = super().decode(verified, account)
        known = tuple(event for event in decoded.events if not isinstance(event, inbound.Unrecognised))
        return attrs.evolve(decoded, events=known)


class KeysByAttempt(LoopbackAdapter):
    """Dedupes on the bytes, which hold the number of the attempt."""

    @override
    def decode(self, verified: Verified, account: Account) -> Decoded:
        return rewrite(
            super().decode(verified, account),
            lambda event: with_origin(event, dedupe_key=event.origin.raw_digest + event.origin.dedupe_key),
        )


class RandomKeys(LoopbackAdapter):
    @override
    def decode(self, verified: Verified, account: Account) -> Decoded:
        return rewrite(super().decode(verified, account), lambda event: with_origin(event, dedupe_key=uuid.uuid4().hex))


class KeysByReceipt(LoopbackAdapter):
    @override
    def decode(self, verified: Verified, account: Account) -> Decoded:
        return rewrite(
            super().decode(verified, account),
            lambda event: with_origin(event, dedupe_key=f"{event.origin.dedupe_key}@{event.origin.received_at}"),
        )


class KeysByRequest(LoopbackAdapter):
    """One key for all events of a batch: only the first would be taken."""

    @override
    def decode(self, verified: Verified, account: Account) -> Decoded:
        return rewrite(super().decode(verified, account), lambda event: with_origin(event, dedupe_key="batch"))


class OrdersByArrival(LoopbackAdapter):
    @override
    def decode(self, verified: Verified, account: Account) -> Decoded:
        return rewrite(
            super().decode(verified, account),
            lambda event: with_origin(event, occurred_at=event.origin.received_at),
        )


class EchoAsInbound(LoopbackAdapter):
    @override
    def decode(self, verified: Verified, account: Account) -> Decoded:
        return rewrite(super().decode(verified, account), self._mistake)

    @staticmethod
    def _mistake(event: inbound.Inbound) -> inbound.Inbound:
        if isinstance(event, inbound.OutboundEcho):
            return inbound.MessageReceived(origin=event.origin, parts=event.parts)
        return event


class TimeOutIsSent(LoopbackAdapter):
    @override
    def interpret(self, step: WireStep, result: StepResult, now: datetime) -> Interpreted:
        outcome = super().interpret(step, result, now)
        return Sent() if isinstance(outcome, Unknown) else outcome


class TimeOutIsRetry(LoopbackAdapter):
    @override
    def interpret(self, step: WireStep, result: StepResult, now: datetime) -> Interpreted:
        outcome = super().interpret(step, result, now)
        return Retry(outcome.code) if isinstance(outcome, Unknown) else outcome


class SwapsPermanentAndTransient(LoopbackAdapter):
    @override
    def interpret(self, step: WireStep, result: StepResult, now: datetime) -> Interpreted:
        outcome = super().interpret(step, result, now)
        if isinstance(outcome, Retry):
            return Failed(outcome.code)
        return Retry(outcome.code) if isinstance(outcome, Failed) else outcome


class GivesUpWhoeverIsRefused(LoopbackAdapter):
    @override
    def interpret(self, step: WireStep, result: StepResult, now: datetime) -> Interpreted:
        outcome = super().interpret(step, result, now)
        return Failed(outcome.code, False, True) if isinstance(outcome, Retry) else outcome


class GivesUpForAWhile(LoopbackAdapter):
    """What has failed for now is told of an address that is gone."""

    @override
    def decode(self, verified: Verified, account: Account) -> Decoded:
        return rewrite(super().decode(verified, account), self._gone)

    @staticmethod
    def _gone(event: inbound.Inbound) -> inbound.Inbound:
        if isinstance(event, inbound.DeliveryUpdate):
            return attrs.evolve(event, permanent=False, is_undeliverable=True)
        return event


class RandomBytes(LoopbackAdapter):
    @override
    def encode(
        self, message: Outbound, account: Account, conversation: Conversation, now: datetime
    ) -> SendPlan | Refused:
        return number_steps(super().encode(message, account, conversation, now), uuid.uuid4().hex)


class CountsSends(LoopbackAdapter):
    """State shared by all instances."""

    numbers = itertools.count()

    @override
    def encode(
        self, message: Outbound, account: Account, conversation: Conversation, now: datetime
    ) -> SendPlan | Refused:
        return number_steps(super().encode(message, account, conversation, now), str(next(self.numbers)))


def number_steps(plan: SendPlan | Refused, number: str) -> SendPlan | Refused:
    if isinstance(plan, Refused):
        return plan
    steps = [step for step in plan.steps if isinstance(step, HttpStep)]
    return SendPlan(tuple(attrs.evolve(step, headers=(*step.headers, ("X-Request-Id", number))) for step in steps))


class ReadsClock(LoopbackAdapter):
    """Harmless to look at: the clock is only compared with."""

    @override
    def verify(self, request: RawRequest, account: Account, now: datetime) -> Verified | Handshake | Rejected:
        if time.time() < 0:
            return Rejected("clock")
        return super().verify(request, account, now)


class ReadsCalendar(LoopbackAdapter):
    @override
    def encode(
        self, message: Outbound, account: Account, conversation: Conversation, now: datetime
    ) -> SendPlan | Refused:
        if datetime.now(UTC).year < 2000:
            return Refused("calendar", "too early")
        return super().encode(message, account, conversation, now)


class OpensSocket(LoopbackAdapter):
    """Swallows whatever comes of it."""

    @override
    def interpret(self, step: WireStep, result: StepResult, now: datetime) -> Interpreted:
        try:
            socket.create_connection(("127.0.0.1", 9), timeout=0.01).close()
        except Exception:  # noqa: BLE001 - the planted bug
            logging.getLogger(__name__).debug("no matter")
        return super().interpret(step, result, now)


class RemembersRequest(LoopbackAdapter):
    """Decodes what was verified last, which in another thread is another request."""

    def __init__(self) -> None:
        self.last: Verified | None = None

    @override
    def verify(self, request: RawRequest, account: Account, now: datetime) -> Verified | Handshake | Rejected:
        verified = super().verify(request, account, now)
        self.last = verified if isinstance(verified, Verified) else None
        return verified

    @override
    def decode(self, verified: Verified, account: Account) -> Decoded:
        return super().decode(self.last or verified, account)


class DedupesItself(LoopbackAdapter):
    """Keeps the keys it has seen: forgotten at the next start, and wrong before the append is durable."""

    def __init__(self) -> None:
        self.seen: set[str] = set()

    @override
    def decode(self, verified: Verified, account: Account) -> Decoded:
        decoded = super().decode(verified, account)
        fresh = tuple(event for event in decoded.events if event.origin.dedupe_key not in self.seen)
        self.seen |= {event.origin.dedupe_key for event in fresh}
        return attrs.evolve(decoded, events=fresh)


class FromAnotherVersion(LoopbackAdapter):
    channel = "elsewhere"
    contract_version = 99


class TrimsText(LoopbackAdapter):
    @override
    def encode(
        self, message: Outbound, account: Account, conversation: Conversation, now: datetime
    ) -> SendPlan | Refused:
        if isinstance(message, Message):
            message = attrs.evolve(message, text=message.text.strip())
        return super().encode(message, account, conversation, now)


class WritesLatin1(LoopbackAdapter):
    @override
    def encode(
        self, message: Outbound, account: Account, conversation: Conversation, now: datetime
    ) -> SendPlan | Refused:
        if isinstance(message, Message):
            message = attrs.evolve(message, text=message.text.encode("latin-1", "replace").decode("latin-1"))
        return super().encode(message, account, conversation, now)


class MisreadsFailedPolls(LoopbackAdapter):
    """What it makes of a failed answer is `changed`."""

    changed: ClassVar[Mapping[str, Any]] = {}

    @override
    def decode_poll(self, step: WireStep, result: StepResult, cursor: str | None, account: Account) -> Polled:
        polled = super().decode_poll(step, result, cursor, account)
        return attrs.evolve(polled, **self.changed) if polled.retry else polled


class MovesOnAfterAFailure(MisreadsFailedPolls):
    """What came while the provider could not answer is never asked for."""

    changed: ClassVar = {"cursor": "99"}


class BeginsAnewAfterAFailure(MisreadsFailedPolls):
    changed: ClassVar = {"cursor": None}


class HidesFailedPolls(MisreadsFailedPolls):
    """A provider that is down looks like one with no news."""

    changed: ClassVar = {"retry": None}


class AsksAgainAtOnce(MisreadsFailedPolls):
    changed: ClassVar = {"has_more": True}


class TrustsAnswers(LoopbackAdapter):
    """Any answer of 200 is taken for a page."""

    @override
    def decode_poll(self, step: WireStep, result: StepResult, cursor: str | None, account: Account) -> Polled:
        if isinstance(result, HttpAnswer) and result.status == 200:
            json.loads(result.body)["next"]
        return super().decode_poll(step, result, cursor, account)


class LeapsOverWhatItCannotRead(LoopbackAdapter):
    @override
    def decode_poll(self, step: WireStep, result: StepResult, cursor: str | None, account: Account) -> Polled:
        polled = super().decode_poll(step, result, cursor, account)
        return attrs.evolve(polled, cursor="99") if polled.decoded.issues else polled


class KeysByPoll(LoopbackAdapter):
    @override
    def decode_poll(self, step: WireStep, result: StepResult, cursor: str | None, account: Account) -> Polled:
        polled = super().decode_poll(step, result, cursor, account)
        decoded = rewrite(
            polled.decoded,
            lambda event: with_origin(event, dedupe_key=f"{event.origin.dedupe_key}@{event.origin.received_at}"),
        )
        return attrs.evolve(polled, decoded=decoded)


class TellsNoCursor(LoopbackAdapter):
    @override
    def decode_poll(self, step: WireStep, result: StepResult, cursor: str | None, account: Account) -> Polled:
        return attrs.evolve(super().decode_poll(step, result, cursor, account), cursor=cursor)


class ReadsClockOfPolls(LoopbackAdapter):
    @override
    def poll(self, cursor: str | None, account: Account, now: datetime) -> SendPlan:
        return super().poll(cursor, account, datetime.now(UTC))


BROKEN: dict[type[LoopbackAdapter], str] = {
    DropsBatchAfterOneBad: "test_16_batches",
    HidesBadEvents: "test_16_batches",
    KeysByRequest: "test_16_batches",
    RefusesUnknownTypes: "test_17_unknown_type",
    DropsUnknownTypes: "test_17_unknown_type",
    KeysByAttempt: "test_18_redelivery",
    RandomKeys: "test_18_redelivery",
    KeysByReceipt: "test_18_redelivery",
    OrdersByArrival: "test_19_permuted_order",
    EchoAsInbound: "test_20_own_echo",
    RandomBytes: "test_36_deterministic_bytes",
    CountsSends: "test_36_deterministic_bytes",
    TimeOutIsSent: "test_41_no_answer",
    TimeOutIsRetry: "test_41_no_answer",
    SwapsPermanentAndTransient: "test_42_permanent_and_transient",
    GivesUpWhoeverIsRefused: "test_42_permanent_and_transient",
    GivesUpForAWhile: "test_24_receipts",
    ReadsClock: "test_44_no_effects",
    ReadsCalendar: "test_44_no_effects",
    OpensSocket: "test_44_no_effects",
    RemembersRequest: "test_44_no_memory",
    DedupesItself: "test_44_no_memory",
    FromAnotherVersion: "test_45_broken_plugin_stands_alone",
    TrimsText: "test_46_round_trip",
    WritesLatin1: "test_46_round_trip",
    MovesOnAfterAFailure: "test_47_failed_poll",
    BeginsAnewAfterAFailure: "test_47_failed_poll",
    HidesFailedPolls: "test_47_failed_poll",
    AsksAgainAtOnce: "test_47_failed_poll",
    TrustsAnswers: "test_48_hostile_poll",
    LeapsOverWhatItCannotRead: "test_48_hostile_poll",
    KeysByPoll: "test_49_same_page",
    TellsNoCursor: "test_49_same_page",
    ReadsClockOfPolls: "test_44_no_effects",
}


def is_caught(case: type[LoopbackCase], adapter: type[LoopbackAdapter], test: str) -> bool:
    """Whether a test of the suite fails on an adapter."""

    class Case(case):  # type: ignore[misc, valid-type]
        @override
        def adapter(self) -> ChannelAdapter:
            return adapter()

    try:
        getattr(Case(), test)()
    except AssertionError:
        return True
    return False


@pytest.mark.parametrize("adapter", BROKEN, ids=lambda adapter: adapter.__name__)
def test_a_planted_bug_is_caught(adapter: type[LoopbackAdapter]) -> None:
    assert is_caught(LoopbackCase, adapter, BROKEN[adapter])
