"""What becomes of an agent's work when they are gone: it waits for anybody, is kept, or is parked until they come back.

Belongs here: leaving work behind, and going on with it. Does not: what is put aside for more urgent work (`match`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from orchestra.engine.routing.rows import PARK, Item
from orchestra.engine.routing.steps import queue_again
from orchestra.engine.view import View
from orchestra.model import events as e
from orchestra.model.structure import microseconds

__all__ = ["go_on", "heard", "in_hand", "leave_behind", "parked_too_long"]


def in_hand(view: View, agent: str) -> list[tuple[str, Item]]:
    """What an agent has or is offered, by rank: if it waits again, whoever came first is served first."""
    routing = view.routing
    items = [(name, routing.items[name]) for name in routing.in_hand.get(agent, ())]
    return sorted(items, key=lambda pair: routing.rules.rank(*pair))


def leave_behind(view: View, name: str, agent: str, reason: str, at_us: int) -> Iterator[e.Event]:
    """Who has this is gone: what its channel says becomes of it.

    A callback that has not reached its customer is never parked: somebody else can call them.
    """
    item = view.routing.items[name]
    channel = view.plan.channels[item.channel]
    if channel.on_agent_lost == "park" and item.first is None:
        yield e.InteractionParked(name, item.customer, agent, at_us + microseconds(channel.park_for))
    elif channel.on_agent_lost != "keep":
        yield queue_again(view, name, reason, at_us)


def go_on(view: View, agent: str) -> Iterator[e.Event]:
    """An agent is back: they go on with what was parked, but for what they had put aside before they left."""
    for name, item in in_hand(view, agent):
        if view.contacts.interactions[name].state == "PARKED" and item.lent_to is None:
            yield e.InteractionResumed(name, item.customer, agent)


def heard(view: View, event: e.MessageReceived, at_us: int) -> Iterable[e.Event]:
    """The customer of what is parked has written: somebody else answers, at the place that it has earned."""
    if view.timers.get(PARK, event.interaction) is None:
        return ()
    return (queue_again(view, event.interaction, "customer_wrote", at_us),)


def parked_too_long(view: View, name: str, at_us: int) -> Iterator[e.Event]:
    """Its agent has not come back in time."""
    yield queue_again(view, name, "parked_too_long", at_us)
