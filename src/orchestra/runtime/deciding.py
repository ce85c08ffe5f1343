"""Requests whose answer says what comes next, as of a call: they wait for the decision, but not too long.

A decision that leaves while a request of its call waits goes out as its answer; any other by a request of its own, as
all that is sent (`sending`). Either way it is a delivery, with a permit, a durable start and an outcome.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta

import anyio
import attrs

from orchestra.channels.account import Conversation
from orchestra.channels.inbound import CallEvent
from orchestra.channels.outbound import CallAction, Outbound
from orchestra.channels.parts import Identity
from orchestra.channels.port import DecidingAdapter, Decoded
from orchestra.channels.wire import HttpReply
from orchestra.errors import CommandRefused, InvalidData, JournalError
from orchestra.model.commands import AskCall, Command
from orchestra.model.plan import Plan
from orchestra.model.results import CallStanding
from orchestra.runtime.announcing import action_of
from orchestra.runtime.lines import Line
from orchestra.runtime.published import Bell

__all__ = ["Calling", "Deciding", "awaited_in"]

_SHARE = 0.8
"""Of a provider's deadline; the rest is for the way there and back."""
_NOBODY = Conversation(recipient=Identity("none", ""))

_log = logging.getLogger("orchestra.runtime")


def awaited_in(line: Line, decoded: Decoded) -> CallEvent | None:
    """The piece of news whose request says with its answer what comes next; None if none does."""
    if not isinstance(line.adapter, DecidingAdapter):
        return None
    return next((event for event in decoded.events if isinstance(event, CallEvent) and event.awaits), None)


@attrs.define(eq=False)
class _Waiting:
    """A request that waits; `reply` is its answer once there is one."""

    reply: HttpReply | None = None


@attrs.frozen
class Calling:
    """What sending needs for calls: whose requests wait, and where agents are called (agent -> their phone)."""

    deciding: Deciding
    phones: Mapping[str, str]


class Deciding:
    """Answers such requests.

    Args:
        execute: decides on a command and gives its result once that is durable.
        plan: gives the plan in force.
        bell: rings whenever something has become durable; None in a process that does not own the workspace. There
            nobody can wait for what the owner is about to send: it follows by a request of its own.
        now: the time.
    """

    def __init__(
        self,
        execute: Callable[[Command], Awaitable[object]],
        plan: Callable[[], Plan],
        bell: Bell | None,
        now: Callable[[], datetime],
    ) -> None:
        self._execute = execute
        self._plan = plan
        self._bell = bell
        self._now = now
        self._waiting: dict[tuple[str, str, str], list[_Waiting]] = {}

    def take(self, line: Line, message: Outbound, to: Conversation) -> bool:
        """Give a message as the answer to a request of its call; False if none waits, or it cannot be given so."""
        call_id = message.call_id if isinstance(message, CallAction) else to.id
        waiting = self._waiting.get((line.channel, line.name, call_id or ""))
        first = next((one for one in waiting or () if one.reply is None), None)
        reply = None if first is None else self._written(line, message, to)
        if first is None or reply is None:
            return False
        first.reply = reply
        return True

    async def answer(
        self, line: Line, awaited: CallEvent, decoded: Decoded, take: Callable[[], Awaitable[object]]
    ) -> HttpReply:
        """Take the news of a request, and give its answer: the decision, or the neutral one if none came in time.

        Raises:
            JournalError: not all news are durable.
        """
        began_s = anyio.current_time()
        with self._open(line, awaited.call_id) as waiting:
            await take()
            within_s = self._deadline(line).total_seconds() * _SHARE - (anyio.current_time() - began_s)
            found: HttpReply | None = None
            with anyio.move_on_after(max(0.0, within_s)):
                found = await self._decision(line, awaited, waiting)
            return waiting.reply or found or decoded.reply

    @contextmanager
    def _open(self, line: Line, call_id: str) -> Generator[_Waiting]:
        waiting, place = _Waiting(), (line.channel, line.name, call_id)
        self._waiting.setdefault(place, []).append(waiting)
        try:
            yield waiting
        finally:
            left = [one for one in self._waiting[place] if one is not waiting]
            self._waiting[place] = left
            if not left:
                del self._waiting[place]

    async def _decision(self, line: Line, awaited: CallEvent, waiting: _Waiting) -> HttpReply | None:
        """What the call is to do as soon as nothing is on its way to it any more, unless that is the answer."""
        while True:
            stroke = None if self._bell is None else self._bell.stroke
            stands = await self._standing(line, awaited.call_id)
            if waiting.reply is not None or stands is None:
                return waiting.reply
            if not stands.is_due:
                return self._told(line, awaited, stands)
            if stroke is None:
                return None
            await stroke.wait()

    async def _standing(self, line: Line, call_id: str) -> CallStanding | None:
        try:
            stands = await self._execute(AskCall(line.channel, line.name, call_id))
        except (CommandRefused, InvalidData, JournalError) as error:
            _log.warning("%s/%s: nobody says what a call is to do: %s", line.channel, line.name, type(error).__name__)
            return None
        assert isinstance(stands, CallStanding)
        return stands

    def _told(self, line: Line, awaited: CallEvent, stands: CallStanding) -> HttpReply | None:
        channel = self._plan().channels.get(line.channel)
        if channel is None or channel.calls is None:
            return None
        # Equal for every delivery of the same request, and for nothing else of the call.
        key = hashlib.blake2b(awaited.origin.dedupe_key.encode(errors="replace"), digest_size=8).hexdigest()
        action = action_of(stands, channel.calls, awaited.call_id, key)
        return None if action is None else self._written(line, action, _NOBODY)

    def _written(self, line: Line, message: Outbound, to: Conversation) -> HttpReply | None:
        assert isinstance(line.adapter, DecidingAdapter)  # nobody else's requests wait
        try:
            return line.adapter.decide(message, line.account, to, self._now())
        except Exception as error:  # noqa: BLE001 - a plug-in's fault: the call gets the neutral answer, and others theirs
            _log.error("adapter %s cannot write a decision: %s", line.adapter.channel, type(error).__name__)
            return None

    def _deadline(self, line: Line) -> timedelta:
        try:
            within = line.adapter.capabilities(line.account, _NOBODY).reply_deadline
        except Exception as error:  # noqa: BLE001 - as above
            _log.error("adapter %s cannot tell its deadline: %s", line.adapter.channel, type(error).__name__)
            within = None
        return within if isinstance(within, timedelta) else timedelta()
