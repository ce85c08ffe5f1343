"""What an agent works with: a session, the offers in it, and the contacts taken."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection
from contextlib import aclosing
from datetime import datetime
from typing import Any, Protocol

from orchestra.errors import JournalUnavailable, OfferExpired
from orchestra.model import commands as c, events as e
from orchestra.model.instants import instant, since_epoch_us
from orchestra.model.results import Accepted, CaseRef, RequestedCallback, Written
from orchestra.runtime.context import Context
from orchestra.runtime.published import Published

__all__ = ["ActiveContact", "AgentSession", "Desk", "Offer"]


_ASKED_AT_MOST = 5


class Desk(Protocol):
    """What an agent's session needs of the workspace it is in."""

    async def execute(self, command: c.Command) -> Any:
        """Decide on a command and give its result, once that is durable."""
        ...

    def events(self, after: int = 0, types: Collection[type[e.Event]] | None = None) -> AsyncGenerator[Published]:
        """Durable events past a position, in order, then new ones as they come."""
        ...

    async def offers_since(self, agent: str) -> int:
        """A position before which no offer to the agent was made that is still pending."""
        ...

    async def begin_of(self, interaction: str, customer: str) -> int:
        """The position before an interaction of the customer began."""
        ...

    async def context_of(self, interaction: str, agent: str) -> Context:
        """What is known about an interaction that is offered to an agent, or in their hands."""
        ...

    def is_pending(self, offer: str) -> bool:
        """Whether an offer can still be answered."""
        ...

    def reply_key(self) -> str:
        """A key that no reply had before."""
        ...


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


