"""What happens on a Page, and what a Page says."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest

from orchestra.channels import inbound, outbound
from orchestra.channels.account import Account, Conversation
from orchestra.channels.meta.graph import DEFAULT_URL
from orchestra.channels.meta.page import FacebookPageAdapter
from orchestra.channels.parts import Identity, MediaKind, MediaPart, TextFormat
from orchestra.channels.port import Decoded
from orchestra.channels.sending import Failed, Refused, Retry, SendPlan, Sent, Unknown
from orchestra.channels.wire import HttpAnswer, HttpStep, RawRequest, Verified

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
SECONDS = 1_767_614_400
PAGE, POST, COMMENT = "104910", "104910_81", "81_500"
ACCOUNT = Account(route_key="r", channel="facebook_page", id=PAGE, secrets={"app_secret": ("s",), "token": ("EAA-t",)})
THREAD = Conversation(id=f"{COMMENT}/650123", recipient=Identity("messenger", "650123"))
ADAPTER = FacebookPageAdapter()


def decode(*changes: Any, account: str = PAGE, **entry: Any) -> Decoded:
    whole = {"object": "page", "entry": [{"id": account, "time": SECONDS + 60, "changes": list(changes), **entry}]}
    body = json.dumps(whole).encode()
    request = RawRequest(method="POST", url="https://acme.example/r", body=body, received_at=NOW)
    return ADAPTER.decode(Verified(request), ACCOUNT)


def change(field: str = "feed", **fields: Any) -> dict[str, Any]:
    value = {"item": "comment", "verb": "add", "comment_id": COMMENT, "post_id": POST, "parent_id": POST}
    who = {"from": {"id": "650123", "name": "Ann"}, "created_time": SECONDS, "message": "Where is my order?"}
    return {"field": field, "value": {**value, **who, **fields}}


def only(**fields: Any) -> Any:
    decoded = decode(change(**fields))
    assert not decoded.issues, decoded.issues
    assert decoded.reply.status == 200
    (event,) = decoded.events
    return event


def test_a_comment_is_public_and_names_who_where_and_when() -> None:
    event = only()
    assert isinstance(event, inbound.MessageReceived)
    assert event.is_public
    assert event.text == "Where is my order?"
    assert event.origin.sender == Identity("messenger", "650123", name="Ann", is_verified=True)
    assert (event.origin.dedupe_key, event.origin.ids.message, event.origin.occurred_at) == (COMMENT, COMMENT, NOW)
    assert event.origin.ids.other == (("post", POST),)
    assert event.origin.thread.conversation == f"{COMMENT}/650123"


def test_an_answer_belongs_to_its_thread_and_each_person_has_a_part_of_it() -> None:
    ann = only(comment_id="81_501", parent_id=COMMENT)
    bo = only(comment_id="81_502", parent_id=COMMENT, **{"from": {"id": "650999", "name": "Bo"}})
    assert ann.origin.thread.conversation == f"{COMMENT}/650123"
    assert bo.origin.thread.conversation == f"{COMMENT}/650999"
    assert ann.origin.thread.reply_to == COMMENT


def test_whom_meta_does_not_name_is_known_by_where_to_answer() -> None:
    event = only(**{"from": None})
    assert event.origin.sender == Identity("facebook_comment", COMMENT)
    assert event.origin.thread.conversation == f"{COMMENT}/{COMMENT}"


def test_a_post_of_a_visitor_is_its_own_thread() -> None:
    photos = ["https://a.example/1", 5, "", "https://a.example/2"]
    event = only(item="status", comment_id=None, parent_id=None, photos=photos)
    assert (event.origin.ids.message, event.origin.thread.conversation) == (POST, f"{POST}/650123")
    assert [part.media.ref for part in event.parts if isinstance(part, MediaPart)] == [photos[0], photos[3]]


def test_pictures_may_come_without_words() -> None:
    (part,) = only(message=None, photo="https://cdn.example/x").parts
    assert isinstance(part, MediaPart)
    assert (part.media.ref, part.media.kind) == ("https://cdn.example/x", MediaKind.IMAGE)
    (part,) = only(message=None, video="https://cdn.example/x").parts
    assert part.media.kind is MediaKind.VIDEO
    assert only(message=None).type == "feed.wordless"


def test_what_the_page_says_is_an_echo_and_nobodys_message() -> None:
    event = only(**{"from": {"id": PAGE}}, comment_id="81_501", parent_id=COMMENT)
    assert isinstance(event, inbound.OutboundEcho)
    assert event.origin.identities == ()
    assert only(**{"from": {"id": PAGE}}, verb="edited").type == "feed.edited"


def test_edits_and_deletions_name_the_comment_and_have_keys_of_their_own() -> None:
    edited = only(verb="edited", message="Where is order 81?")
    assert isinstance(edited, inbound.MessageEdited)
    assert (edited.message_id, edited.text) == (COMMENT, "Where is order 81?")
    assert edited.origin.occurred_at == datetime(2026, 1, 5, 12, 1, tzinfo=UTC)
    gone = only(verb="remove", message=None)
    assert isinstance(gone, inbound.MessageDeleted)
    assert gone.message_id == COMMENT
    assert len({only().origin.dedupe_key, edited.origin.dedupe_key, gone.origin.dedupe_key}) == 3


@pytest.mark.parametrize(
    ("fields", "message", "reaction"),
    [
        ({"item": "reaction", "reaction_type": "love"}, COMMENT, "love"),
        ({"item": "like", "comment_id": None}, POST, "like"),
        ({"item": "reaction", "reaction_type": "love", "verb": "remove"}, COMMENT, None),
    ],
)
def test_reactions(fields: dict[str, Any], message: str, reaction: str | None) -> None:
    event = only(**fields)
    assert isinstance(event, inbound.ReactionChanged)
    assert (event.message_id, event.reaction) == (message, reaction)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"item": "hologram"}, "feed.hologram.add"),
        ({"verb": "hide"}, "feed.comment.hide"),
        ({"field": "mention"}, "mention.comment.add"),
        ({"item": None, "verb": None}, "feed.nothing.nothing"),
        ({"comment_id": None, "post_id": None}, "feed.comment.add"),
    ],
)
def test_what_is_not_known_is_kept(fields: dict[str, Any], expected: str) -> None:
    assert only(**fields).type == expected


def test_messages_at_the_same_address_are_another_channels() -> None:
    decoded = decode(messaging=[{"sender": {"id": "1"}}], standby=[{}])
    assert [event.type for event in decoded.events if isinstance(event, inbound.Unrecognised)] == [
        "messaging",
        "standby",
    ]


def test_another_page_is_told_and_nothing_of_it_is_read() -> None:
    decoded = decode(change(), account="2")
    assert decoded.events == ()
    assert decoded.issues[0].reason == "names another account"


def test_a_bad_change_costs_only_itself() -> None:
    decoded = decode(change(), None, change(created_time="soon"), change(comment_id="81_501"))
    assert [event.origin.dedupe_key for event in decoded.events] == [COMMENT, "81_501"]
    assert len(decoded.issues) == 2


def plan(message: outbound.Outbound, to: Conversation = THREAD) -> SendPlan:
    found = ADAPTER.encode(message, ACCOUNT, to, NOW)
    assert isinstance(found, SendPlan), found
    return found


def only_step(message: outbound.Outbound, to: Conversation = THREAD) -> tuple[str, str, dict[str, Any]]:
    (step,) = plan(message, to).steps
    assert isinstance(step, HttpStep)
    assert dict(step.headers)["Authorization"] == "Bearer EAA-t"
    return step.method, step.url.removeprefix(DEFAULT_URL), json.loads(step.body)


def refused(message: outbound.Outbound, to: Conversation = THREAD, account: Account = ACCOUNT) -> str:
    found = ADAPTER.encode(message, account, to, NOW)
    assert isinstance(found, Refused), found
    return found.code


def picture(**more: Any) -> outbound.Media:
    return outbound.Media(
        **{"key": "k", "kind": MediaKind.IMAGE, "content_type": "image/png", "url": "https://a.example/x", **more}
    )


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (outbound.Message(key="k", text="Hi 👋"), ("POST", f"/{COMMENT}/comments", {"message": "Hi 👋"})),
        (outbound.Message(key="k", text="Hi", reply_to="81_7"), ("POST", "/81_7/comments", {"message": "Hi"})),
        (
            outbound.Message(key="k", text="Hi", reply_to="81_7", is_private=True),
            ("POST", "/me/messages", {"recipient": {"comment_id": "81_7"}, "message": {"text": "Hi"}}),
        ),
        (
            outbound.Message(key="k", text="Hi", reply_to=POST, is_private=True),
            ("POST", "/me/messages", {"recipient": {"post_id": POST}, "message": {"text": "Hi"}}),
        ),
        (
            picture(caption="Yours"),
            ("POST", f"/{COMMENT}/comments", {"message": "Yours", "attachment_url": "https://a.example/x"}),
        ),
        (outbound.Edit(key="k", message_id="81_501", text="New"), ("POST", "/81_501", {"message": "New"})),
        (outbound.Delete(key="k", message_id="81_501"), ("DELETE", "/81_501", {})),
        (outbound.React(key="k", message_id=COMMENT, reaction="👍"), ("POST", f"/{COMMENT}/likes", {})),
        (outbound.React(key="k", message_id=COMMENT, reaction=None), ("DELETE", f"/{COMMENT}/likes", {})),
        (
            outbound.Choices(key="k", text="Day?", choices=(outbound.Choice("a", "Mon"),)),
            ("POST", f"/{COMMENT}/comments", {"message": "Day?\n1. Mon"}),
        ),
    ],
)
def test_calls(message: outbound.Outbound, expected: tuple[str, str, dict[str, Any]]) -> None:
    assert only_step(message) == expected


def test_an_unnamed_writer_is_answered_under_their_comment() -> None:
    to = Conversation(recipient=Identity("facebook_comment", "81_7"))
    assert only_step(outbound.Message(key="k", text="Hi"), to)[1] == "/81_7/comments"


def test_a_private_reply_needs_the_comment_that_it_answers() -> None:
    assert refused(outbound.Message(key="k", text="Hi", is_private=True)) == "private_reply"
    assert refused(outbound.Message(key="k", text="x" * 2_001, reply_to="81_7", is_private=True)) == "text_too_long"
    assert refused(outbound.Message(key="k", text="", reply_to="81_7", is_private=True)) == "text_too_long"


def test_what_is_lost_is_told() -> None:
    assert plan(outbound.Message(key="k", text="Hi", format=TextFormat.HTML, subject="x")).degradations == (
        "format",
        "subject",
    )
    assert plan(picture(content_type="image/tiff")).degradations == ("media_as_link",)
    assert plan(outbound.Progress(key="k", text="Packed.", stage="x")).degradations == ("progress_as_text",)
    split = plan(outbound.Message(key="k", text="x" * 8_001))
    assert (len(split.steps), split.degradations) == (2, ("split",))
    assert [step.idempotency_key for step in split.steps] == ["k", "k:1"]


def test_what_cannot_be_carried_is_refused() -> None:
    assert refused(picture(url=None, data=b"x")) == "media_bytes"
    assert refused(outbound.Message(key="k", text="")) == "empty_text"
    assert refused(outbound.Message(key="k", text="\x00")) == "unencodable_text"
    assert refused(outbound.Message(key="k", text="x" * 64_001)) == "text_too_long"
    assert refused(outbound.Edit(key="k", message_id="81_501", text="x" * 8_001)) == "text_too_long"
    assert refused(outbound.React(key="k", message_id=COMMENT, reaction="🔥")) == "reaction"
    assert refused(outbound.Template(key="k", name="x", language="en")) == "template"
    assert refused(outbound.Typing(key="k")) == "typing"
    assert refused(outbound.MarkRead(key="k", message_id=COMMENT)) == "mark_read"
    assert refused(outbound.CallAction(key="k", call_id="c", verb=outbound.CallVerb.HOLD)) == "call"
    assert refused(outbound.Message(key="k", text="Hi"), account=attrs.evolve(ACCOUNT, secrets={})) == "no_credentials"


@pytest.mark.parametrize("name", ["", "x", "../1", "81_500?x", "_", "81__5"])
def test_no_id_leads_elsewhere(name: str) -> None:
    to = Conversation(id=name, recipient=Identity("messenger", "x"))
    assert refused(outbound.Message(key="k", text="Hi"), to) == "no_thread"
    assert refused(outbound.Message(key="k", text="Hi", reply_to=name)) == "message_id"
    assert refused(outbound.Delete(key="k", message_id=name)) == "message_id"


def test_only_what_twice_is_once_may_be_repeated() -> None:
    assert not plan(outbound.Message(key="k", text="Hi")).steps[0].safe_to_repeat
    assert plan(outbound.Delete(key="k", message_id="81_501")).steps[0].safe_to_repeat


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, {"id": "81_501"}, Sent(("81_501",))),
        (200, {"recipient_id": "1", "message_id": "m-1"}, Sent(("m-1",))),
        (200, {"success": True}, Sent()),
        (200, {"success": False}, Unknown("unreadable_answer")),
        (400, {"error": {"code": 10900}}, Failed("graph_10900")),
        (400, {"error": {"code": 32}}, Retry("graph_32")),
    ],
)
def test_answers(status: int, body: Any, expected: Any) -> None:
    step = plan(outbound.Message(key="k", text="Hi")).steps[0]
    assert ADAPTER.interpret(step, HttpAnswer(status=status, body=json.dumps(body).encode()), NOW) == expected


def test_comments_are_public() -> None:
    capabilities = ADAPTER.capabilities(ACCOUNT, THREAD)
    assert capabilities.public
    assert not capabilities.can_initiate
    assert ADAPTER.describe().secret_names == ("app_secret", "verify_token", "token")
