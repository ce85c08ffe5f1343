"""What a plan says about routing, compiled once: kinds of work, orders of agents, and what an item waits for."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from itertools import accumulate
from typing import Any

import attrs

from orchestra.engine.routing.capacity import BEYOND, Capacity, Work, capacity_words, labels_of
from orchestra.engine.routing.fitting import Level, Preferred, Proficiency, Rated, Weakest
from orchestra.engine.routing.rows import AGEING, GATE, MARKS, STEP, Bench, Item
from orchestra.engine.routing.scoring import scored_agent, scored_contact, scored_need, scored_profile
from orchestra.engine.routing.sides import (
    OF_CONSULT,
    Fitting,
    Key,
    Order,
    Part,
    Profile,
    Rank,
    Requirement,
    Skills,
)
from orchestra.engine.scores import Rating
from orchestra.model.definitions import Queue
from orchestra.model.plan import Plan
from orchestra.model.routing import AFFINITY, RANDOM, SCORE, Ring, Step
from orchestra.model.structure import microseconds

__all__ = ["QueueRules", "Rules", "StepRules"]

_MINUTE_US = 60_000_000
_WHOLE = 1_000_000
_ALONE = Ring()
_BUDGET_PERCENT = 100
_REMEMBERED = 10_000
"""Needs that are remembered as worked out, at most."""
_MOST_RATED = 100_000
"""Pairs of profile and need whose score is remembered, at most; whichever was not asked for longest goes first."""

_OWN: Mapping[str, Callable[[Bench], int]] = {
    "busy": lambda bench: int(bool(bench.counts)),
    "idle": lambda bench: bench.idle_since_us,
    "idle_inbound": lambda bench: bench.inbound_us,
    "offered": lambda bench: bench.offered_us,
    "open": lambda bench: sum(bench.counts.values()),
    "spare": lambda bench: bench.used_percent - bench.budget_percent,
    "spare_ratio": lambda bench: bench.used_percent * _WHOLE // bench.budget_percent,
    "handled": lambda bench: bench.handled,
    "talk": lambda bench: bench.talk_us,
    "position": lambda bench: bench.position,
}
"""Part of an order that depends on the agent alone -> its value, least first."""


_ASKED: Mapping[str, Fitting] = {"proficiency": Proficiency(), "proficiency_min": Weakest()}
"""Part of an order that depends on the skills asked for -> what it gives."""


@attrs.frozen
class StepRules:
    """A step, compiled: its definition, the order of its agents, and how long it lasts, None for good."""

    definition: Step
    order: Order
    lasts_us: int | None

    @property
    def is_known(self) -> bool:
        """Whether it is for the one agent who knows the customer."""
        return self.definition.pool == "known"

    @property
    def is_for_bots(self) -> bool:
        """Whether it is for bots alone."""
        return self.definition.pool == "bots"


class QueueRules:
    """A queue, compiled.

    Attributes:
        definition: the plan's words.
        steps: at least one.
        gates_us: waits from which further teams may take its contacts, ascending from zero.
        ages_us: waits from which its contacts count as older, ascending.
        raised: by how many minutes they do, by how many of these they have reached.
        level: at which agents serve the queue, whatever its steps.
    """

    def __init__(self, definition: Queue, order: Callable[[QueueRules, Step], Order]) -> None:
        self.definition = definition
        after = {definition.team: 0} | {team: microseconds(one.after) for team, one in definition.also.items()}
        self.gates_us = sorted({0, *after.values()})
        self._teams = [
            tuple(sorted(team for team, wait_us in after.items() if wait_us <= gate_us)) for gate_us in self.gates_us
        ]
        self.ages_us = [microseconds(one.after) for one in definition.ageing]
        self.raised = list(accumulate((one.priority for one in definition.ageing), initial=0))
        self.level = Level({definition.team: 1} | {team: one.level for team, one in definition.also.items()})
        self.steps = [
            StepRules(step, order(self, step), None if step.lasts is None else microseconds(step.lasts))
            for step in definition.steps or (Step(),)
        ]

    @property
    def standing(self) -> tuple[Any, ...]:
        """All of the plan's words that say where an item of the queue stands, and when it is moved on."""
        queue = self.definition
        steps = [
            (one.pool, one.beyond_capacity, one.teams, one.skills, one.relax, one.priority, one.lasts, one.clock)
            for one in queue.steps
        ]
        rank = queue.tier, queue.newest_first, queue.rank, queue.ageing_percent, queue.ageing
        return queue.team, queue.also, sorted(set(queue.labels)), steps, rank, queue.overflow_to is None

    @property
    def is_scored(self) -> bool:
        """Whether an order of its agents asks a score of the application's."""
        return any(name.startswith(SCORE) for step in self.steps for name in step.order.names)

    @property
    def is_even(self) -> bool:
        """Whether the oldest go first, whoever serves it."""
        return self.level.is_even and not self.definition.newest_first

    def aged(self, start_us: int, at_us: int) -> int:
        """How many of its ages a contact has reached that began to wait then."""
        return bisect_right(self.ages_us, at_us - start_us)

    def step(self, number: int) -> StepRules:
        """A step by its number; the last one after that, since plans change."""
        steps = self.steps
        return steps[number] if number < len(steps) else steps[-1]

    def teams(self, gate: int) -> tuple[str, ...]:
        """The teams that serve the queue behind so many gates."""
        return self._teams[min(gate, len(self._teams) - 1)]


