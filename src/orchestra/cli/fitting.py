"""Tables that fit a width: one with many narrow columns becomes several, each with the names of its rows.

Belongs here: which columns stand together. Does not: folding a long text inside its cell, which drawing does.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from orchestra.insight.report import Table

__all__ = ["GAP", "fitted", "natural_widths"]

GAP = 2
"""Spaces between two columns."""

_LONG_TEXT = 2 / 5


def natural_widths(table: Table) -> list[int]:
    """Characters of the longest cell of each column, its header included."""
    return [max(len(row[place]) for row in (table.header, *table.rows)) for place in range(len(table.header))]


def fitted(table: Table, width: int) -> list[Table]:
    """The table itself if it fits, or if a column of long text can be folded; else its columns over several tables.

    A header such as `wait: mean` begins a group: the columns behind it, up to the next such header, stay with it.
    """
    widths = natural_widths(table)
    if _across(widths) <= width or max(widths) > width * _LONG_TEXT:
        return [table]
    shares: list[list[int]] = []
    for group in _groups(table.header):
        if shares and _across([widths[place] for place in (0, *shares[-1], *group)]) <= width:
            shares[-1].extend(group)
        else:
            shares.append(group)
    return [_part(table, places, number) for number, places in enumerate(shares)]


def _across(widths: Sequence[int]) -> int:
    return sum(widths) + GAP * (len(widths) - 1)


def _groups(header: Sequence[str]) -> list[list[int]]:
    """Places of the columns that stay together; not the first column, which every part repeats."""
    groups: list[list[int]] = []
    has_begun = False
    for place, name in enumerate(header):
        if not place:
            continue
        has_begun = has_begun or ":" in name
        if has_begun and ":" not in name:
            groups[-1].append(place)
        else:
            groups.append([place])
    return groups


def _part(table: Table, places: Sequence[int], number: int) -> Table:
    kept = (0, *places)
    return attrs.evolve(
        table,
        title=f"{table.title} (continued)" if number else table.title,
        header=tuple(table.header[place] for place in kept),
        rows=tuple(tuple(row[place] for place in kept) for row in table.rows),
        right=frozenset(new for new, old in enumerate(kept) if old in table.right),
    )
