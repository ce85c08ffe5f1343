"""What `test_same_hash` compares, for processes of other Pythons too: so nothing here needs pytest.

`main` runs there. With the argument `day` it prints what the day comes to, with `scenarios BACKEND JOURNAL` what the
scenarios and a journal on disk come to.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anyio
from tests.crash_scenarios import SAME_STATE, SENDING, prepare

from orchestra.cli.day.simulation import simulate
from orchestra.codec.canonical import speed
from orchestra.journal.memory import MemoryJournal
from orchestra.journal.port import Journal
from orchestra.journal.sqlite import SqliteJournal
from orchestra.model.records import Record
from orchestra.runtime.ledger import Ledger
from orchestra.runtime.loading import load_engine

__all__ = ["Outcome", "day", "from_disk", "main", "outcome", "scenarios"]

Outcome = Mapping[str, Any]
"""What a journal came to: events, a digest of all facts but which zone data the machine has, the state's hash."""


def outcome(journal: Journal, *, use_snapshot: bool = True) -> Outcome:
    """What is in a journal, and what is made of it."""
    digest = hashlib.blake2b(digest_size=32)
    for r in journal.read():
        digest.update(repr((r.position, r.at_us, r.type, r.version, r.actor, r.subject, _facts(r))).encode())
        digest.update(b"\n")
    state_hash = load_engine(journal, use_snapshot=use_snapshot).state_hash()
    return {"events": journal.position(), "facts": digest.hexdigest(), "state_hash": state_hash}


def _facts(record: Record) -> str:
    """What a record says, but for the one thing that tells machines apart."""
    if record.type != "PlanChanged":
        return record.facts
    facts = json.loads(record.facts)
    del facts["zone_data"]
    return json.dumps(facts, sort_keys=True)


def day() -> Outcome:
    """The seventh day of the demonstration."""
    journal = MemoryJournal()
    kept = Ledger(journal, journal.acquire("test", 0, 10**12))
    lived = simulate(kept, 7, lambda minutes, total: None)
    found = outcome(journal)
    assert found["state_hash"] == lived.state_hash == kept.engine.state_hash()
    return found


def scenarios(backend: str) -> Mapping[str, Outcome]:
    """Scenario -> what it comes to on that event loop."""
    return {name: anyio.run(_lived, name, backend=backend) for name in (*SAME_STATE, *SENDING)}


async def _lived(name: str) -> Outcome:
    world = prepare(name)
    async with world.centre.open() as workspace:
        world.workspace = workspace
        world.clock.attach(workspace)
        await {**SAME_STATE, **SENDING}[name](world)
        await workspace.settle()
        live = workspace.state_hash()
        found = outcome(world.centre.journal)
    assert found["state_hash"] == live, name
    return found


def from_disk(file: Path) -> Mapping[str, Outcome]:
    """What a journal on disk comes to, from its first record on and from its snapshot on."""
    journal = SqliteJournal(file, create=False)
    try:
        return {"journal": outcome(journal, use_snapshot=False), "snapshot": outcome(journal)}
    finally:
        journal.close()


def main() -> None:
    """Print what the process's arguments ask for, and whether it was made with the extra `speed`."""
    what, *of = sys.argv[1:]
    found = day() if what == "day" else {**scenarios(of[0]), **from_disk(Path(of[1]))}
    json.dump({"found": found, "speed": speed() is not None}, sys.stdout)
