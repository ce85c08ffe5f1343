"""Comparing statements: whether two contradict each other, and which is better for the customer."""

from __future__ import annotations

from orchestra.engine.commitments.state import Statement
from orchestra.model.definitions import CommitmentAttribute

__all__ = ["contradicts", "differs", "is_better", "overlaps"]


def contradicts(one: Statement, other: Statement) -> bool:
    """Whether two statements on one pair cannot both hold, and a customer was told at least one of them."""
    return "commitment" in (one.kind, other.kind) and differs(one, other)


def differs(one: Statement, other: Statement) -> bool:
    """Whether two statements on one pair say something else for some time in which both hold."""
    return (one.value, one.unit) != (other.value, other.unit) and overlaps(one, other)


def overlaps(one: Statement, other: Statement) -> bool:
    """Whether there is a time in which both hold."""
    return _begins_before_end(one, other) and _begins_before_end(other, one)


def _begins_before_end(one: Statement, other: Statement) -> bool:
    return other.ends_us is None or one.from_us < other.ends_us


def is_better(attribute: CommitmentAttribute, one: Statement, other: Statement) -> bool | None:
    """Whether the first of two statements is better for the customer; None where that is not known, or they are equal.

    Amounts of different units are not known to be better or worse.
    """
    if attribute.type == "action":
        actions = list(attribute.actions)
        if one.value not in actions or other.value not in actions or one.value == other.value:
            return None
        return actions.index(str(one.value)) < actions.index(str(other.value))
    if attribute.better is None or one.unit != other.unit or one.value == other.value:
        return None
    # Both are of the attribute's type: numbers, or days, which as text stand in the order of time.
    is_less = one.value < other.value  # type: ignore[operator]
    return is_less if attribute.better in ("lower", "earlier") else not is_less
