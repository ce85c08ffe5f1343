"""`orchestra demo`: a day of a contact centre that needs no input."""

from __future__ import annotations

import argparse
import json
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from orchestra.cli.arguments import add_json, new_parser, now_us, opened
from orchestra.cli.day.simulation import Day, simulate
from orchestra.cli.output import say
from orchestra.cli.terminal import print_json, print_tables, progress
from orchestra.errors import JournalError
from orchestra.insight.reading import measure
from orchestra.insight.report import explanation_tables, measures_tables, timeline_table
from orchestra.journal.port import Journal
from orchestra.journal.process import process_holder
from orchestra.model.events import InteractionStarted
from orchestra.runtime.history.explain import Decision, Explanation, explain
from orchestra.runtime.history.timeline import timeline
from orchestra.runtime.ledger import Ledger

__all__ = ["main"]

_DESCRIPTION = """\
Let a day of a small contact centre happen in virtual time on a real journal: calls, chats,
mails and posts, eight agents with breaks, missed offers, transfers, and a provider that
loses some messages. Then print its measures, the history of a customer who chats and calls
at once, and why her contact went to whom it went. The same seed gives the same day."""

_EXAMPLES = """
orchestra demo
orchestra demo --seed 7 --json
orchestra demo --journal sqlite:demo.db && orchestra events --journal sqlite:demo.db
"""

_LEASE_US = 600_000_000


def main(argv: Sequence[str]) -> int:
    """Run `orchestra demo`.

    Raises:
        OrchestraError: the journal cannot be used, or is not empty.
    """
    parser = new_parser("demo", _DESCRIPTION, _EXAMPLES)
    parser.add_argument("--seed", metavar="N", type=_seed, default=1, help="which day (default 1)")
    parser.add_argument("--journal", metavar="URL", help="keep the day there, as sqlite:demo.db; must be empty")
    add_json(parser)
    arguments = parser.parse_args(argv)
    with _journal(arguments.journal) as journal:
        day = _happen(journal, arguments.seed)
        _show(journal, day, arguments.seed, as_json=arguments.json)
    return 0


@contextmanager
def _journal(url: str | None) -> Generator[Journal]:
    if url is not None:
        with opened(url) as journal:
            yield journal
        return
    with TemporaryDirectory(prefix="orchestra-demo-") as folder, opened(f"sqlite:{Path(folder) / 'day.db'}") as journal:
        yield journal


def _happen(journal: Journal, seed: int) -> Day:
    lease = journal.acquire(process_holder(), now_us(), _LEASE_US)
    try:
        with progress("a day") as bar:
            return simulate(Ledger(journal, lease), seed, bar.advance)
    finally:
        with suppress(JournalError):  # a lease that cannot be given back runs out
            journal.release(lease)


def _show(journal: Journal, day: Day, seed: int, *, as_json: bool) -> None:
    measures, entries = measure(journal), timeline(journal, day.customer)
    explanation = _most_telling(journal, day.customer)
    if as_json:
        print_json(
            {
                "seed": seed,
                **measures.to_json(),
                "timeline": {"customer": day.customer, "entries": [entry.to_json() for entry in entries]},
                "explanation": explanation.to_json(),
                "journal": {"events": day.position, "position": day.position},
                "state_hash": day.state_hash,
            }
        )
        return
    tables = [*measures_tables(measures), timeline_table(entries, day.customer), *explanation_tables(explanation)]
    print_tables(tables)
    say(f"\nseed {seed}: {day.position:,} events, state {day.state_hash}")


def _most_telling(journal: Journal, customer: str) -> Explanation:
    """Of a customer's interactions, the one whose routing had most to tell: who came next, and who could not."""
    started = journal.read(subjects=[customer], types=[InteractionStarted.__name__])
    names = [str(json.loads(record.facts)["interaction"]) for record in started]
    told = [explain(journal, name, customer=customer) for name in names]
    return max(told, key=lambda found: max(map(_to_tell, found.decisions), default=(False, 0, 0)))


def _to_tell(decision: Decision) -> tuple[bool, int, int]:
    return bool(decision.runners_up), len(decision.failed), len(decision.runners_up)


def _seed(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise argparse.ArgumentTypeError("a whole number from 0")
    return int(text)
