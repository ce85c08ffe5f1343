"""The match itself: the best agent for an interaction, and the best interaction for an agent."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from orchestra.engine.routing.rows import Item
from orchestra.engine.routing.sides import Entry, Rank, Requirement
from orchestra.engine.view import View
from orchestra.model import events as e
from orchestra.model.structure import microseconds

__all__ = ["failing", "offer_best_agent", "offer_best_items"]

_RUNNERS_UP = 5


def offer_best_agent(view: View, name: str, at_us: int) -> Iterator[e.Event]:
    """Offer a waiting interaction to the first in order of those who can take it, if there is one."""
    routing = view.routing
    item = routing.items[name]
    wanted = routing.rules.wanted(item)
    best = routing.index.best_agents(wanted, routing.rules.order(item))
    ranked = list(islice((entry for entry in best if entry[-1] not in item.excluded), _RUNNERS_UP + 1))
    if ranked:
        yield _offer(view, name, item, wanted, ranked, at_us)


def offer_best_items(view: View, agent: str, at_us: int) -> Iterator[e.Event]:
    """Offer an agent what has waited longest, again and again while they have room."""
    routing = view.routing
    while True:
        best = _best_item(view, agent)
        if best is None:
            return
        wanted, (*_, name) = best
        item = routing.items[name]
        placed = routing.index.of_agent[agent]
        order = routing.rules.order(item)
        key = order.full(placed.profile, wanted, placed.keys[order.own])
        yield _offer(view, name, item, wanted, [key], at_us)


def _best_item(view: View, agent: str) -> tuple[Requirement, Rank] | None:
    """The least rank over the buckets this agent can serve and has room for. Compares heads only."""
    best: tuple[Requirement, Rank] | None = None
    for bucket in view.routing.index.open_to(agent):
        for rank in bucket.waiting:
            if agent not in view.routing.items[rank[-1]].excluded:
                if best is None or rank < best[1]:
                    best = (bucket.wanted, rank)
                break
    return best


def _offer(view: View, name: str, item: Item, wanted: Requirement, ranked: list[Entry], at_us: int) -> e.OfferMade:
    channel = view.plan.channels[item.channel]
    winner, *others = ranked
    token = view.routing.next_token()
    return e.OfferMade(
        f"of{token}",
        name,
        item.customer,
        winner[-1],
        item.queue,
        item.channel,
        token,
        channel.weight_percent,
        at_us + microseconds(channel.offer_timeout),
        list(winner),
        [list(entry) for entry in others],
        failing(view, item, wanted),
    )


def failing(view: View, item: Item, wanted: Requirement) -> dict[str, int]:
    """Condition -> number of agents who fail it first, of all who are signed in and take work.

    `skills` lack the team or a skill, `excluded` declined or missed it, `saturated` have no room on the channel.
    """
    index = view.routing.index
    able = index.able(wanted)
    counts = {
        "skills": len(index.of_agent) - able,
        "saturated": able - index.free(wanted),
        "excluded": sum(index.is_free(agent, wanted) for agent in item.excluded),
    }
    return {condition: count for condition, count in counts.items() if count}
