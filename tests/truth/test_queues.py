"""The engine, driven by the simulator, against exact results of queueing theory.

Beside the engine, a bare model of the same family meets the very same customers: both have to go the same way, to the
microsecond. A family passes if, besides, each estimate over fixed seeds is within 3.5 standard errors of the truth; and
within 5 % of it, or 2 %, where as many customers may come as that takes: some to the engine, most to the bare model
alone. What was found is in the report of the run.
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
    # Beside other tests on a single core.
    processes = 1 if "PYTEST_XDIST_WORKER" in os.environ else None
    found = family.coupled(FIRST_SEED, TRUTH_CUSTOMERS, processes)
    assert found.unequal() == []
    failed = []
    for case, read in family.cases.items():
        expected = truth[case]["expected"] * family.units.get(case, 1)
        estimate = found.estimate(read)
        assert estimate.value is not None
        assert estimate.standard_error is not None
        off, error = abs(estimate.value - expected), estimate.standard_error
        told = f"{estimate.value:.6g} for {expected:.6g}: {off / expected:.2%}, {off / error:.1f} standard errors"
        record_property(case, f"{told}, of {estimate.n}, the engine's {read(found.engine).n}")
        if off > ERRORS * error or (near is not None and off > near * expected):
            failed.append(f"{case}: {told}")
    assert not failed
