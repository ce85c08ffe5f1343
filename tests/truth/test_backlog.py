"""A backlog without chance: the engine must be exact to the microsecond."""

from __future__ import annotations

import json
from pathlib import Path

from tests.truth.families import PLAN

from orchestra.simulation.run import simulate
from orchestra.simulation.scenario import Scenario

BACKLOG = """
[classes.mails]
channel = "mail"
backlog = 1000
service = {law = "deterministic", mean = "6m"}
[groups.desk]
agents = 8
teams = ["care"]
"""


def test_a_backlog_takes_exactly_as_long_as_arithmetic_says(shared: Path) -> None:
    rows = json.loads((shared / "truth" / "queueing_cases.json").read_text(encoding="utf-8"))["cases"]
    truth = {row["name"]: row["expected"] for row in rows}
    results = simulate(Scenario.parse(PLAN + BACKLOG))
    assert results.total["duration"].value == 60 * truth["Q31a"]
    assert results.total["wait.mean"].value == 60 * truth["Q31b"]
    assert results.total["service.mean"].value == 360
    assert results.groups["desk"]["occupancy"].value == 1
    assert results.total["wait.mean"].n == 1000
