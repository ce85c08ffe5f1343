"""A laid-out scenario as SVG; its colours are the page's (`_static/pages.css`), light or dark.

What belongs here: elements and their classes. What does not: geometry.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from xml.sax.saxutils import quoteattr

from docs._extensions.scenario_layout import CHARACTER, LINE, Lane, Picture, Row, lay_out
from docs._extensions.scenario_text import Scenario

__all__ = ["draw"]

_ARROW = 6.0
_HEAD = 30.0


def draw(scenario: Scenario) -> str:
    """The scenario as an `svg` element: lanes of customers, channels, agents and the engine; time goes down."""
    picture = lay_out(scenario)
    width, height = _n(picture.width), _n(picture.height)
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label={quoteattr(scenario.title)} {size}>',
        f"<title>{escape(scenario.title)}</title><desc>{escape(scenario.about)}</desc>",
        *(part for lane in picture.lanes for part in _lane(lane, picture)),
        *(part for row in picture.rows for part in _row(row)),
        "</svg>",
    ]
    return "\n".join(parts)


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


def _lane(lane: Lane, picture: Picture) -> Iterator[str]:
    half = max(CHARACTER * len(lane.name) / 2 + 8, 30)
    yield f'<path class="life" d="M{_n(lane.x)} {_n(_HEAD + 6)}V{_n(picture.height - 6)}"/>'
    box = f'x="{_n(lane.x - half)}" y="6" width="{_n(2 * half)}" height="{_n(_HEAD)}" rx="6"'
    yield f'<rect class="box {lane.kind}" {box}/>'
    yield f'<text class="name" x="{_n(lane.x)}" y="{_n(6 + _HEAD / 2)}">{escape(lane.name)}</text>'


def _row(row: Row) -> Iterator[str]:
    if row.clock is not None:
        yield f'<text class="clock" x="8" y="{_n(row.y)}">{escape(row.clock)}</text>'
    longest = max(map(len, row.label))
    paper = f'x="{_n(row.x - 2)}" y="{_n(row.y - LINE / 2)}" height="{_n(LINE * len(row.label))}"'
    yield f'<rect class="paper" {paper} width="{_n(CHARACTER * longest + 4)}"/>'
    for place, line in enumerate(row.label):
        yield f'<text class="{row.kind}" x="{_n(row.x)}" y="{_n(row.y + LINE * place)}">{escape(line)}</text>'
    if row.target is None:
        yield f'<circle class="dot" cx="{_n(row.source)}" cy="{_n(row.y)}" r="3"/>'
        return
    heading = 1 if row.target > row.source else -1
    back = row.target - heading * _ARROW
    yield f'<path class="line" d="M{_n(row.source)} {_n(row.arrow)}H{_n(back)}"/>'
    corners = ((row.target, row.arrow), (back, row.arrow - _ARROW / 2), (back, row.arrow + _ARROW / 2))
    yield f'<polygon class="arrow" points="{" ".join(f"{_n(x)},{_n(y)}" for x, y in corners)}"/>'
