"""From what adapters report and applications hand in to commands."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import attrs
import pytest
from tests.contact_centre import PLAN, Centre
from tests.unit.channels.mail.mail_samples import account, report, settings

from orchestra.channels import inbound
from orchestra.channels.mail.incoming import decode_mail
from orchestra.channels.mail.tokens import bounce_address
from orchestra.channels.parts import Identity, TextPart, ThreadRef
from orchestra.errors import MalformedMessage
from orchestra.model.addresses import Email, Handle, Phone, ref
from orchestra.model.commands import (
    AdvanceCase,
    EditMessage,
    EndCall,
    ReactToMessage,
    ReceiveContact,
    ReceiveMessage,
    RecordAutoReply,
    RecordReceipt,
    RecordReply,
    RecordWatermark,
    RetractMessage,
    SendMessage,
    TakeConsent,
    TakeIdentity,
)
from orchestra.model.instants import since_epoch_us
from orchestra.model.message import Contact, Message
from orchestra.runtime.inbound import commands_of, digested, receive, talk_of
from orchestra.runtime.keys import WorkspaceKey

KEY = WorkspaceKey.of(PLAN)
LINE = Centre().line
AT = datetime(2026, 1, 5, 12, tzinfo=UTC)


def origin(**more: Any) -> inbound.Origin:
    fields: dict[str, Any] = {
        "dedupe_key": "e-1",
        "received_at": AT,
        "identities": (Identity("loopback", "joe", name="Joe\u0000"),),
        "ids": inbound.ProviderIds(),
        **more,
    }
    required = {field.name for field in attrs.fields(inbound.Origin) if field.default is attrs.NOTHING}
    fields |= dict.fromkeys(required - fields.keys(), "00")
    return inbound.Origin(**fields)


def only(event: inbound.Inbound) -> Any:
    (command,) = commands_of(event, LINE, KEY)
    return command


def test_a_message_becomes_a_command() -> None:
    case = KEY.reply_token("ca7")
    thread = ThreadRef(conversation="c-1", token=case)
    command = only(inbound.MessageReceived(origin=origin(thread=thread, occurred_at=AT), parts=(TextPart("Hello"),)))
    assert isinstance(command, ReceiveMessage)
    assert (command.channel, command.account, command.message_id) == ("chat", "main", "e-1")
    assert (command.thread, command.reply_case, command.occurred_us) == (KEY.thread("c-1"), "ca7", since_epoch_us(AT))
    assert (command.text, command.sender.value) == ("Hello", "joe")
    assert command.sender.key == KEY.address(Handle("joe", kind="loopback")).key


@pytest.mark.parametrize(
    ("told", "taken"),
    [
        (("sms-7", 0), ("sms-7", 0)),
        ((None, None), (None, None)),
        (("x" * 501, -1), (None, None)),
        (("", 2**63), (None, None)),
    ],
)
def test_its_place_among_others_is_taken_as_far_as_it_can_be(told: Any, taken: Any) -> None:
    thread = ThreadRef(conversation="c-1", reply_to=told[0])
    event = inbound.MessageReceived(origin=origin(thread=thread, sequence=told[1]), parts=(TextPart("Hello"),))
    command = only(event)
    assert (command.reply_to, command.sequence) == taken


def test_an_application_tells_the_place_of_a_message_too() -> None:
    command = receive(Message("chat", id="m1", sender=Handle("joe"), text="Hi", reply_to="m0", sequence=3), KEY)
    assert isinstance(command, ReceiveMessage)
    assert (command.reply_to, command.sequence) == ("m0", 3)
    with pytest.raises(MalformedMessage, match="reply_to"):
        receive(Message("chat", id="m1", sender=Handle("joe"), text="Hi", reply_to=""), KEY)
    with pytest.raises(MalformedMessage, match="sequence"):
        receive(Message("chat", id="m1", sender=Handle("joe"), text="Hi", sequence="3"), KEY)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "value", "person"),
    [("email", "joe@example.org", Email), ("phone", "+4930123456", Phone), ("visitor", "v-1", Handle)],
)
def test_a_sender_is_a_person_of_its_kind(kind: str, value: str, person: Any) -> None:
    event = inbound.MessageReceived(origin=origin(identities=(Identity(kind, value),)), parts=(TextPart("Hello"),))
    expected = person(value, kind=kind) if person is Handle else person(value)
    assert only(event).sender.key == KEY.address(expected).key


def test_a_message_of_nobody_is_no_command() -> None:
    event = inbound.MessageReceived(origin=origin(identities=()), parts=(TextPart("Hello"),))
    assert commands_of(event, LINE, KEY) == []


def test_whoever_comes_by_an_invitation_is_known_by_its_token() -> None:
    token = KEY.invitation_token("iv3")
    thread = ThreadRef(token=token)
    command = only(inbound.MessageReceived(origin=origin(thread=thread), parts=(TextPart("Hi"),)))
    assert (command.invitation, command.reply_case) == ("iv3", None)
    taken = receive(Message("chat", id="1", sender=Handle("joe"), text="Hi", reply_token=token), KEY)
    assert (taken.invitation, taken.reply_case) == ("iv3", None)


@pytest.mark.parametrize("forged", ["iv3.0000", "iv3", "", KEY.reply_token("iv3")])
def test_a_forged_invitation_is_ignored(forged: str) -> None:
    assert receive(Message("chat", id="1", sender=Handle("joe"), text="Hi", reply_token=forged), KEY).invitation is None


def test_a_forged_reply_token_is_ignored() -> None:
    thread = ThreadRef(token="ca7.0000")
    assert only(inbound.MessageReceived(origin=origin(thread=thread), parts=(TextPart("Hi"),))).reply_case is None


@pytest.mark.parametrize(("word", "is_weak"), [("read", True), ("delivered", False), ("failed", False)])
def test_only_that_it_was_read_may_be_weak(word: str, is_weak: bool) -> None:
    event = inbound.DeliveryUpdate(origin=origin(), state=inbound.DeliveryState(word), message_ids=("a",), is_weak=True)
    (command,) = commands_of(event, LINE, KEY)
    assert isinstance(command, RecordReceipt)
    assert (command.receipt, command.is_weak) == (word, is_weak)


@pytest.mark.parametrize("state", [inbound.DeliveryState.DELIVERED, inbound.DeliveryState.READ])
def test_each_message_of_a_receipt_is_a_command(state: inbound.DeliveryState) -> None:
    event = inbound.DeliveryUpdate(origin=origin(occurred_at=AT), state=state, message_ids=("a", "b"), code="c")
    commands = commands_of(event, LINE, KEY)
    assert commands == [
        RecordReceipt("chat", "main", name, state.value, since_epoch_us(AT), "c") for name in ("a", "b")
    ]


def test_that_a_provider_took_it_is_no_receipt() -> None:
    event = inbound.DeliveryUpdate(origin=origin(), state=inbound.DeliveryState.ACCEPTED, message_ids=("a",))
    assert commands_of(event, LINE, KEY) == []


@pytest.mark.parametrize(
    ("key", "count"), [(KEY.delivery_key("de1"), 0), ("de1.forged", 1), (None, 1)], ids=["ours", "forged", "none"]
)
def test_an_echo_is_an_answer_given_elsewhere_unless_it_is_ours(key: str | None, count: int) -> None:
    event = inbound.OutboundEcho(origin=origin(), parts=(TextPart("Done"),), key=key)
    commands = commands_of(event, LINE, KEY)
    assert len(commands) == count
    assert all(isinstance(command, RecordReply) and command.text == "Done" for command in commands)


def test_a_message_is_taken_under_its_own_id_and_other_news_under_theirs() -> None:
    ids = inbound.ProviderIds(message="m-1", event="e-1")
    assert only(inbound.MessageReceived(origin=origin(ids=ids), parts=(TextPart("Hi"),))).message_id == "m-1"
    assert only(inbound.OutboundEcho(origin=origin(ids=ids), parts=(TextPart("Hi"),))).message_id == "m-1"
    picked = only(inbound.ChoiceSelected(origin=origin(ids=ids), choice="blue", label="Blue, please"))
    assert (picked.message_id, picked.choice, picked.text) == ("e-1", "blue", "Blue, please")
    assert only(inbound.ChoiceSelected(origin=origin(), choice="blue")).text == "blue"


def test_identities_that_the_provider_vouches_for_are_the_senders_too() -> None:
    sender, phone = Identity("loopback", "joe"), Identity("phone", "+4930123456", is_verified=True)
    claimed = Identity("email", "mallory@example.org")
    event = inbound.MessageReceived(origin=origin(identities=(sender, claimed, phone)), parts=(TextPart("Hi"),))
    assert [address.key for address in only(event).also] == [KEY.address(Phone("+4930123456")).key]


def test_an_edit_is_taken_as_the_message_where_that_has_not_come() -> None:
    event = inbound.MessageEdited(origin=origin(occurred_at=AT), message_id="m-1", parts=(TextPart("Red\u0000"),))
    first, edit = commands_of(event, LINE, KEY)
    assert isinstance(first, ReceiveMessage)
    assert (first.message_id, first.text) == ("m-1", "Red")
    assert edit == EditMessage("chat", "main", "m-1", "e-1", since_epoch_us(AT), "Red")


def test_what_was_taken_back_and_what_somebody_thinks_name_the_message() -> None:
    assert only(inbound.MessageDeleted(origin=origin(), message_id="m-1")) == RetractMessage("chat", "main", "m-1")
    sender = KEY.address(Handle("joe", "Joe", kind="loopback"))
    reaction = inbound.ReactionChanged(origin=origin(), message_id="m-1", reaction="+1")
    assert only(reaction) == ReactToMessage("chat", "main", "m-1", "e-1", sender, reaction="+1")
    assert commands_of(attrs.evolve(reaction, origin=origin(identities=())), LINE, KEY) == []


def test_a_receipt_for_all_up_to_an_instant_names_whom_it_is_of() -> None:
    read = inbound.DeliveryUpdate(origin=origin(), state=inbound.DeliveryState.READ, watermark=AT)
    sender = KEY.address(Handle("joe", "Joe", kind="loopback"))
    assert only(read) == RecordWatermark("chat", "main", sender, "read", since_epoch_us(AT))
    assert commands_of(attrs.evolve(read, origin=origin(identities=())), LINE, KEY) == []
    assert commands_of(attrs.evolve(read, state=inbound.DeliveryState.FAILED), LINE, KEY) == []


def test_what_somebody_wants_is_taken_with_its_evidence() -> None:
    sender = KEY.address(Handle("joe", "Joe", kind="loopback"))
    stop = inbound.ConsentChanged(origin=origin(), is_granted=False)
    assert only(stop) == TakeConsent("chat", "main", sender, given=False, evidence="e-1")
    assert only(attrs.evolve(stop, topic="news")).purpose == "news"
    assert commands_of(attrs.evolve(stop, origin=origin(identities=())), LINE, KEY) == []


def test_who_else_somebody_is_is_taken() -> None:
    linked = inbound.IdentityLinked(origin=origin(), linked=Identity("email", "Joe@Example.org"))
    sender = KEY.address(Handle("joe", "Joe", kind="loopback"))
    assert only(linked) == TakeIdentity(sender, KEY.address(Email("Joe@Example.org")))
    assert commands_of(attrs.evolve(linked, origin=origin(identities=())), LINE, KEY) == []


def test_a_call_that_rings_is_a_contact_and_ends_as_one() -> None:
    call = inbound.CallEvent(origin=origin(occurred_at=AT), call_id="call-1", state=inbound.CallState.RINGING)
    command = only(call)
    assert isinstance(command, ReceiveContact)
    assert (command.contact_id, command.occurred_us) == ("call-1", since_epoch_us(AT))
    assert command.sender.key == KEY.address(Handle("joe", kind="loopback")).key
    assert only(attrs.evolve(call, state=inbound.CallState.ENDED)) == EndCall("chat", "main", "call-1")
    assert commands_of(attrs.evolve(call, state=inbound.CallState.HELD), LINE, KEY) == []
    assert commands_of(attrs.evolve(call, origin=origin(identities=())), LINE, KEY) == []


def test_a_bounce_counts_only_where_it_names_a_message_of_ours() -> None:
    late = inbound.BounceReceived(origin=origin(), message_id="p-1", permanent=False, code="4.4.1", is_final=False)
    assert commands_of(late, LINE, KEY) == []
    bounce = inbound.BounceReceived(origin=origin(), message_id="p-1", permanent=True)
    assert only(bounce) == RecordReceipt("chat", "main", "p-1", "failed", None, "bounced")
    assert only(attrs.evolve(bounce, code="5.1.1")).code == "5.1.1"
    assert commands_of(attrs.evolve(bounce, message_id=None), LINE, KEY) == []


def test_a_bounce_may_name_our_own_key_which_nobody_can_guess() -> None:
    ids = inbound.ProviderIds(event="e-1", other=(("answers", KEY.delivery_key("de7")),))
    bounce = inbound.BounceReceived(origin=origin(ids=ids), message_id=None, permanent=True, code="5.2.2")
    assert only(bounce) == RecordReceipt("chat", "main", "", "failed", None, "5.2.2", delivery="de7")
    forged = inbound.ProviderIds(event="e-1", other=(("answers", "de7.0123456789abcdef01234567"),))
    assert commands_of(attrs.evolve(bounce, origin=origin(ids=forged)), LINE, KEY) == []
    assert commands_of(attrs.evolve(bounce, is_final=False), LINE, KEY) == []


def test_a_report_to_the_return_address_of_a_mail_tells_of_it_alone() -> None:
    groups = "Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; joe@example.com\nAction: failed\nStatus: 5.1.1"
    returned = bounce_address(settings(plus_addresses=True), KEY.delivery_key("de7"))
    (event,) = decode_mail(report("delivery-status", groups, "", To=returned), account(plus_addresses=True), AT).events
    told = only(event)
    assert (told.delivery, told.receipt, told.is_undeliverable) == ("de7", "failed", True)
    assert told.recipient == KEY.address(Email("joe@example.com"))
    guessed = returned.replace("de7", "de8")
    decoded = decode_mail(report("delivery-status", groups, "", To=guessed), account(plus_addresses=True), AT)
    assert not any(isinstance(event, inbound.BounceReceived) for event in decoded.events)


def test_a_bounce_tells_which_address_nobody_can_be_reached_at() -> None:
    who = origin(identities=(Identity("email", "joe@example.com"),))
    bounce = inbound.BounceReceived(origin=who, message_id="p-1", permanent=True, code="5.1.1", is_undeliverable=True)
    told = only(bounce)
    assert (told.is_undeliverable, told.recipient) == (True, KEY.address(Email("joe@example.com")))
    unnamed = only(attrs.evolve(bounce, origin=origin(identities=())))
    assert (unnamed.is_undeliverable, unnamed.recipient) == (True, None)
    odd = only(attrs.evolve(bounce, origin=origin(identities=(Identity("email", "no address"),))))
    assert (odd.is_undeliverable, odd.recipient, odd.receipt) == (False, None, "failed")


@pytest.mark.parametrize("state", [inbound.DeliveryState.FAILED, inbound.DeliveryState.DELIVERED])
def test_only_a_failure_tells_that_nobody_can_be_reached(state: inbound.DeliveryState) -> None:
    update = inbound.DeliveryUpdate(origin=origin(), state=state, message_ids=("p-1",), is_undeliverable=True)
    assert only(update).is_undeliverable is (state is inbound.DeliveryState.FAILED)


def test_a_machine_s_answer_is_no_message() -> None:
    thread = ThreadRef(conversation="c-1", token=KEY.reply_token("ca7"))
    event = inbound.AutoReplyReceived(origin=origin(thread=thread), parts=(TextPart("I am away"),), reason="vacation")
    command = only(event)
    assert isinstance(command, RecordAutoReply)
    assert (command.message_id, command.reason, command.text) == ("e-1", "vacation", "I am away")
    assert (command.reply_case, command.thread) == ("ca7", KEY.thread("c-1"))
    assert commands_of(attrs.evolve(event, origin=origin(identities=())), LINE, KEY) == []


def test_a_conversation_is_found_by_its_thread_or_by_the_address() -> None:
    event = inbound.TypingChanged(origin=origin(), is_typing=True)
    sender = KEY.address(Handle("joe", kind="loopback"))
    assert talk_of(event, LINE, KEY) == ("chat", "main", f"@{sender.key}")
    threaded = attrs.evolve(event, origin=origin(thread=ThreadRef(conversation="c-1")))
    assert talk_of(threaded, LINE, KEY) == ("chat", "main", KEY.thread("c-1").key)
    assert talk_of(attrs.evolve(event, origin=origin(identities=())), LINE, KEY) is None


def test_other_news_is_no_command() -> None:
    assert commands_of(inbound.TypingChanged(origin=origin(), is_typing=True), LINE, KEY) == []
    assert commands_of(inbound.Unrecognised(origin=origin(), type="hologram"), LINE, KEY) == []


# What an application hands in


def test_a_message_handed_in_keeps_what_it_says_of_itself() -> None:
    message = Message(
        "email",
        id="m1",
        sender=Email("joe@example.org"),
        text="Hello\u0000\r\nthere",
        account="support",
        thread="t-1",
        at=AT,
        reply_token=KEY.reply_token("ca3"),
        case_number="C-000003",
        topic="delay",
        queue="vip",
        skills={"german": 2},
        priority=5,
    )
    command = receive(message, KEY)
    assert isinstance(command, ReceiveMessage)
    assert (command.channel, command.account, command.message_id) == ("email", "support", "m1")
    assert (command.thread, command.occurred_us, command.reply_case) == (KEY.thread("t-1"), since_epoch_us(AT), "ca3")
    assert (command.case_number, command.topic, command.queue) == ("C-000003", "delay", "vip")
    assert (command.skills, command.priority) == ({"german": 2}, 5)
    assert "\u0000" not in (command.text or "")
    assert command.sender.value == "joe@example.org"


def test_a_contact_has_no_text() -> None:
    command = receive(Contact("voice", id="c1", sender=Phone("+4930123456")), KEY)
    assert isinstance(command, ReceiveContact)
    assert (command.contact_id, command.account, command.occurred_us) == ("c1", "main", None)


@pytest.mark.parametrize("field", ["id", "thread"])
def test_control_characters_are_refused(field: str) -> None:
    fields: dict[str, Any] = {"id": "m1", field: "a\nb"}
    with pytest.raises(MalformedMessage):
        receive(Message("chat", sender=Handle("joe"), text="Hello", **fields), KEY)


def test_an_instant_needs_a_zone() -> None:
    naive = AT.replace(tzinfo=None)
    with pytest.raises(MalformedMessage, match="at: needs a time zone"):
        receive(Message("chat", id="m1", sender=Handle("joe"), text="Hello", at=naive), KEY)


def test_a_command_that_is_used_again_is_not_marked() -> None:
    key = WorkspaceKey(b"k" * 20)
    command = SendMessage("ca1", "welcome", text="one")
    first = digested(command, key)
    assert command.digest is None
    assert isinstance(first, SendMessage)
    other = digested(attrs.evolve(command, text="two"), key)
    assert isinstance(other, SendMessage)
    assert None is not first.digest != other.digest
    titled = digested(attrs.evolve(command, title="News"), key)
    assert titled.digest not in (None, first.digest)
    assert digested(first, key) is first


def progress(**more: Any) -> inbound.ProgressPosted:
    return inbound.ProgressPosted(origin=origin(occurred_at=AT), ref="order:81", stage="packed", **more)


def test_progress_is_a_report_with_its_own_id_and_time() -> None:
    later = datetime(2026, 1, 7, tzinfo=UTC)
    command = only(progress(due_at=later, earliest_at=AT, reason="busy"))
    at_us, due_us = since_epoch_us(AT), since_epoch_us(later)
    expected = AdvanceCase(ref("order:81"), "packed", due_us, at_us, "busy", "chat/main/e-1", at_us)
    assert command == attrs.evolve(expected, actor="back_office:chat")
    bare = only(inbound.ProgressPosted(origin=origin(), ref="order:81", stage="packed"))
    assert (bare.due_us, bare.earliest_us, bare.reason, bare.reported_us) == (None, None, None, None)


@pytest.mark.parametrize(
    ("reason", "taken"),
    [("a\r\nb\u202e  c", "a b c"), ("x" * 300, "x" * 200), (" \x00 ", None), ("", None), ("y" * 199 + " z", "y" * 199)],
)
def test_a_reason_that_is_no_few_words_does_not_keep_a_stage_from_counting(reason: str, taken: str | None) -> None:
    assert only(progress(reason=reason)).reason == taken


@pytest.mark.parametrize("changes", [{"ref": "a\nb"}, {"ref": ""}, {"stage": "a\x00"}, {"stage": ""}])
def test_a_report_of_nothing_that_can_be_named_is_malformed(changes: dict[str, str]) -> None:
    with pytest.raises(MalformedMessage):
        commands_of(attrs.evolve(progress(), **changes), LINE, KEY)


def test_a_number_that_stands_in_a_message_is_a_hint_to_its_case() -> None:
    thread = ThreadRef(conversation="c-1", case_number="C-000081")
    assert (
        only(inbound.MessageReceived(origin=origin(thread=thread), parts=(TextPart("Hi"),))).case_number == "C-000081"
    )
    assert only(inbound.MessageReceived(origin=origin(), parts=(TextPart("Hi"),))).case_number is None
