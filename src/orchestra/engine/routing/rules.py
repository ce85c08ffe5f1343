"""What a plan says about routing, compiled once: kinds of work, orders of agents, and what an item waits for."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import attrs

from orchestra.engine.routing.rows import MOST_IN_HAND, Bench, Item
from orchestra.engine.routing.sides import Key, Order, Requirement
from orchestra.model.definitions import Channel
from orchestra.model.plan import Plan

__all__ = ["OWN", "Rules"]

OWN: Mapping[str, Callable[[Bench], int]] = {
    "busy": lambda bench: int(bool(bench.counts)),
    "idle": lambda bench: bench.idle_since_us,
}
"""Parts of an agent's key that depend on the agent alone, least first."""

_ORDER = ("busy", "idle")


@attrs.frozen
class _Kind:
    number: int
    name: str
    channel: Channel


class Rules:
    """A plan's routing rules."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._kinds = [_Kind(number, name, plan.channels[name]) for number, name in enumerate(sorted(plan.channels))]
        self._number = {kind.name: kind.number for kind in self._kinds}
        self._own = (tuple(OWN[part] for part in _ORDER),)
        self._order = Order(0, tuple(range(len(_ORDER))))

    @property
    def own_keys(self) -> int:
        """Under how many keys each agent is placed."""
        return len(self._own)

    def order(self, item: Item) -> Order:
        """The order of the agents for an item."""
        return self._order

    def keys(self, bench: Bench) -> list[Key]:
        """An agent's own keys."""
        return [tuple(part(bench) for part in own) for own in self._own]

    def wanted(self, item: Item) -> Requirement:
        """What a waiting item waits for."""
        team = self.plan.queues[item.queue].team
        return Requirement(item.queue, self._number[item.channel], (team,), tuple(sorted(item.skills.items())))

    def room(self, bench: Bench) -> int:
        """The kinds of work of which the agent could be offered one more, as bits."""
        if sum(bench.counts.values()) >= MOST_IN_HAND:
            return 0
        spare, room = bench.capacity_percent - bench.used_percent, 0
        for kind in self._kinds:
            limit = kind.channel.limit
            if kind.channel.weight_percent <= spare and (limit is None or bench.counts.get(kind.name, 0) < limit):
                room |= 1 << kind.number
        return room
