"""Commands through an inbox: what is written is read, and whatever else is refused with its path."""

from __future__ import annotations

import json
from typing import Any

import attrs
import pytest
from hypothesis import given, strategies as st
from tests.strategies import COMMAND_KINDS, FOREIGN_TEXTS, LONE_SURROGATES, commands, instances

from orchestra.codec import MAX_COMMAND_BYTES, decode_command, encode_command
from orchestra.errors import MalformedMessage, UnsupportedVersion
from orchestra.model.addresses import Address, Ref
from orchestra.model.commands import (
    AcceptOffer,
    ChangePlan,
    Command,
    DefineAgent,
    LeaveContact,
    ReceiveMessage,
    ResolveCase,
    SendMessage,
    SetFields,
)
from orchestra.model.plan import Plan

ACCEPT = {"command": "AcceptOffer", "version": 1, "offer": "O1", "agent": "ana", "token": 1}
RECEIVE = {
    "command": "ReceiveMessage",
    "version": 1,
    "channel": "chat",
    "account": "main",
    "message_id": "1",
    "sender": {"kind": "email", "key": "hmac"},
}
PLAN = {"command": "ChangePlan", "version": 1, "digest": "", "zone_data": "", "key_check": ""}


def comparable(command: Command) -> Any:
    """Plans compare by their text: lists in them may come back as tuples."""
    return (command.plan.to_json(), command.actor) if isinstance(command, ChangePlan) else command


@pytest.mark.parametrize("kind", COMMAND_KINDS.values())
@given(data=st.data())
def test_every_command_comes_back(kind: type[Command], data: st.DataObject) -> None:
    command = data.draw(instances(kind, FOREIGN_TEXTS))
    text = encode_command(command)
    assert comparable(decode_command(text)) == comparable(command)
    assert encode_command(decode_command(text)) == text
    spaced = json.dumps(json.loads(text), indent=1)
    assert comparable(decode_command(spaced)) == comparable(command)


def test_form() -> None:
    sender = Address("email", "hmac", "a@b.example", None)
    command = ReceiveMessage("chat", "main", "1", sender, text="é", actor="system")
    assert encode_command(command) == (
        '{"account":"main","actor":"system","also":[],"channel":"chat","command":"ReceiveMessage","message_id":"1","priority":0,'
        '"sender":{"key":"hmac","kind":"email","matches":true,"value":"a@b.example"},"skills":{},"text":"é","version":1}'
    )
    assert encode_command(ResolveCase(Ref("order:81"))) == (
        '{"case":{"ref":"order:81"},"command":"ResolveCase","version":1}'
    )


def test_a_reference_is_not_an_id() -> None:
    for target in ("order:81", Ref("order:81"), '{"ref":"order:81"}'):
        command = decode_command(encode_command(ResolveCase(target)))
        assert isinstance(command, ResolveCase)
        assert command.case == target


def test_no_field_hides_the_name_or_the_version() -> None:
    names = {field.name for kind in COMMAND_KINDS.values() for field in attrs.fields(kind)}
    assert not names & {"command", "version"}


def test_tuples_are_taken_as_lists() -> None:
    command = DefineAgent("ana", ("first",))  # type: ignore[arg-type]
    assert decode_command(encode_command(command)) == DefineAgent("ana", ["first"])


def test_what_is_missing_is_at_its_default_and_null_is_missing() -> None:
    assert decode_command(json.dumps(RECEIVE | {"thread": None})) == ReceiveMessage(
        "chat", "main", "1", Address("email", "hmac")
    )


