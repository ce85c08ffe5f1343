"""`orchestra timeline`: everything about one customer."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from orchestra.cli.arguments import add_journal, add_json, existing, new_parser
from orchestra.cli.terminal import print_json, print_tables
from orchestra.insight.report import timeline_table
from orchestra.journal.port import Journal
from orchestra.model.events import CaseOpened
from orchestra.runtime.history.timeline import timeline

__all__ = ["main"]

_DESCRIPTION = """\
Print what one customer and the company had to do with each other, over all channels, in
order of time. Shows message texts: it is as private as they are."""

_EXAMPLES = """
orchestra timeline cu7 --journal sqlite:contacts.db
orchestra timeline cu7 --details --json --journal sqlite:contacts.db
"""


def main(argv: Sequence[str]) -> int:
    """Run `orchestra timeline`.

    Raises:
        OrchestraError: the journal cannot be read, or knows no such customer.
    """
    parser = new_parser("timeline", _DESCRIPTION, _EXAMPLES)
    parser.add_argument("customer", metavar="CUSTOMER", help="a customer's id, as cu7")
    parser.add_argument("--details", action="store_true", help="also offers, permits, attempts and other inner steps")
    add_journal(parser)
    add_json(parser)
    arguments = parser.parse_args(argv)
    with existing(arguments.journal, private=True) as journal:
        entries = timeline(journal, arguments.customer, details=arguments.details, number_of=_numbers(journal))
    if arguments.json:
        print_json({"customer": arguments.customer, "entries": [entry.to_json() for entry in entries]})
    else:
        print_tables([timeline_table(entries, arguments.customer)])
    return 0


def _numbers(journal: Journal) -> Callable[[str], str | None]:
    """Case id -> number, of everybody's cases. Read at the first question: most timelines never ask."""
    known: dict[str, str] = {}

    def number_of(case: str) -> str | None:
        if not known:
            opened = (json.loads(record.facts) for record in journal.read(types=[CaseOpened.__name__]))
            known.update((facts["case"], facts["number"]) for facts in opened)
        return known.get(case)

    return number_of
