"""The limits that others publish, in one process: 7,500 agents signed in, 500,000 contacts queued, 5,000 queues.

Through the whole engine, every section on: contacts arrive and wait, all agents have one in hand; then agents finish,
are offered the next and accept it, and others arrive. Reported are the memory of the process and of each contact that
waits, and what such a round costs, in processor time, against a hundredth of it all, divided by how a bare heap's cost
grows in the same run. For orientation: how long a change of plan that moves all agents keeps others waiting, its slices
included, and what the first question for a place costs.
"""

from __future__ import annotations

import gc
import json
import statistics
import sys
import time
from collections import deque

import attrs
from floor import heap_floor
from measure import arguments
from memory import peak_mib

from orchestra.engine.engine import Decided, Engine
from orchestra.model import commands as c
from orchestra.model.addresses import Address
from orchestra.model.events import OfferMade
from orchestra.model.plan import Plan

AGENTS, QUEUED, QUEUES = 7_500, 500_000, 5_000
HUNDREDTH = 100
SKILLS = 4
OPERATIONS = 1_000
LIMIT_MIB, LIMIT_GROWTH = 4096, 2.0


def plan(queues: int) -> Plan:
    """So many queues, a team each."""
    teams = "".join(f"[teams.t{number}]\n" for number in range(queues))
    of_teams = "".join(f'[queues.q{number}]\nteam = "t{number}"\n' for number in range(queues))
    skills = "".join(f's{number} = "skill {number}"\n' for number in range(SKILLS))
    return Plan.parse(
        f'workspace.default_queue = "q0"\n[channels.voice]\nlive = true\n{teams}{of_teams}[skills]\n{skills}'
    )


class Centre:
    """An engine with its agents in several teams each, and its contacts spread evenly over the queues."""

    def __init__(self, agents: int, queued: int, queues: int) -> None:
        self.engine, self.now_us, self.queues = Engine(), 1_800_000_000_000_000, queues
        self.ringing: list[OfferMade] = []
        self.in_hand: deque[OfferMade] = deque()
        self.came = 0
        definition = plan(queues)
        self.do(c.ChangePlan(definition, definition.digest(), "none", "none"))
        for number in range(agents):
            # In as many teams as it takes to have every queue served by about fifteen.
            teams = sorted({f"t{(number * 10 + more * 7) % queues}" for more in range(10)})
            self.do(
                c.DefineAgent(
                    f"a{number}", teams, {f"s{number % SKILLS}": 2, f"s{(number + 1 + number // 4 % 3) % SKILLS}": 1}
                )
            )
            self.do(c.SignIn(f"a{number}"))
        self.before_mib = peak_mib()
        while self.came < queued + agents:
            self.arrive()

    def do(self, command: c.Command) -> Decided:
        """Let 1 ms pass, then decide; the offers that come of it ring."""
        engine = self.engine
        self.now_us += 1000
        while (due_us := engine.due()) is not None and due_us <= self.now_us:
            self._note(engine.tick(self.now_us))
        return self._note(engine.execute(command, self.now_us))

    def _note(self, decided: Decided) -> Decided:
        self.ringing.extend(event for event in decided.events if isinstance(event, OfferMade))
        return decided

    def work(self, command: c.Command) -> None:
        """Decide, and accept what is offered then."""
        self.do(command)
        while self.ringing:
            offer = self.ringing.pop()
            self.in_hand.append(offer)
            self.do(c.AcceptOffer(offer.offer, offer.agent, offer.token))

    def arrive(self) -> None:
        """A new customer calls; every second needs a skill."""
        self.came += 1
        number = self.came
        skills = {f"s{number // 2 % SKILLS}": 1} if number % 2 else {}
        sender = Address("phone", f"{number:032x}")
        self.work(
            c.ReceiveContact("voice", "main", f"c{number}", sender, queue=f"q{number % self.queues}", skills=skills)
        )

    def rounds(self) -> float:
        """Who has had one longest finishes it and accepts the next, and another arrives; gives seconds of each."""
        gc.collect()
        start = time.process_time()
        for _ in range(OPERATIONS):
            done = self.in_hand.popleft()
            self.work(c.FinishInteraction(done.interaction, done.agent))
            self.arrive()
        return (time.process_time() - start) / OPERATIONS

    def change(self) -> tuple[float, float]:
        """Another plan moves all agents; gives seconds of the change itself, and of the longest step after it."""
        before = self.engine.view.plan
        voice = attrs.evolve(before.channels["voice"], limit=2)
        definition, steps = attrs.evolve(before, channels={"voice": voice}), list[float]()
        gc.collect()
        start = time.process_time()
        self.do(c.ChangePlan(definition, definition.digest(), "none", "none"))
        change = time.process_time() - start
        while self.engine.view.routing.to_seat:
            start = time.process_time()
            self.now_us = self.engine.due() or 0
            self._note(self.engine.tick(self.now_us))
            steps.append(time.process_time() - start)
        return change, max(steps)

    def place(self) -> float:
        """Somebody asks for a place in a queue; gives seconds."""
        name = next(name for name, item in self.engine.view.routing.items.items() if item.state == "WAITING")
        start = time.process_time()
        self.engine.view.routing.place(name)
        return time.process_time() - start


