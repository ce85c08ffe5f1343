"""The adapters of back offices, held to the contract of adapters."""

from __future__ import annotations

import base64
import json
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

import attrs

from orchestra.channels.account import Account
from orchestra.channels.back_office.cloudevents import CloudEventsAdapter
from orchestra.channels.back_office.signatures import signature_of
from orchestra.channels.back_office.standard_webhooks import StandardWebhooksAdapter
from orchestra.channels.port import ChannelAdapter
from orchestra.channels.wire import HttpAnswer, HttpStep, RawRequest, StepResult, WireStep
from orchestra.testing.adapters import AdapterContract, Signing, Vector

URL = "https://acme.example/hooks/r-7d10"
ANN = {"id": "crm-7"}
SOURCE = "https://erp.example/orders"
WRITTEN = "2026-01-05T11:59:00Z"

Events = list[tuple[str, str, dict[str, Any]]]
"""The id, type and data of each."""


def whsec(number: int) -> str:
    """A secret as the standard makes them, another one for each number."""
    return "whsec_" + base64.b64encode(bytes([number]) * 32).decode()


def samples(kind: str) -> Events:
    """The events of a sample."""
    written = ("e-1", "message.received", {"message": "in-1", "text": "Where is my order?", "from": ANN})
    progress = ("e-2", "progress.posted", {"ref": "order:81", "stage": "packed", "due": "2026-01-07T12:00:00Z"})
    file = {"url": "http://169.254.169.254/latest/meta-data", "kind": "image"}
    found: dict[str, Events] = {
        "message": [written],
        "redelivery": [written],
        "extended": [(*written[:2], {**written[2], "mood": "cross", "more": [{}]})],
        "batch": [written, progress],
        "bad_among_good": [written, ("e-3", "message.received", {"message": "in-3"}), progress],
        "empty_batch": [],
        "unknown": [("e-4", "hologram.shown", {"of": 1})],
        "echo": [("e-5", "message.sent", {"message": "out-1", "key": "key-1", "text": "On its way.", "from": ANN})],
        "edit": [("e-6", "message.edited", {"message": "in-1", "text": "Where is order 81?", "from": ANN})],
        "delete": [("e-7", "message.deleted", {"message": "in-1", "from": ANN})],
        "delivered": [("e-8", "message.delivered", {"messages": ["out-1"]})],
        "read": [("e-9", "message.read", {"messages": ["out-1"]})],
        "without_phone": [written],
        "watermark": [("e-10", "message.read", {"up_to": "2026-01-05T11:00:00Z"})],
        "failed": [("e-11", "message.failed", {"messages": ["out-1"], "code": "blocked", "permanent": True})],
        "late_accepted": [("e-12", "message.accepted", {"messages": ["out-1"]})],
        "hostile_media": [("e-13", "message.received", {"message": "in-13", "media": [file], "from": ANN})],
        "other_account": [written],
    }
    return found[kind]


def told_at(kind: str) -> str:
    """When the event of a type happened: a message comes before what becomes of it."""
    return "2026-01-05T12:00:00Z" if kind in {"message.edited", "message.deleted", "message.read"} else WRITTEN


class BackOfficeCase(AdapterContract):
    """What both standards have in common."""

    success_has_body: ClassVar[bool] = False

    def answer(self, kind: str) -> StepResult:
        statuses = {"accepted": 204, "permanent": 410, "transient": 503}
        return HttpAnswer(status=statuses[kind])

    def echo(self, step: WireStep) -> RawRequest:
        assert isinstance(step, HttpStep)
        understood = json.loads(step.body)["data"]
        data = {"message": "out-1", "key": understood["key"], "text": understood["text"], "from": understood["to"]}
        return self.request([("e-20", "message.sent", data)])

    def written(self, text: str) -> RawRequest:
        return self.request([("e-21", "message.received", {"message": "in-21", "text": text, "from": ANN})])

    def sample(self, kind: str) -> RawRequest:
        source = "https://other.example/orders" if kind == "other_account" else SOURCE
        return self.request(samples(kind), kind, source)

    @abstractmethod
    def request(self, events: Events, kind: str = "", source: str = SOURCE) -> RawRequest:
        """The unsigned request by which events come; of a sample of that kind, from that source."""


SENDING = {
    33: "a back office has no window",
    39: "a status of success is a yes, whatever the body",
    40: "who has a message already says yes again",
}


