"""Who comes first: how few are looked at for it, and that everybody is drawn as often."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from math import isqrt
from typing import Any

import pytest

from orchestra.engine.routing import choice
from orchestra.engine.routing.fitting import Level, Preferred, Proficiency, Rated, Weakest
from orchestra.engine.routing.index import Index
from orchestra.engine.routing.sides import Entry, Order, Placed, Profile, Requirement, Skills

BUSY_IDLE, BUSY, NO_KEY = 0, 1, 2
LEVEL = Level({"t0": 1, "t1": 2, "t2": 2, "t3": 5})
PREFERRED = Preferred({"s1": 2, "s2": 4, "s3": 1})


class Counted(Order):
    """Counts how many keys were made."""

    keyed = 0

    def full(self, *given: Any, **named: Any) -> Entry:
        self.keyed += 1
        return super().full(*given, **named)


ORDERS = {
    "busy, idle": Counted(BUSY_IDLE, (0, 1)),
    "level, busy, idle": Counted(BUSY_IDLE, (LEVEL, 0, 1)),
    "proficiency, busy, idle": Counted(BUSY_IDLE, (Proficiency(), 0, 1)),
    "busy, proficiency, idle": Counted(BUSY_IDLE, (0, Proficiency(), 1)),
    "busy, proficiency_min, preferred": Counted(BUSY, (0, Weakest(), PREFERRED)),
    "affinity, preferred, level, busy, idle": Counted(BUSY_IDLE, (None, PREFERRED, LEVEL, 0, 1)),
    "random": Counted(NO_KEY, (), draws=True),
    "busy, random": Counted(BUSY, (0,), draws=True),
    "level, busy, preferred, random": Counted(BUSY, (LEVEL, 0, PREFERRED), draws=True),
}


def wanted(*skills: str) -> Requirement:
    return Requirement("q", 1, ("t0", "t1", "t2", "t3"), tuple((skill, 1) for skill in skills))


def keyed(busy: int, idle: int) -> list[tuple[int, ...]]:
    """An agent's own keys, in the order of their numbers."""
    return [(busy, idle), (busy,), ()]


class Looked(dict[str, Placed]):
    """Counts at how many agents somebody looked, one by one."""

    at = 0

    def __getitem__(self, name: str) -> Placed:
        self.at += 1
        return super().__getitem__(name)


