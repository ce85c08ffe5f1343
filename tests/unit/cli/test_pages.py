"""The pages about the command and the log format say what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from orchestra.cli.main import COMMANDS, main
from orchestra.runtime.contact_log import parse_line
from orchestra.runtime.import_lines import _TYPES, parse_history_line

REFERENCE = Path(__file__).resolve().parents[3] / "docs" / "reference"
OPTION = re.compile(r"--[a-z]+")

Capture = pytest.CaptureFixture[str]


def sections() -> dict[str, str]:
    """Heading -> text, of the page about the command."""
    page = (REFERENCE / "cli.md").read_text(encoding="utf-8")
    parts = page.split("\n## ")[1:]
    return {part.partition("\n")[0]: part.partition("\n")[2] for part in parts}


def test_every_command_has_its_section() -> None:
    assert set(sections()) == set(COMMANDS)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_option_is_explained(name: str, capsys: Capture) -> None:
    main([name, "--help"])
    options = capsys.readouterr().out.partition("examples:")[0].partition("options:")[2]
    known = set(OPTION.findall(options)) - {"--help"}
    told = set(OPTION.findall(sections()[name]))
    assert known - told <= {"--journal"}  # where the synopsis has it
    assert told - known == set()


def test_the_log_on_the_page_is_one() -> None:
    page = (REFERENCE / "contact-log.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    lines = [parse_line(line.encode(), number) for number, line in enumerate(block.splitlines(), 1)]
    assert [line.is_inbound for line in lines] == [True, False]


def test_every_field_of_a_line_is_on_the_page() -> None:
    page = (REFERENCE / "contact-log.md").read_text(encoding="utf-8")
    fields = re.findall(r"^\| `(\w+)` \| (required|optional) \|", page, re.MULTILINE)
    required = [name for name, need in fields if need == "required"]
    told = {"at", "channel", "direction", "company", "customer", "thread", "message_id", "text"}
    assert set(required) == told
    assert {name for name, need in fields if need == "optional"} == {"agent", "queue", "case", "topic", "disposition"}


def test_the_history_on_the_page_is_one() -> None:
    page = (REFERENCE / "history-file.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    lines = [parse_history_line(line.encode(), number) for number, line in enumerate(block.splitlines(), 1)]
    assert {type(line) for line in lines} == {made for made, _, _ in _TYPES.values()}


def test_every_field_of_every_type_of_line_is_on_the_page() -> None:
    page = (REFERENCE / "history-file.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (?:`(\w+)`)? ?\| `(\w+)` \| (required|optional|one of the two) \|", page, re.MULTILINE)
    told: dict[str, dict[str, bool]] = {}
    for kind, name, need in rows:
        told.setdefault(kind or list(told)[-1], {})[name] = need == "required"
    known = {
        kind: dict.fromkeys(required, True) | dict.fromkeys(optional, False)
        for kind, (_, required, optional) in _TYPES.items()
    }
    assert told == known
