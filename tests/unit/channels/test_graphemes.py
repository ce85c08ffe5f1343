from __future__ import annotations

import sys
import unicodedata
from itertools import accumulate

import pytest
import regex
from hypothesis import given, strategies as st

from orchestra.channels.graphemes import graphemes

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"

ODD = [
    chr(code)
    for code in range(sys.maxunicode)
    if unicodedata.category(chr(code)) in {"Mn", "Mc", "Me", "Cf"}
    or 0x1100 <= code < 0x1200
    or 0x1F1E6 <= code <= 0x1F1FF
    or 0x1F300 <= code < 0x1F400
]
TEXTS = st.lists(st.one_of(st.sampled_from(ODD), st.characters(), st.just("\u200d")), max_size=8).map("".join)


def ends(pieces: list[str]) -> set[int]:
    return set(accumulate(map(len, pieces)))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain",
        "e\u0301a\u0308",
        "a\r\nb\rc\n",
        f"a{FAMILY}b",
        "\U0001f1e9\U0001f1ea\U0001f1eb\U0001f1f7\U0001f1e9",
        "\U0001f44b\U0001f3fd!",
        "\u1112\u1161\u11ab\uae00",
        "\u0ba8\u0bbf",
        "\u0e01\u0e33",
        "\u0915\u094d\u0937\u093f",
        "\u0600\u0661",
        "\u26a0\ufe0f",
        "x\U000e0067\U000e007f",
    ],
)
def test_well_known_texts_are_parted_as_the_annex_says(text: str) -> None:
    assert list(graphemes(text)) == regex.findall(r"\X", text)


@given(TEXTS)
def test_nothing_is_cut_that_belongs_together(text: str) -> None:
    found = list(graphemes(text))
    assert "".join(found) == text
    assert all(found)
    # Unassigned characters may be assigned in the oracle's version of Unicode.
    if not any(unicodedata.category(character) == "Cn" for character in text):
        assert ends(found) <= ends(regex.findall(r"\X", text))


def test_a_lone_surrogate_stands_alone() -> None:
    assert list(graphemes("a\ud800\u0301")) == ["a", "\ud800", "\u0301"]


@pytest.mark.reach
def test_a_million_marks_are_one() -> None:
    assert len(list(graphemes("e" + "\u0301" * 1_000_000))) == 1
