"""`orchestra export`: everything that is stored of one customer, for themself."""

from __future__ import annotations

import json
from collections.abc import Sequence

from orchestra.cli.arguments import add_journal, existing, new_parser
from orchestra.cli.output import say
from orchestra.runtime.history.export import export

__all__ = ["main"]

_DESCRIPTION = """\
Print everything that is stored of one customer, under all their ids: one JSON object a line,
oldest first. What others wrote in their cases is about those others, and left out.
It is as private as the customer."""

_EXAMPLES = """
orchestra export cu7 --journal sqlite:contacts.db > cu7.jsonl
"""


def main(argv: Sequence[str]) -> int:
    """Run `orchestra export`.

    Raises:
        OrchestraError: the journal cannot be read, or knows no such customer.
    """
    parser = new_parser("export", _DESCRIPTION, _EXAMPLES)
    parser.add_argument("customer", metavar="CUSTOMER", help="any of a customer's ids, as cu7")
    add_journal(parser)
    arguments = parser.parse_args(argv)
    with existing(arguments.journal, private=True) as journal:
        for entry in export(journal, arguments.customer):
            say(json.dumps(entry, ensure_ascii=False))
    return 0
