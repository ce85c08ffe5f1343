"""Snapshots in a process of their own: the owner's engine never stops to be written down.

`python -m orchestra.runtime.snapshots URL` makes one; an owner starts it whenever enough has happened since the last.
"""

from __future__ import annotations

import logging
import sys
from subprocess import CalledProcessError

import anyio

from orchestra.engine.engine import SCHEMA
from orchestra.errors import JournalError
from orchestra.journal.port import Journal
from orchestra.journal.registry import open_journal
from orchestra.runtime.loading import save_snapshot
from orchestra.runtime.owner import Owner
from orchestra.runtime.threads import in_thread

__all__ = ["SNAPSHOT_EVERY", "main", "snapshot_for_ever"]

SNAPSHOT_EVERY = 100_000
"""Events between snapshots: what has to be replayed after them takes a few seconds."""

_log = logging.getLogger("orchestra.runtime")


async def snapshot_for_ever(owner: Owner, url: str, every: int = SNAPSHOT_EVERY) -> None:
    """Have a snapshot made whenever so many events are durable past the last one, whichever owner's they are.

    A failure is logged and costs nothing else.

    Args:
        owner: whose journal it is.
        url: how another process opens that journal, whatever its working directory (`lasting_url`).
        every: how many events.
    """
    last = await in_thread(_last, owner.journal)
    while True:
        stroke = owner.recent.bell.stroke
        if owner.recent.position - last < every:
            await stroke.wait()
            continue
        last = owner.recent.position
        try:
            await anyio.run_process([sys.executable, "-m", "orchestra.runtime.snapshots", url])
        except (OSError, CalledProcessError) as error:
            _log.warning("no snapshot at position %d: %s", last, type(error).__name__)


def _last(journal: Journal) -> int:
    """The position of the last snapshot that this library can use; 0 if there is none."""
    try:
        snapshot = journal.load_snapshot(SCHEMA)
    except JournalError:
        return 0
    return 0 if snapshot is None else snapshot.position


def main(url: str) -> int:
    """Make a snapshot of the journal at `url`; gives its position."""
    journal = open_journal(url)
    try:
        return save_snapshot(journal)
    finally:
        journal.close()


if __name__ == "__main__":
    main(sys.argv[1])
