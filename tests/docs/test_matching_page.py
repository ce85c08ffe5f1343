"""The page that derives the index: its programs are run, and its figures are those of the code."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.docs.pages import DOCS, blocks, folder_with, run, words

from orchestra.engine.ordered import _BLOCK
from orchestra.engine.routing.choice import _TRIES
from orchestra.engine.routing.sides import _CHANGES

PAGE = DOCS / "explanation" / "matching.md"
SAID = " ".join(PAGE.read_text(encoding="utf-8").split())


def test_its_programs_print_what_is_shown(tmp_path: Path) -> None:
    page = blocks(PAGE)
    folder_with(tmp_path, {block.caption: block.text for block in page if block.caption})
    printed, compared = "", 0
    for block in page:
        if block.language == "sh":
            printed = run(block.text, tmp_path)
        elif block.language == "text":
            assert words(printed) == words(block.text)
            compared += 1
    assert compared == 3


@pytest.mark.parametrize(
    "claim",
    [
        f"in blocks of {_BLOCK}",
        f"follows the last {_CHANGES} such changes",
        f"more than {_CHANGES} buckets were made or went",
        f"or after {_TRIES} draws",
        f"with two skills of 5 levels, a sum is one of {2 * 5 + 1}",
        f"which are {-(-86_605 // 64):,} words each",
        f"a mask has {round(86_605 / 8 / 1000)} kB",
        f"make {(20 * 19 // 2) * 25 + 20 * 5:,} needs",
    ],
)
def test_its_figures_are_those_of_the_code(claim: str) -> None:
    assert claim in SAID


def test_figures_that_the_prose_takes_up_are_those_that_are_printed() -> None:
    shown = " ".join(block.text for block in blocks(PAGE) if block.language == "text")
    assert "Instead of 18,021 predicates these are 21 operations on masks of 100 words, and 73 comparisons" in SAID
    for figure in ("18,021 predicates", "21 masks", "100 words", "73 heads"):
        assert figure in shown
