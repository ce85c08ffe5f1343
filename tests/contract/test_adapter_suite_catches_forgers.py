"""The points of proof and of sending, against adapters with a planted bug for each."""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import html
import json
import logging
import re
import socket
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import attrs
import pytest
from tests.contract.courier import BODY_HEADER, CourierAdapter, CourierCase, signature
from tests.contract.loopback_case import LoopbackCase
from tests.contract.test_adapter_suite_catches import BROKEN as OTHERS, is_caught, rewrite
from typing_extensions import override

from orchestra.channels import inbound
from orchestra.channels.account import Account, Conversation
from orchestra.channels.loopback import LoopbackAdapter
from orchestra.channels.loopback.wire import SECRET_NAME, SIGNATURE_HEADER, TIMESTAMP_HEADER, signature_of
from orchestra.channels.outbound import Message, Outbound
from orchestra.channels.parts import Identity, MediaPart, TextPart
from orchestra.channels.port import Decoded
from orchestra.channels.sending import Failed, Interpreted, Refused, Retry, SendPlan, Sent
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
    header_values,
)
from orchestra.testing.adapters import POINTS

Verdict = Verified | Handshake | Rejected


class RefusesEverybody(LoopbackAdapter):
    @override
    def verify(self, request: RawRequest, account: Account, now: datetime) -> Verdict:
        return Rejected("signature")


class BelievesEverybody(LoopbackAdapter):
    @override
    def verify(self, request: RawRequest, account: Account, now: datetime) -> Verdict:
        return Verified(request)


class IgnoresTheAddress(CourierAdapter):
    @override
    def compare(self, request: RawRequest, account: Account, digest: str, claimed: str) -> Verified | Rejected:
        bare = attrs.evolve(request, url="https://acme.example/hooks/r-41f6")
        return super().compare(bare, account, digest, claimed)


class TakesTheFirstHeader(LoopbackAdapter):
    @override
    def verify(self, request: RawRequest, account: Account, now: datetime) -> Verdict:
        first = dict(reversed(request.headers))
        return super().verify(attrs.evolve(request, headers=tuple(first.items())), account, now)


class RaisesOnOddLetters(LoopbackAdapter):
    """`compare_digest` takes text of ASCII only."""

    @override
    def verify(self, request: RawRequest, account: Account, now: datetime) -> Verdict:
        for value in header_values(request.headers, SIGNATURE_HEADER):
            hmac.compare_digest(value, "v1=")
        return super().verify(request, account, now)


class ReadsTimesLoosely(LoopbackAdapter):
    """`int` takes underscores, blanks, signs and the digits of every script."""

    @override
    def verify(self, request: RawRequest, account: Account, now: datetime) -> Verdict:
        (timestamp,), (claimed,) = (header_values(request.headers, n) for n in (TIMESTAMP_HEADER, SIGNATURE_HEADER))
        try:
            if abs(int(timestamp) - now.timestamp()) > 300:
                return Rejected("stale")
        except ValueError:
            return Rejected("signature_form")
        wanted = [signature_of(secret, timestamp, request.body) for secret in account.secret_values(SECRET_NAME)]
        return Verified(request) if claimed in wanted else Rejected("signature")


class ForgetsTheReplayWindow(LoopbackAdapter):
    @override
    def verify(self, request: RawRequest, account: Account, now: datetime) -> Verdict:
        times = header_values(request.headers, TIMESTAMP_HEADER)
        if len(times) == 1 and re.fullmatch("[0-9]{1,10}", times[0]):
            now = datetime.fromtimestamp(int(times[0]), now.tzinfo)
        return super().verify(request, account, now)


class KnowsOneSecret(LoopbackAdapter):
    @override
    def verify(self, request: RawRequest, account: Account, now: datetime) -> Verdict:
        newest = {SECRET_NAME: account.secret_values(SECRET_NAME)[:1]}
        return super().verify(request, attrs.evolve(account, secrets=newest), now)


