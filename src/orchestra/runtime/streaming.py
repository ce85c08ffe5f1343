"""Following a connection that stays open, as of a telephone exchange or a socket: what comes is taken, then answered.

Belongs here: the order of things. Does not: what the bytes mean, which is the codec's (`StreamCodec`), and opening
connections.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from orchestra.channels.port import Decoded, StreamCodec, StreamStep
from orchestra.channels.wire import FrameStep
from orchestra.runtime.lines import Line

__all__ = ["Connection", "Taking", "follow_stream"]

_log = logging.getLogger("orchestra.runtime")


class Connection(Protocol):
    """An open connection with a peer."""

    async def receive(self) -> bytes:
        """Give what came next; empty bytes once the peer has closed it."""
        ...

    async def send(self, frame: FrameStep) -> None:
        """Write a frame, whole. Raises OSError if the peer has gone."""
        ...


class Taking(Protocol):
    """Whatever takes news: a workspace's `news`."""

    async def take(self, line: Line, decoded: Decoded) -> object:
        """Take news of a line; they are durable when this returns."""
        ...


async def follow_stream(
    news: Taking, line: Line, codec: StreamCodec, connection: Connection, now: Callable[[], datetime]
) -> None:
    """Follow a connection until one of both ends closes it.

    Args:
        news: takes what comes: `ws.news`.
        line: whose connection it is.
        codec: of this connection alone: it keeps what is incomplete.
        connection: open; whoever opened it closes it.
        now: gives the time.

    Guarantees:
        What a piece of the stream brought is durable before anything is written because of it: a peer that is told
        that something was taken need not tell it again. News and frames keep their order.

    Raises:
        JournalUnavailable: news are not durable; nothing was written because of them. Connect again: the peer tells
            them again, or they are asked for.
        OSError: the connection broke.
    """
    while True:
        data = await connection.receive()
        step = _fed(line, codec, data, now())
        if step.decoded.events or step.decoded.issues:
            await news.take(line, step.decoded)
        for frame in step.frames:
            await connection.send(frame)
        if step.is_closing or not data:
            return


def _fed(line: Line, codec: StreamCodec, data: bytes, now: datetime) -> StreamStep:
    """What the codec makes of it. One that raises cannot be fed any more: its connection is closed."""
    try:
        return _checked(codec.feed(data, now))
    except Exception as error:  # noqa: BLE001 - a plug-in's fault ends its own connection, and nothing else
        _log.error("codec of %s failed: %s", line.channel, type(error).__name__)
    return StreamStep(is_closing=True)


def _checked(given: object) -> StreamStep:
    if not isinstance(given, StreamStep):
        raise TypeError(f"feed gave {type(given).__name__}")
    return given
