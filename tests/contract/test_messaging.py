"""The adapters of Messenger and Instagram, held to the contract of adapters."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

import attrs

from orchestra.channels.account import Account, Conversation
from orchestra.channels.meta.instagram import InstagramAdapter
from orchestra.channels.meta.messenger import MessengerAdapter
from orchestra.channels.meta.signature import signature_of
from orchestra.channels.parts import Identity
from orchestra.channels.port import ChannelAdapter
from orchestra.channels.wire import HttpAnswer, HttpStep, RawRequest, StepResult, WireStep
from orchestra.testing.adapters import AdapterContract, Signing

PAGE, ANN = "104910", "6501234567890"
URL = "https://acme.example/hooks/r-5b7c"
NOWHERE = "http://169.254.169.254/latest/meta-data"
BOTH: Mapping[int, str] = {
    5: "nothing says when a request was sent",
    9: "the signature is always over the body",
    24: "there are no receipts of failures",
    33: "the channel has no templates that would pass: what is refused outside the window is in the unit tests",
    40: "the provider honours no keys",
}


class MessagingCase(AdapterContract):
    signing = Signing(secret="app_secret", headers=("X-Hub-Signature-256",))
    object: ClassVar[str] = "page"

    def account(self) -> Account:
        secrets = {
            "app_secret": ("new-secret", "old-secret"),
            "verify_token": ("a-verify-token",),
            "token": ("EAA-token",),
        }
        return Account(route_key="r-5b7c", channel=self.adapter().channel, id=PAGE, secrets=secrets)

    def conversation(self) -> Conversation:
        return Conversation(recipient=Identity(self.adapter().channel, ANN))

    def sign(self, request: RawRequest, secret: str) -> RawRequest:
        proof = ("X-Hub-Signature-256", signature_of(secret, request.body))
        return attrs.evolve(request, headers=(*request.headers, proof))

    def handshake(self, kind: str) -> RawRequest:
        token = "a-guess" if kind == "wrong_token" else "a-verify-token"
        challenge = "%3Cscript%3Ealert(1)%3C%2Fscript%3E" if kind == "markup" else "1158201444"
        url = f"{URL}?hub.mode=subscribe&hub.challenge={challenge}&hub.verify_token={token}"
        return RawRequest(method="GET", url=url, received_at=self.now)

    def sample(self, kind: str) -> RawRequest:
        return self.request(self.news(kind), account="1" if kind == "other_account" else PAGE)

    def written(self, text: str) -> RawRequest:
        return self.request([self.message("m-9", text)])

    def answer(self, kind: str) -> StepResult:
        refused = {"message": "No matching user found", "code": 100, "error_subcode": 2018001}
        answers: dict[str, tuple[int, Any]] = {
            "accepted": (200, {"recipient_id": ANN, "message_id": "m-out"}),
            "permanent": (400, {"error": refused}),
            "transient": (400, {"error": {"message": "limit", "code": 613}}),
            "error_in_success": (200, {"error": refused}),
        }
        status, body = answers[kind]
        return HttpAnswer(status=status, body=json.dumps(body).encode())

    def echo(self, step: WireStep) -> RawRequest:
        assert isinstance(step, HttpStep)
        understood = json.loads(step.body)
        assert understood["recipient"] == {"id": ANN}
        return self.request([self.echoed(**understood["message"])])

    def at(self, seconds: int) -> int:
        return (int(self.now.timestamp()) + seconds) * 1_000

    def event(self, seconds: int = -60, account: str = PAGE, **fields: Any) -> dict[str, Any]:
        return {"sender": {"id": ANN}, "recipient": {"id": account}, "timestamp": self.at(seconds), **fields}

    def message(self, mid: str, text: str, **more: Any) -> dict[str, Any]:
        return self.event(message={"mid": mid, "text": text, **more})

    def echoed(self, **message: Any) -> dict[str, Any]:
        sent = {"mid": "m-out", "is_echo": True, "app_id": 1, **message}
        return {"sender": {"id": PAGE}, "recipient": {"id": ANN}, "timestamp": self.at(0), "message": sent}

    def news(self, kind: str) -> list[Any]:
        message = self.message("m-1", "Where is my order?")
        reaction = self.event(reaction={"mid": "m-out", "action": "react", "reaction": "love", "emoji": "❤"})
        file = {"type": "image", "payload": {"url": NOWHERE}}
        news = {
            "message": [message],
            "redelivery": [message],
            "extended": [{**message, "colour": "green"}],
            "other_account": [self.event(account="1", message={"mid": "m-1", "text": "Hi"})],
            "batch": [message, reaction],
            "bad_among_good": [message, {"sender": {"id": ANN}}, reaction],
            "empty_batch": [],
            "unknown": [self.event(hologram={"id": 1})],
            "echo": [self.echoed(text="On its way.")],
            "without_phone": [message],
            "watermark": [self.event(read={"watermark": self.at(-90)})],
            "delivered": [self.event(delivery={"mids": ["m-out"], "watermark": self.at(-90)})],
            "edit": [self.event(-30, message_edit={"mid": "m-1", "text": "Where is order 81?", "num_edit": 1})],
            "hostile_media": [self.event(message={"mid": "m-3", "attachments": [file]})],
            "delete": [self.event(-20, message={"mid": "m-1", "is_deleted": True})],
            "read": [self.event(read={"mid": "m-out"})],
        }
        return news[kind]

    def request(self, news: list[Any], account: str = PAGE) -> RawRequest:
        entry = {"id": account, "time": self.at(0), "messaging": news}
        body = json.dumps({"object": self.object, "entry": [entry]}).encode()
        return RawRequest(method="POST", url=URL, body=body, received_at=self.now)


class TestMessenger(MessagingCase):
    not_applicable: ClassVar[Mapping[int, str]] = BOTH

    def adapter(self) -> ChannelAdapter:
        return MessengerAdapter()


class TestInstagram(MessagingCase):
    not_applicable: ClassVar[Mapping[int, str]] = BOTH
    object = "instagram"

    def adapter(self) -> ChannelAdapter:
        return InstagramAdapter()

    def request(self, news: list[Any], account: str = PAGE) -> RawRequest:
        """Official samples stand in one more list."""
        plain = super().request(news, account)
        return attrs.evolve(plain, body=b"[" + plain.body + b"]")
