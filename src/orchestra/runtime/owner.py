"""The owner of a workspace: one engine, many callers, one append for all of them.

Decisions are made at once, in the caller's own step; then the caller waits until what was decided is durable. Meanwhile
others decide, and the next append takes all of theirs. Nothing leaves before its position is durable.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

import anyio
import attrs
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception_type,
    stop_after_attempt,
    wait_exponential,
    wait_random,
)

from orchestra.engine.engine import Decided, Engine
from orchestra.engine.view import View
from orchestra.errors import (
    CommandRefused,
    DefinitionError,
    InvalidData,
    JournalError,
    JournalMoved,
    JournalUnavailable,
    LeaseLost,
    Quarantined,
)
from orchestra.journal.port import Journal
from orchestra.model.actions import ActionNames
from orchestra.model.commands import Command
from orchestra.model.plan import Plan
from orchestra.model.records import Lease
from orchestra.model.rules import Predicates
from orchestra.model.scores import Scores
from orchestra.runtime.archived import keys_behind
from orchestra.runtime.checks import refuse_unstorable
from orchestra.runtime.clock import Clock, sleep_until
from orchestra.runtime.failures import place_of
from orchestra.runtime.keys import WorkspaceKey
from orchestra.runtime.ledger import Dues, Ledger, Pending, is_earlier
from orchestra.runtime.loading import load_engine
from orchestra.runtime.published import Bell, Published, Recent, published
from orchestra.runtime.threads import in_thread

__all__ = ["LEASE_TTL_US", "Owner"]

LEASE_TTL_US = 15_000_000
"""How long an owner may be silent until another may take its place."""

_MOST_PENDING = 10_000
_MOST_PENDING_SIZE = 32_000_000
_TICK_FAULTS = 3
_FIRST_REST_S = 0.05
_LONGEST_REST_S = 5.0
_RELOADS = 1000

_log = logging.getLogger("orchestra.runtime")
_Value = TypeVar("_Value")


@attrs.define(eq=False)
class _Waiter:
    """Somebody who may be answered once `position` is durable."""

    position: int
    done: anyio.Event = attrs.field(factory=anyio.Event)
    failure: JournalError | None = None


class Owner:
    """Runs the engine under a lease. Use it through `Workspace`."""

    def __init__(
        self,
        journal: Journal,
        lease: Lease,
        plan: Plan,
        key: WorkspaceKey,
        clock: Clock,
        scores: Scores | None = None,
        predicates: Predicates | None = None,
        actions: ActionNames | None = None,
    ) -> None:
        self.journal = journal
        self.lease = lease
        self.key = key
        self.clock = clock
        self.actions = actions or ActionNames()
        self._named = partial(load_engine, scores=scores, predicates=predicates, actions=self.actions)
        self.ledger = Ledger(journal, lease, self._named(journal))
        self.ledger.put_plan(plan, key, clock.now_us())
        self.recent = Recent(self.ledger.stored)
        self.after_reload: list[Callable[[], None]] = []
        self.quarantined = 0
        self.append_us = 0
        self.is_closing = False
        self.is_over = False
        self._waiting: deque[_Waiter] = deque()
        self.writing = anyio.Lock()  # a journal takes one writing call at a time
        self._work = Bell()
        self._room = Bell()
        self.timer = Bell()  # strikes when something falls due earlier than was known
        self._settled = Bell()
        self._is_reloading = False
        self._is_down = False
        self._oldest_pending_s: float | None = None
        self.under_way: set[str] = set()  # ids of inbox requests decided on, until a look into the inbox began after
        self.answered: set[str] = set()  # ... their answers were stored, which is when they come in here
        self.failures = 0
        self._failed_in_a_row = 0
        self._ruin: Exception | None = None
        self._due_faults = 0

    # Deciding

    @property
    def view(self) -> View:
        """The state as decided, which may be ahead of what is durable; see `read`."""
        return self.ledger.engine.view

    @property
    def engine(self) -> Engine:
        """The engine now in use; another one after a reload."""
        return self.ledger.engine

    @property
    def now_us(self) -> int:
        """Now, microseconds UTC; while the clock is behind the engine, engine time, which never falls."""
        return max(self.clock.now_us(), self.engine.now_us)

    async def execute(self, command: Command) -> Any:
        """Decide on a command, wait until that is durable, and give its result.

        Raises:
            CommandRefused: it cannot be done; also only after what it was decided on is durable.
            JournalUnavailable: it may not be durable; ask again with the same ids.
            LeaseLost: another process owns the workspace now.
        """
        refuse_unstorable(command)
        return await self.in_one_step(lambda: self.decide(command).result)

    async def in_one_step(self, act: Callable[[], _Value]) -> _Value:
        """Let `act` look at the state and decide on what it saw, without anybody's command in between; as `execute`."""
        await self.ready()
        try:
            value = act()
        except Quarantined:
            await self.ready()
            raise
        except CommandRefused:
            await self.durable(self.engine.position)
            raise
        await self.durable(self.engine.position)
        return value

    async def read(self, question: Callable[[View], _Value]) -> _Value:
        """Ask the state, and give the answer once the state it was given from is durable.

        Whoever is archived and asked about by an id or a reference comes back for it.
        """
        await self.ready()
        try:
            value = question(self.view)
        except CommandRefused as error:
            if not self._recall(error):
                raise
            value = question(self.view)
        await self.durable(self.engine.position)
        return value

    def _recall(self, error: CommandRefused) -> bool:
        """Bring back whoever is archived under a name that the state does not know; says whether anybody was."""
        keys = [] if self.view.archive.is_empty else keys_behind(error)
        found = bool(keys) and self.ledger.recall(keys, self.now_us)
        self._note_pending()
        self.timer.ring()
        return found

    async def durable(self, position: int) -> None:
        """Return when that position is in the journal.

        Raises:
            JournalUnavailable: it did not get there, or nobody knows.
        """
        if position <= self.ledger.stored:
            return
        if self.is_over:
            await anyio.lowlevel.checkpoint()
            raise JournalUnavailable("the workspace is closed", True)
        self._work.ring()
        waiter = _Waiter(position)
        self._waiting.append(waiter)
        await waiter.done.wait()
        if waiter.failure is not None:
            raise waiter.failure

    async def ready(self) -> None:
        """Return when something can be decided now.

        Raises:
            JournalUnavailable: the workspace is closed, or the journal cannot be read.
        """
        while True:
            if self._is_ending or self._is_down:
                await anyio.lowlevel.checkpoint()  # whoever asks again and again must still be cancellable
                raise JournalUnavailable("the workspace is closed" if self._is_ending else "the journal cannot be read")
            if self._is_reloading:
                await self._settled.wait()
            elif self._is_full:
                await self._room.wait()  # back-pressure: callers wait while storage catches up
            elif self.ring_once(is_prompt=True):  # what is due goes before any command, much of it in parts
                await anyio.lowlevel.checkpoint()
            else:
                return

    async def recovered(self) -> None:
        """Return when the engine can be used again after a failure, however long that takes.

        Raises:
            JournalUnavailable: the workspace is closed.
        """
        while self._is_reloading and not self._is_ending:
            await self._settled.wait()
        if self._is_ending:
            await anyio.lowlevel.checkpoint()
            raise JournalUnavailable("the workspace is closed")

    @property
    def _is_ending(self) -> bool:
        return self.is_closing or self._ruin is not None

    @property
    def is_behind(self) -> bool:
        """Whether something is decided and not yet durable."""
        return self.engine.position > self.ledger.stored

    @property
    def _is_full(self) -> bool:
        return self.engine.position - self.ledger.stored > _MOST_PENDING or self.ledger.size > _MOST_PENDING_SIZE

    def decide(self, command: Command, request_id: str | None = None) -> Decided:
        """Decide on a command now; `ready` has just returned. What came of it is not durable yet.

        Raises:
            CommandRefused: it cannot be done. The refusal of an inbox request is pending as its answer.
            JournalError: somebody it is about is archived and cannot be read; nothing was decided on it.
        """
        dues = self.ledger.dues
        try:
            decided = self.ledger.execute(command, self.clock.now_us(), request_id)
        except (CommandRefused, JournalError):
            raise
        except Exception as error:
            self._quarantine(type(command).__name__, error)
            raise Quarantined(type(command).__name__, type(error).__name__) from error
        finally:
            self._note_pending()
        self._wake_before(dues)
        return decided

    def answer(self, request_id: str, answer: Any) -> None:
        """Answer an inbox request that no decision came of."""
        self.ledger.answer(request_id, answer, self.clock.now_us())
        self._note_pending()

    def _quarantine(self, name: str, error: Exception) -> None:
        """The engine may be in any state: store what was sound before, and load a fresh one."""
        self.quarantined += 1
        # An exception's own text may quote what customers wrote: it is told where it was raised, not what it says.
        _log.error("engine fault at %s (%s in %s): reloading", name, type(error).__name__, place_of(error))
        self._block()

    def _block(self) -> None:
        self._is_reloading = True
        self._work.ring()

    def _note_pending(self) -> None:
        if self.ledger.has_pending and self._oldest_pending_s is None:
            self._oldest_pending_s = time.monotonic()
        self._work.ring()

    # Storing

    async def store_for_ever(self) -> None:
        """Append whatever is decided, group after group, until closed and empty.

        Not cancelled with the block: what became of an append must be known, and who cleans up there may still call.
        """
        try:
            with anyio.CancelScope(shield=True):
                await self._store_until_closed()
        finally:
            self.close()
            self._fail_all(JournalUnavailable("the workspace is closed", True))
            self.is_over = True
            self.recent.bell.ring()

    async def _store_until_closed(self) -> None:
        while True:
            if self.ledger.has_pending:
                await self._rest()
                # While appends fail the oldest is tried alone: if it is what cannot be stored, it takes no other along.
                await self._store(self.ledger.take(1 if self._failed_in_a_row else None))
            elif self.is_closing:
                return
            elif self._is_reloading:
                await self._reload()
            else:
                await self._work.wait()

    async def _rest(self) -> None:
        """Leave a journal alone that keeps failing, each time for longer: every failure costs a load of the engine.

        By the computer's clock, whatever the workspace's own does: it is the disk that needs time.
        """
        if self._failed_in_a_row > 1:
            await self._pause(min(_LONGEST_REST_S, _FIRST_REST_S * 2 ** min(self._failed_in_a_row - 2, 16)))

    async def _store(self, pending: list[Pending]) -> None:
        started = time.monotonic()
        if not self.ledger.has_pending:
            self._oldest_pending_s = None
        try:
            async with self.writing:
                stored = await in_thread(self._append, self.ledger.stored, pending)
        except (LeaseLost, DefinitionError):
            self._fail_all(JournalUnavailable("another process owns the workspace"))
            raise
        except JournalMoved as error:
            # Loading anew would only read the file that nobody else will ever see again.
            self._fail_all(JournalUnavailable(str(error), True))
            raise
        except (JournalError, InvalidData) as error:
            _log.error("append failed after position %d: %s", self.ledger.stored, error)
            self.ledger.take()  # decided upon what is lost
            self._oldest_pending_s = None
            self._failed_in_a_row += 1
            self._fail_all(error if isinstance(error, JournalUnavailable) else JournalUnavailable(str(error)))
            self._block()
            return
        self.append_us = int((time.monotonic() - started) * 1_000_000)
        self._failed_in_a_row = 0
        self.ledger.has_stored(stored, pending)
        self.answered.update(item.request_id for item in pending if item.request_id is not None)
        self._release(stored)
        self.recent.publish([entry for item in pending for entry in item.published()])
        self._room.ring()

    def _append(self, after: int, pending: list[Pending]) -> int:
        return self.journal.append(after, [item.batch for item in pending], self.lease)

    def _release(self, stored: int) -> None:
        while self._waiting and self._waiting[0].position <= stored:
            self._waiting.popleft().done.set()

    def _fail_all(self, error: JournalError) -> None:
        while self._waiting:
            waiter = self._waiting.popleft()
            waiter.failure = error
            waiter.done.set()
        self.failures += 1
        self.under_way.clear()
        self.answered.clear()

    async def _reload(self) -> None:
        """Load the engine anew from the journal: the one path after any failure."""
        attempts = AsyncRetrying(
            retry=retry_if_exception_type(JournalUnavailable),
            wait=wait_exponential(multiplier=0.05, max=5.0) + wait_random(0, 0.05),
            stop=self._has_lost_patience,
            sleep=self._pause,
            before_sleep=self._tell_down,
            reraise=True,
        )
        try:
            loaded: tuple[Engine, list[Published]] = await attempts(in_thread, self._load)
        except JournalUnavailable:
            if self.is_closing:
                return
            raise
        engine, missed = loaded
        self.ledger = Ledger(self.journal, self.lease, engine)
        self._fail_all(JournalUnavailable("the engine was loaded anew", True))
        if missed:
            self.recent.publish(missed)
        self._is_reloading = self._is_down = False
        for listener in self.after_reload:
            listener()
        for bell in (self._settled, self._room, self.timer):
            bell.ring()
        _log.warning("reloaded at position %d", engine.position)

    def _load(self) -> tuple[Engine, list[Published]]:
        """The engine, and what an append of unknown outcome did store after all, which nobody was told yet."""
        engine = self._named(self.journal)
        missed = map(published, self.journal.read(self.recent.position))
        return engine, [entry for entry in missed if entry.position <= engine.position]

    def _has_lost_patience(self, state: RetryCallState) -> bool:
        return self.is_closing or stop_after_attempt(_RELOADS)(state)

    def _tell_down(self, state: RetryCallState) -> None:
        _log.error("the journal cannot be read, attempt %d", state.attempt_number)
        self._is_down = True
        self._settled.ring()

    async def _pause(self, seconds: float) -> None:
        with anyio.move_on_after(seconds):
            while not self.is_closing:
                await self._settled.wait()

    # Time

    async def ring_for_ever(self) -> None:
        """Let timers ring when they fall due."""
        while not self.is_closing:
            if self._ruin is not None:
                raise self._ruin
            due = None if self._is_reloading else self.engine.due(is_prompt=True)
            if due is not None and due <= self.now_us:
                if self._is_full:
                    await self._room.wait()
                self.ring_once(is_prompt=True)
                await anyio.lowlevel.checkpoint()
            else:
                await sleep_until(self.clock, due, self.timer.stroke)

    def ring_once(self, *, is_prompt: bool = False) -> bool:
        """One slice of what is due now, or of that for which commands wait; False if nothing is."""
        due, now_us = self.engine.due(is_prompt=is_prompt), self.now_us
        if self._is_reloading or due is None or due > now_us:
            return False
        dues = self.ledger.dues
        try:
            self.ledger.tick_once(now_us, is_prompt=is_prompt)
        except Exception as error:  # noqa: BLE001 - the engine may be in any state: it is loaded anew
            self._due_faults += 1
            self._quarantine("tick", error)
            if self._due_faults > _TICK_FAULTS:
                self._ruin = error  # whoever let it ring can do nothing about it: the workspace ends
        else:
            self._due_faults = 0
        self._note_pending()
        self._wake_before(dues)
        return True

    def _wake_before(self, dues: Dues) -> None:
        """Wake who sleeps until what was due next, if something falls due earlier now."""
        if is_earlier(self.ledger.dues, dues):
            self.timer.ring()

    # Lease

    async def renew_for_ever(self) -> None:
        """Stay the owner. A lease lost ends the workspace."""
        while not self.is_closing:
            await anyio.sleep(LEASE_TTL_US / 3_000_000)
            try:
                async with self.writing:
                    self.lease = await in_thread(self._renew)
            except LeaseLost:
                self._fail_all(JournalUnavailable("another process owns the workspace"))
                raise
            except JournalUnavailable as error:
                _log.warning("lease not renewed: %s", error)

    def _renew(self) -> Lease:
        return self.journal.renew(self.lease, time.time_ns() // 1000, LEASE_TTL_US)

    def close(self) -> None:
        """Take no more calls; what is decided is still stored."""
        self.is_closing = True
        for bell in (self._work, self._room, self.timer, self._settled):
            bell.ring()

    def figures(self) -> Mapping[str, int]:
        """How the storing and the timers are doing, for `health`."""
        due, now_us = self.engine.due(), self.now_us
        oldest_s = 0.0 if self._oldest_pending_s is None else time.monotonic() - self._oldest_pending_s
        return {
            "append_us": self.append_us,
            "pending_events": self.engine.position - self.ledger.stored,
            "oldest_pending_us": int(oldest_s * 1_000_000),
            "timer_lag_us": max(0, now_us - due) if due is not None else 0,
            "timers": len(self.view.timers),
            "quarantined": self.quarantined,
            "position": self.ledger.stored,
            "epoch": self.lease.epoch,
        }
