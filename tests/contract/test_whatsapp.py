"""The WhatsApp adapter, held to the contract of adapters."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

import attrs

from orchestra.channels.account import Account, Conversation
from orchestra.channels.meta.signature import signature_of
from orchestra.channels.meta.whatsapp import WhatsAppAdapter
from orchestra.channels.parts import Identity
from orchestra.channels.port import ChannelAdapter
from orchestra.channels.wire import HttpAnswer, HttpStep, RawRequest, StepResult, WireStep
from orchestra.testing.adapters import AdapterContract, Signing

NUMBER = "106540352242922"
URL = "https://acme.example/hooks/r-3d19"
ACCOUNT = Account(
    route_key="r-3d19",
    channel="whatsapp",
    id=NUMBER,
    secrets={"app_secret": ("new-secret", "old-secret"), "verify_token": ("a-verify-token",), "token": ("EAA-token",)},
)
CONTACT = {"profile": {"name": "Ann"}, "wa_id": "4930123456", "user_id": "DE.13491208655302741918"}


class TestWhatsApp(AdapterContract):
    not_applicable: ClassVar[Mapping[int, str]] = {
        5: "nothing says when a request was sent",
        9: "the signature is always over the body",
        22: "receipts name their message",
        25: "files have ids, not addresses",
        40: "the provider honours no keys",
    }
    signing = Signing(secret="app_secret", headers=("X-Hub-Signature-256",))

    def adapter(self) -> ChannelAdapter:
        return WhatsAppAdapter()

    def account(self) -> Account:
        return ACCOUNT

    def conversation(self) -> Conversation:
        return Conversation(recipient=Identity("phone", "+4930123456"))

    def sign(self, request: RawRequest, secret: str) -> RawRequest:
        proof = ("X-Hub-Signature-256", signature_of(secret, request.body))
        return attrs.evolve(request, headers=(*request.headers, proof))

    def handshake(self, kind: str) -> RawRequest:
        token = "a-guess" if kind == "wrong_token" else "a-verify-token"
        challenge = "%3Cscript%3Ealert(1)%3C%2Fscript%3E" if kind == "markup" else "1158201444"
        url = f"{URL}?hub.mode=subscribe&hub.challenge={challenge}&hub.verify_token={token}"
        return RawRequest(method="GET", url=url, received_at=self.now)

    def sample(self, kind: str) -> RawRequest:
        if kind == "other_account":
            return self.request({"messages": [self.text("wamid.1", "Hi")]}, number="1")
        return self.request(self.lists(kind))

    def written(self, text: str) -> RawRequest:
        return self.request({"messages": [self.text("wamid.9", text)]})

    def answer(self, kind: str) -> StepResult:
        refused = {"message": "(#131026) Message undeliverable", "type": "OAuthException", "code": 131026}
        limited = {"message": "(#130429) Rate limit hit", "type": "OAuthException", "code": 130429}
        answers: dict[str, tuple[int, Any]] = {
            "accepted": (200, {"messaging_product": "whatsapp", "messages": [{"id": "wamid.out"}]}),
            "permanent": (400, {"error": refused}),
            "transient": (429, {"error": limited}),
            "error_in_success": (200, {"error": refused}),
        }
        status, body = answers[kind]
        return HttpAnswer(status=status, body=json.dumps(body).encode())

    def echo(self, step: WireStep) -> RawRequest:
        assert isinstance(step, HttpStep)
        understood = json.loads(step.body)
        echo = {
            "from": "4930000000",
            "to": understood["to"],
            "id": "wamid.out",
            "timestamp": "1767614400",
            "type": "text",
        }
        return self.request({"message_echoes": [{**echo, "text": understood["text"]}]}, field="smb_message_echoes")

    def text(self, name: str, text: str, **more: Any) -> dict[str, Any]:
        written = str(int(self.now.timestamp()) - 60)
        message = {"from": "4930123456", "id": name, "timestamp": written, "type": "text", "text": {"body": text}}
        return {**message, **more}

    def lists(self, kind: str) -> dict[str, Any]:
        later, message = str(int(self.now.timestamp())), self.text("wamid.1", "Where is my order?")
        reaction = {"message_id": "wamid.out", "emoji": "👍"}
        edited = {"original_message_id": "wamid.1", "message": self.text("x", "Where is order 81?")}
        status = {"id": "wamid.out", "timestamp": later, "recipient_id": "4930123456"}
        other = {**self.text("wamid.2", ""), "type": "reaction", "reaction": reaction}
        hidden = {"profile": {"name": "Ann"}, "user_id": "DE.13491208655302741918"}
        lists: dict[str, dict[str, Any]] = {
            "message": {"messages": [message]},
            "redelivery": {"messages": [message]},
            "extended": {"messages": [{**message, "colour": "green"}], "colours": [{}]},
            "batch": {"messages": [message, other]},
            "bad_among_good": {"messages": [message, {"from": "4930123456", "type": "text"}, other]},
            "empty_batch": {"messages": []},
            "unknown": {"messages": [self.text("wamid.3", "", type="hologram")]},
            "echo": {"message_echoes": [{**self.text("wamid.4", "On its way."), "to": "4930123456"}]},
            "without_phone": {
                "contacts": [hidden],
                "messages": [self.text("wamid.5", "Hi", **{"from": None, "from_user_id": hidden["user_id"]})],
            },
            "edit": {"messages": [self.text("wamid.6", "", type="edit", edit=edited, timestamp=later)]},
            "delete": {
                "messages": [self.text("wamid.7", "", type="revoke", revoke={"original_message_id": "wamid.1"})]
            },
            "delivered": {"statuses": [{**status, "status": "delivered"}]},
            "read": {"statuses": [{**status, "status": "read"}]},
            "failed": {"statuses": [{**status, "status": "failed", "errors": [{"code": 131026, "title": "x"}]}]},
            "late_accepted": {"statuses": [{**status, "status": "sent"}]},
        }
        return lists[kind]

    def request(self, lists: dict[str, Any], number: str = NUMBER, field: str = "messages") -> RawRequest:
        metadata = {"display_phone_number": "4930000000", "phone_number_id": number}
        value = {"messaging_product": "whatsapp", "metadata": metadata, "contacts": [CONTACT], **lists}
        entry = {"id": "102290129340398", "changes": [{"field": field, "value": value}]}
        body = json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()
        return RawRequest(method="POST", url=URL, body=body, received_at=self.now)
