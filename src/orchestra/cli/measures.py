"""`orchestra measures`: the figures of a journal."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from orchestra.cli.arguments import add_journal, add_json, existing, new_parser
from orchestra.cli.terminal import print_json, print_tables, progress
from orchestra.insight.reading import measure
from orchestra.insight.report import measures_tables

__all__ = ["main"]

_DESCRIPTION = "Measure what stands in a journal: all channels by one standard, then per channel, account and queue."

_EXAMPLES = """
orchestra measures --journal sqlite:contacts.db
orchestra measures --journal sqlite:contacts.db --within 60,3600 --json
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
    add_json(parser)
    arguments = parser.parse_args(argv)
    with existing(arguments.journal) as journal, progress("measuring") as bar:
        total = journal.position()
        measures = measure(journal, within_s=arguments.within, on_record=lambda position: bar.advance(position, total))
    if arguments.json:
        print_json(measures.to_json())
    else:
        print_tables(measures_tables(measures))
    return 0


def _seconds(text: str) -> tuple[int, ...]:
    parts = text.split(",")
    if not all(part.isascii() and part.isdigit() and 0 < int(part) < 10**9 for part in parts):
        raise argparse.ArgumentTypeError("whole seconds, separated by commas")
    return tuple(sorted({int(part) for part in parts}))
