"""The README: its commands are those that CI runs, its example does what it says, its links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

from tests.docs.pages import ROOT, blocks, folder_with, run

README = ROOT / "README.md"


def text() -> str:
    return README.read_text(encoding="utf-8")


def test_two_commands_do_all_the_set_up() -> None:
    job, tests = [block.text.strip() for block in blocks(README) if block.language == "sh"]
    assert job.startswith("python3.11 -m venv .venv && .venv/bin/python -m pip install ")
    assert job.endswith(" && .venv/bin/orchestra demo")
    assert tests.startswith("python3.11 -m venv .venv && .venv/bin/python -m pip install ")
    assert tests.endswith(" && .venv/bin/nox -s tests")


def test_it_says_in_five_lines_what_it_is_for() -> None:
    purpose = text().partition("\n\n")[2].partition("\n\n")[0]
    assert len(purpose.splitlines()) == 5


def test_the_example_prints_what_it_says(tmp_path: Path) -> None:
    (example,) = [block.text for block in blocks(README) if block.language == "python"]
    folder_with(tmp_path, {"example.py": example})
    (printed,) = re.findall(r"It prints `([^`]+)`", text())
    assert run(".venv/bin/python example.py", tmp_path).strip() == printed
    (command,) = re.findall(r"`(\.venv/bin/orchestra timeline [^`]+)`", text())
    assert "it arrives on Friday" in run(command, tmp_path)


def test_every_link_leads_to_a_file() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", text())
    assert links
    assert [link for link in links if "://" not in link and not (ROOT / link).is_file()] == []
