"""The how-to guide for calls: its example, with a transport that stands for Twilio's API."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlencode
from xml.etree.ElementTree import Element, fromstring

import anyio
from twilio.request_validator import RequestValidator

from orchestra import Line, Plan, Workspace
from orchestra.channels.account import Account
from orchestra.channels.twilio.voice import TwilioVoiceAdapter
from orchestra.channels.wire import HttpAnswer, HttpStep, NoAnswer, NoAnswerReason, RawRequest, StepResult, WireStep

NUMBER = Account(
    route_key="r-5c1d90",
    channel="twilio_voice",
    id="AC00000000000000000000000000000001",
    config={
        "number": "+4930000000",
        "callback_url": "https://acme.example/hooks/r-5c1d90",
        "agents": "client:{agent}",
        "language": "en-GB",
    },
    secrets={"signing": ("the-auth-token",), "password": ("the-auth-token",)},
)

PLAN = """
[workspace]
default_queue = "care"
key = "ADDRESS_KEY"

[teams.care]

[skills]
orders = "Knows about orders"

[queues.care]
team = "care"

[[queues.care.steps]]
pool = "bots"
lasts = "10s"
skip_if = { nobody = true }

[[queues.care.steps]]
pool = "people"

[channels.voice]
live = true
connects = "20s"
alternatives = ["callback"]

[channels.voice.calls]
callback_key = "1"
callback = "Press 1 to be called back. You keep your place."

[menus.main]
start = "top"

[menus.main.steps.top]
say = "Welcome to the shoe shop."

[menus.main.steps.top.keys.1]
label = "your order"
people = true
topic = "order"
skills = { orders = 1 }

[menus.main.steps.top.keys.2]
label = "our opening hours"
say = "We are open from nine to five. Goodbye."
end = true

[agents.ivr]
kind = "bot"
menu = "main"
teams = ["care"]
capacity_percent = 10000

[agents.ana]
teams = ["care"]
skills = { orders = 1 }
"""


class TwilioApi:
    """A transport that is its own Twilio: takes every request, and remembers it."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.was_asked = anyio.Event()

    async def perform(self, step: WireStep) -> StepResult:
        if not isinstance(step, HttpStep):
            return NoAnswer(NoAnswerReason.NOT_CONNECTED, may_have_arrived=False)
        self.asked.append(dict(parse_qsl(step.body.decode())))
        self.was_asked.set()
        return HttpAnswer(status=200, body=b'{"sid": "CA9", "status": "queued"}')


async def call(ws: Workspace, query: str = "", sid: str = "CA1", **fields: str) -> Element:
    """Post what Twilio signs; gives what the call is told."""
    url = f"https://acme.example/hooks/r-5c1d90{query}"
    form = {"AccountSid": NUMBER.id, "CallSid": sid, "From": "+4930123456", "CallStatus": "in-progress", **fields}
    proof = (("X-Twilio-Signature", RequestValidator("the-auth-token").compute_signature(url, form)),)
    body = urlencode(form).encode()
    request = RawRequest(method="POST", url=url, headers=proof, body=body, received_at=datetime.now(UTC))
    return fromstring((await ws.webhook("r-5c1d90", request)).body or "<Response/>")


async def test_a_call_is_answered_by_the_menu_and_then_by_ana() -> None:
    api = TwilioApi()
    line = Line("voice", TwilioVoiceAdapter(), NUMBER, api)
    opened = Workspace.open(Plan.parse(PLAN), channels=[line], secrets={"ADDRESS_KEY": "change-me-change-me"})
    async with opened as ws, anyio.create_task_group() as tasks:
        menu = await call(ws, CallStatus="ringing")
        asked = "Welcome to the shoe shop. For your order, press 1. For our opening hours, press 2."
        assert menu.findtext("Gather/Say") == asked

        waiting = await call(ws, "?do=keys&of=1", Digits="1")
        said = waiting.findtext("Gather/Say") or ""
        assert "You are number 1 in line." in said
        assert said.endswith("Press 1 to be called back. You keep your place.")

        ana = await ws.sign_in("ana")
        offer = await ana.next_offer()
        tasks.start_soon(offer.accept)  # returns when she has answered her phone
        await api.was_asked.wait()
        assert api.asked[0]["To"] == "client:ana"
        await call(ws, f"?do=leg&call=CA1&leg={offer.id}", sid="CA9")
        await ws.settle()
        assert "<Conference" in api.asked[1]["Twiml"]
        assert (await ws.interaction(offer.interaction)).state == "ACTIVE"
