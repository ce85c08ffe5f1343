"""The customers of a simulated run, without the run: who comes when, and wants what.

For a scenario and a seed they are the very same whom the simulator meets: the n-th customer of a class has the n-th
value of each of its streams (`simulation/chance.py`).
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import chain, islice, takewhile
from typing import Any

import attrs
from tests.truth.peers.paths import NEVER, Crew, Path, Span

from orchestra.model.structure import microseconds
from orchestra.simulation.chance import stream
from orchestra.simulation.scenario import Scenario

__all__ = ["Call", "Crowd", "calls_of", "crowd_of", "paths_of"]


@attrs.frozen
class Crowd:
    """Who comes in a run.

    Attributes:
        scenario: of the run, and `seed` of all its chance.
        span: what of the run counts.
        came: class -> when its customers come, before the end.
    """

    scenario: Scenario
    seed: int
    span: Span
    came: dict[str, list[int]]

    def draw(self, name: str, what: str) -> list[float]:
        """What the customers of a class draw of one of its laws."""
        law: Any = getattr(self.scenario.classes[name], what)
        draw, random = law.sampler(), stream(self.seed, f"{what}/{name}")
        return [draw(random) for _ in self.came[name]]


def crowd_of(scenario: Scenario, seed: int) -> Crowd:
    """Who comes: until the run is over by its length, or with the customer whom it does not count any more."""
    run, came = scenario.run, {}
    length = None if run.length is None else microseconds(run.length)
    for name, one in scenario.classes.items():
        assert one.arrivals is not None
        instants = one.arrivals.instants(stream(seed, f"arrivals/{name}"))
        if length is None:
            assert run.contacts is not None
            came[name] = list(islice(instants, run.contacts + 1))
        else:
            came[name] = list(takewhile(length.__gt__, instants))
    if length is not None:
        return Crowd(scenario, seed, Span(microseconds(run.warm_up), length), came)
    assert run.contacts is not None
    everybody = sorted(chain.from_iterable(came.values()))
    span = Span(everybody[run.warm_up_contacts], everybody[run.contacts])
    before = {name: instants[: bisect_left(instants, span.end)] for name, instants in came.items()}
    return Crowd(scenario, seed, span, before)


@attrs.define(eq=False)
class Call:
    """A customer, where a model has to look at each of them.

    Attributes:
        kind: the class.
        came: when they got in.
        order: their place among all customers.
        work: how long what is left of their service takes, at speed 1.
        began: when they were answered, `ended` when it was over.
        group: who served them.
        since: since when they have been served or put aside.
        aside: (since when, until when) they were put aside.
        pace: at which speed they are served.
        version: rises with each change of when their service is to end.
    """

    kind: str
    came: int
    work: float
    order: int = 0
    began: int = NEVER
    ended: int = NEVER
    group: str = ""
    since: int = 0
    aside: list[tuple[int, int]] = attrs.field(factory=list)
    pace: float = 1.0
    version: int = 0


def calls_of(crowd: Crowd) -> list[Call]:
    """All customers, as they come."""
    calls = [
        Call(name, came, work)
        for name, instants in crowd.came.items()
        for came, work in zip(instants, crowd.draw(name, "service"), strict=True)
    ]
    calls.sort(key=lambda call: call.came)
    for order, call in enumerate(calls, 1):
        call.order = order
    return calls


def paths_of(scenario: Scenario, calls: list[Call]) -> tuple[dict[str, Path], dict[str, Crew]]:
    """Class -> its path; and group -> whom it served, where the model says so."""
    paths = {name: Path() for name in scenario.classes}
    crews = {name: Crew(group.size) for name, group in scenario.groups.items()}
    for call in calls:
        for path in (paths[call.kind], *([crews[call.group].path] if call.group else [])):
            path.came.append(call.came)
            path.began.append(call.began)
            path.ended.append(call.ended)
            path.aside.extend(call.aside)
            path.aside_us.append(sum([until - since for since, until in call.aside]))
    return paths, crews
