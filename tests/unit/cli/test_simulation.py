"""`orchestra simulate`, `staff` and `scenario`: tables, JSON, faults."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from orchestra.cli.main import main
from orchestra.cli.simulation_tables import results_tables
from orchestra.simulation.fitting import Fitted
from orchestra.simulation.run import simulate
from orchestra.simulation.scenario import Scenario

Capture = pytest.CaptureFixture[str]

SCENARIO = """
[run]
contacts = 1200
warm_up_contacts = 200
batches = 5
[plan.workspace]
default_queue = "care"
[plan.teams.care]
[plan.queues.care]
team = "care"
[plan.channels.voice]
live = true
[classes.calls]
channel = "voice"
arrivals = {law = "poisson", rate = 100, per = "30m"}
service = {law = "exponential", mean = "3m"}
[groups.desk]
agents = 14
teams = ["care"]
"""


@pytest.fixture
def scenario(tmp_path: Path) -> str:
    path = tmp_path / "scenario.toml"
    path.write_text(SCENARIO, encoding="utf-8")
    return str(path)


@pytest.fixture
def other(tmp_path: Path) -> str:
    path = tmp_path / "other.toml"
    path.write_text(SCENARIO.replace("agents = 14", "agents = 20"), encoding="utf-8")
    return str(path)


def test_figures_as_tables(scenario: str, capsys: Capture) -> None:
    assert main(["simulate", scenario]) == 0
    customers, agents = capsys.readouterr().out.split("\n\n")
    assert customers.startswith("Customers (seed 1, by batches, 95 % intervals)\nof")
    assert "within 20 s" in customers.splitlines()[1]
    assert "±" in customers.splitlines()[-1]
    assert agents.startswith("Agents\nof")
    assert agents.splitlines()[3].startswith("desk")


def test_figures_as_json(scenario: str, capsys: Capture) -> None:
    assert main(["simulate", scenario, "--seeds", "2", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["scenario"] == scenario
    assert told["seeds"] == [1, 2]
    names = {"wait", "p_wait", "p_within", "abandoned", "blocked", "queue_length", "in_service", "occupancy"}
    assert names <= told["total"].keys()
    assert told["total"]["p_wait"]["samples"] == 2
    assert told["classes"]["calls"]["wait"]["mean"]["n"] > 1900


def test_a_comparison_as_tables(scenario: str, other: str, capsys: Capture) -> None:
    assert main(["simulate", scenario, "--compare", other]) == 0
    shown = capsys.readouterr().out
    assert shown.count("Customers (") == 2
    difference = shown.partition("Second less first (paired)")[2]
    assert "6.00 ±0.00" in difference


def test_a_comparison_as_json(scenario: str, other: str, capsys: Capture) -> None:
    assert main(["simulate", scenario, "--compare", other, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["difference"]["total"]["staffed"]["value"] == 6


@pytest.mark.truth
def test_the_least_agents_as_tables(scenario: str, capsys: Capture) -> None:
    assert main(["staff", scenario, "--service-level", "72/20", "--seeds", "4"]) in {0, 1}
    tried, *_, least = capsys.readouterr().out.split("\n\n")
    assert tried.startswith("Tried\ndesk")
    assert least.splitlines()[-1].split() == ["desk", "13", "13"]


def test_the_least_agents_as_json(scenario: str, capsys: Capture) -> None:
    status = main(["staff", scenario, "--service-level", "72/20s", "--seeds", "2", "--each-class", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert status == (0 if told["best"]["confidence"] >= 0.9 else 1)
    assert told["erlang"] == {"desk": 13}
    assert [trial["meets"] for trial in told["trials"]].count(True) >= 1


def test_counts_in_shifts_are_remarked_when_staffing(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "scenario.toml"
    shift = 'shifts = [{begins = "0h", lasts = "1d", agents = 9}]\n'
    path.write_text(SCENARIO.replace('teams = ["care"]\n', f'teams = ["care"]\n{shift}'), encoding="utf-8")
    assert main(["staff", str(path), "--service-level", "5/20", "--seeds", "1"]) in {0, 1}
    assert "warning: groups.desk.shifts[0].agents: ignored" in capsys.readouterr().err


@pytest.mark.parametrize("level", ["80", "0/20", "100/20", "80/soon", "x/20", "80/"])
def test_a_service_level_must_be_one(scenario: str, level: str, capsys: Capture) -> None:
    assert main(["staff", scenario, "--service-level", level]) == 2
    assert "as 80/20 (seconds) or 90/1m" in capsys.readouterr().err


@pytest.mark.parametrize("seeds", ["0", "-1", "many", "1.5"])
def test_runs_are_a_whole_number(scenario: str, seeds: str, capsys: Capture) -> None:
    assert main(["simulate", scenario, f"--seeds={seeds}"]) == 2
    assert "a whole number from 1 to 10000" in capsys.readouterr().err


def test_faults_are_told(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "scenario.toml"
    path.write_text(SCENARIO.replace('"voice"', '"fax"'), encoding="utf-8")
    assert main(["simulate", str(path)]) == 2
    assert "classes.calls.channel: no channel 'fax'; there are: voice" in capsys.readouterr().err


def test_doubts_are_remarked(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "scenario.toml"
    text = SCENARIO.replace("contacts = 1200\nwarm_up_contacts = 200", 'length = "1h"')
    path.write_text(
        text.replace("[plan.teams.care]", "[plan.teams.care]\n[plan.teams.none]").replace(
            'team = "care"', 'team = "none"'
        ),
        encoding="utf-8",
    )
    assert main(["simulate", str(path)]) == 0
    assert "warning: classes.calls: no group has the team and skills" in capsys.readouterr().err


def test_a_missing_file_is_told(capsys: Capture) -> None:
    assert main(["simulate", "missing.toml"]) == 2
    assert "missing.toml: No such file" in capsys.readouterr().err


def test_a_scenario_from_a_journal(tmp_path: Path, capsys: Capture) -> None:
    url, path = f"sqlite:{tmp_path / 'day.db'}", tmp_path / "fitted.toml"
    assert main(["demo", "--journal", url]) == 0
    assert main(["scenario", "--from", url, "-o", str(path)]) == 0
    capsys.readouterr()
    assert main(["scenario", "--from", url]) == 0
    assert capsys.readouterr().out == path.read_text(encoding="utf-8")
    assert "voice-orders" in tomllib.loads(path.read_text(encoding="utf-8"))["classes"]
    assert Scenario.load(path).faults() == []
    path.write_text(path.read_text(encoding="utf-8").replace('length = "28d"', 'length = "2d"'), encoding="utf-8")
    assert main(["simulate", str(path)]) == 0
    assert "voice-orders" in capsys.readouterr().out


def test_what_is_doubtful_or_left_out_of_a_scenario_is_remarked(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    left_out, remarks = {"classes.fax-care": "left out, as told"}, {"groups.group-1": "a guess"}
    monkeypatch.setattr("orchestra.cli.scenario.fit_scenario", lambda *_: Fitted({"seed": 7}, {}, remarks, left_out))
    url = f"sqlite:{tmp_path / 'day.db'}"
    assert main(["demo", "--journal", url]) == 0
    capsys.readouterr()
    assert main(["scenario", "--from", url]) == 0
    told = capsys.readouterr()
    assert told.out == "# classes.fax-care: left out, as told\nseed = 7\n"
    assert told.err.splitlines() == ["classes.fax-care: left out, as told", "groups.group-1: a guess"]


@pytest.mark.truth
def test_what_cannot_be_written_is_told(tmp_path: Path, capsys: Capture) -> None:
    url = f"sqlite:{tmp_path / 'day.db'}"
    assert main(["demo", "--journal", url]) == 0
    assert main(["scenario", "--from", url, "-o", str(tmp_path)]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_a_journal_that_is_not_there(tmp_path: Path, capsys: Capture) -> None:
    assert main(["scenario", "--from", f"sqlite:{tmp_path / 'none.db'}"]) == 2
    assert "orchestra: journal unavailable" in capsys.readouterr().err


def test_a_single_stretch_has_no_intervals() -> None:
    scenario = Scenario.parse(SCENARIO.replace("batches = 5", "batches = 1"))
    for table in results_tables(simulate(scenario)):
        assert not any("±" in cell for row in table.rows for cell in row)
