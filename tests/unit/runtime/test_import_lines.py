"""Lines of a history: what each type holds, and what is told about a bad one."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, strategies as st

from orchestra.errors import MalformedMessage
from orchestra.model.addresses import Email, Handle, Phone
from orchestra.runtime.contact_log import MAX_LINE_BYTES
from orchestra.runtime.import_lines import (
    AgentLine,
    CaseLine,
    ConsentLine,
    CustomerLine,
    MessageLine,
    StatusLine,
    parse_history_line,
)

AT = "2026-03-02T09:30:00Z"
AT_US = 1_772_443_800_000_000
JOE = {"kind": "email", "value": "joe@example.com", "name": "Joe"}

LEAST: dict[str, dict[str, Any]] = {
    "agent": {"id": "ana", "teams": ["care"]},
    "customer": {"id": "u1", "addresses": [JOE]},
    "consent": {"customer": "u1", "purpose": "news", "given": True},
    "case": {"id": "t1", "customer": "u1"},
    "message": {"channel": "email", "account": "help", "id": "m1", "direction": "inbound", "address": JOE, "text": "x"},
    "status": {"case": "t1", "status": "closed"},
}
"""Type of line -> what it must have."""

MOST: dict[str, dict[str, Any]] = {
    "agent": {"skills": {"german": 50}, "roles": ["lead"], "name": "Ana"},
    "customer": {"fields": {"vip": True, "age": 7, "note": "x", "gone": None}},
    "consent": {"channel": "email", "evidence": "form\r\n7"},
    "case": {"number": "#1", "topic": "order", "queue": "care", "agent": "ana", "fields": {"orders": 2}},
    "message": {
        "case": "t1",
        "thread": "th",
        "agent": "ana",
        "media": [{"kind": "image", "name": "a.png", "type": "image/png", "size": 7, "ref": "https://files.example/a"}],
    },
    "status": {"disposition": "resolved"},
}
"""Type of line -> what it may have, too."""


def line(kind: str, **changes: Any) -> bytes:
    value = {"type": kind, "at": AT, **LEAST.get(kind, {}), **changes}
    return json.dumps({name: content for name, content in value.items() if content is not ...}).encode()


def reason(data: bytes, latest_us: int | None = None) -> str:
    with pytest.raises(MalformedMessage) as caught:
        parse_history_line(data, 7, latest_us)
    assert caught.value.where.startswith("line 7")
    return caught.value.reason


def test_each_type_with_the_least_it_has() -> None:
    joe = Email("joe@example.com", "Joe")
    assert parse_history_line(line("agent"), 1) == AgentLine(AT_US, "ana", ("care",))
    assert parse_history_line(line("customer"), 1) == CustomerLine(AT_US, "u1", (joe,))
    assert parse_history_line(line("consent"), 1) == ConsentLine(AT_US, "news", True, "u1")
    assert parse_history_line(line("case"), 1) == CaseLine(AT_US, "t1", "u1")
    assert parse_history_line(line("message"), 1) == MessageLine(AT_US, "email", "help", "m1", True, joe, "x")
    assert parse_history_line(line("status"), 1) == StatusLine(AT_US, "t1", "closed")


def test_each_type_with_the_most_it_has() -> None:
    agent = parse_history_line(line("agent", **MOST["agent"]), 1)
    assert agent == AgentLine(AT_US, "ana", ("care",), {"german": 50}, ("lead",), "Ana")
    customer = parse_history_line(line("customer", **MOST["customer"]), 1)
    assert isinstance(customer, CustomerLine)
    assert customer.fields == MOST["customer"]["fields"]
    consent = parse_history_line(line("consent", **MOST["consent"]), 1)
    assert isinstance(consent, ConsentLine)
    assert (consent.channel, consent.evidence) == ("email", "form\n7")
    case = parse_history_line(line("case", **MOST["case"]), 1)
    assert case == CaseLine(AT_US, "t1", "u1", None, "#1", "order", "care", "ana", {"orders": 2})
    message = parse_history_line(line("message", direction="outbound", **MOST["message"]), 1)
    assert isinstance(message, MessageLine)
    assert (message.inbound, message.case, message.thread, message.agent) == (False, "t1", "th", "ana")
    assert message.media == MOST["message"]["media"]
    status = parse_history_line(line("status", **MOST["status"]), 1)
    assert status == StatusLine(AT_US, "t1", "closed", "resolved")


@pytest.mark.parametrize("kind", LEAST)
def test_what_may_be_left_out_may_be_null(kind: str) -> None:
    nothing = dict.fromkeys(MOST[kind])
    assert parse_history_line(line(kind, **nothing), 1) == parse_history_line(line(kind), 1)


NEEDED = [(kind, name) for kind, fields in LEAST.items() for name in fields if name != "customer"]


@pytest.mark.parametrize(("kind", "name"), NEEDED)
def test_what_must_be_there_is_missed(kind: str, name: str) -> None:
    assert reason(line(kind, **{name: ...})) == f"{name} is missing"


@pytest.mark.parametrize(
    ("kind", "name", "wrong", "told"),
    [
        ("agent", "id", 7, "id must be a string of 1 to 500 characters"),
        ("agent", "id", "", "id must be a string of 1 to 500 characters"),
        ("agent", "id", "a\nb", "id holds a control character"),
        ("agent", "teams", "care", "teams must be a list of at most 200 names"),
        ("agent", "teams", ["x"] * 201, "teams must be a list of at most 200 names"),
        ("agent", "teams", [7], "teams must be a string of 1 to 500 characters"),
        ("agent", "skills", ["german"], "skills must be an object of name and level"),
        ("agent", "skills", {"german": "50"}, "skills: a level must be a whole number from 1 to 100"),
        ("agent", "skills", {"german": True}, "skills: a level must be a whole number from 1 to 100"),
        ("customer", "addresses", [], "addresses must be a list of at least one address"),
        ("customer", "addresses", JOE, "addresses must be a list of at least one address"),
        ("customer", "addresses", ["joe"], 'addresses[0] must be an object, as {"kind": "email", "value": ...}'),
        ("customer", "addresses", [JOE, {"kind": "email"}], "value is missing"),
        ("customer", "addresses", [{**JOE, "nmae": "J"}], "unknown field 'nmae'; did you mean name?"),
        ("customer", "fields", [], "fields must be an object of name and value"),
        ("customer", "fields", {"a": 0.5}, "fields: a value must be text, a whole number, true, false or null"),
        ("consent", "given", 1, "given must be true or false"),
        ("consent", "evidence", 1, "evidence must be a string"),
        ("consent", "customer", None, "needs customer or address: exactly one of them"),
        ("consent", "address", JOE, "needs customer or address: exactly one of them"),
        ("case", "customer", ..., "needs customer or address: exactly one of them"),
        ("message", "direction", "in", "direction must be inbound or outbound"),
        ("message", "text", None, "text must be a string"),
        ("message", "text", "x" * 500_001, "text must be at most 500000 bytes"),
        ("message", "address", "joe", 'address must be an object, as {"kind": "email", "value": ...}'),
        ("message", "media", {}, "media must be a list of files"),
        ("message", "media", [], "media must be 1 to 20 files"),
        ("message", "media", ["a.png"], 'media[0] must be an object, as {"kind": "image", "name": ...}'),
        ("message", "media", [{"name": "a.png"}], "kind is missing"),
        ("message", "media", [{"kind": "image", "size": True}], "media[0]: size must be a whole number, all else text"),
        ("message", "media", [{"kind": "image", "size": 0.5}], "media[0]: size must be a whole number, all else text"),
        ("message", "media", [{"kind": "film"}], "media kind must be one of image, audio, video, document"),
        (
            "message",
            "media",
            [{"kind": "image", "digest": "5"}],
            "unknown field 'digest'; known are kind, type, size, name, ref",
        ),
        ("message", "txt", "x", "unknown field 'txt'; did you mean text?"),
        ("status", "at", "yesterday", "at must be an instant as RFC 3339 writes it, such as 2026-03-02T09:30:00Z"),
        ("status", "at", "2026-02-30T09:30:00Z", "at names no instant of the calendar"),
        ("status", "at", "1969-02-03T09:30:00Z", "at is before 1970"),
        ("massage", "id", "m1", "type is missing or unknown; did you mean message?"),
        ("message", "type", 7, f"type is missing or unknown; it must be one of {', '.join(LEAST)}"),
    ],
)
def test_what_is_wrong_is_told(kind: str, name: str, wrong: object, told: str) -> None:
    assert reason(line(kind, **{name: wrong})) == told


def test_addresses_of_every_kind() -> None:
    for kind, made in (("email", Email("x", "X")), ("phone", Phone("x", "X")), ("crm", Handle("x", "X", kind="crm"))):
        read = parse_history_line(line("message", address={"kind": kind, "value": "x", "name": "X"}), 1)
        assert isinstance(read, MessageLine)
        assert read.address == made
    read = parse_history_line(line("message", address={"kind": "email", "value": "x", "name": None}), 1)
    assert isinstance(read, MessageLine)
    assert read.address == Email("x")


def test_a_line_of_the_future_is_bad() -> None:
    assert reason(line("status"), AT_US - 1).startswith("at lies in the future: later than 2026-03-02T09:29:59")
    assert parse_history_line(line("status"), 7, AT_US).at_us == AT_US


@pytest.mark.parametrize("data", [b"", b" \n", b"[1]", b"{", b"\xff", b"\xef\xbb\xbf{}", b'{"type": "a", "type": "b"}'])
def test_what_is_no_object_is_bad(data: bytes) -> None:
    assert reason(data)


def test_a_line_is_bounded() -> None:
    assert "bytes" in reason(line("message", text="x" * MAX_LINE_BYTES))


def test_nothing_private_shows() -> None:
    secret = {"kind": "email", "value": "secret@example.com", "name": "Secret"}
    for kind, changes in (("customer", {"addresses": [secret]}), ("message", {"address": secret, "text": "Secret"})):
        assert "ecret" not in repr(parse_history_line(line(kind, **changes), 1))
    assert "ecret" not in reason(line("customer", addresses=[{**secret, "kind": 7}]))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(sorted(LEAST)), st.data())
def test_whatever_a_field_holds_a_line_is_read_or_told_to_be_bad(kind: str, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted({"type", "at", *LEAST[kind], *MOST[kind]})))
    with suppress(MalformedMessage):
        assert parse_history_line(line(kind, **{name: data.draw(VALUES)}), 7).at_us >= 0
