from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest
from hypothesis import given, strategies as st

from orchestra.channels import inbound, outbound
from orchestra.channels.account import Account, Conversation
from orchestra.channels.inbound import DeliveryState
from orchestra.channels.loopback import REPLAY_WINDOW, LoopbackAdapter
from orchestra.channels.loopback.encode import DEFAULT_URL, TEXT_LIMIT
from orchestra.channels.loopback.wire import SIGNATURE_HEADER, TIMESTAMP_HEADER, signature_headers, signature_of
from orchestra.channels.parts import Identity, MediaKind, MediaPart, TextFormat, TextPart
from orchestra.channels.port import Decoded
from orchestra.channels.sending import Failed, Interpreted, Refused, Retry, SendPlan, Sent, Unknown
from orchestra.channels.wire import (
    FrameAnswer,
    Headers,
    HttpAnswer,
    HttpStep,
    NoAnswer,
    NoAnswerReason,
    RawRequest,
    Rejected,
    StepResult,
    Verified,
    header_values,
)

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
MS = 1_767_614_400_000
SECONDS = str(MS // 1_000)
ACCOUNT = Account(route_key="r-1", channel="loopback", id="acme", secrets={"signing": ("new", "old")})
CONVERSATION = Conversation(id="c-1", recipient=Identity("loopback", "ann"))
ADAPTER = LoopbackAdapter()


def request(body: bytes, headers: Headers | None = None, method: str = "POST") -> RawRequest:
    signed = signature_headers("new", NOW, body) if headers is None else headers
    return RawRequest(method=method, url="https://acme.example/r-1", headers=signed, body=body, received_at=NOW)


def decode(*events: Any, **envelope: Any) -> Decoded:
    return decode_bytes(json.dumps({"account": "acme", "attempt": 1, "events": list(events), **envelope}).encode())


def decode_bytes(body: bytes) -> Decoded:
    return ADAPTER.decode(Verified(request(body)), ACCOUNT)


def event(kind: str, **fields: Any) -> dict[str, Any]:
    return {"id": "e-1", "type": kind, "at": MS, "conversation": "c-1", "from": {"id": "ann", "name": "Ann"}, **fields}


def one(kind: str, **fields: Any) -> inbound.Inbound:
    decoded = decode(event(kind, **fields))
    assert decoded.issues == ()
    (found,) = decoded.events
    return found


# Verifying


def test_every_accepted_secret_verifies() -> None:
    for secret in ("new", "old"):
        genuine = request(b"{}", signature_headers(secret, NOW, b"{}"))
        assert ADAPTER.verify(genuine, ACCOUNT, NOW) == Verified(genuine)


def test_a_stranger_does_not() -> None:
    foreign = request(b"{}", signature_headers("stranger", NOW, b"{}"))
    assert ADAPTER.verify(foreign, ACCOUNT, NOW) == Rejected("signature")


def test_a_changed_body_does_not() -> None:
    changed = attrs.evolve(request(b"{}"), body=b"{ }")
    assert ADAPTER.verify(changed, ACCOUNT, NOW) == Rejected("signature")


def test_an_empty_secret_refuses_everybody() -> None:
    for secrets in ({}, {"signing": ()}, {"signing": ("",)}):
        account = attrs.evolve(ACCOUNT, secrets=secrets)
        assert ADAPTER.verify(request(b"{}", signature_headers("", NOW, b"{}")), account, NOW) == Rejected("signature")


@pytest.mark.parametrize("off", [REPLAY_WINDOW, -REPLAY_WINDOW])
def test_a_timestamp_is_good_for_five_minutes_either_way(off: timedelta) -> None:
    assert isinstance(ADAPTER.verify(request(b"{}"), ACCOUNT, NOW + off), Verified)
    further = NOW + off + off / 300
    assert ADAPTER.verify(request(b"{}"), ACCOUNT, further) == Rejected("stale")


@pytest.mark.parametrize(
    "timestamp",
    [
        "",
        " " + SECONDS,
        SECONDS + ".0",
        "1_767_614_400",
        "NaN",
        "-1",
        "+" + SECONDS,
        str(MS),
        "１７６７６１４４００",
        "\udc80",
    ],
)
def test_a_timestamp_is_decimal_seconds_and_nothing_else(timestamp: str) -> None:
    signature = signature_of("new", SECONDS, b"{}")
    asked = request(b"{}", ((TIMESTAMP_HEADER, timestamp), (SIGNATURE_HEADER, signature)))
    assert ADAPTER.verify(asked, ACCOUNT, NOW) == Rejected("signature_form")


@pytest.mark.parametrize("signature", ["", "v1=", "v1=zz", "v0=" + "0" * 64, "v1=" + "0" * 63, "v1=" + "é" * 64])
def test_a_signature_has_one_form(signature: str) -> None:
    asked = request(b"{}", ((TIMESTAMP_HEADER, SECONDS), (SIGNATURE_HEADER, signature)))
    assert ADAPTER.verify(asked, ACCOUNT, NOW) == Rejected("signature_form")


def test_each_header_is_there_exactly_once() -> None:
    good = signature_headers("new", NOW, b"{}")
    for headers in ((), good[:1], good[1:], (*good, good[0]), (*good, good[1])):
        assert ADAPTER.verify(request(b"{}", headers), ACCOUNT, NOW) == Rejected("signature_headers")


def test_only_posts_are_taken() -> None:
    assert ADAPTER.verify(request(b"{}", method="GET"), ACCOUNT, NOW) == Rejected("method", status=405)


# Decoding


def test_a_message_with_all_it_may_have() -> None:
    media = {"ref": "f-1", "kind": "image", "type": "image/png", "size": 812, "name": "box.png", "caption": "The box"}
    found = one("message", message="m-1", text="It broke", reply_to="m-0", media=[media, {"ref": "f-2", "kind": "?"}])
    assert isinstance(found, inbound.MessageReceived)
    assert found.text == "It broke\nThe box"
    assert found.parts[0] == TextPart("It broke")
    assert isinstance(found.parts[1], MediaPart)
    assert found.parts[1].media.size_bytes == 812
    assert isinstance(found.parts[2], MediaPart)
    assert found.parts[2].media.kind is MediaKind.DOCUMENT
    origin = found.origin
    assert origin.ids == inbound.ProviderIds(message="m-1", event="e-1")
    assert origin.sender == Identity("loopback", "ann", name="Ann")
    assert (origin.thread.conversation, origin.thread.reply_to) == ("c-1", "m-0")
    assert (origin.occurred_at, origin.received_at, origin.is_redelivery) == (NOW, NOW, False)
    assert len(origin.raw_digest) == 64


def test_a_sender_may_be_known_by_another_kind_of_identity() -> None:
    found = decode({**event("typing", typing=True), "from": {"id": "ann@example.com", "kind": "email"}})
    assert found.events[0].origin.sender == Identity("email", "ann@example.com")
    nobody = decode({"id": "e", "type": "notice", "at": MS, "code": "limit"})
    assert nobody.events[0].origin.sender is None


def test_a_second_attempt_says_so() -> None:
    decoded = decode(event("typing", typing=False), attempt=2)
    assert decoded.events[0].origin.is_redelivery


@pytest.mark.parametrize(
    ("kind", "fields", "expected"),
    [
        ("edit", {"message": "m", "text": "b"}, {"message_id": "m", "text": "b"}),
        ("delete", {"message": "m"}, {"message_id": "m"}),
        ("reaction", {"message": "m", "reaction": "+1"}, {"message_id": "m", "reaction": "+1"}),
        ("reaction", {"message": "m"}, {"message_id": "m", "reaction": None}),
        ("choice", {"choice": "a", "label": "Monday"}, {"choice": "a", "label": "Monday", "message_id": None}),
        ("choice", {"choice": "a", "message": "m"}, {"choice": "a", "label": None, "message_id": "m"}),
        ("echo", {"message": "m", "key": "k", "text": "t"}, {"key": "k", "text": "t"}),
        ("delivery", {"state": "delivered", "messages": ["m"]}, {"state": DeliveryState.DELIVERED, "watermark": None}),
        ("delivery", {"state": "read", "up_to": MS}, {"message_ids": (), "watermark": NOW}),
        (
            "delivery",
            {"state": "failed", "messages": ["m"], "code": "blocked", "permanent": True},
            {"state": DeliveryState.FAILED, "code": "blocked", "permanent": True},
        ),
        ("typing", {"typing": True}, {"is_typing": True}),
        ("identity", {"linked": {"kind": "email", "id": "a@b.example"}}, {"linked": Identity("email", "a@b.example")}),
        ("consent", {"granted": False}, {"is_granted": False, "topic": None}),
        ("progress", {"ref": "order:81", "stage": "packed", "due": MS}, {"ref": "order:81", "due_at": NOW}),
        ("notice", {"code": "quality_low"}, {"code": "quality_low"}),
        ("hologram", {}, {"type": "hologram"}),
        ("delivery", {"state": "teleported", "messages": ["m"]}, {"type": "delivery:teleported"}),
    ],
)
def test_each_type_of_event(kind: str, fields: dict[str, Any], expected: dict[str, Any]) -> None:
    found = one(kind, **fields)
    assert type(found) in ADAPTER.describe().event_kinds
    assert {name: getattr(found, name) for name in expected} == expected


@pytest.mark.parametrize(
    "bad",
    [
        None,
        7,
        {},
        event("message", text="no id of the message"),
        event("message", message="m"),
        event("message", message="m", text=5),
        event("message", message="m", text="t", media=[{}]),
        event("message", message="m", text="t", at=-1),
        event("message", message="m", text="t", **{"from": "ann"}),
        event("message", message="m", text="t", id=""),
        event("delivery", state="read"),
        event("delivery", state="read", messages=["m"], up_to=MS),
        event("delivery", state="read", messages=[1]),
        event("typing", typing="yes"),
        event("identity", linked={}),
    ],
)
def test_a_bad_event_costs_only_itself(bad: Any) -> None:
    decoded = decode(event("typing", typing=True), bad, event("typing", typing=False, id="e-2"))
    assert [found.origin.dedupe_key for found in decoded.events] == ["e-1", "e-2"]
    (issue,) = decoded.issues
    assert issue.code == "malformed_event"
    assert issue.where.startswith("body.events[1]")
    assert decoded.reply.status == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"[]", 400),
        (b'{"account": "acme", "attempt": 1', 400),
        (b'{"account": "acme", "attempt": "1", "events": []}', 400),
        (b'{"account": "acme", "attempt": 1, "events": {}}', 400),
        (b'{"attempt": 1, "events": []}', 400),
        (b'{"account": "other", "attempt": 1, "events": []}', 403),
        (b'{"a":' * 10_000, 400),
    ],
)
def test_a_body_that_cannot_be_used_is_refused_with_an_issue(body: bytes, status: int) -> None:
    decoded = decode_bytes(body)
    assert decoded.events == ()
    assert len(decoded.issues) == 1
    assert decoded.reply.status == status


