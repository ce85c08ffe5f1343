"""Faults of kinds of findings, each with its path."""

from __future__ import annotations

import pytest
from tests.engine_driver import CARE

from orchestra.model.plan import Plan


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ('[findings.praise]\nteams = ["care", "sales"]\nfields = {stars = "integer"}', []),
        ("[findings.praise]\nteams = []", ["findings.praise.teams"]),
        ('[findings.praise]\nteams = ["care", "care"]', ["findings.praise.teams"]),
        ('[findings.praise]\nteams = ["care", "brand"]', ["findings.praise.teams[1]"]),
        ('[findings.praise]\nteams = ["care"]\nfields = {stars = "number"}', ["findings.praise.fields.stars"]),
        ("[findings.praise]", ["findings.praise.teams"]),
        ("[findings.praise]\nteams = 3", ["findings.praise.teams"]),
        ('[findings.praise]\nteams = ["care", 3]', ["findings.praise.teams[1]"]),
        ('[findings.praise]\nteams = ["brand"]\n[teams.brand]\nname = 3', ["teams.brand.name"]),
    ],
)
def test_what_is_wrong_with_a_kind(text: str, paths: list[str]) -> None:
    assert [fault.path for fault in Plan.examine(CARE + text)[1] if fault.is_error] == paths
