"""Where everything of a scenario's picture stands: lanes side by side, what happens beneath each other.

What belongs here: geometry, in units of the picture. What does not: elements and colours.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence

import attrs
from docs._extensions.scenario_text import Scenario, Step

__all__ = ["CHARACTER", "LINE", "Lane", "Picture", "Row", "lay_out"]

CHARACTER = 7.0
"""Width of a character, at the font size of `_static/pages.css`, where letters are set on whole pixels."""
LINE = 15.0
"""Height of a line of text."""

_ENGINE = "engine"
_CUSTOMER, _CHANNEL, _AGENT = "customer", "channel", "agent"
_ORDER = (_CUSTOMER, _CHANNEL, _AGENT, _ENGINE)
_MARGIN = 12.0
_CLOCK = 72.0
_HEAD = 44.0
_GAP = 26.0
_LEAST_LANE = 92.0
_WIDEST = 46

_VERBS: Mapping[str, tuple[str, str]] = {
    "calls": (_CUSTOMER, _CHANNEL),
    "writes": (_CUSTOMER, _CHANNEL),
    "leaves": (_CUSTOMER, _CHANNEL),
    "turns": (_CUSTOMER, _ENGINE),
    "prefers": (_CUSTOMER, _ENGINE),
    "would": (_CUSTOMER, _ENGINE),
    "signs": (_AGENT, _ENGINE),
    "takes": (_AGENT, _ENGINE),
    "declines": (_AGENT, _ENGINE),
    "finishes": (_AGENT, _ENGINE),
    "says": (_AGENT, _ENGINE),
    "notes": (_AGENT, _ENGINE),
    "links": (_AGENT, _ENGINE),
    "tells": (_AGENT, _ENGINE),
    "answers": (_AGENT, _CHANNEL),
    "reports": (_AGENT, _ENGINE),
    "invites": (_AGENT, _CHANNEL),
    "opens": (_AGENT, _ENGINE),
    "approves": (_AGENT, _ENGINE),
    "closes": (_AGENT, _ENGINE),
    "pauses": (_AGENT, _ENGINE),
    "steers": (_AGENT, _CHANNEL),
    "sends": (_AGENT, _CHANNEL),
    "announces": (_AGENT, _ENGINE),
    "cancels": (_AGENT, _ENGINE),
    "forgets": (_AGENT, _ENGINE),
    "settles": (_AGENT, _ENGINE),
    "drops": (_AGENT, _ENGINE),
    "merges": (_AGENT, _ENGINE),
    "parts": (_AGENT, _ENGINE),
    "informs": (_AGENT, _ENGINE),
    "wants": (_CUSTOMER, _ENGINE),
    "refuses": (_CUSTOMER, _ENGINE),
    "allows": (_CUSTOMER, _ENGINE),
    "forbids": (_CUSTOMER, _ENGINE),
}
"""What somebody does -> kinds of the lanes from which and to which that goes."""

_STEP = re.compile(r"(?:the )?(?P<who>\w+) (?P<verb>[a-z]+)\b")
_AGAIN = "the same comes once more"
_BY_ITSELF = re.compile(r"the (message to|cursor of|clock) ")
"""What nobody does: it stands at the engine."""
_ON = re.compile(r" on (\w+)")
_LINE = re.compile(r"(?P<clock>\S+) (?P<channel>\S+) +(?P<said>.+)")
_OFFERED = re.compile(r"offered to (\w+)")
_ECHO = re.compile(
    r"(made contact|(?!the company).+ (wrote|answered|took it|called \w+)\b|.+ ended, by (agent|customer)|.* said: )"
)
"""What only says that a step was done."""


@attrs.frozen
class Lane:
    """A line from top to bottom: somebody, a channel, or the engine."""

    name: str
    kind: str
    x: float


@attrs.frozen
class Row:
    """Something that happens, between two lanes or at one.

    Attributes:
        clock: when, where that is not the time of the row before.
        source: x of the lane that it comes from.
        target: x of the lane that it goes to; None for a note.
        label: lines of text.
        x: where they begin.
        y: of the first line's middle.
        arrow: y of the arrow beneath them.
        kind: `step`, `effect` or `note`.
    """

    clock: str | None
    source: float
    target: float | None
    label: tuple[str, ...]
    x: float
    y: float
    arrow: float
    kind: str


@attrs.frozen
class Picture:
    """A scenario laid out."""

    lanes: tuple[Lane, ...]
    rows: tuple[Row, ...]
    width: float
    height: float


@attrs.frozen
class _Happening:
    clock: str
    source: str
    target: str | None
    text: str
    kind: str


def lay_out(scenario: Scenario) -> Picture:
    """Place the lanes, then one row after the other."""
    happenings = list(_happenings(scenario))
    lanes = _lanes(scenario, happenings)
    at = {lane.name: lane.x for lane in lanes}
    rows, y, clock = [], _HEAD + _GAP / 2, ""
    for one in happenings:
        row = _row(one, at, y, None if one.clock == clock else one.clock)
        rows.append(row)
        clock, y = one.clock, row.arrow + _GAP
    return Picture(lanes, tuple(rows), lanes[-1].x + _LEAST_LANE / 2 + _MARGIN, y + _MARGIN / 2)


def _row(one: _Happening, at: Mapping[str, float], y: float, clock: str | None) -> Row:
    source, engine = at[one.source], at[_ENGINE]
    room = int((engine - _CLOCK - 2 * _MARGIN) / CHARACTER)
    label = tuple(textwrap.wrap(one.text, min(_WIDEST, room)))
    width = CHARACTER * max(map(len, label))
    if one.target is None:
        x = engine - _MARGIN - width if one.source == _ENGINE else source + _MARGIN
        return Row(clock, source, None, label, x, y, y + LINE * (len(label) - 1), one.kind)
    target = at[one.target]
    arrow = y + LINE * (len(label) - 1) + LINE * 0.75
    x = min(min(source, target) + _MARGIN / 2, engine + _LEAST_LANE / 2 - width)
    return Row(clock, source, target, label, x, y, arrow, one.kind)


def _happenings(scenario: Scenario) -> Iterator[_Happening]:
    """What is done and what follows, in order of time; of a time what is done comes first."""
    effects = list(_effects(scenario))
    last: _Happening | None = None
    for step in scenario.steps:
        while effects and effects[0].clock < step.clock:
            yield effects.pop(0)
        last = _done(step, last)
        yield last
    yield from effects


def _done(step: Step, last: _Happening | None) -> _Happening:
    if step.words == _AGAIN and last is not None:
        return attrs.evolve(last, clock=step.clock, text=step.words)
    if _BY_ITSELF.match(step.words):
        return _Happening(step.clock, _ENGINE, None, step.words, "step")
    found = _STEP.match(step.words)
    assert found is not None, f"no picture of: {step.words}"
    assert found["verb"] in _VERBS, f"no picture of: {step.words}"
    who, verb = found["who"], found["verb"]
    text = step.words[found.start("verb") :]
    on = _ON.search(text)
    target = on[1] if _VERBS[verb][1] == _CHANNEL and on is not None else _ENGINE
    if target != _ENGINE and on is not None:
        text = text.replace(on[0], "", 1)
    refused = "" if step.refused is None else f" - refused: {step.refused}"
    return _Happening(step.clock, who, target, text + refused, "step")


def _effects(scenario: Scenario) -> Iterator[_Happening]:
    """What the timelines tell beside the steps, each line once, in order of time."""
    whole = [told for told in scenario.timelines if told.reader is None]
    lines = sorted((line for told in whole for line in told.lines), key=lambda line: line.split()[0])
    seen: set[str] = set()
    for line in lines:
        found = _LINE.fullmatch(line)
        assert found is not None, f"no line of a timeline: {line}"
        said = found["said"]
        if line in seen or _ECHO.match(said):
            continue
        seen.add(line)
        offered = _OFFERED.match(said)
        target = None if offered is None else offered[1]
        yield _Happening(found["clock"], _ENGINE, target, said, "note" if target is None else "effect")


def _lanes(scenario: Scenario, happenings: Sequence[_Happening]) -> tuple[Lane, ...]:
    kinds: dict[str, str] = {}
    for step in scenario.steps:
        found = _STEP.match(step.words)
        if found is not None and found["verb"] in _VERBS:
            kinds.setdefault(found["who"], _VERBS[found["verb"]][0])
    for one in happenings:
        for name, kind in ((one.source, _CUSTOMER), (one.target, _CHANNEL)):
            if name is not None and name != _ENGINE:
                kinds.setdefault(name, _AGENT if one.kind == "effect" else kind)
    kinds[_ENGINE] = _ENGINE
    lanes, x = [], _CLOCK + _MARGIN
    for kind in _ORDER:
        for name in (name for name, of in kinds.items() if of == kind):
            width = max(_LEAST_LANE, CHARACTER * len(name) + 2 * _MARGIN)
            lanes.append(Lane(name, kind, x + width / 2))
            x += width
    return tuple(lanes)
