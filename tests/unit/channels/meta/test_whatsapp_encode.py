"""What is sent to the WhatsApp Cloud API, compared with what pywa sends for the same, and what comes back."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import httpx
import pytest
from pywa import WhatsApp
from pywa.errors import WhatsAppError
from pywa.types import Button, SectionList, SectionRow
from pywa.types.callback import Section

from orchestra.channels import outbound
from orchestra.channels.account import Account, Conversation
from orchestra.channels.meta import graph
from orchestra.channels.meta.graph import DEFAULT_URL
from orchestra.channels.meta.whatsapp import WhatsAppAdapter
from orchestra.channels.parts import Identity, MediaKind, MediaRef, TextFormat
from orchestra.channels.sending import Failed, Next, Refused, Retry, SendPlan, Sent, Unknown
from orchestra.channels.wire import HttpAnswer, HttpStep

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
ACCOUNT = Account(
    route_key="r-1",
    channel="whatsapp",
    id="77",
    config={"list_button": "Choose"},
    secrets={"app_secret": ("s",), "verify_token": ("v",), "token": ("EAA-t",)},
)
ANN = Conversation(recipient=Identity("phone", "+4930123456"))
ADAPTER = WhatsAppAdapter()


def theirs(call: Callable[[WhatsApp], Any], status: int = 200, answer: Any = None) -> httpx.Request:
    sent: list[httpx.Request] = []

    def reply(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        made = {"messages": [{"id": "wamid.out"}], "contacts": [{"wa_id": "4930123456", "input": "x"}], "success": True}
        return httpx.Response(status, json=answer or made)

    session = httpx.Client(transport=httpx.MockTransport(reply), base_url="https://graph.facebook.com")
    call(WhatsApp(phone_id="77", token="EAA-t", session=session))
    (request,) = sent
    return request


def plan(message: outbound.Outbound, account: Account = ACCOUNT, to: Conversation = ANN) -> SendPlan:
    found = ADAPTER.encode(message, account, to, NOW)
    assert isinstance(found, SendPlan), found
    return found


def only(message: outbound.Outbound, account: Account = ACCOUNT, to: Conversation = ANN) -> HttpStep:
    (step,) = plan(message, account, to).steps
    assert isinstance(step, HttpStep)
    return step


def said(step: object) -> dict[str, Any]:
    assert isinstance(step, HttpStep)
    found = json.loads(step.body)
    assert isinstance(found, dict)
    return found


def refused(message: outbound.Outbound, account: Account = ACCOUNT, to: Conversation = ANN) -> str:
    found = ADAPTER.encode(message, account, to, NOW)
    assert isinstance(found, Refused), found
    return found.code


def choices(count: int, label: str = "Day") -> outbound.Choices:
    found = tuple(outbound.Choice(f"c{n}", f"{label} {n}") for n in range(count))
    return outbound.Choices(key="k", text="Which?", choices=found)


def file(kind: MediaKind, content_type: str, **more: Any) -> outbound.Media:
    fields = {"url": "https://a.example/x", **more}
    return outbound.Media(key="k", kind=kind, content_type=content_type, **fields)


CALLS: list[tuple[outbound.Outbound, Callable[[WhatsApp], Any]]] = [
    (outbound.Message(key="k", text="Grüße 👋"), lambda wa: wa.send_message("4930123456", "Grüße 👋")),
    (
        outbound.Message(key="k", text="That one.", reply_to="wamid.1"),
        lambda wa: wa.send_message("4930123456", "That one.", reply_to_message_id="wamid.1"),
    ),
    (
        choices(2),
        lambda wa: wa.send_message(
            "4930123456", "Which?", buttons=[Button("Day 0", callback_data="c0"), Button("Day 1", callback_data="c1")]
        ),
    ),
    (
        choices(4),
        lambda wa: wa.send_message(
            "4930123456",
            "Which?",
            buttons=SectionList(
                "Choose", [Section("", [SectionRow(f"Day {n}", callback_data=f"c{n}") for n in range(4)])]
            ),
        ),
    ),
    (
        file(MediaKind.IMAGE, "image/png", caption="Yours"),
        lambda wa: wa.send_image("4930123456", "https://a.example/x", caption="Yours"),
    ),
    (
        file(MediaKind.DOCUMENT, "application/pdf", name="bill.pdf"),
        lambda wa: wa.send_document("4930123456", "https://a.example/x", filename="bill.pdf"),
    ),
    (
        outbound.React(key="k", message_id="wamid.1", reaction="👍"),
        lambda wa: wa.send_reaction("4930123456", "👍", "wamid.1"),
    ),
    (
        outbound.React(key="k", message_id="wamid.1", reaction=None),
        lambda wa: wa.remove_reaction("4930123456", "wamid.1"),
    ),
    (outbound.MarkRead(key="k", message_id="wamid.1"), lambda wa: wa.mark_message_as_read("wamid.1")),
]


@pytest.mark.parametrize(("message", "call"), CALLS, ids=lambda value: type(value).__name__)
def test_our_calls_are_theirs(message: outbound.Outbound, call: Callable[[WhatsApp], Any]) -> None:
    request, step = theirs(call), only(message)
    assert step.method == request.method
    assert step.url.removeprefix(DEFAULT_URL) == "/" + str(request.url).split("/", 4)[4]
    ours, expected = said(step), json.loads(request.content)
    for section in expected.get("interactive", {}).get("action", {}).get("sections", []):
        section.pop("title", None)  # needed only where there are several
    if "text" in expected:
        expected["text"].pop("preview_url", None)
    assert ours == expected
    assert dict(step.headers)["Authorization"] == "Bearer EAA-t"


def test_a_template_has_its_parameters_in_order() -> None:
    template = said(only(outbound.Template(key="k", name="shipped", language="en", parameters=("81", "Ann"))))[
        "template"
    ]
    assert template == {
        "name": "shipped",
        "language": {"code": "en"},
        "components": [
            {"type": "body", "parameters": [{"type": "text", "text": "81"}, {"type": "text", "text": "Ann"}]}
        ],
    }
    assert "components" not in said(only(outbound.Template(key="k", name="hello", language="de")))["template"]


def test_a_business_scoped_id_has_a_parameter_of_its_own() -> None:
    for value in ("DE.13491208655302741918", "US.ENT.11815799212886844830"):
        body = said(only(outbound.Message(key="k", text="Hi"), to=Conversation(recipient=Identity("whatsapp", value))))
        assert body["recipient"] == value
        assert "to" not in body
    for value in ("", "Ann", "+49 30", "de.1", "DE.", "DE.1/../x", "+4930123456\n"):
        to = Conversation(recipient=Identity("phone", value))
        assert refused(outbound.Message(key="k", text="Hi"), to=to) == "no_recipient"


def test_a_file_is_uploaded_and_then_sent() -> None:
    message = file(MediaKind.DOCUMENT, "application/pdf", url=None, data=b"%PDF", name="bill.pdf", caption="Yours")
    step = only(message)
    assert step.url == f"{DEFAULT_URL}/77/media"
    assert b"%PDF" in step.body
    assert b'filename="bill.pdf"' in step.body
    outcome = ADAPTER.interpret(step, HttpAnswer(status=200, body=b'{"id": "905"}'), NOW)
    assert isinstance(outcome, Next)
    assert isinstance(outcome.step, HttpStep)
    assert outcome.step.url == f"{DEFAULT_URL}/77/messages"
    assert said(outcome.step)["document"] == {"id": "905", "caption": "Yours", "filename": "bill.pdf"}
    assert said(outcome.step)["to"] == "4930123456"
    assert dict(outcome.step.headers) == {"Content-Type": "application/json", "Authorization": "Bearer EAA-t"}
    assert (step.safe_to_repeat, outcome.step.safe_to_repeat) == (True, False)
    assert outcome.step.idempotency_key != step.idempotency_key
    done = ADAPTER.interpret(outcome.step, HttpAnswer(status=200, body=b'{"messages": [{"id": "wamid.2"}]}'), NOW)
    assert done == Sent(("wamid.2",))


def test_choices_that_do_not_fit_are_listed() -> None:
    without = attrs.evolve(ACCOUNT, config={})
    for message, account in (
        (choices(11), ACCOUNT),
        (choices(4), without),
        (choices(2, "A label of too many letters"), ACCOUNT),
        (attrs.evolve(choices(2), text="x" * 1_025), ACCOUNT),
        (outbound.Choices(key="k", text="?", choices=(outbound.Choice("a", "A"), outbound.Choice("a", "B"))), ACCOUNT),
        (outbound.Choices(key="k", text="?", choices=(outbound.Choice("a", "A"), outbound.Choice("b", "A"))), ACCOUNT),
    ):
        step = only(message, account)
        assert step.degradations == ("choices_as_text",)
        assert said(step)["text"]["body"].startswith(f"{message.text}\n1. ")


def test_what_is_lost_is_told() -> None:
    assert plan(outbound.Message(key="k", text="*Hi*", format=TextFormat.HTML, subject="x")).degradations == (
        "format",
        "subject",
    )
    assert only(file(MediaKind.IMAGE, "image/tiff", caption="It")).degradations == ("media_as_link",)
    assert only(outbound.Progress(key="k", text="Packed.", stage="x")).degradations == ("progress_as_text",)
    long = plan(file(MediaKind.IMAGE, "image/png", caption="x" * 1_025))
    assert (len(long.steps), long.degradations) == (2, ("caption_apart",))
    sound = plan(file(MediaKind.AUDIO, "audio/ogg", caption="Listen"))
    assert [said(step)["type"] for step in sound.steps] == ["audio", "text"]
    split = plan(outbound.Message(key="k", text="x" * 4_097, reply_to="wamid.1"))
    assert [("context" in said(step)) for step in split.steps] == [True, False]
    assert split.degradations == ("split",)


def test_what_cannot_be_carried_is_refused() -> None:
    assert refused(file(MediaKind.IMAGE, "image/tiff", url=None)) == "media_type"
    assert refused(file(MediaKind.IMAGE, "image/png", url=None)) == "no_media"
    assert refused(file(MediaKind.IMAGE, "image/png", url=None, data=b"x" * 5_000_001)) == "media_too_large"
    assert refused(file(MediaKind.IMAGE, "image/png", url=None, data=b"x", name="a\nb")) == "file_name"
    assert refused(file(MediaKind.IMAGE, "image/png", url=None, data=b"x", name="\ud800")) == "unencodable_text"
    assert refused(file(MediaKind.AUDIO, "audio/ogg", caption="x" * 40_000)) == "text_too_long"
    assert refused(outbound.Message(key="k", text="")) == "empty_text"
    assert refused(outbound.Message(key="k", text="\x00")) == "unencodable_text"
    assert refused(outbound.Edit(key="k", message_id="w", text="x")) == "edit"
    assert refused(outbound.Delete(key="k", message_id="w")) == "delete"
    assert refused(outbound.Typing(key="k")) == "typing"
    assert refused(outbound.CallAction(key="k", call_id="c", verb=outbound.CallVerb.HOLD)) == "call"


@pytest.mark.parametrize("token", ["", "a\r\nX: y", "a b", "ä"])
def test_credentials_that_would_forge_a_request_are_refused(token: str) -> None:
    message = outbound.Message(key="k", text="Hi")
    assert refused(message, attrs.evolve(ACCOUNT, secrets={"token": (token,)})) == "no_credentials"
    assert refused(message, attrs.evolve(ACCOUNT, id="77/../x")) == "no_credentials"


def test_outside_the_window_only_templates_and_readings_pass() -> None:
    shut = attrs.evolve(ANN, last_inbound_at=NOW - timedelta(hours=25))
    assert refused(outbound.Message(key="k", text="Hi"), to=shut) == "window"
    assert refused(outbound.React(key="k", message_id="w", reaction="x"), to=shut) == "window"
    assert only(outbound.Template(key="k", name="hello", language="en"), to=shut)
    assert only(outbound.MarkRead(key="k", message_id="w"), to=shut)


def test_each_pair_has_its_own_pace() -> None:
    assert only(outbound.Message(key="k", text="Hi")).rate_keys == ("account:77", "pair:+4930123456")


def interpret(status: int, body: Any, message: outbound.Outbound | None = None) -> Any:
    step = only(message or outbound.Message(key="k", text="Hi"))
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return ADAPTER.interpret(step, HttpAnswer(status=status, body=data, headers=(("Retry-After", "7"),)), NOW)


def codes_of(name: str) -> set[int]:
    """Every code of a family of pywa's errors."""
    family = next(found for found in WhatsAppError.__subclasses__() if found.__name__ == name)
    return {code for found in family.__subclasses__() for code in found.__error_codes__ or ()}


