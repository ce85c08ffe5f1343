"""`orchestra import`: what another system knows of the past, into a journal."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager

from orchestra.cli.arguments import add_json, add_scores, new_parser, now_us, opened, scores_of
from orchestra.cli.lines_told import LinesTold
from orchestra.cli.terminal import Bar, print_json, print_tables, progress
from orchestra.insight.report import Table
from orchestra.journal.port import Journal
from orchestra.journal.registry import is_absent, open_existing, open_journal
from orchestra.model.plan import Plan
from orchestra.runtime.contact_log import ContactLog
from orchestra.runtime.importing import Imported, import_history

__all__ = ["main"]

_DESCRIPTION = """\
Import what another system knows of the past (JSON Lines): agents, customers with their
addresses and consents, cases, messages, and how cases stood, each at its own time.

Nothing is sent to anybody, and nobody is offered work on the way. What is still open
afterwards waits for an agent like any contact. The same file again takes only what was
added to it, and a run that was killed goes on where it was. A bad line is told on standard
error with its number and what to do, and the rest goes on; the exit status is then 1."""

_EXAMPLES = """
orchestra import history.jsonl --plan plan.toml --journal sqlite:contacts.db --dry-run
orchestra import history.jsonl --plan plan.toml --journal sqlite:contacts.db
orchestra import history.jsonl --journal sqlite:contacts.db --json
"""

_SECOND_US = 1_000_000
_DAY_US = 24 * 3600 * _SECOND_US


def main(argv: Sequence[str]) -> int:
    """Run `orchestra import`.

    Raises:
        OrchestraError: the file, the plan or the journal cannot be used.
    """
    parser = new_parser("import", _DESCRIPTION, _EXAMPLES)
    parser.add_argument("file", metavar="FILE", help="the history, a file of JSON Lines")
    parser.add_argument("--plan", metavar="PLAN", help="the workspace's plan file; without one, that in the journal")
    parser.add_argument("--journal", metavar="URL", required=True, help="where to, as sqlite:contacts.db")
    parser.add_argument("--dry-run", action="store_true", help="tell what would become of each line, store nothing")
    add_scores(parser)
    add_json(parser)
    arguments = parser.parse_args(argv)
    plan = None if arguments.plan is None else Plan.load(arguments.plan)
    with (
        ContactLog(arguments.file) as log,
        _chosen(arguments.journal, is_rehearsal=arguments.dry_run) as journal,
        progress("importing") as bar,
    ):
        told = LinesTold(bar)
        done = import_history(
            log,
            journal,
            told,
            now_us,
            plan=plan,
            is_rehearsal=arguments.dry_run,
            latest_us=now_us() // _SECOND_US * _SECOND_US + _DAY_US,
            scores=scores_of(arguments),
        )
        _remark(bar, done)
    if arguments.json:
        print_json({"dry_run": arguments.dry_run, **_as_json(done), "faults": told.faults})
    else:
        print_tables([_summary(done, is_rehearsal=arguments.dry_run)])
    return 1 if done.rejected else 0


@contextmanager
def _chosen(url: str, *, is_rehearsal: bool) -> Generator[Journal]:
    """The journal to write, or one to look into; a rehearsal makes none."""
    if is_rehearsal:
        with closing(open_journal("memory:") if is_absent(url) else open_existing(url, read_only=True)) as journal:
            yield journal
    else:
        with opened(url) as journal:
            yield journal


def _remark(bar: Bar, done: Imported) -> None:
    if done.rejected_before:
        bar.remark(f"bad lines in what an earlier run took: {done.rejected_before}")
    if done.late:
        advice = "sort the file by at, and import it before the workspace is opened, for each to stand at its own time"
        bar.remark(f"lines older than what was taken before them: {done.late}; {advice}")


def _as_json(done: Imported) -> dict[str, object]:
    return {
        "lines": done.lines,
        "skipped": done.skipped,
        "rejected": done.rejected,
        "known": done.known,
        "late": done.late,
        "taken": dict(done.taken),
        "journal": {"position": done.position},
        "state_hash": done.state_hash,
    }


def _summary(done: Imported, *, is_rehearsal: bool) -> Table:
    rows = (
        ("lines", f"{done.lines:,}"),
        ("skipped (taken by an earlier run)", f"{done.skipped:,}"),
        ("rejected", f"{done.rejected:,}"),
        ("known already", f"{done.known:,}"),
        ("taken later than they say", f"{done.late:,}"),
        *((f"{kind} lines taken", f"{count:,}") for kind, count in done.taken.items()),
        ("events in the journal", f"{done.position:,}"),
        ("state hash", done.state_hash),
    )
    title = "Import, rehearsed: nothing was stored" if is_rehearsal else "Import"
    return Table(title, ("", "count"), rows, frozenset({1}))
