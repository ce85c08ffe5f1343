"""Consults that wait in a queue: whom the queue asks, and how such a consult waits again.

Belongs here: the events by which a consult is asked and waits. Does not: what ends it, and the part that the one who is
asked has then (`consults`); the match itself (`match`).
"""

from __future__ import annotations

from collections.abc import Sequence

from orchestra.engine.routing.rows import Item
from orchestra.engine.routing.sides import Entry
from orchestra.engine.view import View
from orchestra.model import events as e
from orchestra.model.structure import microseconds

__all__ = ["about", "asked", "queued_again"]


def about(name: str, item: Item) -> tuple[str, str | None]:
    """The interaction that an item is or is about, and the consult that it is, if it is one."""
    return (name, None) if item.consult_on is None else (item.consult_on, name)


def asked(
    view: View, name: str, item: Item, ranked: Sequence[Entry], failed: dict[str, int], at_us: int
) -> e.ConsultAsked:
    """The best agent is asked for help.

    Args:
        view: the state in which the consult waits.
        name: its id.
        item: the consult.
        ranked: keys of those who could be asked, best first.
        failed: condition -> how many did not meet it.
        at_us: now.
    """
    row, channel = view.consults.consults[name], view.plan.channels[item.channel]
    winner, *others = ranked
    return e.ConsultAsked(
        name,
        row.interaction,
        row.customer,
        row.agent,
        winner[-1],
        item.channel,
        view.consults.next_token(),
        channel.weight_percent,
        at_us + microseconds(channel.answer_within),
        labels=list(view.routing.rules.labels[item.queue]),
        queue=item.queue,
        key=list(winner),
        runners_up=[list(entry) for entry in others],
        failed=failed,
        order=list(view.routing.rules.step(item).order.names),
    )


def queued_again(
    view: View, name: str, reason: str, place: tuple[str, int, int, bool], told: str | None = None
) -> e.ConsultQueued:
    """The consult waits again, or in another queue.

    Args:
        view: the state in which it waits or somebody is asked.
        name: its id.
        reason: why.
        place: queue, since when it counts as waiting, arrival, and whether it goes before all others.
        told: what whoever was asked gave as the reason.
    """
    item, row = view.routing.items[name], view.consults.consults[name]
    queue, start_us, order, at_front = place
    return e.ConsultQueued(
        name,
        row.interaction,
        row.customer,
        row.agent,
        queue,
        row.channel,
        item.skills,
        item.priority,
        start_us,
        order,
        reason,
        item.barred,
        at_front,
        row.consulted or None,
        told,
    )
