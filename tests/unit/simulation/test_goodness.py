"""Distances and p values, against worked cases and against chance itself."""

from __future__ import annotations

from math import exp
from random import Random
from statistics import fmean

import pytest

from orchestra.simulation.goodness import (
    censored_goodness,
    gamma_share,
    goodness,
    kolmogorov_tail,
    share_of,
    survival,
)
from orchestra.simulation.laws import Law


@pytest.mark.parametrize(("x", "tail"), [(0.1, 1.0), (1.2238, 0.1), (1.3581, 0.05), (1.6276, 0.01), (5.0, 0.0)])
def test_kolmogorovs_tail_is_that_of_the_tables(x: float, tail: float) -> None:
    assert kolmogorov_tail(x) == pytest.approx(tail, abs=1e-4)


def test_the_distance_by_hand() -> None:
    assert goodness([0.1, 0.6], lambda share: share).distance == pytest.approx(0.4)
    assert goodness([0.5], lambda share: share).distance == pytest.approx(0.5)


def test_the_right_law_fits_and_a_wrong_one_does_not() -> None:
    random = Random(1)
    values = [random.expovariate(1 / 5e6) for _ in range(1000)]
    right = goodness(values, share_of(Law("exponential", mean_s=5.0)))
    wrong = goodness(values, share_of(Law("exponential", mean_s=7.0)))
    assert right.p_value > 0.05
    assert wrong.p_value < 0.001
    assert right.n == 1000


def test_p_values_of_the_right_law_are_even() -> None:
    random = Random(2)
    found = [goodness([random.random() for _ in range(50)], lambda share: share).p_value for _ in range(400)]
    assert fmean(found) == pytest.approx(0.5, abs=0.06)


@pytest.mark.parametrize(
    ("shape", "x", "share"),
    [(1.0, 2.0, 1 - exp(-2)), (2.0, 1.0, 1 - 2 * exp(-1)), (2.0, 10.0, 1 - 11 * exp(-10)), (0.5, 0.5, 0.682689492)],
)
def test_gamma_shares(shape: float, x: float, share: float) -> None:
    assert gamma_share(shape, x) == pytest.approx(share)


def test_gamma_has_nothing_below_zero() -> None:
    assert gamma_share(2.0, 0.0) == 0


@pytest.mark.parametrize(
    "law",
    [Law("exponential", mean_s=4.0), Law("gamma", mean_s=4.0, scv=0.3), Law("lognormal", mean_s=4.0, scv=2.0)],
    ids=lambda law: law.law,
)
def test_shares_are_those_of_the_draws(law: Law) -> None:
    draw, random = law.sampler(), Random(3)
    assert goodness([draw(random) for _ in range(4000)], share_of(law)).p_value > 0.01


def test_the_survival_curve_by_hand() -> None:
    """Six durations; those of 3 and 5 were cut off: 5/6, then 5/6 3/4 at 4, then 0 at 6."""
    steps = survival([1, 4, 6], [3, 5, 4])
    assert [(step.at, step.at_risk) for step in steps] == [(1, 6), (4, 4), (6, 1)]
    assert [step.lasting for step in steps] == pytest.approx([5 / 6, 5 / 8, 0])


def test_without_a_cut_the_curve_is_the_plain_share() -> None:
    assert [step.lasting for step in survival([1, 2, 2, 5], [])] == pytest.approx([0.75, 0.25, 0])


def censored(patience: float, offered: float, count: int) -> tuple[list[float], list[float]]:
    random = Random(4)
    ends, cuts = [], []
    for _ in range(count):
        patient, wait = random.expovariate(1 / patience), random.expovariate(1 / offered)
        (ends if patient < wait else cuts).append(min(patient, wait))
    return ends, cuts


def test_the_right_law_of_cut_off_durations_fits_and_a_wrong_one_does_not() -> None:
    ends, cuts = censored(120, 60, 2000)
    right = censored_goodness(ends, cuts, lambda value: exp(-value / 120))
    wrong = censored_goodness(ends, cuts, lambda value: exp(-value / 60))
    assert right is not None
    assert wrong is not None
    assert right.p_value > 0.05
    assert wrong.p_value < 0.001
    assert right.n == 2000


def test_nothing_can_be_said_where_nobody_left() -> None:
    assert censored_goodness([], [1.0, 2.0], lambda value: 1.0) is None
