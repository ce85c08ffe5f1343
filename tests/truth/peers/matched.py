"""Agents who differ and customers who differ: priorities, ageing, skills, speeds, orders of agents.

Nobody waits while somebody is free who can serve them. Who comes is served by the first in order of those who are free;
an agent who gets free serves the most urgent of those whom they can serve. Nobody is put aside, nobody leaves.
"""

from __future__ import annotations

import hashlib
from collections import deque
from heapq import heappop, heappush

import attrs
from tests.truth.peers.crowds import Call, calls_of, crowd_of, paths_of
from tests.truth.peers.paths import counted

from orchestra.simulation.books import Stretch
from orchestra.simulation.scenario import Scenario

__all__ = ["matched"]

_MINUTE_US = 60_000_000


@attrs.define(eq=False)
class _Agent:
    """One agent: whom they can serve, how fast, at which level, and since when they have been free or not."""

    name: str
    group: str
    kinds: frozenset[str]
    speed: float
    level: int
    since: int = 0


class _Floor:
    """Who is free, and who waits."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._waiting: dict[str, deque[Call]] = {name: deque() for name in scenario.classes}
        self._served = 0
        self._present = 0
        self._ends: list[tuple[int, int, _Agent]] = []
        self.refused: list[Call] = []
        first = next(iter(scenario.classes.values()))
        queue = scenario.plan.queues[first.queue or "care"]
        self._order = queue.order
        self._urgency = {}
        for name, one in scenario.classes.items():
            ageing = scenario.plan.queues[one.queue or "care"].ageing_percent
            self._urgency[name] = ageing, one.priority * _MINUTE_US * 100
        self._free = [
            _Agent(
                f"{name}-{number}",
                name,
                frozenset(kind for kind, one in scenario.classes.items() if one.skills.keys() <= group.skills.keys()),
                group.speed,
                min([queue.also[team].level for team in group.teams if team in queue.also], default=1),
            )
            for name, group in scenario.groups.items()
            for number in range(1, group.agents + 1)
        ]

    def come(self, call: Call) -> None:
        """A customer comes."""
        self.pass_until(call.came + 1)
        if self._scenario.lines is not None and self._present >= self._scenario.lines:
            self.refused.append(call)
            return
        self._present += 1
        able = [agent for agent in self._free if call.kind in agent.kinds]
        if not able:
            self._waiting[call.kind].append(call)
        elif self._order == ("random",):
            able.sort(key=lambda agent: agent.name)
            self._serve(able[self._drawn(len(able), call)], call, call.came)
        else:
            self._serve(min(able, key=lambda agent: (agent.level, agent.since, agent.name)), call, call.came)

    def pass_until(self, end: int) -> None:
        """Let everything happen that is to happen before an instant."""
        while self._ends and self._ends[0][0] < end:
            now, _, agent = heappop(self._ends)
            self._present -= 1
            agent.since = now
            self._free.append(agent)
            heads = [calls[0] for kind, calls in self._waiting.items() if calls and kind in agent.kinds]
            if heads:
                call = min(heads, key=lambda call: self._rank(call, now))
                self._waiting[call.kind].popleft()
                self._serve(agent, call, now)

    def _serve(self, agent: _Agent, call: Call, now: int) -> None:
        self._free.remove(agent)
        self._served += 1
        call.began, call.ended, call.group = now, now + round(call.work / agent.speed), agent.group
        heappush(self._ends, (call.ended, self._served, agent))

    def _rank(self, call: Call, now: int) -> tuple[int, int]:
        """Least first: by how long they have waited, times how fast that counts, and minutes that they are worth."""
        ageing, priority = self._urgency[call.kind]
        return -(now - call.came) * ageing - priority, call.order

    def _drawn(self, below: int, call: Call) -> int:
        """The engine's own first draw for this customer and the next offer, so that both choose alike."""
        ids = "agent", f"in{call.order}", self._served + 1, 0
        text = "\x1f".join(map(str, (self._scenario.plan.workspace.seed, *ids)))
        return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest()) % below


def matched(scenario: Scenario, seed: int, *, closely: bool = False) -> Stretch:
    """Several classes or groups."""
    crowd, floor = crowd_of(scenario, seed), _Floor(scenario)
    calls = calls_of(crowd)
    for call in calls:
        floor.come(call)
    floor.pass_until(crowd.span.end)
    refused = set(floor.refused)
    paths, crews = paths_of(scenario, [call for call in calls if call not in refused])
    for call in floor.refused:
        paths[call.kind].refused.append(call.came)
    for crew in crews.values():
        crew.busy = list(zip(crew.path.began, crew.path.ended, strict=True))
    return counted(scenario, crowd.span, paths, crews, closely=closely)
