"""What a plan says about routing, compiled once: kinds of work, orders of agents, and what an item waits for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import product
from typing import Any, NamedTuple

import attrs

from orchestra.engine.routing.rows import MARKS, MOST_IN_HAND, Bench, Item, Load
from orchestra.engine.routing.sides import Key, Order, Profile, Rank, Requirement, Skills
from orchestra.model.definitions import Channel, Queue
from orchestra.model.plan import Plan
from orchestra.model.routing import RANDOM, RESERVED, Ring, Step
from orchestra.model.structure import microseconds

__all__ = ["QueueRules", "Rules", "StepRules"]

_MINUTE_US = 60_000_000
_WHOLE = 1_000_000
_ALONE = Ring()
_REMEMBERED = 10_000
"""Needs that are remembered as worked out, at most."""

_OWN: Mapping[str, Callable[[Bench], int]] = {
    "busy": lambda bench: int(bool(bench.counts)),
    "idle": lambda bench: bench.idle_since_us,
    "offered": lambda bench: bench.offered_us,
    "open": lambda bench: sum(bench.counts.values()),
    "spare": lambda bench: bench.used_percent - bench.budget_percent,
    "spare_ratio": lambda bench: bench.used_percent * _WHOLE // bench.budget_percent,
    "handled": lambda bench: bench.handled,
    "talk": lambda bench: bench.talk_us,
    "position": lambda bench: bench.position,
}
"""Part of an order that depends on the agent alone -> its value, least first."""


def _level(rules: QueueRules, _: Step, profile: Profile, __: Requirement) -> int:
    return rules.level_of(profile)


def _proficiency(_: QueueRules, __: Step, profile: Profile, wanted: Requirement) -> int:
    return -sum(_levels(profile, wanted))


def _proficiency_min(_: QueueRules, __: Step, profile: Profile, wanted: Requirement) -> int:
    return -min(_levels(profile, wanted), default=0)


def _levels(profile: Profile, wanted: Requirement) -> list[int]:
    return [profile.levels.get(skill, 0) for skill, _ in wanted.skills if not skill.startswith(RESERVED)]


def _preferred(_: QueueRules, step: Step, profile: Profile, __: Requirement) -> int:
    return -sum(profile.levels.get(skill, 0) >= level for skill, level in step.prefer.items())


_FITTING: Mapping[str, Callable[[QueueRules, Step, Profile, Requirement], int]] = {
    "level": _level,
    "proficiency": _proficiency,
    "proficiency_min": _proficiency_min,
    "preferred": _preferred,
}
"""Part of an order that depends on what is asked for too -> its value, least first."""


class _Kind(NamedTuple):
    number: int
    name: str
    channel: Channel
    labels: tuple[str, ...]


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
    """

    def __init__(self, definition: Queue, order: Callable[[QueueRules, Step], Order]) -> None:
        self.definition = definition
        after = {definition.team: 0} | {team: microseconds(one.after) for team, one in definition.also.items()}
        self.gates_us = sorted({0, *after.values()})
        self._teams = [
            tuple(sorted(team for team, wait_us in after.items() if wait_us <= gate_us)) for gate_us in self.gates_us
        ]
        levels = {definition.team: 1} | {team: one.level for team, one in definition.also.items()}
        self._levels = None if set(levels.values()) == {1} else levels
        self.steps = [
            StepRules(step, order(self, step), None if step.lasts is None else microseconds(step.lasts))
            for step in definition.steps or (Step(),)
        ]

    @property
    def is_even(self) -> bool:
        """Whether the oldest go first, whoever serves it."""
        return self._levels is None and not self.definition.newest_first

    def level_of(self, profile: Profile) -> int:
        """At which level these agents serve the queue, whatever its steps."""
        if self._levels is None:
            return 1
        return min((level for team, level in self._levels.items() if team in profile.teams), default=1)

    def step(self, number: int) -> StepRules:
        """A step by its number; the last one after that, since plans change."""
        return self.steps[min(number, len(self.steps) - 1)]

    def teams(self, gate: int) -> tuple[str, ...]:
        """The teams that serve the queue behind so many gates."""
        return self._teams[min(gate, len(self._teams) - 1)]


