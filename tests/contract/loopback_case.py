"""The loopback adapter as a case of the shipped contract suite."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

import attrs

from orchestra.channels.account import Account
from orchestra.channels.instants import unix_us
from orchestra.channels.loopback import LoopbackAdapter
from orchestra.channels.loopback.wire import (
    SECRET_NAME,
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    signature_headers,
    signature_of,
)
from orchestra.channels.port import ChannelAdapter
from orchestra.channels.wire import HttpAnswer, HttpStep, RawRequest, StepResult, WireStep
from orchestra.testing.adapters import AdapterContract, Signing

ACCOUNT = Account(
    route_key="r-41f6", channel="loopback", id="acme", secrets={SECRET_NAME: ("new-secret", "old-secret")}
)

MEDIA = {"kind": "image", "ref": "http://169.254.169.254/latest/meta-data", "type": "image/png", "size": 10**12}


def event(name: str, kind: str, at: datetime, **fields: Any) -> dict[str, Any]:
    return {
        "id": name,
        "type": kind,
        "at": unix_us(at) // 1_000,
        "conversation": "c-1",
        "from": {"id": "ann"},
        **fields,
    }


class LoopbackCase(AdapterContract):
    signing = Signing(secret=SECRET_NAME, headers=(TIMESTAMP_HEADER, SIGNATURE_HEADER), timestamp=TIMESTAMP_HEADER)
    not_applicable: ClassVar[Mapping[int, str]] = {
        9: "the signature is always over the body",
        12: "the provider tries no addresses",
        33: "there is no window",
        39: "a success is told by its status",
        40: "a repeated key with an equal body is answered like the first time",
    }

    def adapter(self) -> ChannelAdapter:
        return LoopbackAdapter()

    def account(self) -> Account:
        return ACCOUNT

    def sign(self, request: RawRequest, secret: str) -> RawRequest:
        signature = signature_headers(secret, self.now, request.body)
        return attrs.evolve(request, headers=(*request.headers, *signature))

    def sign_at(self, request: RawRequest, secret: str, timestamp: str) -> RawRequest:
        signature = signature_of(secret, timestamp, request.body)
        fields = ((TIMESTAMP_HEADER, timestamp), (SIGNATURE_HEADER, signature))
        return attrs.evolve(request, headers=(*request.headers, *fields))

    def sample(self, kind: str) -> RawRequest:
        if kind == "other_account":
            return self._request(self._events("message"), account="elsewhere")
        more = {"colour": "green"} if kind == "extended" else {}
        return self._request(self._events(kind), attempt=2 if kind == "redelivery" else 1, **more)

    def written(self, text: str) -> RawRequest:
        return self._request([event("e-11", "message", self.now, message="in-2", text=text)])

    def answer(self, kind: str) -> StepResult:
        answers = {
            "accepted": HttpAnswer(status=200, body=b'{"message": "out-1"}'),
            "permanent": HttpAnswer(status=422),
            "transient": HttpAnswer(status=429, headers=(("Retry-After", "7"),)),
        }
        return answers[kind]

    def echo(self, step: WireStep) -> RawRequest:
        assert isinstance(step, HttpStep)
        understood = json.loads(step.body)
        return self._request([event("e-9", "echo", self.now, message="out-1", text=understood["text"])])

    def page(self) -> StepResult:
        page = {"account": "acme", "events": self._events("batch"), "next": "2", "more": False}
        return HttpAnswer(status=200, body=json.dumps(page).encode())

    def _request(self, events: list[Any], attempt: int = 1, account: str = "acme", **more: Any) -> RawRequest:
        body = json.dumps({"account": account, "attempt": attempt, "events": events, **more}).encode()
        return RawRequest(method="POST", url="https://acme.example/hooks/r-41f6", body=body, received_at=self.now)

    def _events(self, kind: str) -> list[Any]:
        written = self.now - timedelta(minutes=1)
        first = event("e-1", "message", written, message="in-1", text="Where is my order?")
        second = event("e-2", "reaction", written, message="out-1", reaction="+1")
        events = {
            "message": [first],
            "redelivery": [first],
            "extended": [{**first, "colour": "green", "nested": {"a": [1, None]}}],
            "without_phone": [first],
            "watermark": [event("e-12", "delivery", self.now, state="read", up_to=unix_us(self.now) // 1_000)],
            "failed": [event("e-13", "delivery", written, state="failed", messages=["out-1"], code="gone")],
            "late_accepted": [event("e-14", "delivery", self.now, state="accepted", messages=["out-1"])],
            "hostile_media": [event("e-15", "message", written, message="in-3", media=[MEDIA])],
            "batch": [first, second],
            "bad_among_good": [first, {"id": "e-3", "type": "message"}, second],
            "empty_batch": [],
            "unknown": [event("e-4", "hologram", written)],
            "echo": [event("e-5", "echo", written, message="out-1", key="key-1", text="On its way.")],
            "edit": [event("e-6", "edit", self.now, message="in-1", text="Where is order 81?")],
            "delete": [event("e-7", "delete", self.now, message="in-1")],
            "delivered": [event("e-8", "delivery", written, state="delivered", messages=["out-1"])],
            "read": [event("e-10", "delivery", self.now, state="read", messages=["out-1"])],
        }
        return events[kind]
