"""Waiting interactions, offers, and agents' capacity as they stand, indexed so that a match never scans.

Items wait in buckets of equal (queue, channel, required skills); agents idle in pools of equal (teams, skills). Which
pools can serve which bucket is worked out once, when a bucket or pool is new. A decision then compares heads.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import attrs

from orchestra.engine.lifecycle import OFFER
from orchestra.engine.ordered import Ordered
from orchestra.engine.section import SLICE_PAUSE_US, Evolve, Slice
from orchestra.model import events as e
from orchestra.model.definitions import Channel

__all__ = [
    "EVOLVE",
    "EXHAUSTED",
    "MOST_IN_HAND",
    "OFFER_TIMEOUT",
    "RETRY",
    "SWEEP",
    "Bench",
    "Bucket",
    "BucketKey",
    "Idle",
    "Item",
    "Offer",
    "Pool",
    "PoolKey",
    "Rank",
    "Routing",
]

OFFER_TIMEOUT = "routing.offer"
"""Timer of a pending offer."""
EXHAUSTED = "routing.exhausted"
"""Timer, due at once, of an interaction that only those can still take who declined or missed it."""
RETRY = "routing.retry"
"""Timer of an interaction that everybody declined."""
SWEEP = "routing.sweep"
"""Timer of the walk over the agents after a plan change."""

Idle = tuple[int, int, str]
"""(1 if anything is in hand else 0, since when, agent), least first: who is offered work next."""
Rank = tuple[int, int, str]
"""(start less priority, order, interaction), least first: who is served next."""
BucketKey = tuple[str, str, tuple[tuple[str, int], ...]]
PoolKey = tuple[tuple[str, ...], tuple[tuple[str, int], ...]]

MOST_IN_HAND = 150
"""Most interactions that one agent has at once, whatever the budget, so that their all ending fits one batch."""

_MINUTE_US = 60_000_000


@attrs.define
class Item:
    """A routed interaction. `held_by` is the agent whose capacity it takes; `offers` are its offers, newest last."""

    customer: str
    channel: str
    queue: str = ""
    skills: dict[str, int] = attrs.field(factory=dict)
    priority: int = 0
    start_us: int = 0
    order: int = 0
    state: str = "NEW"
    held_by: str | None = None
    weight_percent: int = 0
    excluded: dict[str, int] = attrs.field(factory=dict)
    offers: list[str] = attrs.field(factory=list)


@attrs.define
class Offer:
    """An offer, kept as long as its interaction is not over."""

    interaction: str
    agent: str
    token: int
    deadline_us: int
    state: str = OFFER.initial


@attrs.define
class Bench:
    """An agent as routing sees them: what they can do, what they have, and since when that has not changed."""

    teams: list[str]
    skills: dict[str, int]
    capacity_percent: int
    takes_work: bool = False
    used_percent: int = 0
    counts: dict[str, int] = attrs.field(factory=dict)
    idle_since_us: int = 0


class Bucket:
    """Items that wait for the same thing, by rank; those that exclude somebody; and the pools that can serve them."""

    __slots__ = ("channel", "excluding", "pools", "queue", "skills", "team", "waiting")

    def __init__(self, key: BucketKey, team: str) -> None:
        self.queue, self.channel, self.skills = key
        self.team = team
        self.waiting: Ordered[Rank] = Ordered()
        self.excluding: dict[str, int] = {}
        self.pools: list[Pool] = []


class Pool:
    """Agents of one profile: how many take work, who is idle per channel, and the buckets they can serve."""

    __slots__ = ("buckets", "idle", "skills", "taking", "teams")

    def __init__(self, key: PoolKey) -> None:
        self.teams = frozenset(key[0])
        self.skills = dict(key[1])
        self.taking: set[str] = set()
        self.idle: dict[str, Ordered[Idle]] = {}
        self.buckets: list[Bucket] = []

    def serves(self, bucket: Bucket) -> bool:
        """Whether these agents may be offered what waits there."""
        return bucket.team in self.teams and all(self.skills.get(skill, 0) >= level for skill, level in bucket.skills)


class Routing(Slice):
    """Items by interaction, offers by id, benches by agent; `pace` is queue -> [last accept, smoothed interval]."""

    TABLES: ClassVar = {
        "items": Item,
        "offers": Offer,
        "benches": Bench,
        "to_sweep": None,
        "pace": None,
        "counts": None,
    }

    items: dict[str, Item]
    offers: dict[str, Offer]
    benches: dict[str, Bench]
    to_sweep: dict[str, int]
    pace: dict[str, list[int]]
    counts: dict[str, int]

    def reindex(self) -> None:
        """Rebuild buckets, pools and what each agent has in hand."""
        self.buckets: dict[BucketKey, Bucket] = {}
        self.buckets_of_queue: dict[str, list[Bucket]] = {}
        self.pools: dict[PoolKey, Pool] = {}
        self.in_hand: dict[str, dict[str, int]] = {}
        self.taking = 0
        for name, item in sorted(self.items.items()):
            if item.held_by is not None:
                self.in_hand.setdefault(item.held_by, {})[name] = 1
            if item.state == "WAITING":
                self._wait(name, item)
        for name, bench in sorted(self.benches.items()):
            self._enter(name, bench)

    # Keys and look-ups

    def rank(self, name: str, item: Item) -> Rank:
        """The item's rank among all that wait; ageing at one slope never changes it."""
        return item.start_us - item.priority * _MINUTE_US, item.order, name

    def bucket_of(self, item: Item) -> Bucket:
        """The bucket of an item, made if there is none."""
        key = (item.queue, item.channel, tuple(sorted(item.skills.items())))
        bucket = self.buckets.get(key)
        if bucket is None:
            bucket = self.buckets[key] = Bucket(key, self.plan.queues[item.queue].team)
            self.buckets_of_queue.setdefault(item.queue, []).append(bucket)
            bucket.pools = [pool for pool in self.pools.values() if pool.serves(bucket)]
            for pool in bucket.pools:
                pool.buckets.append(bucket)
        return bucket

    def pool_of(self, bench: Bench) -> Pool:
        """The pool of an agent, made if there is none."""
        key = (tuple(sorted(bench.teams)), tuple(sorted(bench.skills.items())))
        pool = self.pools.get(key)
        if pool is None:
            pool = self.pools[key] = Pool(key)
            pool.buckets = [bucket for bucket in self.buckets.values() if pool.serves(bucket)]
            for bucket in pool.buckets:
                bucket.pools.append(pool)
        return pool

    @staticmethod
    def idle_key(name: str, bench: Bench) -> Idle:
        """The agent's place among all who are free: whoever has nothing in hand first, then longest unchanged."""
        return int(bool(bench.counts)), bench.idle_since_us, name

    def next_token(self) -> int:
        """The token of the next offer; tokens only rise."""
        return self.counts.get("offer", 0) + 1

    def next_order(self) -> int:
        """Place of arrival of the next item that queues for the first time."""
        return self.counts.get("order", 0) + 1

    @staticmethod
    def has_room(bench: Bench, name: str, channel: Channel) -> bool:
        """Whether the agent's budget and the channel's limit leave room for one more."""
        if bench.used_percent + channel.weight_percent > bench.capacity_percent:
            return False
        if sum(bench.counts.values()) >= MOST_IN_HAND:
            return False
        return channel.limit is None or bench.counts.get(name, 0) < channel.limit

    # Index of waiting items

    def _wait(self, name: str, item: Item) -> None:
        bucket = self.bucket_of(item)
        bucket.waiting.add(self.rank(name, item))
        if item.excluded:
            bucket.excluding[name] = 1

    def _unwait(self, name: str, item: Item) -> None:
        bucket = self.bucket_of(item)
        bucket.waiting.remove(self.rank(name, item))
        bucket.excluding.pop(name, None)
        self.timers.cancel(EXHAUSTED, name)
        self.timers.cancel(RETRY, name)

    def is_exhausted(self, item: Item) -> bool:
        """Whether somebody declined or missed the item, and nobody else who takes work could serve it, busy or not."""
        if not item.excluded:
            return False
        pools = self.bucket_of(item).pools
        able = sum(len(pool.taking) for pool in pools)
        return able == sum(1 for agent in item.excluded if any(agent in pool.taking for pool in pools))

    def _fewer_serve(self, buckets: Iterable[Bucket], at_us: int) -> None:
        """Somebody no longer takes work from these buckets: see for which items that was the last who could."""
        for bucket in buckets:
            for name in bucket.excluding:
                if self.timers.get(RETRY, name) is None and self.is_exhausted(self.items[name]):
                    self.timers.set(EXHAUSTED, name, at_us)

    # Index of idle agents: every change of a bench leaves it first and enters it again after

    def _leave(self, name: str, bench: Bench) -> None:
        pool, entry = self.pool_of(bench), self.idle_key(name, bench)
        if bench.takes_work:
            pool.taking.discard(name)
            self.taking -= 1
        for channel, definition in self.plan.channels.items():
            if bench.takes_work and self.has_room(bench, channel, definition):
                pool.idle[channel].remove(entry)

    def _enter(self, name: str, bench: Bench) -> None:
        if not bench.takes_work:
            return
        pool, entry = self.pool_of(bench), self.idle_key(name, bench)
        pool.taking.add(name)
        self.taking += 1
        for channel, definition in self.plan.channels.items():
            if self.has_room(bench, channel, definition):
                pool.idle.setdefault(channel, Ordered()).add(entry)

    def _set_takes_work(self, name: str, takes_work: bool, at_us: int) -> None:
        bench = self.benches[name]
        if bench.takes_work is takes_work:
            return
        self._leave(name, bench)
        bench.takes_work = takes_work
        if takes_work:
            bench.idle_since_us = at_us
            self._enter(name, bench)
        else:
            self._fewer_serve(self.pool_of(bench).buckets, at_us)

    # Agents

    def plan_changed(self, event: e.PlanChanged, at_us: int) -> None:
        """Index everything under the new plan, and begin to offer again what now fits."""
        self.reindex()
        self._fewer_serve(self.buckets.values(), at_us)
        self.to_sweep = {name: 1 for name in sorted(self.benches) if self.benches[name].takes_work}
        if self.to_sweep:
            self.timers.set(SWEEP, "", at_us)

    def swept(self, event: e.RoutingSwept, at_us: int) -> None:
        """These agents have been asked."""
        for agent in event.agents:
            del self.to_sweep[agent]
        if self.to_sweep:
            self.timers.set(SWEEP, "", at_us + SLICE_PAUSE_US)
        else:
            self.timers.cancel(SWEEP, "")

    def agent_defined(self, event: e.AgentDefined, at_us: int) -> None:
        """The agent can do other things, or other amounts."""
        bench = self.benches.get(event.agent)
        if bench is None:
            self.benches[event.agent] = Bench(event.teams, event.skills, event.capacity_percent)
            return
        self._leave(event.agent, bench)
        served = self.pool_of(bench).buckets
        bench.teams, bench.skills, bench.capacity_percent = event.teams, event.skills, event.capacity_percent
        self._enter(event.agent, bench)
        self._fewer_serve(served, at_us)

    def agent_removed(self, event: e.AgentRemoved, at_us: int) -> None:
        """Forget the agent."""
        del self.benches[event.agent]  # who is removed has signed out, so nobody's place changes

    def signed_in(self, event: e.AgentSignedIn, at_us: int) -> None:
        """The agent may be offered work, unless away."""
        if event.takes_work:
            self._set_takes_work(event.agent, True, at_us)

    def came_back(self, event: e.AgentAvailable | e.DeviceReturned, at_us: int) -> None:
        """The agent may be offered work again, if they both are available and answer."""
        if event.takes_work:
            self._set_takes_work(event.agent, True, at_us)

    def left(self, event: e.AgentSignedOut | e.AgentWentAway | e.AgentLost, at_us: int) -> None:
        """The agent may not be offered work."""
        self._set_takes_work(event.agent, False, at_us)

    def device_lost(self, event: e.DeviceLost, at_us: int) -> None:
        """Without any device the agent may not be offered work."""
        if event.grace_until_us is not None:
            self._set_takes_work(event.agent, False, at_us)

    # Items

    def queued(self, event: e.InteractionQueued, at_us: int) -> None:
        """The interaction waits, and takes nobody's capacity."""
        item = self.items.get(event.interaction)
        if item is None:
            item = self.items[event.interaction] = Item(event.customer, event.channel)
            self.counts["order"] = event.order
        else:
            self._release(event.interaction, item, at_us)
        item.queue, item.skills, item.priority = event.queue, event.skills, event.priority
        item.start_us, item.order, item.state = event.start_us, event.order, "WAITING"
        self._wait(event.interaction, item)

    def transferred(self, event: e.InteractionTransferred, at_us: int) -> None:
        """Whoever handed it over does not get it back at once."""
        item = self.items[event.interaction]
        item.excluded = {event.agent: 1}  # whoever hands it over does not get it back at once

    def made(self, event: e.OfferMade, at_us: int) -> None:
        """Hold the agent's capacity until the offer ends."""
        self.counts["offer"] = event.token
        item = self.items[event.interaction]
        self._unwait(event.interaction, item)
        item.state = "OFFERED"
        item.offers.append(event.offer)
        self.offers[event.offer] = Offer(event.interaction, event.agent, event.token, event.deadline_us)
        self._hold(event.interaction, item, event.agent, event.weight_percent, at_us)
        self.timers.set(OFFER_TIMEOUT, event.offer, event.deadline_us)

    def accepted(self, event: e.OfferAccepted, at_us: int) -> None:
        """The agent keeps the capacity for it; nobody is excluded any more."""
        self.offers[event.offer].state = "ACCEPTED"
        item = self.items[event.interaction]
        item.state = "TAKEN"
        self._smooth(item.queue, at_us)
        item.excluded = {}
        self.timers.cancel(OFFER_TIMEOUT, event.offer)

    def _smooth(self, queue: str, at_us: int) -> None:
        """Follow the pace of the queue: an exponentially weighted mean of the time between accepts, weight 1/8."""
        last_us, interval_us = self.pace.get(queue, [at_us, 0])
        passed_us = at_us - last_us
        smoothed_us = (7 * interval_us + passed_us) // 8 if interval_us else passed_us
        self.pace[queue] = [at_us, smoothed_us]

    def place(self, name: str) -> tuple[int, int | None] | None:
        """How many of its queue go before a waiting interaction, and its estimated wait; None if it does not wait.

        The wait is (position + 1) times the smoothed time between accepts, microseconds; None while there is no pace.
        """
        item = self.items.get(name)
        if item is None or item.state != "WAITING":
            return None
        rank = self.rank(name, item)
        position = sum(bucket.waiting.position(rank) for bucket in self.buckets_of_queue[item.queue])
        interval_us = self.pace.get(item.queue, [0, 0])[1]
        return position, (position + 1) * interval_us if interval_us else None

    def ended(self, event: e.OfferEnded, at_us: int) -> None:
        """Give the capacity back; whoever declined or missed it is excluded."""
        self.timers.cancel(OFFER_TIMEOUT, event.offer)
        item = self.items[event.interaction]
        self.offers[event.offer].state = event.outcome
        self._release(event.interaction, item, at_us)
        if event.outcome in ("DECLINED", "TIMED_OUT"):
            item.excluded[event.agent] = 1

    def retried(self, event: e.RoutingRetried, at_us: int) -> None:
        """Nobody is excluded any more."""
        item = self.items[event.interaction]
        item.excluded = {}
        self.bucket_of(item).excluding.pop(event.interaction, None)
        self.timers.cancel(RETRY, event.interaction)

    def exhausted(self, event: e.RoutingExhausted, at_us: int) -> None:
        """Everybody is asked again later."""
        self.timers.cancel(EXHAUSTED, event.interaction)
        self.timers.set(RETRY, event.interaction, event.retry_us)

    def over(self, event: e.InteractionDone | e.InteractionAbandoned | e.InteractionCanceled, at_us: int) -> None:
        """Forget the interaction and its offers, and give the capacity back."""
        item = self.items.pop(event.interaction)
        if item.state == "WAITING":
            self._unwait(event.interaction, item)
        self._release(event.interaction, item, at_us)
        for offer in item.offers:
            self.timers.cancel(OFFER_TIMEOUT, offer)
            del self.offers[offer]

    # Capacity

    def _hold(self, name: str, item: Item, agent: str, weight_percent: int, at_us: int) -> None:
        bench = self.benches[agent]
        self._leave(agent, bench)
        item.held_by, item.weight_percent = agent, weight_percent
        bench.used_percent += weight_percent
        bench.idle_since_us = at_us
        bench.counts[item.channel] = bench.counts.get(item.channel, 0) + 1
        self.in_hand.setdefault(agent, {})[name] = 1
        self._enter(agent, bench)

    def _release(self, name: str, item: Item, at_us: int) -> None:
        agent, item.held_by = item.held_by, None
        if agent is None:
            return
        in_hand = self.in_hand[agent]
        del in_hand[name]
        if not in_hand:
            del self.in_hand[agent]
        bench = self.benches.get(agent)
        if bench is None:
            return
        self._leave(agent, bench)
        bench.used_percent -= item.weight_percent
        bench.counts[item.channel] -= 1
        if not bench.counts[item.channel]:
            del bench.counts[item.channel]
        bench.idle_since_us = at_us
        self._enter(agent, bench)


EVOLVE: dict[type[e.Event], Evolve] = {
    e.PlanChanged: Routing.plan_changed,
    e.RoutingSwept: Routing.swept,
    e.AgentDefined: Routing.agent_defined,
    e.AgentRemoved: Routing.agent_removed,
    e.AgentSignedIn: Routing.signed_in,
    e.AgentAvailable: Routing.came_back,
    e.DeviceReturned: Routing.came_back,
    e.AgentSignedOut: Routing.left,
    e.AgentWentAway: Routing.left,
    e.AgentLost: Routing.left,
    e.DeviceLost: Routing.device_lost,
    e.InteractionQueued: Routing.queued,
    e.InteractionTransferred: Routing.transferred,
    e.OfferMade: Routing.made,
    e.OfferAccepted: Routing.accepted,
    e.OfferEnded: Routing.ended,
    e.RoutingRetried: Routing.retried,
    e.RoutingExhausted: Routing.exhausted,
    e.InteractionDone: Routing.over,
    e.InteractionAbandoned: Routing.over,
    e.InteractionCanceled: Routing.over,
}