class Rules:
    """A plan's routing rules.

    Attributes:
        queues: queue -> its rules.
        labels: queue -> the labels of its interactions, sorted.
        kinds: how many kinds of work there are: channels, each with every set of labels that some queue has.
        interrupted: channels whose work may be put aside for others.
        limited: the bit of room of those who have been offered as much as they may be.
        looks_back: whether any order of agents asks what they did lately.
        is_even: whether whoever goes before another in one queue goes before them in all.
    """

    def __init__(self, plan: Plan) -> None:
        self.labels = {name: tuple(sorted(set(queue.labels))) for name, queue in plan.queues.items()}
        pairs = product(sorted(plan.channels), sorted({(), *self.labels.values()}))
        self._kinds = [_Kind(number, name, plan.channels[name], of) for number, (name, of) in enumerate(pairs)]
        self._number = {(kind.name, kind.labels): kind.number for kind in self._kinds}
        self._limits = {name: label.limit for name, label in plan.labels.items()}
        self.kinds = len(self._kinds)
        self.limited = 1 << 2 * self.kinds
        self.interrupted = frozenset(other for kind in self._kinds for other in kind.channel.interrupts)
        self._own: list[tuple[str, ...]] = []
        self.queues = {name: QueueRules(queue, partial(self._order, queue)) for name, queue in plan.queues.items()}
        self.is_even = all(rules.is_even for rules in self.queues.values()) and not {
            queue.ageing_percent for queue in plan.queues.values()
        } - {100}
        self._known: dict[tuple[Any, ...], Requirement] = {}
        self.looks_back = any("handled" in own or "talk" in own for own in self._own)
        self._functions = [tuple(_OWN[name] for name in own) for own in self._own]

    def _order(self, queue: Queue, rules: QueueRules, step: Step) -> Order:
        names = step.order or queue.order
        own = tuple(name for name in names if name in _OWN)
        if own not in self._own:
            self._own.append(own)
        parts = [
            own.index(name) if name in _OWN else partial(_FITTING[name], rules, step)
            for name in names
            if name != RANDOM
        ]
        return Order(self._own.index(own), parts, draws=RANDOM in names)

    @property
    def own_keys(self) -> int:
        """Under how many keys each agent is placed."""
        return len(self._own)

    def keys(self, bench: Bench) -> list[Key]:
        """An agent's own keys."""
        return [tuple([part(bench) for part in parts]) for parts in self._functions]

    def is_live(self, kind: int) -> bool:
        """Whether customers of this kind of work wait on the line."""
        return self._kinds[kind].channel.live

    def step(self, item: Item) -> StepRules:
        """The step in which an item is."""
        return self.queues[item.queue].step(item.step)

    def _kind(self, item: Item) -> int:
        """The kind of work that an item is in its queue."""
        return self._number[item.channel, self.labels[item.queue]]

    def is_for_one(self, item: Item) -> bool:
        """Whether an item is for the one agent who knows the customer, in its step."""
        return item.agent is not None and self.step(item).is_known

    def ring(self, item: Item) -> Ring:
        """How many agents an item rings at once in its step."""
        if self.is_for_one(item):
            return _ALONE
        return self.step(item).definition.ring or self.queues[item.queue].definition.ring

    def rank(self, name: str, item: Item) -> Rank:
        """The item's rank among those that wait for the same; ageing at one rate never changes it."""
        queue = self.queues[item.queue].definition
        tier = -1 if item.at_front else queue.tier
        priority_us = item.priority * _MINUTE_US
        if queue.newest_first:
            return tier, -item.start_us - priority_us, -item.order, name
        from_us = item.due_us if queue.rank == "due" and item.due_us is not None else item.start_us
        return tier, from_us * queue.ageing_percent // 100 - priority_us, item.order, name

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
            return Requirement(item.queue, self._kind(item), (), (), item.agent)
        key = (item.queue, item.channel, number, item.gate, item.for_people, *item.skills.items())
        wanted = self._known.get(key)
        if wanted is None:
            pool = "people" if item.for_people else step.definition.pool
            is_for_others = item.for_people and step.is_for_bots
            teams = (() if is_for_others else tuple(sorted(step.definition.teams))) or queue.teams(item.gate)
            skills = (*_ONLY.get(pool, ()), *_asked(item, step.definition))
            wanted = Requirement(item.queue, self._kind(item), teams, skills)
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[key] = wanted
        return wanted

    def room(self, bench: Bench, lendable: Mapping[str, int]) -> int:
        """The kinds of work of which the agent could be offered one more, as bits.

        Args:
            bench: the agent.
            lendable: channel -> the weight of the agent's work there that could be put aside. With it there may be room
                for a kind by interruption, which is the bit `kinds` places higher. Whoever is limited by how much they
                have been offered has that bit alone which is above all these.
        """
        if sum(bench.counts.values()) >= MOST_IN_HAND:
            return 0
        if bench.is_limited:
            return self.limited
        spare, room = bench.budget_percent - bench.used_percent, 0
        for number, name, channel, labels in self._kinds:
            if self._is_enough(bench, name, channel, labels):
                continue
            if channel.weight_percent <= spare:
                room |= 1 << number
            elif channel.weight_percent <= spare + sum(lendable.get(other, 0) for other in channel.interrupts):
                room |= 1 << number + self.kinds
        return room

    def _is_enough(self, bench: Bench, name: str, channel: Channel, labels: Sequence[str]) -> bool:
        """Whether an agent has as many of a channel, or of a label, as one agent may have."""
        if channel.limit is not None and bench.counts.get(name, 0) >= channel.limit:
            return True
        return any(bench.labels.get(label, 0) >= self._limits.get(label, MOST_IN_HAND) for label in labels)

    def fits(self, bench: Bench, load: Load, channel: Channel) -> bool:
        """Whether the agent could be asked for one more piece of work of a channel, with nothing put aside for it."""
        if bench.is_limited or sum(bench.counts.values()) >= MOST_IN_HAND:
            return False
        is_enough = self._is_enough(bench, load.channel, channel, load.labels)
        return not is_enough and bench.used_percent + load.weight_percent <= bench.budget_percent


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
