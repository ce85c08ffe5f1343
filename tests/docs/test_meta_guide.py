"""The how-to guide for Meta's channels: its examples, with a transport that stands for the Graph API."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

from orchestra import Line, Plan, Workspace
from orchestra.channels import outbound
from orchestra.channels.account import Account, Conversation
from orchestra.channels.parts import Identity
from orchestra.channels.registry import find_adapter
from orchestra.channels.wire import HttpAnswer, HttpStep, NoAnswer, NoAnswerReason, RawRequest, StepResult, WireStep

NUMBER = Account(
    route_key="r-c4a7e9",
    channel="whatsapp",
    id="106540352242922",
    secrets={"app_secret": ("the-app-secret",), "verify_token": ("a-token-of-ours",), "token": ("an-access-token",)},
)

PLAN = Plan.parse("""
workspace.default_queue = "care"
teams.care = {}
queues.care.team = "care"
channels.whatsapp = {}
channels.messenger = {}
channels.facebook_page = {}
agents.ana.teams = ["care"]
""")


class GraphApi:
    """A transport that is its own Graph API: takes every call, and remembers it."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self.answer = answer
        self.calls: list[tuple[str, dict[str, Any]]] = []

    async def perform(self, step: WireStep) -> StepResult:
        if not isinstance(step, HttpStep):
            return NoAnswer(NoAnswerReason.NOT_CONNECTED, may_have_arrived=False)
        self.calls.append((step.url.rpartition("/")[2], json.loads(step.body)))
        return HttpAnswer(status=200, body=json.dumps(self.answer).encode())


def from_meta(route_key: str, news: dict[str, Any], secret: str = "the-app-secret") -> RawRequest:
    body = json.dumps(news).encode()
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return RawRequest(
        method="POST",
        url=f"https://acme.example/hooks/{route_key}",
        headers=(("Content-Type", "application/json"), ("X-Hub-Signature-256", f"sha256={signature}")),
        body=body,
        received_at=datetime.now(UTC),
    )


def whatsapp_text(text: str) -> dict[str, Any]:
    written = str(int(datetime.now(UTC).timestamp()))
    message = {"from": "4930123456", "id": "wamid.1", "timestamp": written, "type": "text", "text": {"body": text}}
    value = {"metadata": {"phone_number_id": NUMBER.id}, "messages": [message]}
    entry = {"id": "1", "changes": [{"field": "messages", "value": value}]}
    return {"object": "whatsapp_business_account", "entry": [entry]}


async def test_a_message_on_whatsapp_is_answered() -> None:
    api = GraphApi({"messages": [{"id": "wamid.2"}]})
    line = Line("whatsapp", find_adapter("whatsapp"), NUMBER, api)
    async with Workspace.open(PLAN, channels=[line]) as ws:
        ana = await ws.sign_in("ana")

        news = from_meta("r-c4a7e9", whatsapp_text("Where is my order?"))
        assert (await ws.webhook("r-c4a7e9", news)).status == 200

        contact = await (await ana.next_offer()).accept()
        await contact.reply("It arrives on Friday.")
        await ws.settle()
        ((where, said),) = api.calls
        assert (where, said["to"], said["text"]) == ("messages", "4930123456", {"body": "It arrives on Friday."})


PAGE = Account(
    route_key="r-7f20bd",
    channel="messenger",
    id="104910",
    secrets={"app_secret": ("the-app-secret",), "verify_token": ("a-token-of-ours",), "token": ("a-page-token",)},
)


def messenger_event(**news: Any) -> dict[str, Any]:
    now_ms = int(datetime.now(UTC).timestamp() * 1_000)
    event = {"sender": {"id": "6501234567890"}, "recipient": {"id": PAGE.id}, "timestamp": now_ms, **news}
    return {"object": "page", "entry": [{"id": PAGE.id, "time": now_ms, "messaging": [event]}]}