HOSTILE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["m-1", "read", MS]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "kind", "ref"]), inner),
    max_leaves=5,
)
NAMES = ("id", "at", "from", "message", "text", "media", "state", "messages", "up_to", "typing", "linked", "due", "ref")


@given(
    st.sampled_from(["message", "echo", "edit", "delivery", "choice", "identity", "progress", "typing", "consent"]),
    st.dictionaries(st.sampled_from(NAMES), HOSTILE),
)
def test_no_event_raises(kind: str, fields: dict[str, Any]) -> None:
    decoded = decode({**event(kind, message="m-1", text="t"), **fields})
    assert len(decoded.events) + len(decoded.issues) == 1


@given(st.binary(max_size=100))
def test_no_bytes_raise(body: bytes) -> None:
    assert decode_bytes(body).issues


# Encoding


def sent(message: outbound.Outbound) -> tuple[HttpStep, dict[str, Any]]:
    plan = ADAPTER.encode(message, ACCOUNT, CONVERSATION, NOW)
    assert isinstance(plan, SendPlan)
    (step,) = plan.steps
    assert isinstance(step, HttpStep)
    return step, json.loads(step.body)


def refused(message: outbound.Outbound, account: Account = ACCOUNT) -> str:
    plan = ADAPTER.encode(message, account, CONVERSATION, NOW)
    assert isinstance(plan, Refused)
    return plan.code


