"""How cases stand, and whom an address is.

Belongs here: the calls. Does not: how what they give is put together (`progress`, `clocks`).
"""

from __future__ import annotations

from typing import Protocol

from orchestra.model.addresses import Email, Handle, Phone, Ref
from orchestra.runtime.checks import refuse_no_id
from orchestra.runtime.clocks import ClockView, clocks_of
from orchestra.runtime.keys import WorkspaceKey
from orchestra.runtime.owner import Owner
from orchestra.runtime.progress import ProgressView, ToldFact, progress_of, told_in

__all__ = ["Standing"]


class Standing(Protocol):
    """How cases stand, and whom an address is. Reads see what is durable, and only that."""

    _owner: Owner
    key: WorkspaceKey

    async def known_by(self, person: Email | Phone | Handle) -> str | None:
        """The id of the customer who is known by an address; None if nobody is, or whoever is has been archived.

        Raises:
            MalformedMessage: the address is not well formed.
        """
        address = self.key.address(person).key
        return await self._owner.read(lambda view: view.identity.holder(address))

    async def told(self, case: str | Ref, *, actor: str | None = None) -> tuple[ToldFact, ...]:
        """What a case's customer was told last of each fact, facts by name; for an `actor`, as in `timeline`.

        Raises:
            UnknownId: there is no such case.
            NotPermitted: the actor is a customer who is told nothing of it, or nobody known.
        """
        refuse_no_id("case", case)
        return await self._owner.read(lambda view: told_in(view, case, actor))

    async def clocks(self, case: str | Ref) -> tuple[ClockView, ...]:
        """How the service clocks of a matter stand now: its cases', and those of contacts that go on in it.

        Returns:
            Those that run, stand still, or would go on if the case were opened again; those that began first before
            others. What is over for good is in the history and in the measures.

        Raises:
            UnknownId: there is no such case.
        """
        refuse_no_id("case", case)
        return await self._owner.read(lambda view: clocks_of(view, case, self._owner.now_us))

    async def progress(self, case: str | Ref, *, actor: str | None = None) -> ProgressView:
        """How far a case has come, what is foreseen and promised of it; for an `actor`, as in `timeline`.

        Raises:
            UnknownId: there is no such case.
            NotPermitted: the actor is a customer who is told nothing of it, or nobody known.
        """
        refuse_no_id("case", case)
        return await self._owner.read(lambda view: progress_of(view, case, actor, self._owner.now_us))
