"""Reading what Twilio posts of messages."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, strategies as st
from twilio.rest.api.v2010.account.message import MessageInstance

from orchestra.channels import inbound
from orchestra.channels.account import Account
from orchestra.channels.inbound import DeliveryState
from orchestra.channels.parts import Identity, MediaKind, MediaPart, TextPart
from orchestra.channels.port import Decoded
from orchestra.channels.twilio.adapter import TwilioSmsAdapter
from orchestra.channels.twilio.facts import STATES
from orchestra.channels.twilio.form import Form, read_parameters
from orchestra.channels.wire import RawRequest, Verified
from orchestra.errors import MalformedMessage

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
ACCOUNT = Account(route_key="r-1", channel="twilio_sms", id="AC1", secrets={"signing": ("s",)})
ANN = "+4930123456"


def decode_bytes(body: bytes) -> Decoded:
    request = RawRequest(method="POST", url="https://acme.example/r-1", body=body, received_at=NOW)
    return TwilioSmsAdapter().decode(Verified(request), ACCOUNT)


def decode(**fields: str) -> Decoded:
    return decode_bytes(urlencode({"AccountSid": "AC1", "MessageSid": "SM5", "From": ANN, **fields}).encode())


def only(decoded: Decoded) -> Any:
    assert not decoded.issues
    assert decoded.reply.status == 200
    (event,) = decoded.events
    return event


def test_a_text_names_who_and_is_answered_with_nothing_to_do() -> None:
    decoded = decode(Body="Grüße & + 👋", NumMedia="0", ToCountry="DE", SomethingNew="x")
    event = only(decoded)
    assert isinstance(event, inbound.MessageReceived)
    assert event.text == "Grüße & + 👋"
    assert event.origin.sender == Identity("phone", ANN)
    assert (event.origin.dedupe_key, event.origin.ids.message, event.origin.occurred_at) == ("SM5", "SM5", None)
    assert decoded.reply.headers == (("Content-Type", "text/xml"),)
    assert decoded.reply.body == b"<Response/>"


def test_whatsapp_addresses_are_numbers_and_have_names() -> None:
    event = only(decode(From=f"whatsapp:{ANN}", Body="Hi", ProfileName="Ann", WaId="4930123456"))
    assert event.origin.sender == Identity("phone", ANN, name="Ann")


@pytest.mark.parametrize(
    ("address", "kind", "value"),
    [("62884", "sms", "62884"), ("ACME", "sms", "ACME"), ("whatsapp:US.13491208655302741918", "whatsapp", None)],
)
def test_what_is_no_number_is_known_as_such(address: str, kind: str, value: str | None) -> None:
    sender = only(decode(From=address, Body="Hi")).origin.sender
    assert sender == Identity(kind, value or "US.13491208655302741918")


def test_files_are_named_and_none_is_fetched() -> None:
    media = {"MediaUrl0": "https://api.twilio.com/m/0", "MediaContentType0": "image/jpeg", "MediaUrl1": "http://a/b"}
    event = only(decode(Body="Broken", NumMedia="2", **media))
    text, picture, other = event.parts
    assert text == TextPart("Broken")
    assert isinstance(picture, MediaPart)
    assert (picture.media.ref, picture.media.kind) == ("https://api.twilio.com/m/0", MediaKind.IMAGE)
    assert isinstance(other, MediaPart)
    assert other.media.kind is MediaKind.DOCUMENT


def test_a_place_is_an_address_that_others_can_show() -> None:
    assert only(decode(Latitude="52.5", Longitude="-13.40")).parts == (TextPart("geo:52.5,-13.40"),)
    assert decode(Latitude="north", Longitude="1").issues[0].where == "Latitude"


def test_an_answer_names_what_it_answers() -> None:
    assert only(decode(Body="That one", OriginalRepliedMessageSid="SM1")).origin.thread.reply_to == "SM1"


@pytest.mark.parametrize(
    "fields", [{"ButtonPayload": "fri", "ButtonText": "Friday"}, {"ListId": "fri", "ListTitle": "Friday"}]
)
def test_a_choice_is_no_text(fields: dict[str, str]) -> None:
    event = only(decode(From=f"whatsapp:{ANN}", Body="Friday", OriginalRepliedMessageSid="SM1", **fields))
    assert isinstance(event, inbound.ChoiceSelected)
    assert (event.choice, event.label, event.message_id) == ("fri", "Friday", "SM1")


@pytest.mark.parametrize(
    ("fields", "granted"),
    [
        ({"Body": "STOP"}, False),
        ({"Body": " stop\n"}, False),
        ({"Body": "Cancel"}, False),
        ({"Body": "Start"}, True),
        ({"Body": "Halt", "OptOutType": "STOP"}, False),
        ({"Body": "Los", "OptOutType": "START"}, True),
        ({"From": f"whatsapp:{ANN}", "Body": "Halt", "OptOutType": "STOP"}, False),
    ],
)
def test_words_that_stop_and_start(fields: dict[str, str], granted: bool) -> None:
    event = only(decode(**fields))
    assert isinstance(event, inbound.ConsentChanged)
    assert event.is_granted is granted
    assert event.origin.sender == Identity("phone", ANN)


@pytest.mark.parametrize(
    "fields",
    [
        {"Body": "Please cancel my order"},
        {"Body": "YES"},
        {"Body": "STOP", "From": f"whatsapp:{ANN}"},
        {"Body": "STOP", "OptOutType": "HELP"},
    ],
)
def test_other_words_are_messages(fields: dict[str, str]) -> None:
    assert isinstance(only(decode(**fields)), inbound.MessageReceived)


def test_every_status_of_the_sdk_is_known() -> None:
    theirs = {value for name, value in vars(MessageInstance.Status).items() if name.isupper()}
    assert set(STATES) == theirs - {"receiving", "received"}


@pytest.mark.parametrize("status", sorted(STATES))
def test_a_status_is_told_once_each(status: str) -> None:
    event = only(decode(MessageStatus=status, SmsStatus=status, To=ANN, From="+4930000000"))
    assert isinstance(event, inbound.DeliveryUpdate)
    assert (event.state, event.message_ids) == (STATES[status], ("SM5",))
    assert event.origin.dedupe_key == f"SM5:{status}"
    assert (event.code is None) == (event.state is not DeliveryState.FAILED)


@pytest.mark.parametrize(("code", "permanent"), [("30005", True), ("21610", True), ("30003", False)])
def test_a_failure_tells_why(code: str, permanent: bool) -> None:
    event = only(decode(MessageStatus="undelivered", ErrorCode=code))
    assert (event.code, event.permanent, event.is_undeliverable) == (code, permanent, permanent)


def test_that_the_window_was_shut_is_told_in_the_word_for_it() -> None:
    event = only(decode(MessageStatus="failed", ErrorCode="63016"))
    assert (event.code, event.permanent, event.is_undeliverable) == ("window", False, False)


def test_what_is_not_known_is_kept() -> None:
    assert only(decode(MessageStatus="hologram")).type == "status:hologram"
    assert only(decode(MessageType="poll")).type == "poll"
    assert only(decode()).type == "nothing"


def test_another_account_is_refused() -> None:
    decoded = decode(AccountSid="AC2", Body="Hi")
    assert (decoded.events, decoded.issues[0].code, decoded.reply.status) == ((), "wrong_account", 403)


@pytest.mark.parametrize("body", [b"", b"\xff", b"AccountSid=AC1&AccountSid=AC2&MessageSid=SM5", b"{}"])
def test_what_names_no_account_is_refused(body: bytes) -> None:
    decoded = decode_bytes(body)
    assert decoded.events == ()
    assert 400 <= decoded.reply.status < 500


@pytest.mark.parametrize(
    "fields",
    [
        {"MessageSid": ""},
        {"MessageSid": "SM\n5"},
        {"MessageSid": "S" * 513},
        {"From": ""},
        {"From": "whatsapp:"},
        {"NumMedia": "11"},
        {"NumMedia": "-1"},
        {"NumMedia": "٣"},
        {"NumMedia": "1"},
    ],
)
def test_a_bad_message_is_an_issue_and_not_sent_again(fields: dict[str, str]) -> None:
    decoded = decode(Body="Hi", **fields)
    assert (decoded.events, decoded.reply.status) == ((), 200)
    assert decoded.issues[0].code == "malformed_event"


def test_of_two_values_nobody_knows_which_counts() -> None:
    form = Form((("a", "1"), ("a", "2"), ("b", "1"), ("b", "1")))
    with pytest.raises(MalformedMessage):
        form.optional("a")
    assert form.optional("b") == "1"
    with pytest.raises(MalformedMessage):
        form.text("c")


@given(st.binary(max_size=100))
def test_no_bytes_raise(body: bytes) -> None:
    assert not decode_bytes(body).events


FIELDS = [
    "MessageStatus",
    "Body",
    "NumMedia",
    "MediaUrl0",
    "Latitude",
    "Longitude",
    "ButtonPayload",
    "OptOutType",
    "From",
]


@given(st.dictionaries(st.sampled_from(FIELDS), st.text(st.characters(exclude_categories=["Cs"]), max_size=10)))
def test_no_fields_raise(fields: dict[str, str]) -> None:
    decoded = decode(**fields)
    assert len(decoded.events) + len(decoded.issues) == 1


def test_parameters_keep_their_order_and_empty_ones() -> None:
    assert read_parameters(b"b=&a=1+%2B") == (("b", ""), ("a", "1 +"))
