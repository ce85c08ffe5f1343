"""The engine beside a bare model that meets the very same customers: what both say, and how sure that is.

For one customer the engine takes as long as a bare model, its peer (`peers/`), for ten or a hundred. So the engine
serves some, its peer serves the same, and then as many others alone as it takes. What the peer says of all these is
known well; and by how much the engine differs from it is known from few, since both met the same chance.

A peer has to go the very same way as the engine. Only of what happens within one microsecond it may tell the order
otherwise: there whatever ends comes first, here what was planned first. With the seeds that are used this never shows.

Source: S. S. Lavenberg, T. L. Moeller and P. D. Welch, Statistical results on control variables with application to
queueing network simulation, Operations Research 30 (1982). There the mean of the control is known; here it is estimated
from further, independent runs, whose error counts too.

Belongs here: running both, comparing them, estimating. Does not: the models, what is asked of them (`families`).
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from math import hypot
from multiprocessing import get_context
from statistics import fmean
from typing import Protocol

import attrs

from orchestra.model.structure import microseconds
from orchestra.simulation.books import Stretch
from orchestra.simulation.results import Estimate, Results, SeedRun, interval, results_of
from orchestra.simulation.run import simulate
from orchestra.simulation.scenario import Scenario
from orchestra.simulation.tally import Tally

__all__ = ["Coupling", "Peer", "Read", "coupled"]

ALONE_FROM = 100_001
"""The first seed of the peer alone, far from those that it shares with the engine. Fixed before the first run."""

Read = Callable[[Results], Estimate]
"""What answers a case."""


class Peer(Protocol):
    """A bare model: one run of a scenario, counted by the rules of the simulator."""

    def __call__(self, scenario: Scenario, seed: int, *, closely: bool = False) -> Stretch: ...


@attrs.frozen
class Coupling:
    """What the engine and its peer say.

    Attributes:
        scenario: what both went through.
        engine: of its runs.
        peer: of the same customers, counted closely.
        alone: what the peer says of many more, if it was asked.
    """

    scenario: Scenario
    engine: Results
    peer: Results
    alone: Results | None = None

    def unequal(self) -> list[str]:
        """Where the two differ: in any count, in any sum of microseconds, in how many waits there are of any length.

        Of all classes; and of the groups, where the peer says who served whom.
        """
        return [
            f"seed {one.seed}, {part} {name}, {what}"
            for one, other in zip(self.engine.runs, self.peer.runs, strict=True)
            for ours, theirs in zip(one.stretches, other.stretches, strict=True)
            for part in ("classes", "groups")
            for name, tally in getattr(theirs, part).items()
            for what in _unequal(getattr(ours, part)[name], tally)
        ]

    def estimate(self, read: Read) -> Estimate:
        """What the peer says alone, and by how much the engine differs from it; without the first, the engine's own."""
        if self.alone is None:
            return read(self.engine)
        alone, gaps = read(self.alone), list(self._gaps(read))
        _, gap_error = interval(gaps, 95)
        assert alone.value is not None
        assert alone.standard_error is not None
        assert gap_error is not None
        error = hypot(alone.standard_error, gap_error)
        return Estimate(alone.value + fmean(gaps), None, alone.n, error, alone.samples)

    def _gaps(self, read: Read) -> Iterator[float]:
        """By how much the engine's figure is more than the peer's, seed by seed."""
        for one, other in zip(self.engine.runs, self.peer.runs, strict=True):
            ours, theirs = (read(_results(self.scenario, [run])).value for run in (one, other))
            assert ours is not None
            assert theirs is not None
            yield ours - theirs


def _unequal(ours: Tally, theirs: Tally) -> Iterator[str]:
    for field in attrs.fields(Tally):
        one, other = getattr(ours, field.name), getattr(theirs, field.name)
        if one != other:
            yield f"{field.name}: {one} is not {other}"


def coupled(
    scenario: Scenario,
    peer: Peer,
    seeds: Sequence[int],
    alone: tuple[Scenario, int] | None = None,
    processes: int | None = None,
) -> Coupling:
    """Let the engine and its peer meet the same customers, and the peer many more.

    Args:
        scenario: of both.
        peer: the bare model.
        seeds: one run of each for each.
        alone: the scenario of the peer alone, which may be longer, and how many runs of it.
        processes: at most so many side by side; None for one per core.
    """
    engine = simulate(scenario, seeds, processes=processes)
    both = _results(scenario, [_run(peer, scenario, seed, closely=True) for seed in seeds])
    if alone is None:
        return Coupling(scenario, engine, both)
    longer, count = alone
    run, numbers = partial(_run, peer, longer, closely=False), range(ALONE_FROM, ALONE_FROM + count)
    if processes == 1:
        return Coupling(scenario, engine, both, _results(longer, [run(seed) for seed in numbers]))
    # No model makes cycles, and some make many objects that live long.
    with ProcessPoolExecutor(processes, get_context("spawn"), gc.disable) as pool:
        runs = list(pool.map(run, numbers))
    return Coupling(scenario, engine, both, _results(longer, runs))


def _run(peer: Peer, scenario: Scenario, seed: int, *, closely: bool) -> SeedRun:
    return SeedRun(seed, [peer(scenario, seed, closely=closely)])


def _results(scenario: Scenario, runs: Sequence[SeedRun]) -> Results:
    reporting = scenario.results
    return results_of(runs, reporting.limits_us, [microseconds(at) for at in reporting.at])