class AlsoTakesSha1(LoopbackAdapter):
    @override
    def verify(self, request: RawRequest, account: Account, now: datetime) -> Verdict:
        claimed = "".join(header_values(request.headers, SIGNATURE_HEADER)[:1])
        for secret in account.secret_values(SECRET_NAME):
            if claimed == "sha1=" + hmac.new(secret.encode(), request.body, "sha1").hexdigest():
                return Verified(request)
        return super().verify(request, account, now)


class TakesAPlainDigest(LoopbackAdapter):
    """Anybody can compute that."""

    @override
    def verify(self, request: RawRequest, account: Account, now: datetime) -> Verdict:
        digest = base64.b64encode(hashlib.sha256(request.body).digest()).decode()
        is_claimed = digest in header_values(request.headers, SIGNATURE_HEADER)
        return Verified(request) if is_claimed else super().verify(request, account, now)


class NeedsNoSecret(LoopbackAdapter):
    @override
    def verify(self, request: RawRequest, account: Account, now: datetime) -> Verdict:
        if not account.secret_values(SECRET_NAME):
            return Verified(request)
        return super().verify(request, account, now)


class SignsWithNothing(LoopbackAdapter):
    """An empty secret is a key like any other to HMAC."""

    @override
    def verify(self, request: RawRequest, account: Account, now: datetime) -> Verdict:
        times, claims = (header_values(request.headers, name) for name in (TIMESTAMP_HEADER, SIGNATURE_HEADER))
        if len(times) == len(claims) == 1 and claims[0] == signature_of("", times[0], request.body):
            return Verified(request)
        return super().verify(request, account, now)


class NeedsNoDigest(CourierAdapter):
    """The signature holds, and says nothing of the body."""

    @override
    def verify(self, request: RawRequest, account: Account, now: datetime) -> Verdict:
        if request.method == "POST" and not header_values(request.headers, BODY_HEADER):
            claimed = header_values(request.headers, "Courier-Signature")
            return self.compare(request, account, "", claimed[0] if claimed else "")
        return super().verify(request, account, now)


class TrustsTheHostHeader(CourierAdapter):
    @override
    def urls(self, request: RawRequest) -> Sequence[str]:
        hosts = header_values(request.headers, "Host")
        return [request.url.replace("acme.example", host, 1) for host in hosts] or super().urls(request)


class TakesDecodedAddresses(CourierAdapter):
    @override
    def urls(self, request: RawRequest) -> Sequence[str]:
        return (*super().urls(request), request.url.replace("\u00fc /", "%C3%BC%20%2F"))


class NeedsTheAddressAsIs(CourierAdapter):
    @override
    def urls(self, request: RawRequest) -> Sequence[str]:
        return (request.url,)


class RefusesNewParameters(LoopbackAdapter):
    @override
    def decode(self, verified: Verified, account: Account) -> Decoded:
        is_known = b"colour" not in verified.request.body
        return super().decode(verified, account) if is_known else Decoded()


class TakesAnyToken(CourierAdapter):
    @override
    def handshake(self, asked: Mapping[str, list[str]], account: Account) -> Handshake | Rejected:
        return super().handshake({**asked, "token": list(account.secret_values("handshake"))}, account)


class AnswersInHtml(CourierAdapter):
    content_type = "text/html; charset=utf-8"


class IgnoresTheAccount(LoopbackAdapter):
    @override
    def decode(self, verified: Verified, account: Account) -> Decoded:
        return super().decode(verified, attrs.evolve(account, id=json.loads(verified.request.body)["account"]))


class TakesOthersSecrets(LoopbackAdapter):
    """All accounts of the provider share one key ring."""

    @override
    def verify(self, request: RawRequest, account: Account, now: datetime) -> Verdict:
        ring = (*account.secret_values(SECRET_NAME), *(f"secret-{number}-0123456789abcdef" for number in range(9)))
        return super().verify(request, attrs.evolve(account, secrets={SECRET_NAME: ring}), now)


