"""Agents with several customers at once, each of whom takes the longer, the more of them there are."""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush

import attrs
from tests.truth.peers.crowds import Call, calls_of, crowd_of, paths_of
from tests.truth.peers.paths import NEVER, counted

from orchestra.simulation.books import Stretch
from orchestra.simulation.laws import Speeds
from orchestra.simulation.scenario import Scenario

__all__ = ["slowed"]


@attrs.define(eq=False)
class _Agent:
    """One agent: whom they have, and since when these have been the same."""

    number: int
    calls: list[Call] = attrs.field(factory=list)
    since: int = 0
    busy_since: int = 0


class _Floor:
    """Whom the agents have, and who waits."""

    def __init__(self, agents: int, at_once: int, speeds: Speeds) -> None:
        self._agents = [_Agent(number) for number in range(agents)]
        self._at_once = at_once
        self._speeds = speeds
        self._ends: list[tuple[int, int, int, Call, _Agent]] = []
        self._waiting: deque[Call] = deque()
        self.busy: list[tuple[int, int]] = []

    def come(self, call: Call) -> None:
        """A customer comes: whoever has least takes them, and of several whose work has not changed for longest."""
        self.pass_until(call.came + 1)
        able = [agent for agent in self._agents if len(agent.calls) < self._at_once]
        if able:
            self._take(min(able, key=lambda one: (len(one.calls), one.since, one.number)), call, call.came)
        else:
            self._waiting.append(call)

    def pass_until(self, end: int) -> None:
        """Let everything happen that is to happen before an instant."""
        while self._ends and self._ends[0][0] < end:
            now, _, version, call, agent = heappop(self._ends)
            if call.version != version:
                continue
            call.ended = agent.since = now
            agent.calls.remove(call)
            if not agent.calls:
                self.busy.append((agent.busy_since, now))
            self._pace(agent, now)
            if self._waiting:
                self._take(agent, self._waiting.popleft(), now)

    def close(self) -> None:
        """The run is over: who is busy is busy."""
        self.busy.extend((agent.busy_since, NEVER) for agent in self._agents if agent.calls)

    def _take(self, agent: _Agent, call: Call, now: int) -> None:
        if not agent.calls:
            agent.busy_since = now
        call.began = call.since = agent.since = now
        call.pace = 0.0
        agent.calls.append(call)
        self._pace(agent, now)

    def _pace(self, agent: _Agent, now: int) -> None:
        """What is left of each service goes on at the speed that now holds."""
        pace = self._speeds.at(max(1, len(agent.calls)))
        for call in agent.calls:
            if call.pace != pace:
                call.work = max(0.0, call.work - (now - call.since) * call.pace)
                call.since, call.pace = now, pace
                call.version += 1
                heappush(self._ends, (now + round(call.work / pace), call.order, call.version, call, agent))


def slowed(scenario: Scenario, seed: int, *, closely: bool = False) -> Stretch:
    """One class and one group."""
    (one,) = scenario.classes.values()
    ((group, crew),) = scenario.groups.items()
    crowd, speeds = crowd_of(scenario, seed), Speeds.of(one.service)
    assert speeds is not None
    floor = _Floor(crew.size, 100 // scenario.plan.channels[one.channel].weight_percent, speeds)
    calls = calls_of(crowd)
    for call in calls:
        call.group = group
        floor.come(call)
    floor.pass_until(crowd.span.end)
    floor.close()
    paths, crews = paths_of(scenario, calls)
    crews[group].busy = floor.busy
    return counted(scenario, crowd.span, paths, crews, closely=closely)
