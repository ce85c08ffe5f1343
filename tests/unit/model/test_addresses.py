from __future__ import annotations

import pickle
from typing import Any

import attrs
import pytest

from orchestra import errors
from orchestra.engine.lifecycle import OFFER
from orchestra.model.addresses import Address, Email, Handle, Phone, Ref, actor_kind, actor_name, ref
from orchestra.model.commands import COMMANDS, AcceptOffer, ReceiveMessage, WriteReply
from orchestra.model.event import Event
from orchestra.model.events import EVENTS, CustomerAdded, MessageReceived, OfferMade
from orchestra.model.message import Contact, Message
from orchestra.model.private import private_names


def test_an_actor_is_a_kind_and_a_name() -> None:
    assert (actor_kind("agent:ana"), actor_name("agent:ana")) == ("agent", "ana")
    assert (actor_kind("system"), actor_name("system")) == ("system", "")
    assert actor_name("back_office:sap:1") == "sap:1"


def test_a_reference_is_a_value() -> None:
    assert ref("order:81") == Ref("order:81") != Ref("order:82")


@pytest.mark.parametrize(
    "value",
    [
        Email("canary@mail.example", "Canary"),
        Phone("+49301234567", "Canary"),
        Handle("canary-handle", "Canary"),
        Address("email", "hash", "canary@mail.example", "Canary"),
        Message("chat", id="1", sender=Email("canary@mail.example"), text="Canary", reply_token="Canary"),
        Contact("voice", id="1", sender=Phone("+49301234567"), reply_token="Canary"),
        CustomerAdded("cu1", "email", "hash", "canary@mail.example", "Canary"),
        ReceiveMessage("chat", "main", "1", Address("email", "hash", "canary@mail.example"), text="Canary"),
        WriteReply("in1", "ana", text="Canary"),
    ],
)
def test_no_repr_shows_who_or_what(value: object) -> None:
    shown = repr(value).lower()
    assert "canary" not in shown
    assert "+4930" not in shown


def test_kinds_of_addresses() -> None:
    assert (Email("a@b.c").kind, Phone("+1").kind, Handle("x").kind) == ("email", "phone", "handle")
    assert Handle("x", kind="telegram").kind == "telegram"


def test_private_fields_are_known() -> None:
    assert private_names(CustomerAdded) == {"value", "name"}
    assert private_names(MessageReceived) == {"text", "media"}
    assert private_names(OfferMade) == frozenset()


def test_the_catalogues_hold_every_class_once() -> None:
    assert len(set(COMMANDS)) == len(COMMANDS) == len({kind.__name__ for kind in COMMANDS})
    assert all(issubclass(kind, Event) and name == kind.__name__ for name, kind in EVENTS.items())
    assert AcceptOffer in COMMANDS
    assert Event not in EVENTS.values()


ERRORS: tuple[Any, ...] = (
    errors.DefinitionError([errors.Fault("a.b", "is wrong"), errors.Fault("c", "too")]),
    errors.InvalidCommand("text", "must not be empty"),
    errors.NotAllowedInState("in1", "DONE", "wrap_up"),
    errors.NotPermitted("agent:ana", "CloseCase", "no role allows it"),
    errors.UnknownId("case", "ca9"),
    errors.OfferExpired("of1", "TIMED_OUT"),
    errors.TooSoon("in1", 1_790_000_000_000_000),
    errors.Quarantined("WriteReply", "KeyError"),
    errors.MalformedMessage("line 3", "is no JSON"),
    errors.MalformedMessage("", "is no JSON"),
    errors.UnsupportedVersion("the journal", 3, 1),
    errors.VersionConflict(3, 5),
    errors.JournalUnavailable("disk full"),
    errors.JournalUnavailable("disk full", True),
    errors.JournalCorrupt(7, "checksum differs"),
    errors.LeaseLost(1, 2),
    errors.WorkspaceInUse("host/1", 5),
    errors.DeliveryRefused("blocked"),
    errors.DeliveryUnavailable("busy", 5),
    errors.ReplayMismatch(4, "does not fit"),
)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_errors_travel_and_speak(error: errors.OrchestraError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error) != ""
    assert again.__dict__ == error.__dict__


def test_every_error_of_the_tree_is_public_and_drawn() -> None:
    tree = {name for name in errors.__all__ if name != "Fault"}
    for name in tree:
        assert issubclass(getattr(errors, name), errors.OrchestraError)
        assert name in (errors.__doc__ or "")


def test_an_unknown_outcome_says_what_to_do() -> None:
    assert "ask again with the same id" in str(errors.JournalUnavailable("lost", True))
    assert "ask again" not in str(errors.JournalUnavailable("lost"))


@pytest.mark.parametrize(
    ("holder", "since_us", "owner"),
    [
        ("vm/boot.4026/29274/5506/8d1f", 1_772_450_714_999_999, "process 29274 on vm, since 2026-03-02T11:25:14Z"),
        ("host/1", 5, "host/1, since 1970-01-01T00:00:00Z"),
        ("a/b/c/d/e", 0, "a/b/c/d/e, since 1970-01-01T00:00:00Z"),
        ("x", 10**30, f"x, since {10**30} us"),
    ],
)
def test_an_owner_is_said_in_words(holder: str, since_us: int, owner: str) -> None:
    error = errors.WorkspaceInUse(holder, since_us)
    assert error.owner == owner
    assert f"owned by {owner}: connect with" in str(error)


def test_what_was_said_of_a_state_reads_well() -> None:
    assert str(errors.NotAllowedInState("in1", "DONE", "wrap_up")) == "in1 is DONE: cannot wrap up"


def test_what_cannot_end_yet_says_when_it_will() -> None:
    assert str(errors.TooSoon("in1", 1_790_000_000_500_000)) == "in1 cannot end before 2026-09-21T14:13:20Z"


@pytest.mark.parametrize(
    ("state", "text"),
    [
        ("PENDING", "offer of1 was not made with this token"),
        ("ACCEPTED", "offer of1 was already accepted"),
        ("DECLINED", "offer of1 was already declined"),
        ("TIMED_OUT", "offer of1 was not answered in time"),
        ("RESCINDED", "offer of1 was taken back"),
        ("WITHDRAWN", "offer of1 was withdrawn"),
        ("CUSTOMER_LEFT", "offer of1 is over: the customer left"),
        ("AGENT_LOST", "offer of1 is over: its agent was lost"),
        ("over", "offer of1 is over"),
    ],
)
def test_what_became_of_an_offer_is_said_as_it_is(state: str, text: str) -> None:
    assert str(errors.OfferExpired("of1", state)) == text


def test_every_state_of_an_offer_has_words() -> None:
    assert [state for state in OFFER.states if state in str(errors.OfferExpired("of1", state))] == []


def test_events_are_slotted_values() -> None:
    for kind in EVENTS.values():
        assert not hasattr(kind, "__dict__") or "__slots__" in kind.__dict__
        assert attrs.has(kind)
