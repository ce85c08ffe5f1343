"""Memory and cost with an archive: a million customers of whom a tenth have open cases.

Each customer writes once; the cases of nine in ten are closed, and their customers archived. The memory of the process
must stay within 1.3 times that of a process whose customers are the tenth with open cases alone, over the same time. A
contact of somebody archived, from the look into the directory to the case that it joins, must cost at most twice as
much in processor time as with a hundredth of the customers. Everything is stored in a SQLite journal, as in production.
"""

from __future__ import annotations

import gc
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from measure import arguments
from memory import peak_mib

from orchestra.journal.sqlite import SqliteJournal
from orchestra.model import commands as c
from orchestra.model.addresses import Address
from orchestra.model.plan import Plan
from orchestra.runtime.ledger import Ledger

CUSTOMERS = 1_000_000
HUNDREDTH = 100
OPEN_EVERY = 10
"""One in so many has an open case."""
CONTACTS = 200
LIMIT_MEMORY, LIMIT_GROWTH = 1.3, 2.0

_PLAN = Plan.parse(
    """
    [workspace]
    default_queue = "care"
    [teams.care]
    [queues.care]
    team = "care"
    [channels.email]
    [cases]
    archive_after = "1h"
    """
)
_SECOND_US = 1_000_000
_SPAN_US = 350 * 24 * 3600 * _SECOND_US
"""All of them come within about a year, so that the ids which are kept for a week against repeats are few."""
_AT_ONCE = 500


class Centre:
    """A workspace's heart with its journal, and a clock of its own."""

    def __init__(self, folder: str) -> None:
        journal = SqliteJournal(Path(folder) / "contacts.db", synchronous="NORMAL")
        self.now_us = 1_800_000_000 * _SECOND_US
        self.ledger = Ledger(journal, journal.acquire("benchmark", self.now_us, 1 << 60))
        self.do(c.ChangePlan(_PLAN, _PLAN.digest(), "none", "none"))

    def do(self, command: c.Command) -> Any:
        """Let 1 ms pass, then decide."""
        self.now_us += 1000
        return self.ledger.execute(command, self.now_us).result

    def write(self, number: int, message: str) -> Any:
        """A customer writes."""
        return self.do(c.ReceiveMessage("email", "main", message, Address("handle", f"{number:032x}"), text="Hello"))

    def fill(self, customers: int, *, only_open: bool) -> None:
        """All customers write; the cases of most are closed. The others alone, if they alone are to be there."""
        for number in range(customers):
            self.now_us += _SPAN_US // customers
            is_open = number % OPEN_EVERY == 0
            if only_open and not is_open:
                continue
            got = self.write(number, f"m{number}")
            self.do(c.CancelInteraction(got.interaction, "answered"))
            if not is_open:
                self.do(c.ResolveCase(got.case.id))
                self.do(c.CloseCase(got.case.id))
            if self.ledger.engine.position - self.ledger.stored > _AT_ONCE:
                self.ledger.commit()
        self.now_us += 2 * 3600 * _SECOND_US
        self.ledger.tick(self.now_us)
        self.ledger.commit()

    def contact_us(self, customers: int) -> float:
        """Microseconds of a contact of somebody archived, the median of some."""
        apart = max(1, customers // CONTACTS // OPEN_EVERY) * OPEN_EVERY
        costs = []
        for number in range(1, customers, apart):
            gc.collect(0)
            start = time.process_time()
            got = self.write(number, f"again{number}")
            costs.append((time.process_time() - start) * 1e6)
            assert got.customer == f"cu{number + 1}", "a customer who was archived was taken for a new one"
        self.ledger.commit()
        return statistics.median(costs)


def child(customers: int, *, only_open: bool) -> None:
    """Fill a centre in this process, and print its figures."""
    with tempfile.TemporaryDirectory() as folder:
        centre = Centre(folder)
        centre.fill(customers, only_open=only_open)
        figures: dict[str, Any] = {
            "peak_mib": peak_mib(),
            "archived": centre.ledger.engine.view.archive.counts.get("archived", 0),
            "open": sum(row.state == "OPEN" for row in centre.ledger.engine.view.cases.cases.values()),
        }
        if not only_open:
            figures["contact_us"] = centre.contact_us(customers)
        centre.ledger.journal.close()
    print(json.dumps(figures))


def measured(customers: int, *, only_open: bool = False) -> dict[str, Any]:
    """The figures of a process of its own."""
    command = [sys.executable, __file__, "--child", "open" if only_open else "all", "--customers", str(customers)]
    figures: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return figures


def main() -> int:
    """Measure and print."""
    parser = arguments("memory and cost with an archive")
    parser.add_argument("--customers", type=int, default=CUSTOMERS, help="of whom a tenth have open cases")
    parser.add_argument("--child", choices=["all", "open"], help="fill one process and print its figures")
    given = parser.parse_args()
    if given.child:
        child(given.customers, only_open=given.child == "open")
        return 0
    large, plain = measured(given.customers), measured(given.customers, only_open=True)
    small = measured(given.customers // HUNDREDTH)
    assert large["open"] == plain["open"], "the same cases are open"
    memory, growth = large["peak_mib"] / plain["peak_mib"], large["contact_us"] / small["contact_us"]
    passed = memory <= LIMIT_MEMORY and growth <= LIMIT_GROWTH
    if given.json:
        print(json.dumps({"large": large, "plain": plain, "small": small, "memory": memory, "growth": growth}))
    else:
        print(f"{given.customers:,} customers, {large['archived']:,} of them archived, {large['open']:,} open cases")
        print(f"memory         {large['peak_mib']:8.0f} MiB; {plain['peak_mib']:.0f} MiB with the open ones alone")
        print(f"               {memory:8.2f} x   limit {LIMIT_MEMORY}")
        print(f"contact        {large['contact_us']:8.0f} us; {small['contact_us']:.0f} us with a hundredth")
        print(f"               {growth:8.2f} x   limit {LIMIT_GROWTH}")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
