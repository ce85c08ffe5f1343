"""What a back office tells, whichever standard carries it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from orchestra.channels import inbound
from orchestra.channels.account import Account
from orchestra.channels.back_office.payloads import EVENT_KINDS, Told, read_told
from orchestra.channels.fields import Fields
from orchestra.channels.instants import TimeUnit
from orchestra.channels.parts import Identity, MediaKind, MediaPart, TextPart
from orchestra.channels.wire import RawRequest
from orchestra.errors import MalformedMessage

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
REQUEST = RawRequest(method="POST", url="https://acme.example/hooks/r-1", received_at=NOW)
ACCOUNT = Account(route_key="r-1", channel="erp", id="erp")


def told(kind: str, data: Any, subject: str | None = None) -> Told:
    fields = None if data is None else Fields(data, "data")
    return Told(id="e-1", type=kind, occurred=(NOW, TimeUnit.SECONDS), subject=subject, data=fields)


def read(kind: str, data: Any, subject: str | None = None, account: Account = ACCOUNT) -> Any:
    return read_told(told(kind, data, subject), REQUEST, account, "00")


def test_progress_names_a_case_a_stage_and_by_when_that_is_over() -> None:
    data = {
        "ref": "order:81",
        "stage": "packed",
        "due": "2026-01-07T12:00:00+01:00",
        "earliest": "2026-01-06T00:00:00Z",
        "reason": "no driver",
    }
    event = read("progress.posted", data)
    assert isinstance(event, inbound.ProgressPosted)
    assert (event.ref, event.stage, event.reason) == ("order:81", "packed", "no driver")
    assert event.due_at == datetime(2026, 1, 7, 11, tzinfo=UTC)
    assert event.earliest_at == datetime(2026, 1, 6, tzinfo=UTC)
    assert event.origin.dedupe_key == "e-1"
    assert (event.origin.occurred_at, event.origin.occurred_unit) == (NOW, TimeUnit.SECONDS)
    assert "no driver" not in repr(event)
    bare = read("progress.posted", {"ref": "order:81", "stage": "packed"})
    assert (bare.due_at, bare.earliest_at, bare.reason) == (None, None, None)


def test_what_the_standard_says_it_is_about_stands_in_for_the_case() -> None:
    assert read("progress.posted", {"stage": "packed"}, "order:81").ref == "order:81"
    assert read("progress.posted", {"stage": "packed", "ref": "order:82"}, "order:81").ref == "order:82"


def test_a_back_office_has_its_own_word_for_progress() -> None:
    own = Account(route_key="r-1", channel="erp", id="erp", config={"progress_type": "order.stage_changed"})
    data = {"ref": "order:81", "stage": "packed"}
    assert isinstance(read("order.stage_changed", data, account=own), inbound.ProgressPosted)
    assert isinstance(read("order.stage_changed", data), inbound.Unrecognised)


@pytest.mark.parametrize(
    ("data", "where"),
    [
        ({"stage": "packed"}, "data.ref"),
        ({"ref": "order:81"}, "data.stage"),
        ({"ref": "", "stage": "packed"}, "data.ref"),
        ({"ref": 81, "stage": "packed"}, "data.ref"),
        ({"ref": "order:81", "stage": "packed", "due": "tomorrow"}, "data.due"),
        ({"ref": "order:81", "stage": "packed", "due": 1767614400}, "data.due"),
        ({"ref": "o", "stage": "p", "earliest": "2026-01-06T00:00:00Z"}, "data.earliest"),
        (
            {"ref": "o", "stage": "p", "due": "2026-01-05T00:00:00Z", "earliest": "2026-01-06T00:00:00Z"},
            "data.earliest",
        ),
        ({"ref": "o", "stage": "p", "reason": ["x"]}, "data.reason"),
        (None, "data"),
    ],
)
def test_progress_of_which_something_is_missing_or_wrong_is_malformed(data: Any, where: str) -> None:
    with pytest.raises(MalformedMessage) as refused:
        read("progress.posted", data)
    assert refused.value.where == where


def test_a_message_has_a_sender_and_text_or_files() -> None:
    file = {"url": "https://crm.example/f/1", "kind": "image", "type": "image/png", "size": 7, "name": "a.png"}
    data = {
        "message": "m-1",
        "text": "Hello",
        "subject": "My order",
        "from": {"kind": "email", "id": "joe@example.org", "name": "Joe"},
        "conversation": "c-1",
        "reply_to": "m-0",
        "media": [file, {"url": "https://crm.example/f/2", "kind": "hologram", "caption": "Look"}],
    }
    event = read("message.received", data)
    assert isinstance(event, inbound.MessageReceived)
    assert event.origin.sender == Identity("email", "joe@example.org", name="Joe")
    assert (event.origin.thread.conversation, event.origin.thread.reply_to) == ("c-1", "m-0")
    assert (event.text, event.subject, event.origin.ids.message) == ("Hello\nLook", "My order", "m-1")
    first, second = (part.media for part in event.parts if isinstance(part, MediaPart))
    assert (first.kind, first.content_type, first.size_bytes) == (MediaKind.IMAGE, "image/png", 7)
    assert (second.kind, second.content_type) == (MediaKind.DOCUMENT, None)


def test_somebody_is_known_by_the_back_offices_own_id_unless_it_says_by_what() -> None:
    event = read("message.received", {"message": "m-1", "text": "Hello", "from": {"id": "7"}})
    assert event.origin.sender == Identity("erp", "7")
    assert read("message.received", {"message": "m-1", "text": "Hello"}).origin.sender is None


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("message.received", {"message": "m-1"}),
        ("message.received", {"text": "Hello"}),
        ("message.received", {"message": "m-1", "text": 5}),
        ("message.received", {"message": "m-1", "text": "Hello", "from": {}}),
        ("message.received", {"message": "m-1", "media": [{"kind": "image"}]}),
        ("message.received", {"message": "m-1", "media": {}}),
        ("message.edited", {"text": "Hello"}),
        ("message.deleted", {}),
        ("message.sent", {"text": "Hello"}),
        ("message.read", {}),
        ("message.read", {"messages": ["a"], "up_to": "2026-01-05T12:00:00Z"}),
        ("message.failed", {"messages": [5]}),
        ("message.failed", {"messages": ["a"], "permanent": "yes"}),
    ],
)
def test_messages_of_which_something_is_missing_or_wrong_are_malformed(kind: str, data: Any) -> None:
    with pytest.raises(MalformedMessage):
        read(kind, data)


def test_what_became_of_a_message_is_told_by_its_ids_or_up_to_when() -> None:
    failed = read("message.failed", {"messages": ["a", "b"], "code": "blocked", "permanent": True})
    assert isinstance(failed, inbound.DeliveryUpdate)
    assert (failed.state, failed.message_ids) == (inbound.DeliveryState.FAILED, ("a", "b"))
    assert (failed.code, failed.permanent) == ("blocked", True)
    seen = read("message.read", {"up_to": "2026-01-05T12:00:00Z"})
    assert (seen.state, seen.watermark, seen.message_ids) == (inbound.DeliveryState.READ, NOW, ())
    kinds = [read(f"message.{state}", {"messages": ["a"]}).state.value for state in ("accepted", "delivered")]
    assert kinds == ["accepted", "delivered"]


def test_what_others_sent_in_our_name_and_what_was_changed_is_told() -> None:
    sent = read("message.sent", {"message": "m-2", "text": "On its way", "key": "k-1", "from": {"id": "7"}})
    assert isinstance(sent, inbound.OutboundEcho)
    assert (sent.key, sent.origin.ids.message, sent.parts) == ("k-1", "m-2", (TextPart("On its way"),))
    assert read("message.edited", {"message": "m-1", "text": "Hi"}).message_id == "m-1"
    assert read("message.deleted", {"message": "m-1"}).message_id == "m-1"


@pytest.mark.parametrize("data", [None, {}, {"message": "m-1"}])
def test_other_types_are_kept_as_what_nobody_knows(data: Any) -> None:
    event = read("hologram.shown", data)
    assert (type(event), event.type) == (inbound.Unrecognised, "hologram.shown")


def test_every_kind_that_is_announced_can_come_and_no_other() -> None:
    message = {"message": "m", "text": "x", "messages": ["m"], "ref": "r", "stage": "s"}
    only = {"messages": ["m"]}
    kinds = {type(read(f"message.{name}", message)) for name in ("received", "edited", "deleted", "sent")}
    kinds |= {type(read("progress.posted", message)), type(read("message.read", only)), type(read("x", message))}
    assert kinds == EVENT_KINDS
