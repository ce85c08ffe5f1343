"""Snapshots in a process of their own: the owner's engine never stops to be written down.

`python -m orchestra.runtime.snapshots URL` makes one; an owner starts it whenever enough has happened since the last.
"""

from __future__ import annotations

import logging
import sys
from subprocess import CalledProcessError

import anyio

from orchestra.journal.registry import open_journal
from orchestra.runtime.loading import save_snapshot
from orchestra.runtime.owner import Owner

__all__ = ["SNAPSHOT_EVERY", "main", "snapshot_for_ever"]

SNAPSHOT_EVERY = 100_000
"""Events between snapshots: what has to be replayed after them takes a few seconds."""

_log = logging.getLogger("orchestra.runtime")


async def snapshot_for_ever(owner: Owner, url: str, every: int = SNAPSHOT_EVERY) -> None:
    """Have a snapshot made each time so many events have become durable. A failure is logged and costs nothing else."""
    last = owner.recent.position
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


def main(url: str) -> int:
    """Make a snapshot of the journal at `url`; gives its position."""
    journal = open_journal(url)
    try:
        return save_snapshot(journal)
    finally:
        journal.close()


if __name__ == "__main__":
    main(sys.argv[1])