class RaisesOnNull(LoopbackAdapter):
    @override
    def decode(self, verified: Verified, account: Account) -> Decoded:
        decoded = super().decode(verified, account)
        if not decoded.issues or b"null" not in verified.request.body:
            return decoded
        return attrs.evolve(decoded, reply=HttpReply(status=json.loads(verified.request.body)["events"][0]["status"]))


class LastKeyWins(LoopbackAdapter):
    @override
    def decode(self, verified: Verified, account: Account) -> Decoded:
        try:
            body = json.dumps(json.loads(verified.request.body)).encode()
        except ValueError:
            body = b""
        return super().decode(Verified(attrs.evolve(verified.request, body=body)), account)


class UnpacksBodies(LoopbackAdapter):
    """50 MB come in 49 kB."""

    @override
    def decode(self, verified: Verified, account: Account) -> Decoded:
        request = verified.request
        if ("Content-Encoding", "gzip") in request.headers:
            request = attrs.evolve(request, body=gzip.decompress(request.body))
        return super().decode(Verified(request), account)


class WantsOneType(LoopbackAdapter):
    @override
    def decode(self, verified: Verified, account: Account) -> Decoded:
        kinds = header_values(verified.request.headers, "Content-Type")
        return super().decode(verified, account) if kinds in {(), ("application/json",)} else Decoded()


class EverybodyHasANumber(LoopbackAdapter):
    @override
    def decode(self, verified: Verified, account: Account) -> Decoded:
        return rewrite(super().decode(verified, account), self._mistake)

    @staticmethod
    def _mistake(event: inbound.Inbound) -> inbound.Inbound:
        numbers = tuple(Identity("phone", one.value) for one in event.origin.identities)
        return attrs.evolve(event, origin=attrs.evolve(event.origin, identities=numbers))


class Changing(LoopbackAdapter):
    """Changes each event by a function of the class."""

    change: Callable[[inbound.Inbound], Any]

    @override
    def decode(self, verified: Verified, account: Account) -> Decoded:
        decoded = super().decode(verified, account)
        found = [type(self).change(event) for event in decoded.events]
        return attrs.evolve(decoded, events=tuple(event for event in found if event is not None))


def changing(name: str, kind: type[inbound.Inbound], change: Callable[[Any], Any]) -> type[LoopbackAdapter]:
    """An adapter that makes something else of one kind of news; None leaves it out."""

    def changed(event: inbound.Inbound) -> Any:
        return change(event) if isinstance(event, kind) else event

    return type(name, (Changing,), {"change": staticmethod(changed)})


def without_watermark(event: inbound.DeliveryUpdate) -> inbound.DeliveryUpdate:
    return event if event.watermark is None else attrs.evolve(event, watermark=None, message_ids=("out-1",))


def as_taken(event: inbound.DeliveryUpdate) -> inbound.DeliveryUpdate:
    return attrs.evolve(event, state=inbound.DeliveryState.ACCEPTED)


def without_media(event: inbound.MessageReceived) -> inbound.MessageReceived:
    kept = tuple(part for part in event.parts if not isinstance(part, MediaPart))
    return attrs.evolve(event, parts=kept)


def escaped(event: inbound.MessageReceived) -> inbound.MessageReceived:
    parts = tuple(attrs.evolve(p, text=html.escape(p.text)) if isinstance(p, TextPart) else p for p in event.parts)
    return attrs.evolve(event, parts=parts)


class FetchesFiles(LoopbackAdapter):
    @override
    def decode(self, verified: Verified, account: Account) -> Decoded:
        if b"169.254" in verified.request.body:
            with socket.socket() as one:
                one.setblocking(False)
        return super().decode(verified, account)


class CutsAnywhere(CourierAdapter):
    @override
    def pieces(self, text: str) -> Sequence[str]:
        return [text[start : start + 20] for start in range(0, len(text), 20)]


class CountsCharacters(CourierAdapter):
    """Where UTF-16 is counted."""

    @override
    def pieces(self, text: str) -> Sequence[str]:
        return [text] if len(text) <= 40 else super().pieces(text)


