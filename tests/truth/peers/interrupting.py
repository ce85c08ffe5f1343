"""Agents who are alike put one call aside for a more urgent one, and somebody goes on with it afterwards.

The first class is urgent. An agent who gets free takes whoever came first, and puts them aside at once if somebody
urgent waits. Put aside is the call that has been with its agent for longest.
"""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush

from tests.truth.peers.crowds import Call, calls_of, crowd_of, paths_of
from tests.truth.peers.paths import counted

from orchestra.simulation.books import Stretch
from orchestra.simulation.scenario import Scenario

__all__ = ["interrupting"]


class _Floor:
    """Who is served, and who waits."""

    def __init__(self, urgent: str, agents: int) -> None:
        self._urgent = urgent
        self._free = agents
        self._ends: list[tuple[int, int, int, Call]] = []
        self._others: dict[Call, None] = {}  # who is not urgent and is served, the longest first
        self._urgent_waiting: deque[Call] = deque()
        self._others_waiting: list[tuple[int, Call]] = []

    def come(self, call: Call) -> None:
        """A customer comes."""
        now = call.came
        self.pass_until(now + 1)
        if self._free:
            self._serve(call, now)
        elif call.kind != self._urgent:
            heappush(self._others_waiting, (call.order, call))
        elif self._others:
            self._put_aside(next(iter(self._others)), now)
            self._serve(call, now)
        else:
            self._urgent_waiting.append(call)

    def pass_until(self, end: int) -> None:
        """Let everything happen that is to happen before an instant."""
        while self._ends and self._ends[0][0] < end:
            now, _, version, call = heappop(self._ends)
            if call.version == version:
                call.ended = now
                self._others.pop(call, None)
                self._free += 1
                self._take_next(now)

    def _take_next(self, now: int) -> None:
        urgent, others = self._urgent_waiting, self._others_waiting
        if others and not (urgent and urgent[0].order < others[0][0]):
            call = heappop(others)[1]
            self._serve(call, now)
            if not urgent:
                return
            self._put_aside(call, now)
        if urgent:
            self._serve(urgent.popleft(), now)

    def _serve(self, call: Call, now: int) -> None:
        self._free -= 1
        if call.version:
            call.aside.append((call.since, now))
        else:
            call.began = now
        call.since = now
        call.version += 1
        if call.kind != self._urgent:
            self._others[call] = None
        heappush(self._ends, (now + round(call.work), call.order, call.version, call))

    def stop(self, end: int) -> None:
        """Whoever is put aside when the run ends has waited until then."""
        for _, call in self._others_waiting:
            if call.version:
                call.aside.append((call.since, end))

    def _put_aside(self, call: Call, now: int) -> None:
        self._free += 1
        call.work = max(0.0, call.work - (now - call.since))
        call.since = now
        call.version += 1
        del self._others[call]
        heappush(self._others_waiting, (call.order, call))


def interrupting(scenario: Scenario, seed: int, *, closely: bool = False) -> Stretch:
    """Two classes, of which the first is urgent, and one group."""
    crowd = crowd_of(scenario, seed)
    calls = calls_of(crowd)
    floor = _Floor(next(iter(scenario.classes)), sum(group.size for group in scenario.groups.values()))
    for call in calls:
        floor.come(call)
    floor.pass_until(crowd.span.end)
    floor.stop(crowd.span.end)
    paths, _ = paths_of(scenario, calls)
    return counted(scenario, crowd.span, paths, {}, closely=closely)
