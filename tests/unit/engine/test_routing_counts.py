"""Counts against plain ones."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from orchestra.engine.routing.counts import Counts


@pytest.mark.parametrize("seed", range(20))
def test_sums_over_any_numbers_are_those_of_plain_counts(seed: int) -> None:
    chance = random.Random(seed)
    counts, plain = Counts(), Counter[int]()
    for _ in range(400):
        number = chance.randrange(70)
        if plain[number] and chance.random() < 0.45:
            counts.down(1 << number)
            plain[number] -= 1
        else:
            counts.up(1 << number)
            plain[number] += 1
        mask = chance.getrandbits(70)
        assert counts.total(mask) == sum(count for number, count in plain.items() if mask >> number & 1)
        assert counts.some() == sum(1 << number for number, count in plain.items() if count)


def test_what_went_up_and_down_again_leaves_nothing() -> None:
    counts = Counts()
    assert not counts
    for number in (3, 3, 3, 3, 900):
        counts.up(1 << number)
    assert counts
    for number in (3, 900, 3, 3, 3):
        counts.down(1 << number)
    assert not counts
    assert counts.some() == counts.total(-1) == 0
