"""`orchestra check`: every fault of a plan, with its path."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestra.cli.check import faults_in
from orchestra.cli.main import main

Capture = pytest.CaptureFixture[str]

SOUND = """
[workspace]
default_queue = "care"
key = "CARE_KEY"
[queues.care]
team = "care"
[teams.care]
[channels.chat]
live = true
"""


def checked(tmp_path: Path, text: str, *options: str) -> int:
    path = tmp_path / "plan.toml"
    path.write_text(text)
    return main(["check", str(path), *options])


def test_a_sound_plan(tmp_path: Path, capsys: Capture) -> None:
    assert checked(tmp_path, SOUND) == 0
    assert capsys.readouterr().out.endswith("plan.toml: 0 errors, 0 warnings\n")


def test_a_doubtful_plan_is_no_error(tmp_path: Path, capsys: Capture) -> None:
    assert checked(tmp_path, SOUND.replace('key = "CARE_KEY"', "")) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("warning: workspace.key: no secret named")
    assert second.endswith("0 errors, 1 warning")


def test_every_fault_is_told_errors_first(tmp_path: Path, capsys: Capture) -> None:
    text = SOUND.replace('key = "CARE_KEY"', "").replace('team = "care"', 'team = "cares"')
    text += '[roles.lead]\nmay = ["ResolveCase", "Dance"]\n'
    assert checked(tmp_path, text) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(": ")[:2] for line in lines[:3]] == [
        ["error", "queues.care.team"],
        ["error", "roles.lead.may[1]"],
        ["warning", "workspace.key"],
    ]
    assert lines[3].endswith("2 errors, 1 warning")


def test_faults_as_json(tmp_path: Path, capsys: Capture) -> None:
    assert checked(tmp_path, SOUND.replace("live", "alive"), "--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["errors"], told["warnings"], told["plan"]) == (1, 0, str(tmp_path / "plan.toml"))
    (fault,) = told["faults"]
    assert (fault["path"], fault["is_error"]) == ("channels.chat.alive", True)


def test_what_is_no_toml(tmp_path: Path, capsys: Capture) -> None:
    assert checked(tmp_path, "[queues") == 1
    assert "error: not valid TOML" in capsys.readouterr().out


def test_several_values_of_wrong_types_are_all_told() -> None:
    faults = faults_in(SOUND.replace("live = true", 'live = 3\nwrap_up = "soon"'))
    assert [fault.path for fault in faults] == ["channels.chat.live", "channels.chat.wrap_up"]


@pytest.mark.parametrize("name", ["missing.toml", "."])
def test_what_cannot_be_read(tmp_path: Path, name: str, capsys: Capture) -> None:
    assert main(["check", str(tmp_path / name)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_what_is_no_text(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "plan.toml"
    path.write_bytes(b"\xff\xfe")
    assert main(["check", str(path)]) == 2
    assert "not UTF-8" in capsys.readouterr().err


def test_a_fault_cannot_forge_a_line(tmp_path: Path, capsys: Capture) -> None:
    assert checked(tmp_path, SOUND + '["que\\nues"]\n') == 1
    assert all(
        line.startswith(("error: ", "warning: ", str(tmp_path))) for line in capsys.readouterr().out.splitlines()
    )