async def test_a_message_on_messenger_is_answered_once_though_it_is_echoed() -> None:
    api = GraphApi({"recipient_id": "6501234567890", "message_id": "m-2"})
    line = Line("messenger", find_adapter("messenger"), PAGE, api)
    async with Workspace.open(PLAN, channels=[line]) as ws:
        ana = await ws.sign_in("ana")
        text = messenger_event(message={"mid": "m-1", "text": "Where is my order?"})
        assert (await ws.webhook("r-7f20bd", from_meta("r-7f20bd", text))).status == 200

        contact = await (await ana.next_offer()).accept()
        await contact.reply("It arrives on Friday.")
        await ws.settle()
        ((_, said),) = api.calls
        assert said["message"]["text"] == "It arrives on Friday."

        sent = {"mid": "m-2", "is_echo": True, **said["message"]}
        echo = messenger_event(sender={"id": PAGE.id}, recipient={"id": "6501234567890"}, message=sent)
        assert (await ws.webhook("r-7f20bd", from_meta("r-7f20bd", echo))).status == 200
        await ws.settle()
        assert len(api.calls) == 1


FEED = Account(
    route_key="r-90ab3c",
    channel="facebook_page",
    id="104910",
    secrets={"app_secret": ("the-app-secret",), "verify_token": ("a-token-of-ours",), "token": ("a-page-token",)},
)


def page_comment(text: str) -> dict[str, Any]:
    value = {"item": "comment", "verb": "add", "comment_id": "81_500", "post_id": "104910_81", "message": text}
    who = {"id": "6501234567890", "name": "Ann"}
    change = {"field": "feed", "value": {**value, "from": who, "created_time": 1_767_614_400}}
    return {"object": "page", "entry": [{"id": FEED.id, "time": 1_767_614_400, "changes": [change]}]}


async def test_a_comment_on_the_page_is_answered_under_it() -> None:
    api = GraphApi({"id": "81_501"})
    line = Line("facebook_page", find_adapter("facebook_page"), FEED, api)
    async with Workspace.open(PLAN, channels=[line]) as ws:
        ana = await ws.sign_in("ana")
        news = from_meta("r-90ab3c", page_comment("Where is my order?"))
        assert (await ws.webhook("r-90ab3c", news)).status == 200

        contact = await (await ana.next_offer()).accept()
        await contact.reply("We have written to you.")
        await ws.settle()
        assert api.calls == [("comments", {"message": "We have written to you."})]


def test_a_comment_is_acknowledged_in_public_and_answered_in_private() -> None:
    page, now = find_adapter("facebook_page"), datetime.now(UTC)
    ann = Conversation(id="81_500/6501234567890", recipient=Identity("messenger", "6501234567890"))
    public = outbound.Message(key="k-1", text="We have written to you.")
    private = outbound.Message(key="k-2", text="It arrives on Friday.", reply_to="81_500", is_private=True)

    (acknowledgement,) = page.encode(public, FEED, ann, now).steps
    assert acknowledgement.url.endswith("/81_500/comments")
    (answer,) = page.encode(private, FEED, ann, now).steps
    assert json.loads(answer.body)["recipient"] == {"comment_id": "81_500"}


async def test_metas_try_of_the_address_is_answered() -> None:
    query = "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=a-token-of-ours"
    url = f"https://acme.example/hooks/r-c4a7e9?{query}"
    line = Line("whatsapp", find_adapter("whatsapp"), NUMBER, GraphApi({}))
    async with Workspace.open(PLAN, channels=[line]) as ws:
        reply = await ws.webhook("r-c4a7e9", RawRequest(method="GET", url=url, received_at=datetime.now(UTC)))
        assert (reply.status, reply.body) == (200, b"1158201444")


async def test_what_meta_did_not_sign_is_refused() -> None:
    line = Line("whatsapp", find_adapter("whatsapp"), NUMBER, GraphApi({}))
    async with Workspace.open(PLAN, channels=[line]) as ws:
        forged = from_meta("r-c4a7e9", whatsapp_text("Hi"), secret="a guess")
        assert (await ws.webhook("r-c4a7e9", forged)).status == 401