class DropsTheRest(CourierAdapter):
    @override
    def pieces(self, text: str) -> Sequence[str]:
        return super().pieces(text)[:1]


class RefusesTheLast(CourierAdapter):
    @override
    def encode(
        self, message: Outbound, account: Account, conversation: Conversation, now: datetime
    ) -> SendPlan | Refused:
        if isinstance(message, Message) and len(message.text) == 40:
            return Refused("text_too_long", "a text may have 40 units")
        return super().encode(message, account, conversation, now)


class IgnoresTheWindow(CourierAdapter):
    @override
    def encode(
        self, message: Outbound, account: Account, conversation: Conversation, now: datetime
    ) -> SendPlan | Refused:
        return super().encode(message, account, attrs.evolve(conversation, window_closes_at=None), now)


class NamesNoTemplate(CourierAdapter):
    @override
    def encode(
        self, message: Outbound, account: Account, conversation: Conversation, now: datetime
    ) -> SendPlan | Refused:
        plan = super().encode(message, account, conversation, now)
        return Refused(plan.code, "not now") if isinstance(plan, Refused) else plan


class ThreadsByHeader(LoopbackAdapter):
    @override
    def encode(
        self, message: Outbound, account: Account, conversation: Conversation, now: datetime
    ) -> SendPlan | Refused:
        plan = super().encode(message, account, conversation, now)
        if isinstance(plan, Refused):
            return plan
        headers = (("X-Conversation", conversation.id or ""),)
        return SendPlan(tuple(attrs.evolve(step, headers=headers) for step in plan.steps if isinstance(step, HttpStep)))


class SaysNothingOfLosses(LoopbackAdapter):
    @override
    def encode(
        self, message: Outbound, account: Account, conversation: Conversation, now: datetime
    ) -> SendPlan | Refused:
        plan = super().encode(message, account, conversation, now)
        if isinstance(plan, Refused):
            return plan
        return SendPlan(tuple(attrs.evolve(step, degradations=()) for step in plan.steps))


class LogsTexts(LoopbackAdapter):
    @override
    def encode(
        self, message: Outbound, account: Account, conversation: Conversation, now: datetime
    ) -> SendPlan | Refused:
        logging.getLogger("acme").debug("sending %s", getattr(message, "text", ""))
        return super().encode(message, account, conversation, now)


class ShowsItsSecret(LoopbackAdapter):
    @override
    def interpret(self, step: WireStep, result: StepResult, now: datetime) -> Interpreted:
        outcome = super().interpret(step, result, now)
        return outcome if not isinstance(step, HttpStep) else Retry(step.body.decode())


class TrustsAdvice(LoopbackAdapter):
    @override
    def interpret(self, step: WireStep, result: StepResult, now: datetime) -> Interpreted:
        if isinstance(result, HttpAnswer) and result.status == 429:
            advice = dict(result.headers).get("Retry-After", "0")
            return Retry("http_429", timedelta(seconds=int(advice)) if advice.isdigit() else None)
        return super().interpret(step, result, now)


class BelievesTheStatus(CourierAdapter):
    @override
    def interpret(self, step: WireStep, result: StepResult, now: datetime) -> Interpreted:
        outcome = super().interpret(step, result, now)
        return Sent() if isinstance(result, HttpAnswer) and result.status == 200 else outcome


class ConflictsAreFailures(CourierAdapter):
    @override
    def interpret(self, step: WireStep, result: StepResult, now: datetime) -> Interpreted:
        if isinstance(result, HttpAnswer) and result.status == 409:
            return Failed("http_409")
        return super().interpret(step, result, now)


class ReadsErrorsAsJson(LoopbackAdapter):
    @override
    def interpret(self, step: WireStep, result: StepResult, now: datetime) -> Interpreted:
        if isinstance(result, HttpAnswer) and result.status >= 400:
            return Retry(str(json.loads(result.body or b"{}").get("code")))
        return super().interpret(step, result, now)


