"""Doing the application's own actions: each attempt is started durably, its function called, and its outcome recorded.

Belongs here: calling functions, and telling the engine what came of it. Does not: when there is another attempt.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import anyio
from anyio.abc import TaskGroup

from orchestra.errors import ActionRefused, CommandRefused, JournalError, JournalUnavailable
from orchestra.model import events as e
from orchestra.model.actions import ActionFunction, ActionFunctions, ActionRequest
from orchestra.model.commands import RecordAction, RecoverAction, StartAction
from orchestra.runtime.checks import refuse_odd_setup
from orchestra.runtime.owner import Owner
from orchestra.runtime.published import Published

__all__ = ["Acting"]

_AT_ONCE = 16
_LONGEST_END_S = 5.0
_LONGEST_CODE = 100

_log = logging.getLogger("orchestra.runtime")


class Acting:
    """Calls the functions that are registered. Knows nothing of retries: the engine decides those from the outcomes."""

    def __init__(self, owner: Owner, functions: ActionFunctions, tasks: TaskGroup) -> None:
        self._owner = owner
        self._functions = dict(functions)
        self._tasks = tasks
        self._places = anyio.Semaphore(_AT_ONCE)
        self._is_ending = False
        self._under_way: set[str] = set()
        self._again: set[str] = set()

    @property
    def in_flight(self) -> int:
        """Requests that are under way, or wait for a place to be."""
        return len(self._under_way)

    def register(self, name: str, function: ActionFunction) -> None:
        """Know a function, and do at once what waits for it.

        Raises:
            DefinitionError: the name has no version, or that is no function.
        """
        refuse_odd_setup(actions={name: function})
        self._functions[name] = function
        self._owner.actions.names.add(name)
        self._begin_all()

    def heard(self, entry: Published) -> None:
        """Listen to durable events: a request, and one that is due again, begins an attempt."""
        if isinstance(entry.event, e.ActionRequested | e.ActionDue):
            self._begin(entry.event.request, entry.event.action)

    def _begin(self, request: str, action: str) -> None:
        """One task per request, so that no attempt begins twice."""
        if self._is_ending or action not in self._functions:
            return
        if request in self._under_way:
            self._again.add(request)
        else:
            self._under_way.add(request)
            self._tasks.start_soon(self._attempts, request)

    def _begin_all(self) -> None:
        state = self._owner.view.actions
        for name in sorted(state.ready, key=_number):
            self._begin(name, state.requests[name].action)

    async def recover(self) -> None:
        """After opening: of what an earlier owner had started nobody knows the outcome; what was ready begins."""
        for name in sorted(self._owner.view.actions.started, key=_number):
            await self._owner.execute(RecoverAction(name, self._owner.lease.epoch))
        self._begin_all()

    def end(self) -> None:
        """Begin no further attempt; the next owner will."""
        self._is_ending = True

    async def finish(self) -> None:
        """End, and give attempts that have started some time to come to their outcome."""
        self.end()
        with anyio.move_on_after(_LONGEST_END_S):
            while self.in_flight:
                await self._owner.recent.bell.wait()

    async def _attempts(self, request: str) -> None:
        """Make an attempt, and any that fell due meanwhile. No exception leaves: other requests go on."""
        try:
            while True:
                self._again.discard(request)
                async with self._places:
                    await self._attempt(request)
                if request not in self._again or self._is_ending:
                    return
        finally:
            self._under_way.discard(request)
            self._again.discard(request)
            self._owner.recent.bell.ring()

    async def _attempt(self, request: str) -> None:
        try:
            await self._owner.recovered()
            row = self._owner.view.actions.requests[request]
            function = self._functions.get(row.action)
            if row.state != "READY" or function is None or self._is_ending:
                return  # it was called back, or is the next owner's
            attempt = row.attempts + 1
            await self._start(request, attempt)
            key = self._owner.key.action_key(request)
            about = row.customer, row.case, row.interaction
            asked = ActionRequest(request, row.action, key, attempt, dict(row.values), *about)
            await self._record(await self._call(function, asked))
        except (CommandRefused, JournalError) as error:
            _log.warning("%s: %s", request, type(error).__name__)

    async def _start(self, request: str, attempt: int) -> None:
        """Declare durably that the attempt begins now."""
        epoch = self._owner.lease.epoch
        while True:
            try:
                await self._owner.execute(StartAction(request, attempt, epoch))
                return
            except JournalUnavailable:
                await self._owner.recovered()
            row = self._owner.view.actions.requests[request]
            if (row.state, row.attempts, row.epoch) == ("STARTED", attempt, epoch):
                return  # it was stored after all, and nothing has been done yet

    async def _call(self, function: ActionFunction, asked: ActionRequest) -> RecordAction:
        """Call the function, and give what is to be recorded of it."""
        limit_s = self._owner.view.plan.actions.time_out.total_seconds()
        try:
            with anyio.fail_after(limit_s):
                values = await function(asked)
        except ActionRefused as error:
            return RecordAction(asked.id, asked.attempt, "failed", code=_short(error.code))
        except TimeoutError:
            return RecordAction(asked.id, asked.attempt, "retry", code="timed_out")
        except Exception as error:  # noqa: BLE001 - the application's code: whatever it raises, it is tried again
            # Its text may quote what customers wrote.
            _log.error("action %s failed in %s: %s", asked.action, asked.id, type(error).__name__)
            return RecordAction(asked.id, asked.attempt, "retry", code=type(error).__name__)
        if not _is_plain(values):
            _log.error("action %s gave in %s what is no mapping of names to plain values", asked.action, asked.id)
            return RecordAction(asked.id, asked.attempt, "done")
        return RecordAction(asked.id, asked.attempt, "done", dict(values or {}))

    async def _record(self, command: RecordAction) -> None:
        """Record what became of the attempt: nobody else knows, so it is told until it is durable."""
        while True:
            try:
                await self._owner.execute(command)
                return
            except JournalUnavailable:
                await self._owner.recovered()
            except CommandRefused as error:
                await self._owner.recovered()
                row = self._owner.view.actions.requests[command.request]
                if (row.state, row.attempts) != ("STARTED", command.attempt) or not command.values:
                    raise
                _log.error("what came of %s was refused: %s", command.request, type(error).__name__)
                command = RecordAction(command.request, command.attempt, "done")


def _is_plain(values: object) -> bool:
    if values is None:
        return True
    if not isinstance(values, Mapping):
        return False
    items: Mapping[Any, Any] = values
    return all(isinstance(name, str) and isinstance(value, str | int) for name, value in items.items())


def _short(code: object) -> str:
    return str(code)[:_LONGEST_CODE]


def _number(request: str) -> int:
    return int(request[2:])
