"""As many lines as agents: who finds all busy tries again after a while, as often as it takes."""

from __future__ import annotations

from heapq import heappop, heappush

from tests.truth.peers.crowds import crowd_of
from tests.truth.peers.paths import Path, counted

from orchestra.simulation.books import Stretch
from orchestra.simulation.customers import Customer, Source
from orchestra.simulation.scenario import Scenario
from orchestra.simulation.tally import Counter

__all__ = ["retrying"]


def retrying(scenario: Scenario, seed: int, *, closely: bool = False) -> Stretch:
    """One class that never waits, and never gives up."""
    ((name, one),) = scenario.classes.items()
    crowd, path = crowd_of(scenario, seed), Path()
    source = Source(name, 0, one, seed, Counter(0, ()))
    tries = [(came, place, source.next()) for place, came in enumerate(crowd.came[name])]  # sorted, so it is a heap
    order, busy = len(tries), list[int]()
    while tries and tries[0][0] < crowd.span.end:
        now, _, customer = heappop(tries)
        while busy and busy[0] <= now:
            heappop(busy)
        if customer.tries:
            path.again.append(now)
        if len(busy) < (scenario.lines or 0):
            _serve(path, customer, now)
            heappush(busy, path.ended[-1])
            continue
        (path.again_refused if customer.tries else path.refused).append(now)
        after = source.retry_us(customer, "blocked")
        assert after is not None
        path.away.append((now, now + after))
        customer.tries += 1
        order += 1
        heappush(tries, (now + after, order, customer))
    return counted(scenario, crowd.span, {name: path}, {}, closely=closely)


def _serve(path: Path, customer: Customer, now: int) -> None:
    path.came.append(now)
    path.began.append(now)
    path.ended.append(now + round(customer.work_us))
