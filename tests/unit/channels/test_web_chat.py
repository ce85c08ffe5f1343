"""The web chat's protocol: tokens that only we make, frames that mean one thing, and what the adapter carries."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import attrs
import pytest
from hypothesis import given, strategies as st
from tests.chat_shop import ACCOUNT

from orchestra.channels import inbound, outbound
from orchestra.channels.account import Conversation
from orchestra.channels.parts import Identity, MediaKind, TextFormat
from orchestra.channels.sending import Failed, Refused, Retry, SendPlan, Sent, Unknown
from orchestra.channels.web_chat import ChatTransport, Session, WebChatAdapter, WebChatCodec, issue_token
from orchestra.channels.web_chat.adapter import origins_of
from orchestra.channels.web_chat.frames import LONGEST_FRAME, TEXT_LIMIT
from orchestra.channels.web_chat.tokens import session_of
from orchestra.channels.wire import FrameAnswer, FrameStep, HttpAnswer, NoAnswer, NoAnswerReason, RawRequest, Rejected
from orchestra.errors import DefinitionError
from orchestra.testing.clock import START

LATER = START + timedelta(days=1)
SESSION = Session(person="p-1", expires_at=LATER, name="Jo", is_known=True, customer="cu7", since=81)
TO = Conversation(recipient=Identity("web_chat", "p-1"))


def codec(position: int = 5) -> WebChatCodec:
    return WebChatCodec(ACCOUNT, position, lambda: "drawn")


def fed(one: WebChatCodec, **fields: Any) -> Any:
    return one.feed(json.dumps(fields).encode(), START)


def greeted(**more: Any) -> WebChatCodec:
    one = codec()
    fed(one, type="hello", version=1, **more)
    return one


# Tokens


def test_a_token_is_its_session() -> None:
    assert session_of(issue_token(ACCOUNT, SESSION), ACCOUNT, START) == SESSION
    plain = Session(person="p-1", expires_at=LATER)
    assert session_of(issue_token(ACCOUNT, plain), ACCOUNT, START) == plain


def test_a_token_ends() -> None:
    token = issue_token(ACCOUNT, SESSION)
    assert session_of(token, ACCOUNT, LATER - timedelta(seconds=1)) is not None
    assert session_of(token, ACCOUNT, LATER) is None


def test_a_secret_is_rotated() -> None:
    old = attrs.evolve(ACCOUNT, secrets={"session": ("old secret",)})
    other = attrs.evolve(ACCOUNT, secrets={"session": ("another",)})
    token = issue_token(old, SESSION)
    assert session_of(token, ACCOUNT, START) == SESSION
    assert session_of(token, other, START) is None
    assert issue_token(ACCOUNT, SESSION) != token


def test_a_token_is_for_one_account() -> None:
    assert session_of(issue_token(ACCOUNT, SESSION), attrs.evolve(ACCOUNT, id="other"), START) is None


def test_without_a_secret_there_are_no_tokens() -> None:
    none = attrs.evolve(ACCOUNT, secrets={"session": ("",)})
    with pytest.raises(DefinitionError, match="session"):
        issue_token(none, SESSION)
    assert session_of(issue_token(ACCOUNT, SESSION), none, START) is None


@pytest.mark.parametrize(
    "session", [Session(person="", expires_at=LATER), Session(person="p" * 2_000, expires_at=LATER)]
)
def test_a_session_fits_into_its_token(session: Session) -> None:
    with pytest.raises(DefinitionError):
        issue_token(ACCOUNT, session)


def test_every_changed_character_is_seen() -> None:
    token = issue_token(ACCOUNT, SESSION)
    for place in range(len(token) - 1):  # of the last one only four of its six bits are part of the signature
        other = "A" if token[place] != "A" else "B"
        assert session_of(token[:place] + other + token[place + 1 :], ACCOUNT, START) is None


@given(st.text(max_size=200) | st.from_regex(r"[A-Za-z0-9_-]{1,80}\.[A-Za-z0-9_-]{43}", fullmatch=True))
def test_no_text_is_a_token_by_chance(text: str) -> None:
    assert session_of(text, ACCOUNT, START) is None


def test_tokens_show_no_person_in_a_repr() -> None:
    assert "p-1" not in repr(SESSION)
    assert "Jo" not in repr(SESSION)


# Frames


def test_who_is_new_gets_an_id() -> None:
    one = codec(position=81)
    step = fed(one, type="hello", version=1)
    welcome = json.loads(step.frames[0].data)
    assert (welcome["type"], welcome["version"], welcome["text_limit"]) == ("welcome", 1, TEXT_LIMIT)
    assert one.session == session_of(welcome["token"], ACCOUNT, START)
    assert one.session == Session(person="drawn", expires_at=START + timedelta(days=30), since=81)


def test_who_comes_back_is_known_for_longer() -> None:
    visitor = Session(person="p-1", expires_at=LATER, customer="cu7", since=3)
    one = greeted(token=issue_token(ACCOUNT, visitor), after=9)
    assert one.session == attrs.evolve(visitor, expires_at=START + timedelta(days=30))
    assert one.after == 9


def test_how_long_its_own_are_known_the_application_decides() -> None:
    assert greeted(token=issue_token(ACCOUNT, SESSION)).session == SESSION


def test_an_expired_token_is_told_and_nobody_is_greeted() -> None:
    token = issue_token(ACCOUNT, attrs.evolve(SESSION, expires_at=START))
    one = codec()
    step = fed(one, type="hello", version=1, token=token)
    assert (json.loads(step.frames[0].data), step.is_closing, one.session) == (
        {"type": "bye", "code": "token"},
        True,
        None,
    )


def test_a_message_is_an_event() -> None:
    one = greeted(token=issue_token(ACCOUNT, SESSION))
    (event,) = fed(one, type="message", id="a1", text="Hello\n<b>").decoded.events
    assert isinstance(event, inbound.MessageReceived)
    assert (event.text, event.origin.dedupe_key) == ("Hello\n<b>", "p-1.a1")
    assert event.origin.sender == Identity("web_chat", "p-1", name="Jo", is_verified=True)


def test_other_frames_are_events_too() -> None:
    one = greeted()
    (typing,) = fed(one, type="typing", is_typing=True).decoded.events
    (received,) = fed(one, type="received", id="de1.x").decoded.events
    (read,) = fed(one, type="read", id="de1.x").decoded.events
    (unknown,) = fed(one, type="dance").decoded.events
    assert isinstance(typing, inbound.TypingChanged)
    assert (received.state, received.message_ids) == (inbound.DeliveryState.DELIVERED, ("de1.x",))
    assert (read.state, read.message_ids) == (inbound.DeliveryState.READ, ("de1.x",))
    assert (type(unknown), unknown.type) == (inbound.Unrecognised, "dance")
    pong = fed(one, type="ping")
    assert (json.loads(pong.frames[0].data), pong.decoded.events) == ({"type": "pong"}, ())


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"type": 1},
        {"type": "message", "text": "no id"},
        {"type": "message", "id": "", "text": "x"},
        {"type": "message", "id": "a.b", "text": "x"},
        {"type": "message", "id": "a" * 65, "text": "x"},
        {"type": "message", "id": "a1"},
        {"type": "message", "id": "a1", "text": " \n"},
        {"type": "message", "id": "a1", "text": "x" * (TEXT_LIMIT + 1)},
        {"type": "message", "id": "a1", "text": ["x"]},
        {"type": "typing"},
        {"type": "received"},
        {"type": "read", "id": "x" * 513},
    ],
)
def test_a_bad_frame_ends_the_connection_and_says_where(fields: dict[str, Any]) -> None:
    step = fed(greeted(), **fields)
    bye = json.loads(step.frames[0].data)
    assert (bye["type"], bye["code"], step.is_closing, step.decoded.events) == ("bye", "malformed", True, ())
    assert bye["where"].startswith("frame")


def test_the_longest_text_passes_however_it_is_escaped() -> None:
    data = json.dumps({"type": "message", "id": "a" * 64, "text": "\u20ac" * TEXT_LIMIT}).encode()
    assert len(data) <= LONGEST_FRAME
    assert len(greeted().feed(data, START).decoded.events) == 1


def test_a_second_hello_is_only_a_word_we_do_not_know() -> None:
    (event,) = fed(greeted(), type="hello", version=1).decoded.events
    assert isinstance(event, inbound.Unrecognised)


@given(st.binary(max_size=300))
def test_no_bytes_raise(data: bytes) -> None:
    assert codec().feed(data, START).is_closing
    greeted().feed(data, START)


# The adapter


def encoded(message: outbound.Outbound) -> SendPlan | Refused:
    return WebChatAdapter().encode(message, ACCOUNT, TO, START)


MARKED = outbound.Message(key="k", text="*Hi*", format=TextFormat.MARKDOWN, subject="S")
WHICH = outbound.Choices(key="k", text="Which?", choices=(outbound.Choice("a", "A"),))
PICTURE = outbound.Media(key="k", kind=MediaKind.IMAGE, content_type="image/png", url="https://x/y")


@pytest.mark.parametrize(
    ("message", "text", "lost"),
    [
        (outbound.Message(key="k", text="Hello"), "Hello", ()),
        (
            outbound.Message(key="k", text="*Hi*", format=TextFormat.MARKDOWN, subject="S"),
            "S\n\n*Hi*",
            ("format", "subject"),
        ),
        (
            outbound.Choices(key="k", text="Which?", choices=(outbound.Choice("a", "A"),)),
            "Which?\n1. A",
            ("choices_as_text",),
        ),
        (
            outbound.Media(key="k", kind=MediaKind.IMAGE, content_type="image/png", url="https://x/y"),
            "https://x/y",
            ("media_as_link",),
        ),
        (outbound.Progress(key="k", text="Shipped", stage="s"), "Shipped", ("progress_as_text",)),
        (outbound.Message(key="k", text="x" * TEXT_LIMIT), "x" * TEXT_LIMIT, ()),
    ],
)
def test_what_is_carried(message: outbound.Outbound, text: str, lost: tuple[str, ...]) -> None:
    plan = encoded(message)
    assert isinstance(plan, SendPlan)
    (step,) = plan.steps
    assert isinstance(step, FrameStep)
    assert json.loads(step.data) == {"type": "message", "id": "k", "text": text}
    assert (step.degradations, step.safe_to_repeat, step.connection) == (lost, True, "p-1")


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (outbound.Message(key="k", text="x" * (TEXT_LIMIT + 1)), "text_too_long"),
        (outbound.Message(key="k", text="\ud800"), "unencodable_text"),
        (outbound.Message(key="k", text="\x00"), "unencodable_text"),
        (outbound.Media(key="k", kind=MediaKind.IMAGE, content_type="image/png", data=b"x"), "media_bytes"),
        (outbound.Edit(key="k", message_id="m", text="x"), "not_carried"),
        (outbound.Template(key="k", name="t", language="en"), "not_carried"),
    ],
)
def test_what_is_refused(message: outbound.Outbound, code: str) -> None:
    refused = encoded(message)
    assert isinstance(refused, Refused)
    assert refused.code == code


async def test_handing_over_is_all_there_is_to_sending() -> None:
    plan = encoded(outbound.Message(key="k", text="Hello"))
    assert isinstance(plan, SendPlan)
    interpret = WebChatAdapter().interpret
    step = plan.steps[0]
    assert interpret(step, await ChatTransport().perform(step), START) == Sent(("k",))
    assert interpret(step, FrameAnswer(), START) == Sent(("k",))
    assert isinstance(interpret(step, NoAnswer(NoAnswerReason.TIMED_OUT, may_have_arrived=True), START), Unknown)
    assert isinstance(interpret(step, NoAnswer(NoAnswerReason.NOT_CONNECTED, may_have_arrived=False), START), Retry)
    assert isinstance(interpret(step, HttpAnswer(status=200), START), Failed)


def request(*headers: tuple[str, str], method: str = "POST") -> RawRequest:
    return RawRequest(method=method, url="https://x/y", headers=headers, body=b'{"frames": []}', received_at=START)


def test_requests_bear_the_token_exactly_once() -> None:
    bearer = ("Authorization", f"Bearer {issue_token(ACCOUNT, SESSION)}")
    verify = WebChatAdapter().verify
    assert not isinstance(verify(request(bearer), ACCOUNT, START), Rejected)
    for headers in ((), (bearer, bearer), (("Authorization", "Basic x"),), (("Authorization", "Bearer \u00e4"),)):
        assert verify(request(*headers), ACCOUNT, START) == Rejected("token")
    assert verify(request(bearer, method="GET"), ACCOUNT, START) == Rejected("method", status=405)
    assert verify(request(bearer), ACCOUNT, LATER) == Rejected("token")


def test_origins_are_compared_as_they_are_meant() -> None:
    assert origins_of(ACCOUNT) == {"https://shop.example", "https://www.shop.example"}
    assert origins_of(attrs.evolve(ACCOUNT, config={"origins": " , "})) == frozenset()
