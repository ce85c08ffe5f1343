"""`orchestra steer`: on which channel a waiting contact is best served."""

from __future__ import annotations

from collections.abc import Sequence

from orchestra.cli.arguments import add_journal, add_json, existing, new_parser
from orchestra.cli.terminal import print_json, print_tables
from orchestra.errors import NotAllowedInState, UnknownId
from orchestra.insight.report import steering_table
from orchestra.journal.port import Journal
from orchestra.runtime.archived import keys_behind
from orchestra.runtime.loading import load_engine
from orchestra.runtime.steering import Steering, steer

__all__ = ["main"]

_DESCRIPTION = """\
Tell on which channel a contact that waits is best served: in time, as its customer prefers,
and at least cost. Says of every other channel why it lost. Nobody is invited by it."""

_EXAMPLES = """
orchestra steer in12 --journal sqlite:contacts.db
orchestra steer in12 --json --journal sqlite:contacts.db
"""


def main(argv: Sequence[str]) -> int:
    """Run `orchestra steer`.

    Raises:
        OrchestraError: the journal cannot be read, knows no such interaction, or it does not wait.
    """
    parser = new_parser("steer", _DESCRIPTION, _EXAMPLES)
    parser.add_argument("interaction", metavar="INTERACTION", help="an interaction's id, as in12")
    add_journal(parser)
    add_json(parser)
    arguments = parser.parse_args(argv)
    with existing(arguments.journal) as journal:
        steering = _steered(journal, arguments.interaction)
    if arguments.json:
        print_json(steering.to_json())
    else:
        print_tables([steering_table(steering)])
    return 0


def _steered(journal: Journal, interaction: str) -> Steering:
    """Compare the channels; of whoever is archived nobody waits."""
    try:
        return steer(load_engine(journal).view, interaction)
    except UnknownId as error:
        if any(True for _ in journal.directory.find(keys_behind(error))):
            raise NotAllowedInState(interaction, "archived", "steer") from error
        raise
