"""Simulated queues through the real engine, against Ciw and SimPy: M/M/100, nine of ten agents busy.

Each run is a process of its own, so that its memory is its own. Customers a second, of processor time, count the run
alone, not the imports; the memory is the most that was resident, imports included. All keep each customer's wait: ours
in histograms, Ciw in its records, SimPy in a list. Ours decides every contact by the production engine, events and all;
once more with a plan by which settled customers are archived, which costs time and saves memory.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Callable

from measure import Given, arguments, report, run
from memory import peak_mib

AGENTS, LOAD = 100, 0.9
SEED = 7
CIW_SPEED, CIW_MEMORY = 0.5, 3.0


ARCHIVES = """
        [plan.cases]
        close_after = "1m"
        archive_after = "1m"
        dispositions = {done = {resolves = true}}
        """


def ours(contacts: int, archives: str = "", rest: str = "") -> float:
    """Seconds for so many customers."""
    from orchestra.simulation.run import run_seed  # noqa: PLC0415 - only this side is in memory
    from orchestra.simulation.scenario import Scenario  # noqa: PLC0415 - only this side is in memory

    scenario = Scenario.parse(
        f"""
        [plan.workspace]
        default_queue = "care"
        [plan.teams.care]
        [plan.queues.care]
        team = "care"
        [plan.channels.voice]
        live = true
        {archives}
        [classes.all]
        {rest}
        channel = "voice"
        arrivals = {{ law = "poisson", rate = {AGENTS * LOAD}, per = "1m" }}
        service = {{ law = "exponential", mean_s = 60 }}
        [groups.all]
        agents = {AGENTS}
        teams = ["care"]
        [run]
        contacts = {contacts}
        """
    )
    start = time.process_time()
    run_seed(scenario, SEED)
    return time.process_time() - start


def archiving(contacts: int) -> float:
    """Seconds for so many customers, of whom those who are settled are archived."""
    return ours(contacts, ARCHIVES, 'disposition = "done"')


def ciw(contacts: int) -> float:
    """Seconds for so many customers."""
    import ciw  # noqa: PLC0415 - only this side is in memory

    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(rate=AGENTS * LOAD)],
        service_distributions=[ciw.dists.Exponential(rate=1.0)],
        number_of_servers=[AGENTS],
    )
    ciw.seed(SEED)
    start = time.process_time()
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_customers(contacts)
    records = simulation.get_all_records()
    assert len(records) >= contacts
    return time.process_time() - start


def simpy(contacts: int) -> float:
    """Seconds for so many customers."""
    import simpy  # noqa: PLC0415 - only this side is in memory

    chance, environment = random.Random(SEED), simpy.Environment()
    agents, waits = simpy.Resource(environment, AGENTS), []

    def customer():
        since = environment.now
        with agents.request() as answered:
            yield answered
            waits.append(environment.now - since)
            yield environment.timeout(chance.expovariate(1.0))

    def come():
        for _ in range(contacts):
            yield environment.timeout(chance.expovariate(AGENTS * LOAD))
            environment.process(customer())

    start = time.process_time()
    environment.process(come())
    environment.run()
    assert len(waits) == contacts
    return time.process_time() - start


SIDES: dict[str, Callable[[int], float]] = {"ours": ours, "archiving": archiving, "ciw": ciw, "simpy": simpy}


def once(side: str, contacts: int) -> tuple[float, float]:
    """Customers a second, and MiB, of one side in a process of its own."""
    command = [sys.executable, __file__, "--side", side, "--contacts", str(contacts)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, mib = json.loads(done.stdout)
    return contacts / seconds, mib


def main() -> int:
    """Measure all sides in turn and print."""
    parser = arguments("simulation of M/M/100, customers")
    parser.add_argument("--contacts", type=int, default=100_000)
    parser.add_argument("--side", choices=SIDES, help="run this one here and print seconds and MiB")
    parser.set_defaults(rounds=3)
    given = parser.parse_args()
    if given.side is not None:
        print(json.dumps([SIDES[given.side](given.contacts), peak_mib()]))
        return 0
    found: dict[str, list[tuple[float, float]]] = {side: [] for side in SIDES}
    for number in range(given.rounds):
        for side in SIDES if number % 2 == 0 else reversed(SIDES):
            found[side].append(once(side, given.contacts))
    rates, sizes = ({side: [one[place] for one in runs] for side, runs in found.items()} for place in (0, 1))
    # Room is better the less there is of it: a contact for a MiB is a rate like any other.
    room = {side: [given.contacts / mib for mib in taken] for side, taken in sizes.items()}
    rows = [
        Given("customers a second", rates["ours"], rates["ciw"], CIW_SPEED, "Ciw"),
        Given("customers a second", rates["ours"], rates["simpy"], None, "SimPy"),
        Given("customers a second, archiving", rates["archiving"], rates["ciw"], None, "Ciw"),
        Given("customers in a MiB", room["ours"], room["ciw"], CIW_MEMORY, "Ciw"),
        Given("customers in a MiB, archiving", room["archiving"], room["ciw"], None, "Ciw"),
        Given("customers in a MiB", room["ours"], room["simpy"], None, "SimPy"),
    ]
    return report("simulation of M/M/100", [run(row, 0) for row in rows], as_json=given.json)


if __name__ == "__main__":
    sys.exit(main())
