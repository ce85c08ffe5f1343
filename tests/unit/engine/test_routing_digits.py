"""Arithmetic on the numbers of many at once, against that on plain ones."""

from __future__ import annotations

from hypothesis import given, strategies as st

from orchestra.engine.routing.digits import above, added, falling, flip, lesser

numbers = st.lists(st.integers(0, 120), max_size=40)


def digits(of: list[int]) -> list[int]:
    """The same numbers as masks."""
    made: list[int] = []
    for at, number in enumerate(of):
        flip(made, number, 1 << at)
    return made


def plain(made: list[int], size: int) -> list[int]:
    """The numbers that masks stand for."""
    return [sum((digit >> at & 1) << place for place, digit in enumerate(made)) for at in range(size)]


@given(numbers)
def test_numbers_are_given_and_taken_again(of: list[int]) -> None:
    made = digits(of)
    assert plain(made, len(of)) == of
    for at, number in enumerate(of):
        flip(made, number, 1 << at)
    assert made == []


@given(numbers, st.integers(0, 300))
def test_who_has_more_than_a_number(of: list[int], number: int) -> None:
    assert above(digits(of), number) == sum((one > number) << at for at, one in enumerate(of))


@given(numbers, numbers)
def test_sums_and_lesser_ones(first: list[int], second: list[int]) -> None:
    size = max(len(first), len(second))
    pairs = list(zip(plain(digits(first), size), plain(digits(second), size), strict=True))
    assert plain(added(digits(first), digits(second)), size) == [one + other for one, other in pairs]
    assert plain(lesser(digits(first), digits(second)), size) == [min(pair) for pair in pairs]


@given(numbers, st.data())
def test_groups_of_equal_numbers_come_from_the_greatest_on(of: list[int], data: st.DataObject) -> None:
    mask = data.draw(st.integers(0, (1 << len(of)) - 1))
    chosen = {at: number for at, number in enumerate(of) if mask >> at & 1}
    expected = [
        sum(1 << at for at, number in chosen.items() if number == one)
        for one in sorted(set(chosen.values()), reverse=True)
    ]
    assert list(falling(digits(of), mask)) == expected
