"""The router alone: a freed agent meets what waits, and an arriving contact meets the agents, against naive matchers.

In: the engine's own index and choice. A freed agent costs: to be placed as free, the choice, the contact taken out, to
be placed as busy; and another contact arrives and is put in its place. An arriving contact costs: the choice, its agent
placed as busy, and as free again. Out: rows of agents and contacts and what the plan's rules make of them, events, the
other sections, timers, the journal. Rows that say `offered` have in what the engine does for either beyond that: the
rows, the plan's rules, and the offer with its reasons, the runners-up and how many failed what.

The naive matchers hold the same contacts in one list, in order, and ask agent by agent and contact by contact whether
they fit, in plain Python; they tell no reasons. With a starved head nine of ten who wait, the oldest, need a language
that nobody free speaks. `rule-engine` is what many would write the condition in.

Measured is processor time: on a machine that others use it is steadier, and both sides only compute.
"""

from __future__ import annotations

import random
import sys
import time
from bisect import insort
from collections.abc import Callable

import rule_engine
from floor import heap_floor
from measure import Given, Result, arguments, report, run

from orchestra.engine.routing.match import best_item, offer_best_agent, offer_best_items
from orchestra.engine.routing.rows import Bench, Item
from orchestra.engine.routing.sides import ProfileKey, Requirement
from orchestra.engine.view import View
from orchestra.model.events import OfferMade
from orchestra.model.plan import Plan

QUEUES, SKILLS, LEVELS = 50, 20, 3
PROFILES = 1_000
"""Teams and skills that agents have; up to so many differ."""
STARVED = "icelandic"
MINUTE_US = 60_000_000
PLAN = Plan.parse(
    "\n".join(
        [
            'workspace.default_queue = "q0"',
            "[channels.voice]\nlive = true",
            *(f"[teams.t{number}]" for number in range(QUEUES)),
            *(f'[queues.q{number}]\nteam = "t{number}"' for number in range(QUEUES)),
            "[skills]",
            f'{STARVED} = "which nobody free speaks"',
            *(f's{number} = "skill {number}"' for number in range(SKILLS)),
        ]
    )
)

VOICE = 1
"""Place of the only kind of work among the bits of room."""
ROOM = 1 << VOICE
"""Room for one more of it."""


class Need:
    """What a contact needs, for both sides."""

    __slots__ = ("at_us", "name", "rank", "skills", "team", "wanted")

    def __init__(self, name: str, at_us: int, team: int, skills: dict[str, int]) -> None:
        self.name = name
        self.at_us = at_us
        self.team = team
        self.skills = skills
        # The same, as the index has it.
        self.wanted = Requirement(f"q{team}", VOICE, (f"t{team}",), tuple(skills.items()))
        self.rank = 0, at_us, 0, name

    def __lt__(self, other: Need) -> bool:
        return self.at_us < other.at_us


class World:
    """The same agents and contacts for both sides, from one seed."""

    def __init__(self, agents: int, waiting: int, starved_percent: int) -> None:
        self.random = random.Random(7)
        self.now_us = 0
        profiles = [self._profile() for _ in range(PROFILES)]
        self.agents = {f"a{number}": self.random.choice(profiles) for number in range(agents)}
        self.waiting = [self.need(number * 100 < waiting * starved_percent) for number in range(waiting)]

    def _profile(self) -> tuple[frozenset[int], dict[str, int]]:
        teams = frozenset(self.random.sample(range(QUEUES), self.random.randint(1, 3)))
        skills = self.random.sample(range(SKILLS), self.random.randint(1, 4))
        return teams, {f"s{number}": self.random.randint(1, LEVELS) for number in sorted(skills)}

    def need(self, is_starved: bool = False) -> Need:
        """The next who comes."""
        self.now_us += 1000
        skills = {f"s{number}": 1 for number in self.random.sample(range(SKILLS), self.random.randint(0, 1))}
        if is_starved:
            skills = {STARVED: 1}
        return Need(f"in{self.now_us}", self.now_us, self.random.randrange(QUEUES), skills)


