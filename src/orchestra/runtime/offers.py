"""What is shown to an agent, who takes it or leaves it to others."""

from __future__ import annotations

from contextlib import aclosing
from datetime import datetime

from orchestra.errors import JournalUnavailable, OfferExpired
from orchestra.model import commands as c, events as e
from orchestra.model.instants import instant
from orchestra.model.results import Accepted
from orchestra.runtime.agents import ActiveContact
from orchestra.runtime.context import Context
from orchestra.runtime.desk import Desk

__all__ = ["Offer"]


class Offer:
    """An interaction shown to an agent, whose capacity is held for it until the deadline.

    Attributes:
        id: for the stateless form, `AcceptOffer(id, agent, token)`.
        token: proves that the answer is to this very offer.
        agent: whom it is made to.
        interaction: id of what is offered.
        queue: where it waited.
        channel: what it came on.
        customer: whose it is.
        deadline: an answer at or after it is too late.
    """

    id: str
    token: int
    agent: str
    interaction: str
    queue: str
    channel: str
    customer: str
    deadline: datetime

    def __init__(self, workspace: Desk, event: e.OfferMade, position: int) -> None:
        self._workspace = workspace
        self._position = position
        self.id = event.offer
        self.token = event.token
        self.agent = event.agent
        self.interaction = event.interaction
        self.queue = event.queue
        self.channel = event.channel
        self.customer = event.customer
        self.deadline = instant(event.deadline_us)

    def __repr__(self) -> str:
        return f"Offer({self.id!r}, interaction={self.interaction!r}, agent={self.agent!r})"

    async def accept(self) -> ActiveContact:
        """Take it. Asked again by the agent who has taken it, and still has it, gives the same contact.

        Where the channel `connects`, it returns once agent and customer are connected, which somebody has to confirm:
        `confirm_connected` here, or whatever connects them with the command of that name.

        Raises:
            OfferExpired: it timed out, was taken back or answered already, another agent was first, the customer left,
                or could not be connected; `state` says which.
            JournalUnavailable: it may not be stored; with `outcome_unknown`, ask again.
        """
        accepted: Accepted = await self._workspace.execute(c.AcceptOffer(self.id, self.agent, self.token))
        if accepted.is_connecting:
            await self._connected()
        return ActiveContact(self._workspace, accepted, self.agent, self.channel)

    async def _connected(self) -> None:
        """Return when the offer is accepted for good; if it ends otherwise, say how."""
        types = [e.OfferAccepted, e.OfferEnded]
        async with aclosing(self._workspace.events(after=self._position, types=types)) as entries:
            async for entry in entries:
                event = entry.event
                if isinstance(event, e.OfferAccepted) and event.offer == self.id:
                    return
                if isinstance(event, e.OfferEnded) and event.offer == self.id:
                    raise OfferExpired(self.id, event.outcome)
        raise JournalUnavailable("the workspace is closed")

    async def confirm_connected(self) -> None:
        """Say that agent and customer are connected. Of several agents who ring, the first confirmed has the contact.

        Raises:
            OfferExpired: nobody is being connected by this offer, or not any more.
        """
        await self._workspace.execute(c.ConfirmConnected(self.id, self.agent, self.token))

    async def setup_failed(self, reason: str | None = None) -> None:
        """Say that agent and customer could not be connected. The customer keeps the place, and nobody is blamed.

        Raises:
            OfferExpired: nobody is being connected by this offer, or not any more.
        """
        await self._workspace.execute(c.ReportSetupFailed(self.id, self.agent, self.token, reason))

    async def context(self) -> Context:
        """What is known about it: the matter, the customer's last contacts, what waits for an answer.

        Sources that the application registered are asked at once, each within its time; what one of them cannot tell is
        named in `missing`. The offer waits for none of this.

        Raises:
            NotPermitted: it is neither offered to this agent nor in their hands any more.
        """
        return await self._workspace.context_of(self.interaction, self.agent)

    async def decline(self, reason: str | None = None) -> None:
        """Leave it to others; it is not offered to this agent again.

        Raises:
            OfferExpired: it has ended already.
        """
        await self._workspace.execute(c.DeclineOffer(self.id, self.agent, self.token, reason))
