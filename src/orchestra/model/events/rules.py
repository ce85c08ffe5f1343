"""Events: what rules did, and what they could not do."""

from __future__ import annotations

import attrs

from orchestra.model.event import Event

__all__ = ["InteractionPrioritized", "InteractionRouted", "RuleFailed", "RuleFired", "RuleStopped", "TeamNotified"]


@attrs.define
class RuleFired(Event):
    """A rule's condition held of what had just happened; what its actions do follows.

    Attributes:
        on: the type of the event that it follows, and `cause` its position.
        actions: what it does, in order.
        depth: 1, or one more than that of the rule whose actions caused it.
    """

    rule: str
    on: str
    cause: int
    actions: list[str]
    depth: int
    customer: str | None = None
    case: str | None = None
    interaction: str | None = None


@attrs.define
class RuleFailed(Event):
    """An action of a rule could not be done as things stood, or its predicate gave no answer: then no action is named.

    The rule's other actions are not affected.
    """

    rule: str
    on: str
    cause: int
    reason: str
    customer: str | None = None
    case: str | None = None
    interaction: str | None = None
    action: str | None = None


@attrs.define
class RuleStopped(Event):
    """A rule was not asked any more, so that rules that feed each other come to an end.

    `reason` is `depth` (too many fired one because of the other), `often` (too often within an hour for one case; told
    once, and holds until the hour is over) or `batch` (too much had followed from one command already; told once).
    """

    rule: str
    on: str
    cause: int
    reason: str
    customer: str | None = None
    case: str | None = None
    interaction: str | None = None


@attrs.define
class TeamNotified(Event):
    """A rule tells a team something. Who subscribes to it sees to it that the team learns of it, by its id once."""

    notification: str
    team: str
    rule: str
    text: str
    customer: str | None = None
    case: str | None = None
    interaction: str | None = None


@attrs.define
class InteractionRouted(Event):
    """The interaction, which has just begun, is to wait in this queue, whatever else was said of it."""

    interaction: str
    customer: str
    queue: str
    reason: str


@attrs.define
class InteractionPrioritized(Event):
    """The interaction counts as so many minutes older in its queue: `priority` is all that it has now."""

    interaction: str
    customer: str
    queue: str
    priority: int
    reason: str
