"""Histograms, curves and tallies: exact where they say so, and adding up in any order."""

from __future__ import annotations

from random import Random

import pytest

from orchestra.simulation.histogram import WIDTH, Histogram
from orchestra.simulation.tally import CURVES, Counter, Curve, Tally, merged

SECOND = 1_000_000


def histogram(*values: int) -> Histogram:
    found = Histogram()
    for value in values:
        found.add(value)
    return found


def test_small_numbers_are_exact() -> None:
    assert [histogram(value).quantile(0.5) for value in range(256)] == list(range(256))


@pytest.mark.parametrize("value", [256, 1000, 12_345, 999_999, 10**9, 10**15 + 7])
def test_large_numbers_are_within_half_a_bucket(value: int) -> None:
    assert histogram(value).quantile(0.5) == pytest.approx(value, rel=WIDTH / 2)
    assert WIDTH <= 0.01


def test_quantiles_are_those_of_the_set() -> None:
    found = histogram(*range(1, 101))
    assert [found.quantile(share) for share in (0.0, 0.01, 0.5, 0.9, 1.0)] == [1, 1, 50, 90, 100]


def test_nothing_has_no_quantile() -> None:
    assert histogram().quantile(0.5) is None


def test_histograms_add_up() -> None:
    random = Random(1)
    values = [random.randrange(10**9) for _ in range(1000)]
    whole, left, right = histogram(*values), histogram(*values[:300]), histogram(*values[300:])
    left.merge(right)
    assert left == whole


def test_a_curve_has_the_area_under_it() -> None:
    curve = Curve()
    curve.up(10)
    curve.up(20)
    curve.down(50)
    assert curve.level == 1
    assert curve.cut(100) == (100 - 10) + (50 - 20)


def test_a_cut_begins_a_new_area_at_the_same_level() -> None:
    curve = Curve()
    curve.up(0)
    assert (curve.cut(10), curve.cut(25)) == (10, 15)
    curve.down(30)
    assert (curve.cut(40), curve.level) == (5, 0)


def test_a_counter_tells_who_was_answered_when() -> None:
    counter = Counter(0, (20 * SECOND,))
    for wait_s in (0, 10, 20, 30):
        counter.answered(wait_s * SECOND)
    counter.abandoned(25 * SECOND)
    counter.abandoned(5 * SECOND)
    tally = counter.cut(100 * SECOND)
    assert (tally.answered, tally.abandoned, tally.waited) == (4, 2, 5)
    assert (tally.within, tally.over) == ([3], [2])
    assert (tally.wait_us, tally.answered_us) == (90 * SECOND, 60 * SECOND)
    assert tally.length_us == 100 * SECOND
    assert set(tally.areas) == set(CURVES)


def test_a_cut_counter_begins_anew() -> None:
    counter = Counter(0, (SECOND,))
    counter.answered(5)
    counter.waiting.up(0)
    counter.cut(10)
    tally = counter.cut(30)
    assert (tally.answered, tally.within, tally.length_us) == (0, [0], 20)
    assert tally.areas["waiting"] == 20


def test_looks_add_up_the_levels() -> None:
    counter = Counter(0, ())
    counter.serving.up(0)
    counter.look(6)
    counter.waiting.up(0)
    counter.look(6)
    assert counter.cut(10).looks == {6: [2, 1, 2]}


def filled(factor: int) -> Tally:
    counter = Counter(0, (3,))
    for wait in range(factor):
        counter.answered(wait)
    counter.waiting.up(0)
    counter.look(1)
    return counter.cut(10 * factor)


def test_stretches_of_time_add_up_their_lengths() -> None:
    whole = merged([filled(2), filled(3)])
    assert (whole.length_us, whole.answered, whole.within) == (50, 5, [5])
    assert whole.areas["waiting"] == 50
    assert whole.looks == {1: [2, 2, 0]}


def test_parts_of_the_same_time_do_not() -> None:
    whole = merged([filled(3), filled(3)], is_same_time=True)
    assert (whole.length_us, whole.answered) == (30, 6)
    assert whole.looks == {1: [1, 2, 0]}


def test_adding_leaves_the_added_alone() -> None:
    one, other = filled(2), filled(3)
    one.add(other, is_same_time=False)
    one.within[0] = 99
    one.looks[1][0] = 99
    assert other == filled(3)


def test_adding_to_nothing_copies() -> None:
    one = filled(4)
    whole = merged([one])
    whole.within[0] += 1
    assert one == filled(4)