class Rules:
    """A plan's routing rules.

    Kinds of work and own keys keep the numbers that they had before, as far as there are the same.

    Attributes:
        queues: queue -> its rules.
        labels: queue -> the labels of its interactions, sorted.
        capacity: how much work agents may have at once.
        places: kind of work -> its place among the bits of an agent's room.
        own_orders: the orders under whose keys each agent is placed, as parts that depend on the agent alone.
        callbacks: how customers are called back.
        interrupted: channels whose work may be put aside for others.
        looks_back: whether any order of agents asks what they did lately.
        is_even: whether whoever goes before another in one queue goes before them in all.
    """

    def __init__(self, plan: Plan, rating: Rating | None = None, before: Rules | None = None) -> None:
        self._rating = rating or Rating()
        self.callbacks = plan.callbacks
        self._rated = lru_cache(_MOST_RATED)(self._rate)
        presence = plan.presence
        self._pace = presence.rate, presence.on_return, presence.warm_up, presence.window
        self.labels = {name: labels_of(queue.labels) for name, queue in plan.queues.items()}
        self.capacity = Capacity(capacity_words(plan), None if before is None else before.places)
        self.places: dict[Work, int] = self.capacity.places
        self.interrupted = self.capacity.interrupted
        self._channels = plan.channels
        self._channel_at = _channels(self.places)
        self.own_orders: list[tuple[str, ...]] = _own_orders(plan, [] if before is None else before.own_orders)
        kept = before.queues if before is not None and self.places_alike(before) else {}
        self.queues: dict[str, QueueRules] = {
            name: self._queue(queue, kept.get(name)) for name, queue in plan.queues.items()
        }
        self.is_even = all(rules.is_even for rules in self.queues.values()) and not {
            queue.ageing_percent for queue in plan.queues.values()
        } - {100}
        self._known: dict[tuple[Any, ...], Requirement] = {}
        self.looks_back = any("handled" in own or "talk" in own for own in self.own_orders)
        self._functions = [tuple(_OWN[name] for name in own) for own in self.own_orders]

    def _queue(self, queue: Queue, before: QueueRules | None) -> QueueRules:
        """A queue, compiled; what it was before if the plan says the same of it, and no scores are remembered there."""
        if before is not None and before.definition == queue and not before.is_scored:
            return before
        return QueueRules(queue, partial(self._order, queue))

    def _order(self, queue: Queue, rules: QueueRules, step: Step) -> Order:
        order = step.order or queue.order
        own, names = _own_order(order), [name for name in order if name != RANDOM]
        parts = [own.index(name) if name in _OWN else self._fitting(name, rules, step) for name in names]
        return Order(self.own_orders.index(own), parts, names=names, draws=RANDOM in order)

    def _fitting(self, part: str, rules: QueueRules, step: Step) -> Part:
        """A part that does not depend on the agent alone: what works it out, or the name of a score of each agent."""
        if part == AFFINITY:
            return None
        if part == "level":
            return rules.level
        if part == "preferred":
            return Preferred(step.prefer)
        if not part.startswith(SCORE):
            return _ASKED[part]
        name = part.removeprefix(SCORE)
        return Rated(partial(self._rated, name)) if self._rating.is_for_profiles(name) else name

    def _rate(self, name: str, profile: Profile, wanted: Requirement) -> int:
        """What a score gives all agents of a profile."""
        need = scored_need(wanted, self._channel_at[wanted.kind])
        return self._rating.profile(name, scored_profile(profile), need)

    def scorer(self, name: str, item: Item, wanted: Requirement) -> Callable[[str, Bench], Mapping[str, int]]:
        """Gives for an agent what the scores give them that the order of an item's step asks of each agent.

        Args:
            name: of the interaction that is to be offered.
            item: the interaction.
            wanted: what it waits for.
        """
        scores, rating = self.step(item).order.each, self._rating
        if not scores:
            return lambda agent, bench: {}
        contact = scored_contact(name, item, wanted, self.queues[item.queue].definition.tier)

        def rate(agent: str, bench: Bench) -> Mapping[str, int]:
            rated = scored_agent(agent, bench)
            return {score: rating.agent(score, rated, contact) for score in scores}

        return rate

    def places_alike(self, other: Rules) -> bool:
        """Whether agents are placed under the same keys by both."""
        return self.own_orders == other.own_orders

    def gives_room_alike(self, other: Rules) -> bool:
        """Whether by both agents have room for the same work."""
        return self.capacity.words == other.capacity.words

    def paces_alike(self, other: Rules) -> bool:
        """Whether by both agents are given work as fast."""
        return self._pace == other._pace

    def queues_alike(self, other: Rules) -> frozenset[str]:
        """The queues that both have, and whose items stand in the same places and are moved on at the same times."""
        queues, others = self.queues, other.queues
        return frozenset(
            name
            for name in queues.keys() & others.keys()
            if queues[name] is others[name] or queues[name].standing == others[name].standing
        )

    def keys(self, bench: Bench) -> list[Key]:
        """An agent's own keys."""
        return [tuple([part(bench) for part in parts]) for parts in self._functions]

    def step(self, item: Item) -> StepRules:
        """The step in which an item is."""
        return self.queues[item.queue].step(item.step)

    def _kind(self, item: Item) -> int:
        """The kind of work that an item is in its queue."""
        return self.places[item.channel, self.labels[item.queue]]

    def is_for_one(self, item: Item) -> bool:
        """Whether an item is for the one agent who knows the customer, in its step."""
        return item.agent is not None and self.step(item).is_known

    def goes_beyond(self, item: Item, room: int) -> bool:
        """Whether an agent with this room has none for an item, but may be asked beyond their capacity."""
        is_allowed = self.is_for_one(item) and self.step(item).definition.beyond_capacity
        return is_allowed and not room >> self._kind(item) & 3

    def ring(self, item: Item) -> Ring:
        """How many agents an item rings at once in its step."""
        if self.is_for_one(item) or item.consult_on:
            return _ALONE
        return self.step(item).definition.ring or self.queues[item.queue].definition.ring

    def rank(self, name: str, item: Item) -> Rank:
        """The item's rank among those that wait for the same; of its age alone, only reaching one of `ageing` does."""
        rules = self.queues[item.queue]
        queue, raised = rules.definition, rules.raised[min(item.aged, len(rules.ages_us))]
        tier = -1 if item.at_front else queue.tier
        priority_us = (item.priority + self.step(item).definition.priority + raised) * _MINUTE_US
        if queue.newest_first:
            return tier, -item.start_us - priority_us, -item.order, name
        from_us = item.due_us if queue.rank == "due" and item.due_us is not None else item.start_us
        return tier, from_us * queue.ageing_percent // 100 - priority_us, item.order, name

    def due(self, item: Item) -> dict[str, int]:
        """Timer -> when it rings: when a waiting item is moved on, opened to further teams, and counts as older."""
        queue = self.queues[item.queue]
        due: dict[str, int] = {}
        step = queue.step(item.step)
        if step.lasts_us is not None and (item.step + 1 < len(queue.steps) or queue.definition.overflow_to is not None):
            due[STEP] = (item.start_us if step.definition.clock == "item" else item.step_us) + step.lasts_us
        if item.gate + 1 < len(queue.gates_us):
            due[GATE] = item.start_us + queue.gates_us[item.gate + 1]
        if item.aged < len(queue.ages_us):
            due[AGEING] = item.start_us + queue.ages_us[item.aged]
        return due

    def urgency(self, wanted: Requirement, rank: Rank, level: int, now_us: int) -> tuple[int, int, int, int, str]:
        """A rank among all that wait for anything, for an agent who serves it at this level: least first."""
        tier, age, order, name = rank
        queue = self.queues[wanted.queue].definition
        if queue.newest_first:
            return level, tier, -age - now_us, -order, name
        return level, tier, age - now_us * queue.ageing_percent // 100, order, name

    def wanted(self, item: Item, number: int | None = None) -> Requirement:
        """What an item waits for in its step, or would in another one of its queue."""
        queue, number = self.queues[item.queue], item.step if number is None else number
        step = queue.step(number)
        if step.is_known and item.agent:
            beyond = self.places[item.channel, BEYOND] if step.definition.beyond_capacity else None
            return Requirement(item.queue, beyond or self._kind(item), (), (), item.agent, item.first or "")
        apart = item.first or (OF_CONSULT if item.consult_on else "")
        key = (item.queue, item.channel, number, item.gate, item.for_people, apart, *item.skills.items())
        wanted = self._known.get(key)
        if wanted is None:
            pool = "people" if item.for_people else step.definition.pool
            is_for_others = item.for_people and step.is_for_bots
            teams = (() if is_for_others else tuple(sorted(step.definition.teams))) or queue.teams(item.gate)
            skills = (*_ONLY.get(pool, ()), *_asked(item, step.definition))
            wanted = Requirement(item.queue, self._kind(item), teams, skills, apart=apart)
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[key] = wanted
        return wanted

    def at_once(self, kind: int) -> int:
        """How many contacts of this kind the usual budget is enough for."""
        return max(1, _BUDGET_PERCENT // max(1, self._channels[self._channel_at[kind]].weight_percent))

    def bare(self, queue: str, kind: int) -> Requirement:
        """What a contact that asks for nothing of its own would wait for in a queue at first, as this kind of work."""
        arriving = Item("", self._channel_at[kind], queue, dict(self.queues[queue].definition.skills))
        return self.wanted(arriving)


_ONLY: Mapping[str, Skills] = {"bots": ((MARKS["bot"], 1),), "people": ((MARKS["person"], 1),)}
"""Pool -> the mark of those who are in it."""


def _asked(item: Item, step: Step) -> Skills:
    """The skills asked for in a step: those of queue and contact, raised, then relaxed."""
    asked = dict(item.skills)
    for skill, level in step.skills.items():
        asked[skill] = max(level, asked.get(skill, 0))
    if step.relax:
        for skill, level in asked.items():
            asked[skill] = min(level, step.relax.get(skill, step.relax.get("*", level)))
    return tuple(sorted((skill, level) for skill, level in asked.items() if level))


def _channels(places: Mapping[Work, int]) -> dict[int, str]:
    """Place of a kind of work -> its channel; and the place above, which stands for it with other work put aside."""
    return {place + aside: name for (name, _), place in places.items() for aside in (0, 1)}


def _own_order(names: Sequence[str]) -> tuple[str, ...]:
    """Those parts of an order that depend on the agent alone."""
    return tuple(name for name in names if name in _OWN)


def _own_orders(plan: Plan, before: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Each of those that the plan's orders have, numbered as before if they are the same."""
    orders = dict.fromkeys(
        _own_order(step.order or queue.order) for queue in plan.queues.values() for step in queue.steps or (Step(),)
    )
    return before if orders.keys() == set(before) else list(orders)