def test_codes_are_sorted_as_pywa_sorts_them() -> None:
    assert codes_of("ThrottlingError") - {131064} <= graph._PASSING
    assert codes_of("AuthorizationError") <= graph._ACCOUNT
    assert codes_of("IntegrityError") - {130497} <= graph._ACCOUNT


@pytest.mark.parametrize(
    ("status", "error", "expected"),
    [
        (400, {"code": 131026}, Failed("graph_131026")),
        (400, {"code": 131047}, Failed("window")),
        (400, {"code": 100, "error_subcode": 33}, Failed("graph_100_33")),
        (429, {"code": 130429}, Retry("graph_130429", timedelta(seconds=7))),
        (400, {"code": 131056}, Retry("graph_131056", timedelta(seconds=7))),
        (401, {"code": 190, "error_subcode": 463}, Retry("graph_190_463", timedelta(seconds=7))),
        (400, {"code": 9, "is_transient": True}, Retry("graph_9", timedelta(seconds=7))),
        (403, {"code": 10}, Retry("graph_10", timedelta(seconds=7))),
        (403, {"code": 10, "error_subcode": 2018278}, Failed("graph_10_2018278")),
        (500, {"code": 131000}, Unknown("graph_131000")),
        (500, {"code": 9}, Unknown("graph_9")),
        (200, {"code": 131026}, Failed("graph_131026")),
    ],
)
def test_errors_are_read_by_their_code(status: int, error: dict[str, Any], expected: Any) -> None:
    assert interpret(status, {"error": {"message": "m", "type": "OAuthException", **error}}) == expected


