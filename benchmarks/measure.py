"""Compare two programs in one run: A, B, A, B, ... over several rounds, so that both meet the same machine.

    from measure import Case, main

    def ours(): ...          # does `count` operations
    def theirs(): ...        # does the same `count` operations

    if __name__ == "__main__":
        main("codec", [Case("encode", ours, theirs, count=10_000, target=3.0)])

`main(title, cases)` parses `--rounds N` (default 7) and `--json`, runs every case, prints a table (or one JSON object)
and exits with status 1 if any case misses its target. Its parts are public for programs with arguments of their own:

* `Case(name, ours, peer, count, target=None, peer_name="peer", setup=None)`: `ours` and `peer` take what `setup()`
  returns if there is a set-up (run before each, outside of the timing), else nothing. `count` is the number of
  operations of one call, or None if the calls return it. `target` is the least ratio that passes; None only reports.
* `Given(name, ours_rates, peer_rates, target=None, peer_name="peer")`: rates that the program measured itself, in turn.
* `run(case, rounds) -> Result`: one unmeasured warm-up each, then the rounds; who goes first alternates.
* `Result`: `ours` and `peer` as operations per second of each round; `ratio` of their medians (above 1: ours is
  faster); `passed`; `as_json()`.
* `report(title, results, as_json=...)`: prints; returns the exit status.
* `arguments(title)`: the parser, to which a program may add options of its own.

Only ratios are gated: absolute rates on shared machines say little. Garbage is collected before each measurement and
the collector stays on during it, as in production.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import attrs

__all__ = ["Case", "Given", "Result", "arguments", "main", "report", "run"]


@attrs.frozen
class Case:
    """Two programs that do the same work."""

    name: str
    ours: Callable[..., Any]
    peer: Callable[..., Any]
    count: int | None
    target: float | None = None
    peer_name: str = "peer"
    setup: Callable[[], Any] | None = None


@attrs.frozen
class Given:
    """Rates measured elsewhere, operations per second, one per round."""

    name: str
    ours_rates: Sequence[float]
    peer_rates: Sequence[float]
    target: float | None = None
    peer_name: str = "peer"


@attrs.frozen
class Result:
    """Operations per second of each round."""

    name: str
    ours: Sequence[float]
    peer: Sequence[float]
    target: float | None
    peer_name: str

    @property
    def ratio(self) -> float:
        """Median rate of ours by median rate of the peer."""
        return statistics.median(self.ours) / statistics.median(self.peer)

    @property
    def passed(self) -> bool:
        """Whether the target is met, or there is none."""
        return self.target is None or self.ratio >= self.target

    def as_json(self) -> dict[str, Any]:
        """Plain data for `--json`."""
        return {
            "name": self.name,
            "ours": _spread(self.ours),
            "peer": {"name": self.peer_name, **_spread(self.peer)},
            "ratio": round(self.ratio, 3),
            "target": self.target,
            "passed": self.passed,
        }


def _spread(rates: Sequence[float]) -> dict[str, float]:
    return {
        "min": round(min(rates), 1),
        "median": round(statistics.median(rates), 1),
        "max": round(max(rates), 1),
    }


def run(case: Case | Given, rounds: int) -> Result:
    """Measure one case."""
    if isinstance(case, Given):
        return Result(case.name, case.ours_rates, case.peer_rates, case.target, case.peer_name)
    sides = ((case.ours, []), (case.peer, []))
    for side, _ in sides:
        _rate(case, side)
    for number in range(rounds):
        for side, rates in sides if number % 2 == 0 else reversed(sides):
            rates.append(_rate(case, side))
    return Result(case.name, sides[0][1], sides[1][1], case.target, case.peer_name)


def _rate(case: Case, side: Callable[..., Any]) -> float:
    given = () if case.setup is None else (case.setup(),)
    gc.collect()
    start = time.perf_counter()
    returned = side(*given)
    seconds = time.perf_counter() - start
    return (returned if case.count is None else case.count) / seconds


def report(title: str, results: Sequence[Result], *, as_json: bool) -> int:
    """Print the results; 0 if all targets are met, else 1."""
    if as_json:
        print(json.dumps({"benchmark": title, "results": [result.as_json() for result in results]}, indent=1))
    else:
        _print_table(title, results)
    return 0 if all(result.passed for result in results) else 1


def _print_table(title: str, results: Sequence[Result]) -> None:
    width = max(len(title), *(len(name) for result in results for name in (result.name, f"  {result.peer_name}")))
    print(f"{title:<{width}}  {'min/s':>12}  {'median/s':>12}  {'max/s':>12}  {'ratio':>7}  target")
    for result in results:
        target = "" if result.target is None else f">= {result.target:g} {'met' if result.passed else 'MISSED'}"
        print(f"{result.name:<{width}}  {_columns(result.ours)}  {result.ratio:>7.2f}  {target}".rstrip())
        print(f"{'  ' + result.peer_name:<{width}}  {_columns(result.peer)}")


def _columns(rates: Sequence[float]) -> str:
    return "  ".join(f"{rate:>12,.0f}" for rate in _spread(rates).values())


def arguments(title: str) -> argparse.ArgumentParser:
    """A parser with `--rounds` and `--json`, to which a program may add its own."""
    parser = argparse.ArgumentParser(description=f"benchmark: {title}")
    parser.add_argument("--rounds", type=int, default=7, help="measurements of each side")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    return parser


def main(title: str, cases: Sequence[Case | Given]) -> None:
    """Run all cases as the command line says, report, exit."""
    given = arguments(title).parse_args()
    sys.exit(report(title, [run(case, given.rounds) for case in cases], as_json=given.json))
