"""`orchestra backup`: a verified copy of a live journal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from orchestra.cli.arguments import add_json, existing, new_parser
from orchestra.cli.output import say
from orchestra.cli.terminal import one_line, print_json

__all__ = ["main"]

_DESCRIPTION = """\
Copy a journal to a new file while others use it, verify the copy, and tell its position.
The target must not exist. A copy is a journal: open it to restore."""

_EXAMPLES = """
orchestra backup sqlite:contacts.db contacts-monday.db
"""


def main(argv: Sequence[str]) -> int:
    """Run `orchestra backup`.

    Raises:
        OrchestraError: the journal cannot be read, the target exists, or the copy did not verify.
    """
    parser = new_parser("backup", _DESCRIPTION, _EXAMPLES)
    parser.add_argument("journal", metavar="JOURNAL", help="the journal's URL, as sqlite:contacts.db")
    parser.add_argument("target", metavar="TARGET", help="the new file")
    add_json(parser, "one JSON object instead of a sentence")
    arguments = parser.parse_args(argv)
    with existing(arguments.journal) as journal:
        position = journal.backup(Path(arguments.target))
    if arguments.json:
        print_json({"target": arguments.target, "position": position})
    else:
        say(f"{one_line(arguments.target)}: {position:,} events, verified")
    return 0