REFUSED = [
    ("", "command"),
    ("[]", "command"),
    ("null", "command"),
    ('{"command":"AcceptOffer","command":"AcceptOffer"}', "command"),
    ("[" * 500_000, "command"),
    ('{"a":' * 150_000, "command"),
    (json.dumps(ACCEPT | {"command": "Explode"}), "command"),
    (json.dumps(ACCEPT | {"command": "Command"}), "command"),
    (json.dumps(ACCEPT | {"command": ["AcceptOffer"]}), "command"),
    (json.dumps(ACCEPT | {"version": "1"}), "version"),
    (json.dumps(ACCEPT | {"version": True}), "version"),
    (json.dumps(ACCEPT | {"version": 0}), "version"),
    (json.dumps(ACCEPT | {"token": "1"}), "AcceptOffer.token"),
    (json.dumps(ACCEPT | {"token": True}), "AcceptOffer.token"),
    (json.dumps(ACCEPT | {"token": None}), "AcceptOffer.token"),
    (json.dumps(ACCEPT | {"token": 1.0}), "command"),
    (json.dumps(ACCEPT | {"token": float("nan")}), "command"),
    (json.dumps(ACCEPT | {"token": 2**63}), "command"),
    (json.dumps(ACCEPT | {"token": -(2**63) - 1}), "command"),
    (json.dumps(ACCEPT)[:-2] + "9" * 10_000 + "}", "command"),
    (json.dumps(ACCEPT | {"offer": {"ref": "x"}}), "AcceptOffer.offer"),
    (json.dumps(ACCEPT | {"offer": "a\x00b"}), "command.offer"),
    (json.dumps(ACCEPT | {"offer": "\ud800"}), "command.offer"),
    (json.dumps(ACCEPT | {"more": 1}), "AcceptOffer"),
    (json.dumps({key: value for key, value in ACCEPT.items() if key != "offer"}), "AcceptOffer.offer"),
    (json.dumps(RECEIVE | {"sender": "a@b.example"}), "ReceiveMessage.sender"),
    (json.dumps(RECEIVE | {"sender": {"kind": "email"}}), "ReceiveMessage.sender.key"),
    (json.dumps(RECEIVE | {"sender": {"kind": "email", "key": 1}}), "ReceiveMessage.sender.key"),
    (json.dumps(RECEIVE | {"sender": {"kind": "email", "key": "k", "x": 1}}), "ReceiveMessage.sender"),
    (json.dumps(RECEIVE | {"skills": {"german": "2"}}), "ReceiveMessage.skills.german"),
    (json.dumps(RECEIVE | {"skills": {"a\nb": "2"}}), "ReceiveMessage.skills.'a\\nb'"),
    (json.dumps(RECEIVE | {"skills": {"a\x00": 2}}), "command.skills"),
    (json.dumps(RECEIVE | {"skills": ["german"]}), "ReceiveMessage.skills"),
    (json.dumps({"command": "ResolveCase", "version": 1, "case": {"ref": 1}}), "ResolveCase.case"),
    (json.dumps({"command": "ResolveCase", "version": 1, "case": {"ref": "a", "x": 1}}), "ResolveCase.case"),
    (json.dumps({"command": "ResolveCase", "version": 1, "case": 1}), "ResolveCase.case"),
    (json.dumps({"command": "DefineAgent", "version": 1, "agent": "a", "teams": ["b", 1]}), "DefineAgent.teams[1]"),
    (json.dumps({"command": "DefineAgent", "version": 1, "agent": "a", "teams": ["b", "\x00"]}), "command.teams[1]"),
    (json.dumps({"command": "DefineAgent", "version": 1, "agent": "a", "teams": "b"}), "DefineAgent.teams"),
    (json.dumps(PLAN | {"plan": {"queue": {}}}), "ChangePlan.plan"),
    (json.dumps(PLAN | {"plan": {"queues": {"care": {}}}}), "ChangePlan.plan.queues.care.team"),
    (json.dumps(PLAN | {"plan": {"presence": {"grace": "soon"}}}), "ChangePlan.plan.presence.grace"),
    (json.dumps(PLAN | {"plan": {"presence": {"grace": 5}}}), "ChangePlan.plan.presence.grace"),
    (json.dumps(PLAN | {"plan": {"presence": {"grace": "999999999w" * 9}}}), "ChangePlan.plan.presence.grace"),
]


@pytest.mark.parametrize(("text", "path"), REFUSED, ids=lambda value: value[:40])
def test_whatever_else_is_refused_with_its_path(text: str, path: str) -> None:
    with pytest.raises(MalformedMessage) as refused:
        decode_command(text)
    assert refused.value.where == path
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 300


