"""Commands: bots."""

from __future__ import annotations

import attrs

from orchestra.model.command import Command, Id
from orchestra.model.private import private

__all__ = ["HandOver"]


@attrs.define
class HandOver(Command):
    """Hand an interaction that a bot handles over to people, with its place kept and with what the bot has found out.

    `queue` is its own unless given. `skills` are asked for on top of those that are, `priority` is minutes of waiting
    that it is worth more than before, `topic` becomes the case's, `fields` are those of the interaction, and `text` is
    for whoever takes over.
    """

    interaction: Id
    agent: str
    queue: str | None = None
    skills: dict[str, int] = attrs.field(factory=dict)
    priority: int = 0
    topic: str | None = None
    fields: dict[str, str | int | bool | None] = attrs.field(factory=dict)
    reason: str = "asked"
    text: str | None = private()
