"""A whole workspace on SQLite with 64 callers at once, against DBOS workflows of three steps on SQLite.

Ours: each caller takes a contact in, waits until that is durable, and has it offered; one append serves many callers.
Peer: a workflow that takes a contact in, queues it and offers it, each a durable step, started by 64 threads.
"""

from __future__ import annotations

import logging
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import anyio
from contacts import PLAN
from dbos import DBOS
from measure import Given, arguments, report, run

from orchestra.model.addresses import Handle
from orchestra.model.commands import DefineAgent
from orchestra.model.message import Message
from orchestra.runtime.workspace import Workspace

CALLERS = 64
OURS, PEERS = 3200, 192


async def ours(path: Path) -> float:
    """Contacts a second through the workspace."""
    async with Workspace.open(PLAN, f"sqlite:{path}") as workspace:
        for number in range(10):
            await workspace.execute(DefineAgent(f"a{number}", ["care"]))
            await workspace.sign_in(f"a{number}")

        async def caller(own: int) -> None:
            for number in range(OURS // CALLERS):
                name = f"{own}-{number}"
                await workspace.receive(Message("chat", id=name, sender=Handle(name), text="Where is it?"))

        start = time.perf_counter()
        async with anyio.create_task_group() as callers:
            for own in range(CALLERS):
                callers.start_soon(caller, own)
        return OURS / (time.perf_counter() - start)


@DBOS.step()
def take(name: str) -> str:
    """The first of three durable steps."""
    return f"case of {name}"


@DBOS.step()
def queue(case: str) -> str:
    """The second."""
    return f"{case}, queued"


@DBOS.step()
def offer(case: str) -> str:
    """The third."""
    return f"{case}, offered"


@DBOS.workflow()
def contact(name: str) -> str:
    """A contact as a workflow."""
    return offer(queue(take(name)))


def peer() -> float:
    """Workflows a second."""
    start = time.perf_counter()
    with ThreadPoolExecutor(CALLERS) as callers:
        list(callers.map(contact, (f"{start}-{number}" for number in range(PEERS))))
    return PEERS / (time.perf_counter() - start)


def measure_rounds(rounds: int) -> Given:
    """Both sides in turn."""
    ours_rates, peer_rates = [], []
    with tempfile.TemporaryDirectory(prefix="workspace-bench-") as folder:
        DBOS(config={"name": "bench", "system_database_url": f"sqlite:///{folder}/dbos.db", "run_admin_server": False})
        logging.getLogger("dbos").setLevel(logging.ERROR)
        DBOS.launch()
        for number in range(rounds):
            ours_rates.append(anyio.run(ours, Path(folder, f"{number}.db")))
            peer_rates.append(peer())
        DBOS.destroy()
    return Given("64 callers, contacts", ours_rates, peer_rates, 20.0, "DBOS on SQLite, workflows")


if __name__ == "__main__":
    parser = arguments("whole workspace on SQLite")
    parser.set_defaults(rounds=5)
    given = parser.parse_args()
    sys.exit(report("whole workspace on SQLite", [run(measure_rounds(given.rounds), 0)], as_json=given.json))
