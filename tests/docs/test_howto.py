"""The how-to guides: their programs and commands are run, in the folder that the tutorial leaves behind."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.docs.pages import DOCS, blocks, folder_with, run, words

from orchestra.model.plan import Plan

GUIDES = (
    "back-up",
    "channel-costs",
    "consent-and-erasure",
    "files",
    "import",
    "one-person",
    "read-measures",
    "remarks",
    "score-agents",
    "standby",
    "stop-sending",
    "test-your-application",
    "transfer-and-consult",
    "who-sees-what",
)


@pytest.mark.parametrize("guide", GUIDES)
def test_programs_and_commands_print_what_is_shown(guide: str, tmp_path: Path) -> None:
    tutorial = {block.caption: block.text for block in blocks(DOCS / "tutorial" / "index.md") if block.caption}
    page = blocks(DOCS / "howto" / f"{guide}.md")
    folder_with(tmp_path, tutorial)
    run(".venv/bin/python first.py", tmp_path)
    folder_with(tmp_path, {block.caption: block.text for block in page if block.caption})
    printed = ""
    for block in page:
        if block.language == "sh":
            printed = run(block.text, tmp_path)
        elif block.language == "text":
            assert words(printed) == words(block.text)


@pytest.mark.parametrize("guide", GUIDES)
def test_every_guide_runs_something(guide: str) -> None:
    assert any(block.language == "sh" for block in blocks(DOCS / "howto" / f"{guide}.md"))


ROUTES = [block.text for block in blocks(DOCS / "howto" / "route.md") if block.language == "toml"]


@pytest.mark.parametrize("text", ROUTES, ids=range(len(ROUTES)))
def test_every_way_of_routing_is_a_whole_plan_without_fault(text: str) -> None:
    assert Plan.parse(text).faults() == []


AT_ONCE = [block.text for block in blocks(DOCS / "howto" / "at-the-same-time.md") if block.language == "toml"]


@pytest.mark.parametrize("text", AT_ONCE, ids=range(len(AT_ONCE)))
def test_what_is_said_of_contacts_at_once_is_a_whole_plan_without_fault(text: str) -> None:
    assert Plan.parse(text).faults() == []


def test_there_are_ways_of_routing() -> None:
    assert len(ROUTES) >= 7
