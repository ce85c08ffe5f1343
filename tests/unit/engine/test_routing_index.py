"""The index against an oracle that looks at everything."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from tests.unit.engine.test_routing_changing import lines

from orchestra.engine import ordered
from orchestra.engine.routing import choice, items, sides, takers
from orchestra.engine.routing.fitting import Level, Preferred, Proficiency, Rated, Weakest
from orchestra.engine.routing.index import Index
from orchestra.engine.routing.sides import Order, Profile, Rank, Requirement

TEAMS = ("care", "sales", "back")
SKILLS = ("english", "german", "vip")
KINDS = (1, 3, 5)
OWN = Order(0, (0, 1))
DRAWN = Order(1, (0,), draws=True)
LEVEL, SOME_LEVELS = Level({"care": 1, "sales": 3, "back": 2}), Level({"care": 1, "back": 7})
PREFERRED = Preferred({"vip": 2, "german": 4, "english": 1, "french": 1})
RATED = Rated(lambda profile, wanted: profile.levels.get("vip", 0) % 3 - len(wanted.skills))
FITTING = (
    Order(0, (Proficiency(), 0, 1)),
    Order(0, (0, Proficiency(), 1)),
    Order(0, (0, 1, Weakest())),
    Order(0, (Weakest(), LEVEL, 0, 1)),
    Order(0, (LEVEL, 0, PREFERRED, 1)),
    Order(2, (PREFERRED, None, SOME_LEVELS)),
    Order(1, (0, SOME_LEVELS, Proficiency(), Weakest())),
    Order(0, (None, 0, RATED, 1, LEVEL)),
    Order(1, (RATED, 0)),
    Order(0, (Level({"care": 1}), Preferred({}), 0, 1)),
)
DRAWN_BY = (
    DRAWN,
    Order(2, (PREFERRED,), draws=True),
    Order(2, (), draws=True),
    Order(1, (0, Proficiency()), draws=True),
)
ASKS = {0: 0b1, 1: 0b10, 3: 0b101000, 5: 0b100000}
"""Kind of work -> the rooms by which whoever is unmoved counts as free for it."""
KNOWN = (Order(0, (None, 0, 1)), Order(0, (0, None, 1)), Order(1, (0, None), draws=True))


def dice(seed: int) -> Callable[[int, int], int]:
    chance = random.Random(seed)
    return lambda below, _: chance.randrange(below)


class World:
    """Agents and items beside an index of them."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.index = Index()
        self.agents: dict[str, tuple[sides.ProfileKey, int, tuple[int, int]]] = {}
        self.items: dict[str, tuple[Requirement, Rank]] = {}
        self.behind: set[str] = set()
        self.unmoved: dict[str, takers.Unmoved] = {}
        self.clock = 0

    def skills(self, most: int) -> sides.Skills:
        chosen = self.random.sample(SKILLS, self.random.randint(0, most))
        return tuple(sorted((skill, self.random.randint(1, 5)) for skill in chosen))

    def place(self) -> None:
        name = f"a{self.random.randint(0, 40)}"
        known = self.agents.get(name)
        teams = tuple(sorted(self.random.sample(TEAMS, self.random.randint(1, 2))))
        key = known[0] if known and self.random.random() < 0.7 else (teams, self.skills(3))
        self.clock += 1
        room = sum(self.random.randint(0, 1) << kind for kind in KINDS)
        self.agents[name] = key, room, (self.random.randint(0, 1), self.clock)
        own = self.agents[name][2]
        if self.index.unmoved and (name in self.unmoved or known is None) and self.random.random() < 0.5:
            among = self.unmoved.setdefault(name, self.index.unmoved[-1])
            self.index.place(name, *self.agents[name][:2], (), among)
        else:
            self.unmoved.pop(name, None)
            self.index.place(name, *self.agents[name][:2], [own, own[:1], ()])

    def remove(self) -> None:
        name = f"a{self.random.randint(0, 40)}"
        self.agents.pop(name, None)
        self.unmoved.pop(name, None)
        self.index.remove(name)

    def leave_all(self) -> None:
        if self.random.random() < 0.2:
            of_agent = self.index.leave_all()
            of_agent.asks = ASKS
            self.index.unmoved = [one for one in self.index.unmoved if one.of_agent] + [of_agent]
            self.unmoved |= {name: of_agent for name in self.agents if name not in self.unmoved}

    def wait(self) -> None:
        self.clock += 1
        name = f"i{self.clock}"
        teams = tuple(sorted(self.random.sample(TEAMS, self.random.randint(1, 2))))
        wanted = Requirement("q", self.random.choice(KINDS), teams, self.skills(2))
        self.items[name] = wanted, (0, self.random.randint(0, 50), self.clock, name)
        self.index.wait(name, *self.items[name])

    def unwait(self) -> None:
        if self.items:
            name = self.random.choice(sorted(self.items))
            del self.items[name]
            self.behind.discard(name)
            self.index.unwait(name)

    def leave_behind(self) -> None:
        if self.random.random() < 0.2:
            self.index.leave_behind("q")
            self.behind = set(self.items)

    def move(self) -> None:
        for name in self.index.behind("q", 2):
            wanted, rank = self.items[name]
            self.items[name] = wanted._replace(skills=self.skills(2)), (1 - rank[0], *rank[1:])
            self.behind.discard(name)
            self.index.unwait(name)
            self.index.wait(name, *self.items[name])

    def step(self) -> None:
        moves = self.place, self.place, self.place, self.remove, self.wait, self.wait, self.unwait
        self.random.choice((*moves, self.leave_behind, self.move, self.leave_all))()

    def fits(self, agent: str, wanted: Requirement) -> bool:
        (teams, skills), *_ = self.agents[agent]
        levels = dict(skills)
        return bool(set(teams) & set(wanted.teams)) and all(levels.get(s, 0) >= level for s, level in wanted.skills)

    def free(self, agent: str, kind: int) -> bool:
        return agent not in self.unmoved and bool(self.agents[agent][1] >> kind & 1)

    def counts(self, agent: str, kind: int) -> bool:
        """Whether they count as free."""
        return bool(self.agents[agent][1] & (ASKS[kind] if agent in self.unmoved else 1 << kind))

    def best(self, wanted: Requirement, order: Order, known: str | None = None) -> list[tuple[Any, ...]]:
        return sorted(
            order.full(Profile(0, key), wanted, (*own[: 2 - order.own], name), known=known)
            for name, (key, _, own) in self.agents.items()
            if self.fits(name, wanted) and self.free(name, wanted.kind)
        )

    def check(self) -> None:
        index = self.index
        wanted = Requirement("q", self.random.choice(KINDS), TEAMS[: self.random.randint(1, 3)], self.skills(2))
        for order in (OWN, *FITTING):
            assert list(index.best_agents(wanted, order)) == self.best(wanted, order)
        for order in KNOWN:
            found = index.draw(wanted, order, lambda *_: 0) if order.draws else index.best_agents(wanted, order)
            with_known = list(index.with_known(found, wanted, order, "a7"))
            best = self.best(wanted, order, "a7")
            assert sorted(with_known) == best
            assert [entry[:-1] for entry in with_known] == [entry[:-1] for entry in best]
        for order in DRAWN_BY:
            drawn = list(index.draw(wanted, order, dice(self.clock)))
            best = self.best(wanted, order)
            assert sorted(drawn) == best
            assert [entry[:-1] for entry in drawn] == [entry[:-1] for entry in best]
        able = {name for name in self.agents if self.fits(name, wanted)}
        assert index.able(wanted) == len(able)
        assert {name for name in self.agents if index.is_able(name, wanted)} == able
        free = {name for name in able if self.counts(name, wanted.kind)}
        assert index.free(wanted) == len(free)
        assert {name for name in self.agents if index.is_free(name, wanted)} == free
        ready = {name for name in able if self.free(name, wanted.kind)}
        assert index.ready(wanted) == len(ready)
        assert {name for name in self.agents if index.has_room(name, wanted)} == ready
        assert index.tally(wanted, 1 << 5) == (len(able), sum(self.counts(name, 5) for name in able), len(free))
        for name in ("a1", "a2"):
            one = wanted._replace(agent=name)
            assert index.able(one) == (name in self.agents)
            assert index.free(one) == (name in self.agents and self.counts(name, wanted.kind))
            assert index.ready(one) == (name in self.agents and self.free(name, wanted.kind))
        assert set(index.of_agent) == self.agents.keys() - self.unmoved.keys()
        assert list(index.at_work) == sorted(self.agents)
        assert {name for one in index.unmoved for name in one.of_agent} == self.unmoved.keys()
        asked = set(index.takers_of(index.buckets.values()))
        assert asked == {
            name
            for name in self.agents
            if any(
                item not in self.behind and self.fits(name, its) and self.free(name, its.kind)
                for item, (its, _) in self.items.items()
            )
        }
        assert index.waiting == len(self.items)
        for name in self.agents:
            heads: dict[Requirement, Rank] = {}
            for item, (its, rank) in self.items.items():
                if item not in self.behind and self.fits(name, its) and self.free(name, its.kind):
                    heads[its] = min(rank, heads.get(its, rank))
            assert {bucket.wanted: bucket.waiting.first() for bucket in index.open_to(name)} == heads
        ranks = sorted(rank for _, rank in self.items.values())
        left = [rank[-1] for rank in ranks if rank[-1] in self.behind]
        assert (index.behind("q", 3), index.behind("q", 1_000)) == (left[:3], left)
        for number, rank in enumerate(ranks):
            assert index.position(rank[-1]) == number


