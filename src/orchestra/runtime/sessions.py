"""An agent signed in on a device: what is offered to them and asked of them there, and their presence.

Belongs here: the session. Does not: what follows from an answer (`agents`).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

from orchestra.errors import InvalidCommand, JournalUnavailable
from orchestra.model import commands as c, events as e
from orchestra.model.addresses import Ref
from orchestra.model.results import CaseRef, OfferedHandOff
from orchestra.runtime.agents import Consult
from orchestra.runtime.case_context import CaseContext
from orchestra.runtime.desk import Desk
from orchestra.runtime.offers import Offer
from orchestra.runtime.ownership import HandOffView

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

    async def offer_case(
        self, case: str | Ref, *, team: str | None = None, agent: str | None = None, note: str | None = None
    ) -> OfferedHandOff:
        """Offer a case that this agent or their team owns to another department, or to another agent.

        Its owner answers for it until somebody accepts, which they can for as long as the plan's
        `cases.hand_off_within`.

        Args:
            case: its id, or the application's own key.
            team: to whom, if to a team.
            agent: to whom, if to an agent.
            note: what whoever is asked should know; private.

        Raises:
            InvalidCommand: not exactly one of team and agent is given, or they own it already.
            NotPermitted: it is neither this agent's nor their team's.
            NotAllowedInState: it is offered to somebody already, or settled.
        """
        if (team is None) == (agent is None):
            raise InvalidCommand("team", "give a team or an agent")
        kind, to = ("team", team) if agent is None else ("agent", agent)
        command = c.OfferHandOff(case, kind, to or "", note, actor=f"agent:{self.agent}")
        offered: OfferedHandOff = await self._workspace.execute(command)
        return offered

    async def hand_offs(self, after: str | None = None, limit: int = 50) -> tuple[HandOffView, ...]:
        """The cases that are offered to this agent or their teams, a page of them, oldest first.

        Args:
            after: id of the last one of the page before; from the first unless given.
            limit: how many at most, up to 1000.
        """
        return await self._workspace.hand_offs(agent=self.agent, after=after, limit=limit)

    async def hand_off_context(self, hand_off: str) -> CaseContext:
        """What goes with a case that is offered, so that its customer need not say anything twice.

        Raises:
            UnknownId: nothing of that id is offered any more.
            NotPermitted: it is offered to others.
        """
        return await self._workspace.hand_off_context(hand_off, self.agent)

    async def accept_hand_off(self, hand_off: str) -> CaseRef:
        """Answer for a case from now on.

        Raises:
            NotPermitted: it is offered to others.
            NotAllowedInState: it is offered no more.
        """
        case: CaseRef = await self._workspace.execute(c.AcceptHandOff(hand_off, self.agent))
        return case

    async def decline_hand_off(self, hand_off: str, reason: str) -> None:
        """Leave a case to its owner, for the whole team if it is offered to one.

        Raises:
            NotPermitted: it is offered to others.
            NotAllowedInState: it is offered no more.
        """
        await self._workspace.execute(c.DeclineHandOff(hand_off, self.agent, reason))

    async def escalate(self, case: str | Ref, reason: str) -> None:
        """Have the next team on the case's path answer for it.

        Raises:
            NotAllowedInState: there is no next team, or the case is settled.
        """
        await self._workspace.execute(c.EscalateCase(case, reason, actor=f"agent:{self.agent}"))

    async def raise_finding(
        self, case: str | Ref, kind: str, text: str | None = None, fields: Mapping[str, str | int | bool] | None = None
    ) -> str:
        """Tell other departments what a case has brought to light; gives the finding's id.

        Args:
            case: its id, or the application's own key.
            kind: one of the plan's `findings`, which says who wants to know.
            text: what there is to say; private.
            fields: those that the kind declares; never personal data.

        Raises:
            CommandRefused: the plan has no such kind or field, or there is no such case.
        """
        command = c.RaiseFinding(case, kind, dict(fields or {}), text, actor=f"agent:{self.agent}")
        finding: str = await self._workspace.execute(command)
        return finding

    async def acknowledge(self, finding: str, team: str) -> None:
        """Take note of a finding for a team of theirs, from whose list it goes.

        Raises:
            NotPermitted: the agent is not of that team.
            NotAllowedInState: it is not on the team's list.
        """
        await self._workspace.execute(c.AcknowledgeFinding(finding, team, actor=f"agent:{self.agent}"))

    async def away(self, reason: str) -> None:
        """Take no new work."""
        await self._workspace.execute(c.SetAway(self.agent, reason))

    async def available(self) -> None:
        """Take new work again."""
        await self._workspace.execute(c.SetAvailable(self.agent))

    async def sign_out(self) -> None:
        """Stop working."""
        await self._workspace.execute(c.SignOut(self.agent))
