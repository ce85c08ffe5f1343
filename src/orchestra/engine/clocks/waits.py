"""Stretches in which customers waited, and how long they waited where several overlap."""

from __future__ import annotations

from collections.abc import Callable, Iterable

__all__ = ["Spans", "begin", "close", "together"]

Spans = list[list[int | None]]
"""Stretches of one contact, from and until, in order; until None as long as the last one goes on."""


def begin(spans: Spans, at_us: int) -> None:
    """Somebody waits from now on, if they do not already."""
    if not spans or spans[-1][1] is not None:
        spans.append([at_us, None])


def close(spans: Spans, at_us: int) -> None:
    """They wait no more, if they did."""
    if spans and spans[-1][1] is None:
        spans[-1][1] = at_us


def together(waits: Iterable[Spans], elapsed: Callable[[int, int], int], at_us: int) -> int:
    """How long at least one of several waited until now, by what tells how much time passed between two instants."""
    stretches = sorted(
        (from_us or 0, at_us if until_us is None else until_us) for of in waits for from_us, until_us in of
    )
    total_us, reached_us = 0, 0
    for from_us, until_us in stretches:
        begins_us = max(from_us, reached_us)
        if until_us > begins_us:
            total_us += elapsed(begins_us, until_us)
            reached_us = until_us
    return total_us
