"""Replaying into the journal of a live workspace: its plan is changed only by who asks for it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from tests.integration.contact_logs import LogWriter, run_json

from orchestra import blocking
from orchestra.cli.main import main
from orchestra.journal.registry import open_journal
from orchestra.model.addresses import Handle
from orchestra.model.message import Message
from orchestra.model.records import Record
from orchestra.runtime.loading import load_engine

Capture = pytest.CaptureFixture[str]

PLAN = """
[workspace]
default_queue = "care"
[queues.care]
team = "care"
[teams.care]
[channels.chat]
idle_after = "1h"
"""


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    path = tmp_path / "plan.toml"
    path.write_text(PLAN)
    return path


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:{tmp_path / 'contacts.db'}"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return LogWriter().ask(0, "t1", "joe", "m1").write(tmp_path / "log")


def records(url: str) -> list[Record]:
    with closing(open_journal(url)) as journal:
        return list(journal.read())


def live(plan: Path, url: str) -> None:
    """A workspace in which somebody wrote, and no log was taken."""
    with blocking.open(plan, url) as workspace:
        workspace.receive(Message("chat", id="w1", sender=Handle("zoe"), text="hello"))


def test_a_live_workspace_keeps_its_plan(plan: Path, url: str, log: Path, capsys: Capture) -> None:
    live(plan, url)
    before = records(url)
    assert main(["replay", str(log), "--journal", url]) == 2
    told = capsys.readouterr().err
    assert told.startswith("orchestra: journal: holds contacts that came from no log")
    assert told.endswith("replay into another one, or give the plan for it (--plan)\n")
    assert records(url) == before


def test_a_plan_that_is_given_is_put_into_force(plan: Path, url: str, log: Path, capsys: Capture) -> None:
    live(plan, url)
    status, got, _ = run_json(capsys, "replay", log, "--plan", plan, "--journal", url)
    assert (status, got["lines"], got["customers"]) == (0, 1, 2)
    status, got, _ = run_json(capsys, "replay", log, "--journal", url)
    assert (status, got["skipped"]) == (0, 1)


def test_a_workspace_that_nobody_wrote_in_is_not_live(plan: Path, url: str, log: Path, capsys: Capture) -> None:
    with blocking.open(plan, url):
        pass
    status, got, _ = run_json(capsys, "replay", log, "--journal", url)
    assert (status, got["cases"]) == (0, 1)
    with closing(open_journal(url)) as journal:
        assert load_engine(journal).view.plan.channels["chat"].idle_after is None
