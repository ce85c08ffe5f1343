"""Following a connection: what comes is durable before it is answered."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest
from tests.contact_centre import ACCOUNT, PLAN

from orchestra.channels import inbound
from orchestra.channels.loopback import LoopbackAdapter
from orchestra.channels.parts import Identity, TextPart
from orchestra.channels.port import Decoded, StreamCodec, StreamStep
from orchestra.channels.wire import FrameStep
from orchestra.errors import JournalUnavailable
from orchestra.journal.memory import MemoryJournal
from orchestra.runtime.lines import Line
from orchestra.runtime.streaming import follow_stream
from orchestra.runtime.workspace import Workspace

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
LINE = Line("chat", LoopbackAdapter(), ACCOUNT)


class Lines:
    """A protocol of lines: each is a message and is acknowledged; `bye` ends it; what is no line yet is kept."""

    def __init__(self) -> None:
        self.rest = b""

    def feed(self, data: bytes, now: datetime) -> StreamStep:
        *lines, self.rest = (self.rest + data).split(b"\n")
        events = tuple(told(line) for line in lines if line != b"bye")
        frames = tuple(FrameStep(idempotency_key="k", connection="c", data=b"got " + line) for line in lines)
        return StreamStep(decoded=Decoded(events=events), frames=frames, is_closing=b"bye" in lines)


def told(line: bytes) -> inbound.MessageReceived:
    name = line.decode()
    origin = inbound.Origin(
        dedupe_key=name,
        ids=inbound.ProviderIds(message=name),
        received_at=NOW,
        raw_digest="0" * 64,
        identities=(Identity("loopback", "joe"),),
    )
    return inbound.MessageReceived(origin=origin, parts=(TextPart(f"text of {name}"),))


@attrs.define
class Ends:
    """Both ends of a connection, and whoever takes the news: all that happens, in order."""

    pieces: list[bytes]
    happened: list[str] = attrs.field(factory=list)
    is_full: bool = False

    async def receive(self) -> bytes:
        return self.pieces.pop(0) if self.pieces else b""

    async def send(self, frame: FrameStep) -> None:
        self.happened.append(f"wrote {frame.data.decode()}")

    async def take(self, line: Line, decoded: Decoded) -> None:
        if self.is_full:
            raise JournalUnavailable("disk full")
        self.happened += [f"took {event.origin.dedupe_key}" for event in decoded.events]


async def follow(ends: Ends, codec: Any = None) -> None:
    await follow_stream(ends, LINE, codec or Lines(), ends, lambda: NOW)


async def test_what_comes_is_taken_before_it_is_answered() -> None:
    ends = Ends([b"one\ntwo\n", b"thr", b"ee\n"])
    await follow(ends)
    assert ends.happened == ["took one", "took two", "wrote got one", "wrote got two", "took three", "wrote got three"]


async def test_it_ends_when_the_codec_closes_it() -> None:
    ends = Ends([b"one\nbye\n", b"two\n"])
    await follow(ends)
    assert ends.happened == ["took one", "wrote got one", "wrote got bye"]
    assert ends.pieces == [b"two\n"]


async def test_what_is_not_durable_is_not_answered() -> None:
    ends = Ends([b"one\n"], is_full=True)
    with pytest.raises(JournalUnavailable):
        await follow(ends)
    assert ends.happened == []


@pytest.mark.parametrize("given", [ZeroDivisionError("secret"), None, "frames"])
async def test_a_codec_that_fails_ends_its_connection(given: Any, caplog: pytest.LogCaptureFixture) -> None:
    class Broken:
        def feed(self, data: bytes, now: datetime) -> Any:
            if isinstance(given, Exception):
                raise given
            return given

    ends = Ends([b"one\n", b"two\n"])
    with caplog.at_level(logging.ERROR, "orchestra.runtime"):
        await follow(ends, Broken())
    assert (ends.happened, ends.pieces) == ([], [b"two\n"])
    assert "codec of chat" in caplog.text
    assert "secret" not in caplog.text


async def test_a_workspace_takes_what_a_connection_tells() -> None:
    assert isinstance(Lines(), StreamCodec)
    journal, ends = MemoryJournal(), Ends([b"one\ntwo\none\n"])
    async with Workspace.open(PLAN, journal, channels=[LINE]) as workspace:
        await follow_stream(workspace.news, LINE, Lines(), ends, lambda: NOW)
    assert [record.type for record in journal.read()].count("MessageReceived") == 2
    assert ends.happened == ["wrote got one", "wrote got two", "wrote got one"]