def main() -> int:
    """Measure and print."""
    parser = arguments("the published limits in one process")
    parser.add_argument("--queued", type=int, default=QUEUED, help="contacts; agents and queues are scaled with it")
    given = parser.parse_args()
    sizes = [[size * given.queued // QUEUED for size in (AGENTS, QUEUED, QUEUES)]]
    sizes.append([size // HUNDREDTH for size in sizes[0]])
    large, small = (Centre(*size) for size in sizes)
    item_kib = (peak_mib() - large.before_mib) * 1024 / sizes[0][1]
    queued, served = large.engine.view.routing.index.waiting, len(large.in_hand)
    floors = [heap_floor(size[1]) for size in sizes]
    for warm in (large.rounds, small.rounds, *floors):
        warm()
    taken = [(large.rounds(), small.rounds(), floors[0](), floors[1]()) for _ in range(given.rounds)]
    ours, floor = [one[0] / one[1] for one in taken], [one[2] / one[3] for one in taken]
    quotient, mib = statistics.median(ours) / statistics.median(floor), peak_mib()
    passed = quotient <= LIMIT_GROWTH and mib <= LIMIT_MIB
    row = {"queued": queued, "served": served, "sizes": sizes[0], "ours": ours, "floor": floor, "quotient": quotient}
    place = large.place()
    row |= {"place_seconds": place, "change_seconds": large.change()}
    row |= {"seconds": [one[0] for one in taken], "peak_mib": mib, "item_kib": item_kib, "passed": passed}
    if given.json:
        print(json.dumps({"benchmark": "scale", "results": [row]}, indent=1))
    else:
        agents, _, queues = sizes[0]
        print(f"{agents:,} agents, {queued:,} queued and {served:,} served, {queues:,} queues in one process")
        print(f"  memory: {mib:,.0f} MiB (limit {LIMIT_MIB:,}), {item_kib:.1f} KiB for each contact that waits")
        print(f"  a round costs {_spread(ours)} times a hundredth's, a heap's {_spread(floor)}", end="")
        print(f", quotient {quotient:.2f} (limit {LIMIT_GROWTH:g})")
        change, longest = (1_000 * seconds for seconds in row["change_seconds"])
        print(f"  a plan that moves all agents takes {change:.1f} ms, and then {longest:.1f} ms at once at most")
        print(f"  the first question for a place takes {1_000 * place:.2f} ms")
    return 0 if passed else 1


def _spread(ratios: list[float]) -> str:
    return f"{min(ratios):.2f} / {statistics.median(ratios):.2f} / {max(ratios):.2f}"


if __name__ == "__main__":
    sys.exit(main())
