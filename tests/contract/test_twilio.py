"""The Twilio adapters for messages, held to the contract of adapters."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import ClassVar
from urllib.parse import parse_qsl, urlencode

import attrs
from twilio.request_validator import RequestValidator

from orchestra.channels import outbound
from orchestra.channels.account import Account, Conversation
from orchestra.channels.parts import Identity
from orchestra.channels.port import ChannelAdapter
from orchestra.channels.twilio.adapter import TwilioSmsAdapter, TwilioWhatsAppAdapter
from orchestra.channels.wire import HttpAnswer, RawRequest, StepResult
from orchestra.testing.adapters import AdapterContract

SID = "AC" + "0" * 31 + "1"
MESSAGE = "SM" + "0" * 31 + "5"
URL = "https://acme.example/hooks/r-77aa"


def account(channel: str) -> Account:
    return Account(
        route_key="r-77aa",
        channel=channel,
        id=SID,
        config={"sender": "+4930000000", "callback_url": URL},
        secrets={"signing": ("new-secret", "old-secret"), "password": ("a-password",)},
    )


class TwilioCase(AdapterContract):
    prefix: ClassVar[str] = ""
    sequence_kinds = ("delivered", "read")  # messages are not said to be of a time, and are never changed

    def account(self) -> Account:
        return account(self.adapter().channel)

    def conversation(self) -> Conversation:
        return Conversation(recipient=Identity("phone", "+4930123456"))

    def sign(self, request: RawRequest) -> RawRequest:
        parameters = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
        signature = RequestValidator("new-secret").compute_signature(request.url, parameters)
        return attrs.evolve(request, headers=(*request.headers, ("X-Twilio-Signature", signature)))

    def sample(self, kind: str) -> RawRequest:
        message = {"MessageSid": MESSAGE, "SmsSid": MESSAGE, "SmsStatus": "received", "Body": "Where is my order?"}
        samples = {
            "message": message,
            "redelivery": message,
            "unknown": {"MessageSid": MESSAGE, "MessageStatus": "hologram"},
            "delivered": {"MessageSid": "SMout", "MessageStatus": "delivered"},
            "read": {"MessageSid": "SMout", "MessageStatus": "read"},
        }
        return self.request(samples[kind])

    def answer(self, kind: str) -> StepResult:
        answers = {
            "accepted": (201, {"sid": MESSAGE, "status": "queued"}),
            "permanent": (400, {"code": 21211, "message": "Invalid 'To' Phone Number", "status": 400}),
            "transient": (429, {"code": 20429, "message": "Too Many Requests", "status": 429}),
        }
        status, body = answers[kind]
        return HttpAnswer(status=status, body=json.dumps(body).encode())

    def request(self, fields: Mapping[str, str]) -> RawRequest:
        envelope = {"AccountSid": SID, "From": f"{self.prefix}+4930123456", "To": f"{self.prefix}+4930000000"}
        body = urlencode({**envelope, "NumMedia": "0", **fields}).encode()
        return RawRequest(method="POST", url=URL, body=body, received_at=self.now)


ALONE = {
    16: "a request is about one message: there are no batches",
    20: "Twilio shows nobody their own messages",
    46: "Twilio shows nobody their own messages; what is sent is read by its SDK in the unit tests",
}


class TestTwilioSms(TwilioCase):
    not_applicable = ALONE

    def adapter(self) -> ChannelAdapter:
        return TwilioSmsAdapter()


class TestTwilioWhatsApp(TwilioCase):
    not_applicable = ALONE
    prefix = "whatsapp:"

    def adapter(self) -> ChannelAdapter:
        return TwilioWhatsAppAdapter()

    def template(self) -> outbound.Template:
        return outbound.Template(key="template-1", name="HX" + "0" * 32, language="en", parameters=("81",))
