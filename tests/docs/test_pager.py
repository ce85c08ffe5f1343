"""The adapter of the how-to guide, held to the contract of adapters."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import attrs
from acme.pager import PagerAdapter, signature

from orchestra.channels.account import Account, Conversation
from orchestra.channels.parts import Identity
from orchestra.channels.port import ChannelAdapter
from orchestra.channels.wire import HttpAnswer, HttpStep, RawRequest, StepResult, WireStep
from orchestra.testing.adapters import AdapterContract

ACCOUNT = Account(
    route_key="r-7b1e",
    channel="pager",
    id="acme",
    config={"url": "https://pager.example/send"},
    secrets={"webhook": ("new-secret", "old-secret"), "token": ("a-token",)},
)


class TestPager(AdapterContract):
    sequence_kinds = ("message", "delivered")  # the gateway has no edits, deletions or read receipts

    def adapter(self) -> ChannelAdapter:
        return PagerAdapter()

    def account(self) -> Account:
        return ACCOUNT

    def conversation(self) -> Conversation:
        return Conversation(recipient=Identity("phone", "+4930123456"))

    def sign(self, request: RawRequest) -> RawRequest:
        return attrs.evolve(request, headers=(("Pager-Signature", signature("new-secret", request.body)),))

    def sample(self, kind: str) -> RawRequest:
        text = self.piece("n-1", "text", message="in-1", text="Where is my order?")
        status = self.piece("n-2", "status", message="out-1", status="delivered")
        samples = {
            "message": [text],
            "redelivery": [text],
            "batch": [text, status],
            "bad_among_good": [text, {"id": "n-3", "kind": "text"}, status],
            "empty_batch": [],
            "unknown": [self.piece("n-4", "hologram")],
            "echo": [self.piece("n-5", "echo", message="out-1", text="On its way.")],
            "delivered": [status],
        }
        return self.request(samples[kind])

    def answer(self, kind: str) -> StepResult:
        return {
            "accepted": HttpAnswer(status=200, body=b'{"message": "out-1"}'),
            "permanent": HttpAnswer(status=422),
            "transient": HttpAnswer(status=429),
        }[kind]

    def echo(self, step: WireStep) -> RawRequest:
        assert isinstance(step, HttpStep)
        return self.request([self.piece("n-6", "echo", message="out-1", text=json.loads(step.body)["text"])])

    def piece(self, name: str, kind: str, **fields: Any) -> dict[str, Any]:
        written = self.now - timedelta(minutes=1)
        return {"id": name, "kind": kind, "at": int(written.timestamp()), "from": "+4930123456", **fields}

    def request(self, news: list[Any]) -> RawRequest:
        body = json.dumps({"account": "acme", "news": news}).encode()
        return RawRequest(method="POST", url="https://acme.example/hooks/r-7b1e", body=body, received_at=self.now)
