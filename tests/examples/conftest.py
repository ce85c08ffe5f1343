"""What every example runs beside: a journal of its own, and the process that owns it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The journal's address, where the examples look for it."""
    journal = f"sqlite:{tmp_path / 'contacts.db'}"
    monkeypatch.setenv("CONTACTS", journal)
    return journal


@pytest.fixture
def owner(url: str) -> Iterator[str]:
    """A process that owns the workspace, as the examples' docstrings say; gives the journal's address."""
    command = [sys.executable, "-m", "orchestra.cli", "run", str(EXAMPLES / "plan.toml"), "--journal", url]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    first = process.stderr.readline()
    assert " owns " in first, first + process.stderr.read()
    yield url
    process.terminate()
    rest = process.stderr.read()
    process.stderr.close()
    assert process.wait() == 0, rest
