"""How long a text is in the unit that a channel counts, and how to part one that is too long.

Belongs here: counting and parting, for `encode` of any adapter. Does not: whether a channel may send several pieces
instead of one, which its adapter decides and records as the degradation `split`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import attrs

from orchestra.channels.capabilities import TextUnit
from orchestra.channels.graphemes import graphemes

__all__ = ["is_gsm7", "split_text", "text_length"]

# 3GPP TS 23.038, section 6.2.1 (default alphabet) and 6.2.1.1 (extension table: an escape and a character).
_GSM7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM7_EXTENSION = frozenset("\x0c^{}\\[~]|€")
_ALL_GSM7 = _GSM7 | _GSM7_EXTENSION
# 3GPP TS 23.040, section 9.2.3.24.1: a text in several parts spends six octets of each 140 on saying so.
_SEPTETS_ALONE, _SEPTETS_EACH = 160, 153
_UCS2_ALONE, _UCS2_EACH = 70, 67


def is_gsm7(text: str) -> bool:
    """Tell whether the text can be sent in the alphabet of text messages; else each segment holds less than half."""
    return _ALL_GSM7.issuperset(text)


def text_length(text: str, unit: TextUnit) -> int:
    """Count a text as a channel does that limits it in this unit.

    A lone surrogate counts as the character that would replace it. Segments are those that a text message has: one up
    to 160 characters of GSM 7-bit (those of the extension table are two), or 70 UTF-16 units where one character is
    outside that alphabet; parts of a longer one hold 153 or 67, and no character is parted.
    """
    if unit is TextUnit.GSM7_SEGMENTS:
        return _EMPTY_SEGMENTS.add(text).count
    return _MEASURES[unit](text)


def split_text(text: str, limit: int, unit: TextUnit = TextUnit.CHARACTERS) -> tuple[str, ...]:
    """Part a text into pieces that a channel takes, in order: joined they are the text, nothing dropped or added.

    Args:
        text: what to say.
        limit: the most units in one piece: a channel's `text_limit`. At least 4, or 1 if it counts segments.
        unit: what is counted: a channel's `text_unit`.

    Returns:
        At least one piece; the text itself if it fits. A piece ends at a line end or a space if there is one in its
        second half, and never within what people see as one character, unless that alone is longer than the limit.

    Raises:
        ValueError: a limit that a single character may exceed.

    Guarantees:
        Linear time.
    """
    if limit < (1 if unit is TextUnit.GSM7_SEGMENTS else 4):
        raise ValueError("a piece must hold at least one character of any kind")
    if text_length(text, unit) <= limit:
        return (text,)
    return tuple(_pieces(_atoms(text, limit, unit), limit, _start(unit)))


def _atoms(text: str, limit: int, unit: TextUnit) -> list[str]:
    """What is not parted: graphemes, or the characters of one that alone is too long."""
    found: list[str] = []
    for grapheme in graphemes(text):
        if len(grapheme) == 1 or text_length(grapheme, unit) <= limit:
            found.append(grapheme)
        else:
            found.extend(grapheme)
    return found


def _pieces(atoms: list[str], limit: int, empty: _Count) -> list[str]:
    found: list[str] = []
    start = place = 0
    gap = 0
    count = empty
    while place < len(atoms):
        longer = count.add(atoms[place])
        if place > start and longer.count > limit:
            # What is taken up again after a gap is less than half a piece: the whole stays linear.
            end = gap if 2 * (gap - start) >= place - start else place
            found.append("".join(atoms[start:end]))
            start = place = gap = end
            count = empty
            continue
        count = longer
        place += 1
        if atoms[place - 1].isspace():
            gap = place
    found.append("".join(atoms[start:]))
    return found


class _Count(Protocol):
    """How much a piece holds so far."""

    @property
    def count(self) -> int: ...

    def add(self, text: str) -> _Count: ...


@attrs.frozen
class _Sum:
    """Units that add up."""

    measure: Callable[[str], int]
    count: int = 0

    def add(self, text: str) -> _Sum:
        return _Sum(self.measure, self.count + self.measure(text))


@attrs.frozen
class _Packed:
    """How characters, none of which is parted, fill the parts of a text message."""

    alone: int
    each: int
    total: int = 0
    full: int = 0
    used: int = 0

    @property
    def count(self) -> int:
        return 1 if self.total <= self.alone else self.full + 1

    def add(self, sizes: list[int]) -> _Packed:
        full, used = self.full, self.used
        for size in sizes:
            if used + size > self.each:
                full, used = full + 1, 0
            used += size
        return _Packed(self.alone, self.each, self.total + sum(sizes), full, used)


@attrs.frozen
class _Segments:
    """Parts of a text message, in both alphabets: one character decides for all of them."""

    septets: _Packed = _Packed(_SEPTETS_ALONE, _SEPTETS_EACH)
    ucs2: _Packed = _Packed(_UCS2_ALONE, _UCS2_EACH)
    is_gsm7: bool = True

    @property
    def count(self) -> int:
        return self.septets.count if self.is_gsm7 else self.ucs2.count

    def add(self, text: str) -> _Segments:
        return _Segments(
            self.septets.add([1 + (character in _GSM7_EXTENSION) for character in text]),
            self.ucs2.add([1 + (ord(character) > 0xFFFF) for character in text]),
            self.is_gsm7 and is_gsm7(text),
        )


def _utf16(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


_MEASURES: Mapping[TextUnit, Callable[[str], int]] = {
    TextUnit.CHARACTERS: len,
    TextUnit.UTF16: _utf16,
    TextUnit.BYTES: _bytes,
}
_EMPTY_SEGMENTS = _Segments()


def _start(unit: TextUnit) -> _Count:
    return _EMPTY_SEGMENTS if unit is TextUnit.GSM7_SEGMENTS else _Sum(_MEASURES[unit])
