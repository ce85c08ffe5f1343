"""Notices by the million, and a burst of them beside people at work.

In the engine: a hundred thousand open cases with heartbeats and ten planned notices each, in one process, whose memory
is told; planning one, cancelling one and telling a fact, which moves a heartbeat, in processor time, against a
hundredth of it all, by how a bare heap's cost grows in the same run. The quotient must stay at or under 2.

In a workspace on SQLite: ten thousand notices are due at one instant, and leave as fast as their account's rate lets
them. How long an accept takes meanwhile against before: the quotient of both 95th percentiles must stay at or under 2.
"""

from __future__ import annotations

import gc
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
from floor import heap_floor
from growth import growth
from measure import arguments
from memory import peak_mib

from orchestra.channels.account import Account
from orchestra.channels.loopback import LoopbackAdapter
from orchestra.channels.loopback.transport import LoopbackProvider, LoopbackTransport
from orchestra.channels.wire import StepResult, WireStep
from orchestra.engine.engine import Decided, Engine
from orchestra.model import commands as c
from orchestra.model.addresses import Address, Handle
from orchestra.model.command import Command
from orchestra.model.message import Message
from orchestra.model.plan import Plan
from orchestra.runtime.lines import Line
from orchestra.runtime.sessions import AgentSession
from orchestra.runtime.workspace import Workspace

CASES, PER_CASE, HUNDREDTH = 100_000, 10, 100
BURST, RATE, CALLERS = 10_000, 500, 64
OPERATIONS = 200
LIMIT = 2.0
DAY_US = 86_400_000_000

ORDERS = Plan.parse("""
[workspace]
default_queue = "care"
[teams.care]
[queues.care]
team = "care"
[channels.chat]
[notices.topics.welcome]
[notices.topics.still]
[notices.topics.stage]
text = "It is $stage."
facts = { stage = "text" }
[templates.welcome]
facts = { number = "number", due = "instant", update_by = "instant" }
languages.en.text = "Your order $number is there by $due; you hear from us by $update_by."
[templates.still]
facts = { update_by = "instant" }
languages.en.text = "Your order goes on; you hear from us by $update_by."
[case_types.order]
topics = ["order"]
tells = { update = "still" }
stages = [
    { name = "received", normal = "24h", max_silence = "24h", promise = "welcome" },
    { name = "ready" },
]
""")

DESK = Plan.parse(f"""
[workspace]
default_queue = "care"
[teams.care]
[teams.nobody]
[queues.care]
team = "care"
[queues.letters]
team = "nobody"
[channels.web]
live = true
weight_percent = 100
[channels.mail]
queue = "letters"
rate = {{ count = {RATE}, per = "1s" }}
[notices.topics.news]
text = "It is there."
never_held = true
""")
MAIL = Account(route_key="r-bench", channel="loopback", id="bench", secrets={"signing": ("s" * 20,)})


class Orders:
    """An engine with open cases, each with its heartbeat and its planned notices."""

    def __init__(self, cases: int) -> None:
        self.engine, self.now_us, self.cases = Engine(), 1_800_000_000_000_000, list[str]()
        self.do(c.ChangePlan(ORDERS, ORDERS.digest(), "none", "none"))
        self.later_us = self.now_us + 30 * DAY_US
        for number in range(cases):
            sender = Address("handle", f"{number:032x}")
            received = c.ReceiveMessage("chat", "main", f"m{number}", sender, topic="order", text="One, please.")
            got = self.do(received).result
            self.do(c.CancelInteraction(got.interaction, "bench"))
            self.cases.append(got.case.id)
            for more in range(PER_CASE):
                self.plan(f"k{number}-{more}", got.case.id)

    def do(self, command: Command) -> Decided:
        """Let 1 us pass, so that nothing planned is due meanwhile, then decide."""
        self.now_us += 1
        while (due := self.engine.due()) is not None and due <= self.now_us:
            self.engine.tick(self.now_us)
        return self.engine.execute(command, self.now_us)

    def plan(self, key: str, case: str) -> str:
        """Plan a notice for later; gives its id."""
        times = {"not_before_us": self.later_us, "expires_us": self.later_us + DAY_US}
        name: str = self.do(c.PlanNotice(key, "stage", case, facts={"stage": key}, **times)).result
        return name


