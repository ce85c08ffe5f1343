"""A made-up channel with what the loopback channel lacks: signed addresses, a handshake, a window, short texts.

It is as simple as can be and sound, so that bugs can be planted into it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

import attrs
from tests.contract.loopback_case import ACCOUNT, LoopbackCase
from typing_extensions import override

from orchestra.channels import outbound
from orchestra.channels.account import Account, Conversation
from orchestra.channels.capabilities import Capabilities, TextUnit
from orchestra.channels.description import Description
from orchestra.channels.loopback import LoopbackAdapter
from orchestra.channels.loopback.wire import SECRET_NAME
from orchestra.channels.port import ChannelAdapter
from orchestra.channels.segments import split_text
from orchestra.channels.sending import Failed, Interpreted, Refused, SendPlan, Sent
from orchestra.channels.wire import (
    Handshake,
    HttpAnswer,
    HttpReply,
    RawRequest,
    Rejected,
    StepResult,
    Verified,
    WireStep,
    header_values,
)
from orchestra.testing.adapters import Signing

BODY_HEADER, SIGNATURE_HEADER = "Courier-Body", "Courier-Signature"
LIMIT = 40


def signature(secret: str, url: str, digest: str) -> str:
    return hmac.new(secret.encode(), f"{url}\n{digest}".encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()


class CourierAdapter(LoopbackAdapter):
    channel = "courier"
    content_type = "text/plain"

    @override
    def describe(self) -> Description:
        return attrs.evolve(super().describe(), secret_names=(SECRET_NAME, "handshake"))

    @override
    def capabilities(self, account: Account, conversation: Conversation) -> Capabilities:
        plain = super().capabilities(account, conversation)
        return attrs.evolve(
            plain, text_limit=LIMIT, text_unit=TextUnit.UTF16, template_required_outside_window=True, threads=False
        )

    @override
    def verify(self, request: RawRequest, account: Account, now: datetime) -> Verified | Handshake | Rejected:
        if request.method == "GET":
            return self.handshake(parse_qs(urlsplit(request.url).query), account)
        bodies, signatures = (header_values(request.headers, name) for name in (BODY_HEADER, SIGNATURE_HEADER))
        if len(bodies) != 1 or len(signatures) != 1:
            return Rejected("signature_headers")
        if bodies[0] != hashlib.sha256(request.body).hexdigest():
            return Rejected("body")
        return self.compare(request, account, bodies[0], signatures[0])

    def compare(self, request: RawRequest, account: Account, digest: str, claimed: str) -> Verified | Rejected:
        given = claimed.encode("utf-8", "replace")
        wanted = [
            signature(secret, url, digest).encode()
            for secret in account.secret_values(SECRET_NAME)
            for url in self.urls(request)
        ]
        return Verified(request) if any(hmac.compare_digest(given, one) for one in wanted) else Rejected("signature")

    def urls(self, request: RawRequest) -> Sequence[str]:
        return request.url, request.url.replace("acme.example/", "acme.example:443/", 1)

    def handshake(self, asked: Mapping[str, list[str]], account: Account) -> Handshake | Rejected:
        token = (asked.get("token") or [""])[0].encode()
        if not any(hmac.compare_digest(token, secret.encode()) for secret in account.secret_values("handshake")):
            return Rejected("token", status=403)
        challenge = (asked.get("challenge") or [""])[0].encode()
        return Handshake(HttpReply(headers=(("Content-Type", self.content_type),), body=challenge))

    @override
    def encode(
        self, message: outbound.Outbound, account: Account, conversation: Conversation, now: datetime
    ) -> SendPlan | Refused:
        if isinstance(message, outbound.Template):
            words = outbound.Message(key=message.key, text=" ".join(message.parameters))
            return super().encode(words, account, conversation, now)
        if conversation.window_closes_at is not None and conversation.window_closes_at <= now:
            return Refused("window_closed", "send a template")
        if not isinstance(message, outbound.Message):
            return super().encode(message, account, conversation, now)
        return self.in_pieces(message, account, conversation, now)

    def in_pieces(
        self, message: outbound.Message, account: Account, conversation: Conversation, now: datetime
    ) -> SendPlan | Refused:
        lost = ("reply_to",) if message.reply_to else ()
        steps: list[WireStep] = []
        pieces = self.pieces(message.text)
        for piece in pieces:
            plan = super().encode(attrs.evolve(message, text=piece, reply_to=None), account, conversation, now)
            if isinstance(plan, Refused):
                return plan
            more = lost if len(pieces) == 1 else (*lost, "split")
            steps += [attrs.evolve(step, degradations=(*step.degradations, *more)) for step in plan.steps]
        return SendPlan(tuple(steps))

    def pieces(self, text: str) -> Sequence[str]:
        return split_text(text, LIMIT, TextUnit.UTF16)

    @override
    def interpret(self, step: WireStep, result: StepResult, now: datetime) -> Interpreted:
        if isinstance(result, HttpAnswer) and result.status == 409 and result.body == b"accepted":
            return Sent()
        if isinstance(result, HttpAnswer) and result.body == b'{"ok": false}':
            return Failed("refused")
        return super().interpret(step, result, now)


class CourierCase(LoopbackCase):
    signing = Signing(secret=SECRET_NAME, headers=(BODY_HEADER, SIGNATURE_HEADER), covers_url=True)
    not_applicable: ClassVar[Mapping[int, str]] = {5: "nothing says when a request was sent"}

    @override
    def adapter(self) -> ChannelAdapter:
        return CourierAdapter()

    @override
    def account(self) -> Account:
        return attrs.evolve(ACCOUNT, channel="courier", secrets={**ACCOUNT.secrets, "handshake": ("open-sesame",)})

    @override
    def sign(self, request: RawRequest, secret: str) -> RawRequest:
        digest = hashlib.sha256(request.body).hexdigest()
        fields = ((BODY_HEADER, digest), (SIGNATURE_HEADER, signature(secret, request.url, digest)))
        return attrs.evolve(request, headers=(*request.headers, *fields))

    @override
    def unbound_body(self) -> RawRequest:
        sample = self.sample("message")
        return attrs.evolve(sample, headers=((SIGNATURE_HEADER, signature("new-secret", sample.url, "")),))

    @override
    def equal_urls(self) -> Sequence[tuple[str, str]]:
        url = self.sample("message").url
        return ((url, url.replace("acme.example/", "acme.example:443/")),)

    @override
    def handshake(self, kind: str) -> RawRequest:
        token = "wrong" if kind == "wrong_token" else "open-sesame"
        challenge = "%3Cscript%3Ealert(1)%3C/script%3E" if kind == "markup" else "c-17"
        url = f"{self.sample('message').url}?challenge={challenge}&token={token}"
        return RawRequest(method="GET", url=url, received_at=self.now)

    @override
    def answer(self, kind: str) -> StepResult:
        answers = {
            "error_in_success": HttpAnswer(status=200, body=json.dumps({"ok": False}).encode()),
            "already_accepted": HttpAnswer(status=409, body=b"accepted"),
        }
        return answers[kind] if kind in answers else super().answer(kind)
