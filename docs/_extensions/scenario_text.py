"""Scenarios as texts: a title, what it is about, steps in, timelines out.

What belongs here: the form of the text. What does not: what a step does (`tests.scenarios.stage`), and drawing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import attrs

__all__ = ["SCENARIOS", "Scenario", "Step", "Told", "read_scenario"]

SCENARIOS = Path(__file__).resolve().parents[2] / "tests" / "scenarios"
"""Where they are: one file each, whose name is the scenario's."""

_STEP = re.compile(r"(?P<clock>\d\d:\d\d:\d\d) (?P<words>.+?)(?: => refused: (?P<refused>.+))?")
_HEAD = re.compile(r"Timeline of (?P<customer>\w+)(?: for (?P<reader>\S+))?")


@attrs.frozen
class Step:
    """Something that somebody does.

    Attributes:
        at: since midnight.
        clock: the same, as it is written.
        words: what they do.
        refused: what they are told if that is refused.
    """

    at: timedelta
    clock: str
    words: str
    refused: str | None = None


@attrs.frozen
class Told:
    """A timeline, line by line, as one reader is shown it; the application if there is none."""

    customer: str
    reader: str | None
    lines: tuple[str, ...]


@attrs.frozen
class Scenario:
    """A situation, what happens in it, and what is told of it afterwards."""

    title: str
    about: str
    steps: tuple[Step, ...]
    timelines: tuple[Told, ...]


def read_scenario(text: str) -> Scenario:
    """Read a scenario.

    Raises:
        ValueError: the text has another form; says which line.
    """
    title, _, rest = text.partition("\n")
    parts = list(_parts(rest))
    about = " ".join(line for head, lines in parts if head is None for line in lines)
    steps = tuple(_step(line) for head, lines in parts if head == "Steps" for line in lines)
    told = [(_HEAD.fullmatch(head), lines) for head, lines in parts if head not in (None, "Steps")]
    timelines = tuple(Told(match["customer"], match["reader"], tuple(lines)) for match, lines in told if match)
    if not (title and about and steps and timelines):
        raise ValueError("a scenario needs a title, what it is about, steps, and the timeline of somebody")
    if any(later.at < step.at for step, later in pairwise(steps)):
        raise ValueError("steps go on in time")
    return Scenario(title, about, steps, timelines)


def _parts(text: str) -> Iterator[tuple[str | None, Sequence[str]]]:
    """Each head with the indented lines under it; lines of prose have none."""
    head: str | None = None
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith("    "):
            if head is None:
                raise ValueError(f"what is this part of: {line.strip()}")
            lines.append(line.strip())
        elif line == "Steps" or _HEAD.fullmatch(line):
            yield head, lines
            head, lines = line, []
        elif line:
            if head is not None:
                raise ValueError(f"neither a step nor the head of anything: {line}")
            lines.append(line)
    yield head, lines


def _step(line: str) -> Step:
    match = _STEP.fullmatch(line)
    if match is None:
        raise ValueError(f"no step, which begins with a time as 09:00:00: {line}")
    hours, minutes, seconds = map(int, match["clock"].split(":"))
    at = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return Step(at, match["clock"], match["words"], match["refused"])
