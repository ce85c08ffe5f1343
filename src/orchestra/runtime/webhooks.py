"""What providers send to the lines: verified, decoded, and given to the engine, each item by itself.

Belongs here: one request, from its bytes to its answer. Does not: polling, and what is sent out.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from orchestra.channels.wire import Handshake, HttpReply, RawRequest, Rejected, Verified
from orchestra.errors import CommandRefused, InvalidData, JournalUnavailable
from orchestra.model.commands import Command
from orchestra.runtime.inbound import commands_of
from orchestra.runtime.keys import WorkspaceKey
from orchestra.runtime.lines import Line, Lines

__all__ = ["Webhooks"]

_log = logging.getLogger("orchestra.runtime")


class Webhooks:
    """Takes what comes to a workspace's lines.

    Attributes:
        unused: how many items there was nothing to do about.
    """

    unused: int

    def __init__(self, lines: Lines, key: WorkspaceKey, execute: Callable[[Command], Awaitable[Any]]) -> None:
        self._lines = lines
        self._key = key
        self._execute = execute
        self.unused = 0

    async def take(self, route_key: str, request: RawRequest, now: datetime) -> HttpReply:
        """Take a request, and give what to answer once all in it is durable."""
        line = self._lines.at(route_key)
        if line is None:
            return HttpReply(status=404)
        try:
            verdict = line.adapter.verify(request, line.account, now)
        except Exception as error:  # noqa: BLE001 - as in `_take`
            _log.error("adapter %s cannot verify: %s", line.adapter.channel, type(error).__name__)
            return HttpReply(status=500)
        if isinstance(verdict, Handshake):
            return verdict.reply
        if isinstance(verdict, Rejected):
            return HttpReply(status=verdict.status)
        return await self._take(line, verdict)

    async def _take(self, line: Line, verified: Verified) -> HttpReply:
        try:
            decoded = line.adapter.decode(verified, line.account)
        except Exception as error:  # noqa: BLE001 - a plug-in's fault concerns its own request only; the sender may try again
            _log.error("adapter %s cannot decode: %s", line.adapter.channel, type(error).__name__)
            return HttpReply(status=500)
        for issue in decoded.issues:
            _log.warning("%s/%s: %s at %s (%s)", line.channel, line.name, issue.code, issue.where, issue.raw_digest)
        for event in decoded.events:
            try:
                commands = commands_of(event, line, self._key)
            except Exception as error:  # noqa: BLE001 - as above: what the plug-in made of this item is no news
                _log.warning("%s/%s: one item left out: %s", line.channel, line.name, type(error).__name__)
                continue
            self.unused += not commands
            try:
                for command in commands:
                    await self._execute(command)
            except (InvalidData, CommandRefused) as error:
                _log.warning("%s/%s: one item left out: %s", line.channel, line.name, type(error).__name__)
            except JournalUnavailable:
                return HttpReply(status=503)
        return decoded.reply
