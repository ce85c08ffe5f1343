"""Waiting interactions, offers, and agents' capacity as they stand; the index follows them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, ClassVar

from orchestra.engine.routing.index import Index
from orchestra.engine.routing.left import LeftPlaces
from orchestra.engine.routing.limits import note_work, regard
from orchestra.engine.routing.pace import Pace
from orchestra.engine.routing.pending import Pending
from orchestra.engine.routing.rows import (
    ASK,
    CLOCKS,
    EXHAUSTED,
    PARK,
    REST,
    RETRY,
    RING,
    SILENCE,
    SWEEP,
    Bench,
    Item,
    Load,
    Offer,
    Since,
    one_less,
)
from orchestra.engine.routing.rules import Rules
from orchestra.engine.routing.seats import Seats
from orchestra.engine.routing.sides import Bucket, Profile, Rank, Requirement
from orchestra.engine.routing.standing import Standing
from orchestra.engine.section import Slice
from orchestra.model.structure import microseconds

__all__ = ["Routing"]


_WAITING = (EXHAUSTED, RETRY, *CLOCKS)
"""Timers of what waits."""


class Routing(Slice):
    """Items by interaction or consult, offers by id, benches by agent.

    `to_sweep` and `to_ask` are sets of agents who are yet to be offered what they can take, after a change of plan and
    after the end of a ring. `left` is customer and queue -> [began to wait, arrival, kept until]: the place of
    a live contact that was given up. `closed` is the set of queues that are. `pace` is that of `Pace`, `editions` that
    of `Standing`. `to_move` is the set of queues in which something may be behind, and `to_seat` that of `Seats`.
    """

    TABLES: ClassVar = {
        "items": Item,
        "offers": Offer,
        "benches": Bench,
        "to_sweep": None,
        "left": None,
        "closed": None,
        "to_ask": None,
        "pace": None,
        "counts": None,
        "editions": None,
        "to_move": None,
        "to_seat": None,
    }

    items: dict[str, Item]
    offers: dict[str, Offer]
    benches: dict[str, Bench]
    to_sweep: dict[str, int]
    left: dict[str, list[int]]
    closed: dict[str, int]
    to_ask: dict[str, int]
    pace: dict[str, list[int]]
    counts: dict[str, int]
    editions: dict[str, int]
    to_move: dict[str, int]
    to_seat: dict[str, dict[str, Any]]

    def reindex(self) -> None:
        """Compile the plan's rules, and rebuild the index, what each agent has in hand and what rings in each queue."""
        self.rules = Rules(self.plan, self.plans.rating)
        self.index = Index()
        for queue in self.closed:
            self.index.shut(queue, for_all=self.is_shut(queue))
        self.dialing: dict[str, int] = {}
        self.to_dial: dict[str, int] = {}
        self.places = LeftPlaces(self.left)
        self.paces = Pace(self.pace)
        self.sweeping, self.asking, self.moving = Pending(self.to_sweep), Pending(self.to_ask), Pending(self.to_move)
        self.standing = Standing(self.editions)
        self.in_hand: dict[str, dict[str, int]] = {}
        self.consult_on = {item.consult_on: name for name, item in self.items.items() if item.consult_on}
        items = sorted(self.items.items())
        self._reindex_behind([(name, item) for name, item in items if self.standing.is_behind(item)])
        for name, item in items:
            for agent in (*item.ringing, *([item.held_by] if item.held_by is not None else [])):
                self.in_hand.setdefault(agent, {})[name] = 1
            if item.state == "DIALING":
                self.dialing[item.queue] = self.dialing.get(item.queue, 0) + 1
            elif self.standing.is_behind(item):
                continue
            elif item.state == "WAITING":
                self.wait(name, item)
            else:
                self.settle(name, item)
        self.seats = Seats(self.to_seat, self.rules.capacity)
        self.index.unmoved = self.seats.unmoved
        for name, bench in sorted(self.benches.items()):
            self.seat(name, bench)

    def _reindex_behind(self, items: Iterable[tuple[str, Item]]) -> None:
        """Enter what is behind, each by its own rank: what it waited for by rules of before is of no account."""
        for name, item in items:
            if item.state == "WAITING":
                assert item.rank is not None
                item.rank = (item.rank[0], item.rank[1], item.rank[2], name)  # read from JSON it was a list
                self._enter(name, item, item.rank)
            elif item.ringing:
                self.standing.enter(name, item)
        for queue in self.to_move:
            self.index.leave_behind(queue)

    def next_token(self) -> int:
        """The token of the next offer; tokens only rise."""
        return self.counts.get("offer", 0) + 1

    def next_order(self) -> int:
        """Place of arrival of the next item that queues for the first time."""
        return self.counts.get("order", 0) + 1

    def is_shut(self, queue: str, first: str | None = None) -> bool:
        """Whether nothing is offered from a queue, because it is closed; or no callback, if one is asked about."""
        return queue in self.closed and (first is not None or self.plan.queues[queue].when_closed != "finish")

    def leave(self, item: Item, at_us: int) -> None:
        """Keep the place of a contact that was given up for a while."""
        channel = self.plan.channels[item.channel]
        if channel.live and channel.resume_within:
            until_us = at_us + microseconds(channel.resume_within)
            self.places.keep(item.customer, item.queue, (item.start_us, item.order), at_us, until_us)

    # The index follows

    def wait(self, name: str, item: Item) -> None:
        """Enter an item that waits."""
        item.edition, item.rank = self.standing.edition(item.queue), self.rules.rank(name, item)
        self._enter(name, item, item.rank)

    def _enter(self, name: str, item: Item, rank: Rank) -> None:
        self.index.wait(name, self.rules.wanted(item), rank)
        if item.first == "customer":
            self.to_dial[item.queue] = self.to_dial.get(item.queue, 0) + 1
        if item.excluded:
            self.index.exclude(name)

    def again(self, name: str, item: Item) -> None:
        """Enter a waiting item anew, since what it waits for has changed."""
        self._leave_index(name, item)
        self.wait(name, item)

    def _leave_index(self, name: str, item: Item) -> None:
        self.index.unwait(name)
        item.rank = None
        if item.first == "customer":
            one_less(self.to_dial, item.queue)

    def dial(self, name: str, item: Item) -> None:
        """The customer of a callback that waited is called."""
        self.unwait(name, item)
        item.state = "DIALING"
        self.dialing[item.queue] = self.dialing.get(item.queue, 0) + 1

    def arm(self, name: str, item: Item) -> None:
        """Set the timers of a waiting item's step, gate and age."""
        due = self.rules.due(item)
        self.timers.cancel_all(CLOCKS, name)
        for timer, due_us in due.items():
            self.timers.set(timer, name, due_us)

    def unwait(self, name: str, item: Item) -> None:
        """It waits no longer."""
        self._leave_index(name, item)
        self.timers.cancel_all(_WAITING, name)

    def wants_more(self, item: Item) -> bool:
        """Whether an item that rings is to ring more agents; not while one of them is being connected."""
        may_grow = 0 < len(item.ringing) < item.ring and not item.connecting
        return may_grow and item.state == "OFFERED" and not self.rules.is_for_one(item)

    def settle(self, name: str, item: Item) -> None:
        """Note whether an item rings; enter one that is to ring more agents, or take it out."""
        self.standing.unring(name, item)
        if item.state == "OFFERED" and item.ringing:
            self.standing.ring(name, item)
        self.index.unring(name)
        if self.wants_more(item):
            self.index.ring(name, self.rules.wanted(item), self.rules.rank(name, item))

    def arm_ring(self, name: str, item: Item, at_us: int) -> None:
        """Set the timer after which an item that rings is to ring more agents, if it is."""
        ring = self.rules.ring(item)
        if item.ring < ring.first:
            self.timers.set(RING, name, at_us)  # at once, and in a batch whose size is its own
        elif ring.every is not None and item.ring < ring.most:
            self.timers.set(RING, name, at_us + microseconds(ring.every))
        else:
            self.timers.cancel(RING, name)

    def sweep(self, agents: Iterable[str], at_us: int) -> None:
        """Offer these agents what they can take, beginning in a moment, in slices."""
        self.sweeping.add(agents)
        if self.sweeping and self.timers.get(SWEEP, "") is None:
            self.timers.set(SWEEP, "", at_us)

    def ask_later(self, agent: str, at_us: int) -> None:
        """Offer the agent what they can take in a moment: many become free at once, and one batch must not hold it."""
        self.asking.add([agent])
        self.timers.set(ASK, "", at_us)

    def seat(self, name: str, bench: Bench) -> None:
        """Enter an agent into the index as they are now, or take them out; by rules of before until they are placed."""
        if not bench.takes_work:
            self.index.remove(name)
            return
        before, rules = self.seats.of(name), self.rules
        if before is not None:
            room = before.capacity.room(bench, self._lendable(name, before.capacity.interrupted))
            self.index.place(name, bench.profile, room, (), before.agents)
            return
        room = rules.capacity.room(bench, self._lendable(name, rules.interrupted))
        self.index.place(name, bench.profile, room, rules.keys(bench) if room else ())

    def _lendable(self, agent: str, channels: Collection[str]) -> dict[str, int]:
        """Of these channels -> the weight of an agent's work there that could be put aside."""
        weights: dict[str, int] = {}
        if channels:
            for name in self.in_hand.get(agent, ()):
                item = self.items[name]
                if item.channel in channels and item.may_be_lent(agent):
                    weights[item.channel] = weights.get(item.channel, 0) + item.weight_percent
        return weights

    def lent_to(self, agent: str, offer: str) -> list[str]:
        """What an agent puts aside for what they are offered, most urgent first."""
        lent = [name for name in self.in_hand.get(agent, ()) if self.items[name].lent_to == offer]
        return sorted(lent, key=lambda name: self.rules.rank(name, self.items[name]))

    def offer_of(self, name: str, agent: str) -> str | None:
        """The offer by which an agent has an item, or is asked to take it."""
        item = self.items[name]
        return item.taken_by if item.held_by == agent else item.ringing.get(agent)

    def put_aside(self, agent: str) -> str | None:
        """The most urgent of what an agent has put aside for something that is over, if there is room for it again.

        Whoever has nothing else in hand goes on with it whatever their budget is by now; whoever is gone with nothing.
        """
        bench = self.benches.get(agent)
        if bench is None or bench.since_us is None:
            return None
        in_hand = self.in_hand.get(agent, {})
        lent = [name for name in in_hand if self.items[name].lent_to is not None]
        if not lent:
            return None
        borrowing = {self.offer_of(name, agent) for name in in_hand}
        waiting = [name for name in lent if not (self.items[name].is_wrapping or self.items[name].lent_to in borrowing)]
        if bench.used_percent:
            spare = bench.budget_percent - bench.used_percent
            waiting = [name for name in waiting if self.items[name].weight_percent <= spare]
        return min(waiting, key=lambda name: self.rules.rank(name, self.items[name]), default=None)

    def lend(self, agent: str, offer: str, channels: Sequence[str]) -> bool:
        """Put aside the least urgent of an agent's work on these channels, as much as the budget lacks, if anything."""
        bench, lent = self.benches[agent], False
        names = [name for name in self.in_hand[agent] if self.items[name].channel in channels]
        for name in sorted(names, key=lambda name: self.rules.rank(name, self.items[name]), reverse=True):
            if bench.used_percent <= bench.budget_percent:
                break
            item = self.items[name]
            if item.may_be_lent(agent):
                item.lent_to, lent = offer, True
                bench.used_percent -= item.weight_percent
        return lent

    def take_back(self, name: str, agent: str) -> None:
        """What was put aside takes its agent's capacity again, even where that exceeds the budget."""
        item = self.items[name]
        item.lent_to = None
        self.benches[agent].used_percent += item.weight_percent
        self.seat(agent, self.benches[agent])

    def is_exhausted(self, name: str, item: Item) -> bool:
        """Whether somebody declined or missed the item, and nobody else who takes work could serve it, busy or not."""
        if len(item.excluded) == len(item.barred):
            return False
        wanted = self.index.of_item[name][0].wanted
        return self.index.able(wanted) == sum(self.index.is_able(agent, wanted) for agent in item.excluded)

    def fewer_serve(self, buckets: Iterable[Bucket], at_us: int) -> None:
        """Somebody no longer takes work from these buckets: see for which items that was the last who could."""
        for bucket in buckets:
            for name in bucket.excluding:
                if self.timers.get(RETRY, name) is None and self.is_exhausted(name, self.items[name]):
                    self.timers.set(EXHAUSTED, name, at_us)

    def _profile(self, agent: str) -> Profile | None:
        placed = self.index.standing(agent)
        return None if placed is None else placed.profile

    def change(self, name: str, bench: Bench, at_us: int) -> None:
        """Place an agent whose work or abilities have changed, and look after whom they served until now."""
        profile = self._profile(name)
        self.seat(name, bench)
        if profile is not None and self._profile(name) is not profile:
            self.fewer_serve(self.index.served_excluding(name, profile), at_us)

    def limit(self, name: str, bench: Bench, at_us: int) -> None:
        """Note how much an agent may be given now, and set the timer for when that changes; to be placed anew."""
        due_us = regard(bench, self.plan.presence, at_us)
        overdue_us = self.timers.get(REST, name)
        if overdue_us is not None and overdue_us <= at_us and bench.takes_work:
            return  # it rings in a moment, and then they are offered what they may be given by now
        if due_us is not None and bench.takes_work:
            self.timers.set(REST, name, due_us)
        else:
            self.timers.cancel(REST, name)

    def look_back(self, name: str, at_us: int, taken: int = 0, talk_us: int = 0) -> None:
        """Note what an agent did, where an order of agents asks for it, and place them anew."""
        bench = self.benches.get(name)
        if bench is not None and self.rules.looks_back:
            note_work(bench, self.plan.presence, at_us, taken, talk_us)
            self.limit(name, bench, at_us)
            self.seat(name, bench)

    def set_takes_work(self, name: str, takes_work: bool, at_us: int) -> None:
        """Note whether the agent may be offered work at all."""
        bench = self.benches[name]
        if bench.takes_work is takes_work:
            return
        bench.takes_work = takes_work
        if takes_work:
            bench.idle_since_us = bench.inbound_us = at_us
            self.limit(name, bench, at_us)
        self.change(name, bench, at_us)

    def follow(self, item: Item, offer: Offer, at_us: int) -> None:
        """An offer of the item was accepted: follow the pace of its queue."""
        self.paces.accepted(item.queue, offer.made_us, self.benches[offer.agent].since_us or 0, at_us)
        within_us = microseconds(self.plan.queues[item.queue].service_level.within)
        self.paces.answered(item.queue, is_met=at_us - item.start_us <= within_us)

    def wait_us(self, wanted: Requirement, position: int, barred: Sequence[str] = ()) -> int | None:
        """The estimated wait of whoever waits for this and has so many before them; None if nothing tells.

        It is (position + 1) times the smoothed time between accepts, microseconds. Whoever comes where somebody is free
        and nobody waits does not wait. Nothing tells while nobody at work could help, or no contact of the queue is
        over yet.
        """
        index = self.index
        able = index.able(wanted) - sum(index.is_able(agent, wanted) for agent in barred)
        if not position and index.free(wanted) > sum(index.is_free(agent, wanted) for agent in barred):
            return 0 if wanted.queue in self.pace else None
        interval_us = self.paces.interval_us(wanted.queue, able * self.rules.at_once(wanted.kind)) if able else 0
        return (position + 1) * interval_us or None

    def place(self, name: str) -> tuple[int, int | None] | None:
        """How many of its queue go before a waiting interaction, and its estimated wait; None if it does not wait."""
        item = self.items.get(name)
        if item is None or item.state != "WAITING":
            return None
        position = self.index.position(name)
        return position, self.wait_us(self.wanted(name, item), position, item.barred)

    def wanted(self, name: str, item: Item) -> Requirement:
        """What a waiting item waits for by the rules that hold, also if it is behind."""
        return self.rules.wanted(item) if self.standing.is_behind(item) else self.index.wanted(name)

    def replace(self, agent: str) -> None:
        """Place an agent anew where what they could put aside has changed."""
        if (self.rules.interrupted or self.seats) and agent in self.benches:
            self.seat(agent, self.benches[agent])

    # Capacity

    def pass_on(self, name: str, item: Item, agent: str, by: str, load: Load, at_us: int) -> None:
        """Another agent, who holds the capacity for it already, has a taken item, by a consult."""
        self.release(name, item, at_us)
        item.held_by, item.taken_by, item.taken_us = agent, by, at_us
        item.weight_percent = item.full_percent = load.weight_percent
        item.labels = list(load.labels)
        self.in_hand.setdefault(agent, {})[name] = 1
        self.look_back(agent, at_us, taken=1)
        if item.is_inbound:
            self.benches[agent].inbound_us = at_us
        self.seat(agent, self.benches[agent])

    def hold(self, name: str, agent: str, load: Load, at_us: int) -> None:
        """The item takes an agent's capacity."""
        self.in_hand.setdefault(agent, {})[name] = 1
        self.occupy(agent, load, at_us)

    def occupy(self, agent: str, load: Load, at_us: int) -> None:
        """An agent is given one more piece of work to do."""
        self.benches[agent].offered_us = at_us
        self.add(agent, load, at_us)

    def add(self, agent: str, load: Load, at_us: int) -> None:
        """An agent has one more piece of work to do."""
        bench = self.benches[agent]
        bench.used_percent += load.weight_percent
        bench.idle_since_us = at_us
        if load.is_inbound:
            bench.inbound_us = at_us
        bench.counts[load.channel] = bench.counts.get(load.channel, 0) + 1
        for label in load.labels:
            bench.labels[label] = bench.labels.get(label, 0) + 1
        self.seat(agent, bench)

    def give_back(self, name: str, agent: str, load: Load, since: Since) -> None:
        """The item takes an agent's capacity no more, and their work counts as unchanged since then."""
        in_hand = self.in_hand[agent]
        del in_hand[name]
        if not in_hand:
            del self.in_hand[agent]
        if agent in self.benches:
            self.vacate(agent, load, since)

    def vacate(self, agent: str, load: Load, since: Since) -> None:
        """An agent has one piece of work less to do, and their work counts as unchanged since then."""
        bench = self.benches[agent]
        bench.used_percent -= load.weight_percent
        one_less(bench.counts, load.channel)
        for label in load.labels:
            one_less(bench.labels, label)
        bench.idle_since_us = since.idle_us
        if load.is_inbound:
            bench.inbound_us = since.inbound_us
        self.seat(agent, bench)

    def relieve(self, agent: str, load: Load, at_us: int) -> None:
        """As `vacate`; they are offered what waits in a moment: one agent's leaving may end much at once."""
        self.vacate(agent, load, Since(at_us, at_us))
        if self.benches[agent].takes_work:
            self.ask_later(agent, at_us)

    def weigh(self, item: Item, agent: str, weight_percent: int) -> None:
        """What an agent has in hand weighs so much from now on; as long as it is put aside that takes nothing."""
        bench = self.benches[agent]
        if item.lent_to is None:
            bench.used_percent += weight_percent - item.weight_percent
        item.weight_percent = weight_percent
        self.seat(agent, bench)

    def part_in(self, interaction: str) -> Load:
        """What it takes of another agent to take part in what somebody has."""
        item = self.items[interaction]
        return Load(item.channel, self.plan.channels[item.channel].weight_percent, item.labels)

    def has_room(self, agent: str, load: Load) -> bool:
        """Whether an agent who takes work could take this beside all they have, with nothing put aside for it."""
        return self.rules.capacity.fits(self.benches[agent], load)

    def unring(self, name: str, item: Item, row: Offer, at_us: int) -> None:
        """An offer of the item has ended, and gives its capacity back."""
        del item.ringing[row.agent]
        item.connecting -= row.state == "CONNECTING"
        bench = self.benches[row.agent]
        # Who loses a ring to another has neither worked nor refused to: the agent's turn is what it was.
        has_lost, made_us = item.state == "TAKEN", row.made_us
        since = Since(
            row.idle_since_us if has_lost and bench.idle_since_us == made_us else at_us,
            row.inbound_us if has_lost and bench.inbound_us == made_us else at_us,
        )
        self.give_back(name, row.agent, Load(item.channel, row.weight_percent, row.labels, item.is_inbound), since)
        if item.ringing and item.state == "OFFERED":
            if row.state == "CONNECTING" and not item.connecting:
                self.arm_ring(name, item, at_us)
        else:
            self.timers.cancel(RING, name)
        self.settle(name, item)

    def release(self, name: str, item: Item, at_us: int) -> None:
        """Nobody has the item any more, nor is its customer called."""
        self.timers.cancel_all((SILENCE, PARK), name)
        item.is_silent = False
        if item.state == "DIALING":
            one_less(self.dialing, item.queue)
        agent, item.held_by, item.taken_by = item.held_by, None, None
        was_wrapping, item.is_wrapping = item.is_wrapping, False
        is_lent, item.lent_to = item.lent_to is not None, None
        if agent is not None:
            load = Load(item.channel, 0 if is_lent else item.weight_percent, item.labels, item.is_inbound)
            self.give_back(name, agent, load, Since(at_us, at_us))
            if not was_wrapping:
                self.look_back(agent, at_us, talk_us=at_us - item.taken_us)
