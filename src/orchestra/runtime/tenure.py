"""Taking a workspace and giving it back."""

from __future__ import annotations

import logging
import time

import anyio

from orchestra.errors import JournalError, WorkspaceInUse
from orchestra.journal.port import Journal
from orchestra.journal.process import process_holder
from orchestra.model.records import Lease
from orchestra.runtime.owner import LEASE_TTL_US
from orchestra.runtime.threads import in_thread

__all__ = ["acquire", "release"]

_STANDBY_S = 0.5

_log = logging.getLogger("orchestra.runtime")


async def acquire(journal: Journal, *, standby: bool) -> Lease:
    """Take the lease; on standby as soon as nobody has it.

    Raises:
        WorkspaceInUse: somebody has it, and this is no standby.
    """
    while True:
        try:
            return await in_thread(_try_acquire, journal)
        except WorkspaceInUse:
            if not standby:
                raise
            await anyio.sleep(_STANDBY_S)


def _try_acquire(journal: Journal) -> Lease:
    return journal.acquire(process_holder(), time.time_ns() // 1000, LEASE_TTL_US)


async def release(journal: Journal, lease: Lease) -> None:
    """Give the lease back; if that fails it runs out by itself, and what happened before matters more."""
    try:
        await in_thread(journal.release, lease)
    except JournalError as error:
        _log.warning("lease not given back: %s", error)
