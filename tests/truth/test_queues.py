"""The engine, driven by the simulator, against exact results of queueing theory.

A case passes if the estimate over fixed seeds is within 3.5 standard errors of the truth; and within 5 % of it, or 2 %,
where so many customers were simulated that chance alone rarely leads further away, by the estimate's own error.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.counts import TRUTH_CONTACTS
from tests.truth.families import FAMILIES

from orchestra.simulation.results import Results
from orchestra.simulation.run import simulate

pytestmark = [pytest.mark.truth, pytest.mark.timeout(0)]

SEEDS = range(101, 117)
"""Fixed before the first run."""

ERRORS = 3.5
RARELY = 2.77
"""Chance alone leads so many standard errors away in one of 180 cases."""

CASES = [(name, case) for name, family in FAMILIES.items() for case in family.cases]


@pytest.fixture(scope="module")
def truth(shared: Path) -> Mapping[str, Any]:
    """Case -> its row of the shared file."""
    rows = json.loads((shared / "truth" / "queueing_cases.json").read_text(encoding="utf-8"))["cases"]
    return {row["name"]: row for row in rows}


@cache
def results(name: str) -> Results:
    """The figures of a family, over all seeds; beside other tests on a single core."""
    processes = 1 if "PYTEST_XDIST_WORKER" in os.environ else None
    return simulate(FAMILIES[name].scenario(TRUTH_CONTACTS), SEEDS, processes=processes)


def closeness(expected: float, error: float) -> float | None:
    """The relative error that an estimate with such a standard error must not exceed; None if it may be any."""
    return next((near for near in (0.02, 0.05) if RARELY * error <= near * expected), None)


@pytest.mark.parametrize(("name", "case"), CASES, ids=[f"{case} {name}" for name, case in CASES])
def test_the_engine_reproduces_what_is_known(name: str, case: str, truth: Mapping[str, Any]) -> None:
    family = FAMILIES[name]
    if family.least > TRUTH_CONTACTS:
        pytest.skip(f"needs ORCHESTRA_TRUTH_CONTACTS of {family.least} or more")
    expected = truth[case]["expected"] * family.units.get(case, 1)
    estimate = family.cases[case](results(name))
    assert estimate.value is not None
    assert estimate.standard_error is not None
    off = abs(estimate.value - expected)
    told = f"{case}: {estimate.value:.6g} is not {expected:.6g} ({off / estimate.standard_error:.1f} standard errors)"
    assert off <= ERRORS * estimate.standard_error, told
    near = closeness(expected, estimate.standard_error)
    assert near is None or off <= near * expected, told
