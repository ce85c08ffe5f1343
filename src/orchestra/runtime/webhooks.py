"""What providers send to a workspace's lines: verified, decoded, then taken."""

from __future__ import annotations

import logging
from collections.abc import Callable

from orchestra.channels.port import AnsweringAdapter, Decoded, Taken
from orchestra.channels.wire import Handshake, HttpReply, RawRequest, Rejected, Verified
from orchestra.errors import JournalError
from orchestra.model.instants import instant
from orchestra.runtime.deciding import Deciding, awaited_in
from orchestra.runtime.lines import Line, Lines
from orchestra.runtime.news import News

__all__ = ["Webhooks"]

_log = logging.getLogger("orchestra.runtime")


class Webhooks:
    """Takes what providers send.

    Args:
        now_us: the time, microseconds UTC.
        lines: whose providers.
        news: where their news go.
        deciding: answers requests whose answer says what comes next.
    """

    def __init__(self, now_us: Callable[[], int], lines: Lines, news: News, deciding: Deciding) -> None:
        self._deciding = deciding
        self._now_us = now_us
        self._lines = lines
        self._news = news

    async def take(self, route_key: str, request: RawRequest) -> HttpReply:
        """Take a request, and tell what to answer; see `Workspace.webhook`."""
        line = self._lines.at(route_key)
        if line is None:
            return HttpReply(status=404)
        try:
            verdict = line.adapter.verify(request, line.account, instant(self._now_us()))
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
        awaited = awaited_in(line, decoded)
        try:
            if awaited is not None:
                return await self._deciding.answer(line, awaited, decoded, lambda: self._news.take(line, decoded))
            taken = await self._news.take(line, decoded)
        except JournalError as error:
            _log.warning("%s/%s: not stored: %s", line.channel, line.name, type(error).__name__)
            return HttpReply(status=503)
        return self._reply(line, verified, decoded, taken)

    def _reply(self, line: Line, verified: Verified, decoded: Decoded, taken: Taken) -> HttpReply:
        if not isinstance(line.adapter, AnsweringAdapter):
            return decoded.reply
        try:
            return line.adapter.answer(verified, decoded, taken, line.account)
        except Exception as error:  # noqa: BLE001 - as in `_take`; what comes again is taken once
            _log.error("adapter %s cannot answer: %s", line.adapter.channel, type(error).__name__)
            return HttpReply(status=500)
