"""An engine and what it has decided since the last append: the synchronous heart of every owner of a workspace.

The workspace drives it from its loop, a replay in virtual time; both get the same events.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, TypeAlias

import attrs

from orchestra.codec import encode_result, to_record
from orchestra.engine.archive.decide import RecallCustomer
from orchestra.engine.engine import Decided, Engine, EngineFault
from orchestra.engine.recalling import decide
from orchestra.errors import CommandRefused, DefinitionError, Fault, InvalidCommand, InvalidData
from orchestra.journal.port import Journal
from orchestra.model.commands import ChangePlan, Command
from orchestra.model.plan import Plan
from orchestra.model.records import Batch, Done, Lease, Record
from orchestra.runtime.archived import Unstored
from orchestra.runtime.keys import WorkspaceKey
from orchestra.runtime.loading import load_engine
from orchestra.runtime.published import Published, size_of
from orchestra.runtime.zones import zone_data_version

__all__ = ["Dues", "Ledger", "Pending", "is_earlier"]

_MOST_AT_ONCE = 5000

Dues: TypeAlias = tuple[int | None, int | None]
"""See `Ledger.dues`."""


def is_earlier(now: Dues, before: Dues) -> bool:
    """Whether something falls due earlier than it did before."""
    pairs = zip(now, before, strict=True)
    return any(one is not None and (other is None or one < other) for one, other in pairs)


@attrs.define
class Pending:
    """One decision that is not yet in the journal, and the form in which it will be."""

    decided: Decided | None
    batch: Batch

    @property
    def request_id(self) -> str | None:
        """The inbox request that this answers; None if it is no answer."""
        return None if self.batch.done is None else self.batch.done.request_id

    @property
    def size(self) -> int:
        """Characters of text in its records."""
        return sum(map(size_of, self.batch.records))

    def published(self) -> list[Published]:
        """Its events, as they are told once they are durable."""
        if self.decided is None:
            return []
        at_us, actor = self.decided.at_us, self.decided.actor
        return [
            Published(record.position, at_us, actor, event, size_of(record))
            for record, event in zip(self.batch.records, self.decided.events, strict=True)
        ]


def _records(decided: Decided) -> list[Record]:
    return [
        to_record(event, position, decided.at_us, decided.actor)
        for position, event in enumerate(decided.events, decided.first)
    ]


class Ledger:
    """Decides, remembers what is not yet stored, and stores it.

    Args:
        journal: where to; its lease is held by the caller.
        engine: a freshly loaded one; None loads it.

    Attributes:
        stored: the journal's position as far as this ledger knows.
        size: characters of text in what is decided and not yet known to be stored.
    """

    def __init__(self, journal: Journal, lease: Lease, engine: Engine | None = None) -> None:
        self.journal = journal
        self.lease = lease
        self.engine = engine or load_engine(journal)
        self.stored = self.engine.position
        self.size = 0
        self.archived = Unstored()
        self._pending: list[Pending] = []

    def put_plan(self, plan: Plan, key: WorkspaceKey, at_us: int) -> None:
        """Put a plan into force if it is another than the one in force.

        What fell due before comes first; if it is much, most of it is stored on the way.

        Raises:
            DefinitionError: it has faults, lacks what work in flight needs, or the key is not the workspace's.
            JournalError: what fell due before was not stored.
        """
        errors = [fault for fault in self.engine.plan_faults(plan) if fault.is_error]
        if errors:
            raise DefinitionError(errors)
        self._catch_up(at_us)
        try:
            self.execute(ChangePlan(plan, plan.digest(), zone_data_version(), key.check), at_us)
        except InvalidCommand as error:
            raise DefinitionError([Fault(f"workspace.{error.field}", error.reason)]) from error

    def _catch_up(self, at_us: int) -> None:
        """What fell due while nobody owned the workspace may be too much to be held, or stored, at once."""
        while self._is_due(at_us):
            self.tick_once(at_us)
            if self.engine.position - self.stored >= _MOST_AT_ONCE:
                self.commit()

    def _is_due(self, at_us: int, *, is_prompt: bool = False) -> bool:
        due = self.engine.due(is_prompt=is_prompt)
        return due is not None and due <= max(at_us, self.engine.now_us)

    @property
    def dues(self) -> Dues:
        """When the next timer falls that commands wait for, and the next of all."""
        return self.engine.due(is_prompt=True), self.engine.due()

    @property
    def has_pending(self) -> bool:
        """Whether anything waits to be stored."""
        return bool(self._pending)

    def answer(self, request_id: str, answer: Any, at_us: int) -> None:
        """Answer an inbox request that no decision came of, at that time by the owner's clock."""
        self._pending.append(Pending(None, Batch([], Done(request_id, encode_result(answer), at_us))))

    def tick_once(self, at_us: int, *, is_prompt: bool = False) -> Decided:
        """Let the first of the timers due by `at_us` ring: one slice of work, already pending.

        Of those that commands wait for alone, if it is to be prompt.
        """
        decided = self.engine.tick(at_us, is_prompt=is_prompt)
        self._keep(decided)
        return decided

    def tick(self, at_us: int) -> list[Decided]:
        """Let all timers due by `at_us` ring; gives what they brought, already pending."""
        brought: list[Decided] = []
        while self._is_due(at_us):
            brought.append(self.tick_once(at_us))
        return brought

    def _tick_prompt(self, at_us: int) -> list[Decided]:
        """Let those ring that a command waits for."""
        brought: list[Decided] = []
        while self._is_due(at_us, is_prompt=True):
            brought.append(self.tick_once(at_us, is_prompt=True))
        return brought

    def recall(self, keys: Collection[str], at_us: int) -> bool:
        """Let time pass to `at_us`, then bring back whoever is archived behind these keys; says whether anybody was.

        Raises:
            JournalError: the directory or a record cannot be read; whoever was brought back before stays.
        """
        self._tick_prompt(at_us)
        has_brought = False
        for position in self.archived.find(self.journal, keys):
            rows = self.archived.rows(self.journal, position)
            decided = self.engine.execute(RecallCustomer(rows, position), at_us)
            if decided.events:  # else they are there, whatever the directory says
                self._keep(decided)
                has_brought = True
        return has_brought

    def execute(self, command: Command, at_us: int, request_id: str | None = None) -> Decided:
        """Let time pass to `at_us`, then decide on the command; what it need not wait for stays due.

        Whoever it is about and is archived comes back first.

        Raises:
            JournalError: who is archived cannot be read; nothing was decided on the command.
            CommandRefused: it cannot be done. The refusal of an inbox request is pending as its answer.
        """
        self._tick_prompt(at_us)
        try:
            decided = decide(self.engine, command, at_us, self.recall)
        except CommandRefused as error:
            if request_id is not None:
                self.answer(request_id, error, at_us)
            raise
        if decided.events or request_id is not None:
            self._keep(decided, request_id, at_us)
        return decided

    def _keep(self, decided: Decided, request_id: str | None = None, answered_us: int = 0) -> None:
        # Written down at once: what cannot be stored is the fault of this decision, and of none beside it.
        try:
            done = None if request_id is None else Done(request_id, encode_result(decided.result), answered_us)
            batch = Batch(_records(decided), done)
            self.archived.note(decided, batch)
        except (TypeError, InvalidData) as error:
            raise EngineFault(f"decided what cannot be stored: {error}") from error
        self._pending.append(Pending(decided, batch))
        self.size += self._pending[-1].size

    def take(self, most: int | None = None) -> list[Pending]:
        """What is pending, or the oldest so many of it; from here on the caller stores it."""
        taken = self._pending[:most]
        del self._pending[:most]
        return taken

    def has_stored(self, position: int, taken: Sequence[Pending]) -> None:
        """What was taken is in the journal now, up to that position."""
        self.stored = position
        self.archived.has_stored(position)
        self.size -= sum(item.size for item in taken)

    def commit(self) -> int:
        """Store what is pending in one append; gives the journal's position.

        Raises:
            JournalError: it was not stored, or nobody knows. This ledger must be discarded and loaded anew.
        """
        pending = self.take()
        if pending:
            batches = [item.batch for item in pending]
            self.has_stored(self.journal.append(self.stored, batches, self.lease), pending)
        return self.stored
