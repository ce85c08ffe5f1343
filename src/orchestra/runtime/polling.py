"""Asking accounts for their news since the cursor: to fill a gap, and regularly where the plan says so.

Belongs here: when to ask, page after page, and how long to leave an account alone that gives no answer. Does not: what
becomes of news (`news`), and where the cursor is kept (the engine).

The news of a page come first and its cursor after them, each durable before the next: whatever happens in between, the
same news come again, and are known.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Final

import anyio
import attrs
from anyio.abc import TaskGroup

from orchestra.channels.port import Polled, PollingAdapter
from orchestra.channels.sending import Retry, SendPlan
from orchestra.channels.transport import Transport
from orchestra.channels.wire import NoAnswer
from orchestra.model import events as e
from orchestra.model.commands import MoveCursor
from orchestra.model.instants import instant
from orchestra.model.structure import microseconds
from orchestra.runtime.clock import sleep_until
from orchestra.runtime.credentials import Credentials, Unauthorized
from orchestra.runtime.lines import Line, Lines
from orchestra.runtime.news import News
from orchestra.runtime.outcomes import checked_plan, checked_polled
from orchestra.runtime.owner import Owner
from orchestra.runtime.published import Bell, Published

__all__ = ["MOST_PAGES", "Polling"]

MOST_PAGES: Final = 100
"""Pages in a row, after which others have their turn."""

_PAUSE_US: Final = 1_000_000
_FIRST_RETRY_US: Final = 2_000_000
_LONGEST_RETRY_US: Final = 300_000_000
_LONGEST_ADVICE_US: Final = 3_600_000_000
_LONGEST_STEP_S: Final = 60.0
_MOST_STEPS: Final = 8

_log = logging.getLogger("orchestra.runtime")


class _Unanswered(Exception):
    """There was no answer that could be used. `advice_us` is after how long to ask again, if the provider said so."""

    def __init__(self, code: str, advice_us: int | None = None) -> None:
        super().__init__(code)
        self.advice_us = advice_us


@attrs.define(eq=False)
class _Asking:
    """An account that can be asked.

    Attributes:
        next_us: when to ask it whatever the plan says; None if there is no reason to.
        asked_us: when it last had nothing more to tell.
        failures: how often in a row it gave no answer.
        seen: the cursors that it gave since then: one that comes back leads nowhere.
    """

    line: Line
    adapter: PollingAdapter
    transport: Transport
    next_us: int | None
    asked_us: int
    failures: int = 0
    seen: set[str] = attrs.field(factory=set)
    is_busy: bool = False
    bell: Bell = attrs.field(factory=Bell)

    @property
    def key(self) -> tuple[str, str]:
        return self.line.channel, self.line.name


class Polling:
    """Asks each account that can be asked, one page at a time."""

    def __init__(self, owner: Owner, lines: Lines, news: News, tasks: TaskGroup, credentials: Credentials) -> None:
        self._owner = owner
        self._credentials = credentials
        self._news = news
        self._tasks = tasks
        self._is_ending = False
        found = (_asking(line, owner.clock.now_us()) for line in lines.all())
        self._askings = {asking.key: asking for asking in found if asking is not None}

    @property
    def in_flight(self) -> int:
        """Accounts that are being asked, or are to be asked now."""
        return sum(asking.is_busy or self._is_due(asking) for asking in self._askings.values())

    def heard(self, entry: Published) -> None:
        """Listen to durable events: an account that is up again has a gap to fill."""
        if isinstance(entry.event, e.ChannelUp):
            asking = self._askings.get((entry.event.channel, entry.event.account))
            if asking is not None:
                asking.next_us, asking.failures = self._owner.clock.now_us(), 0
                asking.bell.ring()
        elif isinstance(entry.event, e.ChannelDown | e.PlanChanged):
            self.look_anew()

    def look_anew(self) -> None:
        """When accounts are to be asked may be another time than it was."""
        for asking in self._askings.values():
            asking.bell.ring()

    async def recover(self) -> None:
        """After opening: whatever came meanwhile is asked for, in the background."""
        for asking in self._askings.values():
            self._tasks.start_soon(self._follow, asking)

    def end(self) -> None:
        """Ask nobody any more: what was not taken comes again."""
        self._is_ending = True

    def _due_us(self, asking: _Asking) -> int | None:
        view = self._owner.view
        if self._is_ending or view.outages.is_down(*asking.key):
            return None  # it would be asked in vain: `ChannelUp` says when it is tried again
        if asking.next_us is not None:
            return asking.next_us
        channel = view.plan.channels.get(asking.line.channel)
        every = None if channel is None else channel.poll
        return None if every is None else asking.asked_us + microseconds(every)

    def _is_due(self, asking: _Asking) -> bool:
        due_us = self._due_us(asking)
        return due_us is not None and due_us <= self._owner.clock.now_us()

    async def _follow(self, asking: _Asking) -> None:
        while not self._is_ending:
            stroke = asking.bell.stroke
            if self._is_due(asking):
                await self._ask(asking)
                await anyio.lowlevel.checkpoint()
            else:
                await sleep_until(self._owner.clock, self._due_us(asking), stroke)

    async def _ask(self, asking: _Asking) -> None:
        """Ask for one page, and say when to ask again. No exception leaves: other accounts are asked on."""
        asking.is_busy, asking.next_us = True, None
        try:
            await self._page(asking)
        except _Unanswered as error:
            _log.warning("%s/%s did not tell its news: %s", *asking.key, error)
            self._again(asking, self._rest_us(asking, error.advice_us))
        except Exception as error:  # noqa: BLE001 - a plug-in's or the journal's fault: told by type, and tried again
            _log.error("%s/%s cannot be asked for news: %s", *asking.key, type(error).__name__)
            self._again(asking, self._rest_us(asking, None))
        finally:
            asking.is_busy = False
            self._owner.recent.bell.ring()

    def _again(self, asking: _Asking, after_us: int) -> None:
        if asking.next_us is None:  # else it came up meanwhile, and is asked at once
            asking.next_us = self._owner.clock.now_us() + after_us

    def _rest_us(self, asking: _Asking, advice_us: int | None) -> int:
        """For how long to leave it alone: longer each time, and not in step with others."""
        asking.failures += 1
        most_us = min(_LONGEST_RETRY_US, _FIRST_RETRY_US << min(asking.failures - 1, 16))
        drawn = self._owner.view.draw(most_us // 2, *asking.key, asking.failures)
        return max(most_us // 2 + drawn, min(advice_us or 0, _LONGEST_ADVICE_US))

    async def _page(self, asking: _Asking) -> None:
        """Take one page, then move the cursor behind it."""
        cursor = await self._owner.read(lambda view: view.cursors.of(*asking.key))
        page = await self._asked(asking, cursor)
        moves = page.cursor is not None and page.cursor != cursor
        if page.has_more and (not moves or page.cursor in asking.seen):
            raise _Unanswered("there is more, and no way to it")
        if moves:
            assert page.cursor is not None
            await self._owner.execute(MoveCursor(*asking.key, page.cursor))
            asking.seen.add(page.cursor)
        asking.failures = 0
        if not page.has_more:
            asking.seen.clear()
            asking.asked_us = self._owner.clock.now_us()
        elif len(asking.seen) < MOST_PAGES:
            self._again(asking, 0)
        else:
            asking.seen.clear()
            self._again(asking, _PAUSE_US)

    async def _asked(self, asking: _Asking, cursor: str | None) -> Polled:
        """Ask, and take what comes: the last answer, when the news of all of them are durable."""
        now = instant(self._owner.clock.now_us())
        line = await self._line(asking.line, now)
        plan = checked_plan(asking.adapter.poll(cursor, line.account, now))
        page: Polled | None = None
        for step in plan.steps[:_MOST_STEPS] if isinstance(plan, SendPlan) else ():
            with anyio.fail_after(_LONGEST_STEP_S):
                result = await asking.transport.perform(step)
            if self._credentials.refused(line, result):
                raise _Unanswered("unauthorized")
            page = checked_polled(asking.adapter.decode_poll(step, result, cursor, line.account))
            if page.retry is not None:
                advice = page.retry.after
                raise _Unanswered(page.retry.code, None if advice is None else microseconds(advice))
            if isinstance(result, NoAnswer):
                raise _Unanswered(result.reason.value)
            await self._news.take(line, page.decoded)
        if page is None:
            raise _Unanswered("there is no way to ask")
        return page

    async def _line(self, line: Line, now: datetime) -> Line:
        """The line with credentials that are fresh."""
        try:
            return attrs.evolve(line, account=await self._credentials.account_of(line, now))
        except Unauthorized as error:
            advice = error.outcome.after if isinstance(error.outcome, Retry) else None
            raise _Unanswered(str(error), None if advice is None else microseconds(advice)) from None


def _asking(line: Line, now_us: int) -> _Asking | None:
    if line.transport is None or not isinstance(line.adapter, PollingAdapter):
        return None
    return _Asking(line, line.adapter, line.transport, now_us, now_us)
