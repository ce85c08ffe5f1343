"""Streams of chance: the same by seed, name and index, whatever else is drawn."""

from __future__ import annotations

import pytest

from orchestra.simulation.chance import Keyed, stream


def test_a_stream_is_the_same_for_the_same_seed_and_name() -> None:
    assert [stream(1, "a").random() for _ in range(2)] == [stream(1, "a").random()] * 2


@pytest.mark.parametrize(("seed", "name"), [(2, "a"), (1, "b"), (-1, "a")])
def test_another_seed_or_name_is_another_stream(seed: int, name: str) -> None:
    assert stream(seed, name).random() != stream(1, "a").random()


def test_an_index_draws_the_same_whatever_was_drawn_before() -> None:
    one, other = Keyed(1, "a"), Keyed(1, "a")
    other.at(3).random()
    other.at(8, 1).random()
    assert one.at(7).random() == other.at(7).random()


def test_draws_of_an_index_differ_by_count() -> None:
    keyed = Keyed(1, "a")
    drawn = {keyed.at(index, count).random() for index in range(10) for count in range(10)}
    assert len(drawn) == 100


def test_keyed_draws_are_uniform() -> None:
    keyed = Keyed(5, "a")
    values = [keyed.at(index).random() for index in range(4000)]
    assert sum(values) / 4000 == pytest.approx(0.5, abs=0.02)
    assert sum(value < 0.1 for value in values) / 4000 == pytest.approx(0.1, abs=0.02)
