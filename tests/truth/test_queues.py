"""The engine, driven by the simulator, against exact results of queueing theory.

A family passes if each estimate over fixed seeds is within 3.5 standard errors of the truth; and within 5 % of it, or
2 %, where as many customers may be simulated as that takes. What was found is in the report of the run.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.counts import TRUTH_CUSTOMERS
from tests.truth.families import FAMILIES

from orchestra.simulation.run import simulate

pytestmark = [pytest.mark.truth, pytest.mark.timeout(0)]

FIRST_SEED = 101
"""Fixed before the first run; the others follow it."""

ERRORS = 3.5


@pytest.fixture(scope="module")
def truth(shared: Path) -> Mapping[str, Any]:
    """Case -> its row of the shared file."""
    rows = json.loads((shared / "truth" / "queueing_cases.json").read_text(encoding="utf-8"))["cases"]
    return {row["name"]: row for row in rows}


@pytest.mark.parametrize("name", FAMILIES)
def test_the_engine_reproduces_what_is_known(
    name: str, truth: Mapping[str, Any], record_property: Callable[[str, object], None]
) -> None:
    family = FAMILIES[name]
    near = family.nearness(TRUTH_CUSTOMERS)
    if family.is_long and near is None:
        pytest.skip("a part of `nox -s truth` alone: few customers tell nothing of it")
    scenario, runs = family.simulated(TRUTH_CUSTOMERS)
    # Beside other tests on a single core.
    processes = 1 if "PYTEST_XDIST_WORKER" in os.environ else None
    results = simulate(scenario, range(FIRST_SEED, FIRST_SEED + runs), processes=processes)
    failed = []
    for case, read in family.cases.items():
        expected = truth[case]["expected"] * family.units.get(case, 1)
        estimate = read(results)
        assert estimate.value is not None
        assert estimate.standard_error is not None
        off, error = abs(estimate.value - expected), estimate.standard_error
        found = f"{estimate.value:.6g} for {expected:.6g}: {off / expected:.2%}, {off / error:.1f} standard errors"
        record_property(case, f"{found}, of {estimate.n}")
        if off > ERRORS * error or (near is not None and off > near * expected):
            failed.append(f"{case}: {found}")
    assert not failed
