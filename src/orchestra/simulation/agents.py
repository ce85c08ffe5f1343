"""Simulated agents: who answers how fast, how fast they work, when they are there.

Belongs here: agents, their groups and shifts. Does not: what they do when (`driver`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta, tzinfo

import attrs

from orchestra.model.instants import instant, since_epoch_us
from orchestra.model.structure import microseconds
from orchestra.simulation.chance import Keyed
from orchestra.simulation.checks import DAYS
from orchestra.simulation.customers import Customer
from orchestra.simulation.schema import Group, Shift
from orchestra.simulation.tally import Counter

__all__ = ["Agent", "Crew", "staffing_changes"]

_DAY_US = 86_400_000_000
_WEEK_US = 7 * _DAY_US


@attrs.define(eq=False)
class Agent:
    """One agent.

    Attributes:
        name: of the agent.
        crew: their group.
        in_hand: the customers they have, whose wrap-up counts, in the order in which they were taken.
        is_wanted: whether they should be there now.
        is_in: whether they are signed in.
        is_away: whether they are signed in and take nothing new.
        is_busy: whether they are signed in and have anything in hand.
    """

    name: str
    crew: Crew
    in_hand: dict[Customer, None] = attrs.field(factory=dict)
    is_wanted: bool = False
    is_in: bool = False
    is_away: bool = False
    is_busy: bool = False


class Crew:
    """A group of agents who are alike.

    Attributes:
        name: of the group.
        definition: what the scenario says of it.
        agents: who they are, in order.
        counter: what is counted of it.
        answers_at_once: whether an offer is accepted as soon as it is made.
    """

    def __init__(self, name: str, definition: Group, seed: int, counter: Counter) -> None:
        self.name = name
        self.definition = definition
        self.counter = counter
        names = [*definition.members, *(f"{name}-{number}" for number in range(1, definition.agents + 1))]
        self.agents = [Agent(agent, self) for agent in names]
        ring = definition.ring
        self.answers_at_once = (ring is None or ring.is_zero) and not definition.decline_percent
        self._ring = ring.sampler() if ring is not None else None
        self._rings = Keyed(seed, f"ring/{name}")
        self._services = {kind: law.sampler() for kind, law in definition.service.items()}
        self._works = Keyed(seed, f"service/{name}")

    def answer(self, customer: Customer) -> tuple[int, bool]:
        """How long an offer rings before it is answered, and whether it is accepted."""
        random = self._rings.at(customer.key, customer.tries << 20 | customer.offers)
        accepts = random.random() * 100 >= self.definition.decline_percent
        return (0 if self._ring is None else round(self._ring(random))), accepts

    def begin(self, customer: Customer) -> None:
        """An agent of this group takes the customer for the first time: the group's own law holds, if it has one."""
        draw = self._services.get(customer.source.name)
        if draw is not None:
            customer.work_us = draw(self._works.at(customer.key))


def staffing_changes(group: Group, start_us: int, zone: tzinfo) -> Iterator[tuple[int, int]]:
    """(instant, how many of the group should be there from then on), the first at the start of the run.

    Shifts go by the clock on the wall, also in weeks in which the clocks are changed.
    """
    if not group.shifts:
        yield start_us, group.size
        return
    wall = instant(start_us).astimezone(zone).replace(tzinfo=None)
    monday = datetime.combine(wall.date(), time()) - timedelta(days=wall.weekday())
    stretches = [stretch for shift in group.shifts for stretch in _weekly(shift, group.size)]
    bounds = sorted({bound % _WEEK_US for begin, end, _ in stretches for bound in (begin, end)})
    yield start_us, _wanted(stretches, microseconds(wall - monday), group.size)
    last_us = start_us
    while True:
        for bound in bounds:
            at_us = since_epoch_us((monday + timedelta(microseconds=bound)).replace(tzinfo=zone))
            if at_us > start_us:
                last_us = max(last_us, at_us)  # what was to begin in an hour that is skipped begins after it
                yield last_us, _wanted(stretches, bound, group.size)
        monday += timedelta(weeks=1)


def _weekly(shift: Shift, size: int) -> Iterator[tuple[int, int, int]]:
    """(begin, end, agents) of a shift in a week; the end may be in the next."""
    for place, day in enumerate(DAYS):
        if not shift.days or day in shift.days:
            begin = place * _DAY_US + microseconds(shift.begins)
            yield begin, begin + microseconds(shift.lasts), size if shift.agents is None else shift.agents


def _wanted(stretches: list[tuple[int, int, int]], at_us: int, size: int) -> int:
    there = (agents for begin, end, agents in stretches if begin <= at_us < end or begin <= at_us + _WEEK_US < end)
    return min(size, sum(there))
