"""Words that have no place in the project: unfinished work, vague names, paths of one machine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.quality.tree import ROOT, modules, tracked

UNFINISHED = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|X" + r"XX|NotImplemented" + r"Error)\b")
MACHINE_PATH = re.compile(r"(?<![\w.~:/])/(?:home|opt|root|tmp|Users|work)/\w")
VAGUE = frozenset({"base", "common", "helper", "helpers", "manager", "misc", "util", "utils"})
CHECKED = ("src/", "docs/", "examples/", "benchmarks/", "tests/", "changelog.d/")
BINARY = frozenset({".db", ".gz", ".ico", ".png", ".sqlite", ".zip"})


def _texts() -> list[tuple[Path, str]]:
    named = ((path, path.relative_to(ROOT).as_posix()) for path in tracked())
    chosen = [
        path for path, name in named if (name.startswith(CHECKED) or "/" not in name) and path.suffix not in BINARY
    ]
    return [(path, path.read_text(encoding="utf-8", errors="replace")) for path in chosen]


def _found(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}"
        for path, text in _texts()
        if path != Path(__file__)
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


def test_nothing_is_left_unfinished() -> None:
    assert _found(UNFINISHED) == []


def test_no_path_of_one_machine() -> None:
    assert _found(MACHINE_PATH) == []


def test_no_vague_module_names() -> None:
    assert [m.where for m in modules() if set(m.name.split(".")) & VAGUE] == []


@pytest.mark.parametrize("text", ["see /tmp/x", "'/home/ana/x'", "cd /root/x"])
def test_machine_paths_are_seen(text: str) -> None:
    assert MACHINE_PATH.search(text)


@pytest.mark.parametrize("text", ["GET /work-items", "https://example.org/home/x", "tmp_path / 'x'", "docs/home/x"])
def test_other_paths_are_not(text: str) -> None:
    assert not MACHINE_PATH.search(text)
