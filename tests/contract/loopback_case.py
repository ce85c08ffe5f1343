"""The loopback adapter as a case of the shipped contract suite."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import attrs

from orchestra.channels.account import Account
from orchestra.channels.instants import unix_us
from orchestra.channels.loopback import LoopbackAdapter
from orchestra.channels.loopback.wire import SECRET_NAME, signature_headers
from orchestra.channels.port import ChannelAdapter
from orchestra.channels.wire import HttpAnswer, HttpStep, RawRequest, StepResult, WireStep
from orchestra.testing.adapters import AdapterContract

ACCOUNT = Account(
    route_key="r-41f6", channel="loopback", id="acme", secrets={SECRET_NAME: ("new-secret", "old-secret")}
)


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
    def adapter(self) -> ChannelAdapter:
        return LoopbackAdapter()

    def account(self) -> Account:
        return ACCOUNT

    def sign(self, request: RawRequest) -> RawRequest:
        signature = signature_headers("new-secret", self.now, request.body)
        return attrs.evolve(request, headers=(*request.headers, *signature))

    def sample(self, kind: str) -> RawRequest:
        return self._request(self._events(kind), attempt=2 if kind == "redelivery" else 1)

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

    def _request(self, events: list[Any], attempt: int = 1) -> RawRequest:
        body = json.dumps({"account": "acme", "attempt": attempt, "events": events}).encode()
        return RawRequest(method="POST", url="https://acme.example/hooks/r-41f6", body=body, received_at=self.now)

    def _events(self, kind: str) -> list[Any]:
        written = self.now - timedelta(minutes=1)
        first = event("e-1", "message", written, message="in-1", text="Where is my order?")
        second = event("e-2", "reaction", written, message="out-1", reaction="+1")
        events = {
            "message": [first],
            "redelivery": [first],
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
