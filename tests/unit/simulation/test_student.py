"""Student's t against tables that everybody has."""

from __future__ import annotations

import pytest

from orchestra.simulation.student import beta_share, student_quantile, student_share


@pytest.mark.parametrize(
    ("share", "degrees", "t"),
    [
        (0.975, 1, 12.7062),
        (0.975, 2, 4.30265),
        (0.975, 7, 2.36462),
        (0.975, 19, 2.09302),
        (0.95, 10, 1.81246),
        (0.995, 30, 2.75000),
        (0.975, 1000, 1.96234),
        (0.9, 5, 1.47588),
    ],
)
def test_quantiles_are_those_of_the_tables(share: float, degrees: int, t: float) -> None:
    assert student_quantile(share, degrees) == pytest.approx(t, rel=1e-5)
    assert student_share(t, degrees) == pytest.approx(share, abs=1e-5)


def test_the_distribution_is_symmetric() -> None:
    assert student_share(0.0, 5) == pytest.approx(0.5)
    assert student_share(-1.3, 5) + student_share(1.3, 5) == pytest.approx(1)


def test_one_degree_is_cauchys_law() -> None:
    assert student_share(1.0, 1) == pytest.approx(0.75)


@pytest.mark.parametrize(("a", "b", "x", "share"), [(1, 1, 0.3, 0.3), (2, 1, 0.5, 0.25), (1, 3, 0.5, 0.875)])
def test_the_incomplete_beta_where_it_is_plain(a: float, b: float, x: float, share: float) -> None:
    assert beta_share(a, b, x) == pytest.approx(share)


def test_the_incomplete_beta_at_its_ends() -> None:
    assert (beta_share(2, 3, 0.0), beta_share(2, 3, 1.0), beta_share(2, 3, -1.0)) == (0, 1, 0)
