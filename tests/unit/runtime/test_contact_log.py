"""Contact logs: what a line may hold, what is told about a bad one, and the digests of prefixes."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from orchestra.errors import MalformedMessage
from orchestra.runtime import contact_log
from orchestra.runtime.contact_log import MAX_LINE_BYTES, ContactLog, parse_line

GOOD: dict[str, Any] = {
    "at": "2026-03-02T09:30:00Z",
    "channel": "chat",
    "direction": "inbound",
    "company": "acme",
    "customer": "joe",
    "thread": "t1",
    "message_id": "m1",
    "text": "Where is my order?",
}


def line(**changes: Any) -> bytes:
    return json.dumps({name: value for name, value in (GOOD | changes).items() if value is not ...}).encode()


def reason(data: bytes, number: int = 7) -> str:
    with pytest.raises(MalformedMessage) as caught:
        parse_line(data, number)
    assert caught.value.where == f"line {number}"
    return caught.value.reason


def write(path: Path, *lines: bytes, end: bytes = b"\n") -> Path:
    path.write_bytes(b"\n".join(lines) + end)
    return path


def test_a_line_with_all_it_must_have() -> None:
    read = parse_line(line(), 1)
    assert (read.channel, read.company, read.customer, read.thread) == ("chat", "acme", "joe", "t1")
    assert (read.message_id, read.text, read.is_inbound) == ("m1", "Where is my order?", True)
    assert (read.agent, read.queue, read.case, read.topic, read.disposition) == (None,) * 5


def test_a_line_with_all_it_may_have() -> None:
    extra = {"agent": "ana", "queue": "care", "case": "4711", "topic": "order", "disposition": "resolved"}
    read = parse_line(line(direction="outbound", **extra), 1)
    assert {name: getattr(read, name) for name in extra} == extra
    assert not read.is_inbound


@pytest.mark.parametrize("name", ["agent", "queue", "case", "topic", "disposition"])
def test_what_is_optional_may_be_null(name: str) -> None:
    assert getattr(parse_line(line(**{name: None}), 1), name) is None


@pytest.mark.parametrize(
    ("at", "at_us"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:01.5Z", 1_500_000),
        ("1970-01-01T02:00:00+02:00", 0),
        ("1970-01-01t00:00:00.000001z", 1),
        ("2026-03-02T09:30:00-00:30", 1_772_445_600_000_000),
    ],
)
def test_instants(at: str, at_us: int) -> None:
    assert parse_line(line(at=at), 1).at_us == at_us


@pytest.mark.parametrize(
    "at",
    [
        "2026-03-02",
        "2026-03-02T09:30:00",
        "20260302T093000Z",
        "2026-W10-1T00:00:00Z",
        "now",
        "",
        5,
        None,
        ["x"],
        "२०२६-03-02T09:30:00Z",
    ],
)
def test_what_is_no_instant(at: Any) -> None:
    assert reason(line(at=at)).startswith("at must be an instant")


@pytest.mark.parametrize("at", ["2026-02-30T00:00:00Z", "2026-01-01T25:00:00Z", "2026-01-01T00:00:00+25:00"])
def test_what_the_calendar_lacks(at: str) -> None:
    assert reason(line(at=at)) == "at names no instant of the calendar"


@pytest.mark.parametrize("at", ["1969-12-31T23:59:59Z", "0001-01-01T00:00:00Z"])
def test_before_1970(at: str) -> None:
    assert reason(line(at=at)) == "at is before 1970"


@pytest.mark.parametrize("name", sorted(GOOD))
def test_each_required_field_is_missed_by_name(name: str) -> None:
    assert reason(line(**{name: ...})) == f"{name} is missing"


@pytest.mark.parametrize("name", ["channel", "company", "customer", "thread", "message_id", "agent", "queue", "case"])
@pytest.mark.parametrize("value", ["", "x" * 501, 5, True, {}, []])
def test_names_and_ids_are_short_text(name: str, value: Any) -> None:
    assert reason(line(**{name: value})) == f"{name} must be a string of 1 to 500 characters"


@pytest.mark.parametrize("value", ["a\nb", "a\x1fb", "a\x85b", "a\u2028b", "\x7f"])
def test_names_hold_no_controls(value: str) -> None:
    assert reason(line(thread=value)) == "thread holds a control character"


@pytest.mark.parametrize("value", ["in", "INBOUND", None, 1, ["inbound"]])
def test_directions(value: Any) -> None:
    assert reason(line(direction=value)) == "direction must be inbound or outbound"


@pytest.mark.parametrize("value", [None, 5, ["x"]])
def test_a_text_is_text(value: Any) -> None:
    assert reason(line(text=value)) == "text must be a string"


def test_texts_are_cleaned() -> None:
    assert parse_line(line(text="a\r\nb\x07c e\u0301"), 1).text == "a\nbc \xe9"


def test_an_empty_text_is_one() -> None:
    assert parse_line(line(text=""), 1).text == ""


def test_a_near_miss_is_recognised() -> None:
    assert reason(line(dispositon="resolved")) == "unknown field 'dispositon'; did you mean disposition?"


def test_an_unknown_field_tells_the_known_ones() -> None:
    told = reason(line(zzz=1))
    assert told.startswith("unknown field 'zzz'; known are at, channel")


def test_an_unknown_field_cannot_forge_a_line() -> None:
    assert reason(line(**{"x\ny\x1b[2J": 1})).startswith(r"unknown field 'x\ny\x1b[2J'")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "is empty"),
        (b"  \r", "is empty"),
        (b"[]", "must be a JSON object"),
        (b'"x"', "must be a JSON object"),
        (b"{", "not JSON"),
        (b"\xff{}", "not UTF-8"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        (b'{"a": 1, "a": 2}', "two equal keys"),
        (b'{"a": NaN}', "NaN"),
        (b'{"a": "\\u0000"}', "NUL"),
        (b'{"a": "\\ud800"}', "lone surrogate"),
        (b"[[[[[[1]]]]]]", "nested deeper"),
        (b"{" + b" " * MAX_LINE_BYTES, "larger than"),
    ],
)
def test_what_is_no_line(data: bytes, told: str) -> None:
    assert told in reason(data)


def test_errors_quote_no_text() -> None:
    with pytest.raises(MalformedMessage) as caught:
        parse_line(line(text="secret words", customer="mrs-secret", at="x"), 1)
    assert "secret" not in str(caught.value)


def test_a_line_shows_no_one(tmp_path: Path) -> None:
    shown = repr(parse_line(line(text="secret words", customer="mrs-secret"), 1))
    assert "secret" not in shown


# Files


def test_lines_are_numbered_and_digested(tmp_path: Path) -> None:
    path = write(tmp_path / "log", b"one", b"two")
    with ContactLog(path) as log:
        found = [(raw.number, raw.data, raw.is_ended, log.mark()) for raw in log.read()]
    assert [row[:3] for row in found] == [(1, b"one", True), (2, b"two", True)]
    assert [row[3].sha256 for row in found] == [
        hashlib.sha256(b"one\n").hexdigest(),
        hashlib.sha256(b"one\ntwo\n").hexdigest(),
    ]
    assert [(row[3].lines, row[3].offset) for row in found] == [(1, 4), (2, 8)]


def test_a_missing_last_line_feed_changes_no_digest(tmp_path: Path) -> None:
    with ContactLog(write(tmp_path / "log", b"one", b"two", end=b"")) as log:
        assert [raw.is_ended for raw in log.read()] == [True, False]
        assert log.mark().sha256 == hashlib.sha256(b"one\ntwo\n").hexdigest()


def test_an_empty_file_has_no_lines(tmp_path: Path) -> None:
    with ContactLog(write(tmp_path / "log", end=b"")) as log:
        assert list(log.read()) == []
        assert log.mark().sha256 == hashlib.sha256(b"").hexdigest()


def test_a_file_is_read_twice_alike(tmp_path: Path) -> None:
    with ContactLog(write(tmp_path / "log", b"one", b"two")) as log:
        assert list(log.read()) == list(log.read())


def test_what_is_appended_meanwhile_is_left(tmp_path: Path) -> None:
    path = write(tmp_path / "log", b"one")
    with ContactLog(path) as log:
        with path.open("ab") as more:
            more.write(b"two\n")
        assert [raw.data for raw in log.read()] == [b"one"]


def test_a_file_that_shrinks_is_an_error(tmp_path: Path) -> None:
    path = write(tmp_path / "log", b"one", b"two")
    with ContactLog(path) as log:
        path.write_bytes(b"one\n")
        with pytest.raises(MalformedMessage, match="became shorter"):
            list(log.read())


def test_an_endless_line_is_read_past(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contact_log, "MAX_LINE_BYTES", 10)
    path = write(tmp_path / "log", b"x" * 1000, b"short")
    with ContactLog(path) as log:
        found = list(log.read())
        assert log.mark().sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert [len(raw.data) for raw in found] == [12, 5]


@pytest.mark.parametrize("path", ["missing", "nul\0"])
def test_what_cannot_be_opened(tmp_path: Path, path: str) -> None:
    with pytest.raises(MalformedMessage, match=path.partition("\0")[0]):
        ContactLog(tmp_path / path)


def test_a_folder_is_no_log(tmp_path: Path) -> None:
    with pytest.raises(MalformedMessage, match="Is a directory"):
        ContactLog(tmp_path)


def test_a_device_is_no_log() -> None:
    with pytest.raises(MalformedMessage, match="is a pipe or a device; it must be a file"):
        ContactLog("/dev/zero")


def test_a_pipe_is_no_log(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(MalformedMessage, match="is a pipe or a device; it must be a file"):
        ContactLog(path)  # without a writer, opening it would wait for one
