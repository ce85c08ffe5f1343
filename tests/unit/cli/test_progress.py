"""`orchestra progress`: a back office's file into a workspace that somebody owns, or on trial."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestra import blocking
from orchestra.cli.main import main
from orchestra.model.addresses import Handle, ref
from orchestra.model.commands import AddRef
from orchestra.model.message import Message
from orchestra.model.plan import Plan

Capture = pytest.CaptureFixture[str]

PLAN = Plan.parse("""
[workspace]
default_queue = "care"
[queues.care]
team = "care"
[teams.care]
[channels.chat]
[case_types.order]
topics = ["order"]
silent = true
stages = [{ name = "received" }, { name = "checked" }, { name = "there" }]
""")


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:{tmp_path / 'contacts.db'}"


@pytest.fixture
def workspace(url: str) -> Iterator[blocking.Workspace]:
    """Owned by this process, with an order that the back office knows."""
    with blocking.open(PLAN, url) as found:
        got = found.receive(Message("chat", id="m1", sender=Handle("joe"), text="One, please.", topic="order"))
        assert got.case is not None
        found.execute(AddRef(got.case.id, "order:81"))
        yield found


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "orders.csv"
    path.write_text("id,ref,stage\nr1,order:81,checked\nr2,order:99,checked\n")
    return path


def test_the_owner_decides_on_each_report(workspace: blocking.Workspace, url: str, file: Path, capsys: Capture) -> None:
    for taken, known in ((1, 0), (0, 1)):
        assert main(["progress", str(file), "--journal", url, "--account", "erp/main", "--json"]) == 1
        out, err = capsys.readouterr()
        told = json.loads(out)
        assert (told["dry_run"], told["lines"], told["taken"], told["known"], told["rejected"]) == (
            False,
            2,
            taken,
            known,
            1,
        )
        assert [fault["line"] for fault in told["faults"]] == [3]
        assert "line 3: " in err
        assert "order:99" in err
    assert workspace.progress(ref("order:81")).stage == "checked"


def test_a_dry_run_asks_nobody(workspace: blocking.Workspace, url: str, file: Path, capsys: Capture) -> None:
    before = workspace.state_hash()
    assert main(["progress", str(file), "--journal", url, "--dry-run"]) == 1
    out = capsys.readouterr().out
    assert "Reports, rehearsed: nothing was stored" in out
    assert workspace.state_hash() == before
    assert workspace.progress(ref("order:81")).stage == "received"


def test_a_good_file_is_a_success(workspace: blocking.Workspace, url: str, file: Path, capsys: Capture) -> None:
    file.write_text('{"ref": "order:81", "stage": "there", "at": "2026-01-05T11:00:00Z"}\n')
    assert main(["progress", str(file), "--journal", url]) == 0
    assert "Reports" in capsys.readouterr().out
    assert workspace.progress(ref("order:81")).stage == "there"


def test_what_cannot_be_used_is_told(url: str, file: Path, capsys: Capture) -> None:
    for options in ([], ["--dry-run"]):
        assert main(["progress", str(file), "--journal", url, *options]) == 2
        assert capsys.readouterr().err.startswith("orchestra: ")
    with blocking.open(PLAN, url):
        file.write_text("nonsense\n")
        assert main(["progress", str(file), "--journal", url]) == 2
        assert "line 1" in capsys.readouterr().err
