"""`orchestra timeline`: everything about one customer."""

from __future__ import annotations

from collections.abc import Sequence

from orchestra.cli.arguments import add_journal, add_json, add_reader, existing, new_parser
from orchestra.cli.terminal import print_json, print_tables
from orchestra.insight.report import timeline_table
from orchestra.runtime.history.timeline import timeline
from orchestra.runtime.readers import reader_of

__all__ = ["main"]

_DESCRIPTION = """\
Print what one customer and the company had to do with each other, over all channels, in
order of time. Shows message texts: it is as private as they are. With --as it shows what
that agent or customer sees, by the plan's roles."""

_EXAMPLES = """
orchestra timeline cu7 --journal sqlite:contacts.db
orchestra timeline cu7 --details --json --journal sqlite:contacts.db
orchestra timeline cu7 --as agent:ana --journal sqlite:contacts.db
"""


def main(argv: Sequence[str]) -> int:
    """Run `orchestra timeline`.

    Raises:
        OrchestraError: the journal cannot be read, or knows no such customer or reader.
    """
    parser = new_parser("timeline", _DESCRIPTION, _EXAMPLES)
    parser.add_argument("customer", metavar="CUSTOMER", help="a customer's id, as cu7")
    parser.add_argument("--details", action="store_true", help="also offers, permits, attempts and other inner steps")
    add_reader(parser)
    add_journal(parser)
    add_json(parser)
    arguments = parser.parse_args(argv)
    with existing(arguments.journal, private=True) as journal:
        reader = reader_of(journal, arguments.reader)
        entries = timeline(journal, arguments.customer, details=arguments.details, reader=reader)
    if arguments.json:
        print_json({"customer": arguments.customer, "entries": [entry.to_json() for entry in entries]})
    else:
        print_tables([timeline_table(entries, arguments.customer)])
    return 0
