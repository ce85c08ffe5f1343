"""Callbacks that are still to reach their customer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import attrs

from orchestra.engine.section import Evolve, Slice
from orchestra.model import events as e

__all__ = ["CALL", "DUE", "EVOLVE", "Callback", "Callbacks"]

DUE = "callbacks.due"
"""Timer of a callback that waits for its time."""
CALL = "callbacks.call"
"""Timer of a call to a customer who is called before any agent is asked."""


@attrs.define
class Callback:
    """A callback that has not reached its customer. `due_us` is its time, while it has one.

    `priority` is its own, beside that of its queue. `token` is that of the last call to its customer, where that one is
    called first.
    """

    case: str
    customer: str
    queue: str
    skills: dict[str, int]
    agent: str | None
    priority: int = 0
    failed: int = 0
    due_us: int | None = None
    token: int = 0


class Callbacks(Slice):
    """Callbacks by interaction, kept until the customer answers or the interaction is over."""

    TABLES: ClassVar = {"callbacks": Callback}

    callbacks: dict[str, Callback]

    def reindex(self) -> None:
        """Rebuild the look-up by customer and case."""
        self.open = {(row.customer, row.case): name for name, row in self.callbacks.items()}

    def of(self, ids: Sequence[str], cases: Sequence[str]) -> str | None:
        """The callback that a person has in a matter, under any of its ids and of theirs."""
        found = (self.open.get((customer, case)) for customer in ids for case in cases)
        return next((name for name in found if name is not None), None)

    def requested(self, event: e.CallbackRequested, at_us: int) -> None:
        """Know it."""
        row = Callback(event.case, event.customer, event.queue, event.skills, event.agent, event.priority)
        self.callbacks[event.interaction] = row
        self.open[row.customer, row.case] = event.interaction

    def scheduled(self, event: e.CallbackScheduled, at_us: int) -> None:
        """It waits for its time."""
        self.callbacks[event.interaction].due_us = event.due_us
        self.timers.set(DUE, event.interaction, event.due_us)
        self.timers.cancel(CALL, event.interaction)

    def dialing(self, event: e.CallbackDialing, at_us: int) -> None:
        """Its customer is called, for so long."""
        self.callbacks[event.interaction].token = event.token
        self.timers.set(CALL, event.interaction, event.until_us)

    def queued(self, event: e.InteractionQueued, at_us: int) -> None:
        """It waits for an agent, perhaps in another queue than before."""
        row = self.callbacks.get(event.interaction)
        if row is None:
            return
        row.queue, row.skills, row.due_us = event.queue, event.skills, None
        self.timers.cancel(DUE, event.interaction)
        self.timers.cancel(CALL, event.interaction)

    def failed(self, event: e.CallbackFailed, at_us: int) -> None:
        """One attempt less."""
        self.callbacks[event.interaction].failed = event.attempt

    def over(
        self,
        event: e.CallbackAnswered
        | e.CallbackExhausted
        | e.InteractionFinished
        | e.InteractionDone
        | e.InteractionCanceled
        | e.InteractionDeflected,
        at_us: int,
    ) -> None:
        """Nobody is to be dialled any more."""
        row = self.callbacks.pop(event.interaction, None)
        if row is None:
            return
        del self.open[row.customer, row.case]
        self.timers.cancel(DUE, event.interaction)
        self.timers.cancel(CALL, event.interaction)


EVOLVE: dict[type[e.Event], Evolve] = {
    e.CallbackRequested: Callbacks.requested,
    e.CallbackScheduled: Callbacks.scheduled,
    e.CallbackDialing: Callbacks.dialing,
    e.CallbackAnswered: Callbacks.over,
    e.CallbackFailed: Callbacks.failed,
    e.CallbackExhausted: Callbacks.over,
    e.InteractionQueued: Callbacks.queued,
    e.InteractionFinished: Callbacks.over,
    e.InteractionDone: Callbacks.over,
    e.InteractionCanceled: Callbacks.over,
    e.InteractionDeflected: Callbacks.over,
}
