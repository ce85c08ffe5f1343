"""The Telegram adapter, held to the contract of adapters."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

import attrs

from orchestra.channels.account import Account, Conversation
from orchestra.channels.parts import Identity
from orchestra.channels.port import ChannelAdapter
from orchestra.channels.telegram.adapter import TelegramAdapter
from orchestra.channels.wire import HttpAnswer, HttpStep, RawRequest, StepResult, WireStep
from orchestra.testing.adapters import AdapterContract, Signing

BOT = 123456
ACCOUNT = Account(
    route_key="r-9c02",
    channel="telegram",
    id=str(BOT),
    secrets={"token": (f"{BOT}:new-token_A",), "webhook": ("new-secret", "old-secret")},
)
CHAT = {"id": 77, "type": "private", "first_name": "Ann"}
ANN = {"id": 77, "is_bot": False, "first_name": "Ann"}


class TestTelegram(AdapterContract):
    not_applicable: ClassVar[Mapping[int, str]] = {
        5: "nothing says when a request was sent",
        9: "nothing is signed: the secret comes with every request",
        12: "the provider tries no addresses",
        16: "an update comes alone: there are no batches",
        22: "there are no read receipts",
        23: "bots are told of no deletions",
        24: "there are no receipts",
        25: "files have ids, not addresses",
        33: "there is no window",
        40: "the provider honours no keys",
    }
    signing = Signing(secret="webhook", headers=("X-Telegram-Bot-Api-Secret-Token",), covers_body=False)
    names_account = False
    sequence_kinds = ("message", "edit")  # a bot is told of no deletions and has no receipts

    def adapter(self) -> ChannelAdapter:
        return TelegramAdapter()

    def account(self) -> Account:
        return ACCOUNT

    def conversation(self) -> Conversation:
        return Conversation(id="77", recipient=Identity("telegram", "77"))

    def sign(self, request: RawRequest, secret: str) -> RawRequest:
        headers = (*request.headers, ("X-Telegram-Bot-Api-Secret-Token", secret))
        return attrs.evolve(request, headers=headers)

    def sample(self, kind: str) -> RawRequest:
        written = int(self.now.timestamp()) - 60
        message = {"message_id": 5, "date": written, "chat": CHAT, "from": ANN, "text": "Where is my order?"}
        bot = {"id": BOT, "is_bot": True, "first_name": "Acme"}
        samples: dict[str, dict[str, Any]] = {
            "message": {"message": message},
            "redelivery": {"message": message},
            "extended": {"message": {**message, "colour": "green"}, "colour": {"green": [None]}},
            "without_phone": {"message": message},
            "unknown": {"hologram": {"id": 1}},
            "echo": {"message": {**message, "message_id": 6, "from": bot, "text": "On its way."}},
            "edit": {"edited_message": {**message, "edit_date": written + 9, "text": "Where is order 81?"}},
        }
        return self.request(samples[kind])

    def written(self, text: str) -> RawRequest:
        message = {"message_id": 7, "date": 1, "chat": CHAT, "from": ANN, "text": text}
        return self.request({"message": message})

    def throttled(self, advice: str | None) -> StepResult | None:
        if advice is None or not advice.isascii() or not advice.isdecimal():
            return None  # a number in the body
        body = {"ok": False, "error_code": 429, "description": "Too Many", "parameters": {"retry_after": int(advice)}}
        return HttpAnswer(status=429, body=json.dumps(body).encode())

    def answer(self, kind: str) -> StepResult:
        answers: dict[str, tuple[int, dict[str, Any]]] = {
            "accepted": (200, {"ok": True, "result": {"message_id": 8, "date": 1, "chat": CHAT}}),
            "permanent": (
                403,
                {"ok": False, "error_code": 403, "description": "Forbidden: bot was blocked by the user"},
            ),
            "error_in_success": (200, {"ok": False, "error_code": 400, "description": "Bad Request: chat not found"}),
            "transient": (
                429,
                {"ok": False, "error_code": 429, "description": "Too Many", "parameters": {"retry_after": 7}},
            ),
        }
        status, body = answers[kind]
        return HttpAnswer(status=status, body=json.dumps(body).encode())

    def echo(self, step: WireStep) -> RawRequest:
        assert isinstance(step, HttpStep)
        understood = json.loads(step.body)
        bot = {"id": BOT, "is_bot": True, "first_name": "Acme"}
        return self.request(
            {"message": {"message_id": 8, "date": 1, "chat": CHAT, "from": bot, "text": understood["text"]}}
        )

    def page(self) -> StepResult:
        written = int(self.now.timestamp()) - 60
        message = {"message_id": 5, "date": written, "chat": CHAT, "from": ANN, "text": "Where is my order?"}
        updates = [
            {"update_id": 900, "message": message},
            {"update_id": 901, "edited_message": {**message, "edit_date": written + 9}},
        ]
        return HttpAnswer(status=200, body=json.dumps({"ok": True, "result": updates}).encode())

    def request(self, update: dict[str, Any]) -> RawRequest:
        body = json.dumps({"update_id": 900, **update}).encode()
        return RawRequest(method="POST", url="https://acme.example/hooks/r-9c02", body=body, received_at=self.now)
