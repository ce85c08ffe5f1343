"""The part of a plan that says what the company may commit itself to, and what holds where statements contradict.

Belongs here: the definitions, and how a value reads. Does not: faults of a plan (`commitment_checks`), and deciding.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

import attrs

__all__ = ["BETTER", "SETTLE", "CommitmentAttribute", "Commitments", "is_currency", "value_text"]

BETTER: Mapping[str, Sequence[str]] = {
    "money": ("lower", "higher"),
    "quantity": ("lower", "higher"),
    "date": ("earlier", "later"),
    "action": (),
}
"""Type of an attribute -> what may be better for the customer. Of actions the plan lists the best first."""

SETTLE = ("person", "unless_worse", "precedence")
"""Which contradictions are settled by precedence alone: none, those that leave nobody worse off, all."""

# ISO 4217: all other currencies have two decimals.
_NO_DECIMALS = frozenset(
    {
        *("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"),
        *("RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"),
    }
)
_THREE_DECIMALS = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})


def _words(values: Iterable[str]) -> tuple[str, ...]:
    """Lists, as files have them, and tuples make equal plans."""
    return tuple(values)


@attrs.frozen
class CommitmentAttribute:
    """Something that can be said of a subject: the price of an order, the day of its delivery.

    Attributes:
        type: `money`, in whole minor units (4900 for 49.00) of a currency; `quantity`, a whole number of a unit;
            `date`, as 2026-12-01; or `action`, a word for what is done.
        better: what is better for the customer: `lower` or `higher` for money and quantities, `earlier` or `later` for
            dates. Where nothing is stated, nobody is taken to be better off.
        unit: the currency (ISO 4217) or the unit that it is always in; any, unless stated.
        actions: the words that an action may be, the best for the customer first; any, unless stated.
        lasts: how long what is said holds where nobody has said how long; 90 days unless stated, None for ever.
    """

    type: str
    better: str | None = None
    unit: str | None = None
    actions: Sequence[str] = attrs.field(default=(), converter=_words)
    lasts: timedelta | None = timedelta(days=90)


@attrs.frozen
class Commitments:
    """What the company may commit itself to, and what holds where two statements contradict each other.

    Attributes:
        attributes: attribute -> what can be said of a subject; without any, nothing can be committed to.
        authorities: authority -> its rank, from 1. Of two statements that contradict each other, that of the higher
            rank prevails; who speaks with no authority has rank 0. A back office of an authority's name speaks with it.
        settle: what is settled by precedence without asking anybody: `unless_worse`: unless what was said to the
            customer then holds no more and what holds is worse for them, or not known to be better; `precedence`:
            all; `person`: nothing. What a speaker explicitly supersedes needs no asking.
        tasks: a channel with `work = true`, on which somebody is asked to deal with what turned out worse for the
            customer than they had been told; nobody is asked unless stated.
        decisions: a channel with `work = true`, on which somebody is asked to settle what is not settled by itself;
            nobody is asked unless stated.
    """

    attributes: Mapping[str, CommitmentAttribute] = attrs.field(factory=dict)
    authorities: Mapping[str, int] = attrs.field(factory=dict)
    settle: str = "unless_worse"
    tasks: str | None = None
    decisions: str | None = None


def is_currency(unit: str) -> bool:
    """Whether a unit has the form of a currency's code."""
    return len(unit) == 3 and unit.isascii() and unit.isalpha() and unit.isupper()


def value_text(kind: str, value: int | str, unit: str | None) -> str:
    """How a value reads: `49.00 EUR`, `3 pieces`, `2026-12-01`, `replacement`."""
    if kind != "money" or not isinstance(value, int) or unit is None:
        return str(value) if unit is None else f"{value} {unit}"
    decimals = 0 if unit in _NO_DECIMALS else 3 if unit in _THREE_DECIMALS else 2
    whole, part = divmod(value, 10**decimals)
    return f"{whole}.{part:0{decimals}} {unit}" if decimals else f"{whole} {unit}"
