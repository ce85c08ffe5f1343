"""Run by `test_same_everywhere` in other processes: `python -m tests.integration.other_python BACKEND JOURNAL`.

Prints one line for each scenario, lived through anew, and one for the journal, loaded: hashes of facts and state.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import anyio
from tests.crash_scenarios import SAME_STATE, SENDING, prepare

from orchestra.journal.port import Journal
from orchestra.journal.sqlite import SqliteJournal
from orchestra.runtime.loading import load_engine

__all__ = ["facts_hash", "hashes"]


def facts_hash(journal: Journal) -> str:
    """A fingerprint of all that is no secret in the records."""
    digest = hashlib.blake2b(digest_size=16)
    for record in journal.read():
        fields = (record.position, record.at_us, record.type, record.version, record.actor, record.subject)
        digest.update(f"{fields}{record.facts}".encode())
    return digest.hexdigest()


async def _lived() -> list[str]:
    lines = []
    for name, scenario in {**SAME_STATE, **SENDING}.items():
        world = prepare(name)
        async with world.centre.open() as workspace:
            world.workspace = workspace
            world.clock.attach(workspace)
            await scenario(world)
            await workspace.settle()
            state = workspace.state_hash()
        lines.append(f"{name} {facts_hash(world.centre.journal)} {state}")
    return lines


def hashes(backend: str, journal: Path) -> list[str]:
    """What this process makes of the scenarios and of the journal."""
    lines = anyio.run(_lived, backend=backend)
    opened = SqliteJournal(journal, create=False)
    try:
        lines.append(f"journal {facts_hash(opened)} {load_engine(opened, use_snapshot=False).state_hash()}")
        lines.append(f"snapshot {load_engine(opened).state_hash()}")
    finally:
        opened.close()
    return lines


if __name__ == "__main__":
    sys.stdout.write("\n".join(hashes(sys.argv[1], Path(sys.argv[2]))))