def test_long_numbers_within_bounds_are_read() -> None:
    for token in (2**63 - 1, -(2**63)):
        assert decode_command(json.dumps(ACCEPT | {"token": token})) == AcceptOffer("O1", "ana", token)


def test_newer_commands_are_refused_naming_both_versions() -> None:
    with pytest.raises(UnsupportedVersion) as refused:
        decode_command(json.dumps(ACCEPT | {"version": 2}))
    assert (refused.value.what, refused.value.found, refused.value.known) == ("command AcceptOffer", 2, 1)


@pytest.mark.parametrize("text", ["x" * MAX_COMMAND_BYTES, "é" * (MAX_COMMAND_BYTES // 2)])
def test_large_commands_are_refused_on_both_sides(text: str) -> None:
    command = SendMessage("K1", "key", text=text)
    with pytest.raises(MalformedMessage, match="larger"):
        encode_command(command)
    with pytest.raises(MalformedMessage, match="larger"):
        decode_command(json.dumps(text, ensure_ascii=False))


@pytest.mark.parametrize(
    ("command", "path"),
    [
        (AcceptOffer("O1", "ana", 1.0), "AcceptOffer.token"),  # type: ignore[arg-type]
        (AcceptOffer("O1", "ana", 2**63), "command"),
        (AcceptOffer("O1", "a\x00", 1), "command.agent"),
        (AcceptOffer("O1", None, 1), "AcceptOffer.agent"),  # type: ignore[arg-type]
        (LeaveContact(Ref("\ud800")), "LeaveContact"),
        (SetFields("K1", {"a": 1.5}), "SetFields.fields.a"),  # type: ignore[dict-item]
        (SetFields("K1", {1: 1}), "SetFields.fields"),  # type: ignore[dict-item]
        (SendMessage("K1", "key", text=b"x"), "SendMessage.text"),  # type: ignore[arg-type]
    ],
)
def test_what_would_be_refused_is_not_written(command: Command, path: str) -> None:
    with pytest.raises(MalformedMessage) as refused:
        encode_command(command)
    assert refused.value.where == path


def test_a_command_of_somebody_else_is_not_written() -> None:
    @attrs.define
    class Explode(Command):
        pass

    with pytest.raises(TypeError, match="no command"):
        encode_command(Explode())


def test_refusals_quote_nothing_private() -> None:
    secret = "4111 1111"
    for part in (
        {"text": [secret]},
        {"sender": {"kind": secret, "key": "k", "value": [secret]}},
        {"text": secret + "\x00"},
    ):
        with pytest.raises(MalformedMessage) as refused:
            decode_command(json.dumps(RECEIVE | part))
        assert secret not in str(refused.value)
        assert refused.value.__cause__ is None


@given(
    st.text()
    | LONE_SURROGATES
    | st.recursive(
        st.none() | st.floats() | st.text(max_size=3),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*RECEIVE, "text"]), inner),
    ).map(json.dumps)
)
def test_foreign_text_is_a_command_or_malformed(text: str) -> None:
    with pytest.raises(MalformedMessage):
        decode_command(text)


@given(commands(), st.data())
def test_damaged_commands_are_read_or_refused(command: Command, data: st.DataObject) -> None:
    text = encode_command(command)
    place = data.draw(st.integers(0, len(text)))
    damaged = text[:place] + data.draw(st.sampled_from(["", '"', "{", "0", "\\", ":", "null"])) + text[place + 1 :]
    try:
        decode_command(damaged)
    except (MalformedMessage, UnsupportedVersion):
        return


def test_plans_come_whole() -> None:
    plan = Plan.parse("""
        workspace.default_queue = "q"
        queues.q.team = "t"
        teams.t = {}
        agents.a = { teams = ["t"], name = "A" }
    """)
    command = decode_command(encode_command(ChangePlan(plan, "d", "z", "k")))
    assert isinstance(command, ChangePlan)
    assert command.plan == plan
