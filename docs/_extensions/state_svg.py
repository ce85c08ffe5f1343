"""A laid-out state machine as SVG; its colours are the page's (`_static/pages.css`), light or dark.

What belongs here: elements and their classes. What does not: geometry.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from xml.sax.saxutils import quoteattr

from docs._extensions.state_layout import Label, Layout, Line, Rect, lay_out

from orchestra.engine.lifecycle import Machine

__all__ = ["draw"]

_ARROW = 6.0
_LABEL_LINE = 15.0


def draw(machine: Machine) -> str:
    """The machine's table as an `svg` element. A final state has a double border, the initial one a dot before it.

    Every step is a `text` element whose `data-step` is its row of the table.
    """
    layout = lay_out(machine.initial, machine.steps)
    width, height = _n(layout.width), _n(layout.height)
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    rows = "; ".join(f"{state} {trigger} {after}" for (state, trigger), after in machine.steps.items())
    title = f"States of {machine.name}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label={quoteattr(title)} {size}>',
        f"<title>{escape(title)}</title><desc>{escape(rows)}</desc>",
        *_start(machine, layout),
        *(part for line in layout.lines for part in _line(line)),
        *(part for box in layout.boxes for part in _box(box.state, box.rect, box.state in machine.final)),
        *(part for label in layout.labels for part in _label(label)),
        "</svg>",
    ]
    return "\n".join(parts)


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


def _at(point: tuple[float, float]) -> str:
    return f"{_n(point[0])} {_n(point[1])}"


def _start(machine: Machine, layout: Layout) -> Iterator[str]:
    x, y = layout.start
    top = next(box.rect.y for box in layout.boxes if box.state == machine.initial)
    yield f'<circle class="start" cx="{_n(x)}" cy="{_n(y)}" r="4"/>'
    yield f'<path class="line" d="M{_n(x)} {_n(y)}V{_n(top - _ARROW)}"/>'
    yield _arrow((x, top), (0.0, 1.0))


def _box(state: str, rect: Rect, is_final: bool) -> Iterator[str]:
    x, y, width, height = rect.x, rect.y, rect.width, rect.height
    yield f'<g class="state{" final" if is_final else ""}" data-state={quoteattr(state)}>'
    yield f'<rect class="box" x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" rx="6"/>'
    if is_final:
        inner = f'x="{_n(x + 3)}" y="{_n(y + 3)}" width="{_n(width - 6)}" height="{_n(height - 6)}" rx="4"'
        yield f'<rect class="inner" {inner}/>'
    yield f'<text class="name" x="{_n(x + width / 2)}" y="{_n(y + height / 2)}">{escape(state)}</text></g>'


def _label(label: Label) -> Iterator[str]:
    x = label.rect.x + label.rect.width / 2
    for place, trigger in enumerate(label.triggers):
        y = label.rect.y + _LABEL_LINE * (place + 0.5)
        step = quoteattr(f"{label.source} {trigger} {label.target}")
        yield f'<text class="trigger" data-step={step} x="{_n(x)}" y="{_n(y)}">{escape(trigger)}</text>'


def _line(line: Line) -> Iterator[str]:
    curves = list(line.curves)
    a, b, c, d = curves[-1]
    tip, (dx, dy) = d, line.heading
    d = (d[0] - dx * _ARROW, d[1] - dy * _ARROW)
    curves[-1] = (a, b, c, d)
    drawn = " ".join(f"M{_at(a)}C{_at(b)} {_at(c)} {_at(d)}" for a, b, c, d in curves)
    yield f'<path class="line" d="{drawn}"/>'
    yield _arrow(tip, line.heading)


def _arrow(tip: tuple[float, float], heading: tuple[float, float]) -> str:
    (x, y), (dx, dy) = tip, heading
    back_x, back_y = x - dx * (_ARROW + 1), y - dy * (_ARROW + 1)
    half = _ARROW / 2
    corners = ((x, y), (back_x - dy * half, back_y + dx * half), (back_x + dy * half, back_y - dx * half))
    return f'<polygon class="arrow" points="{" ".join(f"{_n(px)},{_n(py)}" for px, py in corners)}"/>'
