"""The books of a run: cut into stretches, each balanced before it counts.

Belongs here: stretches, Little's law, the balance of flows. Does not: what is counted (`tally`), figures (`results`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import attrs

from orchestra.errors import OrchestraError
from orchestra.simulation.agents import Crew
from orchestra.simulation.customers import AWAITED, NEW, SERVED, WAITING, Customer, Source
from orchestra.simulation.tally import Tally

__all__ = ["Books", "SimulationBroken", "Stretch"]


class SimulationBroken(OrchestraError):
    """A simulated run contradicts itself: a law that always holds does not. Its figures would be worth nothing."""


@attrs.frozen
class Stretch:
    """What was counted between two cuts.

    Attributes:
        classes: class -> its tally.
        groups: group -> its tally.
        overdue: class -> limit by limit, how many have waited longer at the end of it and are not answered yet.
    """

    classes: Mapping[str, Tally]
    groups: Mapping[str, Tally]
    overdue: Mapping[str, Sequence[int]] = attrs.field(factory=dict, eq=False)


class Books:
    """Keeps the stretches of one run.

    Attributes:
        kept: the stretches that count, in order.
    """

    def __init__(self, sources: Collection[Source], crews: Collection[Crew]) -> None:
        self._sources = sources
        self._crews = crews
        self._waiting_us = {source.name: 0 for source in sources}
        self.kept: list[Stretch] = []

    def cut(self, now_us: int, customers: Collection[Customer], *, is_kept: bool) -> None:
        """End a stretch.

        Args:
            now_us: when.
            customers: everybody who is in contact now.
            is_kept: whether it counts.

        Raises:
            SimulationBroken: it contradicts itself.
        """
        classes = {source.name: self._balanced(source, now_us, customers) for source in self._sources}
        for crew in self._crews:
            _require_hands(crew)
        groups = {crew.name: crew.counter.cut(now_us) for crew in self._crews}
        if is_kept:
            overdue = {source.name: _overdue(source, now_us, customers) for source in self._sources}
            self.kept.append(Stretch(classes, groups, overdue))

    def _balanced(self, source: Source, now_us: int, customers: Collection[Customer]) -> Tally:
        counter = source.counter
        own = [customer for customer in customers if customer.source is source]
        since = [customer.since_us for customer in own if customer.state == WAITING]
        _require(source.name, "customers waiting", counter.waiting.level, len(since))
        served = sum(customer.state == SERVED for customer in own)
        _require(source.name, "customers served", counter.serving.level, served)
        present = sum(customer.state not in (NEW, AWAITED) for customer in own)
        _require(source.name, "flow in = flow out + present", counter.entered, counter.left + present)
        waited_us, before_us = counter.stints_us, self._waiting_us[source.name]
        tally = counter.cut(now_us)
        # Little's law without an edge: what those have waited who still wait now, and had at the last cut, is counted.
        still_us = len(since) * now_us - sum(since)
        _require(source.name, "Little's law", tally.areas["waiting"], waited_us + still_us - before_us)
        self._waiting_us[source.name] = still_us
        return tally


def _overdue(source: Source, now_us: int, customers: Collection[Customer]) -> list[int]:
    waits_us = [
        customer.waited_us + now_us - customer.since_us
        for customer in customers
        if customer.source is source and customer.state == WAITING and not customer.is_answered
    ]
    return [sum(wait_us > limit for wait_us in waits_us) for limit in source.counter.limits_us]


def _require_hands(crew: Crew) -> None:
    served = sum(customer.state == SERVED for agent in crew.agents for customer in agent.in_hand)
    _require(crew.name, "customers served", crew.counter.serving.level, served)
    busy = sum(agent.is_in and bool(agent.in_hand) for agent in crew.agents)
    _require(crew.name, "agents at work", crew.counter.busy.level, busy)


def _require(name: str, law: str, one: int, other: int) -> None:
    if one != other:
        raise SimulationBroken(f"{name}: {law}: {one} is not {other}")