def test_a_message_is_one_signed_request() -> None:
    step, body = sent(outbound.Message(key="k-1", text="Hello", reply_to="m-1"))
    assert body == {
        "account": "acme",
        "key": "k-1",
        "conversation": "c-1",
        "to": {"kind": "loopback", "id": "ann"},
        "type": "message",
        "text": "Hello",
        "reply_to": "m-1",
    }
    assert (step.idempotency_key, step.safe_to_repeat, step.degradations) == ("k-1", True, ())
    assert step.url == DEFAULT_URL
    assert header_values(step.headers, "Idempotency-Key") == ("k-1",)
    assert header_values(step.headers, SIGNATURE_HEADER) == (signature_of("new", SECONDS, step.body),)


def test_the_account_says_where_to() -> None:
    account = attrs.evolve(ACCOUNT, config={"url": "https://elsewhere.invalid/"})
    plan = ADAPTER.encode(outbound.Typing(key="k"), account, CONVERSATION, NOW)
    assert isinstance(plan, SendPlan)
    assert isinstance(plan.steps[0], HttpStep)
    assert plan.steps[0].url == "https://elsewhere.invalid/"


def test_a_later_attempt_has_the_same_body() -> None:
    message = outbound.Message(key="k", text="Hello")
    later = ADAPTER.encode(message, ACCOUNT, CONVERSATION, NOW + timedelta(hours=1))
    assert isinstance(later, SendPlan)
    assert isinstance(later.steps[0], HttpStep)
    assert later.steps[0].body == sent(message)[0].body


