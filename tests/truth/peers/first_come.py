"""First come, first served, by agents who are all alike: M/G/c, with patience or a limit of lines if there is one.

Source: J. Kiefer and J. Wolfowitz, On the theory of queues with many servers, Transactions of the American Mathematical
Society 78 (1955): all that the next customer meets is when each agent will be free.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from heapq import heapreplace

from tests.truth.peers.crowds import crowd_of
from tests.truth.peers.paths import Path, counted

from orchestra.simulation.books import Stretch
from orchestra.simulation.scenario import Scenario

__all__ = ["first_come"]


def first_come(scenario: Scenario, seed: int, *, closely: bool = False) -> Stretch:
    """One class of customers, served in the order in which they came."""
    ((name, one),) = scenario.classes.items()
    crowd, path = crowd_of(scenario, seed), Path()
    at_once = 100 // scenario.plan.channels[one.channel].weight_percent
    free = [0] * (at_once * sum(group.size for group in scenario.groups.values()))
    works = map(round, crowd.draw(name, "service"))
    if scenario.lines is not None:
        _with_lines(path, crowd.came[name], works, free, scenario.lines)
    elif one.patience is not None:
        _with_patience(path, crowd.came[name], works, free, map(round, crowd.draw(name, "patience")))
    else:
        _plain(path, crowd.came[name], works, free)
    return counted(scenario, crowd.span, {name: path}, {}, closely=closely)


def _plain(path: Path, came: list[int], works: Iterable[int], free: list[int]) -> None:
    """Everybody is served by the agent who is free first."""
    path.came = came
    for at, work in zip(came, works, strict=True):
        begins = max(at, free[0])
        ends = begins + work
        heapreplace(free, ends)
        path.began.append(begins)
        path.ended.append(ends)


def _with_patience(
    path: Path, came: list[int], works: Iterable[int], free: list[int], patiences: Iterable[int]
) -> None:
    """Who would have to wait longer than they have patience leaves, and takes nobody's time."""
    for at, work, patience in zip(came, works, patiences, strict=True):
        begins = max(at, free[0])
        if begins - at > patience:
            path.lost.append((at, at + patience))
            continue
        heapreplace(free, begins + work)
        path.came.append(at)
        path.began.append(begins)
        path.ended.append(begins + work)


def _with_lines(path: Path, came: list[int], works: Iterable[int], free: list[int], lines: int) -> None:
    """Who finds all lines taken, by those who are served and those who wait, hears busy."""
    waiting: deque[int] = deque()  # when they will be served
    places = lines - len(free)
    for at, work in zip(came, works, strict=True):
        while waiting and waiting[0] <= at:
            waiting.popleft()
        if free[0] > at and len(waiting) >= places:
            path.refused.append(at)
            continue
        begins = max(at, free[0])
        ends = begins + work
        heapreplace(free, ends)
        if begins > at:
            waiting.append(begins)
        path.came.append(at)
        path.began.append(begins)
        path.ended.append(ends)
