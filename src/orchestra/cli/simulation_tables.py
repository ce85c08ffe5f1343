"""Simulated figures as tables: each value with half the width of its interval.

Belongs here: columns and words. Does not: figures, and drawing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from orchestra.insight.report import Table
from orchestra.model.instants import span_text
from orchestra.simulation.results import Estimate, Results
from orchestra.simulation.run import Comparison
from orchestra.simulation.staffing import Staffing

__all__ = ["comparison_tables", "results_tables", "staffing_tables"]

_Text = Callable[[float], str]
_Scopes = Mapping[str, Mapping[str, Estimate]]


def _time(value_s: float) -> str:
    sign, size = ("-" if value_s < 0 else ""), abs(value_s)
    return sign + (span_text(size) if size >= 60 else f"{size:.2f} s")


def _share(value: float) -> str:
    return f"{100 * value:.2f} %"


def _number(value: float) -> str:
    return f"{value:.2f}"


def _with_interval(text: _Text, estimate: Estimate | None) -> str:
    if estimate is None or estimate.value is None:
        return "-"
    shown = text(estimate.value)
    return shown if estimate.half_width is None else f"{shown} ±{text(estimate.half_width)}"


_CUSTOMERS: tuple[tuple[str, str, _Text], ...] = (
    ("wait: mean", "wait.mean", _time),
    ("median", "wait.p50", _time),
    ("p90", "wait.p90", _time),
    ("waited", "p_wait", _share),
    ("left", "abandoned", _share),
    ("blocked", "blocked", _share),
    ("waiting", "queue_length", _number),
    ("in service", "in_service", _number),
)

_AGENTS: tuple[tuple[str, str, _Text], ...] = (
    ("occupancy", "occupancy", _share),
    ("signed in", "staffed", _number),
    ("in service", "in_service", _number),
    ("service: mean", "service.mean", _time),
    ("wait: mean", "wait.mean", _time),
)


def _rows(scopes: _Scopes, columns: tuple[tuple[str, str, _Text], ...]) -> Iterator[tuple[str, ...]]:
    for scope, figures in scopes.items():
        cells = (_with_interval(text, figures.get(name)) for _, name, text in columns)
        yield (scope, str(figures["wait.mean"].n), *cells)


def _table(title: str, scopes: _Scopes, columns: tuple[tuple[str, str, _Text], ...]) -> Table:
    header = ("of", "n", *(name for name, _, _ in columns))
    return Table(title, header, tuple(_rows(scopes, columns)), frozenset(range(1, len(header))))


def _columns(scopes: _Scopes) -> tuple[tuple[str, str, _Text], ...]:
    """The usual ones, with the times of `p_within` that were asked for after those who waited."""
    whole = next(iter(scopes.values()))
    names = [name for name in whole if name.startswith("p_within.")]
    within = tuple((f"within {name.removeprefix('p_within.')} s", name, _share) for name in names)
    return (*_CUSTOMERS[:4], *within, *_CUSTOMERS[4:])


def _tables(title: str, customers: _Scopes, groups: _Scopes) -> list[Table]:
    agents = {"all": customers["all"], **groups} if len(groups) > 1 else dict(groups)
    return [_table(title, customers, _columns(customers)), _table("Agents", agents, _AGENTS)]


def results_tables(results: Results) -> list[Table]:
    """Customers in all and per class, agents per group."""
    customers = {"all": results.total.estimates}
    if len(results.classes) > 1:
        customers |= {name: figures.estimates for name, figures in results.classes.items()}
    groups = {name: figures.estimates for name, figures in results.groups.items()}
    return _tables(_title(results), customers, groups)


def _title(results: Results) -> str:
    seeds = len(results.seeds)
    how = f"{seeds} runs" if seeds > 1 else f"seed {results.seeds[0]}, by batches"
    return f"Customers ({how}, {results.confidence_percent:g} % intervals)"


def comparison_tables(comparison: Comparison) -> list[Table]:
    """Both scenarios, and the second less the first."""
    customers = {"all": comparison.total}
    if len(comparison.classes) > 1:
        customers |= comparison.classes
    title = "Second less first (paired)"
    both = [*results_tables(comparison.first), *results_tables(comparison.second)]
    return [*both, *_tables(title, customers, comparison.groups)]


def staffing_tables(staffing: Staffing) -> list[Table]:
    """How many agents, what was tried, and the figures of the best."""
    groups = tuple(staffing.best.agents)
    rows = tuple(
        (
            *(str(count) for count in trial.agents.values()),
            _with_interval(_share, trial.level),
            "yes" if trial.meets else "no",
            _share(trial.confidence),
            str(trial.seeds),
        )
        for trial in staffing.trials
    )
    header = (*groups, "answered in time", "enough", "confidence", "runs")
    tried = Table("Tried", header, rows, frozenset(range(len(header))))
    answer = tuple((name, str(staffing.best.agents[name]), str(staffing.start[name])) for name in groups)
    least = Table("Least agents", ("group", "agents", "by Erlang"), answer, frozenset({1, 2}))
    return [tried, *results_tables(staffing.best.results), least]