def _timed(commands: list[Command], orders: Orders) -> tuple[float, list[Decided]]:
    start = time.process_time()
    decided = [orders.do(command) for command in commands]
    return (time.process_time() - start) / len(commands), decided


def operations(orders: Orders) -> dict[str, Callable[[], float]]:
    """Name -> what gives seconds per operation; each leaves as much behind as it found."""
    count = [0]

    def planning() -> tuple[float, list[str]]:
        count[0] += OPERATIONS
        cases = [orders.cases[number * 7919 % len(orders.cases)] for number in range(count[0], count[0] + OPERATIONS)]
        times = {"not_before_us": orders.later_us, "expires_us": orders.later_us + DAY_US}
        commands: list[Command] = [
            c.PlanNotice(f"b{count[0]}-{place}", "stage", case, facts={"stage": f"b{count[0]}-{place}"}, **times)
            for place, case in enumerate(cases)
        ]
        seconds, decided = _timed(commands, orders)
        return seconds, [one.result for one in decided]

    def plan() -> float:
        seconds, names = planning()
        _timed([c.CancelNotice(name, "bench") for name in names], orders)
        return seconds

    def cancel() -> float:
        _, names = planning()
        return _timed([c.CancelNotice(name, "bench") for name in names], orders)[0]

    def tell() -> float:
        count[0] += OPERATIONS
        cases = [orders.cases[number * 7919 % len(orders.cases)] for number in range(count[0], count[0] + OPERATIONS)]
        return _timed([c.TellFact(case, "stage", f"said {count[0]}") for case in cases], orders)[0]

    return {"planning a notice": plan, "cancelling a notice": cancel, "telling a fact": tell}