class Floor(Index):
    """Many who are free, each of a profile of their own, in an order that tells nothing of it."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.of_agent = self.looked = Looked()
        self.compared = 0
        chance = random.Random(1)
        for number in range(size):
            teams = tuple(sorted(chance.sample(("t0", "t1", "t2", "t3"), 2)))
            chosen = sorted(chance.sample(range(30), 12))
            skills = (*((f"s{one}", chance.randint(1, 5)) for one in chosen), (f"u{number}", 1))
            keys = keyed(chance.randint(0, 1), chance.randrange(10**6))
            self.place(f"a{number}", (teams, tuple(sorted(skills))), 2, keys)
        for crowds in self._everyone.values():
            for crowd in crowds:
                crowd.in_order()  # what they cost who have just come is another matter
        members = self._profile_side.members

        def counted(mask: int) -> Iterator[Profile]:
            for profile in members(mask):
                self.compared += 1
                yield profile

        self._profile_side.members = counted  # type: ignore[method-assign]

    def arrive(self, need: Requirement, order: Counted) -> tuple[int, int]:
        """Choose the first of those who fit; gives at how many agents, and at how many profiles, somebody looked."""
        self.looked.at = self.compared = order.keyed = 0
        most = 1 if order.draws else 6
        assert len(drawn(self, need, order, 5, most) if order.draws else best(self, need, order, most)) == most
        assert order.keyed <= 20
        return self.looked.at, self.compared


def best(index: Index, need: Requirement, order: Order, most: int) -> list[str]:
    return [entry[-1] for entry in islice(index.best_agents(need, order), most)]


def drawn(index: Index, need: Requirement, order: Order, seed: int, most: int = 1) -> list[str]:
    chance = random.Random(seed)
    return [entry[-1] for entry in islice(index.draw(need, order, lambda below, _: chance.randrange(below)), most)]


@pytest.fixture(scope="module")
def small() -> Floor:
    return Floor(200)


@pytest.fixture(scope="module")
def large() -> Floor:
    return Floor(20_000)


@pytest.mark.parametrize("skills", [(), ("s1",), ("s1", "s4")], ids=len)
@pytest.mark.parametrize("name", ORDERS)
def test_a_choice_looks_at_few_however_many_profiles_there_are(
    name: str, skills: tuple[str, ...], small: Floor, large: Floor
) -> None:
    for floor, profiles in ((small, 200), (large, 20_000)):
        assert len(floor.profiles) == profiles
        agents, compared = floor.arrive(wanted(*skills), ORDERS[name])
        assert agents + compared <= 8 * isqrt(profiles), f"{agents} and {compared} of {profiles}"


def test_nobody_is_looked_at_who_goes_behind_those_who_fit_best(monkeypatch: pytest.MonkeyPatch) -> None:
    floor, order = Floor(2_000), ORDERS["level, busy, idle"]
    split = list(order.groups(floor._profile_side, wanted("s1"), floor._fitting(wanted("s1"))))
    assert len(split) == 2, "nobody is in the third team alone"
    opened: list[int] = []
    by_own = floor._by_own

    def watched(own: int, kind: int, mask: int, asked: int = 8) -> Iterator[Entry]:
        opened.append(mask)
        return by_own(own, kind, mask, asked)

    monkeypatch.setattr(floor, "_by_own", watched)
    best(floor, wanted("s1"), order, 6)
    assert opened == split[:1]
    opened.clear()
    best(floor, wanted("s1"), ORDERS["busy, proficiency, idle"], 6)
    assert len(opened) == 2, "who goes first by `busy` is asked of all who fit, and then only the most proficient"


@pytest.mark.parametrize("busy_first", [True, False])
def test_a_group_that_stands_at_the_end_is_found_without_a_walk_through_all(busy_first: bool) -> None:
    floor = Floor(0)
    for number in range(10_000):
        is_better = number % 2
        key = ("t0" if is_better else "t1",), ((f"u{number}", 1),)
        floor.place(f"a{number:06}", key, 2, keyed(int(bool(is_better) == busy_first), number))
    looked, compared = floor.arrive(wanted(), ORDERS["level, busy, idle"])
    assert compared == 0
    assert looked < 3 * 512


# Where chance decides


def mixed() -> Index:
    """Twelve who speak s1 among forty, in profiles of many sizes, with room of two kinds, most of them with work."""
    index = Index()
    for number in range(40):
        speaks = ("s1", 1 + number % 2) if number % 10 < 3 else ("s2", 1)
        profile = ("t0",), (speaks, *((("s9", 1),) if number % 7 == 0 else ()))
        index.place(f"a{number:02}", profile, 2 if number % 5 else 6, keyed(int(number % 4 == 0), number))
    return index


@pytest.mark.parametrize("tries", [0, 3, 256])
@pytest.mark.parametrize(("order", "equal"), [(ORDERS["random"], 12), (ORDERS["busy, random"], 8)])
def test_all_who_are_equal_are_drawn_as_often(
    order: Order, equal: int, tries: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choice, "_TRIES", tries)
    index = mixed()
    counts = Counter(name for seed in range(300 * equal) for name in drawn(index, wanted("s1"), order, seed))
    assert len(counts) == equal
    # Each is binomial with mean 300 and a deviation of about 17.
    assert all(230 < count < 370 for count in counts.values()), counts


@pytest.mark.parametrize("tries", [0, 3, 256])
def test_all_who_are_left_are_drawn_as_often_after_the_first(tries: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "_TRIES", tries)
    index, order = mixed(), ORDERS["busy, random"]
    after = Counter(
        second
        for seed in range(24_00)
        for first, second in [drawn(index, wanted("s1"), order, seed, 2)]
        if first == "a01"
    )
    assert "a01" not in after
    assert len(after) == 7
    assert all(20 < count < 75 for count in after.values()), after


@pytest.mark.parametrize("tries", [0, 3, 256])
def test_who_is_drawn_depends_neither_on_the_order_of_coming_nor_on_the_numbers_of_kinds_of_work(
    tries: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choice, "_TRIES", tries)

    def index(seed: int, other: int) -> Index:
        made, like = Index(), mixed().of_agent
        for name in random.Random(seed).sample(sorted(like), len(like)):
            keys = [entry[:-1] for entry in like[name].keys]
            made.place(name, like[name].profile.key, 2 | (other if like[name].room & 4 else 0), keys)
        return made

    def all_drawn(made: Index) -> list[list[str]]:
        orders: list[Order] = [order for order in ORDERS.values() if order.draws]
        return [drawn(made, wanted("s1"), order, seed, 40) for order in orders for seed in range(20)]

    expected = all_drawn(index(0, 4))
    assert expected == all_drawn(mixed()) == all_drawn(index(1, 8)) == all_drawn(index(2, 1))


def test_draws_are_counted_from_the_first_on() -> None:
    asked: list[tuple[int, int]] = []

    def first(below: int, number: int) -> int:
        asked.append((below, number))
        return 0

    index = mixed()
    assert len(list(index.draw(wanted("s1"), ORDERS["random"], first))) == 12
    assert [number for _, number in asked] == list(range(len(asked)))
    assert [below for below, _ in asked[-12:]] == list(range(12, 0, -1)), "in the end those who fit are listed"
    assert {below for below, _ in asked[:-12]} == {40}, "at first places among all who are free are drawn"


def test_few_among_many_are_listed_at_once() -> None:
    index = Index()
    for number in range(400):
        index.place(f"a{number:03}", (("t0",), (("s1" if number < 12 else "s2", 1),)), 2, keyed(0, number))
    below: list[int] = []

    def last(most: int, _: int) -> int:
        below.append(most)
        return most - 1

    found: Callable[..., Iterator[Entry]] = index.draw
    assert next(found(wanted("s1"), ORDERS["random"], last)) == ("a011",)
    assert below == [12]


def test_the_one_whom_something_is_for_is_not_drawn() -> None:
    index = mixed()

    def never(below: int, number: int) -> int:
        raise AssertionError

    for_one = Requirement("q", 1, (), (), "a03")
    assert list(index.draw(for_one, ORDERS["random"], never)) == [("a03",)]
    assert list(index.draw(wanted("s3"), ORDERS["random"], never)) == []


def test_a_score_is_asked_of_the_profiles_that_fit_alone() -> None:
    index, rated = mixed(), Counter[Skills]()

    def rate(profile: Profile, _: Requirement) -> int:
        rated[profile.key[1]] += 1
        return -profile.levels["s1"]

    order = Order(BUSY_IDLE, (Rated(rate), 0, 1))
    assert best(index, wanted("s1"), order, 3) == ["a01", "a11", "a21"]
    assert all("s1" in dict(skills) for skills in rated)
