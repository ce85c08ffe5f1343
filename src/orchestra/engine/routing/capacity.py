"""How much work an agent may have at once, and of which kinds: what a plan says of that, as bits of room.

Belongs here: room for kinds of work. Does not: what may be asked of an agent beside that (`limits`), and by which
plan's words an agent stands (`seats`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count, product
from typing import Any, NamedTuple

from orchestra.engine.routing.rows import MOST_IN_HAND, Bench, Load
from orchestra.model.plan import Plan
from orchestra.model.routing import RESERVED

__all__ = ["BEYOND", "LIMITED", "Capacity", "Work", "capacity_words", "labels_of"]

Work = tuple[str, tuple[str, ...]]
"""A kind of work: channel, and the labels that an interaction has in its queue. Any channel may come to any queue."""

BEYOND = (f"{RESERVED}beyond",)
"""In place of labels: work of a channel that the one agent whom it is for may have beyond their capacity."""
LIMITED = 1
"""The bit of room of those who have been offered as much as they may be; those of the kinds of work are above it."""


class _Channel(NamedTuple):
    weight_percent: int
    limit: int | None
    interrupts: Sequence[str]


class _Kind(NamedTuple):
    bit: int
    aside: int
    name: str
    channel: _Channel
    labels: tuple[str, ...]


def capacity_words(plan: Plan) -> dict[str, Any]:
    """All of the plan's words that say which room agents have, as plain values that a table of the state may hold."""
    channels, labels = sorted(plan.channels.items()), {(), *(labels_of(queue.labels) for queue in plan.queues.values())}
    if any(step.beyond_capacity for queue in plan.queues.values() for step in queue.steps):
        labels.add(BEYOND)
    return {
        "channels": {name: [one.weight_percent, one.limit, list(one.interrupts)] for name, one in channels},
        "labels": [list(of_queue) for of_queue in sorted(labels)],
        "limits": {name: label.limit for name, label in sorted(plan.labels.items())},
    }


def labels_of(labels: Sequence[str]) -> tuple[str, ...]:
    """The labels of a queue's interactions, as a kind of work has them."""
    return tuple(sorted(set(labels)))


class Capacity:
    """The room that agents have by a plan's words.

    Kinds of work keep the numbers that they had before, as far as there are the same.

    Attributes:
        words: the plan's, as `capacity_words` gives them.
        places: kind of work -> its place among the bits of an agent's room.
        interrupted: channels whose work may be put aside for others.
    """

    def __init__(self, words: Mapping[str, Any], before: Mapping[Work, int] | None = None) -> None:
        self.words = words
        channels = {name: _Channel(*one) for name, one in words["channels"].items()}
        self._channels = channels
        self._limits: Mapping[str, int] = words["limits"]
        works = [*product(sorted(channels), map(tuple, words["labels"]))]
        self.places: dict[Work, int] = _places(works, before or {})
        self._kinds = [
            _Kind(1 << place, 2 << place, name, channels[name], labels)
            for (name, labels), place in sorted(self.places.items())
            if labels != BEYOND
        ]
        self._beyond = sum(1 << place for (_, labels), place in self.places.items() if labels == BEYOND)
        self.interrupted = frozenset(other for one in channels.values() for other in one.interrupts)

    def room(self, bench: Bench, lendable: Mapping[str, int]) -> int:
        """The kinds of work of which the agent could be offered one more, as bits.

        Args:
            bench: the agent.
            lendable: channel -> the weight of the agent's work there that could be put aside. With it there may be room
                for a kind by interruption, which is the next bit. Whoever is limited by how much they have been offered
                has the bit `LIMITED` alone, as has whoever rests.
        """
        if bench.rests:
            return LIMITED
        if sum(bench.counts.values()) >= MOST_IN_HAND:
            return 0
        if bench.is_limited:
            return LIMITED
        spare, room = bench.budget_percent - bench.used_percent, self._beyond
        for bit, aside, name, channel, labels in self._kinds:
            if self._is_enough(bench, name, channel, labels):
                continue
            if channel.weight_percent <= spare:
                room |= bit
            elif channel.weight_percent <= spare + sum(lendable.get(other, 0) for other in channel.interrupts):
                room |= aside
        return room

    def _is_enough(self, bench: Bench, name: str, channel: _Channel, labels: Sequence[str]) -> bool:
        """Whether an agent has as many of a channel, or of a label, as one agent may have."""
        if channel.limit is not None and bench.counts.get(name, 0) >= channel.limit:
            return True
        return any(bench.labels.get(label, 0) >= self._limits.get(label, MOST_IN_HAND) for label in labels)

    def fits(self, bench: Bench, load: Load) -> bool:
        """Whether the agent could be asked for one more piece of work, with nothing put aside for it."""
        if bench.rests or bench.is_limited or sum(bench.counts.values()) >= MOST_IN_HAND:
            return False
        is_enough = self._is_enough(bench, load.channel, self._channels[load.channel], load.labels)
        return not is_enough and bench.used_percent + load.weight_percent <= bench.budget_percent

    def asks(self, rules: Capacity) -> dict[int, int]:
        """Place of a bit of room by other words -> the bits by these that stand for it.

        A kind of work that is new stands for any of its channel, and one of a new channel for any at all: whoever was
        free for those counts as free for it, until they are placed by the other words.
        """
        of_channel: dict[str, int] = {}
        for kind in self._kinds:
            of_channel[kind.name] = of_channel.get(kind.name, 0) | kind.bit
        any_at_all, asks = sum(of_channel.values()), {0: LIMITED}
        for work, place in rules.places.items():
            mine = self.places.get(work)
            bits = of_channel.get(work[0], any_at_all) if mine is None else 1 << mine
            asks[place], asks[place + 1] = bits, bits << 1
        return asks


def _places(works: Sequence[Work], before: Mapping[Work, int]) -> dict[Work, int]:
    """Kind of work -> its place among the bits of room: what it was before, or the first that is free."""
    places = {work: before[work] for work in works if work in before}
    taken = set(places.values())
    free = (place for place in count(1, 2) if place not in taken)
    return places | {work: next(free) for work in works if work not in places}
