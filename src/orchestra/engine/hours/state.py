"""Which queues are open or closed, until when, and why."""

from __future__ import annotations

from typing import ClassVar

import attrs

from orchestra.engine.section import SLICE_PAUSE_US, Evolve, Slice
from orchestra.model import events as e

__all__ = ["CHANGE", "CLEAR", "EVOLVE", "Door", "Hours"]

CHANGE = "hours.change"
"""Timer of a queue that opens or closes."""
CLEAR = "hours.clear"
"""Timer of the walk over what waits in a queue that has closed."""


@attrs.define
class Door:
    """A queue that is closed, or has hours; `reason` is `hours` or what whoever closed or opened it said."""

    is_open: bool
    until_us: int | None
    reason: str


class Hours(Slice):
    """Doors by queue; a queue without one is open."""

    TABLES: ClassVar = {"doors": Door}

    doors: dict[str, Door]

    def is_closed(self, queue: str) -> bool:
        """Whether the queue is closed now."""
        door = self.doors.get(queue)
        return door is not None and not door.is_open

    def plan_changed(self, event: e.PlanChanged, at_us: int) -> None:
        """What hours say is looked at in a moment; what somebody said stands."""
        for queue in self.doors.keys() - event.plan.queues.keys():
            del self.doors[queue]
            self.timers.cancel(CHANGE, queue)
            self.timers.cancel(CLEAR, queue)
        for queue, definition in event.plan.queues.items():
            door = self.doors.get(queue)
            if (definition.hours is not None and door is None) or (door is not None and door.reason == "hours"):
                self.timers.set(CHANGE, queue, at_us)

    def opened(self, event: e.QueueOpened, at_us: int) -> None:
        """Contacts are offered."""
        self._turn(event, is_open=True)
        self.timers.cancel(CLEAR, event.queue)

    def closed(self, event: e.QueueClosed, at_us: int) -> None:
        """What waits is dealt with from now on."""
        self._turn(event, is_open=False)
        self.timers.set(CLEAR, event.queue, at_us)

    def _turn(self, event: e.QueueOpened | e.QueueClosed, *, is_open: bool) -> None:
        if is_open and event.until_us is None:
            self.doors.pop(event.queue, None)
        else:
            self.doors[event.queue] = Door(is_open, event.until_us, event.reason)
        if event.until_us is None:
            self.timers.cancel(CHANGE, event.queue)
        else:
            self.timers.set(CHANGE, event.queue, event.until_us)

    def cleared(self, event: e.QueueCleared, at_us: int) -> None:
        """A slice is done."""
        if event.is_done:
            self.timers.cancel(CLEAR, event.queue)
        else:
            self.timers.set(CLEAR, event.queue, at_us + SLICE_PAUSE_US)


EVOLVE: dict[type[e.Event], Evolve] = {
    e.PlanChanged: Hours.plan_changed,
    e.QueueOpened: Hours.opened,
    e.QueueClosed: Hours.closed,
    e.QueueCleared: Hours.cleared,
}
