"""All who are free, against a sorted list; and how few of them are looked at."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

import pytest

from orchestra.engine import ordered
from orchestra.engine.routing import crowd as held
from orchestra.engine.routing.crowd import Crowd
from orchestra.engine.routing.sides import Placed, Profile

PROFILES = [Profile(number, (("care",), (("german", number + 1),))) for number in range(70)]


class Counting(dict[str, Placed]):
    """Counts how often somebody's profile is asked for."""

    asked = 0

    def __getitem__(self, name: str) -> Placed:
        self.asked += 1
        return super().__getitem__(name)


def crowd(of_profile: Iterable[int]) -> tuple[Crowd, Counting]:
    """Agents of these profiles, in this order."""
    of_agent = Counting()
    made = Crowd(of_agent)
    for at, number in enumerate(of_profile):
        of_agent[f"a{at}"] = Placed(PROFILES[number], 2, ())
        made.add((at, f"a{at}"))
    made.in_order()
    of_agent.asked = 0
    return made, of_agent


@pytest.mark.parametrize(("block", "coming"), [(1, 0), (1, 3), (2, 64), (512, 3)])
@pytest.mark.parametrize("seed", range(6))
def test_those_of_some_profiles_are_found_in_order(
    monkeypatch: pytest.MonkeyPatch, seed: int, block: int, coming: int
) -> None:
    monkeypatch.setattr(ordered, "_BLOCK", block)
    monkeypatch.setattr(held, "_COMING", coming)
    chance = random.Random(seed)
    of_agent: dict[str, Placed] = {}
    made, plain = Crowd(of_agent), dict[str, tuple[Any, ...]]()
    for _ in range(300):
        name = f"a{chance.randrange(40)}"
        if name in plain:
            made.remove(plain.pop(name))
        else:
            of_agent[name] = Placed(chance.choice(PROFILES), 2, ())
            plain[name] = (chance.randrange(20), name)
            made.add(plain[name])
        assert (len(made), bool(made)) == (len(plain), bool(plain))
        if chance.random() < 0.5:
            continue
        mask = chance.getrandbits(70) & chance.getrandbits(70)
        expected = sorted(entry for name, entry in plain.items() if mask >> of_agent[name].profile.number & 1)
        assert list(made.among(mask)) == expected
        assert list(made.in_order()) == sorted(plain.values())
        assert len(made._blocks._masks) == len(made._blocks._blocks)


def test_blocks_in_which_nobody_fits_are_passed_over() -> None:
    made, of_agent = crowd([*[1] * 5_000, *[2] * 5_000, 3])
    assert next(made.among(1 << 3), None) == (10_000, "a10000")
    assert of_agent.asked <= 2 * ordered._BLOCK + 1
    assert list(made.among(1 << 4)) == []
    assert of_agent.asked <= 2 * ordered._BLOCK + 1


def test_whoever_has_left_is_looked_for_in_vain_once() -> None:
    made, of_agent = crowd([1, 2] * 100)
    for at in range(1, 200, 2):
        made.remove((at, f"a{at}"))
    of_agent.asked = 0
    assert list(made.among(1 << 2)) == []
    assert of_agent.asked == 2 * 100, "each is looked at, and the block learns who is in it"
    assert list(made.among(1 << 2)) == []
    assert of_agent.asked == 2 * 100


def test_two_halves_of_a_block_know_their_own() -> None:
    made, of_agent = crowd([*[1] * ordered._BLOCK, *[2] * (ordered._BLOCK + 1)])
    assert len(made._blocks._blocks) == 2
    assert len(list(made.among(1 << 1))) == ordered._BLOCK
    assert of_agent.asked == ordered._BLOCK, "the second half is passed over"


def test_whoever_leaves_before_anybody_asks_is_put_nowhere() -> None:
    made, of_agent = crowd([1] * 10)
    for _ in range(1_000):
        made.add((10, "a3"))
        made.remove((10, "a3"))
    assert of_agent.asked == 0
    assert len(made) == 10


def test_no_question_waits_for_more_than_a_few_who_have_come() -> None:
    made, of_agent = crowd([])
    for at in range(10_000):
        of_agent[f"a{at}"] = Placed(PROFILES[1], 2, ())
        made.add((at, f"a{at}"))
    of_agent.asked = 0
    made.in_order()
    assert of_agent.asked <= held._COMING