@pytest.mark.parametrize("needs", [3, 3_000])
def test_no_question_for_a_place_costs_what_waits_not_even_the_first(needs: int) -> None:
    costs = []
    for waiting in (30, 3_000):
        index = Index()
        for number in range(waiting):
            wanted = Requirement("q", 1, ("care",), (("german", number % needs),))
            index.wait(f"i{number}", wanted, (0, -number, number, f"i{number}"))
        costs.append(lines(lambda index=index: index.position("i7")))  # type: ignore[misc]
        index.leave_behind("q")
        assert index.position("i7") == waiting - 8
    few, many = costs
    assert many <= few + 30, "each of three thousand that wait would cost a line at least"


@pytest.mark.parametrize(("steps", "tries", "block"), [(0, 0, 1), (8, 3, 2), (8, 256, 512), (1_000, 256, 4)])
@pytest.mark.parametrize(("spared", "rooms", "changes", "apart"), [(0, 0, 0, 0), (0, 0, 32, 2), (256, 8, 32, 32)])
def test_it_finds_what_looking_at_everything_finds(
    monkeypatch: pytest.MonkeyPatch,
    spared: int,
    rooms: int,
    changes: int,
    apart: int,
    steps: int,
    tries: int,
    block: int,
) -> None:
    monkeypatch.setattr(items, "_APART", apart)
    monkeypatch.setattr(sides, "_SPARED", spared)
    monkeypatch.setattr(sides, "_CHANGES", changes)
    monkeypatch.setattr(choice, "_STEPS", steps)
    monkeypatch.setattr(choice, "_TRIES", tries)
    monkeypatch.setattr(ordered, "_BLOCK", block)
    monkeypatch.setattr(takers, "_ROOMS", rooms)
    for seed in range(4):
        world = World(seed)
        for _ in range(120):
            world.step()
            world.check()


