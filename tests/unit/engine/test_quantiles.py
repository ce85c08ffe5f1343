"""How long most of something took lately: close to what the sorted numbers say, mergeable, and bounded."""

from __future__ import annotations

import random

import pytest

from orchestra.engine.stages.quantiles import (
    DAYS,
    ERROR,
    Ring,
    add,
    bucket_of,
    bucket_value,
    count,
    merge,
    quantile,
)


def exact(values: list[int], percent: int) -> int:
    """The number at place `ceil(n * percent / 100)` of the sorted ones."""
    return sorted(values)[-(-len(values) * percent // 100) - 1]


def ring_of(values: list[int], day: int = 0) -> Ring:
    ring: Ring = {}
    for value in values:
        add(ring, day, value)
    return ring


@pytest.mark.parametrize("value", [0, 1, 63, 64, 65, 127, 128, 10**6, 10**9 + 7, 2**60])
def test_a_bucket_holds_its_middle_and_is_as_narrow_as_stated(value: int) -> None:
    middle = bucket_value(bucket_of(value))
    assert bucket_of(middle) == bucket_of(value)
    assert abs(middle - value) <= ERROR * value


def test_buckets_stand_in_the_order_of_their_numbers() -> None:
    buckets = [bucket_of(value) for value in range(5_000)]
    assert buckets == sorted(buckets)
    assert buckets[:66] == [*range(64), 64, 64]
    assert max(buckets) < 64 + 32 * 7


@pytest.mark.parametrize("percent", [1, 20, 50, 80, 95, 99, 100])
@pytest.mark.parametrize("law", ["even", "skewed", "same", "few"])
def test_a_quantile_is_the_exact_one_up_to_the_stated_error(percent: int, law: str) -> None:
    dice = random.Random(f"{percent}{law}")
    values = {
        "even": [dice.randrange(10**9) for _ in range(2_000)],
        "skewed": [int(dice.lognormvariate(20, 2)) for _ in range(2_000)],
        "same": [86_400_000_000] * 30,
        "few": [dice.randrange(10**12) for _ in range(3)],
    }[law]
    found = quantile(merge(ring_of(values)), percent)
    assert found is not None
    assert abs(found - exact(values, percent)) <= ERROR * exact(values, percent)


def test_of_nothing_there_is_none() -> None:
    assert quantile({}, 80) is None
    assert quantile(merge(ring_of([5, 6])), 80, above=6) is None
    assert count({}) == 0


def test_only_those_count_that_took_longer() -> None:
    ring = ring_of(list(range(1, 61)))
    together = merge(ring)
    assert (count(together), count(together, 40), count(together, 0)) == (60, 20, 60)
    assert quantile(together, 50, above=40) == 50
    assert quantile(together, 80, above=0) == 48


def test_what_is_longer_than_another_is_never_below_it() -> None:
    dice = random.Random(7)
    together = merge(ring_of([dice.randrange(10**10) for _ in range(500)]))
    for _ in range(100):
        above = dice.randrange(10**10)
        found = quantile(together, 80, above)
        assert found is None or found > above


def test_days_that_are_over_for_long_go() -> None:
    ring: Ring = {}
    assert add(ring, 100, 5) is False
    assert add(ring, 100 + DAYS - 1, 7) is False
    assert (quantile(merge(ring), 1), quantile(merge(ring), 100)) == (5, 7)
    assert add(ring, 100 + DAYS, 9) is True
    assert (quantile(merge(ring), 1), count(merge(ring))) == (7, 2)
    assert ring.keys() == {str(100 + DAYS - 1), str(100 + DAYS)}


def test_memory_is_bounded_whatever_comes() -> None:
    dice = random.Random(7)
    ring: Ring = {}
    for number in range(20_000):
        add(ring, number // 100, dice.randrange(2**50))
    assert len(ring) == DAYS
    assert len(merge(ring)) <= 32 * 50


def test_rings_of_two_places_merge_by_their_counts() -> None:
    left, right = ring_of([1, 5, 900], 3), ring_of([5, 7_000], 3)
    for bucket, many in right["3"].items():
        left["3"][bucket] = left["3"].get(bucket, 0) + many
    assert merge(left) == merge(ring_of([1, 5, 900, 5, 7_000], 3))
