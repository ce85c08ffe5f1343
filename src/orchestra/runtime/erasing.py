"""Destroying what is stored of customers who are to be forgotten, until it is done.

Belongs here: when the journal is asked to, and that a crash in between loses nothing. Does not: who may ask for it.
"""

from __future__ import annotations

import logging

import anyio

from orchestra.engine.view import View
from orchestra.errors import JournalCorrupt, JournalUnavailable
from orchestra.model.commands import RecordErasure
from orchestra.model.events import CustomerErased
from orchestra.runtime.filing import Files
from orchestra.runtime.owner import Owner
from orchestra.runtime.published import Published
from orchestra.runtime.threads import in_thread

__all__ = ["Erasing"]

_PAUSE_S = 0.5

_log = logging.getLogger("orchestra.runtime")


class Erasing:
    """Erases for an owner, one after the other."""

    def __init__(self, owner: Owner, files: Files) -> None:
        self._owner = owner
        self._files = files
        self._asked = anyio.Event()

    def heard(self, entry: Published) -> None:
        """Listen to durable events: somebody is to be forgotten."""
        if isinstance(entry.event, CustomerErased):
            self._asked.set()

    def look_again(self) -> None:
        """The state was loaded anew: what was asked for meanwhile was not heard."""
        self._asked.set()

    async def erase_for_ever(self) -> None:
        """Erase whoever an earlier owner left, then whoever is asked for."""
        self._owner.recent.listeners.append(self.heard)
        self._owner.after_reload.append(self.look_again)
        while not self._owner.is_closing:
            self._asked = anyio.Event()
            try:
                await self._erase()
            except (JournalUnavailable, JournalCorrupt) as error:
                _log.warning("not erased yet: %s", error)
                await anyio.sleep(_PAUSE_S)
                continue
            await self._asked.wait()

    async def _erase(self) -> None:
        owner = self._owner
        for customer in await owner.read(_waiting):
            async with owner.writing:
                await in_thread(owner.journal.blank, [customer])
            await self._files.erase(customer)
            await owner.execute(RecordErasure(customer))


def _waiting(view: View) -> list[str]:
    return sorted(view.identity.erasing)
