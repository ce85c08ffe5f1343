"""What callers hand in is checked at the door: types and bounds, with errors of our tree that say what to pass."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import attrs
import pytest
from tests.contact_centre import PLAN, Centre

from orchestra.codec import encode_command
from orchestra.errors import DefinitionError, InvalidCommand, MalformedMessage
from orchestra.model import commands as c, events as e
from orchestra.model.addresses import Address, Email, Handle, Ref, Thread
from orchestra.model.commands import COMMANDS
from orchestra.model.event import Event
from orchestra.model.message import Contact, Message
from orchestra.runtime.checks import refuse_unstorable
from orchestra.runtime.client import connect
from orchestra.runtime.fitting import _fields, misfit
from orchestra.runtime.inbound import receive
from orchestra.runtime.keys import WorkspaceKey
from orchestra.runtime.workspace import Workspace

KEY = WorkspaceKey.of(PLAN)
PERSON = Address("email", "k1")


# Types


@pytest.mark.parametrize("kind", [*COMMANDS, Contact, Message], ids=lambda kind: kind.__name__)
def test_the_types_of_every_field_are_known(kind: type[Any]) -> None:
    assert [field.name for field in _fields(kind)] == [field.name for field in attrs.fields(kind)]
    for field in _fields(kind):
        assert not field.fits(object()), field.name
        assert field.words


@pytest.mark.parametrize(
    "value",
    [
        c.SignIn("ana", actor="operator:eve"),
        c.AddRef(Ref("order:81"), "order:82"),
        c.DefineAgent("ana", ("care",), {"german": 50}),  # type: ignore[arg-type]
        c.SetFields("ca1", {"text": "x", "number": 1, "truth": True, "nothing": None}),
        c.ReceiveMessage("chat", "main", "m1", PERSON, occurred_us=1),
        c.ChangePlan(PLAN, "digest", "2025b", "key"),
        Message("chat", id="m1", sender=Email("joe@example.org"), text="Hello", skills={"german": 1}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_fits_passes(value: Any) -> None:
    assert misfit(value) is None


@pytest.mark.parametrize(
    ("value", "path", "reason"),
    [
        (c.SignIn(5), "agent", "must be text, not int"),  # type: ignore[arg-type]
        (c.SignIn("ana", actor=5), "actor", "must be text or None, not int"),  # type: ignore[arg-type]
        (c.AcceptOffer("of1", "ana", True), "token", "must be a whole number, not bool"),
        (c.AddRef(None, "x"), "target", "must be text or a Ref, not NoneType"),  # type: ignore[arg-type]
        (c.DefineAgent("ana", "care"), "teams", "must be a list of text, not str"),  # type: ignore[arg-type]
        (c.DefineAgent("ana", [1]), "teams", "must be a list of text"),  # type: ignore[list-item]
        (
            c.DefineAgent("ana", ["care"], {"german": "x"}),  # type: ignore[dict-item]
            "skills",
            "must be a mapping of text to a whole number",
        ),
        (c.ReceiveMessage("chat", "main", "m1", Address("email", 1)), "sender.key", "must be text, not int"),  # type: ignore[arg-type]
        (
            c.ReceiveMessage("chat", "main", "m1", Address("email", "k"), thread=Thread(1)),  # type: ignore[arg-type]
            "thread.key",
            "must be text, not int",
        ),
        (
            c.ReceiveMessage("chat", "main", "m1", Address("email", "k"), thread="+4930555019283"),  # type: ignore[arg-type]
            "thread",
            "must be a Thread or None, not str",
        ),
        (
            Message("chat", id="m1", sender="joe", text="x"),  # type: ignore[arg-type]
            "sender",
            "must be an Email or a Phone or a Handle, not str",
        ),
        (
            Message("chat", id="m1", sender=Email(None), text="x"),  # type: ignore[arg-type]
            "sender.value",
            "must be text, not NoneType",
        ),
    ],
)
def test_what_does_not_fit_is_named_with_what_would(value: Any, path: str, reason: str) -> None:
    assert misfit(value) == (path, reason)


# Messages

GOOD: dict[str, Any] = {"channel": "chat", "id": "m1", "sender": Handle("joe"), "text": "Hello"}


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"text": None}, "text: must be text, not NoneType"),
        ({"text": "x" * 500_001}, "text: must be at most 500000 bytes"),
        ({"id": ""}, "id: must be 1 to 500 characters"),
        ({"id": "x" * 501}, "id: must be 1 to 500 characters"),
        ({"id": None}, "id: must be text, not NoneType"),
        ({"account": ""}, "account: must be 1 to 500 characters"),
        ({"thread": ""}, "thread: must be 1 to 500 characters"),
        ({"thread": "a\nb"}, "thread: control character"),
        ({"sender": "joe"}, "sender: must be an Email"),
        ({"at": "now"}, "at: must be a datetime or None, not str"),
        ({"at": datetime(2026, 1, 5)}, "at: needs a time zone"),  # noqa: DTZ001
        ({"skills": None}, "skills: must be a mapping of text to a whole number, not NoneType"),
        ({"priority": "1"}, "priority: must be a whole number, not str"),
    ],
)
def test_a_message_that_is_none_is_malformed(wrong: dict[str, Any], reason: str) -> None:
    assert receive(Message(**GOOD), KEY).channel == "chat"
    with pytest.raises(MalformedMessage) as caught:
        receive(Message(**GOOD | wrong), KEY)
    assert str(caught.value).startswith(reason)


def test_only_messages_and_contacts_are_received() -> None:
    with pytest.raises(MalformedMessage, match="must be a Message or a Contact, not dict"):
        receive(GOOD, KEY)  # type: ignore[arg-type]


# A workspace


async def test_what_is_no_command_is_refused_and_says_what_is() -> None:
    async with Centre().open() as workspace:
        for wrong, named in (("x", "str"), (None, "NoneType"), (c.SignIn, "the class SignIn"), (Event(), "Event")):
            with pytest.raises(InvalidCommand, match=f"command: must be one of orchestra.commands, not {named}"):
                await workspace.execute(wrong)  # type: ignore[arg-type]
        assert workspace.health().quarantined == 0


BEYOND = "a whole number is beyond 64 bits"


@pytest.mark.parametrize("number", [2**63, 10**40, -(2**63) - 1, -(10**30)])
@pytest.mark.parametrize(
    ("command", "path"),
    [
        (lambda n: c.ReceiveMessage("chat", "main", "m1", PERSON, text="x", occurred_us=n), "occurred_us"),
        (lambda n: c.ReceiveContact("chat", "main", "m1", PERSON, priority=n), "priority"),
        (lambda n: c.ReceiveContact("chat", "main", "m1", PERSON, skills={"german": n}), "skills"),
        (lambda n: c.SetFields("ca1", {"amount": n}), "fields"),
        (lambda n: c.AcceptOffer("of1", "ana", n), "token"),
    ],
    ids=["occurred_us", "priority", "skills", "fields", "token"],
)
async def test_numbers_beyond_64_bits_are_refused_in_process_as_in_the_inbox(
    command: Callable[[int], c.Command], path: str, number: int
) -> None:
    with pytest.raises(MalformedMessage):
        encode_command(command(number))
    async with Centre().open() as workspace:
        position = workspace.health().position
        with pytest.raises(InvalidCommand) as caught:
            await workspace.execute(command(number))
        assert (caught.value.field, caught.value.reason) == (path, BEYOND)
        assert (workspace.health().position, workspace.health().quarantined) == (position, 0)


@pytest.mark.parametrize("number", [2**63 - 1, -(2**63)])
def test_numbers_of_64_bits_pass(number: int) -> None:
    command = c.ReceiveContact("chat", "main", "m1", PERSON, skills={"german": number}, priority=number)
    refuse_unstorable(command)
    assert encode_command(command)


async def test_a_message_whose_number_is_beyond_64_bits_is_refused() -> None:
    async with Centre().open() as workspace:
        with pytest.raises(InvalidCommand, match=f"priority: {BEYOND}"):
            await workspace.receive(Message(**GOOD, priority=10**40))


@pytest.mark.parametrize(
    ("command", "path"),
    [
        (c.SignIn("a\ud800"), "agent"),
        (c.SetFields("ca1", {"\ud800": 1}), "fields"),
        (c.DefineAgent("ana", ["care", "\ud800"]), "teams"),
        (c.ReceiveContact("chat", "main", "m1", Address("email", "\ud800")), "sender"),
    ],
)
def test_a_text_without_a_utf8_form_is_refused(command: c.Command, path: str) -> None:
    with pytest.raises(InvalidCommand, match=f"{path}: a text holds a lone surrogate"):
        refuse_unstorable(command)


async def test_questions_want_ids() -> None:
    async with Centre().open() as workspace:
        for ask, field in (
            (workspace.case, "case"),
            (workspace.interaction, "interaction"),
            (workspace.why_waiting, "interaction"),
            (workspace.steer, "interaction"),
            (workspace.timeline, "customer"),
            (workspace.explain, "interaction"),
            (workspace.whom_to_call, "interaction"),
        ):
            with pytest.raises(InvalidCommand, match=f"{field}: must be an id.*, not NoneType"):
                await ask(None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"after": "x"}, "after: must be a position, a whole number, not str"),
        ({"after": True}, "after: must be a position, a whole number, not bool"),
        ({"types": ["CaseOpened"]}, "types: must be a list of event classes"),
        ({"types": "CaseOpened"}, "types: must be a list of event classes"),
        ({"types": e.CaseOpened}, "types: must be a list of event classes"),
    ],
)
async def test_a_feed_wants_a_position_and_event_classes(arguments: dict[str, Any], reason: str) -> None:
    async with Centre().open() as workspace:
        with pytest.raises(InvalidCommand, match=reason):
            await anext(workspace.events(**arguments))


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"plan": None}, "plan: must be a Plan or the path of a plan file, not NoneType"),
        ({"journal": None}, "journal: must be a URL, as 'sqlite:contacts.db', or an open journal, not NoneType"),
        ({"journal": Path("contacts.db")}, "journal: must be a URL, as 'sqlite:contacts.db', or an open journal, not "),
        ({"channels": None}, "channels: must be a list of lines, not NoneType"),
        ({"channels": "chat"}, "channels: must be a list of lines, not str"),
        ({"channels": ["chat"]}, "channels: must hold lines alone, as Line(...), not str"),
        ({"secrets": ["key"]}, "secrets: must be a mapping of the secrets' names to their values, not list"),
        ({"clock": 5}, "clock: must have now_us and sleep_until, as a VirtualClock, which int has not"),
    ],
)
async def test_a_workspace_opens_with_what_it_is_made_of(given: dict[str, Any], reason: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        async with Workspace.open(**{"plan": PLAN, **given}):
            pass
    assert str(caught.value).startswith(reason)


async def test_all_that_is_odd_is_told_at_once() -> None:
    with pytest.raises(DefinitionError) as caught:
        async with Workspace.open(None, None, channels=None):  # type: ignore[arg-type]
            pass
    assert [fault.path for fault in caught.value.faults] == ["plan", "journal", "channels"]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"journal": None}, "journal: must be the URL of the owner's journal, as 'sqlite:contacts.db', not NoneType"),
        ({"patience_s": "long"}, "patience_s: must be a number of seconds, not str"),
        ({"secrets": 5}, "secrets: must be a mapping"),
    ],
)
async def test_a_client_connects_to_a_url(given: dict[str, Any], reason: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        async with connect(**{"journal": "memory:", **given}):
            pass
    assert str(caught.value).startswith(reason)
