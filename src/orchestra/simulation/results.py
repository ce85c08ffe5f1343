"""Figures of simulated runs, each with its interval and what it is made of.

Belongs here: means, shares and percentiles of tallies, intervals by batch means or over seeds. Does not: counting.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import sqrt
from statistics import stdev
from typing import Any

import attrs

from orchestra.simulation.books import Stretch
from orchestra.simulation.student import student_quantile
from orchestra.simulation.tally import Tally, merged

__all__ = [
    "Estimate",
    "Figures",
    "Results",
    "SeedRun",
    "figures_of",
    "interval",
    "limit_text",
    "results_of",
    "scopes_of",
]

_SECOND_US = 1_000_000


@attrs.frozen
class Estimate:
    """A figure and how certain it is.

    Attributes:
        value: the figure over everything that was counted; None if nothing was.
        half_width: the interval is value - half_width to value + half_width; None with fewer than two samples.
        n: how many customers (for time averages, samples) it is made of.
        standard_error: of the value; None with fewer than two samples.
        samples: batches or seeds that had something to count.
    """

    value: float | None
    half_width: float | None
    n: int
    standard_error: float | None
    samples: int

    def to_json(self) -> dict[str, float | int | None]:
        """Plain data."""
        return attrs.asdict(self)


def interval(values: Sequence[float], confidence_percent: float) -> tuple[float | None, float | None]:
    """(half width, standard error) of the mean of independent values; None of fewer than two.

    Source: Student's t. Batch means are independent enough when batches are long against the time a queue remembers.
    """
    if len(values) < 2:
        return None, None
    error = stdev(values) / sqrt(len(values))
    return student_quantile(0.5 + confidence_percent / 200, len(values) - 1) * error, error


Figure = Callable[[Tally], float | None]
"""A figure of a tally; None if there is nothing to take it from."""


def _ratio(above: float, below: float) -> float | None:
    return above / below if below else None


def _ended(tally: Tally) -> int:
    return tally.answered + tally.abandoned


def _seconds(value_us: float | None) -> float | None:
    return None if value_us is None else value_us / _SECOND_US


def _wait_quantile(share: float) -> Figure:
    def figure(tally: Tally) -> float | None:
        both = merged([Tally(answered_waits=tally.answered_waits), Tally(answered_waits=tally.abandoned_waits)])
        return _seconds(both.answered_waits.quantile(share))

    return figure


def _answered_quantile(share: float) -> Figure:
    return lambda tally: _seconds(tally.answered_waits.quantile(share))


def _level(curve: str) -> Figure:
    return lambda tally: _ratio(tally.areas.get(curve, 0), tally.length_us)


def _within(place: int) -> Figure:
    return lambda tally: _ratio(tally.within[place], _ended(tally)) if tally.within else None


def _over(place: int) -> Figure:
    return lambda tally: _ratio(tally.over[place], _ended(tally)) if tally.over else None


def _look(at_us: int, column: int) -> Figure:
    def figure(tally: Tally) -> float | None:
        row = tally.looks.get(at_us)
        return None if row is None else _ratio(row[column], row[0])

    return figure


@attrs.frozen
class Figures:
    """The figures of all, of one class or of one group: name -> estimate. Dotted names are members of objects in JSON.

    Attributes:
        estimates: name -> estimate, in order.
    """

    estimates: Mapping[str, Estimate]

    def __getitem__(self, name: str) -> Estimate:
        return self.estimates[name]

    def to_json(self) -> dict[str, Any]:
        """Plain data: `wait.mean` becomes member `mean` of member `wait`."""
        told: dict[str, Any] = {}
        for name, estimate in self.estimates.items():
            first, _, second = name.partition(".")
            if second:
                told.setdefault(first, {})[second] = estimate.to_json()
            else:
                told[first] = estimate.to_json()
        return told


def limit_text(limit_us: int) -> str:
    """A time as it stands in result names: seconds, without needless digits."""
    return f"{limit_us / _SECOND_US:g}"


@attrs.frozen
class _Row:
    """A figure: its value, what `n` counts, and of whom it can be told."""

    value: Figure
    n: Callable[[Tally], int]
    of: str = "customers"


def _rows(limits_us: Sequence[int], looks_us: Sequence[int]) -> Iterator[tuple[str, _Row]]:
    yield "wait.mean", _Row(lambda t: _seconds(_ratio(t.wait_us, _ended(t))), _ended, "both")
    yield "wait.p50", _Row(_wait_quantile(0.5), _ended, "both")
    yield "wait.p90", _Row(_wait_quantile(0.9), _ended, "both")
    yield "wait_served.mean", _Row(lambda t: _seconds(_ratio(t.answered_us, t.answered)), lambda t: t.answered)
    yield "wait_served.p50", _Row(_answered_quantile(0.5), lambda t: t.answered)
    yield "wait_served.p90", _Row(_answered_quantile(0.9), lambda t: t.answered)
    yield "p_wait", _Row(lambda t: _ratio(t.waited, _ended(t)), _ended, "both")
    for place, limit in enumerate(limits_us):
        yield f"p_within.{limit_text(limit)}", _Row(_within(place), _ended, "both")
    for place, limit in enumerate(limits_us):
        yield f"p_over.{limit_text(limit)}", _Row(_over(place), _ended, "both")
    yield "abandoned", _Row(lambda t: _ratio(t.abandoned, _ended(t)), _ended)
    yield "blocked", _Row(lambda t: _ratio(t.first_blocked, t.first), lambda t: t.first)
    yield "blocked_tries", _Row(lambda t: _ratio(t.blocked, t.came), lambda t: t.came)
    yield "queue_length", _Row(_level("waiting"), lambda t: 0)
    yield "in_service", _Row(_level("serving"), lambda t: 0, "both")
    yield "retrying", _Row(_level("retrying"), lambda t: 0)
    yield "occupancy", _Row(lambda t: _ratio(t.areas.get("busy", 0), t.areas.get("staffed", 0)), lambda t: 0, "agents")
    yield "staffed", _Row(_level("staffed"), lambda t: 0, "agents")
    yield "service.mean", _Row(lambda t: _seconds(_ratio(t.service_us, t.served)), lambda t: t.served, "both")
    yield "stay.mean", _Row(lambda t: _seconds(_ratio(t.stay_us, t.served)), lambda t: t.served, "both")
    yield "duration", _Row(lambda t: t.length_us / _SECOND_US, lambda t: 0, "all")
    for at in looks_us:
        yield f"queue_length_at.{limit_text(at)}", _Row(_look(at, 1), lambda t: 0)
        yield f"in_service_at.{limit_text(at)}", _Row(_look(at, 2), lambda t: 0, "both")


_OF: Mapping[str, frozenset[str]] = {
    "total": frozenset({"customers", "both", "agents", "all"}),
    "class": frozenset({"customers", "both"}),
    "group": frozenset({"agents", "both"}),
}


def figures_of(
    samples: Sequence[Tally],
    kind: str,
    limits_us: Sequence[int],
    looks_us: Sequence[int] = (),
    confidence_percent: float = 95.0,
) -> Figures:
    """Figures of samples that are independent of each other: batches of a run, or whole runs of several seeds.

    Args:
        samples: what was counted in each.
        kind: `total`, `class` or `group`: which figures can be told of it.
        limits_us: the times of `p_within`, as they were counted.
        looks_us: the instants of the cycle that were looked at.
        confidence_percent: of the intervals.
    """
    whole = merged(samples)
    estimates = {}
    for name, row in _rows(limits_us, looks_us):
        if row.of in _OF[kind]:
            values = [value for sample in samples if (value := row.value(sample)) is not None]
            half_width, error = interval(values, confidence_percent)
            value = row.value(whole)
            if name == "duration" and value is not None:
                value /= max(1, len(samples))
            estimates[name] = Estimate(value, half_width, row.n(whole) or len(values), error, len(values))
    return Figures(estimates)


@attrs.frozen
class SeedRun:
    """What one seed brought: its stretches, in order."""

    seed: int
    stretches: Sequence[Stretch]


@attrs.frozen
class Results:
    """The figures of a scenario.

    Attributes:
        seeds: of the runs.
        total: over all customers and agents.
        classes: class -> its figures.
        groups: group -> its figures, of those its agents served.
        confidence_percent: of all intervals.
        runs: what was counted.
    """

    seeds: Sequence[int]
    total: Figures
    classes: Mapping[str, Figures]
    groups: Mapping[str, Figures]
    confidence_percent: float
    runs: Sequence[SeedRun] = attrs.field(repr=False, default=())

    def to_json(self) -> dict[str, Any]:
        """Plain data, without what was counted."""
        return {
            "seeds": list(self.seeds),
            "confidence_percent": self.confidence_percent,
            "total": self.total.to_json(),
            "classes": {name: figures.to_json() for name, figures in self.classes.items()},
            "groups": {name: figures.to_json() for name, figures in self.groups.items()},
        }


def total_of(stretch: Stretch) -> Tally:
    """All classes of a stretch, and all groups' agents."""
    total = merged(stretch.classes.values(), is_same_time=True)
    agents = merged(stretch.groups.values(), is_same_time=True)
    for curve in ("busy", "staffed"):
        total.areas[curve] = agents.areas.get(curve, 0)
    return total


