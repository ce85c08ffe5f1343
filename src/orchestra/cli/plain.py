"""Tables as plain text, folded to a width: what is printed where rich is not installed, or where no terminal is.

Belongs here: columns and folding. Does not: what is in a table, and whether this or rich draws it.
"""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from orchestra.cli.fitting import GAP, natural_widths
from orchestra.insight.report import Table

__all__ = ["fits", "plain_table"]

_GAP = " " * GAP
_NARROWEST = 6


def fits(table: Table, width: int) -> bool:
    """Whether the table can be folded to that many columns without breaking short words, or the columns themselves."""
    return sum(_folded_widths(table, width)) <= _room(table, width)


def plain_table(table: Table, width: int | None) -> str:
    """The table as lines of text without trailing spaces.

    Args:
        table: cells without line ends.
        width: the columns there are; cells are folded to it as far as their words allow. None folds nothing.
    """
    cells = [table.header, *table.rows]
    widths = natural_widths(table) if width is None else _folded_widths(table, width)
    rule = _GAP.join("-" * wide for wide in widths)
    head, *rows = ("\n".join(_folded(row, widths, table.right)) for row in cells)
    return "\n".join([table.title, head, rule, *rows])


def _room(table: Table, width: int) -> int:
    return width - GAP * (len(table.header) - 1)


def _folded_widths(table: Table, width: int) -> list[int]:
    return _narrowed([table.header, *table.rows], natural_widths(table), _room(table, width))


def _narrowed(cells: Sequence[Sequence[str]], widths: list[int], room: int) -> list[int]:
    """Take from the widest column again and again, but of none so much that short words would break."""
    least = [
        min(max((len(word) for row in cells for word in row[place].split()), default=0), max(_NARROWEST, room // 3))
        for place in range(len(widths))
    ]
    narrowed = list(widths)
    while sum(narrowed) > room:
        spare = [(wide - least[place], wide, place) for place, wide in enumerate(narrowed) if wide > least[place]]
        if not spare:
            break
        narrowed[max(spare, key=lambda column: (column[1], column[0]))[2]] -= 1
    return narrowed


def _folded(row: Sequence[str], widths: Sequence[int], right: frozenset[int]) -> list[str]:
    columns = [wrap(cell, max(wide, 1)) if len(cell) > wide else [cell] for cell, wide in zip(row, widths, strict=True)]
    lines = []
    for number in range(max(map(len, columns))):
        parts = [column[number] if number < len(column) else "" for column in columns]
        placed = (
            part.rjust(wide) if place in right else part.ljust(wide)
            for place, (part, wide) in enumerate(zip(parts, widths, strict=True))
        )
        lines.append(_GAP.join(placed).rstrip())
    return lines