def test_of_what_is_empty_two_are_dropped_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    index = Index()
    for number in range(100):
        index.place(f"a{number}", (("care",), ((f"s{number}", 1),)), 1, [(0, number)])
        index.remove(f"a{number}")
    before = len(index.profiles)
    monkeypatch.setattr(sides, "_SPARED", 0)
    index.place("b", (("care",), (("t", 1),)), 1, [(0, 0)])
    assert len(index.profiles) == before + 1 - 2


def test_what_is_empty_is_dropped_in_time() -> None:
    index = Index()
    for number in range(5_000):
        skills = ((f"s{number}", 1),)
        index.place(f"a{number}", (("care",), skills), 1, [(0, number)])
        index.remove(f"a{number}")
        index.wait(f"i{number}", Requirement("q", 0, ("care",), skills), (0, 0, number, f"i{number}"))
        index.unwait(f"i{number}")
    assert len(index.buckets) == len(index.of_queue["q"]) <= sides._SPARED + 4
    assert len(index.profiles) <= sides._SPARED + 4


def test_what_comes_back_is_kept() -> None:
    index = Index()
    wanted = Requirement("q", 0, ("care",), ())
    for number in range(2_000):
        index.wait("i", wanted, (0, 0, number, "i"))
        index.unwait("i")
        skills = ((f"s{number}", 1),)
        index.wait("j", Requirement("q", 0, ("care",), skills), (0, 0, number, "j"))
        if number % 2:
            assert list(index.open_to("nobody")) == []
        index.unwait("j")
    index.place("ana", (("care",), ()), 1, [(0, 0)])
    index.wait("i", wanted, (0, 0, 1, "i"))
    assert [bucket.wanted for bucket in index.open_to("ana")] == [wanted]


