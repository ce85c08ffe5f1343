"""Waiting interactions, offers, and agents' capacity as they stand; the index follows them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from orchestra.engine.routing.index import Index
from orchestra.engine.routing.rows import EXHAUSTED, GATE, OFFER_TIMEOUT, REST, RETRY, STEP, SWEEP, Bench, Item, Offer
from orchestra.engine.routing.rules import Rules
from orchestra.engine.routing.sides import Bucket, Profile
from orchestra.engine.section import SLICE_PAUSE_US, Evolve, Slice
from orchestra.model import events as e
from orchestra.model.structure import microseconds

__all__ = ["EVOLVE", "Routing"]

_WHOLE = 1_000_000


class Routing(Slice):
    """Items by interaction, offers by id, benches by agent.

    `pace` is queue -> [last accept, smoothed time between accepts, smoothed share within the service level].
    """

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
        """Compile the plan's rules, and rebuild the index and what each agent has in hand."""
        self.rules = Rules(self.plan)
        self.index = Index(self.rules.own_keys, self.rules.kinds)
        self.in_hand: dict[str, dict[str, int]] = {}
        for name, item in sorted(self.items.items()):
            if item.held_by is not None:
                self.in_hand.setdefault(item.held_by, {})[name] = 1
            if item.state == "WAITING":
                self._wait(name, item)
        for name, bench in sorted(self.benches.items()):
            self._place(name, bench)

    def next_token(self) -> int:
        """The token of the next offer; tokens only rise."""
        return self.counts.get("offer", 0) + 1

    def next_order(self) -> int:
        """Place of arrival of the next item that queues for the first time."""
        return self.counts.get("order", 0) + 1

    # The index follows

    def _wait(self, name: str, item: Item) -> None:
        self.index.wait(name, self.rules.wanted(item), self.rules.rank(name, item))
        if item.excluded:
            self.index.exclude(name)

    def _again(self, name: str, item: Item) -> None:
        """Enter a waiting item anew, since what it waits for has changed."""
        self.index.unwait(name)
        self._wait(name, item)

    def _arm(self, name: str, item: Item) -> None:
        """Set the timers of a waiting item's step and gate."""
        queue = self.rules.queues[item.queue]
        lasts_us = queue.step(item.step).lasts_us
        if lasts_us is not None and (item.step + 1 < len(queue.steps) or queue.definition.overflow_to is not None):
            is_age = queue.step(item.step).definition.clock == "item"
            self.timers.set(STEP, name, (item.start_us if is_age else item.step_us) + lasts_us)
        else:
            self.timers.cancel(STEP, name)
        if item.gate + 1 < len(queue.gates_us):
            self.timers.set(GATE, name, item.start_us + queue.gates_us[item.gate + 1])
        else:
            self.timers.cancel(GATE, name)

    def _unwait(self, name: str) -> None:
        self.index.unwait(name)
        for timer in (EXHAUSTED, RETRY, STEP, GATE):
            self.timers.cancel(timer, name)

    def _place(self, name: str, bench: Bench) -> None:
        """Enter an agent into the index as they are now, or take them out."""
        if bench.takes_work:
            rules = self.rules
            room = 0 if bench.rests else rules.room(bench, self._lendable(name))
            self.index.place(name, bench.profile, room, rules.keys(bench))
        else:
            self.index.remove(name)

    def _lendable(self, agent: str) -> dict[str, int]:
        """Channel -> the weight of an agent's work there that could be put aside."""
        weights: dict[str, int] = {}
        if self.rules.interrupted:
            for name in self.in_hand.get(agent, ()):
                item = self.items[name]
                if item.channel in self.rules.interrupted and self._may_lend(item):
                    weights[item.channel] = weights.get(item.channel, 0) + item.weight_percent
        return weights

    @staticmethod
    def _may_lend(item: Item) -> bool:
        return item.state == "TAKEN" and item.lent_to is None and not item.is_wrapping

    def lent_to(self, agent: str, offer: str) -> list[str]:
        """What an agent puts aside for what they are offered, most urgent first."""
        lent = [name for name in self.in_hand.get(agent, ()) if self.items[name].lent_to == offer]
        return sorted(lent, key=lambda name: self.rules.rank(name, self.items[name]))

    def put_aside(self, agent: str) -> str | None:
        """The most urgent of what an agent has put aside for something that is over."""
        in_hand = self.in_hand.get(agent, {})
        borrowing = {self.items[name].offers[-1] for name in in_hand}
        waiting = [name for name in in_hand if self.items[name].lent_to not in (None, *borrowing)]
        return min(waiting, key=lambda name: self.rules.rank(name, self.items[name]), default=None)

    def _lend(self, agent: str, offer: str, channels: Sequence[str]) -> None:
        """Put aside the least urgent of an agent's work on these channels, as much as the budget lacks."""
        bench = self.benches[agent]
        names = [name for name in self.in_hand[agent] if self.items[name].channel in channels]
        for name in sorted(names, key=lambda name: self.rules.rank(name, self.items[name]), reverse=True):
            if bench.used_percent <= bench.capacity_percent:
                return
            item = self.items[name]
            if self._may_lend(item):
                item.lent_to = offer
                bench.used_percent -= item.weight_percent

    def _take_back(self, name: str, agent: str) -> None:
        """What was put aside takes its agent's capacity again, even where that exceeds the budget."""
        item = self.items[name]
        item.lent_to = None
        self.benches[agent].used_percent += item.weight_percent

    def is_exhausted(self, name: str, item: Item) -> bool:
        """Whether somebody declined or missed the item, and nobody else who takes work could serve it, busy or not."""
        if not item.excluded:
            return False
        wanted = self.index.of_item[name][0].wanted
        return self.index.able(wanted) == sum(self.index.is_able(agent, wanted) for agent in item.excluded)

    def _fewer_serve(self, buckets: Iterable[Bucket], at_us: int) -> None:
        """Somebody no longer takes work from these buckets: see for which items that was the last who could."""
        for bucket in buckets:
            for name in bucket.excluding:
                if self.timers.get(RETRY, name) is None and self.is_exhausted(name, self.items[name]):
                    self.timers.set(EXHAUSTED, name, at_us)

    def _profile(self, agent: str) -> Profile | None:
        placed = self.index.of_agent.get(agent)
        return None if placed is None else placed.profile

    def _change(self, name: str, bench: Bench, at_us: int) -> None:
        """Place an agent whose work or abilities have changed, and look after whom they served until now."""
        profile = self._profile(name)
        self._place(name, bench)
        if profile is not None and self._profile(name) is not profile:
            self._fewer_serve(self.index.served_excluding(name, profile), at_us)

    def _set_takes_work(self, name: str, takes_work: bool, at_us: int) -> None:
        bench = self.benches[name]
        if bench.takes_work is takes_work:
            return
        bench.takes_work = takes_work
        if takes_work:
            bench.idle_since_us = at_us
        self._change(name, bench, at_us)

    # Agents

    def plan_changed(self, event: e.PlanChanged, at_us: int) -> None:
        """Index everything under the new plan, and begin to offer again what now fits."""
        self.reindex()
        for name in self.index.of_item:
            self._arm(name, self.items[name])
        self._fewer_serve(self.index.excluding(), at_us)
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
        bench.teams, bench.skills, bench.capacity_percent = event.teams, event.skills, event.capacity_percent
        self._change(event.agent, bench, at_us)

    def agent_removed(self, event: e.AgentRemoved, at_us: int) -> None:
        """Forget the agent."""
        self.timers.cancel(REST, event.agent)
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
        self.benches[event.agent].rests = False
        self.timers.cancel(REST, event.agent)
        self._set_takes_work(event.agent, False, at_us)

    def device_lost(self, event: e.DeviceLost, at_us: int) -> None:
        """Without any device the agent may not be offered work."""
        if event.grace_until_us is not None:
            self._set_takes_work(event.agent, False, at_us)

    # Items

    def queued(self, event: e.InteractionQueued, at_us: int) -> None:
        """The interaction waits, and takes nobody's capacity."""
        item = self.items.get(event.interaction)
        is_new = item is None or item.queue != event.queue
        if item is None:
            item = self.items[event.interaction] = Item(event.customer, event.channel)
        elif item.state == "WAITING":
            self._unwait(event.interaction)
        else:
            self._release(event.interaction, item, at_us)
        self.counts["order"] = max(event.order, self.counts.get("order", 0))
        item.queue, item.skills, item.priority = event.queue, event.skills, event.priority
        item.start_us, item.order, item.state = event.start_us, event.order, "WAITING"
        item.agent, item.at_front = event.agent, event.at_front
        if is_new:
            item.step, item.step_us, item.gate = 0, at_us, 0
        self._wait(event.interaction, item)
        self._arm(event.interaction, item)

    def step_entered(self, event: e.StepEntered, at_us: int) -> None:
        """The item waits for others now."""
        item = self.items[event.interaction]
        item.step, item.step_us = event.step, at_us
        self._again(event.interaction, item)
        self._arm(event.interaction, item)

    def gate_opened(self, event: e.GateOpened, at_us: int) -> None:
        """Further teams may take the item."""
        item = self.items[event.interaction]
        item.gate = event.gate
        self._again(event.interaction, item)
        self._arm(event.interaction, item)

    def transferred(self, event: e.InteractionTransferred, at_us: int) -> None:
        """Whoever handed it over does not get it back at once."""
        item = self.items[event.interaction]
        item.excluded = {event.agent: 1}  # whoever hands it over does not get it back at once

    def made(self, event: e.OfferMade, at_us: int) -> None:
        """Hold the agent's capacity until the offer ends."""
        self.counts["offer"] = event.token
        item = self.items[event.interaction]
        self._unwait(event.interaction)
        item.state = "OFFERED"
        item.offers.append(event.offer)
        self.offers[event.offer] = Offer(event.interaction, event.agent, event.token, event.deadline_us)
        self._hold(event.interaction, item, event.agent, event.weight_percent, at_us)
        interrupts = self.plan.channels[item.channel].interrupts
        if interrupts:
            self._lend(event.agent, event.offer, interrupts)
            self._place(event.agent, self.benches[event.agent])
        self.timers.set(OFFER_TIMEOUT, event.offer, event.deadline_us)

    def accepted(self, event: e.OfferAccepted, at_us: int) -> None:
        """The agent keeps the capacity for it; nobody is excluded any more."""
        self.offers[event.offer].state = "ACCEPTED"
        item = self.items[event.interaction]
        item.state = "TAKEN"
        self._smooth(item, at_us)
        self._replace(event.agent)
        item.excluded = {}
        self.timers.cancel(OFFER_TIMEOUT, event.offer)

    def _smooth(self, item: Item, at_us: int) -> None:
        """Follow the pace of the queue: exponentially weighted means, of the time between accepts with weight 1/8."""
        last_us, interval_us, _ = self.pace.get(item.queue, [at_us, 0, _WHOLE])
        passed_us = at_us - last_us
        smoothed_us = (7 * interval_us + passed_us) // 8 if interval_us else passed_us
        within_us = microseconds(self.plan.queues[item.queue].service_level.within)
        self.pace[item.queue] = [at_us, smoothed_us, self._level(item.queue, at_us - item.start_us <= within_us)]

    def _level(self, queue: str, is_met: bool) -> int:
        """The smoothed share of contacts answered within the service level, of 1,000,000, after one more."""
        known = self.pace.get(queue)
        level = _WHOLE if known is None else known[2]
        return (15 * level + (_WHOLE if is_met else 0)) // 16

    def service_level(self, queue: str) -> int:
        """The share of the queue's last contacts that were answered within its service level, percent."""
        known = self.pace.get(queue)
        return 100 if known is None else known[2] // (_WHOLE // 100)

    def wait_us(self, queue: str, position: int) -> int | None:
        """The estimated wait of whoever has so many before them; None while there is no pace.

        It is (position + 1) times the smoothed time between accepts, microseconds.
        """
        interval_us = self.pace.get(queue, [0, 0, 0])[1]
        return (position + 1) * interval_us if interval_us else None

    def place(self, name: str) -> tuple[int, int | None] | None:
        """How many of its queue go before a waiting interaction, and its estimated wait; None if it does not wait."""
        item = self.items.get(name)
        if item is None or item.state != "WAITING":
            return None
        bucket, rank = self.index.of_item[name]
        position = sum(other.waiting.position(rank) for other in self.index.of_queue[bucket.wanted.queue].values())
        return position, self.wait_us(item.queue, position)

    def ended(self, event: e.OfferEnded, at_us: int) -> None:
        """Give the capacity back; whoever declined or missed it is excluded."""
        self.timers.cancel(OFFER_TIMEOUT, event.offer)
        item = self.items[event.interaction]
        self.offers[event.offer].state = event.outcome
        for name in self.lent_to(event.agent, event.offer):
            self._take_back(name, event.agent)
        rest_us = self._rest_us(event.outcome)
        if rest_us and self.benches[event.agent].takes_work:
            self.benches[event.agent].rests = True
            self.timers.set(REST, event.agent, at_us + rest_us)
        self._release(event.interaction, item, at_us)
        if event.outcome in ("DECLINED", "TIMED_OUT"):
            item.excluded[event.agent] = 1

    def _rest_us(self, outcome: str) -> int:
        presence = self.plan.presence
        rests = {"DECLINED": presence.rest_after_decline, "TIMED_OUT": presence.rest_after_miss}
        return microseconds(rests[outcome]) if outcome in rests else 0

    def rested(self, event: e.AgentRested, at_us: int) -> None:
        """The agent may be offered work again."""
        self.timers.cancel(REST, event.agent)
        bench = self.benches[event.agent]
        bench.rests = False
        self._place(event.agent, bench)

    def retried(self, event: e.RoutingRetried, at_us: int) -> None:
        """Nobody is excluded any more."""
        self.items[event.interaction].excluded = {}
        self.index.include(event.interaction)
        self.timers.cancel(RETRY, event.interaction)

    def exhausted(self, event: e.RoutingExhausted, at_us: int) -> None:
        """Everybody is asked again later."""
        self.timers.cancel(EXHAUSTED, event.interaction)
        self.timers.set(RETRY, event.interaction, event.retry_us)

    def over(self, event: e.InteractionDone | e.InteractionAbandoned | e.InteractionCanceled, at_us: int) -> None:
        """Forget the interaction and its offers, and give the capacity back."""
        item = self.items.pop(event.interaction)
        if isinstance(event, e.InteractionAbandoned) and not event.is_short and item.queue in self.pace:
            self.pace[item.queue][2] = self._level(item.queue, is_met=False)
        if item.state == "WAITING":
            self._unwait(event.interaction)
        self._release(event.interaction, item, at_us)
        for offer in item.offers:
            self.timers.cancel(OFFER_TIMEOUT, offer)
            del self.offers[offer]

    def resumed(self, event: e.InteractionResumed, at_us: int) -> None:
        """It takes its agent's capacity again."""
        self._take_back(event.interaction, event.agent)
        self._replace(event.agent)

    def finished(self, event: e.InteractionFinished, at_us: int) -> None:
        """What is being wrapped up is not put aside."""
        self.items[event.interaction].is_wrapping = True
        self._replace(event.agent)

    def _replace(self, agent: str) -> None:
        """Place an agent anew where what they could put aside has changed."""
        if self.rules.interrupted and agent in self.benches:
            self._place(agent, self.benches[agent])

    # Capacity

    def _hold(self, name: str, item: Item, agent: str, weight_percent: int, at_us: int) -> None:
        bench = self.benches[agent]
        item.held_by, item.weight_percent = agent, weight_percent
        bench.used_percent += weight_percent
        bench.idle_since_us = bench.offered_us = at_us
        bench.counts[item.channel] = bench.counts.get(item.channel, 0) + 1
        self.in_hand.setdefault(agent, {})[name] = 1
        self._place(agent, bench)

    def _release(self, name: str, item: Item, at_us: int) -> None:
        agent, item.held_by = item.held_by, None
        is_lent, item.lent_to, item.is_wrapping = item.lent_to is not None, None, False
        if agent is None:
            return
        in_hand = self.in_hand[agent]
        del in_hand[name]
        if not in_hand:
            del self.in_hand[agent]
        bench = self.benches.get(agent)
        if bench is None:
            return
        bench.used_percent -= 0 if is_lent else item.weight_percent
        bench.counts[item.channel] -= 1
        if not bench.counts[item.channel]:
            del bench.counts[item.channel]
        bench.idle_since_us = at_us
        self._place(agent, bench)


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
    e.AgentRested: Routing.rested,
    e.RoutingExhausted: Routing.exhausted,
    e.StepEntered: Routing.step_entered,
    e.GateOpened: Routing.gate_opened,
    e.InteractionResumed: Routing.resumed,
    e.InteractionFinished: Routing.finished,
    e.InteractionDone: Routing.over,
    e.InteractionAbandoned: Routing.over,
    e.InteractionCanceled: Routing.over,
}
