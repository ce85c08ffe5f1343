"""`orchestra preview`: what a customer would be told, when and on which channel."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path as FilePath
from typing import Any, Final

import attrs

from orchestra.cli.arguments import add_json, new_parser
from orchestra.cli.output import flush, say
from orchestra.cli.preview_svg import picture
from orchestra.cli.terminal import one_line, print_json, print_tables
from orchestra.errors import DefinitionError, Fault
from orchestra.insight.report import Table
from orchestra.model.plan import Plan
from orchestra.model.structure import parse_duration
from orchestra.simulation.preview import Moment, Path, late_stage, preview, zone_of

__all__ = ["main"]

_DESCRIPTION = """\
Show what a customer would be told of a case, when and on which channel: once as planned, and
once with a delay. The engine that decides is the one that runs live, in virtual time; nothing
is sent to anybody. With --speed it is told as it happens, so many times as fast."""

_EXAMPLES = """
orchestra preview plan.toml --case-type connection
orchestra preview plan.toml --case-type connection --delay provisioning=9d --json
orchestra preview plan.toml --case-type connection --svg preview
orchestra preview plan.toml --case-type connection --speed 86400
"""

_FASTEST: Final = 1e12


def main(argv: Sequence[str]) -> int:
    """Run `orchestra preview`.

    Raises:
        DefinitionError: the plan is wrong, or has no such case type or stage; or a picture cannot be written.
    """
    parser = _parser()
    arguments = parser.parse_args(argv)
    if arguments.json and arguments.speed is not None:
        parser.error("--json and --speed are two ways to tell the same: give one of them")
    paths = _paths(Plan.load(arguments.plan), arguments.case_type, arguments.start, dict(arguments.delay))
    if arguments.svg is not None:
        for path, ending in zip(paths, ("", "-delayed"), strict=False):
            _write(FilePath(f"{arguments.svg}{ending}.svg"), picture(path))
    if arguments.json:
        print_json({"case_type": arguments.case_type, "paths": [_json(path) for path in paths]})
    elif arguments.speed is not None:
        for path in paths:
            _tell(path, arguments.speed)
    else:
        print_tables([_table(path) for path in paths])
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = new_parser("preview", _DESCRIPTION, _EXAMPLES)
    parser.add_argument("plan", metavar="PLAN", help="a plan file (TOML)")
    parser.add_argument("--case-type", metavar="NAME", required=True, help="the plan's case type")
    parser.add_argument("--start", metavar="WHEN", type=_instant, help="when it begins, as 2026-11-30T09:00 (now)")
    late = "how long a stage takes when it is late; may be repeated (the longest, thrice)"
    parser.add_argument("--delay", metavar="STAGE=TIME", type=_delay, action="append", default=[], help=late)
    parser.add_argument("--svg", metavar="NAME", help="draw NAME.svg and NAME-delayed.svg")
    parser.add_argument("--speed", metavar="TIMES", type=_speed, help="tell it as it happens, so many times as fast")
    add_json(parser)
    return parser


def _paths(plan: Plan, case_type: str, start: datetime | None, delays: dict[str, timedelta]) -> list[Path]:
    """As planned, and with a delay; of a type in which nothing takes time only the former."""
    begin = start or datetime.now(UTC).replace(second=0, microsecond=0)
    if begin.tzinfo is None:
        begin = begin.replace(tzinfo=zone_of(plan, case_type))
    paths = [preview(plan, case_type, begin, name=f"{case_type}, as planned")]
    late = late_stage(plan, case_type)
    if late is not None and not delays:
        delays = dict([late])
    if delays:
        name = f"{case_type}, with a delay of {', '.join(delays)}"
        paths.append(preview(plan, case_type, begin, delays=delays, name=name))
    return paths


def _instant(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError("a time such as 2026-11-30T09:00") from error


def _delay(text: str) -> tuple[str, timedelta]:
    stage, _, lasts = text.rpartition("=")
    try:
        return stage, parse_duration(lasts)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"a stage and a time, as provisioning=9d: {error}") from error


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 1 <= speed <= _FASTEST:
        raise argparse.ArgumentTypeError("a number of at least 1: 86400 tells a day in a second")
    return speed


def _table(path: Path) -> Table:
    rows = tuple((_when(moment), moment.channel or "", *_said(moment)) for moment in path.moments)
    return Table(path.name, ("when", "channel", "what", "said"), rows)


def _when(moment: Moment) -> str:
    return f"{moment.at:%a %d %b %H:%M}"


def _said(moment: Moment) -> tuple[str, str]:
    if moment.kind == "told":
        return moment.said, " / ".join(part for part in (moment.title, moment.text) if part)
    return moment.kind, moment.said


def _tell(path: Path, speed: float) -> None:
    """Say each moment once its time has come."""
    say(path.name)
    before = path.moments[0]
    for moment in path.moments:
        time.sleep(moment.since(before).total_seconds() / speed)
        before = moment
        what, said = _said(moment)
        say(one_line(f"{_when(moment)}  {moment.channel or '-'}  {what}: {said}"))
        flush()
    say("")


def _json(path: Path) -> dict[str, Any]:
    return {"name": path.name, "moments": [_moment(moment) for moment in path.moments]}


def _moment(moment: Moment) -> dict[str, Any]:
    return attrs.asdict(moment) | {"at": moment.at.isoformat()}


def _write(path: FilePath, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except (OSError, ValueError) as error:
        raise DefinitionError([Fault("", f"{path}: cannot be written")]) from error
