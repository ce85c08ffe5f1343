"""Where a contact that arrives comes to wait, if it does."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from orchestra.engine.routing.rows import Item
from orchestra.engine.routing.sides import Requirement
from orchestra.engine.routing.steps import holds
from orchestra.engine.view import View
from orchestra.model import events as e
from orchestra.model.definitions import Queue

__all__ = ["Arrived", "arrive", "required"]


@attrs.frozen
class Arrived:
    """The queue that a contact came to, what it needs there, and why it was turned away, if it was."""

    queue: str
    skills: dict[str, int]
    turned_away: str | None = None


def arrive(view: View, event: e.InteractionStarted, queue: str, agent: str | None) -> Arrived:
    """Follow the queues' overflow from the one that was meant; plans whose overflow goes in a circle are refused."""
    definition = view.plan.queues[queue]
    skills = required(definition.skills, event.skills)
    arriving = Item(event.customer, event.channel, queue, skills, agent=agent)
    wanted = view.routing.rules.wanted(arriving)
    refused = _refused(view, wanted, definition) if event.live else None
    leaves = view.hours.is_closed(queue) and definition.when_closed == "overflow"
    if definition.overflow_to is not None and (leaves or refused or holds(view, definition.overflow_if, wanted)):
        return arrive(view, event, definition.overflow_to, agent)
    return Arrived(queue, skills, refused)


def _refused(view: View, wanted: Requirement, definition: Queue) -> str | None:
    """Why a live contact may not come to wait here, if so."""
    if view.hours.is_closed(wanted.queue) and definition.when_closed in ("turn_away", "finish"):
        return "closed"
    return "full" if _is_full(view, wanted, definition.limit) else None


def _is_full(view: View, wanted: Requirement, limit: int | None) -> bool:
    index = view.routing.index
    return limit is not None and index.waiting_in.get(wanted.queue, 0) >= limit and not index.free(wanted)


def required(of_queue: Mapping[str, int], of_contact: Mapping[str, int]) -> dict[str, int]:
    """The skills that a contact needs in a queue: those of both, at the higher level."""
    levels = dict(of_queue)
    for skill, level in of_contact.items():
        levels[skill] = max(level, levels.get(skill, 0))
    return dict(sorted(levels.items()))
