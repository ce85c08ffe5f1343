"""The how-to guide for Twilio: its example, with a transport that stands for Twilio's API."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlencode

from twilio.request_validator import RequestValidator

from orchestra import Line, Plan, Workspace
from orchestra.channels.account import Account
from orchestra.channels.registry import find_adapter
from orchestra.channels.wire import HttpAnswer, HttpStep, NoAnswer, NoAnswerReason, RawRequest, StepResult, WireStep

NUMBER = Account(
    route_key="r-8e2f41",
    channel="twilio_sms",
    id="AC00000000000000000000000000000001",
    config={"sender": "+4930000000", "callback_url": "https://acme.example/hooks/r-8e2f41"},
    secrets={"signing": ("the-auth-token",), "password": ("the-auth-token",)},
)

PLAN = Plan.parse("""
workspace.default_queue = "care"
teams.care = {}
queues.care.team = "care"
channels.sms = {}
agents.ana.teams = ["care"]
""")


class TwilioApi:
    """A transport that is its own Twilio: takes every message, and remembers it."""

    def __init__(self) -> None:
        self.sent: list[dict[str, str]] = []

    async def perform(self, step: WireStep) -> StepResult:
        if not isinstance(step, HttpStep):
            return NoAnswer(NoAnswerReason.NOT_CONNECTED, may_have_arrived=False)
        self.sent.append(dict(parse_qsl(step.body.decode())))
        return HttpAnswer(status=201, body=b'{"sid": "SM2", "status": "queued"}')


def from_twilio(fields: dict[str, str], token: str = "the-auth-token") -> RawRequest:
    url = "https://acme.example/hooks/r-8e2f41"
    form = {"AccountSid": NUMBER.id, **fields}
    signature = RequestValidator(token).compute_signature(url, form)
    headers = (("Content-Type", "application/x-www-form-urlencoded"), ("X-Twilio-Signature", signature))
    body = urlencode(form).encode()
    return RawRequest(method="POST", url=url, headers=headers, body=body, received_at=datetime.now(UTC))


TEXT = {"MessageSid": "SM1", "From": "+4930123456", "To": "+4930000000", "Body": "Where is my order?", "NumMedia": "0"}


async def test_a_text_message_is_answered_from_the_number() -> None:
    api = TwilioApi()
    line = Line("sms", find_adapter("twilio_sms"), NUMBER, api)
    async with Workspace.open(PLAN, channels=[line]) as ws:
        ana = await ws.sign_in("ana")

        assert (await ws.webhook("r-8e2f41", from_twilio(TEXT))).status == 200

        contact = await (await ana.next_offer()).accept()
        await contact.reply("It arrives on Friday.")
        await ws.settle()
        (sent,) = api.sent
        assert (sent["From"], sent["To"], sent["Body"]) == ("+4930000000", "+4930123456", "It arrives on Friday.")

        arrived = {"MessageSid": "SM2", "MessageStatus": "delivered", "From": "+4930000000", "To": "+4930123456"}
        assert (await ws.webhook("r-8e2f41", from_twilio(arrived))).status == 200


async def test_what_twilio_did_not_sign_is_refused() -> None:
    line = Line("sms", find_adapter("twilio_sms"), NUMBER, TwilioApi())
    async with Workspace.open(PLAN, channels=[line]) as ws:
        assert (await ws.webhook("r-8e2f41", from_twilio(TEXT, token="a guess"))).status == 401
