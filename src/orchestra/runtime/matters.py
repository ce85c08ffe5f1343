"""What is one matter and what is two, and going on with it on another channel, also by who asks another process."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from orchestra.model.addresses import Ref
from orchestra.model.commands import (
    AcceptCaseSuggestion,
    Command,
    DismissCaseSuggestion,
    InviteToChannel,
    MergeCases,
    MoveInteraction,
    SplitCase,
    UnmergeCase,
    WithdrawInvitation,
)
from orchestra.model.results import CaseRef, Invited
from orchestra.model.structure import microseconds

__all__ = ["Matters"]


class Matters(Protocol):
    """Commands about what belongs to which case, and where that goes on."""

    async def execute(self, command: Command) -> object:
        """Decide on a command and give its result, once that is durable."""
        ...

    async def merge_cases(self, case: str | Ref, other: str | Ref, reason: str) -> CaseRef:
        """Note that two cases of one customer are the same matter: `other` goes on as `case`.

        Returns:
            The case that both are now. The other's id, number, threads and tokens lead to it.

        Raises:
            CommandRefused: there is no such case, or they are two customers'.
        """
        return _case(await self.execute(MergeCases(case, other, reason)))

    async def invite(
        self,
        channel: str,
        text: str,
        *,
        interaction: str | Ref | None = None,
        case: str | Ref | None = None,
        lasts: timedelta | None = None,
        actor: str | None = None,
    ) -> Invited:
        """Write to a customer that they may go on, on another channel, about the same case.

        Args:
            channel: where they may come.
            text: what they are written, where they are; `{token}` stands in it for a token that is made as it is sent.
            interaction: the contact in which they are; or else:
            case: the case, in whose newest conversation it is written.
            lasts: how long they may come; the plan's `engagements.invitation_lasts` unless given.
            actor: who invites, as `agent:ana`.

        Raises:
            CommandRefused: not one of both is given, the contact is over or the case closed, or the channel is theirs.
        """
        lasts_us = None if lasts is None else microseconds(lasts)
        invited = await self.execute(InviteToChannel(channel, interaction, case, lasts_us, text, actor=actor))
        assert isinstance(invited, Invited)
        return invited

    async def withdraw_invitation(self, invitation: str, reason: str) -> None:
        """Take back an invitation that nobody has taken up.

        Raises:
            CommandRefused: there is no such invitation any more, or somebody has come by it.
        """
        await self.execute(WithdrawInvitation(invitation, reason))

    async def unmerge_case(self, case: str | Ref, reason: str) -> CaseRef:
        """Undo a merge: the case goes on by itself, with everything that came from it.

        Args:
            case: the one that was merged, by its own id or reference.
            reason: why.

        Raises:
            CommandRefused: there is no such case, or it is not merged.
        """
        return _case(await self.execute(UnmergeCase(case, reason)))

    async def split_case(
        self,
        case: str | Ref,
        reason: str,
        *,
        interactions: Sequence[str | Ref] = (),
        conversations: Sequence[str] = (),
        topic: str | None = None,
        queue: str | None = None,
    ) -> CaseRef:
        """Make part of a case a case of its own, with its own number and owner.

        Args:
            case: that it is part of.
            reason: why.
            interactions: those that go along, at most 25.
            conversations: of which all the interactions in the case go along.
            topic: of the new case.
            queue: of the new case; the old one's unless given.

        Raises:
            CommandRefused: something named is not known, not part of the case, or still to be called back.
        """
        chosen = list(interactions), list(conversations)
        return _case(await self.execute(SplitCase(case, reason, *chosen, topic, queue)))

    async def move_interaction(self, interaction: str | Ref, case: str | Ref, reason: str) -> CaseRef:
        """Put an interaction into another case than it is in; moving it back undoes that.

        Raises:
            CommandRefused: there is no such interaction or case, or its customer is still to be called back.
        """
        return _case(await self.execute(MoveInteraction(interaction, case, reason)))

    async def accept_case(self, interaction: str | Ref) -> CaseRef:
        """Note that an interaction belongs to the case that was suggested for it.

        Raises:
            CommandRefused: no case is suggested for it.
        """
        return _case(await self.execute(AcceptCaseSuggestion(interaction)))

    async def dismiss_case(self, interaction: str | Ref, reason: str) -> None:
        """Note that an interaction does not belong to the case that was suggested for it.

        Raises:
            CommandRefused: no case is suggested for it.
        """
        await self.execute(DismissCaseSuggestion(interaction, reason))


def _case(result: object) -> CaseRef:
    assert isinstance(result, CaseRef)
    return result
