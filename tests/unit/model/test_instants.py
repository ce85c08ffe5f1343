from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from orchestra.model.instants import instant, instant_text, seconds, span_text


def test_an_instant_is_aware() -> None:
    assert instant(0).isoformat() == "1970-01-01T00:00:00+00:00"


@pytest.mark.parametrize(
    ("at_us", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1_525_277_683_000_000, "2018-05-02T16:14:43Z"),
        (1, "1970-01-01T00:00:00.000001Z"),
        (2_147_483_648_000_000, "2038-01-19T03:14:08Z"),
    ],
)
def test_instants_are_told_in_utc(at_us: int, text: str) -> None:
    assert instant_text(at_us) == text


@pytest.mark.parametrize(
    ("total_us", "count", "told"),
    [(0, 1, 0.0), (3, 2, 2e-06), (1, 2, 0.0), (5, 2, 2e-06), (7, 2, 4e-06), (2_000_000, 3, 0.666667), (-3, 2, -2e-06)],
)
def test_halves_of_a_microsecond_go_to_the_even(total_us: int, count: int, told: float) -> None:
    assert seconds(total_us, count) == told


@given(st.integers(0, 10**18), st.integers(1, 10**6))
def test_seconds_are_never_off_by_more_than_half_a_microsecond(total_us: int, count: int) -> None:
    exact = Fraction(total_us, count)
    assert abs(Fraction(round(seconds(total_us, count) * 10**6)) - exact) <= Fraction(1, 2) + exact / 2**50


@pytest.mark.parametrize(
    ("length_s", "text"),
    [
        (None, "-"),
        (0.0, "0 s"),
        (1.5, "1.5 s"),
        (59.94, "59.9 s"),
        (60, "1 min"),
        (200, "3 min 20 s"),
        (3_600, "1 h"),
        (3_661, "1 h 1 min"),
        (3_605, "1 h"),
        (126_698.494, "1 d 11 h"),
    ],
)
def test_spans_are_told_in_two_units(length_s: float | None, text: str) -> None:
    assert span_text(length_s) == text
