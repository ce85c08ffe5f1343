"""Subcommands that decide, or explain decisions, with an application's scores."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.unit.cli.test_simulation import SCENARIO

from orchestra.cli.main import main
from orchestra.engine.engine import Engine
from orchestra.journal.registry import open_journal
from orchestra.model import commands as c
from orchestra.model.addresses import Address
from orchestra.model.plan import Plan
from orchestra.model.scores import ProfileScore
from orchestra.runtime.keys import WorkspaceKey
from orchestra.runtime.ledger import Ledger

Capture = pytest.CaptureFixture[str]

MODULE = """
from orchestra import ProfileScore
def rate(profile, need):
    return len(profile.teams)
scores = {"acme.fit@1": ProfileScore(rate)}
"""
PLAN = """
[workspace]
default_queue = "care"
[queues.care]
team = "care"
order = ["score:acme.fit@1", "idle"]
[teams.care]
[channels.chat]
[agents.ana]
teams = ["care"]
"""
SCORES = "acme_scored:scores"
MISSING = "no score 'acme.fit@1' is registered; there are: none"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "acme_scored.py").write_text(MODULE)
    (tmp_path / "plan.toml").write_text(PLAN)
    (tmp_path / "scenario.toml").write_text(
        SCENARIO.replace('team = "care"', 'team = "care"\norder = ["score:acme.fit@1"]', 1)
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", ["", *sys.path])
    yield tmp_path
    sys.modules.pop("acme_scored", None)


@pytest.mark.parametrize(
    "command", [["simulate", "scenario.toml"], ["staff", "scenario.toml", "--service-level", "80/20"]]
)
def test_a_scenario_is_run_with_the_scores_that_its_plan_names(command: list[str], capsys: Capture) -> None:
    assert main([*command, "--seeds", "1", "--scores", SCORES, "--json"]) in (0, 1)
    assert json.loads(capsys.readouterr().out)
    assert main([*command, "--seeds", "1"]) == 2
    assert f"plan.queues.care.order[0]: {MISSING}" in capsys.readouterr().err


def test_a_log_is_replayed_with_the_scores_that_the_plan_names(folder: Path, capsys: Capture) -> None:
    (folder / "log.jsonl").write_text("")
    assert main(["replay", "log.jsonl", "--plan", "plan.toml"]) == 2
    assert MISSING in capsys.readouterr().err
    assert main(["replay", "log.jsonl", "--plan", "plan.toml", "--scores", SCORES]) == 0


def test_a_workspace_is_not_owned_without_the_scores(capsys: Capture) -> None:
    assert main(["run", "plan.toml", "--journal", "sqlite:contacts.db"]) == 2
    assert f"queues.care.order[0]: {MISSING}" in capsys.readouterr().err


def test_all_agents_are_listed_with_the_scores(capsys: Capture) -> None:
    plan = Plan.parse(PLAN)
    with closing(open_journal("sqlite:contacts.db")) as journal:
        scores = {"acme.fit@1": ProfileScore(lambda profile, need: 5)}
        ledger = Ledger(journal, journal.acquire("test", 0, 10**18), Engine(scores))
        ledger.put_plan(plan, WorkspaceKey.of(plan), 0)
        ledger.execute(c.SignIn("ana"), 1)
        ledger.execute(c.ReceiveContact("chat", "main", "k1", Address("handle", "k", value="joe")), 2)
        ledger.commit()
    command = ["explain", "in1", "--journal", "sqlite:contacts.db", "--json"]
    assert main(command) == 0
    assert json.loads(capsys.readouterr().out)["decisions"][0]["key"][0] == -5
    assert main([*command, "--full"]) == 2
    assert MISSING in capsys.readouterr().err
    assert main([*command, "--full", "--scores", SCORES]) == 0
    (decision,) = json.loads(capsys.readouterr().out)["decisions"]
    assert [one["key"][0] for one in decision["candidates"]] == [-1], "what the module at hand says"
