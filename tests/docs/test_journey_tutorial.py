"""The tutorial on the reference journey: what it shows is run, and prints what it says."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.docs.pages import DOCS, ROOT, blocks, folder_with, run, words

PAGE = DOCS / "tutorial" / "journey.md"


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What each block of commands printed, in a folder with the source's examples."""
    folder: Path = tmp_path_factory.mktemp("journey")
    folder_with(folder, {block.caption: block.text for block in blocks(PAGE) if block.language == "python"})
    shutil.copytree(ROOT / "examples", folder / "examples", ignore=shutil.ignore_patterns("__pycache__"))
    return [run(block.text, folder) for block in blocks(PAGE) if block.language == "sh"]


def quoted(caption: str) -> list[str]:
    """The lines that the page quotes of a longer print."""
    (block,) = (block for block in blocks(PAGE) if block.caption == caption)
    return [" ".join(words(line)) for line in block.text.splitlines()]


def test_the_plan_is_checked_and_the_program_prints_what_the_page_says(printed: list[str]) -> None:
    checked, played = (block.text for block in blocks(PAGE) if block.language == "text" and not block.caption)
    assert printed[0].strip() == checked.strip()
    assert printed[2].strip() == played.strip()


def test_the_part_of_the_plan_that_is_shown_is_in_it() -> None:
    (part,) = (block.text for block in blocks(PAGE) if block.language == "toml")
    assert part.strip() in (ROOT / "examples" / "journey.toml").read_text(encoding="utf-8")


def test_the_preview_shows_both_ways(printed: list[str]) -> None:
    assert "connection, as planned" in printed[1]
    assert "connection, with a delay of provisioning" in printed[1]


@pytest.mark.parametrize("caption", ["timeline", "measures"])
def test_what_is_quoted_is_printed_in_this_order(printed: list[str], caption: str) -> None:
    whole = " ".join(words(printed[3]))
    places = [whole.find(line) for line in quoted(caption)]
    assert -1 not in places
    assert places == sorted(places)
