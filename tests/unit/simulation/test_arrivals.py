"""Arrivals: rates as stated, cycles, recorded instants, faults."""

from __future__ import annotations

from datetime import timedelta
from itertools import islice, pairwise
from random import Random
from statistics import fmean, pvariance

import pytest

from orchestra.simulation.arrivals import ARRIVALS, Arrivals
from orchestra.simulation.laws import Law

SECOND = 1_000_000
HOUR_US = 3600 * SECOND
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def until(arrivals: Arrivals, end_us: int, seed: int = 1) -> list[int]:
    found = []
    for at_us in arrivals.instants(Random(seed)):
        if at_us >= end_us:
            break
        found.append(at_us)
    return found


def test_poisson_arrivals_come_at_their_rate_with_exponential_gaps() -> None:
    arrivals = Arrivals("poisson", rate=100.0, per=timedelta(minutes=30))
    instants = list(islice(arrivals.instants(Random(2)), 20_000))
    gaps = [later - earlier for earlier, later in pairwise(instants)]
    assert fmean(gaps) / SECOND == pytest.approx(18, rel=0.03)
    assert pvariance(gaps) / fmean(gaps) ** 2 == pytest.approx(1, rel=0.06)
    assert arrivals.mean_per_s == pytest.approx(1 / 18)
    assert arrivals.peak_per_s == arrivals.mean_per_s


def test_rates_of_parts_of_the_cycle_hold_in_every_cycle() -> None:
    arrivals = Arrivals("varying", rates=[0.0, 60.0, 240.0, 0.0], cycle=timedelta(hours=4))
    counts = [0, 0, 0, 0]
    for at_us in until(arrivals, 200 * HOUR_US):
        counts[at_us // HOUR_US % 4] += 1
    assert (counts[0], counts[3]) == (0, 0)
    assert counts[1] / 50 == pytest.approx(60, rel=0.05)
    assert counts[2] / 50 == pytest.approx(240, rel=0.05)
    assert arrivals.mean_per_s == pytest.approx(75 / 3600)
    assert arrivals.peak_per_s == pytest.approx(240 / 3600)


def test_sinusoidal_rates_swing() -> None:
    arrivals = Arrivals("sinusoidal", rate=10.0, amplitude=6.0, cycle=DAY)
    by_hour = [0] * 24
    for at_us in until(arrivals, 400 * 24 * HOUR_US):
        by_hour[at_us // HOUR_US % 24] += 1
    assert sum(by_hour) / 400 == pytest.approx(240, rel=0.02)
    assert by_hour[6] / 400 == pytest.approx(15.9, rel=0.05)
    assert by_hour[18] / 400 == pytest.approx(4.1, rel=0.08)
    assert arrivals.peak_per_s == pytest.approx(16 / 3600)


def test_a_shift_moves_the_swing() -> None:
    plain = Arrivals("sinusoidal", rate=10.0, amplitude=10.0, cycle=DAY)
    moved = Arrivals("sinusoidal", rate=10.0, amplitude=10.0, cycle=DAY, shift=timedelta(hours=12))

    def early(arrivals: Arrivals) -> int:
        return sum(at_us % (24 * HOUR_US) < 12 * HOUR_US for at_us in until(arrivals, 100 * 24 * HOUR_US))

    assert early(plain) > 4 * early(moved)


def test_renewals_have_the_gaps_of_their_law() -> None:
    arrivals = Arrivals("renewal", interval=Law("deterministic", mean_s=2.5))
    assert list(islice(arrivals.instants(Random(1)), 3)) == [2_500_000, 5_000_000, 7_500_000]
    assert arrivals.mean_per_s == pytest.approx(0.4)


def test_recorded_instants_come_as_they_are() -> None:
    arrivals = Arrivals("recorded", at=[timedelta(), timedelta(seconds=3)])
    assert list(arrivals.instants(Random(1))) == [0, 3_000_000]
    assert Arrivals("recorded", at_s=[0.0]).mean_per_s is None


def test_recorded_instants_repeat_after_a_cycle() -> None:
    arrivals = Arrivals("recorded", at_s=[1.0, 2.0], cycle=timedelta(seconds=10))
    assert [at // SECOND for at in islice(arrivals.instants(Random(1)), 5)] == [1, 2, 11, 12, 21]
    assert arrivals.mean_per_s == pytest.approx(0.2)


@pytest.mark.parametrize("law", sorted(ARRIVALS))
def test_the_same_stream_gives_the_same_instants(law: str) -> None:
    arrivals = {
        "poisson": Arrivals("poisson", rate=10.0),
        "varying": Arrivals("varying", rates=[1.0, 5.0], cycle=DAY),
        "sinusoidal": Arrivals("sinusoidal", rate=5.0, amplitude=1.0, cycle=DAY),
        "renewal": Arrivals("renewal", interval=Law("gamma", mean_s=100.0, scv=2.0)),
        "recorded": Arrivals("recorded", at_s=[1.0, 2.0]),
    }[law]
    assert list(arrivals.faults("x")) == []
    instants = list(islice(arrivals.instants(Random(4)), 50))
    assert instants == sorted(instants)
    assert instants == list(islice(arrivals.instants(Random(4)), 50))


@pytest.mark.parametrize(
    ("arrivals", "path"),
    [
        (Arrivals("burst"), "x.law"),
        (Arrivals("poisson"), "x.rate"),
        (Arrivals("poisson", rate=0.0), "x.rate"),
        (Arrivals("poisson", rate=float("nan")), "x.rate"),
        (Arrivals("poisson", rate=1.0, cycle=DAY), "x.cycle"),
        (Arrivals("poisson", rate=1.0, per=timedelta()), "x.per"),
        (Arrivals("varying", cycle=DAY), "x.rates"),
        (Arrivals("varying", rates=[1.0]), "x.cycle"),
        (Arrivals("varying", rates=[0.0, 0.0], cycle=DAY), "x.rates"),
        (Arrivals("varying", rates=[1.0, -1.0], cycle=DAY), "x.rates[1]"),
        (Arrivals("varying", rates=[1.0], cycle=timedelta()), "x.cycle"),
        (Arrivals("sinusoidal", rate=1.0, amplitude=2.0, cycle=DAY), "x.amplitude"),
        (Arrivals("renewal"), "x.interval"),
        (Arrivals("renewal", interval=Law("exponential")), "x.interval"),
        (Arrivals("renewal", interval=Law("deterministic", mean_s=0.0)), "x.interval"),
        (Arrivals("recorded"), "x.at"),
        (Arrivals("recorded", at_s=[2.0, 1.0]), "x.at"),
        (Arrivals("recorded", at_s=[-1.0]), "x.at"),
        (Arrivals("recorded", at_s=[float("inf")]), "x.at_s"),
        (Arrivals("recorded", at=[HOUR], at_s=[1.0]), "x.at_s"),
        (Arrivals("recorded", at=[HOUR], cycle=HOUR), "x.cycle"),
    ],
)
def test_what_is_wrong_is_told_with_its_path(arrivals: Arrivals, path: str) -> None:
    assert path in [fault.path for fault in arrivals.faults("x")]
