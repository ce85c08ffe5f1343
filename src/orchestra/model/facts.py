"""Facts that stand in what customers are told: their types, and whether a value is of one.

Belongs here: values. Does not: how they read in a language (`engine.fact_texts`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import TypeAlias

from orchestra.model.escaping import TOKEN
from orchestra.model.instants import instant

__all__ = ["ENTRIES", "FACT_TYPES", "Fact", "fact_fault", "money_parts"]

Fact: TypeAlias = str | int
"""What a fact is told with: text, or a whole number."""

ENTRIES = "entries"
"""Type of the fact by which a digest tells what it holds. Nobody gives it a value: what is told stands there."""

_LONGEST = 1_000
_MOST = 10**15
_MONEY = re.compile(r"(?P<amount>-?\d{1,15}) (?P<currency>[A-Z]{3})", re.ASCII)
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)
_LINK = re.compile(r"https?://[\w.~:/?#\[\]@!$&'()*+,;=%-]+", re.ASCII)


def money_parts(value: str) -> tuple[int, str]:
    """Whole minor units and currency of `4900 EUR`."""
    amount, _, currency = value.partition(" ")
    return int(amount), currency


def _is_number(value: Fact) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -_MOST <= value <= _MOST


def _is_text(value: Fact) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST


def _is_money(value: Fact) -> bool:
    return isinstance(value, str) and _MONEY.fullmatch(value) is not None


def _is_date(value: Fact) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _is_time(value: Fact) -> bool:
    return isinstance(value, str) and _TIME.fullmatch(value) is not None


def _is_instant(value: Fact) -> bool:
    try:
        return isinstance(value, int) and not isinstance(value, bool) and 1 < instant(value).year < 9999
    except (OverflowError, ValueError):
        return False


def _is_duration(value: Fact) -> bool:
    return isinstance(value, int) and _is_number(value) and value >= 0


def _is_never(value: Fact) -> bool:
    return False


def _is_link(value: Fact) -> bool:
    if not isinstance(value, str) or len(value) > _LONGEST or value.count(TOKEN) > 1:
        return False
    return _LINK.fullmatch(value.replace(TOKEN, "token")) is not None


FACT_TYPES: Mapping[str, tuple[Callable[[Fact], bool], str]] = {
    "text": (_is_text, f"a text of 1 to {_LONGEST} characters"),
    "integer": (_is_number, "a whole number"),
    "money": (_is_money, "whole minor units and a currency, as 4900 EUR"),
    "date": (_is_date, "a day, as 2026-12-01"),
    "time": (_is_time, "a time on the wall, as 14:30"),
    "instant": (_is_instant, "microseconds since 1970 UTC"),
    "duration": (_is_duration, "microseconds, not negative"),
    "number": (_is_text, "the number of a case"),
    "link": (_is_link, "an address of the web, which may have {token} in it"),
    ENTRIES: (_is_never, "left out: it is what a digest holds"),
}
"""Type -> whether a value is of it, and what it has to be."""


def fact_fault(kind: str, value: Fact) -> str | None:
    """Why a value is not of a type; None if it is."""
    fits, words = FACT_TYPES[kind]
    return None if fits(value) else f"must be {words}"
