"""The Twilio adapters for messages, held to the contract of adapters."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import ClassVar
from urllib.parse import parse_qsl, urlencode

import attrs
from twilio.request_validator import RequestValidator

from orchestra.channels import outbound
from orchestra.channels.account import Account, Conversation
from orchestra.channels.parts import Identity
from orchestra.channels.port import ChannelAdapter
from orchestra.channels.twilio.adapter import TwilioSmsAdapter, TwilioWhatsAppAdapter
from orchestra.channels.twilio.signature import signature_of
from orchestra.channels.wire import HttpAnswer, HttpStep, RawRequest, StepResult, WireStep
from orchestra.testing.adapters import AdapterContract, Signing

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
    signing = Signing(secret="signing", headers=("X-Twilio-Signature",), covers_url=True)
    content_type = "application/x-www-form-urlencoded"
    sequence_kinds = ("delivered", "read")  # messages are not said to be of a time, and are never changed

    def account(self) -> Account:
        return account(self.adapter().channel)

    def conversation(self) -> Conversation:
        return Conversation(recipient=Identity("phone", "+4930123456"))

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
        json_body = b'{"MessageSid": "SM1"}'
        signature = signature_of("new-secret", URL, ())
        return RawRequest(
            method="POST", url=URL, headers=(("X-Twilio-Signature", signature),), body=json_body, received_at=self.now
        )

    def equal_urls(self) -> Sequence[tuple[str, str]]:
        return ((URL, URL.replace("acme.example", "acme.example:443")),)

    def written(self, text: str) -> RawRequest:
        return self.request({"MessageSid": MESSAGE, "SmsStatus": "received", "Body": text})

    def shown(self, step: WireStep) -> str:
        assert isinstance(step, HttpStep)
        return dict(parse_qsl(step.body.decode(), keep_blank_values=True)).get("Body", "")

    def sample(self, kind: str) -> RawRequest:
        message = {"MessageSid": MESSAGE, "SmsSid": MESSAGE, "SmsStatus": "received", "Body": "Where is my order?"}
        samples = {
            "message": message,
            "redelivery": message,
            "extended": {**message, "Colour": "green"},
            "other_account": {**message, "AccountSid": "AC" + "0" * 31 + "2"},
            "without_phone": {**message, "From": f"{self.prefix}ACME"},
            "failed": {"MessageSid": "SMout", "MessageStatus": "undelivered", "ErrorCode": "30005"},
            "late_accepted": {"MessageSid": "SMout", "MessageStatus": "sent"},
            "hostile_media": {**message, "NumMedia": "1", "MediaUrl0": "http://169.254.169.254/latest/meta-data"},
            "unknown": {"MessageSid": MESSAGE, "MessageStatus": "hologram"},
            "delivered": {"MessageSid": "SMout", "MessageStatus": "delivered"},
            "read": {"MessageSid": "SMout", "MessageStatus": "read"},
        }
        request = self.request(samples[kind])
        repeated = b"&Colour=red&Body=Where+is+my+order%3F" if kind == "extended" else b""
        return attrs.evolve(request, body=request.body + repeated)

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
    5: "nothing says when a request was sent",
    12: "Twilio tries no addresses",
    19: "messages are not said to be of a time, and are never changed",
    22: "receipts name their message",
    23: "messages are never edited or deleted",
    33: "text messages have no window",
    39: "a success is told by its status",
    40: "the provider honours no keys",
    16: "a request is about one message: there are no batches",
    20: "Twilio shows nobody their own messages",
    46: "Twilio shows nobody their own messages; what is sent is read by its SDK in the unit tests",
}


class TestTwilioSms(TwilioCase):
    not_applicable = ALONE

    def adapter(self) -> ChannelAdapter:
        return TwilioSmsAdapter()


class TestTwilioWhatsApp(TwilioCase):
    not_applicable: ClassVar[Mapping[int, str]] = {point: why for point, why in ALONE.items() if point != 33}
    prefix = "whatsapp:"

    def adapter(self) -> ChannelAdapter:
        return TwilioWhatsAppAdapter()

    def template(self) -> outbound.Template:
        return outbound.Template(key="template-1", name="HX" + "0" * 32, language="en", parameters=("81",))
