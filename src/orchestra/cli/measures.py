"""`orchestra measures`: the figures of a journal."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import timedelta

from orchestra.cli.arguments import add_journal, add_json, existing, new_parser
from orchestra.cli.terminal import print_json, print_tables, progress
from orchestra.insight.reading import measure
from orchestra.insight.report import measures_tables
from orchestra.insight.tally import RETURN_US
from orchestra.model.structure import parse_duration

__all__ = ["main"]

_DESCRIPTION = """\
Measure what stands in a journal: all channels by one standard, then per channel, account
and queue. Journeys over several contacts are among it: first contact resolution, repeats,
customers' effort, how long nobody spoke; and costs, once the plan has any."""

_EXAMPLES = """
orchestra measures --journal sqlite:contacts.db
orchestra measures --journal sqlite:contacts.db --within 60,3600 --json
orchestra measures --journal sqlite:contacts.db --return-within 30d
"""


def main(argv: Sequence[str]) -> int:
    """Run `orchestra measures`.

    Raises:
        OrchestraError: the journal cannot be read.
    """
    parser = new_parser("measures", _DESCRIPTION, _EXAMPLES)
    add_journal(parser)
    parser.add_argument(
        "--within",
        metavar="SECONDS,...",
        type=_seconds,
        default=(3600,),
        help="count first responses within these times (default 3600)",
    )
    parser.add_argument(
        "--return-within",
        metavar="DURATION",
        type=_duration,
        default=RETURN_US // 1_000_000,
        help="a customer who comes again on the same topic within this time has come back (default 7d)",
    )
    add_json(parser)
    arguments = parser.parse_args(argv)
    with existing(arguments.journal) as journal, progress("measuring") as bar:
        total = journal.position()
        measures = measure(
            journal,
            within_s=arguments.within,
            return_s=arguments.return_within,
            on_record=lambda position: bar.advance(position, total),
        )
    if arguments.json:
        print_json(measures.to_json())
    else:
        print_tables(measures_tables(measures))
    return 0


def _duration(text: str) -> int:
    try:
        whole = parse_duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    if not timedelta(seconds=1) <= whole < timedelta(days=10_000):
        raise argparse.ArgumentTypeError("from one second to ten thousand days")
    return whole // timedelta(seconds=1)


def _seconds(text: str) -> tuple[int, ...]:
    parts = text.split(",")
    if not all(part.isascii() and part.isdigit() and 0 < int(part) < 10**9 for part in parts):
        raise argparse.ArgumentTypeError("whole seconds, separated by commas")
    return tuple(sorted({int(part) for part in parts}))
