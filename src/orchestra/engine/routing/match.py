"""The match itself: the best agent for an interaction, and the best interaction for an agent."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from orchestra.engine.routing.rows import Item
from orchestra.engine.routing.sides import Entry, Order, Rank, Requirement
from orchestra.engine.view import View
from orchestra.model import events as e
from orchestra.model.structure import microseconds

__all__ = ["failing", "offer_best_agent", "offer_best_items"]

_RUNNERS_UP = 5


def offer_best_agent(view: View, name: str, at_us: int) -> Iterator[e.Event]:
    """Offer a waiting interaction to the first in order of those who can take it, if there is one."""
    routing = view.routing
    item = routing.items[name]
    bucket, _ = routing.index.of_item[name]
    order = routing.rules.step(item).order
    for wanted in (bucket.wanted, routing.index.by_putting_aside(bucket.wanted)):
        ranked = _ranked(view, name, wanted, order)
        if ranked:
            yield _offer(view, name, item, bucket.wanted, ranked, at_us)
            return


def _ranked(view: View, name: str, wanted: Requirement, order: Order) -> list[Entry]:
    """The first of those who can take an interaction, and the next five; nobody is next where chance decides."""
    index, excluded = view.routing.index, view.routing.items[name].excluded
    best = index.best_agents(wanted, order)
    if order.draws:
        best = index.draw(wanted, order, lambda total: _drawn(view, name, total))
    return list(islice((entry for entry in best if entry[-1] not in excluded), 1 if order.draws else _RUNNERS_UP + 1))


def _drawn(view: View, name: str, total: int) -> int:
    return view.draw(total, "agent", name, view.routing.next_token())


def offer_best_items(view: View, agent: str, at_us: int) -> Iterator[e.Event]:
    """Offer an agent what is most urgent, again and again while they have room; what they had put aside goes first."""
    routing = view.routing
    while True:
        best = _best_item(view, agent, at_us)
        aside = routing.put_aside(agent)
        if aside is not None and (best is None or not _interrupts(view, best[1], aside)):
            yield e.InteractionResumed(aside, routing.items[aside].customer, agent)
            continue
        if best is None:
            return
        wanted, name = best
        item = routing.items[name]
        placed = routing.index.of_agent[agent]
        order = routing.rules.step(item).order
        key = order.full(placed.profile, wanted, placed.keys[order.own])
        yield _offer(view, name, item, wanted, [key], at_us)


def _interrupts(view: View, name: str, other: str) -> bool:
    items = view.routing.items
    return items[other].channel in view.plan.channels[items[name].channel].interrupts


def _best_item(view: View, agent: str, at_us: int) -> tuple[Requirement, str] | None:
    """The most urgent over the buckets this agent can serve and has room for. Compares heads only.

    First those of each queue by its own rule, then those of all queues by how long they have waited.
    """
    routing = view.routing
    heads: dict[str, tuple[Rank, Requirement]] = {}
    for bucket in routing.index.open_to(agent):
        for rank in bucket.waiting:
            if agent not in routing.items[rank[-1]].excluded:
                queue = bucket.wanted.queue
                if queue not in heads or rank < heads[queue][0]:
                    heads[queue] = rank, bucket.wanted
                break
    if not heads:
        return None
    if len(heads) == 1:
        ((rank, wanted),) = heads.values()
        return wanted, rank[-1]
    profile, rules = routing.index.of_agent[agent].profile, routing.rules
    *_, name, wanted = min(
        (*rules.urgency(wanted, rank, rules.queues[wanted.queue].level_of(profile), at_us), wanted)
        for rank, wanted in heads.values()
    )
    return wanted, name


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