class TestStandardWebhooks(BackOfficeCase):
    not_applicable: ClassVar[Mapping[int, str]] = {
        9: "there are no signatures that leave the body out",
        12: "no address is tried",
        16: "the standard has one event in a request",
        **SENDING,
    }
    signing = Signing(
        secret="signing",
        headers=("webhook-id", "webhook-timestamp", "webhook-signature"),
        timestamp="webhook-timestamp",
    )
    names_account = False

    def adapter(self) -> ChannelAdapter:
        return StandardWebhooksAdapter()

    def account(self) -> Account:
        config = {"url": "https://erp.example/orchestra"}
        secrets = {"signing": (whsec(101), whsec(102))}
        return Account(route_key="r-7d10", channel="standard_webhooks", id="erp", config=config, secrets=secrets)

    def secret(self, number: int) -> str:
        return whsec(number)

    def sign(self, request: RawRequest, secret: str) -> RawRequest:
        return self.sign_at(request, secret, str(int(self.now.timestamp())))

    def sign_at(self, request: RawRequest, secret: str, timestamp: str) -> RawRequest:
        name = dict(request.headers).get("x-sample-id", "e-0")
        rest = tuple(field for field in request.headers if field[0] != "x-sample-id")
        key = base64.b64decode(secret.removeprefix("whsec_"))
        proof = (("webhook-id", name), ("webhook-timestamp", timestamp))
        signature = ("webhook-signature", signature_of(key, name, timestamp, request.body))
        return attrs.evolve(request, headers=(*rest, *proof, signature))

    def vectors(self) -> Sequence[Vector]:
        """The example of the tests of the standard's own libraries."""
        now = datetime.fromtimestamp(1614265330, UTC)
        headers = (
            ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
            ("webhook-timestamp", "1614265330"),
            ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
        )
        body = b'{"test": 2432232314}'
        request = RawRequest(method="POST", url=URL, headers=headers, body=body, received_at=now)
        account = attrs.evolve(self.account(), secrets={"signing": ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",)})
        return (Vector(request=request, account=account, now=now),)

    def request(self, events: Events, kind: str = "", source: str = SOURCE) -> RawRequest:
        ((name, type_, data),) = events
        body = json.dumps({"type": type_, "timestamp": told_at(type_), "data": data}).encode()
        headers = (("Content-Type", "application/json"), ("x-sample-id", name))
        return RawRequest(method="POST", url=URL, headers=headers, body=body, received_at=self.now)


class TestCloudEvents(BackOfficeCase):
    not_applicable: ClassVar[Mapping[int, str]] = {
        5: "nothing says when a request was sent",
        9: "nothing is signed: the token comes with every request",
        **SENDING,
    }
    signing = Signing(secret="token", headers=("Authorization",), covers_body=False)
    content_type = "application/cloudevents+json"

    def adapter(self) -> ChannelAdapter:
        return CloudEventsAdapter()

    def account(self) -> Account:
        config = {"url": "https://erp.example/orchestra", "origins": "erp.example"}
        secrets = {"token": ("new-token", "old-token")}
        account_id = "https://erp.example"
        return Account(route_key="r-7d10", channel="cloudevents", id=account_id, config=config, secrets=secrets)

    def sign(self, request: RawRequest, secret: str) -> RawRequest:
        return attrs.evolve(request, headers=(*request.headers, ("Authorization", f"Bearer {secret}")))

    def handshake(self, kind: str) -> RawRequest:
        names = {"genuine": "erp.example", "wrong_token": "evil.example", "markup": "<script>alert(1)</script>"}
        asked = (("WebHook-Request-Origin", names[kind]),)
        return RawRequest(method="OPTIONS", url=URL, headers=asked, received_at=self.now)

    def event(self, source: str, name: str, kind: str, data: dict[str, Any]) -> dict[str, Any]:
        event = {"specversion": "1.0", "id": name, "source": source, "type": kind, "time": told_at(kind)}
        return {**event, "data": data}

    def request(self, events: Events, kind: str = "", source: str = SOURCE) -> RawRequest:
        listed = [self.event(source, *event) for event in events]
        is_batch = kind in {"batch", "bad_among_good", "empty_batch"}
        body = json.dumps(listed if is_batch else listed[0]).encode()
        content = "application/cloudevents-batch+json" if is_batch else "application/cloudevents+json"
        headers = (("Content-Type", content),)
        return RawRequest(method="POST", url=URL, headers=headers, body=body, received_at=self.now)


class TestCloudEventsInBinaryMode(TestCloudEvents):
    not_applicable: ClassVar[Mapping[int, str]] = {
        **TestCloudEvents.not_applicable,
        15: "without the content type of JSON a body is not read as such",
        16: "binary mode has one event in a request",
    }
    content_type = "application/json"

    def request(self, events: Events, kind: str = "", source: str = SOURCE) -> RawRequest:
        ((name, type_, data),) = events
        attributes = self.event(source, name, type_, data)
        body = json.dumps(attributes.pop("data")).encode()
        headers = (("Content-Type", "application/json"), *((f"ce-{name}", value) for name, value in attributes.items()))
        return RawRequest(method="POST", url=URL, headers=headers, body=body, received_at=self.now)