class Bare:
    """The engine's index of a world, and its choice: what agents and contacts are to the index is known beforehand."""

    def __init__(self, world: World, is_busy: bool) -> None:
        self.world = world
        self.view = View()
        self.view.plans.plan = PLAN
        self.routing = self.view.routing
        self.routing.reindex()
        self.index = self.routing.index
        self.order = self.routing.rules.queues["q0"].steps[0].order
        self.profiles: dict[str, ProfileKey] = {}
        for agent, (teams, skills) in world.agents.items():
            self.profiles[agent] = tuple(sorted(f"t{team}" for team in teams)), tuple(skills.items())
            self.index.place(agent, self.profiles[agent], 0 if is_busy else ROOM, [(0, 0)])
        for need in world.waiting:
            self.wait(need)

    def wait(self, need: Need) -> None:
        """A contact waits."""
        self.index.wait(need.name, need.wanted, need.rank)

    def freed(self, agent: str) -> bool:
        """An agent is free: give them the best there is, if anything fits."""
        profile, keys = self.profiles[agent], [(0, self.world.now_us)]
        self.index.place(agent, profile, ROOM, keys)
        best = best_item(self.view, agent, self.world.now_us)
        if best is not None:
            self.index.unwait(best[1])
        self.index.place(agent, profile, 0, keys)
        return best is not None

    def arrived(self, need: Need) -> str | None:
        """A contact comes: give it the best agent, if anybody fits."""
        best = next(self.index.best_agents(need.wanted, self.order), None)
        if best is None:
            return None
        agent: str = best[-1]
        self.index.place(agent, self.profiles[agent], 0, [(1, self.world.now_us)])
        return agent

    def release(self, agent: str) -> None:
        """The agent is free again."""
        self.index.place(agent, self.profiles[agent], ROOM, [(0, self.world.now_us)])


class Offering(Bare):
    """The same with rows of agents and contacts, the plan's rules, and the offer with its reasons."""

    def __init__(self, world: World, is_busy: bool) -> None:
        super().__init__(world, is_busy)
        for agent, (teams, skills) in world.agents.items():
            bench = Bench(sorted(f"t{team}" for team in teams), skills, 100, takes_work=True)
            self.routing.benches[agent] = bench
            self.set_busy(agent, is_busy)

    def set_busy(self, agent: str, is_busy: bool) -> None:
        """Place an agent with something in hand, or with nothing."""
        bench = self.routing.benches[agent]
        bench.used_percent, bench.counts = (100, {"voice": 1}) if is_busy else (0, {})
        bench.idle_since_us = self.world.now_us
        self.routing.seat(agent, bench)

    def wait(self, need: Need) -> None:
        """A contact waits."""
        item = Item("cu1", "voice", f"q{need.team}", need.skills, start_us=need.at_us, state="WAITING")
        self.routing.items[need.name] = item
        self.routing.wait(need.name, item)

    def serve(self, offer: OfferMade) -> None:
        """A contact waits no longer, and its agent is busy."""
        self.index.unwait(offer.interaction)
        del self.routing.items[offer.interaction]
        self.set_busy(offer.agent, True)

    def freed(self, agent: str) -> bool:
        """An agent is free: offer them the best there is, if anything fits."""
        self.set_busy(agent, False)
        offer = next(offer_best_items(self.view, agent, self.world.now_us), None)
        if offer is None:
            self.set_busy(agent, True)
            return False
        self.serve(offer)
        return True

    def arrived(self, need: Need) -> str | None:
        """A contact comes and waits: offer it to the best agent, if anybody fits."""
        self.wait(need)
        offer = next(offer_best_agent(self.view, need.name, self.world.now_us), None)
        if offer is not None:
            self.serve(offer)
            return offer.agent
        self.index.unwait(need.name)
        del self.routing.items[need.name]
        return None

    def release(self, agent: str) -> None:
        """The agent is free again."""
        self.set_busy(agent, False)


def fits(teams: frozenset[int], skills: dict[str, int], need: Need) -> bool:
    """Whether an agent can serve a contact."""
    if need.team not in teams:
        return False
    for skill, level in need.skills.items():  # noqa: SIM110 - a generator would make the naive side slower than it need be
        if skills.get(skill, 0) < level:
            return False
    return True


class Naive:
    """One list of all who wait, in order; all agents are asked, or all contacts."""

    def __init__(self, world: World) -> None:
        self.agents = world.agents
        self.waiting = sorted(world.waiting)
        self.world = world
        self.idle_us = dict.fromkeys(world.agents, 0)

    def wait(self, need: Need) -> None:
        """A contact waits, in its place."""
        insort(self.waiting, need)

    def freed(self, agent: str) -> bool:
        """The first in the list who fits."""
        teams, skills = self.agents[agent]
        for place, need in enumerate(self.waiting):
            if fits(teams, skills, need):
                del self.waiting[place]
                return True
        return False

    def arrived(self, need: Need) -> str | None:
        """Of all who fit, the longest idle."""
        free = [agent for agent in self.idle_us if fits(*self.agents[agent], need)]
        if not free:
            return None
        agent = min(free, key=lambda agent: (self.idle_us[agent], agent))
        del self.idle_us[agent]
        return agent

    def release(self, agent: str) -> None:
        """The agent is free again."""
        self.idle_us[agent] = self.world.now_us


