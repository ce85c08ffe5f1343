"""`orchestra replay`: a contact log through the engine, measured."""

from __future__ import annotations

from collections.abc import Sequence

from orchestra.cli.arguments import add_json, add_scores, new_parser, now_us, opened, scores_of
from orchestra.cli.terminal import Bar, print_json, print_tables, progress
from orchestra.insight.measures import Measures
from orchestra.insight.reading import measure
from orchestra.insight.report import Table, measures_tables
from orchestra.journal.port import Journal
from orchestra.model.plan import Plan
from orchestra.model.scores import Scores
from orchestra.runtime.contact_log import ContactLog
from orchestra.runtime.replaying import Replayed, replay

__all__ = ["main"]

_DESCRIPTION = """\
Take a contact log (JSON Lines) through the engine, each line at its recorded time, and
measure it.

A line's thread alone decides its case; an answer resolves the case, and whatever the
customer writes later reopens it. With a journal that is kept, a second run takes only the
lines that were added, and a run that was killed goes on where it was. A bad line is told
on standard error with its number, and the rest goes on; the exit status is then 1."""

_EXAMPLES = """
orchestra replay contacts.jsonl
orchestra replay contacts.jsonl --journal sqlite:contacts.db --json
orchestra replay contacts.jsonl --plan plan.toml --strict
"""


_SECOND_US = 1_000_000
_DAY_US = 24 * 3600 * _SECOND_US


class _Told:
    """Tells of bad lines and progress as they come."""

    def __init__(self, bar: Bar) -> None:
        self._bar = bar

    def bad_line(self, number: int, reason: str) -> None:
        self._bar.remark(f"line {number}: {reason}")

    def advance(self, lines: int, total: int) -> None:
        self._bar.advance(lines, total)


def main(argv: Sequence[str]) -> int:
    """Run `orchestra replay`.

    Raises:
        OrchestraError: the log, the plan or the journal cannot be used.
    """
    parser = new_parser("replay", _DESCRIPTION, _EXAMPLES)
    parser.add_argument("log", metavar="LOG", help="the contact log, a file")
    parser.add_argument("--plan", metavar="PLAN", help="a plan file; without one, the log's own names make the plan")
    parser.add_argument(
        "--journal", metavar="URL", default="memory:", help="where to, as sqlite:contacts.db; by default kept nowhere"
    )
    parser.add_argument("--strict", action="store_true", help="stop at the first bad line, take nothing after it")
    add_scores(parser)
    add_json(parser)
    arguments = parser.parse_args(argv)
    plan = None if arguments.plan is None else Plan.load(arguments.plan)
    with ContactLog(arguments.log) as log, opened(arguments.journal) as journal:
        done = _replay(log, journal, plan, scores_of(arguments), is_strict=arguments.strict)
        measures = measure(journal)
    if arguments.json:
        print_json(_as_json(done, measures))
    else:
        print_tables([_summary(done), *measures_tables(measures)])
    return 1 if done.rejected else 0


def _replay(
    log: ContactLog, journal: Journal, plan: Plan | None, scores: Scores | None, *, is_strict: bool
) -> Replayed:
    with progress("replaying") as bar:
        tomorrow_us = now_us() // _SECOND_US * _SECOND_US + _DAY_US
        done = replay(
            log, journal, _Told(bar), now_us, plan=plan, is_strict=is_strict, latest_us=tomorrow_us, scores=scores
        )
        if done.rejected_before:
            told = "; --strict takes nothing after one" if is_strict else ""
            bar.remark(f"bad lines in what an earlier run took: {done.rejected_before}{told}")
        if done.late:
            when = "they are in the journal at the later time"
            bar.remark(f"lines older than what was taken before them: {done.late}; {when}")
    return done


def _as_json(done: Replayed, measures: Measures) -> dict[str, object]:
    return {
        "lines": done.lines,
        "skipped": done.skipped,
        "rejected": done.rejected,
        "duplicates": done.duplicates,
        "late": done.late,
        **measures.to_json(),
        "journal": {"events": done.position, "position": done.position},
        "state_hash": done.state_hash,
    }


def _summary(done: Replayed) -> Table:
    rows = (
        ("lines", f"{done.lines:,}"),
        ("skipped (taken by an earlier run)", f"{done.skipped:,}"),
        ("rejected", f"{done.rejected:,}"),
        ("duplicates", f"{done.duplicates:,}"),
        ("taken later than they say", f"{done.late:,}"),
        ("events in the journal", f"{done.position:,}"),
        ("state hash", done.state_hash),
    )
    return Table("Contact log", ("", "count"), rows, frozenset({1}))