def measured_growth(cases: int, rounds: int) -> tuple[list[tuple[str, list[float], list[float]]], float]:
    """Each operation with how it grows and how the floor does; and the memory of the process with the large side."""
    before = peak_mib()
    large = operations(Orders(cases))
    memory = peak_mib() - before
    small = operations(Orders(max(1, cases // HUNDREDTH)))
    gc.collect()
    gc.freeze()
    sizes = max(1, cases * PER_CASE // HUNDREDTH), cases * PER_CASE
    found = []
    for name in large:
        floor = growth(heap_floor, *sizes, rounds)
        small[name](), large[name]()
        found.append((name, [large[name]() / small[name]() for _ in range(rounds)], floor))
    return found, memory


class Watched(LoopbackTransport):
    """The account's transport, which tells when the first and the last step left."""

    def __init__(self, provider: LoopbackProvider) -> None:
        super().__init__(provider)
        self.first = self.last = 0.0

    async def perform(self, step: WireStep) -> StepResult:
        """Carry it out, and remember when."""
        self.last = time.perf_counter()
        self.first = self.first or self.last
        return await super().perform(step)


async def _each(count: int, do: Callable[[int], object]) -> None:
    """Do something so many times, by several callers at once."""

    async def caller(own: int) -> None:
        for number in range(own, count, CALLERS):
            await do(number)  # type: ignore[misc]

    async with anyio.create_task_group() as callers:
        for own in range(CALLERS):
            callers.start_soon(caller, own)


async def _accepts(workspace: Workspace, ana: AgentSession, until: Callable[[], bool], name: str) -> list[float]:
    """How long each accept took, one after the other, until something is so."""
    took: list[float] = []
    while not until():
        who = f"{name}-{len(took)}"
        await workspace.receive(Message("web", id=who, sender=Handle(who), text="Hello?"))
        offer = await ana.next_offer()
        start = time.perf_counter()
        contact = await offer.accept()
        took.append(time.perf_counter() - start)
        await contact.finish()
        await anyio.sleep(0.005)
    return took


async def burst(path: Path, count: int) -> tuple[list[float], list[float], float]:
    """How long accepts take before the burst, and during it; and how long that lasts, seconds."""
    provider = LoopbackProvider(MAIL)
    transport = Watched(provider)
    line = Line("mail", LoopbackAdapter(), MAIL, transport)
    async with Workspace.open(DESK, f"sqlite:{path}", channels=[line]) as workspace:
        await workspace.execute(c.DefineAgent("ana", ["care"]))
        customers: dict[int, str] = {}

        async def write(number: int) -> None:
            sender = Handle(f"c{number}", kind="loopback")
            letter = Message("mail", id=f"l{number}", sender=sender, thread=f"t{number}", text="Tell me.")
            got = await workspace.receive(letter)
            await workspace.execute(c.CancelInteraction(got.interaction, "bench"))
            customers[number] = got.customer

        async def plan(number: int) -> None:
            await workspace.plan_notice(f"n{number}", "news", customer=customers[number], not_before=due)

        await _each(count, write)
        due = datetime.now(UTC) + timedelta(seconds=10 + count / 200)
        await _each(count, plan)
        quiet_for = (due - datetime.now(UTC)).total_seconds()
        assert quiet_for > 2, "planning took so long that nothing was quiet"
        begins, ana = time.perf_counter() + quiet_for, await workspace.sign_in("ana")
        quiet = await _accepts(workspace, ana, lambda: time.perf_counter() > begins - 1, "quiet")
        await anyio.sleep(max(0, begins - time.perf_counter()))
        transport.first = 0.0
        ends = begins + 60 + count / 10  # a machine that is busy with other things carries few a second
        loud = await _accepts(
            workspace, ana, lambda: len(provider.delivered) >= count or time.perf_counter() > ends, "loud"
        )
        assert len(provider.delivered) >= count, f"{len(provider.delivered)} of {count} have left"
        return quiet, loud, transport.last - transport.first


def p95(values: list[float]) -> float:
    """What 95 of a hundred do not exceed."""
    return sorted(values)[max(0, -(-len(values) * 95 // 100) - 1)]


def measured_burst(count: int, rounds: int) -> list[tuple[float, float, float]]:
    """The 95th percentiles before and during each burst, and how long it lasted; seconds."""
    found = []
    with tempfile.TemporaryDirectory(prefix="notices-bench-") as folder:
        for number in range(rounds):
            quiet, loud, lasted = anyio.run(burst, Path(folder, f"{number}.db"), count)
            assert lasted > 0.8 * (count - 2 * RATE) / RATE, f"it was not spread: all left within {lasted:.1f} s"
            found.append((p95(quiet), p95(loud), lasted))
    return found


def _spread(values: list[float]) -> str:
    return f"{min(values):.2f} / {statistics.median(values):.2f} / {max(values):.2f}"


def main() -> int:
    """Measure all and print."""
    parser = arguments("notices by the million")
    parser.add_argument("--cases", type=int, default=CASES, help=f"open cases, with {PER_CASE} notices each")
    parser.add_argument("--burst", type=int, default=BURST, help="notices that are due at once")
    parser.add_argument("--bursts", type=int, default=3, help="how often that is measured")
    given = parser.parse_args()
    bursts = measured_burst(given.burst, given.bursts)
    quotient = statistics.median(loud / quiet for quiet, loud, _ in bursts)
    grown, memory = measured_growth(given.cases, given.rounds)
    quotients = {name: statistics.median(ours) / statistics.median(floor) for name, ours, floor in grown}
    passed = quotient <= LIMIT and all(one <= LIMIT for one in quotients.values())
    if given.json:
        rows = [{"name": n, "ours": o, "floor": f, "quotient": quotients[n]} for n, o, f in grown]
        told = {"p95_s": bursts, "quotient": quotient}
        print(json.dumps({"benchmark": "notices", "mib": memory, "growth": rows, "burst": told, "passed": passed}))
        return 0 if passed else 1
    notices = given.cases * PER_CASE
    print(f"{given.cases:,} open cases with heartbeats and {notices:,} planned notices: {memory:.0f} MiB")
    for name, ours, floor in grown:
        print(f"{name}: grows {_spread(ours)}, heap {_spread(floor)}, quotient {quotients[name]:.2f} (limit {LIMIT:g})")
    before, during, lasted = ([1000 * one[place] for one in bursts] for place in range(3))
    print(f"p95 of an accept, ms: quiet {_spread(before)}, while {given.burst:,} notices leave {_spread(during)}")
    print(f"these left within {statistics.median(lasted) / 1000:.1f} s; quotient {quotient:.2f} (limit {LIMIT:g})")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
