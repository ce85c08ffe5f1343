"""Commands: queues that close and open."""

from __future__ import annotations

import attrs

from orchestra.model.command import Command

__all__ = ["CloseQueue", "OpenQueue"]


@attrs.define
class CloseQueue(Command):
    """Close a queue, whatever its hours say: until an instant, or until somebody opens it."""

    queue: str
    reason: str
    until_us: int | None = None


@attrs.define
class OpenQueue(Command):
    """Open a queue, whatever its hours say: until an instant, or until they change the next time."""

    queue: str
    reason: str
    until_us: int | None = None
