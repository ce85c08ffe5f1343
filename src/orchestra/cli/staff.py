"""`orchestra staff`: how many agents it takes."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import timedelta

from orchestra.cli.arguments import add_json, add_scores, new_parser, scores_of
from orchestra.cli.simulate import add_seeds, loaded
from orchestra.cli.simulation_tables import staffing_tables
from orchestra.cli.terminal import Bar, print_json, print_tables, progress
from orchestra.model.structure import parse_duration
from orchestra.simulation.staffing import Target, Trial, ignored, staff

__all__ = ["main"]

_DESCRIPTION = """\
Find the least agents per group that meet a service level: 80/20 is 80 % answered within 20
seconds, of all who were answered or left, or still wait at the end for longer. Erlang's
formulas say where to begin; then the engine is run until it is clear. The exit status is 1 if
the answer is less than 90 % sure."""

_EXAMPLES = """
orchestra staff scenario.toml --service-level 80/20
orchestra staff scenario.toml --service-level 90/1m --each-class --json
"""

_SURE = 0.9


def main(argv: Sequence[str]) -> int:
    """Run `orchestra staff`.

    Raises:
        OrchestraError: the scenario is wrong, or cannot be read.
    """
    parser = new_parser("staff", _DESCRIPTION, _EXAMPLES)
    parser.add_argument("scenario", metavar="SCENARIO", help="a scenario file (TOML)")
    parser.add_argument(
        "--service-level", metavar="PERCENT/TIME", type=_level, required=True, help="as 80/20 (seconds) or 90/1m"
    )
    parser.add_argument("--each-class", action="store_true", help="every class must meet it, not only all together")
    add_seeds(parser, 32)
    add_scores(parser)
    add_json(parser)
    arguments = parser.parse_args(argv)
    scores = scores_of(arguments)
    percent, within = arguments.service_level
    with progress("staffing") as bar:
        scenario = loaded(arguments.scenario, bar)
        for fault in ignored(scenario):
            bar.remark(f"warning: {fault}")
        target = Target(percent, within, arguments.each_class)
        tried: list[Trial] = []
        found = staff(
            scenario,
            target,
            seeds=arguments.seeds,
            on_trial=lambda trial: _show(bar, tried, trial),
            scores=scores,
        )
    if arguments.json:
        print_json({"scenario": arguments.scenario, **found.to_json()})
    else:
        print_tables(staffing_tables(found))
    return 0 if found.best.confidence >= _SURE else 1


def _show(bar: Bar, tried: list[Trial], trial: Trial) -> None:
    """Nobody knows how many trials it takes: the bar shows how many there were."""
    tried.append(trial)
    bar.advance(len(tried), len(tried) + 1)


def _level(text: str) -> tuple[float, timedelta]:
    percent, slash, time = text.partition("/")
    try:
        share = float(percent)
        within = timedelta(seconds=float(time)) if time.replace(".", "", 1).isdigit() else parse_duration(time)
    except ValueError as error:
        raise argparse.ArgumentTypeError("as 80/20 (seconds) or 90/1m") from error
    if not slash or not 0 < share < 100:
        raise argparse.ArgumentTypeError("as 80/20 (seconds) or 90/1m")
    return share, within
