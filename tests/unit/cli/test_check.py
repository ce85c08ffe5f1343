"""`orchestra check`: every fault of a plan, with its path."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
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


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\xff\xfe", "not UTF-8 at byte 0 (0xFF, the byte order mark of UTF-16)"),
        (b'name = "\xe9"', "not UTF-8 at byte 8 (0xE9)"),
        (b"\xef\xbb\xbf" + SOUND.encode(), "begins with a byte order mark (bytes EF BB BF)"),
    ],
)
def test_what_is_no_text_is_a_fault_that_names_the_byte(
    tmp_path: Path, content: bytes, told: str, capsys: Capture
) -> None:
    path = tmp_path / "plan.toml"
    path.write_bytes(content)
    assert main(["check", str(path)]) == 1
    first, _ = capsys.readouterr().out.splitlines()
    assert first.startswith(f"error: {told}")


def test_a_name_of_no_file(capsys: Capture) -> None:
    assert main(["check", "a\0b"]) == 2
    assert "is no name of a file" in capsys.readouterr().err


def test_a_pipe_and_a_device_are_refused(tmp_path: Path, capsys: Capture) -> None:
    """One would hang the reader, the other never ends."""
    os.mkfifo(tmp_path / "pipe")
    for path in (str(tmp_path / "pipe"), "/dev/zero"):
        assert main(["check", path]) == 2
        assert capsys.readouterr().err == f"orchestra: {path}: is a pipe or a device; it must be a file\n"


def test_a_file_larger_than_any_plan_is_not_read(tmp_path: Path, capsys: Capture) -> None:
    assert checked(tmp_path, SOUND + "#" * 1_800_000) == 2
    assert capsys.readouterr().err.endswith("plan.toml: larger than 1800000 bytes\n")


# Faults of form do not hide the others


def paths(text: str) -> list[str]:
    return [fault.path for fault in faults_in(text) if fault.is_error]


def test_a_fault_of_form_hides_no_fault_of_reference() -> None:
    text = SOUND.replace("live = true", 'alive = true\nqueue = "nowhere"').replace("[teams.care]", "")
    text += '[roles.lead]\nmay = ["Dance"]\nothers = 3\n'
    assert paths(text) == [
        "channels.chat.alive",
        "channels.chat.queue",
        "queues.care.team",
        "roles.lead.may[0]",
        "roles.lead.others",
    ]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        # What cannot be without the broken part goes too, and nothing that names it is blamed.
        ('team = "care"', "team = 3", ["queues.care.team"]),
        ('team = "care"', 'taem = "care"', ["queues.care.taem", "queues.care.team"]),
        ('[queues.care]\nteam = "care"', "[queues]\ncare = 3", ["queues.care"]),
        ('[queues.care]\nteam = "care"', "[queue.care]\nteam = 3", ["queue"]),
        ("[teams.care]", "[team.care]", ["team"]),
        ("[teams.care]", "[teams]\ncare = []", ["teams.care"]),
        ('default_queue = "care"', "default_queue = 3", ["workspace.default_queue"]),
        ('default_queue = "care"', 'default_queu = "care"', ["workspace.default_queu"]),
        ("[channels.chat]", "[agents.ana]\nteams = [3]\n[channels.chat]", ["agents.ana.teams[0]"]),
        ("[channels.chat]", '[agents.ana]\nteams = "care"\n[channels.chat]', ["agents.ana.teams"]),
        (
            "[channels.chat]",
            '[agents.ana]\nteams = ["care", 3, "x"]\n[channels.chat]',
            ["agents.ana.teams", "agents.ana.teams[1]"],
        ),
        (
            "[channels.chat]",
            '[agents.ana]\nteams = ["care"]\nroles = ["x", 3]\n[channels.chat]',
            ["agents.ana.roles", "agents.ana.roles[1]"],
        ),
        ("[channels.chat]", '[agents.ana]\nteams = ["care"]\nskills = 3\n[channels.chat]', ["agents.ana.skills"]),
        (
            "[channels.chat]",
            '[roles.lead]\nmay = [3, "Dance"]\n[channels.chat]',
            ["roles.lead.may[0]", "roles.lead.may[1]"],
        ),
        ("[channels.chat]", '[cases]\nattach = [3, "guess"]\n[channels.chat]', ["cases.attach[0]", "cases.attach[1]"]),
        ("[channels.chat]", "[cases]\nnumber = 3\n[channels.chat]", ["cases.number"]),
    ],
)
def test_what_follows_from_a_broken_part_is_not_told(old: str, new: str, told: list[str]) -> None:
    assert old in SOUND
    assert paths(SOUND.replace(old, new)) == told


def test_no_queue_is_called_unserved_when_the_agents_were_not_understood() -> None:
    agent = '[agents.ana]\nteams = ["care"]\n[agents.bob]\nteams = ["other"]\n[teams.other]\n'
    sound = SOUND + agent
    assert [fault.path for fault in faults_in(sound.replace('["care"]', '["other"]'))] == ["queues.care"]
    assert [fault.path for fault in faults_in(sound.replace('["care"]', "[true]"))] == ["agents.ana.teams[0]"]


def test_a_plan_nested_beyond_reason() -> None:
    assert [fault.path for fault in faults_in("a = " + "[" * 100_000)] == [""]


def test_a_fault_cannot_forge_a_line(tmp_path: Path, capsys: Capture) -> None:
    assert checked(tmp_path, SOUND + '["que\\nues"]\n') == 1
    assert all(
        line.startswith(("error: ", "warning: ", str(tmp_path))) for line in capsys.readouterr().out.splitlines()
    )


SCORED = SOUND.replace('team = "care"', 'team = "care"\norder = ["score:acme.vip@2", "score:acme.fit@1", "idle"]', 1)
MODULE = """
from orchestra import ProfileScore, Score
scores = {"acme.vip@2": Score(max), "acme.fit@1": ProfileScore(max)}
fewer = {"acme.fit@1": ProfileScore(max)}
wrong = {"acme.fit": max}
none = {}
text = "scores"
"""


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "acme_routing.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", [entry for entry in sys.path if entry])
    yield
    sys.modules.pop("acme_routing", None)


@pytest.mark.usefixtures("acme")
def test_scores_are_looked_up_where_they_are_said_to_be(tmp_path: Path, capsys: Capture) -> None:
    assert checked(tmp_path, SCORED, "--scores", "acme_routing:scores") == 0
    first, last = capsys.readouterr().out.splitlines()
    assert first.startswith("warning: queues.care.order[0]: score 'acme.vip@2' is asked of every agent")
    assert last.endswith("0 errors, 1 warning")
    assert checked(tmp_path, SCORED, "--scores", "acme_routing:fewer") == 1
    first, last = capsys.readouterr().out.splitlines()
    assert first == "error: queues.care.order[0]: no score 'acme.vip@2' is registered; there are: acme.fit@1"


def test_without_saying_where_scores_are_they_are_doubtful(tmp_path: Path, capsys: Capture) -> None:
    assert checked(tmp_path, SCORED) == 0
    assert capsys.readouterr().out.count("was not looked up") == 2


@pytest.mark.usefixtures("acme")
@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("acme_routing", "is no MODULE:NAME, as acme.routing:scores"),
        (":scores", "is no MODULE:NAME"),
        ("acme_nowhere:scores", "acme_nowhere:scores cannot be imported (ModuleNotFoundError: No module named"),
        ("acme_routing:more", "cannot be imported (AttributeError"),
        ("acme_routing:text", "scores: must be a mapping of names to scores"),
        ("acme_routing:wrong", "scores: must have names with a version, as acme.vip@2, not 'acme.fit'"),
        ("acme_routing:none", "acme_routing:none holds no score"),
    ],
)
def test_what_holds_no_scores_is_told(where: str, message: str, tmp_path: Path, capsys: Capture) -> None:
    assert checked(tmp_path, SCORED, "--scores", where) == 2
    assert message in capsys.readouterr().err
