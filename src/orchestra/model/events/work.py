"""Events: work items."""

from __future__ import annotations

import attrs

from orchestra.model.event import Event
from orchestra.model.private import private

__all__ = ["WorkItemOpened"]


@attrs.define
class WorkItemOpened(Event):
    """The application asked for work on a matter; its interaction starts with the next events.

    `case` is the one it was opened for, None for a new one. Taken once per channel and `key`.
    """

    interaction: str
    customer: str
    channel: str
    key: str
    case: str | None = None
    due_us: int | None = None
    title: str | None = private()
    text: str | None = private()
