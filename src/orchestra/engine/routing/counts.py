"""How many there are of each of many numbered ones, added up over any of them at once.

Belongs here: the counters. Does not: what is counted (`takers`).
"""

from __future__ import annotations

__all__ = ["Counts"]


class Counts:
    """A count for each number, held as one bit mask for each binary digit: the last digits of all, the second last, ...

    So the sum over those of a mask costs a wide `and` for each digit, however many they are.
    """

    __slots__ = ("_digits",)

    def __init__(self) -> None:
        self._digits: list[int] = []

    def __bool__(self) -> bool:
        return bool(self._digits)

    def up(self, bit: int) -> None:
        """One more of the number that has this bit."""
        digits = self._digits
        for place, digit in enumerate(digits):
            digits[place] = digit ^ bit
            if not digit & bit:
                return
        digits.append(bit)

    def down(self, bit: int) -> None:
        """One less of the number that has this bit, of which there is at least one."""
        digits, place = self._digits, 0
        digits[0] ^= bit
        while digits[place] & bit:  # it was not there: borrowed from the next
            place += 1
            digits[place] ^= bit
        if not digits[-1]:  # what was borrowed from it stands in all lower digits, so that none of those is empty
            digits.pop()

    def total(self, mask: int) -> int:
        """How many there are of all numbers whose bits are set."""
        return sum([(digit & mask).bit_count() << place for place, digit in enumerate(self._digits)])

    def some(self) -> int:
        """The numbers of which there is at least one, as a mask."""
        mask = 0
        for digit in self._digits:
            mask |= digit
        return mask
