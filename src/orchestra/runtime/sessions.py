"""An agent signed in on a device: what is offered to them and asked of them there, and their presence.

Belongs here: the session. Does not: what follows from an answer (`agents`).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from orchestra.errors import JournalUnavailable
from orchestra.model import commands as c, events as e
from orchestra.runtime.agents import Consult, Offer
from orchestra.runtime.desk import Desk

__all__ = ["AgentSession"]


class AgentSession:
    """An agent signed in on one device. As long as this process lives, the device counts as present.

    Attributes:
        agent: the agent's id.
        device: the device's name.
    """

    agent: str
    device: str

    def __init__(self, workspace: Desk, agent: str, device: str) -> None:
        self._workspace = workspace
        self.agent = agent
        self.device = device

    def __repr__(self) -> str:
        return f"AgentSession({self.agent!r}, device={self.device!r})"

    async def offers(self) -> AsyncGenerator[Offer, None]:
        """Offers to this agent: those pending now, then new ones as they are made. Ends when the workspace closes."""
        workspace = self._workspace
        after = await workspace.offers_since(self.agent)
        async with aclosing(workspace.events(after=after, types=[e.OfferMade])) as entries:
            async for entry in entries:
                event = entry.event
                if not isinstance(event, e.OfferMade) or event.agent != self.agent:
                    continue
                if workspace.is_pending(event.offer, event.token):
                    yield Offer(workspace, event, entry.position)

    async def next_offer(self) -> Offer:
        """The next offer to this agent: one pending now, or the first that is made.

        Raises:
            JournalUnavailable: the workspace closed before there was one.
        """
        async with aclosing(self.offers()) as offers:
            async for offer in offers:
                return offer
        raise JournalUnavailable("the workspace is closed")

    async def consults(self) -> AsyncGenerator[Consult, None]:
        """What other agents ask of this one: what is pending now, then more as it comes. Ends as `offers` does."""
        desk = self._workspace
        after = await desk.offers_since(self.agent)
        async with aclosing(desk.events(after=after, types=[e.ConsultAsked])) as entries:
            async for entry in entries:
                event = entry.event
                if not isinstance(event, e.ConsultAsked) or event.consulted != self.agent:
                    continue
                if desk.is_pending(event.consult, event.token):
                    note = event.note if event.queue is None else await desk.note_of(event.consult, event.customer)
                    yield Consult(desk, event, note)

    async def next_consult(self) -> Consult:
        """The next consult of this agent: one pending now, or the first that is asked.

        Raises:
            JournalUnavailable: the workspace closed before there was one.
        """
        async with aclosing(self.consults()) as consults:
            async for consult in consults:
                return consult
        raise JournalUnavailable("the workspace is closed")

    async def away(self, reason: str) -> None:
        """Take no new work."""
        await self._workspace.execute(c.SetAway(self.agent, reason))

    async def available(self) -> None:
        """Take new work again."""
        await self._workspace.execute(c.SetAvailable(self.agent))

    async def sign_out(self) -> None:
        """Stop working."""
        await self._workspace.execute(c.SignOut(self.agent))
