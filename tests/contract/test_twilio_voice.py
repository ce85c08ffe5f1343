"""The Twilio adapter for calls, held to the contract of adapters."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import ClassVar
from urllib.parse import parse_qs, parse_qsl, urlencode
from xml.etree.ElementTree import fromstring

import attrs
from twilio.request_validator import RequestValidator

from orchestra.channels import outbound
from orchestra.channels.account import Account, Conversation
from orchestra.channels.parts import Identity
from orchestra.channels.port import ChannelAdapter
from orchestra.channels.twilio.signature import signature_of
from orchestra.channels.twilio.voice import TwilioVoiceAdapter
from orchestra.channels.wire import HttpAnswer, HttpStep, RawRequest, StepResult, WireStep
from orchestra.testing.adapters import AdapterContract, Signing

SID = "AC" + "0" * 31 + "1"
CALL = "CA" + "0" * 31 + "5"
URL = "https://acme.example/hooks/r-77aa"


class TestTwilioVoice(AdapterContract):
    signing = Signing(secret="signing", headers=("X-Twilio-Signature",), covers_url=True)
    content_type = "application/x-www-form-urlencoded"
    not_applicable: ClassVar[Mapping[int, str]] = {
        5: "nothing says when a request was sent",
        12: "Twilio tries no addresses",
        16: "a request is about one call: there are no batches",
        19: "nobody edits what they say, and there are no receipts",
        20: "Twilio shows nobody what their calls were told",
        22: "nothing said is told to be heard",
        23: "nothing said can be edited or taken back",
        24: "nothing said is told to be heard",
        25: "calls have no files: recordings stay where they are",
        26: "callers write nothing",
        33: "a call has no window: it goes on, or it is over",
        39: "a success is told by its status",
        40: "the provider honours no keys",
        46: "Twilio shows nobody what their calls were told; the SDK and an XML parser read it in the unit tests",
    }

    def adapter(self) -> ChannelAdapter:
        return TwilioVoiceAdapter()

    def account(self) -> Account:
        return Account(
            route_key="r-77aa",
            channel="twilio_voice",
            id=SID,
            config={"number": "+4930000000", "callback_url": URL, "agents": "client:{agent}"},
            secrets={"signing": ("new-secret", "old-secret"), "password": ("a-password",)},
        )

    def conversation(self) -> Conversation:
        return Conversation(recipient=Identity("phone", "+4930123456"), id=CALL)

    def sign(self, request: RawRequest, secret: str) -> RawRequest:
        """By the SDK where it can read the body as a form, else as it would be if that were one."""
        try:
            found = parse_qsl(request.body.decode("ascii"), keep_blank_values=True, errors="strict")
        except ValueError:
            found = []
        if len(dict(found)) == len(found):
            signature = RequestValidator(secret).compute_signature(request.url, dict(found))
        else:
            signature = signature_of(secret, request.url, tuple(found))
        return attrs.evolve(request, headers=(*request.headers, ("X-Twilio-Signature", signature)))

    def unbound_body(self) -> RawRequest:
        signature = signature_of("new-secret", URL, ())
        proof = (("X-Twilio-Signature", signature),)
        return RawRequest(method="POST", url=URL, headers=proof, body=b'{"CallSid": "CA1"}', received_at=self.now)

    def equal_urls(self) -> Sequence[tuple[str, str]]:
        return ((URL, URL.replace("acme.example", "acme.example:443")),)

    def messages(self) -> Sequence[outbound.Outbound]:
        call = {"call_id": CALL}
        verb = outbound.CallVerb
        return (
            outbound.Message(key="key-1", text="Your order is on its way."),
            outbound.Message(key="key-2", text="Grüße, ありがとう 👋🏽 e\u0301"),
            outbound.Choices(key="key-3", text="Which day?", choices=(outbound.Choice("1", "Monday"),)),
            outbound.Progress(key="key-4", text="Packed.", stage="packed"),
            outbound.CallAction(key="key-5", verb=verb.WAIT, text="You are next.", takes_keys=True, **call),
            outbound.CallAction(key="key-6", verb=verb.CALL, agent="ana", leg="of7", **call),
            outbound.CallAction(key="key-7", verb=verb.HANG_UP, **call),
        )

    def shown(self, step: WireStep) -> str:
        """What is said because of a step."""
        assert isinstance(step, HttpStep)
        told = parse_qs(step.body.decode(), keep_blank_values=True).get("Twiml", ["<Response/>"])
        return "".join(found.text or "" for found in fromstring(told[0]).iter("Say"))

    def sample(self, kind: str) -> RawRequest:
        ringing = {"CallStatus": "ringing", "Direction": "inbound"}
        samples = {
            "message": ringing,
            "redelivery": ringing,
            "extended": {**ringing, "Colour": "green"},
            "other_account": {**ringing, "AccountSid": "AC" + "0" * 31 + "2"},
            "without_phone": {**ringing, "From": "client:joe"},
            "unknown": {"CallStatus": "teleported"},
        }
        request = self.request(samples[kind])
        repeated = b"&Colour=red&Direction=inbound" if kind == "extended" else b""
        return attrs.evolve(request, body=request.body + repeated)

    def answer(self, kind: str) -> StepResult:
        answers = {
            "accepted": (200, {"sid": CALL, "status": "in-progress"}),
            "permanent": (400, {"code": 21218, "message": "Invalid ApplicationSid", "status": 400}),
            "transient": (429, {"code": 20429, "message": "Too Many Requests", "status": 429}),
        }
        status, body = answers[kind]
        return HttpAnswer(status=status, body=json.dumps(body).encode())

    def request(self, fields: Mapping[str, str]) -> RawRequest:
        envelope = {"AccountSid": SID, "CallSid": CALL, "From": "+4930123456", "To": "+4930000000"}
        return RawRequest(method="POST", url=URL, body=urlencode({**envelope, **fields}).encode(), received_at=self.now)
