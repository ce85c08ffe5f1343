"""`orchestra explain`: why an interaction went to whom it went."""

from __future__ import annotations

from collections.abc import Sequence

from orchestra.cli.arguments import add_journal, add_json, add_reader, add_scores, existing, new_parser, scores_of
from orchestra.cli.terminal import print_json, print_tables
from orchestra.insight.report import explanation_tables
from orchestra.runtime.history.explain import explain
from orchestra.runtime.readers import reader_of

__all__ = ["main"]

_DESCRIPTION = """\
Tell how an interaction was routed: what it waited for, to whom it was offered, who came
next, and how many agents failed which condition."""

_EXAMPLES = """
orchestra explain in12 --journal sqlite:contacts.db
orchestra explain in12 --full --json --journal sqlite:contacts.db
"""


def main(argv: Sequence[str]) -> int:
    """Run `orchestra explain`.

    Raises:
        OrchestraError: the journal cannot be read, or knows no such interaction.
    """
    parser = new_parser("explain", _DESCRIPTION, _EXAMPLES)
    parser.add_argument("interaction", metavar="INTERACTION", help="an interaction's id, as in12")
    parser.add_argument("--full", action="store_true", help="list every agent; rebuilds the state before each offer")
    add_reader(parser)
    add_journal(parser)
    add_scores(parser)
    add_json(parser)
    arguments = parser.parse_args(argv)
    with existing(arguments.journal) as journal:
        scores = scores_of(arguments)
        reader = reader_of(journal, arguments.reader)
        explanation = explain(journal, arguments.interaction, full=arguments.full, scores=scores, reader=reader)
    if arguments.json:
        print_json(explanation.to_json())
    else:
        print_tables(explanation_tables(explanation))
    return 0
