"""`orchestra run`: a real process that owns a workspace until it is told to stop."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from orchestra.cli.main import main
from orchestra.errors import WorkspaceInUse
from orchestra.journal.registry import open_journal

Capture = pytest.CaptureFixture[str]

PLAN = """
[workspace]
default_queue = "care"
[queues.care]
team = "care"
[teams.care]
[channels.chat]
"""


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    path = tmp_path / "plan.toml"
    path.write_text(PLAN)
    return path


@contextmanager
def owner(plan: Path, url: str, *options: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "orchestra.cli", "run", str(plan), "--journal", url, *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def said(process: subprocess.Popen[str]) -> str:
    stream: IO[str] | None = process.stderr
    assert stream is not None
    return stream.readline()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_owns_the_workspace_until_told(tmp_path: Path, plan: Path, number: signal.Signals) -> None:
    url = f"sqlite:{tmp_path / 'contacts.db'}"
    with owner(plan, url) as process:
        assert f"owns {url} (epoch 1, position " in said(process)
        journal = open_journal(url)
        with pytest.raises(WorkspaceInUse):
            journal.acquire("another", 0, 1)
        process.send_signal(number)
        assert f"{number.name}: stopping" in said(process)
        assert "stopping at position" in said(process)
        assert "stopped" in said(process)
        assert process.wait(60) == 0
        assert journal.acquire("another", 0, 1).epoch == 2
        assert journal.position() > 0
        journal.close()


def test_a_second_owner_is_told_who_owns_it(tmp_path: Path, plan: Path, capsys: Capture) -> None:
    url = f"sqlite:{tmp_path / 'contacts.db'}"
    with owner(plan, url) as process:
        said(process)
        assert main(["run", str(plan), "--journal", url]) == 2
        assert capsys.readouterr().err.startswith(f"orchestra: workspace is owned by process {process.pid} on ")


def test_a_standby_takes_over(tmp_path: Path, plan: Path) -> None:
    url = f"sqlite:{tmp_path / 'contacts.db'}"
    with owner(plan, url) as first:
        said(first)
        with owner(plan, url, "--standby") as second:
            assert f"standing by for {url}" in said(second)
            first.kill()
            assert "epoch 2" in said(second)
            second.terminate()
            assert second.wait(60) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_standby_that_waits_stops_as_cleanly(tmp_path: Path, plan: Path, number: signal.Signals) -> None:
    url = f"sqlite:{tmp_path / 'contacts.db'}"
    with owner(plan, url) as first:
        said(first)
        with owner(plan, url, "--standby") as second:
            assert "standing by" in said(second)
            second.send_signal(number)
            assert f"{number.name}: stopping" in said(second)
            assert "stopped" in said(second)
            assert second.wait(60) == 0
        first.terminate()
        assert first.wait(60) == 0


def test_a_journal_in_memory_is_named_as_it_was(plan: Path) -> None:
    with owner(plan, "memory:") as process:
        assert "owns memory: (epoch 1, position " in said(process)


def test_a_faulty_plan_is_told(tmp_path: Path, plan: Path, capsys: Capture) -> None:
    plan.write_text(PLAN.replace('team = "care"', 'team = "cares"'))
    assert main(["run", str(plan), "--journal", "memory:"]) == 2
    assert capsys.readouterr().err.startswith("orchestra: queues.care.team")
