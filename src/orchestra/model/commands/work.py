"""Commands: work items."""

from __future__ import annotations

import attrs

from orchestra.model.command import Command, Id
from orchestra.model.private import private

__all__ = ["OpenWorkItem"]


@attrs.define
class OpenWorkItem(Command):
    """Open a work item, which waits for an agent like any contact. Opened once per channel and key.

    It belongs to `case`, which is open again if it was resolved or closed, or to a new case of `customer`; exactly one
    is given. `channel` is one that the plan marks as work. `ref` is the application's own key for the interaction,
    `fields` are those that the plan declares of one, and `agent` knows the matter, as in `ReceiveMessage`.
    """

    channel: str
    key: str
    case: Id | None = None
    customer: Id | None = None
    topic: str | None = None
    queue: str | None = None
    skills: dict[str, int] = attrs.field(factory=dict)
    priority: int = 0
    agent: str | None = None
    due_us: int | None = None
    ref: str | None = None
    fields: dict[str, str | int | bool | None] = attrs.field(factory=dict)
    title: str | None = private()
    text: str | None = private()
