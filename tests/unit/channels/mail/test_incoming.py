"""From a mail to news."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st
from tests.unit.channels.mail.mail_samples import NOW, account, report, settings, written

from orchestra.channels import inbound
from orchestra.channels.mail.incoming import EVENT_KINDS, decode_mail
from orchestra.channels.mail.tokens import bounce_address, sealed_id, unsubscribe_subject
from orchestra.channels.parts import Identity, MediaKind, MediaPart, TextPart, ThreadRef
from orchestra.channels.port import Decoded

OWN = settings(plus_addresses=True)
KEY, CASE = "de1.0123456789abcdef01234567", "ca1.0123456789abcdef01234567"
OURS = sealed_id(OWN, KEY, CASE)
FAILED = "Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; joe@example.com\nAction: failed\nStatus: 5.1.1"


def decoded(data: bytes, at: datetime = NOW, **config: Any) -> Decoded:
    return decode_mail(data, account(**config), at)


def only(data: bytes, **config: Any) -> Any:
    (event,) = decoded(data, **config).events
    assert type(event) in EVENT_KINDS
    return event


def message(**fields: str | None) -> inbound.MessageReceived:
    event = only(written(**fields))
    assert isinstance(event, inbound.MessageReceived)
    return event


def test_somebody_wrote() -> None:
    data = written("Where is it?\n\nOn 1 Nov Ana wrote:\n> Soon.")
    found = decoded(data)
    assert found.issues == ()
    assert found.reply.status == 200
    (event,) = found.events
    assert isinstance(event, inbound.MessageReceived)
    assert event.subject == "My order"
    assert event.text == "Where is it?\n\nOn 1 Nov Ana wrote:\n> Soon."
    assert event.unquoted_text == "Where is it?"
    origin = event.origin
    assert origin.sender == Identity("email", "joe@example.com", "Joe Doe")
    assert origin.ids == inbound.ProviderIds(message=f"<m1@example.com>.{origin.dedupe_key[-16:]}")
    assert origin.thread == ThreadRef(conversation="<m1@example.com>")
    assert origin.occurred_at == datetime(2026, 11, 30, 10, tzinfo=UTC)
    assert origin.received_at == NOW
    assert origin.raw_digest == hashlib.sha256(data).hexdigest()
    assert not origin.is_redelivery


def test_files_come_with_the_message() -> None:
    picture = "--b\r\nContent-Type: image/png; name=../a.png\r\n\r\nPNG\r\n"
    text = f"--b\r\n\r\nSee\r\n{picture}--b\r\nContent-Type: x/y\r\n\r\nZ\r\n--b--"
    event = only(written(text, {"Content-Type": "multipart/mixed; boundary=b"}))
    first, shown, other = event.parts
    assert first == TextPart("See")
    assert isinstance(shown, MediaPart)
    assert (shown.media.kind, shown.media.name, shown.media.data) == (MediaKind.IMAGE, "a.png", b"PNG")
    assert shown.media.ref == "sha256:" + hashlib.sha256(b"PNG").hexdigest()
    assert shown.media.size_bytes == 3
    assert other.media.kind is MediaKind.DOCUMENT


def test_a_mail_without_words_is_a_message_of_none() -> None:
    assert message(Subject=None).subject is None
    assert only(written("")).text == ""


# Who, and when.


def test_who_fills_in_an_own_form_is_the_sender() -> None:
    data = written(From="form@shop.example", Reply_To="Ann <ann@example.com>", Auto_Submitted="auto-generated")
    event = only(data, forms="form@shop.example")
    assert isinstance(event, inbound.MessageReceived)
    assert event.origin.sender == Identity("email", "ann@example.com", "Ann")
    assert message(Reply_To="ann@example.com").origin.sender == Identity("email", "joe@example.com", "Joe Doe")


def test_a_sender_is_verified_if_the_own_server_says_so() -> None:
    data = written(Authentication_Results="mx.shop.example; dmarc=pass")
    assert only(data, trusted_results="mx.shop.example").origin.sender.is_verified
    assert not only(data).origin.sender.is_verified


def test_a_mail_without_an_id_has_none() -> None:
    assert message(Message_ID=None).origin.ids.message is None


def test_a_mail_without_sender_is_no_less_a_message() -> None:
    found = decoded(written(From='"'))
    assert [issue.code for issue in found.issues] == ["no_sender"]
    assert found.events[0].origin.identities == ()
    assert message(From=None, Reply_To="ann@example.com").origin.sender == Identity("email", "ann@example.com")


def test_a_clock_that_is_ahead_is_not_believed() -> None:
    assert message(Date="Mon, 30 Nov 2026 13:00:00 +0000").origin.occurred_at == NOW + timedelta(hours=1)
    assert message(Date="Mon, 30 Nov 2026 13:00:01 +0000").origin.occurred_at is None
    assert message(Date="some day").origin.occurred_at is None


# What it belongs to.


def test_a_thread_is_known_by_the_mail_that_began_it() -> None:
    thread = message(In_Reply_To="<2@x>", References="<1@x> <2@x>").origin.thread
    assert thread == ThreadRef(conversation="<1@x>", reply_to="<2@x>", references=("<1@x>", "<2@x>"))
    assert message(In_Reply_To="<2@x>").origin.thread == ThreadRef(conversation="<2@x>", reply_to="<2@x>")
    assert message(References="<1@x> <2@x>").origin.thread.reply_to == "<2@x>"
    assert message(Message_ID=None).origin.thread == ThreadRef()


def test_ids_that_lead_in_circles_lead_nowhere() -> None:
    thread = message(In_Reply_To="<m1@example.com>", References="<m1@example.com> <m1@example.com>").origin.thread
    assert thread == ThreadRef(conversation="<m1@example.com>")


def test_an_answer_to_a_mail_of_ours_belongs_to_its_case() -> None:
    for fields in ({"In_Reply_To": OURS}, {"References": f"<1@x> {OURS} <2@x>"}):
        origin = message(**fields).origin
        assert origin.thread.token == CASE
        assert origin.ids.other == (("answers", KEY),)


def test_the_nearest_mail_of_ours_counts() -> None:
    other = sealed_id(OWN, "de2.x", "ca2.y")
    assert message(References=f"{OURS} {other}").origin.thread.token == "ca2.y"
    assert message(In_Reply_To=OURS, References=f"{OURS} {other}").origin.thread.token == CASE


def test_an_id_that_only_looks_like_ours_belongs_nowhere() -> None:
    assert message(In_Reply_To=OURS.replace("ca1.", "ca2.")).origin.thread.token is None


@pytest.mark.parametrize("field", ["To", "Cc", "Delivered_To", "X_Original_To", "Envelope_To"])
def test_a_token_behind_the_plus_counts_before_any_id(field: str) -> None:
    fields = {"In_Reply_To": OURS, field: "Shop <care+CA7.abc@shop.example>"}
    assert message(**fields).origin.thread.token == "ca7.abc"


def test_a_token_behind_somebody_elses_plus_is_none() -> None:
    assert message(Cc="joe+ca7.abc@example.com").origin.thread.token is None


@pytest.mark.parametrize(
    ("subject", "number"),
    [
        ("Re: Your connection: C-000001", "C-000001"),
        ("[C-81] C-82", "C-81"),
        ("C-81.", "C-81"),
        ("ABC-81", None),
        ("C-81-2", None),
        ("C-", None),
        ("c-81", None),
        ("C-" + "9" * 16, None),
    ],
)
def test_a_number_in_the_subject_is_a_hint(subject: str, number: str | None) -> None:
    assert message(Subject=subject).origin.thread.case_number == number


def test_numbers_have_the_form_that_the_plan_gives_them() -> None:
    data = written(Subject="Fall (7) und C-000001")
    assert only(data, case_number="({})").origin.thread.case_number == "(7)"
    assert only(data, case_number="").origin.thread.case_number is None
    assert only(data, case_number="{").origin.thread.case_number is None


# What counts twice.


def test_a_mail_is_known_again_wherever_it_comes_from() -> None:
    data = written()
    on_the_way = b"Received: from a by b\r\nDelivered-To: care@shop.example\r\n" + data
    key = only(data).origin.dedupe_key
    assert only(on_the_way).origin.dedupe_key == key
    assert decoded(data, NOW + timedelta(days=1)).events[0].origin.dedupe_key == key
    assert only(data.replace(b"\r\n", b"\n")).origin.dedupe_key == key
    long = written("x" * 5_000)
    assert only(long).origin.dedupe_key == only(long[:3_000]).origin.dedupe_key


@pytest.mark.parametrize("change", ["Message-ID", "From", "Date", "Subject", "text"])
def test_another_mail_is_another_whatever_id_it_claims(change: str) -> None:
    other = written("No, here.") if change == "text" else written(fields={change: "x@y.example"})
    assert only(other).origin.dedupe_key != only(written()).origin.dedupe_key
    assert only(other).origin.ids.message != only(written()).origin.ids.message


def test_a_redelivery_can_be_said_to_be_one() -> None:
    (event,) = decode_mail(written(), account(), NOW, is_redelivery=True).events
    assert event.origin.is_redelivery


# What is no message.


def test_a_machine_answered() -> None:
    event = only(written("I am away.", Auto_Submitted="auto-replied", In_Reply_To=OURS))
    assert isinstance(event, inbound.AutoReplyReceived)
    assert (event.reason, event.text, event.subject) == ("auto_submitted", "I am away.", "My order")
    assert event.origin.thread.token == CASE


def test_our_own_mail_comes_back() -> None:
    event = only(written(From="Shop <care@shop.example>", To="joe@example.com", Message_ID=OURS))
    assert isinstance(event, inbound.OutboundEcho)
    assert (event.key, event.text) == (KEY, "Where is it?")
    assert event.origin.sender == Identity("email", "joe@example.com")
    assert event.origin.ids.message == OURS
    assert only(written(From="care@shop.example", Message_ID=OURS)).origin.identities == ()


def test_somebody_else_under_our_address_or_id_is_no_echo() -> None:
    forged = only(written(From="care@shop.example"))
    assert isinstance(forged, inbound.AutoReplyReceived)
    assert forged.reason == "own_address"
    assert isinstance(only(written(Message_ID=OURS)), inbound.MessageReceived)


def test_a_mail_of_ours_came_back_undelivered() -> None:
    event = only(report("delivery-status", FAILED, f"Message-ID: {OURS}"))
    assert isinstance(event, inbound.BounceReceived)
    assert (event.message_id, event.permanent, event.code) == (OURS, True, "5.1.1")
    assert event.origin.sender == Identity("email", "joe@example.com")
    assert event.origin.ids.other == (("answers", KEY),)
    later = only(report("delivery-status", FAILED.replace("5.1.1", "4.2.2"), f"Message-ID: {OURS}"))
    assert (later.permanent, later.code) == (False, "4.2.2")
    unnamed = only(report("delivery-status", "Reporting-MTA: dns; x\n\nAction: delayed", f"Message-ID: {OURS}"))
    assert (unnamed.permanent, unnamed.code, unnamed.origin.identities) == (False, "delayed", ())
    assert (event.is_final, later.is_final, unnamed.is_final) == (True, True, False)
    assert (event.is_undeliverable, later.is_undeliverable, unnamed.is_undeliverable) == (True, False, False)


def test_a_bounce_may_name_the_mail_in_other_ways() -> None:
    event = only(report("delivery-status", FAILED, "", To=bounce_address(OWN, KEY)))
    assert isinstance(event, inbound.BounceReceived)
    assert (event.message_id, event.origin.ids.other) == (None, (("answers", KEY),))
    assert only(report("delivery-status", FAILED, "", References=OURS)).message_id == OURS


@pytest.mark.parametrize(
    "original", ["", "Message-ID: <1@shop.example>", f"Message-ID: {OURS.replace('de1.', 'de2.')}"]
)
def test_a_forged_bounce_is_no_bounce(original: str) -> None:
    event = only(report("delivery-status", FAILED, original))
    assert isinstance(event, inbound.AutoReplyReceived)
    assert event.reason == "report_of_nothing_ours"


def test_each_recipient_of_a_bounce_is_news_of_its_own() -> None:
    groups = FAILED + "\n\nFinal-Recipient: rfc822; ann@example.com\nAction: failed\nStatus: 4.0.0"
    events = decoded(report("delivery-status", groups, f"Message-ID: {OURS}")).events
    assert len({event.origin.dedupe_key for event in events}) == 2
    assert [event.origin.sender and event.origin.sender.value for event in events] == [
        "joe@example.com",
        "ann@example.com",
    ]


def test_a_mail_of_ours_arrived_or_was_seen() -> None:
    arrived = only(
        report(
            "delivery-status", FAILED.replace("failed", "delivered").replace("5.1.1", "2.0.0"), f"Message-ID: {OURS}"
        )
    )
    assert isinstance(arrived, inbound.DeliveryUpdate)
    assert (arrived.state, arrived.message_ids) == (inbound.DeliveryState.DELIVERED, (OURS,))
    seen = f"Final-Recipient: rfc822; joe@example.com\nOriginal-Message-ID: {OURS}\nDisposition: x; displayed"
    assert only(report("disposition-notification", seen)).state is inbound.DeliveryState.READ
    relayed = report("delivery-status", FAILED.replace("failed", "relayed"), f"Message-ID: {OURS}")
    assert decoded(relayed).events == ()
    by_address = report("delivery-status", FAILED.replace("failed", "delivered"), "", To=bounce_address(OWN, KEY))
    assert decoded(by_address).events == ()


def test_a_report_of_another_kind_is_kept() -> None:
    event = only(report("feedback-report", "Feedback-Type: abuse"))
    assert isinstance(event, inbound.Unrecognised)
    assert event.type == "report:feedback-report"


def test_somebody_says_no() -> None:
    subject = unsubscribe_subject(OWN, "marketing", "joe@example.com")
    event = only(written("", Subject=subject, Auto_Submitted="auto-generated"))
    assert isinstance(event, inbound.ConsentChanged)
    assert (event.is_granted, event.topic) == (False, "marketing")
    assert isinstance(only(written(From="eve@example.com", Subject=subject)), inbound.MessageReceived)


# What is not all there.


@pytest.mark.parametrize("data", [b"", b"{}", b"\x00" * 100, b"<html>", b"X-Unknown: 1\r\n\r\nx"])
def test_what_is_no_mail_is_refused(data: bytes) -> None:
    found = decoded(data)
    assert (found.events, found.reply.status) == ((), 400)
    assert [issue.code for issue in found.issues] == ["no_mail"]


def test_what_was_left_out_is_an_issue() -> None:
    found = decoded(written("x" * 500_000))
    assert [issue.code for issue in found.issues] == ["text_too_long"]
    assert len(found.events) == 1
    assert found.reply.status == 200
    (cut,) = decode_mail(written(), account(), NOW, is_cut=True).issues
    assert (cut.code, cut.where) == ("cut", "mail")


@given(
    st.binary(max_size=400),
    st.sampled_from([b"From: a@b.example\r\n", b"", written(), report("delivery-status", FAILED)]),
)
def test_anything_can_be_decoded(data: bytes, before: bytes) -> None:
    for event in decoded(before + data).events:
        assert 1 <= len(event.origin.dedupe_key) <= 500
