"""`orchestra incidents`: what became of incidents."""

from __future__ import annotations

from collections.abc import Sequence

from orchestra.cli.arguments import add_journal, add_json, existing, new_parser
from orchestra.cli.terminal import print_json, print_tables
from orchestra.errors import UnknownId
from orchestra.insight.incidents import excepted_table, incident_figures, incidents_table

__all__ = ["main"]

_DESCRIPTION = """\
Print what became of each incident of a journal: how many cases came of it, how many
customers were told, how often at once as their contact came, who could not be told, what
was settled with it and what stayed open. With an incident's id also which cases stayed
open, and why."""

_EXAMPLES = """
orchestra incidents --journal sqlite:contacts.db
orchestra incidents ic1 --journal sqlite:contacts.db
orchestra incidents ic1 --json --journal sqlite:contacts.db | jq .ic1.cases_open
"""


def main(argv: Sequence[str]) -> int:
    """Run `orchestra incidents`.

    Raises:
        OrchestraError: the journal cannot be read, or knows no such incident.
    """
    parser = new_parser("incidents", _DESCRIPTION, _EXAMPLES)
    parser.add_argument("incident", metavar="INCIDENT", nargs="?", help="an incident's id, as ic1; all unless given")
    add_journal(parser)
    add_json(parser)
    arguments = parser.parse_args(argv)
    with existing(arguments.journal) as journal:
        found = incident_figures(journal)
    name = arguments.incident
    if name is not None and name not in found:
        raise UnknownId("incident", name)
    shown = found if name is None else {name: found[name]}
    if arguments.json:
        more = {} if name is None else {"cases_open": found[name].excepted}
        print_json({key: {**one.to_json(), **more} for key, one in shown.items()})
    else:
        print_tables([incidents_table(shown), *([] if name is None else [excepted_table(name, found[name])])])
    return 0