class Resorting(Naive):
    """As many write it: append, and sort before looking."""

    def wait(self, need: Need) -> None:
        """A contact waits, somewhere."""
        self.waiting.append(need)

    def freed(self, agent: str) -> bool:
        """Sorted anew by when they came, then the first who fits."""
        self.waiting = sorted(self.waiting, key=lambda need: (need.at_us, need.name))
        return super().freed(agent)


class ByRule(Naive):
    """As `Naive`, with the condition in the words of `rule-engine`: one rule per agent."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.rules: dict[str, rule_engine.Rule] = {}

    def freed(self, agent: str) -> bool:
        """The first in the list who matches the agent's rule."""
        rule = self.rules.get(agent)
        if rule is None:
            teams, skills = self.agents[agent]
            known = ", ".join(f'"{skill}"' for skill in skills)
            text = f"team in [{', '.join(map(str, teams))}] and (needed == '' or needed in [{known}])"
            rule = self.rules[agent] = rule_engine.Rule(text)
        for place, need in enumerate(self.waiting):
            # Levels are all 1 in what is needed, so that one name says it.
            if rule.matches({"team": need.team, "needed": next(iter(need.skills), "")}):
                del self.waiting[place]
                return True
        return False


Side = Callable[[int], float]
"""Does so many operations, and gives the rate per second."""


def freed(world: World, side: Bare | Naive) -> Side:
    """Agents become free one after the other, each in place of an arrival."""
    agents = list(world.agents)

    def rate(count: int) -> float:
        chosen = [(world.random.choice(agents), world.need()) for _ in range(count)]
        start = time.process_time()
        for agent, need in chosen:
            if side.freed(agent):
                side.wait(need)
        return count / (time.process_time() - start)

    return rate


def arrived(world: World, side: Bare | Naive) -> Side:
    """Contacts come one after the other while everybody is free; whoever takes one is free again at once."""

    def rate(count: int) -> float:
        needs = [world.need() for _ in range(count)]
        start = time.process_time()
        for need in needs:
            agent = side.arrived(need)
            if agent is not None:
                side.release(agent)
        return count / (time.process_time() - start)

    return rate


def in_turn(
    name: str, ours: tuple[Side, int], peer: tuple[Side, int], rounds: int, target: float | None, of: str
) -> Result:
    """Measure both, one after the other, `rounds` times."""
    sides = (*ours, []), (*peer, [])
    for side, count, _ in sides:
        side(max(2, count // 10))
    for number in range(rounds):
        for side, count, rates in sides if number % 2 == 0 else reversed(sides):
            rates.append(side(count))
    return run(Given(name, sides[0][2], sides[1][2], target, of), rounds)


def floor_rate(size: int) -> Side:
    """The heap's own rate."""
    once = heap_floor(size)
    return lambda _: 1 / once()


def results(rounds: int) -> list[Result]:
    """All rows."""
    found = []
    for agents, waiting, least, text in ((10_000, 100_000, 500.0, "10k / 100k"), (1_000, 10_000, 50.0, "1k / 10k")):
        starved = World(agents, waiting, 90)
        naive = freed(starved, Naive(starved)), 2_000_000 // waiting
        for router, target, what in ((Bare, least, ""), (Offering, None, ", offered")):
            ours = freed(starved, router(starved, True)), 10_000
            found.append(
                in_turn(f"freed, starved head, {text}{what}", ours, naive, rounds, target, f"naive sorted, {text}")
            )
    world = World(10_000, 100_000, 0)
    ours = freed(world, Bare(world, True)), 10_000
    found += [
        in_turn("freed, matches plentiful, 10k / 100k", ours, (freed(world, peer(world)), count), rounds, least, name)
        for peer, count, least, name in (
            (Naive, 5_000, 2.0, "naive sorted"),
            (Resorting, 20, 1_000.0, "re-sorted each time"),
            (ByRule, 500, None, "rule-engine"),
        )
    ]
    floor = floor_rate(100_000), 1
    found.append(in_turn("freed, against the heap of 100k", ours, floor, rounds, 1 / 8, "heap floor"))
    offering = freed(world, Offering(world, True)), 10_000
    found.append(in_turn("freed, against the heap of 100k, offered", offering, floor, rounds, None, "heap floor"))
    free = World(10_000, 0, 0)
    naive = arrived(free, Naive(free)), 200
    for router, target, what in ((Bare, 25.0, ""), (Offering, None, ", offered")):
        ours = arrived(free, router(free, False)), 5_000
        found.append(in_turn(f"arrived, 10k agents free{what}", ours, naive, rounds, target, "naive scan"))
    return found


if __name__ == "__main__":
    given = arguments("router alone, decisions").parse_args()
    sys.exit(report("router alone, decisions", results(given.rounds), as_json=given.json))
