"""`orchestra events`: what stands in a journal."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from difflib import get_close_matches

from orchestra.cli.arguments import add_journal, add_json, existing, new_parser
from orchestra.cli.output import say
from orchestra.cli.terminal import one_line, terminal_width
from orchestra.model.events import EVENTS
from orchestra.model.instants import instant
from orchestra.model.records import Record

__all__ = ["main"]

_DESCRIPTION = """\
Print the events of a journal in order, one a line: position, time, who caused it, what it
is, whom it concerns, and its facts. Facts hold no names, addresses or texts; --private
prints those too, where they were not erased."""

_EXAMPLES = """
orchestra events --journal sqlite:contacts.db
orchestra events --after 5000 --types CaseOpened,CaseResolved --journal sqlite:contacts.db
orchestra events --json --journal sqlite:contacts.db | jq -r .type | sort | uniq -c
"""


def main(argv: Sequence[str]) -> int:
    """Run `orchestra events`.

    Raises:
        OrchestraError: the journal cannot be read.
    """
    parser = new_parser("events", _DESCRIPTION, _EXAMPLES)
    add_journal(parser)
    parser.add_argument("--after", metavar="N", type=_count, default=0, help="only past this position")
    parser.add_argument("--limit", metavar="N", type=_count, help="at most so many")
    parser.add_argument("--types", metavar="A,B", type=_types, help="only events of these types")
    parser.add_argument("--private", action="store_true", help="also names, addresses and texts")
    add_json(parser, "one JSON object a line")
    arguments = parser.parse_args(argv)
    width = terminal_width()
    with existing(arguments.journal, private=arguments.private) as journal:
        for record in journal.read(arguments.after, limit=arguments.limit, types=arguments.types):
            if arguments.json:
                say(_as_json(record, with_private=arguments.private))
            else:
                say(_as_text(record, with_private=arguments.private)[:width])
    return 0


def _as_json(record: Record, *, with_private: bool) -> str:
    row = {
        "position": record.position,
        "at": instant(record.at_us).isoformat(),
        "type": record.type,
        "version": record.version,
        "actor": record.actor,
        "subject": record.subject,
        "facts": json.loads(record.facts),
    }
    if with_private:
        row["private"] = None if record.private is None else json.loads(record.private)
    return json.dumps(row, ensure_ascii=False)


def _as_text(record: Record, *, with_private: bool) -> str:
    at = instant(record.at_us).strftime("%Y-%m-%d %H:%M:%S")
    private = f" {record.private}" if with_private and record.private is not None else ""
    shown = f"{record.position:>7} {at} {record.actor:<12} {record.type:<21} {record.subject or '-':<6} {record.facts}"
    return one_line(shown + private)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise argparse.ArgumentTypeError("a whole number from 0")
    return int(text)


def _types(text: str) -> list[str]:
    names = text.split(",")
    for name in names:
        if name not in EVENTS:
            near = get_close_matches(name, EVENTS, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise argparse.ArgumentTypeError(f"there is no event {name[:40]!a}{hint}")
    return names
