"""`orchestra dry-run`: which rules would have fired on what a journal holds."""

from __future__ import annotations

from collections.abc import Sequence

from orchestra.cli.arguments import add_journal, add_json, add_predicates, existing, new_parser, predicates_of
from orchestra.cli.terminal import print_json, print_tables
from orchestra.insight.report import Table
from orchestra.model.instants import instant_text
from orchestra.runtime.rehearsing import Rehearsal, read_rules, rehearse

__all__ = ["main"]

_DESCRIPTION = """\
Ask rules about everything that a journal holds: how often each would have fired, and on
what. RULES is a file with [[rules]], alone or in a whole plan; they are checked against the
plan that is in force at the journal's end. Nothing is written, and what the rules would
have done is not done, so that nothing follows from it."""

_EXAMPLES = """
orchestra dry-run rules.toml --journal sqlite:contacts.db
orchestra dry-run plan.toml --journal sqlite:contacts.db --json
orchestra dry-run rules.toml --journal sqlite:contacts.db --predicates acme.rules:predicates
"""

_MOST_SHOWN = 100


def main(argv: Sequence[str]) -> int:
    """Run `orchestra dry-run`.

    Raises:
        OrchestraError: the rules have faults, or the journal cannot be read.
    """
    parser = new_parser("dry-run", _DESCRIPTION, _EXAMPLES)
    parser.add_argument("rules", metavar="RULES", help="a file with [[rules]] (TOML)")
    add_journal(parser)
    add_predicates(parser)
    add_json(parser)
    arguments = parser.parse_args(argv)
    rules, predicates = read_rules(arguments.rules), predicates_of(arguments)
    with existing(arguments.journal) as journal:
        rehearsal = rehearse(journal, rules, predicates)
    if arguments.json:
        print_json(rehearsal.to_json())
    else:
        print_tables([_counts(rehearsal), *([_firings(rehearsal)] if rehearsal.firings else [])])
    return 0


def _counts(rehearsal: Rehearsal) -> Table:
    rows = tuple(
        (name, str(count.asked), str(count.fired), str(count.stopped), str(count.failed), count.reason or "")
        for name, count in rehearsal.counts.items()
    )
    header = ("rule", "asked", "fired", "stopped", "failed", "why")
    return Table(f"Rules on {rehearsal.events:,} events", header, rows, frozenset({1, 2, 3, 4}))


def _firings(rehearsal: Rehearsal) -> Table:
    shown = rehearsal.firings[-_MOST_SHOWN:]
    left_out = len(rehearsal.firings) - len(shown)
    rows = tuple(
        (
            str(firing.position),
            instant_text(firing.at_us),
            firing.rule,
            firing.on,
            firing.interaction or firing.case or firing.customer or "-",
            ", ".join(firing.actions),
        )
        for firing in shown
    )
    title = f"Firings, the last {len(shown)}: --json has {left_out:,} more" if left_out else "Firings"
    return Table(title, ("position", "at", "rule", "on", "about", "would have done"), rows, frozenset({0}))
