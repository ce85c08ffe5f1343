"""What providers send to the workspace's lines: verified, then durable, then answered.

Belongs here: from a request to commands and an answer. Does not: what one line's adapter makes of it (`channels`).
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from orchestra.channels.wire import Handshake, HttpReply, RawRequest, Rejected, Verified
from orchestra.errors import CommandRefused, InvalidData, JournalUnavailable
from orchestra.model.commands import Command
from orchestra.model.instants import instant
from orchestra.runtime.inbound import commands_of
from orchestra.runtime.lines import Line, Lines
from orchestra.runtime.owner import Owner

__all__ = ["Webhooks"]

_log = logging.getLogger("orchestra.runtime")


class Webhooks:
    """Takes webhooks.

    Attributes:
        unused: items that providers told and nobody has a use for.
    """

    def __init__(self, owner: Owner, lines: Lines, execute: Callable[[Command], Awaitable[Any]]) -> None:
        self._owner = owner
        self._lines = lines
        self._execute = execute
        self.unused = 0

    async def take(self, route_key: str, request: RawRequest) -> HttpReply:
        """What to answer to a request; see `Workspace.webhook`."""
        line = self._lines.at(route_key)
        if line is None:
            return HttpReply(status=404)
        try:
            verdict = line.adapter.verify(request, line.account, instant(self._owner.clock.now_us()))
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
                commands = commands_of(event, line, self._owner.key)
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
