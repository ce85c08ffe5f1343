"""Events: queues that close and open."""

from __future__ import annotations

import attrs

from orchestra.model.event import Event

__all__ = ["QueueCleared", "QueueClosed", "QueueOpened"]


@attrs.define
class QueueOpened(Event):
    """A queue is open; `until_us` is when it will be looked at again, `reason` is `hours` or what somebody said."""

    queue: str
    until_us: int | None
    reason: str


@attrs.define
class QueueClosed(Event):
    """A queue is closed; `until_us` is when it will be looked at again, `reason` is `hours` or what somebody said."""

    queue: str
    until_us: int | None
    reason: str


@attrs.define
class QueueCleared(Event):
    """Some of those that waited in a queue that closed have left it, and more follow unless it `is_done`."""

    queue: str
    moved: int
    is_done: bool
