"""Laws of durations: moments as stated, draws with those moments, faults with their path."""

from __future__ import annotations

from datetime import timedelta
from math import log
from random import Random
from statistics import fmean, pvariance

import pytest

from orchestra.errors import Fault
from orchestra.simulation.laws import LAWS, Law, Speeds

SECOND = 1_000_000
MINUTE = timedelta(minutes=1)

LAWS_WITH_MOMENTS = {
    "exponential": (Law("exponential", mean_s=2.5), 2.5, 1.0),
    "exponential text": (Law("exponential", mean=MINUTE), 60.0, 1.0),
    "deterministic": (Law("deterministic", mean_s=0.36), 0.36, 0.0),
    "lognormal": (Law("lognormal", mean_s=60.0, scv=2.25), 60.0, 2.25),
    "lognormal plain": (Law("lognormal", mean_s=3.0), 3.0, 1.0),
    "gamma": (Law("gamma", mean_s=10.0, scv=0.5), 10.0, 0.5),
    "gamma wide": (Law("gamma", mean_s=10.0, scv=2.0), 10.0, 2.0),
    "erlang": (Law("gamma", mean_s=10.0, shape=4.0), 10.0, 0.25),
    "values": (Law("empirical", values_s=[1.0, 2.0, 3.0, 4.0]), 2.5, 0.2),
    "value texts": (Law("empirical", values=[MINUTE, 3 * MINUTE]), 120.0, 0.25),
    "quantiles": (Law("empirical", quantiles_s=[0.0, 1.0]), 0.5, 1 / 3),
    "quantile texts": (Law("empirical", quantiles=[MINUTE, MINUTE, 3 * MINUTE]), 90.0, 0.0),
    "by concurrency": (Law("exponential", mean_at_s=[8.0, 10.0]), 8.0, 1.0),
}


@pytest.mark.parametrize("name", LAWS_WITH_MOMENTS)
def test_the_mean_is_the_stated_one(name: str) -> None:
    law, mean_s, _ = LAWS_WITH_MOMENTS[name]
    assert law.mean_us == pytest.approx(mean_s * SECOND)


@pytest.mark.parametrize("name", [name for name in LAWS_WITH_MOMENTS if name != "quantile texts"])
def test_the_variation_is_the_stated_one(name: str) -> None:
    law, _, scv = LAWS_WITH_MOMENTS[name]
    assert law.scv_value == pytest.approx(scv)


@pytest.mark.parametrize("name", LAWS_WITH_MOMENTS)
def test_draws_have_the_moments_of_the_law(name: str) -> None:
    law, mean_s, _ = LAWS_WITH_MOMENTS[name]
    draw, random = law.sampler(), Random(7)
    values = [draw(random) / SECOND for _ in range(20_000)]
    assert min(values) >= 0
    assert fmean(values) == pytest.approx(mean_s, rel=0.04)
    assert pvariance(values) / fmean(values) ** 2 == pytest.approx(law.scv_value, abs=0.03, rel=0.15)


def test_quantiles_are_met() -> None:
    draw, random = Law("empirical", quantiles_s=[0.0, 1.0, 10.0]).sampler(), Random(1)
    values = sorted(draw(random) / SECOND for _ in range(20_001))
    assert values[10_000] == pytest.approx(1.0, abs=0.05)
    assert values[15_000] == pytest.approx(5.5, abs=0.3)
    assert values[-1] <= 10


def test_an_exponential_draw_takes_one_number_of_the_stream() -> None:
    random, other = Random(3), Random(3)
    draw = Law("exponential", mean_s=1.0).sampler()
    assert draw(random) / SECOND == pytest.approx(-log(1 - other.random()))
    assert random.random() == other.random()


def test_a_law_that_takes_no_time() -> None:
    assert Law("deterministic", mean_s=0.0).is_zero
    assert not Law("exponential", mean_s=1.0).is_zero


def test_nothing_that_lasts_has_no_variation() -> None:
    assert Law("empirical", values_s=[0.0, 0.0]).scv_value == 0


def test_speeds_follow_the_table_and_stay_at_its_end() -> None:
    speeds = Speeds.of(Law("exponential", mean_at=[8 * MINUTE, 10 * MINUTE, 16 * MINUTE]))
    assert speeds is not None
    assert [speeds.at(in_hand) for in_hand in (1, 2, 3, 4)] == [1.0, 0.8, 0.5, 0.5]


def test_a_mean_beside_the_table_is_that_of_speed_one() -> None:
    speeds = Speeds.of(Law("exponential", mean_s=4.0, mean_at_s=[8.0, 16.0]))
    assert speeds is not None
    assert list(speeds.factors) == [0.5, 0.25]


def test_a_law_without_a_table_has_no_speeds() -> None:
    assert Speeds.of(Law("exponential", mean=MINUTE)) is None


@pytest.mark.parametrize("name", LAWS_WITH_MOMENTS)
def test_sound_laws_have_no_faults(name: str) -> None:
    assert list(LAWS_WITH_MOMENTS[name][0].faults("x", is_service=True)) == []


@pytest.mark.parametrize(
    ("law", "path", "message"),
    [
        (Law("normal"), "x.law", "'normal' is none of exponential, deterministic, lognormal, gamma, empirical"),
        (Law("exponential"), "x", "needs one of mean or mean_s"),
        (Law("exponential", mean=MINUTE, mean_s=60.0), "x", "has both mean and mean_s"),
        (Law("exponential", mean=MINUTE, scv=1.0), "x.scv", "means nothing to law 'exponential'"),
        (Law("exponential", mean_s=-1.0), "x.mean_s", "must not be negative"),
        (Law("exponential", mean_s=float("nan")), "x.mean_s", "must not be negative"),
        (Law("deterministic", mean_s=float("inf")), "x.mean_s", "must not be negative"),
        (Law("gamma", mean_s=1.0, scv=1.0, shape=1.0), "x.shape", "is 1 / scv: give one of the two"),
        (Law("gamma", mean_s=1.0, shape=0.0), "x.shape", "must be more than zero"),
        (Law("gamma", mean_s=0.0), "x.mean", "a gamma law needs a mean of more than zero"),
        (Law("lognormal", mean_s=0.0), "x.mean", "a lognormal law needs a mean of more than zero"),
        (Law("empirical"), "x", "needs one of quantiles or quantiles_s or values or values_s"),
        (Law("empirical", values_s=[1.0, -2.0]), "x.values_s[1]", "must not be negative"),
        (Law("empirical", quantiles_s=[1.0]), "x", "quantiles must be at least two, and rise"),
        (Law("empirical", quantiles_s=[2.0, 1.0]), "x", "quantiles must be at least two, and rise"),
        (Law("empirical", mean=MINUTE), "x.mean", "means nothing to law 'empirical'"),
    ],
)
def test_what_is_no_law_is_told(law: Law, path: str, message: str) -> None:
    assert Fault(path, message) in list(law.faults("x"))


def test_a_table_by_concurrency_is_for_services_only() -> None:
    law = Law("exponential", mean_at_s=[1.0, 2.0])
    assert [fault.path for fault in law.faults("x")] == ["x.mean_at_s", "x"]
    assert list(law.faults("x", is_service=True)) == []


def test_a_table_by_concurrency_needs_time() -> None:
    law = Law("exponential", mean_at_s=[1.0, 0.0])
    assert [fault.path for fault in law.faults("x", is_service=True)] == ["x.mean_at_s[1]"]


def test_every_law_is_explained() -> None:
    assert Law.__doc__ is not None
    assert all(f"`{name}`" in Law.__doc__ for name in LAWS)