def choices(*labels: str) -> outbound.Choices:
    listed = tuple(outbound.Choice(str(number), label) for number, label in enumerate(labels))
    return outbound.Choices(key="k", text="Which?", choices=listed)


@pytest.mark.parametrize(
    ("message", "kind", "text", "degradations"),
    [
        (outbound.Message(key="k", text="*a*", format=TextFormat.MARKDOWN), "message", "*a*", ("format",)),
        (outbound.Message(key="k", text="a", subject="b"), "message", "a", ("subject",)),
        (choices("A", "B", "C"), "message", "Which?", ()),
        (choices("A", "B", "C", "D"), "message", "Which?\n1. A\n2. B\n3. C\n4. D", ("choices_as_text",)),
        (choices("A" * 20), "message", "Which?", ()),
        (choices("A" * 21), "message", "Which?\n1. " + "A" * 21, ("choices_as_text",)),
        (
            outbound.Media(key="k", kind=MediaKind.IMAGE, content_type="image/png", url="https://a.example/b.png"),
            "message",
            "https://a.example/b.png",
            ("media_as_link",),
        ),
        (
            outbound.Media(
                key="k", kind=MediaKind.IMAGE, content_type="image/png", url="https://a.example", caption="A"
            ),
            "message",
            "A\nhttps://a.example",
            ("media_as_link",),
        ),
        (outbound.Edit(key="k", message_id="m", text="b"), "edit", "b", ()),
        (outbound.Delete(key="k", message_id="m"), "delete", None, ()),
        (outbound.React(key="k", message_id="m", reaction="+1"), "reaction", None, ()),
        (outbound.Typing(key="k"), "typing", None, ()),
        (outbound.MarkRead(key="k", message_id="m"), "read", None, ()),
        (outbound.Progress(key="k", text="Packed.", stage="packed"), "message", "Packed.", ("progress_as_text",)),
    ],
)
def test_what_is_sent_and_what_is_lost(
    message: outbound.Outbound, kind: str, text: str | None, degradations: tuple[str, ...]
) -> None:
    step, body = sent(message)
    assert (body["type"], body.get("text"), step.degradations) == (kind, text, degradations)


