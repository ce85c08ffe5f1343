"""Carrying out deliveries: each permit is started durably, sent over its line, and its outcome recorded."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import attrs
from anyio.abc import TaskGroup

from orchestra.channels.account import Account, Conversation
from orchestra.channels.parts import Identity
from orchestra.channels.port import DecidingAdapter
from orchestra.channels.sending import Failed, Interpreted, Next, Outcome, Retry, SendPlan, Sent, Unknown
from orchestra.channels.wire import WireStep
from orchestra.engine.deliveries.state import Delivery
from orchestra.errors import CommandRefused, JournalError, JournalUnavailable
from orchestra.model import events as e
from orchestra.model.commands import (
    Command,
    RecordOutcome,
    RecoverDelivery,
    ReportChannel,
    ResumeDeliveries,
    StartDelivery,
)
from orchestra.model.instants import instant
from orchestra.model.structure import microseconds
from orchestra.runtime.composing import Composed, Composing
from orchestra.runtime.credentials import Unauthorized
from orchestra.runtime.deciding import Calling
from orchestra.runtime.filing import Files
from orchestra.runtime.gates import Gates
from orchestra.runtime.lines import Line, Lines
from orchestra.runtime.outcomes import ADAPTER_FAULT, checked_outcome, no_more, record_of
from orchestra.runtime.owner import Owner
from orchestra.runtime.published import Published
from orchestra.runtime.turns import Turns

__all__ = ["Sending"]

_AT_ONCE = 64
_LONGEST_STEP_S = 60.0
_LONGEST_END_S = 5.0
_MOST_STEPS = 8

_log = logging.getLogger("orchestra.sending")

Execute = Callable[[Command], Awaitable[Any]]


class Sending:
    """Sends what the engine permits. Knows nothing of retries: the engine decides those from the outcomes."""

    def __init__(
        self, owner: Owner, lines: Lines, tasks: TaskGroup, files: Files, turns: Turns, calling: Calling
    ) -> None:
        self._owner = owner
        self._turns = turns
        self._credentials = files.credentials
        self._composing = Composing(owner, files, calling.phones)
        self._deciding = calling.deciding
        self._lines = lines
        self._tasks = tasks
        self._places = anyio.Semaphore(_AT_ONCE)
        self._is_ending = False
        self._under_way: set[str] = set()
        self._permitted: set[str] = set()
        self._in_vain: dict[tuple[str, str], int] = {}
        self._gates = Gates(owner)

    @property
    def in_flight(self) -> int:
        """Deliveries that are under way, or wait for a place to be; not those that wait for nothing but time."""
        return len(self._under_way) - self._gates.waiting

    def heard(self, entry: Published) -> None:
        """Listen to durable events: a permit begins an attempt."""
        if isinstance(entry.event, e.DeliveryPermitted):
            self._begin(entry.event.delivery)

    def _begin(self, delivery: str) -> None:
        """One task per delivery: of two, each could take the start that only one of them made for its own, and send."""
        if self._is_ending:
            return
        self._permitted.add(delivery)
        if delivery not in self._under_way:
            self._under_way.add(delivery)
            self._tasks.start_soon(self._attempts, delivery)

    async def recover(self) -> None:
        """After opening: what an earlier owner had started has an unknown outcome; what it was permitted goes on; what
        waited for a line that is connected now is due.
        """
        state = self._owner.view.deliveries
        started = {name: self._line(state.deliveries[name]) for name in sorted(state.started, key=_number)}
        for name in sorted(state.permitted, key=_number):
            self._begin(name)
        for name, line in started.items():
            await self._owner.execute(RecoverDelivery(name, self._owner.lease.epoch, _honours_keys(line)))
        for channel, account in sorted(state.lapsed):
            line = self._lines.of(channel, account)
            if line is not None and line.transport is not None:
                await self._owner.execute(ResumeDeliveries(channel, account))

    def end(self) -> None:
        """Begin no further attempt; the next owner will."""
        self._is_ending = True
        self._gates.close()

    async def finish(self) -> None:
        """End, and give attempts that have started some time to come to their outcome."""
        self.end()
        with anyio.move_on_after(_LONGEST_END_S):
            while self.in_flight:
                await self._owner.recent.bell.wait()

    def _line(self, row: Delivery) -> Line | None:
        return self._lines.of(row.channel, row.account)

    async def _attempts(self, delivery: str) -> None:
        """Use the permit, and any that was heard of meanwhile. No exception leaves: others' deliveries go on."""
        try:
            while delivery in self._permitted and not self._is_ending:
                self._permitted.discard(delivery)
                await self._attempt(delivery)
        finally:
            self._under_way.discard(delivery)
            self._permitted.discard(delivery)
            self._owner.recent.bell.ring()

    async def _attempt(self, delivery: str) -> None:
        try:
            if self._owner.view.deliveries.deliveries[delivery].automatic:
                await self._turns.turn()  # nobody waits for what nobody wrote
            async with self._places:
                await self._send(delivery)
        except CommandRefused as error:
            _log.info("%s not started: %s", delivery, type(error).__name__)
        except JournalError as error:
            _log.warning("%s: %s", delivery, type(error).__name__)
        except Exception as error:  # noqa: BLE001 - one delivery's fault must not end the workspace
            _log.error("%s: %s", delivery, type(error).__name__)

    async def _send(self, delivery: str) -> None:
        await self._owner.recovered()
        row = self._owner.view.deliveries.deliveries[delivery]
        line = self._line(row)
        if row.state != "PERMITTED" or line is None or line.transport is None:
            return  # the permit is gone; or it will lapse, since another owner may be connected
        attempt, wording = row.attempts + 1, row.wording
        account = await self._account(delivery, line)
        if isinstance(account, Account):
            line = attrs.evolve(line, account=account)
        plan = await self._composing.plan(delivery, row, line) if isinstance(account, Account) else account
        if self._is_ending or not await self._start(delivery, attempt, wording):
            return
        outcome, is_safe = await self._leave(line, plan) if isinstance(plan, Composed) else (plan, False)
        lost = plan.plan.degradations if isinstance(plan, Composed) else ()
        await self._conclude(record_of(delivery, attempt, outcome, is_safe, lost))
        await self._watch(line, outcome)

    async def _watch(self, line: Line, outcome: Outcome) -> None:
        """Tell that an account is down once so many attempts in a row have come to nothing there.

        After that one more is enough, until one arrives: that is how an account is found to be up again.
        """
        account = line.channel, line.name
        if not isinstance(outcome, Retry | Unknown):
            self._in_vain.pop(account, None)
            return
        limits = self._owner.view.plan.deliveries
        count = self._in_vain[account] = self._in_vain.get(account, 0) + 1
        if limits.down_after is not None and count >= limits.down_after:
            reason, for_us = "attempts came to nothing", microseconds(limits.try_after)
            await self._owner.execute(ReportChannel(*account, "down", reason, for_us))

    async def _start(self, delivery: str, attempt: int, wording: int) -> bool:
        """Declare durably that the attempt leaves now; if its permit is ahead of its token, once that is there.

        Says whether it does: what still waits as the workspace closes is left to the next owner.
        """
        epoch = self._owner.lease.epoch
        row = self._owner.view.deliveries.deliveries[delivery]
        while True:
            try:
                has_started = await self._gates.start(row, StartDelivery(delivery, attempt, epoch, wording))
                await self._owner.durable(self._owner.engine.position)
                return has_started
            except JournalUnavailable:
                await self._owner.recovered()
            row = self._owner.view.deliveries.deliveries[delivery]
            if (row.state, row.attempts, row.epoch) == ("STARTED", attempt, epoch):
                return True  # it was stored after all, and nothing has left yet

    async def _conclude(self, command: RecordOutcome) -> None:
        """Record the outcome; if it cannot be recorded as it is, then that nobody knows it."""
        try:
            await self._record(command)
        except CommandRefused as error:
            await self._owner.recovered()
            row = self._owner.view.deliveries.deliveries[command.delivery]
            if (row.state, row.attempts) != ("STARTED", command.attempt):
                return  # it was stored after all
            _log.error("%s: its outcome was refused: %s", command.delivery, type(error).__name__)
            await self._record(RecordOutcome(command.delivery, command.attempt, "unknown", code=ADAPTER_FAULT))

    async def _record(self, command: RecordOutcome) -> None:
        """Record what became of the attempt: nobody else knows, so it is told until it is durable."""
        while True:
            try:
                await self._owner.execute(command)
                return
            except JournalUnavailable:
                await self._owner.recovered()

    async def _account(self, delivery: str, line: Line) -> Account | Retry | Failed:
        """Who we are there, with credentials that are fresh; or what comes of it that there are none."""
        try:
            return await self._credentials.account_of(line, instant(self._owner.clock.now_us()))
        except Unauthorized as error:
            return error.outcome
        except Exception as error:  # noqa: BLE001 - a plug-in's or transport's fault ends this attempt, and nothing else
            _log.error("%s: adapter of %s cannot authorize: %s", delivery, line.channel, type(error).__name__)
            return Retry(ADAPTER_FAULT)

    async def _leave(self, line: Line, composed: Composed) -> tuple[Outcome, bool]:
        """Send it, as the answer to a request of its call that waits, or by requests of its own."""
        if isinstance(line.adapter, DecidingAdapter) and self._deciding.take(line, composed.message, composed.to):
            return Sent(), True
        return await self._carry_out(line, composed.plan)

    async def _carry_out(self, line: Line, plan: SendPlan) -> tuple[Outcome, bool]:
        """Carry out the steps in order: the delivery's outcome, and whether all that was done is safe to repeat."""
        waiting = list(plan.steps)
        ids: list[str] = []
        was_safe = is_safe = True
        for _ in range(_MOST_STEPS):
            step = waiting.pop(0)
            was_safe, is_safe = is_safe, is_safe and step.safe_to_repeat
            outcome = await self._step(line, step)
            if isinstance(outcome, Next):
                waiting.insert(0, outcome.step)
            elif isinstance(outcome, Sent):
                ids.extend(outcome.ids)
            else:
                return (outcome if was_safe else no_more(outcome)), is_safe
            if not waiting:
                return Sent(tuple(ids)), is_safe
        return Failed("too_many_steps"), is_safe

    async def _step(self, line: Line, step: WireStep) -> Interpreted:
        assert line.transport is not None
        try:
            with anyio.fail_after(_LONGEST_STEP_S):
                result = await line.transport.perform(step)
            if self._credentials.refused(line, result):
                return Retry("unauthorized")
            return checked_outcome(line.adapter.interpret(step, result, instant(self._owner.clock.now_us())))
        except Exception as error:  # noqa: BLE001 - whatever a transport or plug-in raises after the write: nobody knows
            _log.error("adapter of %s failed in a step: %s", line.channel, type(error).__name__)
            return Unknown("timed_out" if isinstance(error, TimeoutError) else ADAPTER_FAULT)


def _honours_keys(line: Line | None) -> bool:
    """Whether the provider sends only once what it gets twice under one key."""
    if line is None:
        return False
    nobody = Conversation(recipient=Identity("none", ""))
    try:
        return line.adapter.capabilities(line.account, nobody).outbound_idempotency is True
    except Exception as error:  # noqa: BLE001 - a plug-in's fault must not keep the workspace from opening
        _log.error("adapter of %s cannot tell its capabilities: %s", line.channel, type(error).__name__)
        return False


def _number(delivery: str) -> int:
    return int(delivery[2:])
