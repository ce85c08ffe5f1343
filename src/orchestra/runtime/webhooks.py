"""What providers send to a workspace's lines: verified, decoded, then taken."""

from __future__ import annotations

import logging

from orchestra.channels.wire import Handshake, HttpReply, RawRequest, Rejected, Verified
from orchestra.errors import JournalUnavailable
from orchestra.model.instants import instant
from orchestra.runtime.lines import Line, Lines
from orchestra.runtime.news import News
from orchestra.runtime.owner import Owner

__all__ = ["Webhooks"]

_log = logging.getLogger("orchestra.runtime")


class Webhooks:
    """Takes what providers send."""

    def __init__(self, owner: Owner, lines: Lines, news: News) -> None:
        self._owner = owner
        self._lines = lines
        self._news = news

    async def take(self, route_key: str, request: RawRequest) -> HttpReply:
        """Take a request, and tell what to answer; see `Workspace.webhook`."""
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
        try:
            await self._news.take(line, decoded)
        except JournalUnavailable:
            return HttpReply(status=503)
        return decoded.reply
