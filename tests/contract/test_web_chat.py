"""The shipped contract suite over the web chat's adapter."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar

import attrs
from tests.chat_shop import ACCOUNT

from orchestra.channels.account import Account
from orchestra.channels.port import ChannelAdapter
from orchestra.channels.web_chat import Session, WebChatAdapter, issue_token
from orchestra.channels.wire import FrameAnswer, FrameStep, RawRequest, StepResult, WireStep
from orchestra.testing.adapter_rig import Signing
from orchestra.testing.adapters import AdapterContract


def _message(name: str, text: str = "Hello") -> dict[str, Any]:
    return {"type": "message", "id": name, "text": text}


class TestWebChat(AdapterContract):
    """Frames by HTTP; those on a connection are read by the same functions."""

    not_applicable: ClassVar[Mapping[int, str]] = {
        5: "a token says itself until when it is good: tests of tokens check that",
        7: "there is one algorithm",
        9: "requests bear a token, which covers no body",
        10: "requests bear a token, which covers no address",
        12: "nobody tries the address",
        19: "a client's frames come in its order, and none changes what an earlier one said",
        20: "nobody shows us what we sent: clients read it from us alone",
        21: "nobody is known by a phone number",
        22: "receipts name their message",
        23: "messages are neither edited nor deleted",
        24: "clients tell what has arrived, and nothing fails on its way",
        25: "messages have no files",
        33: "there is no window",
        38: "handing a message over is no request: nobody advises",
        39: "handing a message over is no request: nobody answers",
        40: "handing a message over twice shows it once",
        42: "handing a message over is no request: nobody refuses",
        43: "handing a message over is no request: no proxy answers",
        46: "what we send goes to clients and never comes back",
    }
    signing: ClassVar[Signing] = Signing(secret="session", headers=("Authorization",), covers_body=False)
    names_account: ClassVar[bool] = False
    success_has_body: ClassVar[bool] = False

    def adapter(self) -> ChannelAdapter:
        return WebChatAdapter()

    def account(self) -> Account:
        return ACCOUNT

    def sign(self, request: RawRequest, secret: str) -> RawRequest:
        if not secret:
            raise ValueError("there can be no token without a secret")
        account = attrs.evolve(ACCOUNT, secrets={"session": (secret,)})
        token = issue_token(account, Session(person="p-1", expires_at=self.now + timedelta(days=1)))
        return attrs.evolve(request, headers=(*request.headers, ("Authorization", f"Bearer {token}")))

    def sample(self, kind: str) -> RawRequest:
        frames: dict[str, list[Any]] = {
            "message": [_message("a1")],
            "redelivery": [_message("a1")],
            "extended": [{**_message("a1"), "mood": "good", "more": {"a": [1]}}],
            "unknown": [{"type": "dance"}],
            "empty_batch": [],
            "batch": [_message("a1"), _message("a2", "Again")],
            "bad_among_good": [_message("a1"), {"type": "message", "id": "a b"}, _message("a2")],
        }
        return self._request(frames[kind])

    def written(self, text: str) -> RawRequest:
        return self._request([_message("a1", text)])

    def shown(self, step: WireStep) -> str:
        assert isinstance(step, FrameStep)
        return str(json.loads(step.data)["text"])

    def answer(self, kind: str) -> StepResult:
        assert kind == "accepted"
        return FrameAnswer()

    def _request(self, frames: list[Any]) -> RawRequest:
        body = json.dumps({"frames": frames}).encode()
        return RawRequest(method="POST", url="https://door.example/hooks/k", body=body, received_at=self.now)
