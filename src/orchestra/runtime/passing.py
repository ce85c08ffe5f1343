"""Signals to customers: that somebody types, that their message was read. Worth showing now, and not worth keeping.

Belongs here: to whom such a signal goes, and how rarely. Does not: messages (`sending`), and signals to those who
listen here (`signals`).

None is journaled, tried again, or waited for. One that comes too soon, or while too many are under way, is left out:
the next one says the same.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import anyio
import attrs
from anyio.abc import TaskGroup

from orchestra.channels.account import Conversation
from orchestra.channels.outbound import MarkRead, Outbound, Typing
from orchestra.channels.sending import Next, SendPlan
from orchestra.engine.view import View
from orchestra.model.instants import instant
from orchestra.runtime.composing import Composing
from orchestra.runtime.filing import Files
from orchestra.runtime.lines import Line, Lines
from orchestra.runtime.outcomes import checked_outcome, checked_plan
from orchestra.runtime.owner import Owner
from orchestra.runtime.threads import in_thread

__all__ = ["Passing"]

_AT_ONCE = 8
_LONGEST_S = 5.0
_TYPING_LASTS_US = 4_000_000
"""Shown anew after so long. Telegram shows it for 5 seconds at most ("sendChatAction", reference of its Bot API)."""
_READ_LASTS_US = 1_000_000
_BETWEEN_US = 100_000
"""From one signal over an account to the next."""
_MOST_RESTING = 10_000

_log = logging.getLogger("orchestra.sending")


@attrs.frozen
class _Signal:
    """What is to be shown, in which conversation of which case."""

    kind: str
    interaction: str
    conversation: str
    case: str
    customer: str
    channel: str
    account: str

    @property
    def place(self) -> str:
        """What two signals have in common that say the same."""
        return f"{self.kind}\x1f{self.conversation}"


class Passing:
    """Passes signals on to adapters that can show them."""

    def __init__(self, owner: Owner, lines: Lines, files: Files, tasks: TaskGroup) -> None:
        self._owner = owner
        self._lines = lines
        self._credentials = files.credentials
        self._composing = Composing(owner, files, {})
        self._tasks = tasks
        self._rests: dict[str, int] = {}
        self._under_way: set[str] = set()
        self._again: dict[str, _Signal] = {}

    @property
    def in_flight(self) -> int:
        """Signals that are under way."""
        return len(self._under_way)

    def typing(self, interaction: str, who: str) -> None:
        """Show the customer that somebody who talks with them is typing; nothing if `who` does not."""
        self._pass("typing", interaction, lambda view: _talks(view, interaction, who))

    def read(self, interaction: str) -> None:
        """Show the customer that what they wrote last was read."""
        self._pass("read", interaction, lambda view: interaction in view.contacts.interactions)

    def _pass(self, kind: str, interaction: str, may: Callable[[View], bool]) -> None:
        """Begin to show it, unless it is too soon."""
        view = self._owner.view
        signal = _signal(view, kind, interaction) if may(view) else None
        if signal is None or self._owner.is_closing or _is_silent(view, signal):
            return
        line = self._lines.of(signal.channel, signal.account)
        if line is None or line.transport is None:
            return
        if signal.place in self._under_way:
            self._again[signal.place] = signal
        elif len(self._under_way) < _AT_ONCE and self._is_time(signal):
            self._under_way.add(signal.place)
            self._tasks.start_soon(self._show, signal, line)

    def _is_time(self, signal: _Signal) -> bool:
        """Whether nothing of the kind was shown a moment ago; from now on it was."""
        now_us, account = self._owner.clock.now_us(), f"{signal.channel}\x1f{signal.account}"
        if any(self._rests.get(key, 0) > now_us for key in (signal.place, account)):
            return False
        if len(self._rests) >= _MOST_RESTING:
            self._rests = {key: until_us for key, until_us in self._rests.items() if until_us > now_us}
        lasts_us = _TYPING_LASTS_US if signal.kind == "typing" else _READ_LASTS_US
        self._rests |= {signal.place: now_us + lasts_us, account: now_us + _BETWEEN_US}
        return True

    async def _show(self, signal: _Signal, line: Line) -> None:
        """Carry it out, and that of the same kind which came meanwhile, if it is time."""
        following: _Signal | None = signal
        try:
            while following is not None:
                with anyio.move_on_after(_LONGEST_S):
                    await self._carry_out(following, line)
                following = self._again.pop(signal.place, None)
                if following is not None and not self._is_time(following):
                    following = None
        except Exception as error:  # noqa: BLE001 - a plug-in's or transport's fault: what is lost is worth nothing
            _log.info("%s: %s not shown: %s", signal.interaction, signal.kind, type(error).__name__)
        finally:
            self._under_way.discard(signal.place)
            self._again.pop(signal.place, None)
            self._owner.recent.bell.ring()

    async def _carry_out(self, signal: _Signal, line: Line) -> None:
        now = instant(self._owner.clock.now_us())
        account = await self._credentials.account_of(line, now)
        to = await self._composing.recipient(signal.conversation, signal.case)
        if to is None:
            return
        transport = line.transport
        assert transport is not None  # else nothing was begun
        line = attrs.evolve(line, account=account)
        message = await self._message(signal, line, to)
        plan = None if message is None else checked_plan(line.adapter.encode(message, account, to, now))
        for step in plan.steps if isinstance(plan, SendPlan) else ():
            result = await transport.perform(step)
            self._credentials.refused(line, result)
            if isinstance(checked_outcome(line.adapter.interpret(step, result, now)), Next):
                return  # no signal is worth a second step

    async def _message(self, signal: _Signal, line: Line, to: Conversation) -> Outbound | None:
        """What the adapter is asked to carry; None where the channel shows no such thing, or nothing is to be shown."""
        key = f"{signal.kind}-{signal.conversation}-{self._owner.clock.now_us()}"
        if signal.kind == "typing":
            return Typing(key=key) if line.adapter.capabilities(line.account, to).typing is True else None
        newest = await in_thread(self._composing.newest, signal.conversation, signal.customer)
        return None if newest is None else MarkRead(key=key, message_id=newest)


def _talks(view: View, interaction: str, who: str) -> bool:
    """Whether somebody has an interaction in their hands, or takes part in it."""
    row = view.contacts.interactions.get(interaction)
    if row is None or not row.is_open:
        return False
    return who == row.agent or any(who == consult.consulted for _, consult in view.consults.parties(interaction))


def _signal(view: View, kind: str, interaction: str) -> _Signal | None:
    row = view.contacts.interactions[interaction]
    if row.conversation is None or row.case is None:
        return None
    talk = view.contacts.conversations[row.conversation]
    return _Signal(kind, interaction, row.conversation, row.case, talk.customer, talk.channel, talk.account)


def _is_silent(view: View, signal: _Signal) -> bool:
    """Whether nothing is to leave there: an operator has stopped it, the account is down, or the customer is erased."""
    return (
        view.deliveries.is_stopped(signal.channel, "reply")
        or view.outages.is_down(signal.channel, signal.account)
        or signal.customer in view.identity.erasing
    )
