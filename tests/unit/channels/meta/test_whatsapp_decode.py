"""Reading what the WhatsApp Cloud API posts; pywa reads the same samples."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from pywa import WhatsApp
from pywa.errors import ReEngagementMessage
from pywa.types import DeletedMessage, EditedMessage, Message, MessageStatus, UserMarketingPreferences
from pywa.types.message_status import MessageStatusType

from orchestra.channels import inbound
from orchestra.channels.account import Account
from orchestra.channels.inbound import DeliveryState
from orchestra.channels.meta.whatsapp import WhatsAppAdapter
from orchestra.channels.meta.whatsapp_facts import STATES
from orchestra.channels.parts import Identity, MediaKind, MediaPart, TextPart
from orchestra.channels.port import Decoded
from orchestra.channels.wire import RawRequest, Verified

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
SECONDS = "1767614400"
ACCOUNT = Account(route_key="r-1", channel="whatsapp", id="77", secrets={"app_secret": ("s",)})
CONTACT = {"profile": {"name": "Ann"}, "wa_id": "4930123456", "user_id": "DE.1"}
ANN = (
    Identity("phone", "+4930123456", name="Ann", is_verified=True),
    Identity("whatsapp", "DE.1", name="Ann", is_verified=True),
)
PYWA = WhatsApp(phone_id="77", token="t")


def body(lists: dict[str, Any], field: str = "messages", number: str = "77") -> dict[str, Any]:
    value = {"metadata": {"phone_number_id": number, "display_phone_number": "49"}, "contacts": [CONTACT], **lists}
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": "1", "changes": [{"field": field, "value": {"messaging_product": "whatsapp", **value}}]}],
    }


def decode(whole: Any) -> Decoded:
    data = whole if isinstance(whole, bytes) else json.dumps(whole).encode()
    request = RawRequest(method="POST", url="https://acme.example/r-1", body=data, received_at=NOW)
    return WhatsAppAdapter().decode(Verified(request), ACCOUNT)


def only(whole: Any) -> Any:
    decoded = decode(whole)
    assert not decoded.issues, decoded.issues
    assert decoded.reply.status == 200
    (event,) = decoded.events
    return event


def message(kind: str = "text", **fields: Any) -> dict[str, Any]:
    content = {"text": {"body": "Where is my order?"}} if kind == "text" and "text" not in fields else {}
    return {"from": "4930123456", "id": "wamid.1", "timestamp": SECONDS, "type": kind, **content, **fields}


def sent(kind: str = "text", **fields: Any) -> Any:
    return only(body({"messages": [message(kind, **fields)]}))


def test_a_text_names_who_and_when() -> None:
    event = sent()
    assert isinstance(event, inbound.MessageReceived)
    assert event.text == "Where is my order?"
    assert event.origin.identities == ANN
    assert event.origin.occurred_at == NOW
    assert (event.origin.dedupe_key, event.origin.ids.message) == ("wamid.1", "wamid.1")
    read = Message.from_update(PYWA, body({"messages": [message()]}))
    assert (read.text, read.id, read.from_user.wa_id) == (event.text, "wamid.1", "4930123456")


@pytest.mark.parametrize("contacts", [[], [{"wa_id": "1", "profile": {"name": "Bo"}}], [{"wa_id": "4930123456"}]])
def test_without_their_contact_a_number_alone_is_known(contacts: list[Any]) -> None:
    event = only(body({"messages": [message()], "contacts": contacts}))
    assert event.origin.identities == (Identity("phone", "+4930123456", is_verified=True),)


def test_who_shows_no_number_is_known_by_the_business_scoped_id() -> None:
    hidden = {"profile": {"name": "Ann"}, "user_id": "DE.1"}
    event = only(body({"messages": [message(**{"from": None}, from_user_id="DE.1")], "contacts": [hidden]}))
    assert event.origin.identities == (Identity("whatsapp", "DE.1", name="Ann", is_verified=True),)


def test_an_answer_names_what_it_answers_and_a_group_is_a_conversation() -> None:
    event = sent(context={"from": "49", "id": "wamid.0"}, group_id="G1")
    assert (event.origin.thread.reply_to, event.origin.thread.conversation) == ("wamid.0", "G1")


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("image", MediaKind.IMAGE),
        ("audio", MediaKind.AUDIO),
        ("video", MediaKind.VIDEO),
        ("document", MediaKind.DOCUMENT),
        ("sticker", MediaKind.IMAGE),
    ],
)
def test_files_are_named_and_none_is_fetched(kind: str, expected: MediaKind) -> None:
    file = {"id": "905", "mime_type": "image/jpeg", "sha256": "x", "caption": "Broken", "filename": "a.jpg"}
    (part,) = sent(kind, **{kind: file}).parts
    assert isinstance(part, MediaPart)
    assert (part.media.ref, part.media.kind, part.media.content_type) == ("905", expected, "image/jpeg")
    assert part.caption == "Broken"


def test_a_place_is_an_address_that_others_can_show() -> None:
    event = sent("location", location={"latitude": 52.5, "longitude": 13, "name": "Home"})
    assert event.parts == (TextPart("geo:52.5,13"), TextPart("Home"))


@pytest.mark.parametrize("kind", ["button_reply", "list_reply"])
def test_a_choice(kind: str) -> None:
    reply = {"type": kind, kind: {"id": "fri", "title": "Friday"}}
    event = sent("interactive", interactive=reply, context={"id": "wamid.0"})
    assert isinstance(event, inbound.ChoiceSelected)
    assert (event.choice, event.label, event.message_id) == ("fri", "Friday", "wamid.0")


def test_a_button_of_a_template_is_a_choice() -> None:
    event = sent("button", button={"payload": "stop", "text": "Stop"})
    assert (event.choice, event.label) == ("stop", "Stop")


@pytest.mark.parametrize(
    ("reaction", "expected"), [({"emoji": "👍"}, "👍"), ({"emoji": ""}, None), ({"emoji": None}, None), ({}, None)]
)
def test_reactions(reaction: dict[str, Any], expected: str | None) -> None:
    event = sent("reaction", reaction={"message_id": "wamid.out", **reaction})
    assert isinstance(event, inbound.ReactionChanged)
    assert (event.message_id, event.reaction) == ("wamid.out", expected)


def test_an_edit_and_a_deletion_name_the_message_that_they_change() -> None:
    edit = {"original_message_id": "wamid.0", "message": message(text={"body": "Where is order 81?"})}
    whole = body({"messages": [message("edit", edit=edit)]})
    event = only(whole)
    assert isinstance(event, inbound.MessageEdited)
    assert (event.message_id, event.text) == ("wamid.0", "Where is order 81?")
    assert (event.origin.ids.message, event.origin.ids.event) == ("wamid.0", "wamid.1")
    assert EditedMessage.from_update(PYWA, whole).original_message_id == "wamid.0"
    whole = body({"messages": [message("revoke", revoke={"original_message_id": "wamid.0"})]})
    gone = only(whole)
    assert isinstance(gone, inbound.MessageDeleted)
    assert gone.message_id == "wamid.0"
    assert DeletedMessage.from_update(PYWA, whole).original_message_id == "wamid.0"


def test_what_the_companys_people_sent_is_an_echo_to_whom_they_sent_it() -> None:
    echo = message(**{"from": "49", "to": "4930123456"}, text={"body": "On its way."})
    event = only(body({"message_echoes": [echo]}, "smb_message_echoes"))
    assert isinstance(event, inbound.OutboundEcho)
    assert (event.text, event.origin.identities) == ("On its way.", ANN)
    other = only(body({"message_echoes": [{**echo, "type": "contacts"}]}, "smb_message_echoes"))
    assert other.type == "echo.contacts"


def test_a_changed_number_is_the_same_person() -> None:
    system = {"type": "user_changed_number", "wa_id": "4930999999", "body": "x"}
    event = sent("system", system=system)
    assert isinstance(event, inbound.IdentityLinked)
    assert event.linked == Identity("phone", "+4930999999", is_verified=True)
    assert sent("system", system={"type": "customer_identity_changed"}).type == "system.customer_identity_changed"


@pytest.mark.parametrize(
    ("kind", "fields", "expected"),
    [
        ("hologram", {}, "message.hologram"),
        ("contacts", {"contacts": [{}]}, "message.contacts"),
        ("interactive", {"interactive": {"type": "nfm_reply"}}, "interactive.nfm_reply"),
        ("edit", {"edit": {"original_message_id": "w", "message": {"type": "order"}}}, "message.edit"),
    ],
)
def test_what_is_not_known_is_kept(kind: str, fields: dict[str, Any], expected: str) -> None:
    event = sent(kind, **fields)
    assert isinstance(event, inbound.Unrecognised)
    assert event.type == expected


def status(state: str, **more: Any) -> dict[str, Any]:
    return body(
        {"statuses": [{"id": "wamid.out", "status": state, "timestamp": SECONDS, "recipient_id": "4930123456", **more}]}
    )


def test_every_status_of_pywa_is_known() -> None:
    assert set(STATES) == {one.value for one in MessageStatusType} - {"UNKNOWN"}


@pytest.mark.parametrize("state", sorted(STATES))
def test_receipts(state: str) -> None:
    event = only(status(state))
    assert isinstance(event, inbound.DeliveryUpdate)
    assert (event.state, event.message_ids) == (STATES[state], ("wamid.out",))
    assert event.origin.dedupe_key == f"wamid.out:{state}"
    assert event.origin.occurred_at == NOW
    errors = {"errors": [{"code": 131047, "title": "x", "message": "x"}]} if state == "failed" else {}
    assert MessageStatus.from_update(PYWA, status(state, **errors)).status.value == state


@pytest.mark.parametrize(("code", "permanent"), [(131026, True), (131051, True), (131056, False)])
def test_a_failure_tells_why(code: int, permanent: bool) -> None:
    event = only(status("failed", errors=[{"code": code}]))
    assert (event.state, event.code, event.permanent) == (DeliveryState.FAILED, f"graph_{code}", permanent)
    assert event.is_undeliverable is (code == 131026)
    assert only(status("failed")).code == "failed"
    assert only(status("melted")).type == "status.melted"


def test_that_the_window_was_shut_is_told_in_the_word_for_it() -> None:
    event = only(status("failed", errors=[{"code": 131047}]))
    assert (event.code, event.permanent, event.is_undeliverable) == ("window", False, False)
    assert ReEngagementMessage.__error_codes__ == (131047,)


@pytest.mark.parametrize(("value", "granted"), [("stop", False), ("RESUME", True), ("signup", True)])
def test_consent_to_a_topic(value: str, granted: bool) -> None:
    wish = {
        "wa_id": "4930123456",
        "value": value,
        "category": "marketing_messages",
        "timestamp": int(SECONDS),
        "detail": "x",
    }
    whole = body({"user_preferences": [wish]}, "user_preferences")
    event = only(whole)
    assert isinstance(event, inbound.ConsentChanged)
    assert (event.is_granted, event.topic, event.origin.identities) == (granted, "marketing_messages", ANN)
    assert bool(UserMarketingPreferences.from_update(PYWA, whole)) is granted
    assert (
        only(body({"user_preferences": [{**wish, "value": "perhaps"}]}, "user_preferences")).type
        == "preference.perhaps"
    )


def test_notices_to_the_owner_name_no_number() -> None:
    change = {"field": "account_update", "value": {"event": "DISABLED_UPDATE"}}
    entry = {"id": "1", "time": int(SECONDS), "changes": [change]}
    event = only({"object": "whatsapp_business_account", "entry": [entry]})
    assert isinstance(event, inbound.ChannelNotice)
    assert (event.code, event.origin.occurred_at) == ("account_update", NOW)
    error = only(body({"errors": [{"code": 130429, "title": "x"}]}))
    assert (type(error), error.code) == (inbound.ChannelNotice, "graph_130429")


def test_a_field_of_tomorrow_is_kept() -> None:
    assert only(body({}, "holograms")).type == "holograms"
    assert decode(body({})) == Decoded()


def test_another_number_is_told_and_nothing_of_it_is_read() -> None:
    decoded = decode(body({"messages": [message()]}, number="78"))
    assert decoded.events == ()
    assert decoded.issues[0].reason == "names another account"


def test_a_bad_piece_of_any_level_costs_only_itself() -> None:
    good = body({"messages": [message(), 5, message("image"), message(id="wamid.2")]})
    changes = good["entry"][0]["changes"]
    good["entry"][0]["changes"] = [None, {"field": 5}, {"field": "messages", "value": []}, *changes]
    good["entry"] = [5, {"changes": 7}, *good["entry"]]
    decoded = decode([good, {**body({}), "entry": []}])
    assert [event.origin.dedupe_key for event in decoded.events] == ["wamid.1", "wamid.2"]
    assert len(decoded.issues) == 7
    assert decoded.reply.status == 200


@pytest.mark.parametrize(
    "data", [b"", b"{", b"5", b'{"object": "page", "entry": []}', b'{"object": null}', b"[[]]", b"\xff"]
)
def test_what_is_no_envelope_is_refused(data: bytes) -> None:
    decoded = decode(data)
    assert (decoded.events, decoded.reply.status) == ((), 400)


@pytest.mark.parametrize("timestamp", ["", "soon", "-1", "1.5", "9" * 20, None, [], 1e20, "٣"])
def test_a_time_that_is_none_costs_its_message(timestamp: Any) -> None:
    decoded = decode(body({"messages": [message(timestamp=timestamp)]}))
    assert decoded.events == ()
    assert len(decoded.issues) == 1


@pytest.mark.parametrize("timestamp", [SECONDS, int(SECONDS), int(SECONDS) * 1_000, SECONDS + "000"])
def test_times_in_each_of_their_forms(timestamp: Any) -> None:
    assert sent(timestamp=timestamp).origin.occurred_at == NOW
