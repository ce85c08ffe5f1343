"""Reading what Messenger and Instagram post."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orchestra.channels import inbound
from orchestra.channels.account import Account
from orchestra.channels.inbound import DeliveryState
from orchestra.channels.meta.instagram import InstagramAdapter
from orchestra.channels.meta.messenger import MessengerAdapter
from orchestra.channels.parts import Identity, MediaKind, MediaPart, TextPart
from orchestra.channels.port import Decoded
from orchestra.channels.wire import RawRequest, Verified

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
MS = 1_767_614_400_000
PAGE, ANN = "104910", "650123"
ACCOUNT = Account(route_key="r-1", channel="messenger", id=PAGE, secrets={"app_secret": ("s",)})


def decode(whole: Any, adapter: Any = None) -> Decoded:
    data = whole if isinstance(whole, bytes) else json.dumps(whole).encode()
    request = RawRequest(method="POST", url="https://acme.example/r-1", body=data, received_at=NOW)
    found = (adapter or MessengerAdapter()).decode(Verified(request), ACCOUNT)
    assert isinstance(found, Decoded)
    return found


def envelope(*news: Any, about: str = "page", field: str = "messaging", account: str = PAGE) -> dict[str, Any]:
    return {"object": about, "entry": [{"id": account, "time": MS, field: list(news)}]}


def event(**fields: Any) -> dict[str, Any]:
    return {"sender": {"id": ANN}, "recipient": {"id": PAGE}, "timestamp": MS, **fields}


def only(**fields: Any) -> Any:
    return the_one(decode(envelope(event(**fields))))


def the_one(decoded: Decoded) -> Any:
    assert not decoded.issues, decoded.issues
    assert decoded.reply.status == 200
    (found,) = decoded.events
    return found


def test_a_text_names_who_and_when() -> None:
    found = only(message={"mid": "m-1", "text": "Where is my order?", "reply_to": {"mid": "m-0"}})
    assert isinstance(found, inbound.MessageReceived)
    assert found.text == "Where is my order?"
    assert found.origin.sender == Identity("messenger", ANN)
    assert (found.origin.dedupe_key, found.origin.ids.message, found.origin.occurred_at) == ("m-1", "m-1", NOW)
    assert found.origin.thread.reply_to == "m-0"


def test_people_of_instagram_are_others() -> None:
    found = the_one(
        decode([envelope(event(message={"mid": "m-1", "text": "Hi"}), about="instagram")], InstagramAdapter())
    )
    assert found.origin.sender == Identity("instagram", ANN)
    assert decode(envelope(event(message={"mid": "m", "text": "Hi"}), about="instagram")).reply.status == 400


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("image", MediaKind.IMAGE), ("audio", MediaKind.AUDIO), ("video", MediaKind.VIDEO), ("file", MediaKind.DOCUMENT)],
)
def test_files_are_named_and_none_is_fetched(kind: str, expected: MediaKind) -> None:
    file = {"type": kind, "payload": {"url": "https://cdn.fbsbx.com/x?sig=1"}}
    text, part = only(message={"mid": "m-1", "text": "Broken", "attachments": [file]}).parts
    assert text == TextPart("Broken")
    assert isinstance(part, MediaPart)
    assert (part.media.ref, part.media.kind) == ("https://cdn.fbsbx.com/x?sig=1", expected)


@pytest.mark.parametrize(
    ("attachment", "expected"),
    [
        ({"type": "fallback", "title": "A link", "payload": {"url": "https://a.example"}}, "A link\nhttps://a.example"),
        ({"type": "fallback", "payload": {"url": "https://a.example"}}, "https://a.example"),
        ({"type": "template", "title": "A card", "payload": None}, "A card"),
    ],
)
def test_links_and_cards_are_words(attachment: dict[str, Any], expected: str) -> None:
    assert only(message={"mid": "m-1", "attachments": [attachment]}).text == expected


def test_what_has_no_words_is_kept() -> None:
    found = only(message={"mid": "m-1", "attachments": [{"type": "template", "payload": {}}]})
    assert (type(found), found.type) == (inbound.Unrecognised, "message")
    assert only(hologram={}).type == "hologram"
    assert only().type == "nothing"


def test_an_echo_is_of_whom_it_was_sent_to_and_brings_our_key_back() -> None:
    ours = {"sender": {"id": PAGE}, "recipient": {"id": ANN}, "timestamp": MS}
    sent = {"mid": "m-out", "text": "On its way.", "is_echo": True, "metadata": "key-1"}
    found = the_one(decode(envelope({**ours, "message": sent})))
    assert isinstance(found, inbound.OutboundEcho)
    assert (found.origin.sender, found.key) == (Identity("messenger", ANN), "key-1")
    by_hand = the_one(decode(envelope({**ours, "message": {"mid": "m-2", "text": "Hi", "is_echo": True}})))
    assert by_hand.key is None


def test_an_echo_without_its_mark_is_no_customers_message() -> None:
    ours = {"sender": {"id": PAGE}, "recipient": {"id": ANN}, "message": {"mid": "m-out", "text": "Hi"}}
    assert isinstance(the_one(decode(envelope(ours))), inbound.OutboundEcho)


def test_a_quick_reply_and_a_postback_are_choices() -> None:
    found = only(message={"mid": "m-1", "text": "Friday", "quick_reply": {"payload": "fri"}})
    assert isinstance(found, inbound.ChoiceSelected)
    assert (found.choice, found.label, found.origin.dedupe_key) == ("fri", "Friday", "m-1")
    found = only(postback={"mid": "m-2", "title": "Start", "payload": "start", "referral": {"ref": "c-1.token"}})
    assert (found.choice, found.label, found.origin.thread.token) == ("start", "Start", "c-1.token")
    assert (
        only(postback={"title": "Start", "payload": "start"}).origin.dedupe_key == f"postback:{ANN}:{NOW.isoformat()}"
    )
    assert only(postback={"title": "Start"}).type == "postback"


def test_a_link_with_a_token_brings_it() -> None:
    assert only(message={"mid": "m", "text": "Hi", "referral": {"ref": "c-1.t"}}).origin.thread.token == "c-1.t"


@pytest.mark.parametrize("count", [2, "2"])
def test_an_edit_has_a_key_of_its_own(count: Any) -> None:
    found = only(message_edit={"mid": "m-1", "text": "Where is order 81?", "num_edit": count})
    assert isinstance(found, inbound.MessageEdited)
    assert (found.message_id, found.text, found.origin.dedupe_key) == ("m-1", "Where is order 81?", "m-1:edit:2")


def test_a_message_taken_back() -> None:
    found = only(message={"mid": "m-1", "is_deleted": True})
    assert isinstance(found, inbound.MessageDeleted)
    assert (found.message_id, found.origin.dedupe_key) == ("m-1", "m-1:deleted")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"action": "react", "reaction": "love", "emoji": "❤"}, "❤"),
        ({"action": "react", "reaction": "other"}, "other"),
        ({"action": "unreact"}, None),
    ],
)
def test_reactions(fields: dict[str, Any], expected: str | None) -> None:
    found = only(reaction={"mid": "m-out", **fields})
    assert isinstance(found, inbound.ReactionChanged)
    assert (found.message_id, found.reaction) == ("m-out", expected)
    later = decode(envelope({**event(reaction={"mid": "m-out", **fields}), "timestamp": MS + 1})).events[0]
    assert later.origin.dedupe_key != found.origin.dedupe_key


def test_receipts_by_message_and_by_watermark() -> None:
    named = only(delivery={"mids": ["m-1", "m-2"], "watermark": MS})
    assert (named.state, named.message_ids, named.watermark) == (DeliveryState.DELIVERED, ("m-1", "m-2"), None)
    bare = only(delivery={"watermark": MS - 1_000})
    assert (bare.message_ids, bare.watermark) == ((), NOW - timedelta(seconds=1))
    read = only(read={"watermark": MS})
    assert (read.state, read.message_ids, read.watermark) == (DeliveryState.READ, (), NOW)
    assert read.origin.sender == Identity("messenger", ANN)
    seen = only(read={"mid": "m-1"})
    assert (seen.message_ids, seen.watermark) == (("m-1",), None)
    assert decode(envelope(event(delivery={}))).issues[0].reason == "is missing"


@pytest.mark.parametrize("name", ["policy_enforcement", "policy-enforcement"])
def test_notices_to_the_owner(name: str) -> None:
    found = only(**{name: {"action": "block", "reason": "x"}})
    assert (type(found), found.code) == (inbound.ChannelNotice, "policy.block")


def test_what_another_app_is_to_answer_is_not_read() -> None:
    found = the_one(decode(envelope(event(message={"mid": "m", "text": "Hi"}), field="standby")))
    assert (type(found), found.type) == (inbound.Unrecognised, "standby")
    found = the_one(decode(envelope({"field": "feed", "value": {}}, field="changes")))
    assert found.type == "change.feed"


def test_other_accounts_are_told_and_nothing_of_them_is_read() -> None:
    news = event(message={"mid": "m", "text": "Hi"})
    for whole in (envelope(news, account="2"), envelope({**news, "recipient": {"id": "2"}})):
        decoded = decode(whole)
        assert decoded.events == ()
        assert decoded.issues[0].reason == "names another account"


def test_a_bad_piece_costs_only_itself() -> None:
    good = [event(message={"mid": f"m-{n}", "text": "Hi"}) for n in range(2)]
    decoded = decode(envelope(good[0], None, event(message={}), event(read={"watermark": "soon"}), good[1]))
    assert [one.origin.dedupe_key for one in decoded.events] == ["m-0", "m-1"]
    assert len(decoded.issues) == 3
    assert decoded.reply.status == 200