def test_a_servers_fault_is_tried_again_only_where_that_is_safe() -> None:
    read = outbound.MarkRead(key="k", message_id="w")
    assert interpret(500, {"error": {"code": 1}}, read) == Retry("graph_1")
    assert interpret(500, {"error": {"code": 1}}) == Unknown("graph_1")


def test_successes() -> None:
    assert interpret(200, {"messages": [{"id": "wamid.out"}]}) == Sent(("wamid.out",))
    assert interpret(200, {"success": True}, outbound.MarkRead(key="k", message_id="w")) == Sent()


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"{}", {"success": False}, {"messages": []}, {"messages": [{}]}]
)
def test_pages_of_somebody_else(body: Any) -> None:
    assert interpret(200, body) == Unknown("unreadable_answer")
    assert interpret(404, b"<html>") == Failed("http_404")
    assert interpret(400, {"error": "x"}) == Failed("http_400")


def test_a_file_is_asked_for_and_then_fetched_from_metas_hosts_with_the_token() -> None:
    step = ADAPTER.fetch(MediaRef(ref="905", kind=MediaKind.IMAGE), ACCOUNT)
    assert isinstance(step, HttpStep)
    assert (step.method, step.url) == ("GET", f"{DEFAULT_URL}/905")
    for url, is_theirs in (
        ("https://lookaside.fbsbx.com/whatsapp_business/x", True),
        ("http://lookaside.fbsbx.com/x", False),
        ("https://fbsbx.com.evil.example/x", False),
        ("https://evilfbsbx.com/x", False),
        ("http://169.254.169.254/latest", False),
        ("https://[x/", False),
    ):
        outcome = ADAPTER.interpret(step, HttpAnswer(status=200, body=json.dumps({"url": url}).encode()), NOW)
        assert isinstance(outcome, Next)
        assert isinstance(outcome.step, HttpStep)
        assert (outcome.step.method, outcome.step.url) == ("GET", url)
        assert bool(outcome.step.headers) is is_theirs


@pytest.mark.parametrize("ref", ["", "905/../1", "905?x=1", "http://evil.example"])
def test_what_is_no_id_of_a_file_is_asked_for_nowhere(ref: str) -> None:
    media = MediaRef(ref=ref, kind=MediaKind.IMAGE)
    refusal = ADAPTER.fetch(media, ACCOUNT)
    assert isinstance(refusal, Refused)
    assert refusal.code == "media_id"
    assert isinstance(
        ADAPTER.fetch(MediaRef(ref="905", kind=MediaKind.IMAGE), attrs.evolve(ACCOUNT, secrets={})), Refused
    )
