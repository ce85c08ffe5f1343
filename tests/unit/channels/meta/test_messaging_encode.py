"""What is sent to Messenger and Instagram, and what comes back."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest

from orchestra.channels import outbound
from orchestra.channels.account import Account, Conversation
from orchestra.channels.capabilities import ReadReceipts, TextUnit
from orchestra.channels.meta.graph import DEFAULT_URL
from orchestra.channels.meta.instagram import InstagramAdapter
from orchestra.channels.meta.messenger import MessengerAdapter
from orchestra.channels.parts import Identity, MediaKind, TextFormat
from orchestra.channels.sending import Failed, Refused, Retry, SendPlan, Sent, Unknown
from orchestra.channels.wire import HttpAnswer, HttpStep

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
ACCOUNT = Account(
    route_key="r-1", channel="messenger", id="104910", secrets={"app_secret": ("s",), "token": ("EAA-t",)}
)
HUMAN = attrs.evolve(ACCOUNT, config={"human_agent": True})
ANN = Conversation(recipient=Identity("messenger", "650123"))
MESSENGER, INSTAGRAM = MessengerAdapter(), InstagramAdapter()
BOTH = pytest.mark.parametrize("adapter", [MESSENGER, INSTAGRAM], ids=["messenger", "instagram"])


def plan(adapter: Any, message: outbound.Outbound, account: Account = ACCOUNT, to: Conversation = ANN) -> SendPlan:
    found = adapter.encode(message, account, to, NOW)
    assert isinstance(found, SendPlan), found
    return found


def only(adapter: Any, message: outbound.Outbound, account: Account = ACCOUNT, to: Conversation = ANN) -> HttpStep:
    (step,) = plan(adapter, message, account, to).steps
    assert isinstance(step, HttpStep)
    return step


def said(step: object) -> dict[str, Any]:
    assert isinstance(step, HttpStep)
    found = json.loads(step.body)
    assert isinstance(found, dict)
    return found


def refused(adapter: Any, message: outbound.Outbound, account: Account = ACCOUNT, to: Conversation = ANN) -> str:
    found = adapter.encode(message, account, to, NOW)
    assert isinstance(found, Refused), found
    return found.code


def file(kind: MediaKind = MediaKind.IMAGE, content_type: str = "image/png", **more: Any) -> outbound.Media:
    return outbound.Media(
        **{"key": "k", "kind": kind, "content_type": content_type, "url": "https://a.example/x", **more}
    )


def test_a_text_to_messenger_carries_our_key() -> None:
    step = only(MESSENGER, outbound.Message(key="key-1", text="Grüße 👋"))
    assert (step.method, step.url) == ("POST", f"{DEFAULT_URL}/me/messages")
    assert said(step) == {
        "recipient": {"id": "650123"},
        "messaging_type": "RESPONSE",
        "message": {"text": "Grüße 👋", "metadata": "key-1"},
    }
    assert dict(step.headers) == {"Content-Type": "application/json", "Authorization": "Bearer EAA-t"}
    assert step.rate_keys == ("account:104910",)
    assert not step.safe_to_repeat


def test_a_text_to_instagram_has_none() -> None:
    assert said(only(INSTAGRAM, outbound.Message(key="k", text="Hi")))["message"] == {"text": "Hi"}


def test_each_counts_in_its_own_unit() -> None:
    assert len(plan(MESSENGER, outbound.Message(key="k", text="👋" * 2_000)).steps) == 1
    assert len(plan(MESSENGER, outbound.Message(key="k", text="👋" * 2_001)).steps) == 2
    assert len(plan(INSTAGRAM, outbound.Message(key="k", text="👋" * 250)).steps) == 1
    split = plan(INSTAGRAM, outbound.Message(key="k", text="👋" * 251))
    assert [said(step)["message"]["text"] for step in split.steps] == ["👋" * 250, "👋"]
    assert (split.degradations, [step.idempotency_key for step in split.steps]) == (("split",), ["k", "k:1"])
    assert refused(INSTAGRAM, outbound.Message(key="k", text="x" * 8_001)) == "text_too_long"
    assert MESSENGER.capabilities(ACCOUNT, ANN).text_unit is TextUnit.CHARACTERS
    assert INSTAGRAM.capabilities(ACCOUNT, ANN).text_unit is TextUnit.BYTES


@BOTH
def test_choices_are_quick_replies(adapter: Any) -> None:
    choices = tuple(outbound.Choice(f"c{n}", f"Day {n}") for n in range(13))
    step = only(adapter, outbound.Choices(key="k", text="Which?", choices=choices))
    replies = said(step)["message"]["quick_replies"]
    assert len(replies) == 13
    assert replies[0] == {"content_type": "text", "title": "Day 0", "payload": "c0"}


@BOTH
@pytest.mark.parametrize(
    "choices",
    [
        tuple(outbound.Choice(f"c{n}", "Day") for n in range(14)),
        (outbound.Choice("a", "x" * 21),),
        (outbound.Choice("x" * 1_001, "A"),),
        (outbound.Choice("", "A"),),
    ],
)
def test_choices_that_do_not_fit_are_listed(adapter: Any, choices: tuple[outbound.Choice, ...]) -> None:
    (step, *_) = plan(adapter, outbound.Choices(key="k", text="Which?", choices=choices)).steps
    assert step.degradations[0] == "choices_as_text"
    assert "quick_replies" not in said(step)["message"]


@BOTH
@pytest.mark.parametrize(
    ("kind", "content_type", "word", "is_heavy"),
    [
        (MediaKind.IMAGE, "image/png", "image", False),
        (MediaKind.AUDIO, "audio/aac", "audio", True),
        (MediaKind.VIDEO, "video/mp4", "video", True),
        (MediaKind.DOCUMENT, "application/pdf", "file", False),
    ],
)
def test_files_go_by_their_address(adapter: Any, kind: MediaKind, content_type: str, word: str, is_heavy: bool) -> None:
    step = only(adapter, file(kind, content_type))
    assert said(step)["message"]["attachment"] == {"type": word, "payload": {"url": "https://a.example/x"}}
    assert ("heavy:104910" in step.rate_keys) is is_heavy


def test_messenger_takes_the_bytes_and_instagram_does_not() -> None:
    step = only(MESSENGER, file(url=None, data=b"\x89PNG", name="a.png"))
    assert dict(step.headers)["Content-Type"].startswith("multipart/form-data; boundary=")
    assert b'name="filedata"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n' in step.body
    assert b'name="recipient"\r\n\r\n{"id":"650123"}\r\n' in step.body
    assert refused(INSTAGRAM, file(url=None, data=b"x")) == "media_bytes"
    assert refused(MESSENGER, file(url=None)) == "no_media"
    assert refused(MESSENGER, file(url=None, data=b"x" * 8_000_001)) == "media_too_large"
    assert refused(MESSENGER, file(url=None, data=b"x", name="a\r\nb")) == "file_name"
    assert refused(MESSENGER, file(url=None, data=b"x", name="\ud800")) == "unencodable_text"


@BOTH
def test_captions_follow_and_other_types_are_links(adapter: Any) -> None:
    with_caption = plan(adapter, file(caption="Yours"))
    assert [next(iter(said(step)["message"])) for step in with_caption.steps] == [
        "attachment",
        "text" if adapter is INSTAGRAM else "metadata",
    ]
    assert with_caption.degradations == ("caption_apart",)
    assert only(adapter, file(content_type="image/tiff")).degradations == ("media_as_link",)
    assert refused(adapter, file(caption="x" * 20_000)) == "text_too_long"


@BOTH
@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (outbound.Typing(key="k"), {"sender_action": "typing_on"}),
        (outbound.Typing(key="k", is_typing=False), {"sender_action": "typing_off"}),
        (outbound.MarkRead(key="k", message_id="m"), {"sender_action": "mark_seen"}),
        (
            outbound.React(key="k", message_id="m", reaction="👍"),
            {"sender_action": "react", "payload": {"message_id": "m", "reaction": "👍"}},
        ),
        (
            outbound.React(key="k", message_id="m", reaction=None),
            {"sender_action": "unreact", "payload": {"message_id": "m"}},
        ),
    ],
)
def test_actions_are_no_messages_and_may_be_repeated(adapter: Any, message: outbound.Outbound, expected: Any) -> None:
    step = only(adapter, message)
    assert said(step) == {"recipient": {"id": "650123"}, **expected}
    assert step.safe_to_repeat


@BOTH
@pytest.mark.parametrize(
    ("ago", "account", "expected"),
    [
        (timedelta(hours=23), ACCOUNT, {"messaging_type": "RESPONSE"}),
        (timedelta(hours=24), ACCOUNT, None),
        (timedelta(hours=23), HUMAN, {"messaging_type": "RESPONSE"}),
        (timedelta(hours=24), HUMAN, {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}),
        (timedelta(days=7), HUMAN, None),
    ],
)
def test_people_may_answer_for_longer_than_programs(
    adapter: Any, ago: timedelta, account: Account, expected: dict[str, str] | None
) -> None:
    to, message = attrs.evolve(ANN, last_inbound_at=NOW - ago), outbound.Message(key="k", text="Hi")
    if expected is None:
        assert refused(adapter, message, account, to) == "window"
    else:
        body = said(only(adapter, message, account, to))
        assert {name: body[name] for name in expected} == expected
        assert ("tag" in body) == ("tag" in expected)


@BOTH
def test_what_nobody_wrote_by_hand_never_passes_for_a_persons_answer(adapter: Any) -> None:
    notice = outbound.Message(key="k", text="Packed.", is_automatic=True)
    assert said(only(adapter, notice, HUMAN))["messaging_type"] == "UPDATE"
    menu = outbound.Choices(key="k", text="Day?", choices=(outbound.Choice("a", "Mon"),))
    late = attrs.evolve(ANN, last_inbound_at=NOW - timedelta(hours=25))
    for made in (notice, menu, outbound.Progress(key="k", text="Packed.", stage="x")):
        assert refused(adapter, made, HUMAN, late) == "window"
    assert said(only(adapter, file(), HUMAN, late))["tag"] == "HUMAN_AGENT"


@BOTH
def test_what_cannot_be_carried_is_refused(adapter: Any) -> None:
    assert refused(adapter, outbound.Template(key="k", name="hello", language="en")) == "template"
    assert refused(adapter, outbound.Edit(key="k", message_id="m", text="x")) == "edit"
    assert refused(adapter, outbound.Delete(key="k", message_id="m")) == "delete"
    assert refused(adapter, outbound.CallAction(key="k", call_id="c", verb=outbound.CallVerb.HOLD)) == "call"
    assert refused(adapter, outbound.Message(key="k", text="")) == "empty_text"
    assert refused(adapter, outbound.Message(key="k", text="\x00")) == "unencodable_text"
    assert refused(adapter, outbound.Message(key="k", text="Hi"), attrs.evolve(ACCOUNT, secrets={})) == "no_credentials"
    for value in ("", "Ann", "+4930123456", "1/../2"):
        to = Conversation(recipient=Identity("messenger", value))
        assert refused(adapter, outbound.Message(key="k", text="Hi"), to=to) == "no_recipient"


@BOTH
def test_what_is_lost_is_told(adapter: Any) -> None:
    message = outbound.Message(key="k", text="*Hi*", format=TextFormat.MARKDOWN, subject="x", reply_to="m")
    assert only(adapter, message).degradations == ("format", "subject", "reply_to")
    assert only(adapter, outbound.Progress(key="k", text="Packed.", stage="x")).degradations == ("progress_as_text",)


def test_capabilities() -> None:
    messenger, instagram = MESSENGER.capabilities(ACCOUNT, ANN), INSTAGRAM.capabilities(HUMAN, ANN)
    assert (messenger.read, instagram.read) == (ReadReceipts.WATERMARK, ReadReceipts.PER_MESSAGE)
    assert (messenger.delivered, instagram.delivered) == (True, False)
    assert (messenger.reply_window, instagram.reply_window) == (timedelta(hours=24), timedelta(days=7))
    assert not messenger.can_initiate


def interpret(status: int, body: Any, message: outbound.Outbound | None = None) -> Any:
    step = only(MESSENGER, message or outbound.Message(key="k", text="Hi"))
    return MESSENGER.interpret(step, HttpAnswer(status=status, body=json.dumps(body).encode()), NOW)


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, {"recipient_id": "650123", "message_id": "m-out"}, Sent(("m-out",))),
        (200, {"recipient_id": "650123"}, Sent()),
        (200, {"success": True}, Sent()),
        (200, {}, Unknown("unreadable_answer")),
        (400, {"error": {"code": 10, "error_subcode": 2018278}}, Failed("graph_10_2018278")),
        (403, {"error": {"code": 200, "error_subcode": 1545041}}, Failed("graph_200_1545041")),
        (403, {"error": {"code": 200}}, Retry("graph_200")),
        (400, {"error": {"code": 551}}, Failed("graph_551")),
        (400, {"error": {"code": 613}}, Retry("graph_613")),
        (400, {"error": {"code": 190}}, Retry("graph_190")),
        (500, {"error": {"code": 1200}}, Unknown("graph_1200")),
    ],
)
def test_answers(status: int, body: Any, expected: Any) -> None:
    assert interpret(status, body) == expected
