"""How well profiles fit: what each part says of one, and how it splits many."""

from __future__ import annotations

import random

import pytest

from orchestra.engine.routing.fitting import Level, Preferred, Proficiency, Rated, Weakest
from orchestra.engine.routing.sides import Fitting, Numbered, Profile, Requirement, Skills

TEAMS = ("back", "care", "help", "sales")
SKILLS = ("@person", "english", "french", "german")
LEVEL = Level({"care": 1, "sales": 3, "back": 2})

EVEN = Level({"care": 1, "sales": 1})

PARTS: dict[str, Fitting] = {
    "level": LEVEL,
    "one level": EVEN,
    "a high level": Level({"care": 1, "sales": 40}),
    "proficiency": Proficiency(),
    "weakest": Weakest(),
    "preferred": Preferred({"english": 3, "french": 2, "german": 100, "italian": 1}),
    "nothing preferred": Preferred({}),
    "rated": Rated(lambda profile, wanted: (profile.levels.get("german", 0) % 3 - 1) * 10**12),
}


def wanted(*skills: tuple[str, int]) -> Requirement:
    return Requirement("q", 1, ("care",), skills)


def profile(*teams: str, number: int = 0, **levels: int) -> Profile:
    return Profile(number, (tuple(sorted(teams)), tuple(sorted(levels.items()))))


def many(seed: int) -> tuple[Numbered[Profile], list[Profile]]:
    """Profiles, of which some have come and gone."""
    chance, side = random.Random(seed), Numbered[Profile]()
    there: list[Profile] = []
    for _ in range(90):
        if there and chance.random() < 0.3:
            gone = there.pop(chance.randrange(len(there)))
            side.drop(gone, *gone.key)
            continue
        teams = tuple(sorted(chance.sample(TEAMS, chance.randint(1, 3))))
        skills: Skills = tuple(sorted((s, chance.randint(1, 100)) for s in chance.sample(SKILLS, chance.randint(0, 4))))
        new = Profile(side.number(), (teams, skills))
        side.add(new, *new.key)
        there.append(new)
    return side, there


@pytest.mark.parametrize("name", PARTS)
@pytest.mark.parametrize("seed", range(4))
def test_profiles_are_split_by_what_each_is_given_the_least_first(name: str, seed: int) -> None:
    part = PARTS[name]
    side, there = many(seed)
    chance = random.Random(seed)
    for asked in ((), (("@person", 1),), (("german", 1),), (("@person", 1), ("english", 1), ("french", 30))):
        need, mask = wanted(*asked), sum(1 << one.number for one in there if chance.random() < 0.8)
        values: dict[int, int] = {}
        for one in side.members(mask):
            values[part(one, need)] = values.get(part(one, need), 0) | 1 << one.number
        assert list(part.split(side, need, mask)) == [values[value] for value in sorted(values)]
        assert list(part.split(side, need, 0)) == []


def test_the_level_is_the_lowest_of_their_teams() -> None:
    assert [LEVEL(profile(*teams), wanted()) for teams in (("sales",), ("back", "sales"), TEAMS)] == [3, 2, 1]
    assert LEVEL(profile("help"), wanted()) == 1, "a step may name teams that the queue does not"
    assert (LEVEL.is_even, EVEN.is_even) == (False, True)


def test_only_skills_asked_for_count_and_no_marks() -> None:
    able = profile("care", german=4, english=9, french=7, **{"@person": 1})
    asked = wanted(("@person", 1), ("french", 1), ("german", 2))
    assert (Proficiency()(able, asked), Weakest()(able, asked)) == (-11, -4)
    assert (Proficiency()(able, wanted()), Weakest()(able, wanted(("@person", 1)))) == (0, 0)
    assert Weakest()(able, wanted(("german", 1), ("italian", 1))) == 0


def test_a_preference_is_met_from_its_level_on() -> None:
    prefer = Preferred({"german": 4, "french": 4, "italian": 1})
    assert [prefer(profile("care", german=level), wanted()) for level in (3, 4, 5)] == [0, -1, -1]


def test_a_score_is_asked_of_each_of_a_mask_and_of_nobody_else() -> None:
    side, there = many(0)
    asked: list[int] = []

    def rate(one: Profile, _: Requirement) -> int:
        asked.append(one.number)
        return 7

    mask = sum(1 << one.number for one in there[::2])
    assert list(Rated(rate).split(side, wanted(), mask)) == [mask]
    assert sorted(asked) == sorted(one.number for one in there[::2])
