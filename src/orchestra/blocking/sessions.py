"""An agent signed in on a device, without await.

Generated from `orchestra.runtime.sessions` by `tests/blocking_generator.py`; do not edit.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import partial

from orchestra.blocking.agents import Consult
from orchestra.blocking.offers import Offer
from orchestra.blocking.portal import Counterpart, Stream
from orchestra.model.addresses import Ref
from orchestra.model.results import CaseRef, OfferedHandOff
from orchestra.runtime import sessions
from orchestra.runtime.case_context import CaseContext
from orchestra.runtime.ownership import HandOffView

__all__ = ["AgentSession"]


class AgentSession(Counterpart[sessions.AgentSession]):
    """An agent signed in on one device. As long as this process lives, the device counts as present."""

    @property
    def agent(self) -> str:
        """The agent's id."""
        return self._inner.agent

    @property
    def device(self) -> str:
        """The device's name."""
        return self._inner.device

    def offers(self, timeout: timedelta | None = None) -> Stream[Offer]:
        """Offers to this agent: those pending now, then new ones as they are made. Ends when the workspace closes.

        Args:
            timeout: the iteration ends when nothing came for this long; None waits for ever.
        """
        return Stream(self._door, self._inner.offers(), partial(Offer, self._door), timeout)

    def next_offer(self) -> Offer:
        """The next offer to this agent: one pending now, or the first that is made.

        Raises:
            JournalUnavailable: the workspace closed before there was one.
        """
        return Offer(self._door, self._door.run(self._inner.next_offer))

    def consults(self, timeout: timedelta | None = None) -> Stream[Consult]:
        """What other agents ask of this one: what is pending now, then more as it comes. Ends as `offers` does.

        Args:
            timeout: the iteration ends when nothing came for this long; None waits for ever.
        """
        return Stream(self._door, self._inner.consults(), partial(Consult, self._door), timeout)

    def next_consult(self) -> Consult:
        """The next consult of this agent: one pending now, or the first that is asked.

        Raises:
            JournalUnavailable: the workspace closed before there was one.
        """
        return Consult(self._door, self._door.run(self._inner.next_consult))

    def offer_case(
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
        return self._door.run(self._inner.offer_case, case, team=team, agent=agent, note=note)

    def hand_offs(self, after: str | None = None, limit: int = 50) -> tuple[HandOffView, ...]:
        """The cases that are offered to this agent or their teams, a page of them, oldest first.

        Args:
            after: id of the last one of the page before; from the first unless given.
            limit: how many at most, up to 1000.
        """
        return self._door.run(self._inner.hand_offs, after, limit)

    def hand_off_context(self, hand_off: str) -> CaseContext:
        """What goes with a case that is offered, so that its customer need not say anything twice.

        Raises:
            UnknownId: nothing of that id is offered any more.
            NotPermitted: it is offered to others.
        """
        return self._door.run(self._inner.hand_off_context, hand_off)

    def accept_hand_off(self, hand_off: str) -> CaseRef:
        """Answer for a case from now on.

        Raises:
            NotPermitted: it is offered to others.
            NotAllowedInState: it is offered no more.
        """
        return self._door.run(self._inner.accept_hand_off, hand_off)

    def decline_hand_off(self, hand_off: str, reason: str) -> None:
        """Leave a case to its owner, for the whole team if it is offered to one.

        Raises:
            NotPermitted: it is offered to others.
            NotAllowedInState: it is offered no more.
        """
        self._door.run(self._inner.decline_hand_off, hand_off, reason)

    def escalate(self, case: str | Ref, reason: str) -> None:
        """Have the next team on the case's path answer for it.

        Raises:
            NotAllowedInState: there is no next team, or the case is settled.
        """
        self._door.run(self._inner.escalate, case, reason)

    def raise_finding(
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
        return self._door.run(self._inner.raise_finding, case, kind, text, fields)

    def acknowledge(self, finding: str, team: str) -> None:
        """Take note of a finding for a team of theirs, from whose list it goes.

        Raises:
            NotPermitted: the agent is not of that team.
            NotAllowedInState: it is not on the team's list.
        """
        self._door.run(self._inner.acknowledge, finding, team)

    def away(self, reason: str) -> None:
        """Take no new work."""
        self._door.run(self._inner.away, reason)

    def available(self) -> None:
        """Take new work again."""
        self._door.run(self._inner.available)

    def sign_out(self) -> None:
        """Stop working."""
        self._door.run(self._inner.sign_out)
