"""The tutorial, from its first command to its last: everything a reader would type is run here."""

from __future__ import annotations

import re

import pytest
from tests.docs.pages import DOCS, ROOT, Block, blocks, folder_with, run, words

PAGE = DOCS / "tutorial" / "index.md"
MOST_COMMANDS = 8
MOST_LINES = 30


def commands() -> list[str]:
    return [line for block in blocks(PAGE) if block.language == "sh" for line in block.text.splitlines() if line]


def files() -> dict[str, str]:
    return {block.caption: block.text for block in blocks(PAGE) if block.language in {"toml", "python"}}


def is_set_up(command: str) -> bool:
    """Whether it makes the environment that the tests already run in."""
    return " -m venv " in command or " -m pip install " in command


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Every command of the page but those that install -> what it printed, run in order in one folder."""
    folder = tmp_path_factory.mktemp("tutorial")
    folder_with(folder, files())
    return {command: run(command, folder) for command in commands() if not is_set_up(command)}


def test_it_takes_few_commands_and_few_lines() -> None:
    lines = [line for text in files().values() for line in text.splitlines() if line.strip()]
    assert 0 < len(commands()) <= MOST_COMMANDS
    assert 0 < len(lines) <= MOST_LINES


def test_it_says_how_many_there_are() -> None:
    numbers = {7: "seven", 8: "eight"}
    lines = [line for text in files().values() for line in text.splitlines() if line.strip()]
    assert f"In {numbers[len(commands())]} commands and {len(lines)} lines" in PAGE.read_text(encoding="utf-8")


def test_the_set_up_is_that_of_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    set_up = [command for command in commands() if is_set_up(command)]
    assert len(set_up) == 2
    assert all(command in readme for command in set_up)


def test_every_command_works(printed: dict[str, str]) -> None:
    assert list(printed) == [command for command in commands() if not is_set_up(command)]
    assert all(text for text in printed.values())


def shown_after(command: str) -> Block:
    """The output that the page shows for a command."""
    listed = blocks(PAGE)
    (place,) = [n for n, block in enumerate(listed) if block.language == "sh" and block.text.strip() == command]
    assert listed[place + 1].language == "text"
    return listed[place + 1]


@pytest.mark.parametrize("command", [".venv/bin/orchestra check plan.toml", ".venv/bin/python first.py"])
def test_what_is_shown_is_what_is_printed(printed: dict[str, str], command: str) -> None:
    assert words(printed[command]) == words(shown_after(command).text)


def test_the_timeline_says_what_the_page_quotes(printed: dict[str, str]) -> None:
    (quoted,) = [block for block in blocks(PAGE) if block.caption == "timeline"]
    (timeline,) = [text for command, text in printed.items() if " timeline " in command]
    whole = " ".join(words(timeline))
    places = [whole.find(" ".join(words(line))) for line in quoted.text.splitlines()]
    assert -1 not in places
    assert places == sorted(places)


def test_the_explanation_names_the_agent(printed: dict[str, str]) -> None:
    (explained,) = [text for command, text in printed.items() if " explain " in command]
    assert re.search(r"of1 to ana from queue care: accepted", explained)


def test_the_measures_count_the_contact(printed: dict[str, str]) -> None:
    (measured,) = [text for command, text in printed.items() if " measures " in command]
    assert re.search(r"service level 80 % in 20 s.*100\.00 %", measured)