def scopes_of(run: SeedRun) -> dict[tuple[str, str], list[Tally]]:
    """(kind, name) -> tallies of all stretches of a run."""
    found: dict[tuple[str, str], list[Tally]] = {("total", ""): [total_of(stretch) for stretch in run.stretches]}
    for kind, part in (("class", "classes"), ("group", "groups")):
        for stretch in run.stretches:
            for name, tally in getattr(stretch, part).items():
                found.setdefault((kind, name), []).append(tally)
    return found


def results_of(
    runs: Sequence[SeedRun],
    limits_us: Sequence[int],
    looks_us: Sequence[int] = (),
    confidence_percent: float = 95.0,
) -> Results:
    """The figures of runs: intervals over seeds if there are several, else by the batches of the one."""
    scopes = [scopes_of(run) for run in runs]
    figures: dict[tuple[str, str], Figures] = {}
    for scope in scopes[0]:
        samples = scopes[0][scope] if len(runs) == 1 else [merged(one[scope]) for one in scopes]
        figures[scope] = figures_of(samples, scope[0], limits_us, looks_us, confidence_percent)
    return Results(
        [run.seed for run in runs],
        figures["total", ""],
        {name: one for (kind, name), one in figures.items() if kind == "class"},
        {name: one for (kind, name), one in figures.items() if kind == "group"},
        confidence_percent,
        runs,
    )
