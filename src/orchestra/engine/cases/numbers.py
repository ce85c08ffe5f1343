"""The running number behind a case's number: of an archived case no row says whether it has a number.

Belongs here: reading a number by the form that it was written in. Does not: which number a case is given (`state`).
"""

from __future__ import annotations

from string import Formatter

__all__ = ["running_number"]

_BASES = {"b": 2, "o": 8, "x": 16, "X": 16}


def running_number(form: str, number: str) -> int:
    """The running number that a form writes so; 0 if none, or if it writes no digits that can be read back."""
    before, base = _beginning(form)
    if not number.startswith(before):
        return 0
    digits = ""
    for character in number[len(before) :]:
        digits += character if character.isalnum() else ""  # what parts or fills up is no digit
        count = _whole(digits, base)
        if count and form.format(count) == number:
            return count
    return 0


def _beginning(form: str) -> tuple[str, int]:
    """What stands before the running number, and the base in which that is written."""
    before = ""
    for literal, field, spec, _ in Formatter().parse(form):
        before += literal
        if field is not None:
            return before, _BASES.get((spec or "d")[-1], 10)
    return before, 10


def _whole(digits: str, base: int) -> int:
    try:
        return int(digits, base)
    except ValueError:
        return 0
