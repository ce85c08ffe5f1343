"""`orchestra progress`: a file in which a back office reports how cases go on, into a workspace that is at work."""

from __future__ import annotations

from collections.abc import Sequence

import anyio
import attrs

from orchestra.cli.arguments import add_json, add_scores, existing, new_parser, now_us, scores_of
from orchestra.cli.lines_told import LinesTold
from orchestra.cli.terminal import print_json, print_tables, progress
from orchestra.engine.engine import Engine
from orchestra.insight.report import Table
from orchestra.journal.port import Journal
from orchestra.model.commands import AdvanceCase
from orchestra.model.records import Lease
from orchestra.model.scores import Scores
from orchestra.runtime.client import connect
from orchestra.runtime.contact_log import ContactLog
from orchestra.runtime.importing import FAR_US, Unstoring
from orchestra.runtime.loading import load_engine
from orchestra.runtime.progress_files import ProgressTaken, take_progress

__all__ = ["main"]

_DESCRIPTION = """\
Take a file in which a back office reports how cases go on, one report a line, as CSV whose
first line names the columns, or as JSON Lines: ref (your own key of the case), stage, id or
at or both, and where known due, earliest and reason. Instants are written as in RFC 3339.

The workspace's owner decides on them (orchestra run, or your application). A report that
comes again changes nothing, and none that comes late leads a case back; so the same file may
be taken again, also after a run that was killed. A bad line is told on standard error with
its number and what to do, and the rest goes on; the exit status is then 1."""

_EXAMPLES = """
orchestra progress orders.csv --journal sqlite:contacts.db --dry-run
orchestra progress orders.csv --journal sqlite:contacts.db --account erp/main
orchestra progress orders.jsonl --journal sqlite:contacts.db --json
"""


def main(argv: Sequence[str]) -> int:
    """Run `orchestra progress`.

    Raises:
        OrchestraError: the file or the journal cannot be used, or no owner answers.
    """
    parser = new_parser("progress", _DESCRIPTION, _EXAMPLES)
    parser.add_argument("file", metavar="FILE", help="the reports, as CSV or JSON Lines")
    parser.add_argument("--journal", metavar="URL", required=True, help="the workspace, as sqlite:contacts.db")
    help_account = "the back office's account, the same as that of its signed events; file/main unless given"
    parser.add_argument("--account", metavar="NAME", default="file/main", help=help_account)
    parser.add_argument("--dry-run", action="store_true", help="tell what would become of each line, ask nobody")
    add_scores(parser)
    add_json(parser)
    arguments = parser.parse_args(argv)
    with progress("taking reports") as bar:
        told = LinesTold(bar)
        if arguments.dry_run:
            with existing(arguments.journal) as journal:
                done = anyio.run(_rehearsed, arguments.file, journal, told, arguments.account, scores_of(arguments))
        else:
            done = anyio.run(_asked, arguments.file, arguments.journal, told, arguments.account)
    if arguments.json:
        print_json({"dry_run": arguments.dry_run, **attrs.asdict(done), "faults": told.faults})
    else:
        print_tables([_summary(done, is_rehearsal=arguments.dry_run)])
    return 1 if done.rejected else 0


async def _asked(file: str, url: str, told: LinesTold, account: str) -> ProgressTaken:
    async with connect(url) as client:
        return await client.take_progress(file, account=account, watcher=told)


async def _rehearsed(
    file: str, journal: Journal, told: LinesTold, account: str, scores: Scores | None
) -> ProgressTaken:
    """Decide on a copy of the state, of which nothing is kept."""
    engine: Engine = load_engine(journal, scores=scores)
    ledger = Unstoring(journal, Lease(0, "", 0, FAR_US), engine)

    async def ask(command: AdvanceCase) -> object:
        decided = ledger.execute(command, now_us())
        ledger.commit()
        return decided.result

    with ContactLog(file) as log:
        return await take_progress(log, ask, told, account)


def _summary(done: ProgressTaken, *, is_rehearsal: bool) -> Table:
    rows = (
        ("lines", f"{done.lines:,}"),
        ("taken", f"{done.taken:,}"),
        ("known already", f"{done.known:,}"),
        ("older than what is known", f"{done.late:,}"),
        ("of an earlier stage", f"{done.back:,}"),
        ("rejected", f"{done.rejected:,}"),
    )
    title = "Reports, rehearsed: nothing was stored" if is_rehearsal else "Reports"
    return Table(title, ("", "count"), rows, frozenset({1}))
