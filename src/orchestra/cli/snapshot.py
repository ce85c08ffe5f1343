"""`orchestra snapshot`: make the next start from a journal fast."""

from __future__ import annotations

from collections.abc import Sequence

from orchestra.cli.arguments import add_json, existing, new_parser
from orchestra.cli.output import say
from orchestra.cli.terminal import print_json
from orchestra.runtime.loading import save_snapshot

__all__ = ["main"]

_DESCRIPTION = """\
Keep the state at the journal's end beside it, so that the next start reads only what came
after. A cache: losing it loses nothing. The workspace may be in use meanwhile."""

_EXAMPLES = """
orchestra snapshot sqlite:contacts.db
"""


def main(argv: Sequence[str]) -> int:
    """Run `orchestra snapshot`.

    Raises:
        OrchestraError: the journal cannot be read or written.
    """
    parser = new_parser("snapshot", _DESCRIPTION, _EXAMPLES)
    parser.add_argument("journal", metavar="JOURNAL", help="the journal's URL, as sqlite:contacts.db")
    add_json(parser, "one JSON object instead of a sentence")
    arguments = parser.parse_args(argv)
    with existing(arguments.journal, read_only=False) as journal:
        position = save_snapshot(journal)
    if arguments.json:
        print_json({"position": position})
    else:
        say(f"snapshot at position {position:,}")
    return 0
