"""Erlang's formulas against worked examples and against each other."""

from __future__ import annotations

from math import exp, inf

import pytest

from orchestra.simulation.erlang import (
    erlang_b,
    erlang_c,
    least_agents,
    mean_wait,
    service_level,
    service_level_with_patience,
)


def test_one_agent_is_plain() -> None:
    assert erlang_b(0.5, 1) == pytest.approx(1 / 3)
    assert erlang_c(0.8, 1) == pytest.approx(0.8)
    assert mean_wait(0.8, 60, 1) == pytest.approx(240)


def test_the_worked_example_of_a_hundred_calls_in_half_an_hour() -> None:
    assert erlang_c(10, 14) == pytest.approx(0.1741319336)
    assert service_level(10, 180, 14, 20) == pytest.approx(0.8883500192)
    assert mean_wait(10, 180, 14) == pytest.approx(60 * 0.1305989502)


def test_thirty_lines() -> None:
    assert erlang_b(25, 30) == pytest.approx(0.05260317223)


def test_agents_who_cannot_keep_up() -> None:
    assert erlang_c(5, 5) == 1
    assert mean_wait(5, 60, 4) == inf
    assert service_level(5, 60, 5, 20) == 0


def test_the_small_overloaded_team() -> None:
    assert service_level_with_patience(12, 180, 120, 12, 20) == pytest.approx(0.6566423961, abs=1e-8)


def test_endless_patience_is_erlang_c() -> None:
    patient = service_level_with_patience(10, 180, 1e7, 14, 20)
    assert patient == pytest.approx(service_level(10, 180, 14, 20), abs=1e-4)


def test_no_patience_is_erlang_b() -> None:
    assert service_level_with_patience(10, 180, 1e-3, 14, 20) == pytest.approx(1 - erlang_b(10, 14), abs=1e-4)


def test_one_impatient_agent_by_hand() -> None:
    """With one agent and patience as long as service the number in contact is Poisson."""
    assert service_level_with_patience(1.0, 60, 60, 1, 0) == pytest.approx(exp(-1))


@pytest.mark.parametrize("wanted", [1, 2, 3, 7, 8, 1000])
def test_the_least_number_is_found(wanted: int) -> None:
    assert least_agents(0.5, lambda agents: 1.0 if agents >= wanted else 0.0) == wanted


def test_the_search_ends_where_it_is_told() -> None:
    assert least_agents(0.5, lambda _: 0.0, most=10) == 10


def test_ten_erlangs_at_eighty_in_twenty() -> None:
    found = least_agents(0.8, lambda agents: service_level(10, 180, agents, 20))
    assert service_level(10, 180, found, 20) >= 0.8 > service_level(10, 180, found - 1, 20)
