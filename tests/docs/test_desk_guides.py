"""The guides that bring a plan of their own: it is sound, and their programs print what is shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.docs.pages import DOCS, blocks, folder_with, run, words

from orchestra.model.plan import Plan

GUIDES = (
    "work-items",
    "callbacks",
    "bots-first",
    "offer-context",
    "commitments",
    "hand-off",
    "findings",
    "incidents",
    "notices",
    "clocks",
    "rules",
    "one-matter",
    "promises",
    "preview",
)


@pytest.mark.parametrize("guide", GUIDES)
def test_programs_print_what_is_shown(guide: str, tmp_path: Path) -> None:
    page = blocks(DOCS / "howto" / f"{guide}.md")
    folder_with(tmp_path, {block.caption: block.text for block in page if block.caption})
    printed, shown = "", 0
    for block in page:
        if block.language == "sh":
            printed = run(block.text, tmp_path)
        elif block.language == "text":
            shown += 1
            assert words(printed) == words(block.text)
    assert shown


@pytest.mark.parametrize("guide", GUIDES)
def test_every_plan_shown_is_whole_and_without_fault(guide: str) -> None:
    plans = [block.text for block in blocks(DOCS / "howto" / f"{guide}.md") if block.language == "toml"]
    assert plans
    assert [Plan.parse(text).faults() for text in plans] == [[]] * len(plans)
