from __future__ import annotations

from statistics import median

import pytest
from hypothesis import given, strategies as st

from orchestra.insight.sketch import ERROR, EXACT, Distinct, Times, Values

durations = st.lists(st.integers(0, 10**14), max_size=60)
LIMIT = 10


def values(numbers: list[int], exact: int = EXACT) -> Values:
    made = Values(exact)
    for number in numbers:
        made.add(number)
    return made


def state(made: Values) -> tuple[object, ...]:
    return made.n, made.total, made.is_exact, made.at(*range(made.n))


def near(told: int, true: int) -> bool:
    return abs(told - true) <= ERROR * true


# Small sets


def test_nothing_has_no_figures() -> None:
    assert Values().times() == Times(0, None, None, None, None, 0.0)


def test_one_value_is_every_figure() -> None:
    assert values([7_000_000]).times() == Times(1, 7.0, 7.0, 7.0, 7.0, 0.0)


def test_p90_is_the_value_at_nine_tenths_of_the_sorted_set() -> None:
    numbers = [second * 1_000_000 for second in range(10, 0, -1)]
    assert values(numbers).times().p90_s == 10.0


def test_the_median_of_an_even_number_is_between_the_middle_two() -> None:
    assert values([7_396_000_000, 1, 7_397_000_000, 10**12]).times().median_s == 7396.5


@given(durations.filter(bool))
def test_small_sets_are_exact(numbers: list[int]) -> None:
    told, ordered = values(numbers).times(), sorted(numbers)
    assert told.n == len(numbers)
    assert told.error == 0.0
    assert told.mean_s == pytest.approx(sum(numbers) / len(numbers) / 1e6, abs=1e-6)
    assert told.median_s == pytest.approx(median(numbers) / 1e6, abs=1e-6)
    assert told.p90_s == ordered[int(0.9 * len(numbers))] / 1e6
    assert told.p95_s == ordered[19 * len(numbers) // 20] / 1e6


def test_a_thousand_values_of_the_default_size_stay_exact() -> None:
    assert values(list(range(EXACT))).is_exact
    assert not values(list(range(EXACT + 1))).is_exact


# Large sets


@given(st.lists(st.integers(0, 2**60), min_size=LIMIT + 1, max_size=60))
def test_percentiles_of_large_sets_are_within_the_stated_error(numbers: list[int]) -> None:
    made, ordered = values(numbers, LIMIT), sorted(numbers)
    assert not made.is_exact
    assert made.times().error == ERROR
    assert all(near(told, true) for told, true in zip(made.at(*range(made.n)), ordered, strict=True))


@given(st.lists(st.integers(0, 2**60), min_size=LIMIT + 1, max_size=40))
def test_the_mean_of_large_sets_is_exact(numbers: list[int]) -> None:
    made = values(numbers, LIMIT)
    assert (made.n, made.total) == (len(numbers), sum(numbers))


@pytest.mark.parametrize("power", range(1, 62))
def test_the_error_holds_at_the_borders_of_buckets(power: int) -> None:
    for value in (2**power - 1, 2**power, 2**power + 1):
        assert near(*values([value] * (LIMIT + 1), LIMIT).at(0), value)


def test_values_below_128_are_always_exact() -> None:
    made = values(list(range(128)), LIMIT)
    assert made.at(*range(128)) == list(range(128))


def test_memory_is_bounded() -> None:
    made = values([3**power % 2**50 for power in range(2_000)], LIMIT)
    assert len(made._counts) <= 64 * 50


# Taking back, merging


@given(durations, durations)
def test_what_is_taken_back_was_never_there(kept: list[int], gone: list[int]) -> None:
    made = values(kept + gone)
    for number in gone:
        made.remove(number)
    assert state(made) == state(values(kept))


@given(st.lists(st.integers(0, 10**9), min_size=LIMIT + 1, max_size=30))
def test_what_is_taken_back_from_a_large_set_is_gone(numbers: list[int]) -> None:
    made = values(numbers, LIMIT)
    for number in numbers:
        made.remove(number)
    assert made.times().n == 0
    assert made.total == 0


@given(durations, durations)
def test_merging_is_as_adding_all(left: list[int], right: list[int]) -> None:
    for limit in (LIMIT, EXACT):
        made, other = values(left, limit), values(right, limit)
        before = state(other)
        made.merge(other)
        assert state(made) == state(values(left + right, limit))
        assert state(other) == before


@given(durations, durations)
def test_merging_either_way_gives_the_same(left: list[int], right: list[int]) -> None:
    one, two = values(left, LIMIT), values(right, LIMIT)
    one.merge(values(right, LIMIT))
    two.merge(values(left, LIMIT))
    assert state(one) == state(two)


def test_plain_data() -> None:
    assert values([1_000_000, 2_000_000]).times().to_json() == {
        "n": 2,
        "mean_s": 1.5,
        "median_s": 1.5,
        "p90_s": 2.0,
        "p95_s": 2.0,
        "error": 0.0,
    }


# Distinct

names = st.lists(
    st.one_of(
        st.integers(1, 5000).map("cu{}".format),
        st.integers(1, 50).map("in{}".format),
        st.text(max_size=5),
        st.sampled_from(["cu", "cu0", "cu01", "cu-1", "cu99999999999", "cu\u0663", "cu1"]),
    ),
    max_size=50,
)


def distinct(ids: list[str]) -> Distinct:
    made = Distinct()
    for name in ids:
        made.add(name)
    return made


@given(names)
def test_distinct_ids_are_counted_exactly(ids: list[str]) -> None:
    assert len(distinct(ids + ids)) == len(set(ids))


@given(names, names)
def test_merged_ids_are_counted_once(left: list[str], right: list[str]) -> None:
    made, other = distinct(left), distinct(right)
    made.merge(other)
    assert len(made) == len(set(left) | set(right))
    assert len(other) == len(set(right))


def test_running_numbers_take_a_bit_each() -> None:
    made = distinct([f"cu{number}" for number in range(1, 80_001)])
    assert len(made) == 80_000
    assert sum(map(len, made._bits.values())) <= 12_000
    assert made._others == set()
