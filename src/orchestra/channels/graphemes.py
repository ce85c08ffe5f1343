"""Where a text may be cut without cutting what people see as one character.

Belongs here: the boundaries of Unicode's extended grapheme clusters, from what the standard library knows of Unicode.
Does not: how long a text may be, which is `segments`.

Source: Unicode Standard Annex 29, section 3.1.1, rules GB3 to GB13. Where `unicodedata` lacks a property more is held
together than the annex demands, never less: a cut too few is a shorter piece, a cut too many a broken character.
"""

from __future__ import annotations

import enum
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

__all__ = ["graphemes"]


class _Kind(enum.Enum):
    """What rules of breaking know a character as."""

    OTHER = enum.auto()
    CR = enum.auto()
    LF = enum.auto()
    CONTROL = enum.auto()
    EXTEND = enum.auto()
    LINKER = enum.auto()
    JOINER = enum.auto()
    PREPEND = enum.auto()
    LETTER = enum.auto()
    REGIONAL = enum.auto()
    PICTURE = enum.auto()
    LEADING = enum.auto()
    VOWEL = enum.auto()
    TRAILING = enum.auto()
    OPEN_SYLLABLE = enum.auto()
    CLOSED_SYLLABLE = enum.auto()


_ALONE = frozenset({_Kind.CR, _Kind.LF, _Kind.CONTROL})
_ATTACHED = frozenset({_Kind.EXTEND, _Kind.LINKER, _Kind.JOINER})
# GB6 to GB8: a leading consonant, a vowel, then trailing consonants.
_SYLLABLES = {
    _Kind.LEADING: frozenset({_Kind.LEADING, _Kind.VOWEL, _Kind.OPEN_SYLLABLE, _Kind.CLOSED_SYLLABLE}),
    _Kind.VOWEL: frozenset({_Kind.VOWEL, _Kind.TRAILING}),
    _Kind.OPEN_SYLLABLE: frozenset({_Kind.VOWEL, _Kind.TRAILING}),
    _Kind.TRAILING: frozenset({_Kind.TRAILING}),
    _Kind.CLOSED_SYLLABLE: frozenset({_Kind.TRAILING}),
}
# Blocks in which pictures stand. Some of their characters are none, which only holds them together beside a joiner.
_PICTURES = (
    *((0xA9, 0xA9), (0xAE, 0xAE), (0x203C, 0x203C), (0x2049, 0x2049), (0x2122, 0x2122), (0x2139, 0x2139)),
    *((0x2190, 0x21FF), (0x2300, 0x23FF), (0x24C2, 0x24C2), (0x25A0, 0x27BF), (0x2900, 0x297F), (0x2B00, 0x2BFF)),
    *((0x3030, 0x3030), (0x303D, 0x303D), (0x3297, 0x3297), (0x3299, 0x3299), (0x1F000, 0x1FAFF), (0x1FC00, 0x1FFFD)),
)
_EXTENDING = (
    (0xE33, 0xE33),
    (0xEB3, 0xEB3),
    (0x200C, 0x200C),
    (0xFF9E, 0xFF9F),
    (0x1F3FB, 0x1F3FF),
    (0xE0020, 0xE007F),
)
_PREPENDED = (
    *((0x600, 0x605), (0x6DD, 0x6DD), (0x70F, 0x70F), (0x890, 0x891), (0x8E2, 0x8E2), (0xD4E, 0xD4E)),
    *((0x110BD, 0x110BD), (0x110CD, 0x110CD), (0x111C2, 0x111C3), (0x113D1, 0x113D1), (0x1193F, 0x1193F)),
    *((0x11941, 0x11941), (0x11A3A, 0x11A3A), (0x11A84, 0x11A89), (0x11D46, 0x11D46), (0x11F02, 0x11F02)),
)
_HANGUL = (
    *(((0x1100, 0x115F), _Kind.LEADING), ((0xA960, 0xA97C), _Kind.LEADING), ((0x1160, 0x11A7), _Kind.VOWEL)),
    *(((0xD7B0, 0xD7C6), _Kind.VOWEL), ((0x11A8, 0x11FF), _Kind.TRAILING), ((0xD7CB, 0xD7FB), _Kind.TRAILING)),
)
_RANGES = (
    *((span, _Kind.EXTEND) for span in _EXTENDING),
    *((span, _Kind.PREPEND) for span in _PREPENDED),
    *_HANGUL,
    ((0x1F1E6, 0x1F1FF), _Kind.REGIONAL),
    *((span, _Kind.PICTURE) for span in _PICTURES),
)
_CATEGORIES = {
    **dict.fromkeys(("Cc", "Cf", "Cs", "Zl", "Zp"), _Kind.CONTROL),
    **dict.fromkeys(("Mn", "Me", "Mc"), _Kind.EXTEND),
    "Lo": _Kind.LETTER,
}
_VIRAMA = 9  # the canonical combining class of what links consonants (Unicode Standard, table 4-3)


def graphemes(text: str) -> Iterator[str]:
    """Give what people see as characters, in order: together they are the text.

    Guarantees:
        Linear time. No piece ends inside a cluster of the annex; lone surrogates are pieces of their own.
    """
    start = 0
    before = _Kind.CONTROL
    is_linked = is_paired = False
    for place, character in enumerate(text):
        kind = _kind(character)
        if place > start and _breaks(before, kind, is_linked, is_paired):
            yield text[start:place]
            start, is_paired = place, False
        is_linked = kind is _Kind.LINKER or (is_linked and kind in _ATTACHED)
        is_paired = kind is _Kind.REGIONAL and not is_paired
        before = kind
    if text:
        yield text[start:]


def _breaks(before: _Kind, after: _Kind, is_linked: bool, is_paired: bool) -> bool:
    """Whether two neighbours may be parted. `is_paired`: the first is the first half of a flag."""
    if before in _ALONE or after in _ALONE:
        return (before, after) != (_Kind.CR, _Kind.LF)
    if after in _ATTACHED or before is _Kind.PREPEND:
        return False
    if before is _Kind.JOINER and after is _Kind.PICTURE:
        return False
    if is_linked and after is _Kind.LETTER:
        return False
    if before is after is _Kind.REGIONAL:
        return not is_paired
    return after not in _SYLLABLES.get(before, ())


@lru_cache(maxsize=4_096)
def _kind(character: str) -> _Kind:
    code = ord(character)
    if code < 0x300:
        return _LOW.get(code, _Kind.OTHER)
    if code == 0x200D:
        return _Kind.JOINER
    for (first, last), kind in _RANGES:
        if first <= code <= last:
            return kind
    if 0xAC00 <= code <= 0xD7A3:
        return _Kind.OPEN_SYLLABLE if (code - 0xAC00) % 28 == 0 else _Kind.CLOSED_SYLLABLE
    if unicodedata.combining(character) == _VIRAMA:
        return _Kind.LINKER
    return _CATEGORIES.get(unicodedata.category(character), _Kind.OTHER)


_LOW = {
    **dict.fromkeys((*range(0x20), *range(0x7F, 0xA0), 0xAD), _Kind.CONTROL),
    0x0D: _Kind.CR,
    0x0A: _Kind.LF,
    0xA9: _Kind.PICTURE,
    0xAE: _Kind.PICTURE,
}
