"""Whole numbers of many numbered ones at once: a bit mask over all of them for each binary digit, the last digit first.

So a sum, a comparison, or who has the greatest costs a few wide operations for each digit, however many they are. Whose
number is zero has no bit in any.

Belongs here: arithmetic with them. Does not: what is numbered (`sides`), and what the numbers say (`fitting`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest

__all__ = ["above", "added", "falling", "flip", "lesser"]


def flip(digits: list[int], number: int, bit: int) -> None:
    """Give a number to one who has none, or take it from them again."""
    digits.extend([0] * (number.bit_length() - len(digits)))
    for place in range(number.bit_length()):
        if number >> place & 1:
            digits[place] ^= bit
    while digits and not digits[-1]:
        digits.pop()


def above(digits: Sequence[int], number: int) -> int:
    """Whose number is greater than this one, as a mask."""
    mask = 0
    for place, digit in enumerate(digits):
        mask = mask & digit if number >> place & 1 else mask | digit
    return 0 if number >> len(digits) else mask


def added(one: Sequence[int], other: Sequence[int]) -> list[int]:
    """The sums of two numbers each."""
    sums, carry = [], 0
    for first, second in zip_longest(one, other, fillvalue=0):
        either = first ^ second
        sums.append(either ^ carry)
        carry = first & second | carry & either
    return [*sums, carry] if carry else sums


def lesser(one: Sequence[int], other: Sequence[int]) -> list[int]:
    """The lesser of two numbers each."""
    pairs, is_less = list(zip_longest(one, other, fillvalue=0)), 0
    for first, second in pairs:
        is_less = second & ~first | is_less & ~(first ^ second)
    return [second ^ (first ^ second) & is_less for first, second in pairs]


def falling(digits: Sequence[int], mask: int) -> Iterator[int]:
    """Those of a mask in groups of equal numbers, the greatest first. No group is worked out before its turn."""
    if not mask:
        return
    if not digits:
        yield mask
        return
    ones = mask & digits[-1]
    yield from falling(digits[:-1], ones)
    yield from falling(digits[:-1], mask ^ ones)
