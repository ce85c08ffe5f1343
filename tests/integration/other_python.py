"""What `test_same_hash` compares, for processes of other Pythons too: so nothing here needs pytest.

`main` runs there. With the argument `day` it prints what the day comes to, with `scenarios BACKEND JOURNAL` what the
scenarios and a journal on disk come to.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from unittest import mock

import anyio
from tests.crash_scenarios import SAME_STATE, SENDING, prepare

from orchestra.cli.day.simulation import simulate
from orchestra.codec.canonical import speed
from orchestra.journal.memory import MemoryJournal
from orchestra.journal.port import Journal
from orchestra.journal.sqlite import SqliteJournal
from orchestra.runtime import ledger
from orchestra.runtime.loading import load_engine

__all__ = ["Outcome", "day", "from_disk", "main", "outcome", "pinned_zones", "scenarios"]

Outcome = Mapping[str, Any]
"""What a journal came to: events, a digest of all facts, the state's hash."""


def pinned_zones() -> AbstractContextManager[Any]:
    """A block in which the edition of the zone data, a fact of each plan, is the same on every machine."""
    return mock.patch.object(ledger, "zone_data_version", return_value="of the tests")


def outcome(journal: Journal, *, use_snapshot: bool = True) -> Outcome:
    """What is in a journal, and what is made of it."""
    digest = hashlib.blake2b(digest_size=32)
    for r in journal.read():
        digest.update(repr((r.position, r.at_us, r.type, r.version, r.actor, r.subject, r.facts)).encode())
        digest.update(b"\n")
    state_hash = load_engine(journal, use_snapshot=use_snapshot).state_hash()
    return {"events": journal.position(), "facts": digest.hexdigest(), "state_hash": state_hash}


def day() -> Outcome:
    """The seventh day of the demonstration."""
    journal = MemoryJournal()
    kept = ledger.Ledger(journal, journal.acquire("test", 0, 10**12))
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
    with pinned_zones():
        found = day() if what == "day" else {**scenarios(of[0]), **from_disk(Path(of[1]))}
    json.dump({"found": found, "speed": speed() is not None}, sys.stdout)
