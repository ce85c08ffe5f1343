"""The adapter of the how-to guide, held to the contract of adapters."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar

import attrs
from acme.pager import PagerAdapter, signature

from orchestra import Line, Plan, Workspace
from orchestra.channels.account import Account, Conversation
from orchestra.channels.parts import Identity
from orchestra.channels.port import ChannelAdapter
from orchestra.channels.wire import HttpAnswer, HttpStep, NoAnswer, NoAnswerReason, RawRequest, StepResult, WireStep
from orchestra.testing.adapters import AdapterContract, Signing

ACCOUNT = Account(
    route_key="r-7b1e",
    channel="pager",
    id="acme",
    config={"url": "https://pager.example/send"},
    secrets={"webhook": ("new-secret", "old-secret"), "token": ("a-token",)},
)

PLAN = Plan.parse("""
workspace.default_queue = "care"
teams.care = {}
queues.care.team = "care"
channels.sms = {}
agents.ana.teams = ["care"]
""")


class TestPager(AdapterContract):
    signing = Signing(secret="webhook", headers=("Pager-Signature",))
    sequence_kinds = ("message", "delivered")
    not_applicable: ClassVar[Mapping[int, str]] = {
        5: "nothing says when a request was sent",
        9: "the signature is always over the body",
        12: "the gateway tries no addresses",
        21: "people are known by their numbers only",
        22: "there are no read receipts",
        23: "there are no edits or deletions",
        25: "there are no files",
        33: "there is no window",
        39: "a success is told by its status",
        40: "the gateway honours no keys",
    }

    def adapter(self) -> ChannelAdapter:
        return PagerAdapter()

    def account(self) -> Account:
        return ACCOUNT

    def conversation(self) -> Conversation:
        return Conversation(recipient=Identity("phone", "+4930123456"))

    def sign(self, request: RawRequest, secret: str) -> RawRequest:
        proof = ("Pager-Signature", signature(secret, request.body))
        return attrs.evolve(request, headers=(*request.headers, proof))

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
            "extended": [{**text, "colour": "green"}],
            "other_account": [text],
            "failed": [self.piece("n-7", "status", message="out-1", status="failed", code="gone")],
            "late_accepted": [self.piece("n-8", "status", message="out-1", status="accepted")],
        }
        return self.request(samples[kind], account="elsewhere" if kind == "other_account" else "acme")

    def written(self, text: str) -> RawRequest:
        return self.request([self.piece("n-9", "text", message="in-2", text=text)])

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

    def request(self, news: list[Any], account: str = "acme") -> RawRequest:
        body = json.dumps({"account": account, "news": news}).encode()
        return RawRequest(method="POST", url="https://acme.example/hooks/r-7b1e", body=body, received_at=self.now)


class Gateway:
    """A transport that is its own gateway: takes every text, and remembers it."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    async def perform(self, step: WireStep) -> StepResult:
        if not isinstance(step, HttpStep):
            return NoAnswer(NoAnswerReason.NOT_CONNECTED, may_have_arrived=False)
        self.sent.append(json.loads(step.body))
        return HttpAnswer(status=200, body=b'{"message": "out-1"}')


async def test_a_message_is_answered_over_the_gateway() -> None:
    gateway = Gateway()
    line = Line("sms", PagerAdapter(), ACCOUNT, gateway)
    async with Workspace.open(PLAN, channels=[line]) as ws:
        ana = await ws.sign_in("ana")

        request = TestPager().sample("message")
        reply = await ws.webhook("r-7b1e", TestPager().sign(request, "new-secret"))
        assert reply.status == 200

        contact = await (await ana.next_offer()).accept()
        await contact.reply("It arrives on Friday.")
        await ws.settle()
        assert gateway.sent == [{"account": "acme", "to": "+4930123456", "text": "It arrives on Friday."}]


async def test_a_forged_message_is_refused() -> None:
    line = Line("sms", PagerAdapter(), ACCOUNT, Gateway())
    async with Workspace.open(PLAN, channels=[line]) as ws:
        forged = attrs.evolve(TestPager().sample("message"), headers=(("Pager-Signature", "0" * 64),))
        assert (await ws.webhook("r-7b1e", forged)).status == 401
        assert (await ws.webhook("another-key", forged)).status == 404