def test_excluding_items_are_found_by_whoever_serves_them() -> None:
    index = Index()
    index.place("ana", (("care",), ()), 1, [(0, 0)])
    index.place("bob", (("sales",), ()), 1, [(0, 0)])
    wanted = Requirement("q", 0, ("care",), ())
    index.wait("i", wanted, (0, 0, 1, "i"))
    profile = {name: placed.profile for name, placed in index.of_agent.items()}
    assert list(index.served_excluding("ana", profile["ana"])) == []
    index.exclude("i")
    index.exclude("i")
    assert [bucket.wanted for bucket in index.served_excluding("ana", profile["ana"])] == [wanted]
    assert list(index.served_excluding("bob", profile["bob"])) == []
    assert [bucket.wanted for bucket in index.excluding()] == [wanted]
    index.include("i")
    index.include("i")
    assert list(index.excluding()) == []


def test_what_waits_for_one_agent_is_open_to_nobody_else() -> None:
    index = Index()
    for name in ("ana", "bob"):
        index.place(name, (("care",), ()), 0b01, [(0, 0)])
    call = Requirement("q", 0, (), (), "ana")
    mail = Requirement("q", 2, (), (), "ana")
    index.wait("i", call, (0, 0, 1, "i"))
    index.wait("j", mail, (0, 0, 2, "j"))
    assert [bucket.wanted for bucket in index.open_to("ana")] == [call], "there is room for nothing else"
    assert list(index.open_to("bob")) == []
    assert [entry[-1] for entry in index.best_agents(call, OWN)] == ["ana"]
    assert list(index.best_agents(mail, OWN)) == []
    assert (index.able(call), index.free(call), index.free(mail)) == (1, 1, 0)
    assert (index.is_able("bob", call), index.is_able("ana", mail), index.is_able("zoe", call)) == (False, True, False)
    index.exclude("i")
    assert [bucket.wanted for bucket in index.excluding()] == [call]
    assert [bucket.wanted for bucket in index.served_excluding("ana", index.of_agent["ana"].profile)] == [call]
    index.unwait("i")
    assert index.of_known == {"ana": {mail: index.buckets[mail]}}
    index.unwait("j")
    assert (index.of_known, index.buckets, index.waiting_in) == ({}, {}, {"q": 0})


def test_room_by_putting_aside_comes_after_room() -> None:
    index = Index()
    index.place("ana", (("care",), ()), 2, [(0, 0)])
    index.place("bob", (("care",), ()), 1, [(1, 9)])
    wanted = Requirement("q", 0, ("care",), ())
    assert [entry[-1] for entry in index.best_agents(wanted, OWN)] == ["bob"]
    assert [entry[-1] for entry in index.best_agents(index.by_putting_aside(wanted), OWN)] == ["ana"]
    assert index.free(wanted) == 2
    index.wait("i", wanted, (0, 0, 1, "i"))
    assert [bucket.wanted for bucket in index.open_to("ana")] == [wanted]


def test_what_empties_again_and_again_leaves_nothing_behind() -> None:
    index = Index()
    wanted = Requirement("q", 0, ("care",), ())
    for number in range(1_000):
        index.wait("i", wanted, (0, 0, number, "i"))
        index.unwait("i")
        index.place("ana", (("care",), ()), 1, [(0, number)])
        index.remove("ana")
    assert (len(index._bucket_side._empty), len(index._profile_side._empty)) == (1, 1)
