"""What is sent to Twilio, compared with what its SDK sends for the same, and what comes back."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import attrs
import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.rest import Client

from orchestra.channels import outbound
from orchestra.channels.account import Account, Conversation
from orchestra.channels.parts import Identity, MediaKind, MediaRef, TextFormat
from orchestra.channels.sending import Failed, Refused, Retry, SendPlan, Sent, Unknown
from orchestra.channels.twilio.adapter import TwilioSmsAdapter, TwilioWhatsAppAdapter
from orchestra.channels.wire import HttpAnswer, HttpStep, NoAnswer, NoAnswerReason

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
SID = "AC" + "0" * 31 + "1"
CONTENT = "HX" + "0" * 32
ACCOUNT = Account(
    route_key="r-1",
    channel="twilio_sms",
    id=SID,
    config={"sender": "+4930000000"},
    secrets={"signing": ("s",), "password": ("p",)},
)
ANN = Conversation(recipient=Identity("phone", "+4930123456"))
SMS, WHATSAPP = TwilioSmsAdapter(), TwilioWhatsAppAdapter()


class Recorder(HttpClient):
    """A wire for the SDK that answers what it is told, and keeps what was sent."""

    def __init__(self, status: int = 201, answer: Any = None) -> None:
        super().__init__(None, False, None)
        self.status, self.answer = status, answer or {"sid": "SM5"}
        self.sent: list[dict[str, Any]] = []

    def request(self, method: str, url: str, **more: Any) -> Response:
        self.sent.append({"method": method, "url": url, **more})
        return Response(self.status, json.dumps(self.answer))


def theirs(send: Callable[[Client], Any], wire: Recorder | None = None) -> dict[str, Any]:
    recorder = wire or Recorder()
    send(Client(SID, "p", http_client=recorder))
    (sent,) = recorder.sent
    return sent


def only(adapter: Any, message: outbound.Outbound, account: Account = ACCOUNT, to: Conversation = ANN) -> HttpStep:
    plan = adapter.encode(message, account, to, NOW)
    assert isinstance(plan, SendPlan), plan
    (step,) = plan.steps
    assert isinstance(step, HttpStep)
    return step


def fields(step: HttpStep) -> dict[str, str]:
    return dict(parse_qsl(step.body.decode(), strict_parsing=True))


def refused(adapter: Any, message: outbound.Outbound, account: Account = ACCOUNT, to: Conversation = ANN) -> str:
    plan = adapter.encode(message, account, to, NOW)
    assert isinstance(plan, Refused), plan
    return plan.code


def picture(**more: Any) -> outbound.Media:
    return outbound.Media(
        **{"key": "k", "kind": MediaKind.IMAGE, "content_type": "image/png", "url": "https://a.example/x.png", **more}
    )


CALLS: list[tuple[Any, outbound.Outbound, Callable[[Client], Any]]] = [
    (
        SMS,
        outbound.Message(key="k", text="Grüße & + 👋"),
        lambda client: client.messages.create("+4930123456", from_="+4930000000", body="Grüße & + 👋"),
    ),
    (
        WHATSAPP,
        outbound.Message(key="k", text="Hi"),
        lambda client: client.messages.create("whatsapp:+4930123456", from_="whatsapp:+4930000000", body="Hi"),
    ),
    (
        WHATSAPP,
        picture(caption="Yours"),
        lambda client: client.messages.create(
            "whatsapp:+4930123456",
            from_="whatsapp:+4930000000",
            body="Yours",
            media_url=["https://a.example/x.png"],
        ),
    ),
    (
        WHATSAPP,
        outbound.Template(key="k", name=CONTENT, language="en", parameters=("81", "Ann")),
        lambda client: client.messages.create(
            "whatsapp:+4930123456",
            from_="whatsapp:+4930000000",
            content_sid=CONTENT,
            content_variables='{"1":"81","2":"Ann"}',
        ),
    ),
]


@pytest.mark.parametrize(("adapter", "message", "send"), CALLS)
def test_our_requests_are_theirs(adapter: Any, message: outbound.Outbound, send: Callable[[Client], Any]) -> None:
    sent, step = theirs(send), only(adapter, message)
    assert (step.method, step.url) == (sent["method"], sent["url"])
    expected = {name: value[0] if isinstance(value, list) else value for name, value in sent["data"].items()}
    assert fields(step) == expected
    assert sent["auth"] == (SID, "p")
    assert dict(step.headers)["Authorization"] == "Basic QUMwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMTpw"


def test_a_service_sends_and_statuses_come_back() -> None:
    config = {"sender": "MG" + "0" * 32, "callback_url": "https://acme.example/r-1", "user": "SK1"}
    account = attrs.evolve(ACCOUNT, config=config)
    step = only(SMS, outbound.Message(key="k", text="Hi"), account)
    sent = theirs(
        lambda client: client.messages.create(
            "+4930123456",
            messaging_service_sid="MG" + "0" * 32,
            status_callback="https://acme.example/r-1",
            body="Hi",
        )
    )
    assert fields(step) == sent["data"]
    assert dict(step.headers)["Authorization"] == "Basic U0sxOnA="
    assert step.rate_keys == (f"account:{SID}",)
    assert not step.safe_to_repeat


def test_what_a_medium_cannot_carry_is_words() -> None:
    choices = outbound.Choices(key="k", text="Day?", choices=(outbound.Choice("a", "Mon"), outbound.Choice("b", "Fri")))
    step = only(WHATSAPP, choices)
    assert (fields(step)["Body"], step.degradations) == ("Day?\n1. Mon\n2. Fri", ("choices_as_text",))
    step = only(SMS, picture(caption="Yours"))
    assert (fields(step)["Body"], step.degradations) == ("Yours\nhttps://a.example/x.png", ("media_as_link",))
    step = only(WHATSAPP, picture(content_type="image/tiff"))
    assert step.degradations == ("media_as_link",)
    step = only(SMS, outbound.Message(key="k", text="Hi", format=TextFormat.HTML, subject="Order", reply_to="SM1"))
    assert step.degradations == ("format", "subject", "reply_to")
    assert only(SMS, outbound.Progress(key="k", text="Packed.", stage="packed")).degradations == ("progress_as_text",)


def test_pictures_in_text_messages_where_the_number_has_them() -> None:
    account = attrs.evolve(ACCOUNT, config={**ACCOUNT.config, "mms": True})
    step = only(SMS, picture(), account)
    assert fields(step)["MediaUrl"] == "https://a.example/x.png"
    assert "Body" not in fields(step)
    assert SMS.capabilities(account, ANN).media
    assert not SMS.capabilities(ACCOUNT, ANN).media


@pytest.mark.parametrize(
    ("to", "is_shut"),
    [
        (ANN, False),
        (attrs.evolve(ANN, last_inbound_at=NOW - timedelta(hours=24)), True),
        (attrs.evolve(ANN, last_inbound_at=NOW - timedelta(hours=23)), False),
        (attrs.evolve(ANN, last_inbound_at=NOW, window_closes_at=NOW), True),
        (attrs.evolve(ANN, window_closes_at=NOW + timedelta(seconds=1)), False),
    ],
)
def test_outside_the_window_only_templates_pass_on_whatsapp(to: Conversation, is_shut: bool) -> None:
    message = outbound.Message(key="k", text="Hi")
    if is_shut:
        assert refused(WHATSAPP, message, to=to) == "window"
    else:
        assert only(WHATSAPP, message, to=to)
    assert only(SMS, message, to=to)
    assert only(WHATSAPP, outbound.Template(key="k", name=CONTENT, language="en"), to=to)


def test_what_cannot_be_carried_is_refused() -> None:
    assert refused(SMS, outbound.Template(key="k", name=CONTENT, language="en")) == "template"
    assert refused(WHATSAPP, outbound.Template(key="k", name="welcome", language="en")) == "template_name"
    bad = outbound.Template(key="k", name=CONTENT, language="en", parameters=("\ud800",))
    assert refused(WHATSAPP, bad) == "unencodable_text"
    assert refused(WHATSAPP, picture(url=None, data=b"x")) == "media_bytes"
    assert refused(WHATSAPP, picture(caption="x" * 12_801)) == "text_too_long"
    assert refused(SMS, outbound.Message(key="k", text="")) == "empty_text"
    for message in (
        outbound.Edit(key="k", message_id="SM5", text="x"),
        outbound.Delete(key="k", message_id="SM5"),
        outbound.React(key="k", message_id="SM5", reaction="+1"),
        outbound.Typing(key="k"),
        outbound.MarkRead(key="k", message_id="SM5"),
        outbound.CallAction(key="k", call_id="c", verb=outbound.CallVerb.HOLD),
    ):
        assert refused(SMS, message)
    for text in ("\ud800", "\x00"):
        assert refused(SMS, outbound.Message(key="k", text=text)) == "unencodable_text"


def test_a_text_of_1600_characters_is_one_message_and_a_longer_one_several() -> None:
    assert only(SMS, outbound.Message(key="k", text="👋" * 1_600)).degradations == ()
    plan = SMS.encode(outbound.Message(key="k", text="x" * 1_601), ACCOUNT, ANN, NOW)
    assert isinstance(plan, SendPlan)
    assert [fields(step)["Body"] for step in plan.steps if isinstance(step, HttpStep)] == ["x" * 1_600, "x"]
    assert [step.idempotency_key for step in plan.steps] == ["k", "k:1"]
    assert plan.degradations == ("split",)
    assert refused(SMS, outbound.Message(key="k", text="x" * 12_801)) == "text_too_long"


def test_a_long_caption_follows_its_picture() -> None:
    plan = WHATSAPP.encode(picture(caption="x" * 1_601), ACCOUNT, ANN, NOW)
    assert isinstance(plan, SendPlan)
    first, second = (fields(step) for step in plan.steps if isinstance(step, HttpStep))
    assert (first["MediaUrl"], first["Body"]) == ("https://a.example/x.png", "x" * 1_600)
    assert "MediaUrl" not in second


def test_nothing_leads_to_another_address() -> None:
    message = outbound.Message(key="k", text="Hi")
    assert refused(SMS, message, attrs.evolve(ACCOUNT, id="AC1/../../x")) == "no_credentials"
    assert refused(SMS, message, attrs.evolve(ACCOUNT, secrets={"password": ("",)})) == "no_credentials"
    for value in ("", "+49 30", "+49\r\n", "a" * 65, "messenger:1"):
        assert refused(SMS, message, to=Conversation(recipient=Identity("phone", value))) == "no_recipient"


def test_secrets_are_shown_nowhere() -> None:
    step = only(SMS, outbound.Message(key="k", text="Where is it"))
    assert "Basic" not in repr(step)
    assert "Where" not in repr(step)


def interpret(status: int, body: Any, headers: Any = ()) -> Any:
    step = only(SMS, outbound.Message(key="k", text="Hi"))
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return SMS.interpret(step, HttpAnswer(status=status, body=data, headers=headers), NOW)


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, 21211, Failed("twilio_21211", is_undeliverable=True)),
        (400, 21610, Failed("twilio_21610", is_undeliverable=True)),
        (400, 63016, Failed("window")),
        (429, 20429, Retry("twilio_20429", timedelta(seconds=7))),
        (400, 21611, Retry("twilio_21611", timedelta(seconds=7))),
        (401, 20003, Retry("twilio_20003")),
        (404, 20404, Retry("twilio_20404")),
        (500, 20500, Unknown("twilio_20500")),
        (302, 20500, Unknown("twilio_20500")),
    ],
)
def test_errors_are_read_by_their_code(status: int, code: int, expected: Any) -> None:
    body = {"code": code, "message": "m", "status": status}
    assert interpret(status, body, (("Retry-After", "7"),)) == expected
    with pytest.raises(TwilioRestException) as caught:
        theirs(lambda client: client.messages.create("+4930123456", from_="+1", body="x"), Recorder(status, body))
    assert caught.value.code == code


def test_a_message_is_sent_unless_it_was_born_dead() -> None:
    assert interpret(201, {"sid": "SM5", "status": "queued"}) == Sent(("SM5",))
    assert interpret(201, {"sid": "SM5", "status": "something new"}) == Sent(("SM5",))
    unknown = {"sid": "SM5", "status": "failed", "error_code": 30005}
    assert interpret(201, unknown) == Failed("twilio_30005", is_undeliverable=True)
    assert interpret(201, unknown | {"error_code": 30003}) == Failed("twilio_30003")
    assert interpret(201, {"sid": "SM5", "status": "canceled", "error_code": None}) == Failed("twilio_canceled")


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}"])
def test_pages_of_somebody_else(body: bytes) -> None:
    assert interpret(201, body) == Unknown("unreadable_answer")
    assert interpret(502, body) == Unknown("http_502")
    assert interpret(404, body) == Failed("http_404")
    assert interpret(429, body) == Retry("http_429")


def test_no_answer() -> None:
    step = only(SMS, outbound.Message(key="k", text="Hi"))
    assert SMS.interpret(step, NoAnswer(NoAnswerReason.TIMED_OUT, may_have_arrived=True), NOW) == Unknown("timed_out")


@pytest.mark.parametrize(
    ("ref", "is_theirs"),
    [
        ("https://api.twilio.com/2010-04-01/Accounts/AC1/Media/ME1", True),
        ("https://twilio.com/x", True),
        ("http://api.twilio.com/x", False),
        ("https://api.twilio.com.evil.example/x", False),
        ("https://eviltwilio.com/x", False),
        ("http://169.254.169.254/latest", False),
        ("https://[x/", False),
    ],
)
def test_only_twilio_itself_is_told_who_we_are(ref: str, is_theirs: bool) -> None:
    step = SMS.fetch(MediaRef(ref=ref, kind=MediaKind.IMAGE), ACCOUNT)
    assert (step.method, step.url) == ("GET", ref)
    assert bool(step.headers) is is_theirs
