"""The tutorial on two channels at once: what it shows is run, and prints what it says."""

from __future__ import annotations

import pytest
from tests.docs.pages import DOCS, blocks, folder_with, run, words

PAGE = DOCS / "tutorial" / "phone-and-social.md"


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("both")
    files = {block.caption: block.text for block in blocks(PAGE) if block.language in {"toml", "python"}}
    folder_with(folder, files)
    return [run(block.text, folder) for block in blocks(PAGE) if block.language == "sh"]


def test_the_program_prints_what_the_page_says(printed: list[str]) -> None:
    (shown,) = (block.text for block in blocks(PAGE) if block.language == "text" and not block.caption)
    assert printed[0].strip() == shown.strip()


def test_the_timeline_says_what_the_page_says(printed: list[str]) -> None:
    (shown,) = (block.text for block in blocks(PAGE) if block.caption == "timeline")
    history = " ".join(words(printed[1]))
    assert all(" ".join(words(line)) in history for line in shown.splitlines())
