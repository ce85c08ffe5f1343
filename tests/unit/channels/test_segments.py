from __future__ import annotations

from itertools import accumulate

import pytest
from hypothesis import given, strategies as st

from orchestra.channels.capabilities import TextUnit
from orchestra.channels.graphemes import graphemes
from orchestra.channels.segments import is_gsm7, split_text, text_length

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
TEXTS = st.lists(
    st.one_of(st.sampled_from(["a", " ", "\n", "€", "{", "ü", "e\u0301", FAMILY, "\U0001f44b", "あ"]), st.characters()),
    max_size=60,
).map("".join)
UNITS = st.sampled_from(TextUnit)


@pytest.mark.parametrize(
    ("text", "characters", "utf16", "in_bytes"),
    [("", 0, 0, 0), ("ab", 2, 2, 2), ("ü", 1, 1, 2), ("あ", 1, 1, 3), ("\U0001f44b", 1, 2, 4), ("\ud800", 1, 1, 3)],
)
def test_a_text_has_a_length_in_every_unit(text: str, characters: int, utf16: int, in_bytes: int) -> None:
    units = (TextUnit.CHARACTERS, TextUnit.UTF16, TextUnit.BYTES)
    assert [text_length(text, unit) for unit in units] == [characters, utf16, in_bytes]


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        # An escape is not parted from its character: one septet of each part stays empty.
        ("€" * 152, 2),
        ("€" * 153, 3),
        ("あ" * 70, 1),
        ("あ" * 71, 2),
        ("あ" * 134, 2),
        ("あ" * 135, 3),
        ("a" * 100 + "あ", 2),
        # A surrogate pair is not parted either.
        ("\U0001f44b" * 35, 1),
        ("\U0001f44b" * 66, 2),
        ("\U0001f44b" * 67, 3),
    ],
)
def test_segments_are_those_of_text_messages(text: str, segments: int) -> None:
    assert text_length(text, TextUnit.GSM7_SEGMENTS) == segments


def test_one_character_decides_on_the_alphabet() -> None:
    assert is_gsm7("Grüße {Ω} €")
    assert not is_gsm7("Grüße ç")
    assert is_gsm7("")


@given(TEXTS, st.integers(4, 40), UNITS)
def test_pieces_are_the_text_and_fit(text: str, limit: int, unit: TextUnit) -> None:
    pieces = split_text(text, limit, unit)
    assert "".join(pieces) == text
    assert all(text_length(piece, unit) <= limit for piece in pieces)
    assert all(pieces) or pieces == ("",)


@pytest.mark.parametrize("unit", TextUnit)
@pytest.mark.parametrize("limit", range(20, 40))
def test_no_piece_ends_within_a_character(limit: int, unit: TextUnit) -> None:
    text = f"{FAMILY}e\u0301\U0001f1e9\U0001f1ea" * 20 * (60 if unit is TextUnit.GSM7_SEGMENTS else 1)
    pieces = split_text(text, limit, unit)
    assert len(pieces) > 1
    assert set(accumulate(map(len, pieces))) <= set(accumulate(map(len, graphemes(text))))


@given(TEXTS, st.integers(30, 60), UNITS)
def test_no_piece_of_any_text_ends_within_a_character(text: str, limit: int, unit: TextUnit) -> None:
    whole = list(graphemes(text))
    if all(text_length(one, unit) <= limit for one in whole):
        assert set(accumulate(map(len, split_text(text, limit, unit)))) <= {0, *accumulate(map(len, whole))}


def test_a_piece_ends_at_a_space_in_its_second_half() -> None:
    assert split_text("one two three four", 10) == ("one two ", "three four")
    assert split_text("a bcdefghijklmno", 8) == ("a bcdefg", "hijklmno")
    assert split_text("one two\nthree", 9) == ("one two\n", "three")


def test_a_character_longer_than_a_piece_is_parted() -> None:
    assert split_text(FAMILY, 8, TextUnit.BYTES) == ("\U0001f468\u200d", "\U0001f469\u200d", "\U0001f467")


@pytest.mark.parametrize(("limit", "unit"), [(3, TextUnit.BYTES), (0, TextUnit.GSM7_SEGMENTS), (-1, TextUnit.UTF16)])
def test_a_limit_that_one_character_exceeds_is_refused(limit: int, unit: TextUnit) -> None:
    with pytest.raises(ValueError, match="at least one character"):
        split_text("text", limit, unit)
