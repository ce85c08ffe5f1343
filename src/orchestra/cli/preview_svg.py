"""What a customer would be told, as a picture: time from left to right, a lane for the stages and one for each channel.

What belongs here: where everything stands, and the elements. What does not: what happens (`simulation.preview`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from html import escape
from textwrap import wrap
from unicodedata import east_asian_width

import attrs

from orchestra.cli.terminal import one_line
from orchestra.simulation.preview import Moment, Path

__all__ = ["CHARACTER", "picture"]

CHARACTER = 7.0
"""How wide a character is taken to be, a little more than most are; wide ones, as of Chinese, twice as much."""

_WIDTH = 960
_EDGE = 15
_LEFT = 120
"""Where time begins: names of lanes stand before it."""
_RIGHT = 110
"""How far from the right edge it ends: the last stage, which goes on, stands there."""
_LANE = 46
_TOP = 64
_HEAD = 10.0
"""How wide a character of the heading is taken to be."""
_LINE = 18
_MARK = 9
_APART = 22
"""Marks that would come closer than this go beneath each other."""
_COLUMNS = 108
_INDENT = 24
_STEPS = tuple(
    timedelta(**{unit: count})
    for unit, counts in (("minutes", (1, 5, 15, 30)), ("hours", (1, 3, 6, 12)), ("days", (1, 2, 7, 14, 28, 91, 364)))
    for count in counts
)
_MOST_TICKS = 12

_STYLE = """\
text { font: 12px sans-serif; fill: #222 }
text.head { font-size: 15px; font-weight: bold }
text.tick { fill: #666; font-size: 11px }
text.number { font-size: 11px; fill: #fff; text-anchor: middle }
.line { stroke: #ccc }
.stage { fill: #dbe9f6; stroke: #7fa8d1 }
.told { fill: #2b6cb0 }
.held { fill: #b7791f }
.suppressed { fill: #888 }
.delay { fill: #c53030 }
.promise { fill: #2f855a }"""


def picture(path: Path) -> str:
    """One path of a preview as a self-contained SVG."""
    return _Picture(path).drawn()


@attrs.frozen
class _Placed:
    """A mark of the picture: its number, where it stands, and what it stands for."""

    number: int
    x: float
    y: float
    moment: Moment


class _Picture:
    """Lays one path out: first the lanes, as high as their marks need, then the texts beneath."""

    def __init__(self, path: Path) -> None:
        self._path = path
        # In UTC, as the difference of two instants of one zone is that of clocks on the wall.
        self._begin, self._end = (path.moments[place].at.astimezone(UTC) for place in (0, -1))
        self._marks: list[_Placed] = []
        self._tops: dict[str | None, float] = {}
        self._bottom = self._place()

    def drawn(self) -> str:
        """The whole picture."""
        notes, bottom = self._notes()
        body = [*self._head(), *self._ticks(), *self._lanes(), *self._stages(), *self._drawn_marks(), *notes]
        size = f'width="{_WIDTH}" height="{bottom:g}" viewBox="0 0 {_WIDTH} {bottom:g}"'
        opening = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">'
        title = f"<title>{escape(one_line(self._path.name))}</title>"
        background = f'<rect width="{_WIDTH}" height="{bottom:g}" fill="#fff"/>'
        return "\n".join([opening, title, f"<style>{_STYLE}</style>", background, *body, "</svg>\n"])

    def _x(self, at: datetime) -> float:
        whole = max((self._end - self._begin).total_seconds(), 1.0)
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * (at - self._begin).total_seconds() / whole

    def _place(self) -> float:
        """Give every mark its place; gives where the lanes end."""
        y: float = _TOP + _LANE
        told = list(enumerate((moment for moment in self._path.moments if moment.kind != "stage"), 1))
        for lane in dict.fromkeys(moment.channel for _, moment in told):
            self._tops[lane] = y
            ends: list[float] = []
            for number, moment in told:
                if moment.channel == lane:
                    x = self._x(moment.at)
                    row = next((row for row, end in enumerate(ends) if x - end >= _APART), len(ends))
                    ends[row : row + 1] = [x]
                    self._marks.append(_Placed(number, x, y + _LANE / 2 + row * _APART, moment))
            y += _LANE + (len(ends) - 1) * _APART
        return y

    def _head(self) -> Iterator[str]:
        yield _text(_EDGE, 24, _short(self._path.name, _WIDTH - 2 * _EDGE, _HEAD), "head")

    def _ticks(self) -> Iterator[str]:
        """Lines at round times on the wall, each with the time where there is room for it."""
        step = next((step for step in _STEPS if (self._end - self._begin) / step <= _MOST_TICKS), _STEPS[-1])
        at = self._path.moments[0].at.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        free: float = _LEFT
        while (x := self._x(at)) <= _WIDTH - _RIGHT:
            if x >= _LEFT:
                yield f'<line class="line" x1="{x:g}" x2="{x:g}" y1="{_TOP - 8}" y2="{self._bottom:g}"/>'
            if x >= free:
                label = f"{at:%H:%M}" if at.hour or at.minute else f"{at:%d %b}"
                yield _text(x + 2, _TOP - 12, label, "tick")
                free = x + 2 + CHARACTER * (len(label) + 1)
            at += step

    def _lanes(self) -> Iterator[str]:
        lanes = [(lane or "case", y) for lane, y in self._tops.items()]
        for lane, y in [("stages", float(_TOP)), *lanes]:
            yield f'<line class="line" x1="0" x2="{_WIDTH}" y1="{y:g}" y2="{y:g}"/>'
            yield _text(_EDGE, y + _LANE / 2 + 4, _short(lane, _LEFT - _EDGE - 2 * _MARK))

    def _stages(self) -> Iterator[str]:
        stages = [moment for moment in self._path.moments if moment.kind == "stage"]
        ends = [self._x(moment.at) for moment in stages[1:]] + [float(_WIDTH - _EDGE)]
        for stage, end in zip(stages, ends, strict=True):
            x = self._x(stage.at)
            yield f'<rect class="stage" x="{x:g}" y="{_TOP + 8}" width="{end - x:g}" height="{_LANE - 16}"/>'
            if end - x > 4 * CHARACTER:
                yield _text(x + 4, _TOP + _LANE / 2 + 4, _short(stage.said, end - x - 8))

    def _drawn_marks(self) -> Iterator[str]:
        for mark in self._marks:
            yield f'<circle class="{mark.moment.kind}" cx="{mark.x:g}" cy="{mark.y:g}" r="{_MARK}"/>'
            yield _text(mark.x, mark.y + 4, str(mark.number), "number")

    def _notes(self) -> tuple[list[str], float]:
        """What the numbers stand for, beneath the lanes, and where that ends."""
        lines: list[str] = []
        y = self._bottom + 28
        for mark in sorted(self._marks, key=lambda mark: mark.number):
            for place, line in enumerate(_note(mark)):
                lines.append(_text(_EDGE + (_INDENT if place else 0), y, line))
                y += _LINE
        return lines, y + _LINE / 2


def _note(mark: _Placed) -> Sequence[str]:
    moment = mark.moment
    where = "" if moment.channel is None else f" {moment.channel}"
    said = f"{mark.number} {moment.at:%a %d %b %H:%M}{where}: {moment.said}"
    text = " / ".join(part for part in (moment.title, moment.text) if part)
    note = f"{said} “{text}”" if text else said
    return wrap(note, _COLUMNS // 2 if _is_wide(note) else _COLUMNS)


def _is_wide(text: str) -> bool:
    """Whether any of its characters may be as wide as two others."""
    return any(east_asian_width(character) in "WF" for character in text)


def _short(text: str, room: float, character: float = CHARACTER) -> str:
    most = max(int(room / (character * 2 if _is_wide(text) else character)), 1)
    return text if len(text) <= most else text[: most - 1] + "…"


def _text(x: float, y: float, text: str, kind: str = "") -> str:
    styled = f' class="{kind}"' if kind else ""
    return f'<text{styled} x="{x:g}" y="{y:g}">{escape(one_line(text))}</text>'
