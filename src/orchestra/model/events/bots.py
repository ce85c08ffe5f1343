"""Events: bots."""

from __future__ import annotations

import attrs

from orchestra.model.event import Event
from orchestra.model.private import private

__all__ = ["InteractionHandedOver"]


@attrs.define
class InteractionHandedOver(Event):
    """A bot handed the interaction over to people, who alone are asked from now on.

    `reason` is the bot's own, or `no_answer` where it owed the customer one for too long. `skills` are asked for beside
    those that were, `priority` is minutes more than before, `text` is for whoever takes over.
    """

    interaction: str
    case: str
    customer: str
    agent: str
    queue: str
    skills: dict[str, int]
    priority: int
    reason: str
    topic: str | None = None
    text: str | None = private()
