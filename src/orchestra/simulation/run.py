"""Running scenarios: one seed or several, side by side in processes; and comparing two.

Belongs here: processes and progress. Does not: what happens in a run (`driver`), figures (`results`).
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Event
from typing import Any

import attrs

from orchestra.errors import DefinitionError, Fault
from orchestra.model.rule_faults import rule_faults
from orchestra.model.scores import Scores, score_faults
from orchestra.model.structure import microseconds
from orchestra.simulation.driver import Driver
from orchestra.simulation.results import (
    Estimate,
    Figures,
    Results,
    SeedRun,
    figures_of,
    interval,
    results_of,
    scopes_of,
)
from orchestra.simulation.scenario import Scenario
from orchestra.simulation.tally import merged

__all__ = ["Comparison", "compare", "run_seed", "seeds_from", "simulate"]

OnProgress = Callable[[float], None]
"""Told which share of all runs is over."""

_LOOK_EVERY_S = 0.2
_TELL_STEP = 0.01
_FEWER_COLLECTIONS = 200_000


def simulate(
    scenario: Scenario,
    seeds: Sequence[int] | None = None,
    *,
    on_progress: OnProgress | None = None,
    processes: int | None = None,
    scores: Scores | None = None,
) -> Results:
    """Run a scenario and tell its figures.

    Args:
        scenario: without errors.
        seeds: one run each; None for the scenario's own seed.
        on_progress: told which share is over.
        processes: at most so many side by side; None for one per core. A single seed runs in this one.
        scores: those that the scenario's plan names. Where no other process can import them, all runs are in this one.

    Returns:
        The figures. Equal scenarios and seeds give equal figures.

    Raises:
        DefinitionError: the scenario has errors, or names a score that is not given, or a predicate.
        SimulationBroken: a run contradicts itself.
        CommandRefused: the engine does not take what the scenario describes.
    """
    runs = _runs([scenario], _seeds(scenario, seeds), on_progress, processes, scores)
    return _results(scenario, runs)


def seeds_from(scenario: Scenario, count: int) -> list[int]:
    """So many seeds, from the scenario's own on."""
    return [scenario.seed + number for number in range(count)]


def _seeds(scenario: Scenario, seeds: Sequence[int] | None) -> list[int]:
    chosen = [scenario.seed] if seeds is None else list(seeds)
    if not chosen or len(set(chosen)) != len(chosen):
        raise DefinitionError([Fault("seed", "at least one is needed, and no two alike")])
    return chosen


def _results(scenario: Scenario, runs: Sequence[SeedRun]) -> Results:
    reporting = scenario.results
    looks_us = [microseconds(at) for at in reporting.at]
    return results_of(runs, reporting.limits_us, looks_us, reporting.confidence_percent)


def run_seed(
    scenario: Scenario, seed: int, on_progress: OnProgress | None = None, scores: Scores | None = None
) -> SeedRun:
    """One run, in this process."""
    with _fewer_collections():
        return SeedRun(seed, Driver(scenario, seed, on_progress, scores).run())


