"""Pages as tests see them: fenced blocks with their language and caption, and running what they show."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import entry_points
from pathlib import Path

import attrs

__all__ = ["DOCS", "ROOT", "Block", "blocks", "folder_with", "run", "words"]

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PLUGIN = "orchestra.testing.plugin"

STRICT = "-W error::DeprecationWarning -W error::ResourceWarning -W error::RuntimeWarning"
"""Not all warnings: programs shown may use pytest, whose plugins give some that are theirs."""

_FENCE = re.compile(r"^```(?:\{code-block\} )?(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CAPTION = re.compile(r"\A:caption: (.+)\n")


@attrs.frozen
class Block:
    """A fenced block; `caption` is empty where it has none."""

    language: str
    caption: str
    text: str


def blocks(page: Path) -> list[Block]:
    """All fenced blocks of a page, in order; directives other than `code-block` are none."""
    found = []
    for language, body in _FENCE.findall(page.read_text(encoding="utf-8")):
        caption = _CAPTION.match(body)
        found.append(Block(language, caption[1] if caption else "", body[caption.end() :] if caption else body))
    return found


def words(text: str) -> list[str]:
    """The words of a printed text, without the lines that a table may be drawn with."""
    return re.findall(r"[^\s│┃─━┏┓┗┛┡┩└┘┬┴┼╇┳┻]+", text)


def folder_with(folder: Path, files: Mapping[str, str]) -> None:
    """Write files into a folder that looks as if this Python were its virtual environment."""
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    programs = folder / ".venv" / "bin"
    programs.mkdir(parents=True, exist_ok=True)
    for name, arguments in (("python", ""), ("orchestra", " -m orchestra.cli")):
        program = programs / name
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" {STRICT}{arguments} "$@"\n', encoding="utf-8")
        program.chmod(0o755)


def _environment() -> dict[str, str]:
    """This process's, with the pytest plugin as installing the package brings it, and no settings of our own tests."""
    is_installed = any(point.value == PLUGIN for point in entry_points(group="pytest11"))
    return os.environ | {"PYTEST_ADDOPTS": "", "PYTEST_PLUGINS": "" if is_installed else PLUGIN}


def run(commands: str, folder: Path) -> str:
    """Run a block of commands in a folder; gives what they print. Any that fails is a failure."""
    environment = _environment()
    done = subprocess.run(
        ["sh", "-euc", commands], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{commands}\n{done.stdout}{done.stderr}"
    return done.stdout
