"""An engine and what it has decided since the last append: the synchronous heart of every owner of a workspace.

The workspace drives it from its loop, a replay in virtual time; both get the same events.
"""

from __future__ import annotations

from typing import Any

import attrs

from orchestra.codec import encode_result, to_record
from orchestra.engine.engine import Decided, Engine, EngineFault
from orchestra.errors import CommandRefused, DefinitionError, Fault, InvalidCommand, InvalidData
from orchestra.journal.port import Journal
from orchestra.model.commands import ChangePlan, Command
from orchestra.model.plan import Plan
from orchestra.model.records import Batch, Done, Lease, Record
from orchestra.runtime.keys import WorkspaceKey
from orchestra.runtime.loading import load_engine
from orchestra.runtime.zones import zone_data_version

__all__ = ["Ledger", "Pending"]


@attrs.define
class Pending:
    """One decision that is not yet in the journal, and the form in which it will be."""

    decided: Decided | None
    batch: Batch

    @property
    def request_id(self) -> str | None:
        """The inbox request that this answers; None if it is no answer."""
        return None if self.batch.done is None else self.batch.done.request_id


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
    """

    def __init__(self, journal: Journal, lease: Lease, engine: Engine | None = None) -> None:
        self.journal = journal
        self.lease = lease
        self.engine = engine or load_engine(journal)
        self.stored = self.engine.position
        self._pending: list[Pending] = []

    def put_plan(self, plan: Plan, key: WorkspaceKey, at_us: int) -> None:
        """Put a plan into force if it is another than the one in force.

        Raises:
            DefinitionError: it has faults, lacks what work in flight needs, or the key is not the workspace's.
        """
        errors = [fault for fault in self.engine.plan_faults(plan) if fault.is_error]
        if errors:
            raise DefinitionError(errors)
        try:
            self.execute(ChangePlan(plan, plan.digest(), zone_data_version(), key.check), at_us)
        except InvalidCommand as error:
            raise DefinitionError([Fault(f"workspace.{error.field}", error.reason)]) from error

    @property
    def has_pending(self) -> bool:
        """Whether anything waits to be stored."""
        return bool(self._pending)

    def answer(self, request_id: str, answer: Any, at_us: int) -> None:
        """Answer an inbox request that no decision came of, at that time by the owner's clock."""
        self._pending.append(Pending(None, Batch([], Done(request_id, encode_result(answer), at_us))))

    def tick_once(self, at_us: int) -> Decided:
        """Let the first of the timers due by `at_us` ring: one slice of work, already pending."""
        decided = self.engine.tick(at_us)
        self._keep(decided)
        return decided

    def tick(self, at_us: int) -> list[Decided]:
        """Let all timers due by `at_us` ring; gives what they brought, already pending."""
        brought: list[Decided] = []
        while (due := self.engine.due()) is not None and due <= max(at_us, self.engine.now_us):
            brought.append(self.tick_once(at_us))
        return brought

    def execute(self, command: Command, at_us: int, request_id: str | None = None) -> Decided:
        """Let time pass to `at_us`, then decide on the command.

        Raises:
            CommandRefused: it cannot be done. The refusal of an inbox request is pending as its answer.
        """
        self.tick(at_us)
        try:
            decided = self.engine.execute(command, at_us)
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
        except (TypeError, InvalidData) as error:
            raise EngineFault(f"decided what cannot be stored: {error}") from error
        self._pending.append(Pending(decided, batch))

    def take(self) -> list[Pending]:
        """What is pending; from here on the caller stores it."""
        taken, self._pending = self._pending, []
        return taken

    def commit(self) -> int:
        """Store what is pending in one append; gives the journal's position.

        Raises:
            JournalError: it was not stored, or nobody knows. This ledger must be discarded and loaded anew.
        """
        pending = self.take()
        if pending:
            self.stored = self.journal.append(self.stored, [item.batch for item in pending], self.lease)
        return self.stored
