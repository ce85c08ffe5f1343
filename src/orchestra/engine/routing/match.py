"""The match itself: the best agent for an interaction, and the best interaction for an agent."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge

from orchestra.engine.routing.state import Bench, Bucket, Idle, Item, Pool, Rank
from orchestra.engine.view import View
from orchestra.model import events as e
from orchestra.model.structure import microseconds

__all__ = ["failing", "offer_best_agent", "offer_best_items"]

_RUNNERS_UP = 5


def offer_best_agent(view: View, name: str, at_us: int) -> Iterator[e.Event]:
    """Offer a waiting interaction to the agent idle longest among those who can take it, if there is one."""
    routing = view.routing
    item = routing.items[name]
    bucket = routing.bucket_of(item)
    ranked = list(_ranked_agents(bucket, item))
    if ranked:
        yield _offer(view, name, item, bucket, ranked, at_us)


def _ranked_agents(bucket: Bucket, item: Item) -> Iterator[Idle]:
    """The first agents who can take the item, idle longest first: the winner and the runners-up."""
    idle = [pool.idle[item.channel] for pool in bucket.pools if pool.idle.get(item.channel)]
    if not idle:
        return
    candidates = merge(*idle) if len(idle) > 1 else iter(idle[0])
    left = _RUNNERS_UP + 1
    for entry in candidates:
        if entry[-1] in item.excluded:
            continue
        yield entry
        left -= 1
        if not left:
            return


def offer_best_items(view: View, agent: str, at_us: int) -> Iterator[e.Event]:
    """Offer an agent what has waited longest, again and again while they have room."""
    routing = view.routing
    while True:
        bench = routing.benches.get(agent)
        if bench is None or not bench.takes_work:
            return
        best = _best_item(view, agent, bench)
        if best is None:
            return
        item = routing.items[best[2]]
        bucket = routing.bucket_of(item)
        ranked = [routing.idle_key(agent, bench)]
        yield _offer(view, best[2], item, bucket, ranked, at_us)


def _best_item(view: View, agent: str, bench: Bench) -> Rank | None:
    """The least rank over the buckets this agent can serve and has room for. Compares heads only."""
    routing, channels = view.routing, view.plan.channels
    best: Rank | None = None
    room: dict[str, bool] = {}
    for bucket in routing.pool_of(bench).buckets:
        if not bucket.waiting:
            continue
        channel = bucket.channel
        if channel not in room:
            room[channel] = routing.has_room(bench, channel, channels[channel])
        if not room[channel]:
            continue
        head = _first_open(view, bucket, agent)
        if head is not None and (best is None or head < best):
            best = head
    return best


def _first_open(view: View, bucket: Bucket, agent: str) -> Rank | None:
    for rank in bucket.waiting:
        if agent not in view.routing.items[rank[2]].excluded:
            return rank
    return None


def _offer(view: View, name: str, item: Item, bucket: Bucket, ranked: list[Idle], at_us: int) -> e.OfferMade:
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
        failing(view, item, bucket),
    )


def failing(view: View, item: Item, bucket: Bucket) -> dict[str, int]:
    """Condition -> number of agents who fail it first, of all who are signed in and take work.

    `skills` lack the team or a skill, `excluded` declined or missed it, `saturated` have no room on the channel.
    """
    able = sum(len(pool.taking) for pool in bucket.pools)
    with_room = sum(len(pool.idle.get(item.channel, ())) for pool in bucket.pools)
    excluded = sum(1 for agent in item.excluded if _has_room_among(bucket.pools, agent, view, item))
    counts = {
        "skills": view.routing.taking - able,
        "saturated": able - with_room,
        "excluded": excluded,
    }
    return {condition: count for condition, count in counts.items() if count}


def _has_room_among(pools: list[Pool], agent: str, view: View, item: Item) -> bool:
    bench = view.routing.benches.get(agent)
    if bench is None or not bench.takes_work or view.routing.pool_of(bench) not in pools:
        return False
    return view.routing.has_room(bench, item.channel, view.plan.channels[item.channel])
