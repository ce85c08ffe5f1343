"""Cost per operation as the work grows a hundredfold, by the growth of a bare heap of the same size in the same run.

Operations: a contact from arrival to closed with 100x the agents signed in, the cases open, or the contacts handled
before; with 100x the contacts waiting an arrival, a question for a place, and an agent who finishes and is given the
next; an arrival with 100x the profiles, nobody having the skills of another, by each kind of order; with 100x the
agents at work how long a plan change that moves them all keeps others waiting; with 100x the cases of an incident one
of them, from being linked and told until it is settled. Two sizes are measured in turn, in processor time; the quotient
must stay at or under 2.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import time
from collections import deque
from collections.abc import Callable

import attrs
from contacts import PLAN, SECOND_US, Desk, drive
from floor import heap_floor
from measure import arguments

from orchestra.engine.engine import Decided
from orchestra.model.commands import (
    AcceptOffer,
    ApproveIncidentText,
    CancelInteraction,
    ChangePlan,
    CloseIncident,
    DefineAgent,
    FinishInteraction,
    LinkMatching,
    OpenIncident,
    ReopenCase,
    SignIn,
)
from orchestra.model.events import OfferMade
from orchestra.model.plan import Plan

SMALL, LARGE = 1_000, 100_000
AGENTS_SMALL, AGENTS_LARGE = 100, 10_000
OPERATIONS = 200
LIMIT = 2.0

SKILLS = 20
PROFILES = """
workspace.default_queue = "care"
[teams.care]
[teams.sales]
[skills]
{skills}
[channels.chat]
live = true
weight_percent = 25
[queues.care]
team = "care"
also = {{ sales = {{ level = 2 }} }}
order = [{order}]
steps = [{{ prefer = {{ s0 = 2, s1 = 4, s2 = 3 }} }}]
"""
ORDERS = (
    '"busy", "idle"',
    '"level", "busy", "idle"',
    '"busy", "proficiency", "idle"',
    '"preferred", "busy", "idle"',
    '"busy", "random"',
)


def with_agents(size: int) -> Callable[[], float]:
    """A desk with that many idle agents; gives seconds per contact."""
    desk = Desk(agents=size)
    return _contacts(desk)


def with_profiles(order: str) -> Callable[[int], Callable[[], float]]:
    """A desk where everybody's teams and skills are their own, under an order; gives seconds per arrival."""

    def make(size: int) -> Callable[[], float]:
        desk, chance = Desk(agents=0), random.Random(7)
        plan = Plan.parse(PROFILES.format(order=order, skills="\n".join(f's{one} = "{one}"' for one in range(SKILLS))))
        desk.do(ChangePlan(plan, plan.digest(), "none", "none"))
        for number in range(size):
            skills = {f"s{one}": chance.randint(1, 5) for one in sorted(chance.sample(range(SKILLS), SKILLS // 2))}
            desk.do(DefineAgent(f"a{number}", chance.choice([["care"], ["sales"], ["care", "sales"]]), skills))
            desk.do(SignIn(f"a{number}"))
        count = [0]

        def run() -> float:
            spent = 0.0
            for _ in range(OPERATIONS):
                count[0] += 1
                asked = {f"s{chance.randrange(SKILLS)}": chance.randint(1, 3)}
                start = time.process_time()
                arrived = desk.arrive(count[0], skills=asked)
                spent += time.process_time() - start
                offer = next(event for event in arrived.events if isinstance(event, OfferMade))
                desk.do(AcceptOffer(offer.offer, offer.agent, offer.token))
                desk.do(FinishInteraction(offer.interaction, offer.agent))
            return spent / OPERATIONS

        return run

    return make


def with_waiting(size: int) -> Callable[[], float]:
    """A desk where that many wait and nobody works; gives seconds per arrival."""
    desk = Desk(agents=0)
    for number in range(size):
        desk.arrive(number)
    count = [10**9]

    def run() -> float:
        start = time.process_time()
        for _ in range(OPERATIONS):
            count[0] += 1
            desk.arrive(count[0])
        return (time.process_time() - start) / OPERATIONS

    return run


def with_places(size: int) -> Callable[[], float]:
    """A desk where that many wait; gives seconds per question for a place, the first one that anybody asks included."""
    desk = Desk(agents=0)
    for number in range(size):
        desk.arrive(number)
    routing = desk.engine.view.routing
    names = list(routing.items)[:: size // OPERATIONS]

    def run() -> float:
        routing.reindex()  # so that nobody has asked yet
        start = time.process_time()
        for name in names:
            routing.place(name)
        return (time.process_time() - start) / len(names)

    return run


def with_plan_change(size: int) -> Callable[[], float]:
    """A desk with that many agents; gives seconds of a change that moves them all, and of a slice of that, together."""
    desk = Desk(agents=size)
    plans = [
        attrs.evolve(PLAN, channels={"chat": attrs.evolve(PLAN.channels["chat"], weight_percent=percent)})
        for percent in (20, 30)
    ]

    def run() -> float:
        plans.reverse()
        start = time.process_time()
        desk.do(ChangePlan(plans[0], plans[0].digest(), "none", "none"))
        change, slices = time.process_time() - start, list[float]()
        while desk.engine.view.routing.to_seat:
            start = time.process_time()
            desk.engine.tick(desk.engine.due() or 0)
            slices.append(time.process_time() - start)
        desk.now_us += 10 * SECOND_US
        desk.let_time_pass()
        return change + statistics.mean(slices)

    return run


def with_backlog(size: int) -> Callable[[], float]:
    """A desk where that many wait and agents work; gives seconds per contact that is finished, taken, and arrives."""
    desk = Desk()
    taken: deque[OfferMade] = deque()

    def take(decided: Decided) -> None:
        for offer in [event for event in decided.events if isinstance(event, OfferMade)]:
            desk.do(AcceptOffer(offer.offer, offer.agent, offer.token))
            taken.append(offer)

    for number in range(size):
        take(desk.arrive(number))
    count = [10**9]

    def run() -> float:
        start = time.process_time()
        for _ in range(OPERATIONS):
            done = taken.popleft()
            take(desk.do(FinishInteraction(done.interaction, done.agent)))
            count[0] += 1
            take(desk.arrive(count[0]))
        return (time.process_time() - start) / OPERATIONS

    return run


def with_history(size: int) -> Callable[[], float]:
    """A desk that has handled that many; gives seconds per contact."""
    desk = Desk()
    for first in range(0, size, OPERATIONS):
        drive(desk, first, OPERATIONS)
    return _contacts(desk)


def with_open_cases(size: int) -> Callable[[], float]:
    """A desk with that many open cases of earlier contacts; gives seconds per contact."""
    desk = _open_cases(size)
    for number in range(10):
        desk.do(DefineAgent(f"a{number}", ["care"]))
        desk.do(SignIn(f"a{number}"))
    return _contacts(desk)


def with_incident(size: int) -> Callable[[], float]:
    """A desk with that many open cases of one cause; gives seconds per case that is linked, told and settled."""
    desk = _open_cases(size, "outage")
    cases = list(desk.engine.view.cases.cases)

    def walk(incident: str) -> None:
        while desk.engine.view.incidents.incidents[incident].past:
            desk.now_us += 1_000
            desk.let_time_pass()

    def run() -> float:
        start = time.process_time()
        incident = desk.do(OpenIncident("No light in the north", "We are at work on it.", ["outage"])).result
        desk.do(ApproveIncidentText(incident, 1, actor="operator:bench"))
        desk.do(LinkMatching(incident))
        walk(incident)
        desk.do(CloseIncident(incident, "repaired"))
        walk(incident)
        spent = time.process_time() - start
        assert desk.engine.view.incidents.incidents[incident].settled == size
        for case in cases:
            desk.do(ReopenCase(case, "the next round"))
        return spent / size

    return run


def _open_cases(size: int, topic: str | None = None) -> Desk:
    desk = Desk(agents=0)
    for number in range(size):
        desk.arrive(number, topic)
    for name in list(desk.engine.view.routing.items):
        desk.do(CancelInteraction(name, "bench"))
    return desk


def _contacts(desk: Desk) -> Callable[[], float]:
    number = [10**9]

    def run() -> float:
        start = time.process_time()
        drive(desk, number[0], OPERATIONS)
        number[0] += OPERATIONS
        return (time.process_time() - start) / OPERATIONS

    return run


def growth(make: Callable[[int], Callable[[], float]], small: int, large: int, rounds: int) -> list[float]:
    """The larger's seconds by the smaller's, round by round."""
    sides = make(small), make(large)
    for side in sides:
        side()
    return [1 / (sides[0]() / sides[1]()) for _ in range(rounds)]


CASES = (
    ("agents signed in", with_agents, AGENTS_SMALL, AGENTS_LARGE),
    *((f"profiles, by {order}", with_profiles(order), AGENTS_SMALL, AGENTS_LARGE) for order in ORDERS),
    ("contacts waiting", with_waiting, SMALL, LARGE),
    ("contacts waiting, places asked", with_places, SMALL, LARGE),
    ("agents moved by a plan change", with_plan_change, AGENTS_SMALL, AGENTS_LARGE),
    ("contacts waiting, agents at work", with_backlog, SMALL, LARGE),
    ("cases open", with_open_cases, SMALL, LARGE),
    ("contacts handled before", with_history, SMALL, LARGE),
    ("cases of an incident", with_incident, SMALL, LARGE),
)


def main() -> int:
    """Measure all and print."""
    given = arguments("growth a hundredfold").parse_args()
    results = []
    for name, make, small, large in CASES:
        floor = growth(heap_floor, small, large, given.rounds)
        ours = growth(make, small, large, given.rounds)
        quotient = statistics.median(ours) / statistics.median(floor)
        results.append((name, ours, floor, quotient))
    if given.json:
        rows = [{"name": n, "ours": o, "floor": f, "quotient": q, "passed": q <= LIMIT} for n, o, f, q in results]
        print(json.dumps({"benchmark": "growth", "results": rows}, indent=1))
    else:
        for name, ours, floor, quotient in results:
            print(f"{name}: grows {_spread(ours)}, heap {_spread(floor)}, quotient {quotient:.2f} (limit {LIMIT:g})")
    return 0 if all(quotient <= LIMIT for *_, quotient in results) else 1


def _spread(ratios: list[float]) -> str:
    return f"{min(ratios):.2f} / {statistics.median(ratios):.2f} / {max(ratios):.2f}"


if __name__ == "__main__":
    sys.exit(main())
