"""`orchestra simulate`: what would happen in a scenario."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from orchestra.cli.arguments import add_json, add_scores, new_parser, scores_of
from orchestra.cli.simulation_tables import comparison_tables, results_tables
from orchestra.cli.terminal import Bar, print_json, print_tables, progress
from orchestra.simulation.run import compare, seeds_from, simulate
from orchestra.simulation.scenario import Scenario

__all__ = ["add_seeds", "loaded", "main", "share_on", "whole"]

_DESCRIPTION = """\
Run a scenario through the engine in virtual time: waits, service levels, queues and occupancy,
each with its interval. With --compare, two scenarios meet the same customers."""

_EXAMPLES = """
orchestra simulate scenario.toml
orchestra simulate scenario.toml --seeds 8 --json
orchestra simulate scenario.toml --compare other.toml --seeds 8
"""

_STEPS: Final = 1000


def main(argv: Sequence[str]) -> int:
    """Run `orchestra simulate`.

    Raises:
        OrchestraError: a scenario is wrong, or cannot be read.
    """
    parser = new_parser("simulate", _DESCRIPTION, _EXAMPLES)
    parser.add_argument("scenario", metavar="SCENARIO", help="a scenario file (TOML)")
    add_seeds(parser, 1)
    parser.add_argument("--compare", metavar="OTHER", help="a second scenario, to compare with the first")
    add_scores(parser)
    add_json(parser)
    arguments = parser.parse_args(argv)
    scores = scores_of(arguments)
    with progress("simulating") as bar:
        first = loaded(arguments.scenario, bar)
        seeds = seeds_from(first, arguments.seeds)
        if arguments.compare is None:
            results = simulate(first, seeds, on_progress=share_on(bar), scores=scores)
            told, tables = results.to_json(), results_tables(results)
        else:
            second = loaded(arguments.compare, bar)
            comparison = compare(first, second, seeds, on_progress=share_on(bar), scores=scores)
            told, tables = comparison.to_json(), comparison_tables(comparison)
    if arguments.json:
        print_json({"scenario": arguments.scenario, **told})
    else:
        print_tables(tables)
    return 0


def add_seeds(parser: argparse.ArgumentParser, default: int) -> None:
    """Let a simulating subcommand be told how many runs to make."""
    parser.add_argument(
        "--seeds", metavar="N", type=whole, default=default, help=f"how many runs, side by side (default {default})"
    )


def whole(text: str) -> int:
    """A whole number from 1 on, as an argument.

    Raises:
        ArgumentTypeError: it is none.
    """
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= 10_000):
        raise argparse.ArgumentTypeError("a whole number from 1 to 10000")
    return int(text)


def loaded(path: str, bar: Bar) -> Scenario:
    """A scenario from its file; what is doubtful in it is remarked.

    Raises:
        DefinitionError: it has errors, or cannot be read.
    """
    scenario = Scenario.load(Path(path))
    for fault in scenario.faults():
        bar.remark(f"warning: {fault}")
    return scenario


def share_on(bar: Bar) -> Callable[[float], None]:
    """Shows on a bar which share is over."""
    return lambda share: bar.advance(int(share * _STEPS), _STEPS)