@contextmanager
def _fewer_collections() -> Generator[None]:
    """A run makes many objects that live long and no cycles: looking for cycles as often as usual costs a fifth."""
    before = gc.get_threshold()
    gc.set_threshold(_FEWER_COLLECTIONS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


# Side by side


def _runs(
    scenarios: Sequence[Scenario],
    seeds: Sequence[int],
    on_progress: OnProgress | None,
    processes: int | None,
    scores: Scores | None,
) -> list[SeedRun]:
    """The runs of all scenarios, scenario by scenario, seed by seed."""
    for scenario in scenarios:
        scenario.require_sound()
        _require_registered(scenario, scores or {})
    jobs = [(scenario, seed) for scenario in scenarios for seed in seeds]
    workers = min(len(jobs), processes or os.cpu_count() or 1) if _may_travel(scores) else 1
    progress = _Progress(len(jobs), on_progress)
    if workers == 1:
        return [run_seed(*job, progress.of(number), scores) for number, job in enumerate(jobs)]
    return _side_by_side(jobs, workers, progress, scores)


def _require_registered(scenario: Scenario, scores: Scores) -> None:
    """Refuse scores that are not given, and predicates, which nobody can give."""
    found = [*score_faults(scenario.plan, scores), *rule_faults(scenario.plan, {})]
    faults = [attrs.evolve(fault, path=f"plan.{fault.path}") for fault in found if fault.is_error]
    if faults:
        raise DefinitionError(faults)


def _may_travel(scores: Scores | None) -> bool:
    """Whether another process can have these scores: functions that no module names cannot be sent."""
    try:
        pickle.dumps(scores)
    except (pickle.PicklingError, AttributeError, TypeError):
        return False
    return True


class _Progress:
    """Adds up how far each of several runs is."""

    def __init__(self, jobs: int, on_progress: OnProgress | None) -> None:
        self._shares = [0.0] * jobs
        self._on_progress = on_progress

    def tell(self, job: int, share: float) -> None:
        self._shares[job] = share
        if self._on_progress is not None:
            self._on_progress(sum(self._shares) / len(self._shares))

    def of(self, job: int) -> OnProgress:
        return lambda share: self.tell(job, share)


@attrs.frozen
class _Line:
    """Between the processes of a pool: how far runs are, and whether they are to stop."""

    told: SimpleQueue[tuple[int, float]]
    stopped: Event


_line: _Line | None = None
"""In a process of the pool."""


class _Stopped(Exception):
    """Nobody wants to know any more how a run ends."""


def _begin(line: _Line) -> None:
    global _line  # noqa: PLW0603 - a process of a pool learns such things in no other way
    _line = line


def _job(number: int, scenario: Scenario, seed: int, scores: Scores | None) -> SeedRun:
    last = 0.0
    assert _line is not None  # begun with it
    line = _line

    def tell(share: float) -> None:
        nonlocal last
        if line.stopped.is_set():
            raise _Stopped
        if share >= last + _TELL_STEP or share == 1:
            last = share
            line.told.put((number, share))

    return run_seed(scenario, seed, tell, scores)


def _side_by_side(
    jobs: Sequence[tuple[Scenario, int]], workers: int, progress: _Progress, scores: Scores | None
) -> list[SeedRun]:
    context = get_context("spawn")
    line = _Line(context.SimpleQueue(), context.Event())
    pool = ProcessPoolExecutor(workers, context, _begin, (line,))
    try:
        with _uninterrupted():
            futures = [pool.submit(_job, number, *job, scores) for number, job in enumerate(jobs)]
        return _watched(futures, line, progress)
    finally:
        line.stopped.set()  # of no account to those that are done
        pool.shutdown(cancel_futures=True)


@contextmanager
def _uninterrupted() -> Generator[None]:
    """Processes that are begun within never hear of an interrupt: whoever began them tells them to stop.

    An interrupt that comes meanwhile is heard afterwards.
    """
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _watched(futures: Sequence[Future[SeedRun]], line: _Line, progress: _Progress) -> list[SeedRun]:
    """What comes of all of them, or what went wrong with one of the first that end."""
    waiting = set(futures)
    while waiting:
        done, waiting = wait(waiting, _LOOK_EVERY_S, FIRST_COMPLETED)
        while not line.told.empty():
            progress.tell(*line.told.get())
        for future in done:
            future.result()
    return [future.result() for future in futures]


# Comparing


@attrs.frozen
class Comparison:
    """Two scenarios that met the same customers.

    Attributes:
        first: figures of the one.
        second: figures of the other.
        total: second less first, over all, each with the interval of the paired differences.
        classes: class -> the same, of the classes that both have.
        groups: group -> the same, of the groups that both have.
    """

    first: Results
    second: Results
    total: Mapping[str, Estimate]
    classes: Mapping[str, Mapping[str, Estimate]]
    groups: Mapping[str, Mapping[str, Estimate]]

    def to_json(self) -> dict[str, Any]:
        """Plain data: `first`, `second` and `difference`."""
        difference = {
            "total": Figures(self.total).to_json(),
            "classes": {name: Figures(one).to_json() for name, one in self.classes.items()},
            "groups": {name: Figures(one).to_json() for name, one in self.groups.items()},
        }
        return {"first": self.first.to_json(), "second": self.second.to_json(), "difference": difference}


def compare(
    first: Scenario,
    second: Scenario,
    seeds: Sequence[int] | None = None,
    *,
    on_progress: OnProgress | None = None,
    processes: int | None = None,
    scores: Scores | None = None,
) -> Comparison:
    """Run two scenarios on common random numbers: the n-th customer of a class comes when and wants what it did before.

    Args:
        first: without errors.
        second: without errors; classes of the same name and laws have the same customers.
        seeds: one run of each for each; None for the first scenario's own seed, whose batches are then compared.
        on_progress: told which share is over.
        processes: at most so many side by side; None for one per core.
        scores: those that the scenarios' plans name.

    Raises:
        DefinitionError: a scenario has errors, or names a score that is not given, or they do not report the same.
        SimulationBroken: a run contradicts itself.
    """
    if first.results != second.results:
        raise DefinitionError([Fault("results", "both scenarios must report the same to be compared")])
    chosen = _seeds(first, seeds)
    runs = _runs([first, second], chosen, on_progress, processes, scores)
    ones, others = runs[: len(chosen)], runs[len(chosen) :]
    found: dict[str, dict[str, Mapping[str, Estimate]]] = {"total": {}, "class": {}, "group": {}}
    pairs = [(scopes_of(one), scopes_of(other)) for one, other in zip(ones, others, strict=True)]
    for scope in pairs[0][0].keys() & pairs[0][1].keys():
        found[scope[0]][scope[1]] = _differences(first, scope, pairs)
    return Comparison(
        _results(first, ones),
        _results(second, others),
        found["total"][""],
        {name: found["class"][name] for name in first.classes if name in found["class"]},
        {name: found["group"][name] for name in first.groups if name in found["group"]},
    )


def _differences(scenario: Scenario, scope: tuple[str, str], pairs: Sequence[Any]) -> dict[str, Estimate]:
    """Second less first of one scope, seed by seed, or batch by batch of a single seed."""
    if len(pairs) == 1:
        samples = list(zip(pairs[0][0][scope], pairs[0][1][scope], strict=False))
    else:
        samples = [(merged(one[scope]), merged(other[scope])) for one, other in pairs]
    reporting = scenario.results
    looks_us = [microseconds(at) for at in reporting.at]

    def figures(tallies: Any) -> Figures:
        return figures_of(tallies, scope[0], reporting.limits_us, looks_us, reporting.confidence_percent)

    ones, others = ([figures([sample[side]]) for sample in samples] for side in (0, 1))
    wholes = [figures([sample[side] for sample in samples]) for side in (0, 1)]
    found = {}
    for name, whole in wholes[0].estimates.items():
        values = [
            theirs[name].value - mine[name].value  # type: ignore[operator] # not None, see below
            for mine, theirs in zip(ones, others, strict=True)
            if mine[name].value is not None and theirs[name].value is not None
        ]
        other = wholes[1][name].value
        value = None if whole.value is None or other is None else other - whole.value
        half_width, error = interval(values, reporting.confidence_percent)
        found[name] = Estimate(value, half_width, whole.n, error, len(values))
    return found
