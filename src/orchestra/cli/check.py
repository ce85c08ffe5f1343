"""`orchestra check`: everything that is wrong or doubtful in a plan."""

from __future__ import annotations

from collections.abc import Sequence

from orchestra.cli.arguments import add_json, add_predicates, add_scores, new_parser, predicates_of, scores_of
from orchestra.cli.output import say
from orchestra.cli.terminal import one_line, print_json
from orchestra.engine.access import role_faults
from orchestra.errors import Fault
from orchestra.model.plan import Plan
from orchestra.model.rule_faults import rule_faults
from orchestra.model.rules import Predicates
from orchestra.model.scores import Scores, score_faults

__all__ = ["faults_in", "main"]

_DESCRIPTION = """\
Tell all that is wrong in a plan file, each fault with its path in the file, and all that is
doubtful. With --scores also whether the scores are registered that it names, and which of
them cost more the more agents there are; with --predicates whether those are that its rules
name. The exit status is 1 if anything is wrong; warnings alone leave it 0."""

_EXAMPLES = """
orchestra check plan.toml
orchestra check plan.toml --json
orchestra check plan.toml --scores acme.routing:scores
"""


def main(argv: Sequence[str]) -> int:
    """Run `orchestra check`.

    Raises:
        DefinitionError: the file cannot be opened, is no file but a pipe or a device, or is far too large.
    """
    parser = new_parser("check", _DESCRIPTION, _EXAMPLES)
    parser.add_argument("plan", metavar="PLAN", help="a plan file (TOML)")
    add_scores(parser)
    add_predicates(parser)
    add_json(parser)
    arguments = parser.parse_args(argv)
    faults = faults_in(Plan.read_file(arguments.plan), scores_of(arguments), predicates_of(arguments))
    errors = sum(fault.is_error for fault in faults)
    if arguments.json:
        rows = [{"path": f.path, "message": f.message, "is_error": f.is_error} for f in faults]
        counts = {"errors": errors, "warnings": len(faults) - errors}
        print_json({"plan": arguments.plan, **counts, "faults": rows})
    else:
        for fault in faults:
            say(f"{'error' if fault.is_error else 'warning'}: {one_line(str(fault))}")
        say(f"{one_line(arguments.plan)}: {_counted(errors, 'error')}, {_counted(len(faults) - errors, 'warning')}")
    return 1 if errors else 0


def faults_in(source: str | bytes, scores: Scores | None = None, predicates: Predicates | None = None) -> list[Fault]:
    """All faults of what stands in a plan file, errors first.

    Without scores or predicates it is not told whether those that the plan names are there.
    """
    _, faults = Plan.examine(
        source, role_faults, lambda plan: score_faults(plan, scores), lambda plan: rule_faults(plan, predicates)
    )
    return faults


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
