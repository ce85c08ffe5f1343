"""Reading updates, made by python-telegram-bot where it can make them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
import telegram as ptb
from hypothesis import given, strategies as st

from orchestra.channels import inbound
from orchestra.channels.account import Account
from orchestra.channels.parts import Identity, MediaKind, MediaPart, TextPart
from orchestra.channels.port import Decoded
from orchestra.channels.telegram.adapter import TelegramAdapter
from orchestra.channels.wire import RawRequest, Verified

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
ACCOUNT = Account(route_key="r-1", channel="telegram", id="42", secrets={"token": ("42:a",), "webhook": ("s",)})
ADAPTER = TelegramAdapter()
ANN = ptb.User(77, "Ann", False, last_name="Lee", username="ann")
CHAT = ptb.Chat(77, "private", first_name="Ann")
GROUP = ptb.Chat(-1009, "supergroup", title="Orders", is_forum=True)
PHOTO = (ptb.PhotoSize("small", "u1", 90, 90, 1_000), ptb.PhotoSize("large", "u2", 900, 900, 90_000))


def decode_bytes(body: bytes) -> Decoded:
    request = RawRequest(method="POST", url="https://acme.example/r-1", body=body, received_at=NOW)
    return ADAPTER.decode(Verified(request), ACCOUNT)


def decode(**update: Any) -> Decoded:
    return decode_bytes(ptb.Update(900, **update).to_json().encode())


def raw(**update: Any) -> Decoded:
    return decode_bytes(json.dumps({"update_id": 900, **update}).encode())


def only(decoded: Decoded) -> Any:
    assert not decoded.issues
    assert decoded.reply.status == 200
    (event,) = decoded.events
    return event


def message(chat: ptb.Chat = CHAT, **fields: Any) -> ptb.Message:
    return ptb.Message(5, NOW, chat, from_user=ANN, **fields)


def test_a_text_names_who_where_and_when() -> None:
    event = only(decode(message=message(text="Where is my order?")))
    assert isinstance(event, inbound.MessageReceived)
    assert event.text == "Where is my order?"
    assert not event.is_public
    assert event.origin.sender == Identity("telegram", "77", name="Ann Lee")
    assert event.origin.thread.conversation == "77"
    assert event.origin.occurred_at == NOW
    assert event.origin.ids.message == "77:5"
    assert event.origin.dedupe_key == "900:77:5"


def test_a_group_is_public_and_a_topic_is_a_conversation_of_its_own() -> None:
    event = only(decode(message=message(GROUP, text="Hello?", message_thread_id=3, is_topic_message=True)))
    assert event.is_public
    assert event.origin.thread.conversation == "-1009/3"


def test_messages_of_a_chat_are_numbered_as_they_were_written() -> None:
    assert only(decode(message=message(text="Hello?"))).origin.sequence == 5
    yet_to_be_sent = ptb.Message(0, NOW, CHAT, from_user=ANN, text="Hello?")
    assert only(decode(message=yet_to_be_sent)).origin.sequence is None


def test_an_answer_names_what_it_answers() -> None:
    answered = ptb.Message(4, NOW, CHAT, text="Which one?")
    assert only(decode(message=message(text="That one.", reply_to_message=answered))).origin.thread.reply_to == "77:4"


@pytest.mark.parametrize("text", ["/start c-1_token-x", "/start@acme_bot c-1_token-x"])
def test_a_start_link_brings_its_token(text: str) -> None:
    assert only(decode(message=message(text=text))).origin.thread.token == "c-1_token-x"


@pytest.mark.parametrize("text", ["/start", "/start a b", "/started x", "say /start x", "/start " + "x" * 65])
def test_other_texts_bring_no_token(text: str) -> None:
    assert only(decode(message=message(text=text))).origin.thread.token is None


def test_of_a_photo_the_largest_size_is_named_and_none_is_fetched() -> None:
    (part,) = only(decode(message=message(photo=PHOTO, caption="Broken", media_group_id="g-1"))).parts
    assert isinstance(part, MediaPart)
    assert (part.media.ref, part.media.kind, part.media.size_bytes) == ("large", MediaKind.IMAGE, 90_000)
    assert part.caption == "Broken"


def test_an_album_is_named_on_each_of_its_photos() -> None:
    event = only(decode(message=message(photo=PHOTO, media_group_id="g-1")))
    assert event.origin.ids.other == (("media_group", "g-1"),)


@pytest.mark.parametrize(
    ("field", "value", "kind"),
    [
        ("document", ptb.Document("f", "u", file_name="bill.pdf", mime_type="application/pdf"), MediaKind.DOCUMENT),
        ("audio", ptb.Audio("f", "u", 9, mime_type="audio/mpeg"), MediaKind.AUDIO),
        ("voice", ptb.Voice("f", "u", 9), MediaKind.AUDIO),
        ("video", ptb.Video("f", "u", 1, 1, 9), MediaKind.VIDEO),
        ("video_note", ptb.VideoNote("f", "u", 1, 9), MediaKind.VIDEO),
        ("sticker", ptb.Sticker("f", "u", 1, 1, False, False, "regular"), MediaKind.IMAGE),
    ],
)
def test_every_kind_of_file(field: str, value: Any, kind: MediaKind) -> None:
    (part,) = only(decode(message=message(**{field: value}))).parts
    assert isinstance(part, MediaPart)
    assert (part.media.ref, part.media.kind) == ("f", kind)


def test_an_animation_is_no_document_though_it_comes_as_one_as_well() -> None:
    clip, copy = ptb.Animation("clip", "u", 1, 1, 9), ptb.Document("clip", "u")
    (part,) = only(decode(message=message(animation=clip, document=copy))).parts
    assert isinstance(part, MediaPart)
    assert part.media.kind is MediaKind.VIDEO


def test_a_place_is_an_address_that_others_can_show() -> None:
    assert only(decode(message=message(location=ptb.Location(13.4, 52.5)))).parts == (TextPart("geo:52.5,13.4"),)


def test_a_shared_number_is_linked_only_if_it_is_the_sharers_own() -> None:
    own = only(decode(message=message(contact=ptb.Contact("4930123456", "Ann", user_id=77))))
    assert isinstance(own, inbound.IdentityLinked)
    assert own.linked == Identity("phone", "+4930123456", is_verified=True)
    for foreign in (ptb.Contact("+4930999999", "Bo", user_id=78), ptb.Contact("+4930999999", "Bo")):
        event = only(decode(message=message(contact=foreign)))
        assert isinstance(event, inbound.Unrecognised)
        assert event.type == "message.contact"


def test_notices_of_a_chat_are_no_messages() -> None:
    event = only(decode(message=message(GROUP, new_chat_members=(ANN,))))
    assert isinstance(event, inbound.Unrecognised)
    assert event.type == "message.new_chat_members"


def test_a_channel_writes_under_its_own_name() -> None:
    post = {"message_id": 5, "date": 1, "chat": {"id": -9, "type": "channel"}, "text": "News"}
    event = only(raw(channel_post={**post, "sender_chat": {"id": -9, "title": "Acme", "type": "channel"}}))
    assert event.origin.sender == Identity("telegram", "-9", name="Acme")
    assert only(raw(channel_post=post)).origin.sender is None


def test_what_the_bot_itself_wrote_is_an_echo_to_whom_it_was_sent() -> None:
    bot = ptb.User(42, "Acme", True)
    event = only(decode(message=ptb.Message(6, NOW, CHAT, from_user=bot, text="On its way.")))
    assert isinstance(event, inbound.OutboundEcho)
    assert event.origin.sender == Identity("telegram", "77")


def test_an_edit_has_the_time_and_the_key_of_its_own() -> None:
    edited = message(text="Where is order 81?", edit_date=datetime(2026, 1, 5, 12, 1, tzinfo=UTC))
    event = only(decode(edited_message=edited))
    assert isinstance(event, inbound.MessageEdited)
    assert event.message_id == "77:5"
    assert event.text == "Where is order 81?"
    assert event.origin.occurred_at == datetime(2026, 1, 5, 12, 1, tzinfo=UTC)
    without_words = only(raw(edited_message={**json.loads(edited.to_json()), "text": None, "game": {}}))
    assert isinstance(without_words, inbound.Unrecognised)


def test_a_pressed_button_says_what_stood_on_it_and_is_answered_at_once() -> None:
    button = ptb.InlineKeyboardButton("Friday", callback_data="day:fri")
    shown = ptb.Message(6, NOW, CHAT, text="Which day?", reply_markup=ptb.InlineKeyboardMarkup([[button]]))
    decoded = decode(callback_query=ptb.CallbackQuery("q-1", ANN, "instance", message=shown, data="day:fri"))
    event = only(decoded)
    assert isinstance(event, inbound.ChoiceSelected)
    assert (event.choice, event.label, event.message_id) == ("day:fri", "Friday", "77:6")
    assert json.loads(decoded.reply.body) == {"method": "answerCallbackQuery", "callback_query_id": "q-1"}
    assert decoded.reply.headers == (("Content-Type", "application/json"),)


def test_a_button_of_a_message_that_is_gone_is_a_choice_all_the_same() -> None:
    event = only(decode(callback_query=ptb.CallbackQuery("q-1", ANN, "instance", data="day:fri")))
    assert (event.choice, event.label, event.message_id) == ("day:fri", None, None)
    plain = ptb.Message(6, NOW, CHAT, text="Which day?")
    event = only(decode(callback_query=ptb.CallbackQuery("q-1", ANN, "instance", message=plain, data="day:fri")))
    assert (event.label, event.message_id) == (None, "77:6")


def test_a_game_is_no_choice() -> None:
    event = only(decode(callback_query=ptb.CallbackQuery("q-1", ANN, "instance", game_short_name="chess")))
    assert isinstance(event, inbound.Unrecognised)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ((ptb.ReactionTypeEmoji("👍"),), "👍"),
        ((ptb.ReactionTypeCustomEmoji("e-5"),), "e-5"),
        ((ptb.ReactionTypePaid(),), "paid"),
        ((), None),
    ],
)
def test_reactions(now: tuple[Any, ...], expected: str | None) -> None:
    changed = ptb.MessageReactionUpdated(CHAT, 6, NOW, (), now, user=ANN)
    event = only(decode(message_reaction=changed))
    assert isinstance(event, inbound.ReactionChanged)
    assert (event.message_id, event.reaction) == ("77:6", expected)
    assert event.origin.sender == Identity("telegram", "77", name="Ann Lee")


def membership(chat: ptb.Chat, status: Any) -> Any:
    bot = ptb.User(42, "Acme", True)
    changed = ptb.ChatMemberUpdated(chat, ANN, NOW, ptb.ChatMemberMember(bot), status(bot))
    return only(decode(my_chat_member=changed))


def test_blocking_the_bot_takes_consent_back_and_unblocking_gives_it() -> None:
    blocked = membership(CHAT, lambda bot: ptb.ChatMemberBanned(bot, NOW))
    assert isinstance(blocked, inbound.ConsentChanged)
    assert not blocked.is_granted
    assert blocked.origin.sender == Identity("telegram", "77", name="Ann Lee")
    assert membership(CHAT, ptb.ChatMemberMember).is_granted


def test_being_put_out_of_a_group_is_nobodys_consent() -> None:
    assert isinstance(membership(GROUP, lambda bot: ptb.ChatMemberBanned(bot, NOW)), inbound.Unrecognised)


def test_an_unknown_update_is_named() -> None:
    assert only(raw(hologram={})).type == "hologram"
    assert only(raw()).type == "nothing"


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"\xff", b'{"update_id": "9"}', b"[" * 9_999])
def test_what_is_no_update_is_refused(body: bytes) -> None:
    decoded = decode_bytes(body)
    assert (decoded.events, decoded.reply.status) == ((), 400)
    assert decoded.issues[0].code == "malformed"


@pytest.mark.parametrize(
    "update",
    [
        {"message": 5},
        {"message": {"message_id": 5}},
        {"message": {"message_id": 5, "date": -1, "chat": {"id": 1, "type": "private"}, "text": "x"}},
        {"message": {"message_id": 5, "date": 1, "chat": {"id": "1"}, "text": "x"}},
        {"message": {"message_id": 5, "date": 1, "chat": {"id": 1, "type": "private"}, "photo": [None]}},
        {"callback_query": {"id": "q", "data": "x"}},
        {"message_reaction": {"chat": {"id": 1}, "message_id": 5, "date": 1, "new_reaction": [{}]}},
        {"my_chat_member": {"chat": {"id": 1, "type": "private"}}},
    ],
)
def test_a_bad_update_does_not_hold_up_the_later_ones(update: dict[str, Any]) -> None:
    decoded = raw(**update)
    assert (decoded.events, decoded.reply.status) == ((), 200)
    (issue,) = decoded.issues
    assert issue.code == "malformed_event"
    assert issue.where.startswith("update")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["message_id", "chat", "id", "from", "date", "type", "photo", "data", "text", "new_reaction"]
            ),
            inner,
            max_size=4,
        )
    ),
)


@given(st.sampled_from(["message", "edited_message", "callback_query", "message_reaction", "my_chat_member"]), JSON)
def test_whatever_stands_in_an_update_nothing_is_raised(kind: str, value: Any) -> None:
    decoded = raw(**{kind: value})
    assert len(decoded.events) + len(decoded.issues) == 1