def test_the_text_limit() -> None:
    for length in (TEXT_LIMIT - 1, TEXT_LIMIT):
        assert sent(outbound.Message(key="k", text="👋" * length))[1]["text"] == "👋" * length
    assert refused(outbound.Message(key="k", text="a" * (TEXT_LIMIT + 1))) == "text_too_long"
    assert refused(choices(*["a" * 1_000] * 4)) == "text_too_long"
    capabilities = ADAPTER.capabilities(ACCOUNT, CONVERSATION)
    assert capabilities.text_limit == TEXT_LIMIT


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (outbound.Template(key="k", name="welcome", language="en"), "template"),
        (outbound.CallAction(key="k", call_id="c", verb=outbound.CallVerb.HANG_UP), "call"),
        (outbound.Media(key="k", kind=MediaKind.AUDIO, content_type="audio/ogg", data=b"x"), "media_bytes"),
        (outbound.Message(key="k", text="a\x00b"), "unencodable_text"),
        (outbound.Message(key="k", text="a\ud800b"), "unencodable_text"),
    ],
)
def test_what_the_channel_cannot_carry_is_refused(message: outbound.Outbound, code: str) -> None:
    assert refused(message) == code


def test_nothing_is_sent_unsigned() -> None:
    assert refused(outbound.Message(key="k", text="a"), attrs.evolve(ACCOUNT, secrets={})) == "no_secret"


# Interpreting


def interpret(result: StepResult) -> Interpreted:
    return ADAPTER.interpret(sent(outbound.Typing(key="k"))[0], result, NOW)


@pytest.mark.parametrize(
    ("result", "outcome"),
    [
        (HttpAnswer(status=200, body=b'{"message": "out-1"}'), Sent(("out-1",))),
        (HttpAnswer(status=202, body=b'{"message": "out-1"}'), Sent(("out-1",))),
        (HttpAnswer(status=200, body=b"<html>Welcome to the hotel</html>"), Unknown("unreadable_answer")),
        (HttpAnswer(status=200, body=b'{"error": "no"}'), Unknown("unreadable_answer")),
        (HttpAnswer(status=200, body=b'{"message": "out'), Unknown("unreadable_answer")),
        (HttpAnswer(status=408), Retry("http_408")),
        (HttpAnswer(status=500), Retry("http_500")),
        (HttpAnswer(status=503, headers=(("retry-after", "120"),)), Retry("http_503", timedelta(seconds=120))),
        (HttpAnswer(status=302), Failed("http_302")),
        (HttpAnswer(status=400), Failed("http_400")),
        (HttpAnswer(status=409), Failed("http_409")),
        (NoAnswer(NoAnswerReason.TIMED_OUT, may_have_arrived=True), Unknown("timed_out")),
        (NoAnswer(NoAnswerReason.CUT_SHORT, may_have_arrived=True), Unknown("cut_short")),
        (NoAnswer(NoAnswerReason.NOT_CONNECTED, may_have_arrived=False), Retry("not_connected")),
        (FrameAnswer(), Failed("loopback_needs_http")),
    ],
)
def test_what_came_of_it(result: StepResult, outcome: Interpreted) -> None:
    assert interpret(result) == outcome


@pytest.mark.parametrize(
    ("values", "after"),
    [
        (("7",), timedelta(seconds=7)),
        (("0",), timedelta(0)),
        (("99999",), timedelta(days=1)),
        (("9" * 50,), None),
        (("-7",), None),
        (("soon",), None),
        (("7", "8"), None),
        ((), None),
    ],
)
def test_advice_is_taken_if_it_makes_sense(values: tuple[str, ...], after: timedelta | None) -> None:
    headers = tuple(("Retry-After", value) for value in values)
    assert interpret(HttpAnswer(status=429, headers=headers)) == Retry("http_429", after)
