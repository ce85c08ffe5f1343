from __future__ import annotations

import random
from bisect import bisect_left
from collections.abc import Iterator

import pytest
from hypothesis import given, strategies as st

from orchestra.engine import ordered
from orchestra.engine.ordered import Ordered, merged


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ordered, "_BLOCK", 2)


def _check(keys: Ordered[int], model: list[int]) -> None:
    assert list(keys) == model
    assert len(keys) == len(model)
    assert keys.first() == (model[0] if model else None)
    assert keys._tops == [block[-1] for block in keys._blocks]
    assert all(keys._blocks)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("seed", range(20))
def test_it_agrees_with_a_sorted_list(seed: int) -> None:
    dice = random.Random(seed)
    keys, model = Ordered[int](), list[int]()
    for _ in range(150):
        key = dice.randrange(40)
        if key in model:
            keys.remove(key)
            model.remove(key)
        else:
            keys.add(key)
            model = sorted([*model, key])
        _check(keys, model)
        probe = dice.randrange(-1, 42)
        assert keys.position(probe) == bisect_left(model, probe)
        assert list(keys.past(probe)) == [key for key in model if key > probe]


@given(st.lists(st.integers(), unique=True), st.data())
def test_any_keys_come_in_order_and_go_in_any_order(values: list[int], data: st.DataObject) -> None:
    keys = Ordered[int]()
    for value in values:
        keys.add(value)
    assert list(keys) == sorted(values)
    left = sorted(values)
    for value in data.draw(st.permutations(values)):
        assert keys.position(value) == left.index(value)
        keys.remove(value)
        left.remove(value)
    assert (list(keys), len(keys), keys.first()) == ([], 0, None)


def test_blocks_split_and_stay_bounded() -> None:
    keys = Ordered[int]()
    for key in range(5_000):
        keys.add(key)
    assert max(map(len, keys._blocks)) <= 2 * ordered._BLOCK
    assert len(keys._blocks) > 4
    assert keys.position(4_999) == 4_999
    assert keys.position(9_999) == 5_000


@pytest.mark.parametrize("missing", [-1, 2, 9])
def test_removing_what_is_not_there_is_an_error_and_changes_nothing(missing: int) -> None:
    keys = Ordered[int]()
    for key in (1, 3, 5):
        keys.add(key)
    with pytest.raises(KeyError):
        keys.remove(missing)
    _check(keys, [1, 3, 5])


def test_removing_from_nothing_is_an_error() -> None:
    with pytest.raises(KeyError):
        Ordered[int]().remove(1)
    assert Ordered[int]().position(1) == 0


def test_a_key_by_its_place() -> None:
    ordered: Ordered[int] = Ordered()
    for number in range(5_000):
        ordered.add(number * 7919 % 5_000)
    assert [ordered.at(place) for place in (0, 1, 511, 512, 2_500, 4_999)] == [0, 1, 511, 512, 2_500, 4_999]
    with pytest.raises(IndexError):
        ordered.at(5_000)


@given(
    st.lists(st.lists(st.integers(), max_size=9), max_size=6).map(
        lambda several: [sorted(set(keys)) for keys in several]
    )
)
def test_several_come_as_one(several: list[list[int]]) -> None:
    made = []
    for keys in several:
        made.append(Ordered[int]())
        for key in keys:
            made[-1].add(key)
    assert list(merged(made)) == sorted(key for keys in several for key in keys)


def test_of_several_none_is_begun_before_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = []
    iterate = Ordered.__iter__

    def watched(self: Ordered[int]) -> Iterator[int]:
        begun.append(self.first())
        yield from iterate(self)

    monkeypatch.setattr(Ordered, "__iter__", watched)
    several = [Ordered[int]() for _ in range(10)]
    for number in range(30):
        several[number % 10].add(number)
    merging = merged(several)
    assert [next(merging) for _ in range(3)] == [0, 1, 2]
    assert begun == [0, 1]