class ActiveContact:
    """An interaction in an agent's hands.

    Attributes:
        agent: in whose hands.
        interaction: its id.
        case: id and number of its case.
        customer: whose it is.
        channel: what it is on.
    """

    agent: str
    interaction: str
    case: CaseRef
    customer: str
    channel: str

    def __init__(self, workspace: Desk, accepted: Accepted, agent: str, channel: str) -> None:
        self._workspace = workspace
        self.agent = agent
        self.interaction = accepted.interaction
        self.case = accepted.case
        self.customer = accepted.customer
        self.channel = channel

    def __repr__(self) -> str:
        return f"ActiveContact({self.interaction!r}, case={self.case.number!r}, agent={self.agent!r})"

    async def messages(self) -> AsyncGenerator[str, None]:
        """What the customer writes in this interaction: what is there already, then new texts, until it is over."""
        over = (
            *(e.InteractionDone, e.InteractionFinished, e.InteractionQueued, e.InteractionCanceled),
            e.CallbackScheduled,
        )
        after = await self._workspace.begin_of(self.interaction, self.customer)
        types = [e.MessageReceived, e.OfferAccepted, *over]
        has_begun = False
        async with aclosing(self._workspace.events(after=after, types=types)) as entries:
            async for entry in entries:
                event = entry.event
                if getattr(event, "interaction", None) != self.interaction:
                    continue
                if isinstance(event, e.MessageReceived):
                    yield event.text or ""
                elif isinstance(event, e.OfferAccepted):
                    has_begun = event.agent == self.agent
                elif has_begun:
                    return

    async def context(self) -> Context:
        """What is known about it now, as `Offer.context`.

        Raises:
            NotPermitted: it is not in this agent's hands any more.
        """
        return await self._workspace.context_of(self.interaction, self.agent)

    async def reply(self, text: str, key: str | None = None) -> Written:
        """Write to the customer on this channel; returns when it is durable and its delivery planned.

        Args:
            text: what to write.
            key: written once per interaction and key. Give your own to be able to ask again after a failure; without
                one each call writes a message of its own.

        Guarantees:
            While nobody knows whether the message was stored, it is asked for again under the same key, a few times.

        Raises:
            CommandRefused: the interaction is not in this agent's hands, or the key was used for another text.
            JournalUnavailable: it may not be stored; with `outcome_unknown`, ask again with the same key.
        """
        command = c.WriteReply(self.interaction, self.agent, text, key or self._workspace.reply_key())
        unknown: JournalUnavailable | None = None
        for _ in range(_ASKED_AT_MOST):
            try:
                written: Written = await self._workspace.execute(command)
            except JournalUnavailable as error:
                if not error.outcome_unknown:
                    raise unknown or error from None  # of an earlier asking nobody knows still
                unknown = error
            else:
                return written
        assert unknown is not None  # it was asked for at least once
        raise unknown

    async def hold(self) -> None:
        """Put the customer on hold."""
        await self._workspace.execute(c.HoldInteraction(self.interaction, self.agent))

    async def retrieve(self) -> None:
        """Take the customer back from hold."""
        await self._workspace.execute(c.RetrieveInteraction(self.interaction, self.agent))

    async def transfer(self, queue: str, skills: dict[str, int] | None = None) -> None:
        """Hand over to a queue; the customer keeps the place that the waiting so far has earned."""
        await self._workspace.execute(c.TransferInteraction(self.interaction, self.agent, queue, skills or {}))

    async def hand_over(
        self,
        queue: str | None = None,
        *,
        skills: dict[str, int] | None = None,
        priority: int = 0,
        topic: str | None = None,
        fields: dict[str, str | int | bool | None] | None = None,
        text: str | None = None,
        reason: str = "asked",
    ) -> None:
        """Hand over from a bot to people, who get it with its place and with what the bot has found out.

        Args:
            queue: where they wait; its own unless given.
            skills: skill -> least level, asked for on top of what is.
            priority: minutes of waiting that it is worth more than before.
            topic: what the case is about.
            fields: fields of the interaction that the plan declares.
            text: for whoever takes over; private.
            reason: why, in a word.

        Raises:
            CommandRefused: the agent is no bot or has it no longer, or the plan has no such queue, skill or field.
        """
        found = skills or {}, priority, topic, fields or {}, reason, text
        await self._workspace.execute(c.HandOver(self.interaction, self.agent, queue, *found))

    async def call_back(self, at: datetime | None = None) -> RequestedCallback:
        """Have the customer of a live contact called back: when it is their turn, or at a time.

        Args:
            at: the time; None for their turn in the queue.

        Raises:
            InvalidCommand: the time lies in the past or too far ahead, or the contact is not live.
        """
        due_us = None if at is None else since_epoch_us(at)
        command = c.RequestCallback(self.interaction, due_us, self.agent, actor=f"agent:{self.agent}")
        requested: RequestedCallback = await self._workspace.execute(command)
        return requested

    async def report_callback(self, outcome: str) -> None:
        """Tell what became of dialling the customer: answered, busy, no_answer, wrong_number or machine."""
        await self._workspace.execute(c.ReportCallback(self.interaction, self.agent, outcome))

    async def finish(self, disposition: str | None = None) -> None:
        """End the contact. Wrap-up follows where the channel has one."""
        await self._workspace.execute(c.FinishInteraction(self.interaction, self.agent, disposition))

    async def finish_wrap_up(self, disposition: str | None = None) -> None:
        """End wrap-up before its time.

        Raises:
            TooSoon: the channel's wrap-up is `fixed`, so that its time alone ends it.
            InvalidCommand: the channel's wrap-up needs a disposition, and none has been given.
        """
        await self._workspace.execute(c.FinishWrapUp(self.interaction, self.agent, disposition))


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
                if isinstance(event, e.OfferMade) and event.agent == self.agent and workspace.is_pending(event.offer):
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

    async def away(self, reason: str) -> None:
        """Take no new work."""
        await self._workspace.execute(c.SetAway(self.agent, reason))

    async def available(self) -> None:
        """Take new work again."""
        await self._workspace.execute(c.SetAvailable(self.agent))

    async def sign_out(self) -> None:
        """Stop working."""
        await self._workspace.execute(c.SignOut(self.agent))
