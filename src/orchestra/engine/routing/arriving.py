"""Where a contact or a consult that arrives comes to wait, if it does."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from orchestra.engine.routing.rows import Item
from orchestra.engine.routing.sides import Requirement
from orchestra.engine.routing.steps import holds
from orchestra.engine.view import View
from orchestra.model.definitions import Queue

__all__ = ["Arrived", "arrive", "required", "straight"]


@attrs.frozen
class Arrived:
    """The queue that it came to, what it needs there, and why it was turned away, if it was."""

    queue: str
    skills: dict[str, int]
    turned_away: str | None = None


def straight(view: View, queue: str, needs: Mapping[str, int]) -> Arrived | None:
    """The queue itself, where it takes whoever comes now; None where more has to be looked at."""
    definition = view.plan.queues[queue]
    if definition.limit is not None or definition.overflow_to is not None or view.hours.is_closed(queue):
        return None
    return Arrived(queue, required(definition.skills, needs))


def arrive(view: View, arriving: Item, needs: Mapping[str, int], *, is_live: bool) -> Arrived:
    """Follow the queues' overflow from the one that was meant; plans whose overflow goes in a circle are refused.

    Args:
        view: the state before it waits.
        arriving: what is to wait, in the queue that was meant; of no use afterwards.
        needs: skill -> least level, on top of what the queue asks for.
        is_live: whether somebody waits on the line.
    """
    queue = arriving.queue
    definition = view.plan.queues[queue]
    arriving.skills = required(definition.skills, needs)
    wanted = view.routing.rules.wanted(arriving)
    refused = _refused(view, arriving, wanted, definition) if is_live else None
    is_closed = view.hours.is_closed(queue)
    if refused and is_closed and definition.when_closed == "turn_away":
        return Arrived(queue, arriving.skills, refused)
    leaves = is_closed and definition.when_closed == "overflow"
    if definition.overflow_to is not None and (leaves or refused or holds(view, definition.overflow_if, wanted)):
        arriving.queue = definition.overflow_to
        return arrive(view, arriving, needs, is_live=is_live)
    return Arrived(queue, arriving.skills, refused)


def _refused(view: View, arriving: Item, wanted: Requirement, definition: Queue) -> str | None:
    """Why what is live may not come to wait here, if so."""
    if view.hours.is_closed(wanted.queue) and definition.when_closed in ("turn_away", "finish"):
        return "closed"
    return "full" if _is_full(view, arriving, wanted, definition.limit) else None


def _is_full(view: View, arriving: Item, wanted: Requirement, limit: int | None) -> bool:
    index = view.routing.index
    if limit is None or index.waiting_in.get(wanted.queue, 0) < limit:
        return False
    return index.free(wanted) <= sum(index.is_free(agent, wanted) for agent in arriving.barred)


def required(of_queue: Mapping[str, int], of_contact: Mapping[str, int]) -> dict[str, int]:
    """The skills that a contact needs in a queue: those of both, at the higher level."""
    levels = dict(of_queue)
    for skill, level in of_contact.items():
        levels[skill] = max(level, levels.get(skill, 0))
    return dict(sorted(levels.items()))