class GivesUpOnProxies(LoopbackAdapter):
    @override
    def interpret(self, step: WireStep, result: StepResult, now: datetime) -> Interpreted:
        if isinstance(result, HttpAnswer) and result.status == 502:
            return Failed("http_502")
        return super().interpret(step, result, now)


BROKEN: dict[type[LoopbackAdapter], str] = {
    RefusesEverybody: "test_01_genuine",
    BelievesEverybody: "test_02_changed_byte",
    IgnoresTheAddress: "test_02_changed_byte",
    TakesTheFirstHeader: "test_03_header_count",
    RaisesOnOddLetters: "test_04_malformed_proof",
    ReadsTimesLoosely: "test_05_timestamp",
    ForgetsTheReplayWindow: "test_05_timestamp",
    KnowsOneSecret: "test_06_rotation",
    AlsoTakesSha1: "test_07_downgrade",
    TakesAPlainDigest: "test_07_downgrade",
    NeedsNoSecret: "test_08_no_secret",
    SignsWithNothing: "test_08_no_secret",
    NeedsNoDigest: "test_09_unbound_body",
    TrustsTheHostHeader: "test_10_configured_address",
    TakesDecodedAddresses: "test_10_configured_address",
    NeedsTheAddressAsIs: "test_10_configured_address",
    RefusesNewParameters: "test_11_extended",
    TakesAnyToken: "test_12_handshake",
    AnswersInHtml: "test_12_handshake",
    IgnoresTheAccount: "test_13_another_account",
    TakesOthersSecrets: "test_13_another_account",
    RaisesOnNull: "test_14_hostile_bodies",
    LastKeyWins: "test_14_hostile_bodies",
    UnpacksBodies: "test_15_content_type",
    WantsOneType: "test_15_content_type",
    EverybodyHasANumber: "test_21_without_phone",
    changing("WatermarkAsIds", inbound.DeliveryUpdate, without_watermark): "test_22_watermark",
    changing("HidesUnseenEdits", inbound.MessageEdited, lambda _: None): "test_23_unseen",
    changing("HidesFailures", inbound.DeliveryUpdate, as_taken): "test_24_receipts",
    changing("FailsWithoutReason", inbound.DeliveryUpdate, lambda e: attrs.evolve(e, code=None)): "test_24_receipts",
    FetchesFiles: "test_25_hostile_media",
    changing("LosesFiles", inbound.MessageReceived, without_media): "test_25_hostile_media",
    changing("EscapesMarkup", inbound.MessageReceived, escaped): "test_26_raw_text",
    CutsAnywhere: "test_32_limits",
    CountsCharacters: "test_32_limits",
    DropsTheRest: "test_32_limits",
    RefusesTheLast: "test_32_limits",
    IgnoresTheWindow: "test_33_window",
    NamesNoTemplate: "test_33_window",
    ThreadsByHeader: "test_34_injection",
    SaysNothingOfLosses: "test_35_degradation",
    LogsTexts: "test_37_secrets",
    ShowsItsSecret: "test_37_secrets",
    TrustsAdvice: "test_38_advice",
    BelievesTheStatus: "test_39_error_in_success",
    ConflictsAreFailures: "test_40_already_accepted",
    ReadsErrorsAsJson: "test_43_foreign_pages",
    GivesUpOnProxies: "test_43_foreign_pages",
}


@pytest.mark.parametrize("adapter", BROKEN, ids=lambda adapter: adapter.__name__)
def test_a_planted_bug_is_caught(adapter: type[LoopbackAdapter]) -> None:
    case = CourierCase if issubclass(adapter, CourierAdapter) else LoopbackCase
    assert is_caught(case, adapter, BROKEN[adapter])


def test_every_point_has_a_planted_bug() -> None:
    caught = {int(test.split("_")[1]) for test in (*BROKEN.values(), *OTHERS.values())}
    assert caught | {50, 51} == set(POINTS), "those two are in the module about fetching"


def test_an_address_is_signed_as_it_is() -> None:
    assert signature("s", "https://acme.example/a", "") != signature("s", "https://acme.example/b", "")
