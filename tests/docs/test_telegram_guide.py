"""The how-to guide for Telegram: its example, with a transport that stands for the Bot API."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from orchestra import Line, Plan, Workspace
from orchestra.channels.account import Account
from orchestra.channels.registry import find_adapter
from orchestra.channels.wire import HttpAnswer, HttpStep, NoAnswer, NoAnswerReason, RawRequest, StepResult, WireStep

BOT = Account(
    route_key="r-51d0c8",
    channel="telegram",
    id="123456",
    secrets={"token": ("123456:token-of-BotFather",), "webhook": ("what-setWebhook-was-given",)},
)

PLAN = Plan.parse("""
workspace.default_queue = "care"
teams.care = {}
queues.care.team = "care"
channels.telegram = {}
agents.ana.teams = ["care"]
""")


class BotApi:
    """A transport that is its own Bot API: takes every call, and remembers it."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []

    async def perform(self, step: WireStep) -> StepResult:
        if not isinstance(step, HttpStep):
            return NoAnswer(NoAnswerReason.NOT_CONNECTED, may_have_arrived=False)
        said = json.loads(step.body)
        if step.url.endswith("/getUpdates"):  # asked once, at the opening: whether anything came meanwhile
            conflict = {"ok": False, "error_code": 409, "description": "Conflict: webhook is active"}
            return HttpAnswer(status=409, body=json.dumps(conflict).encode())
        self.calls.append((step.url.rpartition("/")[2], said))
        result = {"message_id": 6, "date": 1, "chat": {"id": said["chat_id"], "type": "private"}}
        return HttpAnswer(status=200, body=json.dumps({"ok": True, "result": result}).encode())


def from_telegram(update: dict[str, Any], secret: str = "what-setWebhook-was-given") -> RawRequest:
    return RawRequest(
        method="POST",
        url="https://acme.example/hooks/r-51d0c8",
        headers=(("Content-Type", "application/json"), ("X-Telegram-Bot-Api-Secret-Token", secret)),
        body=json.dumps(update).encode(),
        received_at=datetime.now(UTC),
    )


UPDATE = {
    "update_id": 9001,
    "message": {
        "message_id": 5,
        "date": 1_767_614_400,
        "chat": {"id": 77, "type": "private"},
        "from": {"id": 77, "is_bot": False, "first_name": "Ann"},
        "text": "Where is my order?",
    },
}


async def test_a_message_is_answered_over_the_bot() -> None:
    api = BotApi()
    line = Line("telegram", find_adapter("telegram"), BOT, api)
    async with Workspace.open(PLAN, channels=[line]) as ws:
        ana = await ws.sign_in("ana")

        assert (await ws.webhook("r-51d0c8", from_telegram(UPDATE))).status == 200

        contact = await (await ana.next_offer()).accept()
        await contact.reply("It arrives on Friday.")
        await ws.settle()
        assert api.calls == [("sendMessage", {"chat_id": 77, "text": "It arrives on Friday."})]


class Asked(BotApi):
    """The same for a bot without a webhook: it has one update for whoever asks, once."""

    async def perform(self, step: WireStep) -> StepResult:
        if isinstance(step, HttpStep) and step.url.endswith("/getUpdates"):
            is_new = "offset" not in json.loads(step.body)
            found = {"ok": True, "result": [UPDATE] if is_new else []}
            return HttpAnswer(status=200, body=json.dumps(found).encode())
        return await super().perform(step)


async def test_without_a_webhook_the_bot_asks_for_its_news() -> None:
    api = Asked()
    line = Line("telegram", find_adapter("telegram"), BOT, api)
    async with Workspace.open(PLAN, channels=[line]) as ws:
        ana = await ws.sign_in("ana")
        contact = await (await ana.next_offer()).accept()
        await contact.reply("It arrives on Friday.")
        await ws.settle()
        assert [method for method, _ in api.calls] == ["sendMessage"]


async def test_who_does_not_know_the_secret_is_refused() -> None:
    line = Line("telegram", find_adapter("telegram"), BOT, BotApi())
    async with Workspace.open(PLAN, channels=[line]) as ws:
        assert (await ws.webhook("r-51d0c8", from_telegram(UPDATE, secret="a guess"))).status == 401
