"""The match itself: the best agent for an interaction, and the best interaction for an agent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from heapq import nsmallest
from itertools import islice

from orchestra.engine.engagements.leading import asked_first, lead_for
from orchestra.engine.routing.capacity import LIMITED
from orchestra.engine.routing.dialing import dialing, may_dial
from orchestra.engine.routing.helping import asked
from orchestra.engine.routing.rows import Item
from orchestra.engine.routing.sides import Entry, Order, Rank, Requirement
from orchestra.engine.view import View
from orchestra.model import events as e
from orchestra.model.structure import microseconds

__all__ = ["best_item", "failing", "fill_ring", "offer_best_agent", "offer_best_items", "whom_they_know"]

_RUNNERS_UP = 5
_DIALLED_AT_ONCE = 50
"""Customers who are called because one agent is free, in one batch; an agent may serve any number of queues."""


def offer_best_agent(view: View, name: str, at_us: int) -> Iterator[e.Event]:
    """Offer an interaction that waits, or is to ring more, to the first in order of those who can take it, if any."""
    routing = view.routing
    item = routing.items[name]
    if routing.is_shut(item.queue, item.first):
        return
    plain = routing.index.wanted(name)
    if item.first == "customer":
        if may_dial(view, name, plain):
            yield dialing(view, name, at_us)
        return
    order = routing.rules.step(item).order
    ranked = _led(view, name, plain, order) or _ranked(view, name, plain, order)
    if not ranked and routing.rules.interrupted and item.consult_on is None:  # nothing is put aside for a consult
        ranked = _ranked(view, name, routing.index.by_putting_aside(plain), order)
    if ranked:
        yield _offer(view, name, item, plain, ranked, at_us)


def _led(view: View, name: str, wanted: Requirement, order: Order) -> list[Entry]:
    """First the agent who talks with the customer about the same case, or did until now, if they can take this."""
    lead, item = asked_first(view, name), view.routing.items[name]
    if lead is None or item.consult_on is not None or lead in item.excluded or lead in item.ringing:
        return []
    if not view.routing.index.has_room(lead, wanted):
        return []
    others = [entry for entry in _ranked(view, name, wanted, order) if entry[-1] != lead]
    return [_key(view, name, wanted, order, lead), *others[:_RUNNERS_UP]]


def _key(view: View, name: str, wanted: Requirement, order: Order, agent: str) -> Entry:
    """An agent by all that the order compares."""
    routing = view.routing
    item, placed = routing.items[name], routing.index.of_agent[agent]
    rate = routing.rules.scorer(name, item, wanted)
    scores, known = rate(agent, routing.benches[agent]), whom_they_know(view, item, order)
    return order.full(placed.profile, wanted, placed.keys[order.own], scores, known)


def whom_they_know(view: View, item: Item, order: Order) -> str | None:
    """Whom the customer of what waits knows, if the order asks: whom it is for, else who last took one of theirs."""
    if not order.asks_known:
        return None
    return item.agent or view.known.agent_of(view.identity.group(item.customer))


def fill_ring(view: View, name: str, at_us: int) -> Iterator[e.Event]:
    """Offer an interaction that rings to the best of those who can take it, until it rings as many as it is to."""
    item, before = view.routing.items[name], -1
    while view.routing.wants_more(item) and view.position != before:
        before = view.position
        yield from offer_best_agent(view, name, at_us)


def _ranked(view: View, name: str, wanted: Requirement, order: Order) -> list[Entry]:
    """The first of those who can take an interaction, and the next five; nobody is next where chance decides."""
    index, item = view.routing.index, view.routing.items[name]
    if order.each:
        return _scored(view, name, wanted, order)
    best = index.best_agents(wanted, order)
    if order.draws:
        best = index.draw(wanted, order, partial(_drawn, view, name))
    known = whom_they_know(view, item, order)
    if known is not None:
        best = index.with_known(best, wanted, order, known)
    if item.excluded or item.ringing:
        best = (entry for entry in best if entry[-1] not in item.excluded and entry[-1] not in item.ringing)
    return list(islice(best, 1 if order.draws else _RUNNERS_UP + 1))


def _scored(view: View, name: str, wanted: Requirement, order: Order) -> list[Entry]:
    """As `_ranked`, where each agent who fits must be asked for: nothing is known of a score before."""
    routing = view.routing
    item, rate = routing.items[name], routing.rules.scorer(name, routing.items[name], wanted)
    known = whom_they_know(view, item, order)
    keys = [
        order.full(profile, wanted, entry, rate(entry[-1], routing.benches[entry[-1]]), known)
        for profile, entry in routing.index.who_fits(wanted, order)
        if entry[-1] not in item.excluded and entry[-1] not in item.ringing
    ]
    if not order.draws:
        return nsmallest(_RUNNERS_UP + 1, keys)
    best = min([key[:-1] for key in keys], default=())
    equals = sorted(key for key in keys if key[:-1] == best)
    return [equals[_drawn(view, name, len(equals), 0)]] if equals else []


def _drawn(view: View, name: str, total: int, number: int) -> int:
    return view.draw(total, "agent", name, view.routing.next_token(), number)


def offer_best_items(
    view: View, agent: str, at_us: int, *, before: str | None = None, rings: bool = True
) -> Iterator[e.Event]:
    """Offer an agent what is most urgent, again and again while they have room.

    What they had put aside goes first; what rings others already goes last, after all that waits, and not at
    all if `rings` is false. Nothing is offered that is not more urgent than `before`, if that is stated.
    """
    routing, dialled = view.routing, 0
    while True:
        best = best_item(view, agent, at_us, dials=dialled < _DIALLED_AT_ONCE)
        aside = routing.put_aside(agent)
        if aside is not None and (best is None or not _interrupts(view, best[1], aside)):
            yield e.InteractionResumed(aside, routing.items[aside].customer, agent)
            continue
        if best is None and rings:
            best = best_item(view, agent, at_us, rings=True)
        if best is None or best[1] == before:
            return
        wanted, name = best
        if wanted.apart == "customer":
            yield dialing(view, name, at_us)
            dialled += 1
            continue
        item = routing.items[name]
        key = _key(view, name, wanted, routing.rules.step(item).order, agent)
        yield _offer(view, name, item, wanted, [key], at_us)


def _interrupts(view: View, name: str, other: str) -> bool:
    items = view.routing.items
    return items[other].channel in view.plan.channels[items[name].channel].interrupts


def best_item(
    view: View, agent: str, at_us: int, *, rings: bool = False, dials: bool = True
) -> tuple[Requirement, str] | None:
    """The most urgent over the buckets this agent can serve and has room for. Compares heads only.

    First those of each queue by its own rule, then those of all queues by how long they have waited. Customers who are
    to be called first count as long as their turn has come, and not at all unless `dials`.
    """
    routing = view.routing
    items, rules = routing.items, routing.rules
    heads: list[tuple[Rank, Requirement]] = []
    for bucket in routing.index.open_to(agent, rings=rings):
        if rings or bucket.excluding:
            rank = _head(bucket.ringing if rings else bucket.waiting, agent, items)
        else:
            rank = bucket.waiting.first()
        if rank is None or (bucket.dials and not (dials and may_dial(view, rank[-1], bucket.wanted))):
            continue
        heads.append((rank, bucket.wanted))
    if not heads:
        return None
    if rules.is_even or len(heads) == 1:
        rank, wanted = min(heads)  # no two ranks are equal
        return wanted, rank[-1]
    of_queue: dict[str, tuple[Rank, Requirement]] = {}
    for head in heads:
        queue = head[1].queue
        if queue not in of_queue or head < of_queue[queue]:
            of_queue[queue] = head
    profile = routing.index.of_agent[agent].profile
    *_, name, wanted = min(
        (*rules.urgency(wanted, rank, rules.queues[wanted.queue].level(profile, wanted), at_us), wanted)
        for rank, wanted in of_queue.values()
    )
    return wanted, name


def _head(ranks: Iterable[Rank], agent: str, items: Mapping[str, Item]) -> Rank | None:
    """The first that neither excludes an agent nor rings at them."""
    for rank in ranks:
        item = items[rank[-1]]
        if agent not in item.excluded and agent not in item.ringing:
            return rank
    return None


def _offer(view: View, name: str, item: Item, wanted: Requirement, ranked: list[Entry], at_us: int) -> e.Event:
    if item.consult_on is not None:
        return asked(view, name, item, ranked, failing(view, item, wanted), at_us)
    channel = view.plan.channels[item.channel]
    winner, *others = ranked
    token, room = view.routing.next_token(), view.routing.index.of_agent[winner[-1]].room
    return e.OfferMade(
        f"of{token}",
        name,
        item.customer,
        winner[-1],
        item.queue,
        item.channel,
        token,
        channel.weight_percent,
        at_us + microseconds(channel.answer_within),
        list(winner),
        [list(entry) for entry in others],
        failing(view, item, wanted),
        list(view.routing.rules.labels[item.queue]),
        list(view.routing.rules.step(item).order.names),
        winner[-1] == lead_for(view, name),
        view.routing.rules.goes_beyond(item, room),
    )


def failing(view: View, item: Item, wanted: Requirement) -> dict[str, int]:
    """Condition -> number of agents who fail it first, of all who are signed in and take work.

    `skills` lack the team or a skill, `rate_limited` rest, or have been offered as much as they may be for now,
    `saturated` have no room on the channel, `excluded` declined or missed it, and it rings at those who are `asked`
    already and would have room for more. Who would have room and is `barred` takes part in what the consult is about;
    who would and is `unmoved` has yet to be placed after a change of plan.
    """
    index = view.routing.index
    able, limited, free = index.tally(wanted, LIMITED)
    counts = {
        "skills": len(index.at_work) - able,
        "rate_limited": limited,
        "saturated": able - limited - free,
    }
    if item.excluded:
        counts["excluded"] = sum(index.is_free(agent, wanted) for agent in item.excluded if agent not in item.barred)
        counts["barred"] = sum(index.is_free(agent, wanted) for agent in item.barred)
    if item.ringing:
        counts["asked"] = sum(index.is_free(agent, wanted) for agent in item.ringing)
    if index.unmoved:
        before = [
            agent not in index.of_agent and index.is_free(agent, wanted) for agent in {**item.excluded, **item.ringing}
        ]
        counts["unmoved"] = free - index.ready(wanted) - sum(before)
    return {condition: count for condition, count in counts.items() if count}
