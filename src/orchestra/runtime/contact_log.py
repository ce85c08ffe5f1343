"""Contact logs: what people and a company wrote to each other, one JSON object a line, read within bounds.

Belongs here: the form of a line, and a file's lines with the digest of the prefix that they end. Does not: what a line
means to a workspace (`replaying`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

import attrs

from orchestra.channels.instants import unix_us
from orchestra.channels.safe_json import JsonLimits, JsonObject, parse_json
from orchestra.channels.text import clean_text, refuse_controls
from orchestra.errors import MalformedMessage
from orchestra.model.files import open_file
from orchestra.model.instants import instant_text

__all__ = [
    "MAX_LINE_BYTES",
    "ContactLog",
    "Line",
    "Mark",
    "RawLine",
    "instant_of",
    "line_object",
    "name_of",
    "parse_line",
    "refuse_unknown",
]

MAX_LINE_BYTES: Final = 1_000_000
"""A longer line is bad, and read past without being held in memory."""

_MAX_FIELD_CHARACTERS: Final = 500
_LIMITS: Final = JsonLimits(max_bytes=MAX_LINE_BYTES, max_depth=4)
_REQUIRED: Final = ("at", "channel", "direction", "company", "customer", "thread", "message_id", "text")
_NAMES: Final = ("channel", "company", "customer", "thread", "message_id")
_OPTIONAL: Final = ("agent", "queue", "case", "topic", "disposition")
# RFC 3339, section 5.6. The calendar itself is left to datetime.
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII)


@attrs.frozen
class Line:
    """One message of a contact log.

    Attributes:
        at_us: when it was written, microseconds since 1970 UTC.
        channel: the medium.
        is_inbound: whether the customer wrote it; else the company answered.
        company: the account, that is, the company's own address on the channel.
        customer: who wrote it, or who was answered.
        thread: the conversation it belongs to; alone decides the case.
        message_id: the provider's id; the same (channel, account, message_id) is taken once.
        text: the body, private.
        agent: who answered (outbound).
        queue: where the message waited (inbound).
        case: the company's own number of the matter (inbound); kept, decides nothing.
        topic: what it is about (inbound).
        disposition: the outcome (outbound).
    """

    at_us: int
    channel: str
    is_inbound: bool
    company: str
    customer: str = attrs.field(repr=False)
    thread: str = attrs.field(repr=False)
    message_id: str
    text: str = attrs.field(repr=False)
    agent: str | None = None
    queue: str | None = None
    case: str | None = None
    topic: str | None = None
    disposition: str | None = None


@attrs.frozen
class RawLine:
    """A line as it stands in the file.

    Attributes:
        number: from 1.
        data: its bytes without the line feed; of a line that is too long, the first part.
        is_ended: False for a last line without its line feed, which somebody may still be writing.
    """

    number: int
    data: bytes = attrs.field(repr=False)
    is_ended: bool


@attrs.frozen
class Mark:
    """A place between two lines: lines before it, their bytes, and the SHA-256 of those lines.

    Every line counts with a line feed, also a last one that has none yet: a log that grows keeps its digests.
    """

    lines: int
    offset: int
    sha256: str


def parse_line(data: bytes, number: int, latest_us: int | None = None) -> Line:
    """Read one line.

    Args:
        data: its bytes, with or without a line end.
        number: from 1, for errors.
        latest_us: the latest instant that a line may tell, microseconds since 1970 UTC; None is no bound.

    Raises:
        MalformedMessage: it is not a line of a contact log; tells the line's number and the reason, quotes no text.
    """
    where = f"line {number}"
    value = line_object(data, where)
    refuse_unknown(value, _REQUIRED, _OPTIONAL, where)
    required = {
        name: name_of(value, name, where) for name in ("channel", "company", "customer", "thread", "message_id")
    }
    optional = {name: name_of(value, name, where) for name in _OPTIONAL if value.get(name) is not None}
    direction = value.get("direction")
    if direction not in ("inbound", "outbound"):
        raise MalformedMessage(where, "direction must be inbound or outbound")
    text = value.get("text")
    if not isinstance(text, str):
        raise MalformedMessage(where, "text must be a string")
    at_us = instant_of(value.get("at"), where, latest_us)
    return Line(at_us, is_inbound=direction == "inbound", text=clean_text(text), **required, **optional)


def line_object(data: bytes, where: str) -> JsonObject:
    """The JSON object that a line is.

    Raises:
        MalformedMessage: it is none, or is beyond the limits.
    """
    if not data.strip():
        raise MalformedMessage(where, "is empty")
    value = parse_json(data, limits=_LIMITS, where=where)
    if not isinstance(value, dict):
        raise MalformedMessage(where, "must be a JSON object")
    return value


def refuse_unknown(value: JsonObject, required: Collection[str], optional: Collection[str], where: str) -> None:
    """Refuse an object that lacks a field, or has one that nobody knows.

    Raises:
        MalformedMessage: so it is.
    """
    for name in required:
        if name not in value:
            raise MalformedMessage(where, f"{name} is missing")
    known = (*required, *optional)
    for name in value:
        if name not in known:
            near = get_close_matches(name[:40], sorted(known), 1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
            raise MalformedMessage(where, f"unknown field {name[:40]!a}; {hint}")


def name_of(value: JsonObject, name: str, where: str) -> str:
    """A field that names something: one line of text.

    Raises:
        MalformedMessage: it is not.
    """
    text = value[name]
    if not isinstance(text, str) or not 1 <= len(text) <= _MAX_FIELD_CHARACTERS:
        raise MalformedMessage(where, f"{name} must be a string of 1 to {_MAX_FIELD_CHARACTERS} characters")
    try:
        return refuse_controls(text, name)
    except MalformedMessage as error:
        raise MalformedMessage(where, f"{name} holds a {error.reason}") from None


def instant_of(value: object, where: str, latest_us: int | None = None) -> int:
    """The instant in the field `at`, microseconds since 1970 UTC.

    Raises:
        MalformedMessage: it is none, is before 1970, or is later than may be.
    """
    if not isinstance(value, str) or _INSTANT.fullmatch(value) is None:
        raise MalformedMessage(where, "at must be an instant as RFC 3339 writes it, such as 2026-03-02T09:30:00Z")
    try:
        at_us = unix_us(datetime.fromisoformat(value.upper()))
    except (ValueError, OverflowError):
        raise MalformedMessage(where, "at names no instant of the calendar") from None
    if at_us < 0:
        raise MalformedMessage(where, "at is before 1970")
    if latest_us is not None and at_us > latest_us:
        raise MalformedMessage(where, f"at lies in the future: later than {instant_text(latest_us)}")
    return at_us


class ContactLog:
    """A log file, open for reading: what it holds now, even while it grows.

    Use it as a context manager.

    Args:
        path: a file, so that it can be read twice: no pipe and no device.

    Raises:
        MalformedMessage: it cannot be opened, or is not such a file.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        try:
            self._file: BinaryIO = open_file(self.path)
        except (OSError, ValueError) as error:
            raise MalformedMessage(str(path), getattr(error, "strerror", None) or "cannot be opened") from error
        self.size = self._file.seek(0, 2)
        self._digest = hashlib.sha256()
        self._at = Mark(0, 0, self._digest.hexdigest())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def mark(self) -> Mark:
        """Where the reading stands: behind the line given last."""
        return attrs.evolve(self._at, sha256=self._digest.hexdigest())

    def read(self) -> Iterator[RawLine]:
        """All lines from the first on. What others appended since the file was opened is left for the next time."""
        self._file.seek(0)
        self._digest = hashlib.sha256()
        self._at = Mark(0, 0, "")
        while self._at.offset < self.size:
            yield self._next()

    def _next(self) -> RawLine:
        offset, kept, is_ended = self._at.offset, b"", False
        while offset < self.size and not is_ended:
            part = self._file.readline(min(self.size - offset, MAX_LINE_BYTES + 2))
            if not part:
                raise MalformedMessage(str(self.path), "became shorter while it was read")
            offset += len(part)
            is_ended = part.endswith(b"\n")
            self._digest.update(part)
            kept = kept or part.removesuffix(b"\n")
        if not is_ended:
            self._digest.update(b"\n")
        self._at = Mark(self._at.lines + 1, offset, "")
        return RawLine(self._at.lines, kept, is_ended)
