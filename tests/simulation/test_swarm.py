"""Seeded runs of random commands and faults. A seed that fails says how to run it alone."""

from __future__ import annotations

import os
from collections import Counter

import pytest
from tests.counts import SWARM_SEEDS
from tests.swarm import FAULTS, Run, run_seed

from orchestra.model.events import EVENTS

pytestmark = pytest.mark.swarm

SLICE = 25
"""Seeds of one test: enough that starting it costs nothing, few enough to spread over processes."""

FIRST, REACH = 100, 200
"""The first seeds usually do everything that a run can; so many must."""

ALONE = os.environ.get("ORCHESTRA_SWARM_SEED")
FEW = 20
"""So many run without the first test; where more are asked for, that one has run the first hundred of them."""

FIRSTS = range(FIRST if SWARM_SEEDS > FEW else 0, SWARM_SEEDS, SLICE)
SLICES = [range(first, min(first + SLICE, SWARM_SEEDS)) for first in FIRSTS]

LEAST_DONE = 50
"""Commands done in a run, on average over a slice: 83 are usual, and one run in 25,000 does fewer than 20."""


@pytest.mark.reach
@pytest.mark.timeout(600)
@pytest.mark.skipif(ALONE is not None, reason="one seed was asked for")
def test_the_first_runs_reach_every_event_and_every_fault() -> None:
    seen: Counter[str] = Counter()
    faults: set[str] = set()
    for seed in range(REACH):
        if seed >= FIRST and EVENTS.keys() <= seen.keys() and faults == set(FAULTS):
            break
        seen += run_seed(seed).events
        faults |= Run(seed).faults
    assert EVENTS.keys() - seen.keys() == set()
    assert faults == set(FAULTS)


@pytest.mark.skipif(ALONE is not None, reason="one seed was asked for")
@pytest.mark.parametrize("seeds", SLICES, ids=lambda seeds: f"{seeds.start}-{seeds.stop - 1}")
def test_nothing_that_must_hold_breaks(seeds: range) -> None:
    done = sum(run_seed(seed).done.total() for seed in seeds)
    assert done > LEAST_DONE * len(seeds), f"the seeds from {seeds.start} on did next to nothing"


@pytest.mark.skipif(ALONE is None, reason="set ORCHESTRA_SWARM_SEED to run one seed")
def test_one_seed() -> None:
    report = run_seed(int(ALONE or 0))
    assert report.state_hash == run_seed(report.seed).state_hash


def test_the_same_seed_does_the_same() -> None:
    assert run_seed(3) == run_seed(3)


def test_different_seeds_do_different_things() -> None:
    assert len({run_seed(seed, 40).state_hash for seed in range(5)}) == 5
