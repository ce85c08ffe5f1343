"""Invitations that may still be taken up, and those that were, as long as the contact that came by them goes on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import attrs

from orchestra.engine.lifecycle import INVITATION
from orchestra.engine.section import Evolve, Slice
from orchestra.model import events as e

__all__ = ["EVOLVE", "EXPIRE", "Invitation", "Invitations"]

EXPIRE = "invitations.expire"
"""Timer of an invitation that nobody has taken up."""

Over = e.InteractionDone | e.InteractionAbandoned | e.InteractionCanceled | e.InteractionDeflected | e.QuestionAnswered


@attrs.define
class Invitation:
    """Somebody was invited to a channel for a case, in `interaction` if they were in touch; `taken_by` is who came."""

    case: str
    customer: str
    channel: str
    conversation: str
    until_us: int
    interaction: str | None = None
    state: str = INVITATION.initial
    taken_by: str | None = None


class Invitations(Slice):
    """Invitations by id. One that has expired, was withdrawn, or is all over is forgotten: it proves nothing."""

    TABLES: ClassVar = {"invitations": Invitation, "counts": None}

    invitations: dict[str, Invitation]
    counts: dict[str, int]

    def reindex(self) -> None:
        """Rebuild the look-ups by case, and by the contact that came."""
        self._of_case: dict[str, dict[str, int]] = {}
        self._taken_by: dict[str, str] = {}
        for name, row in self.invitations.items():
            self._enter(name, row)

    def _enter(self, name: str, row: Invitation) -> None:
        if row.taken_by is not None:
            self._taken_by[row.taken_by] = name
        else:
            self._of_case.setdefault(row.case, {})[name] = 1

    def _leave(self, name: str, row: Invitation) -> None:
        others = self._of_case[row.case]
        del others[name]
        if not others:
            del self._of_case[row.case]

    def next_id(self) -> str:
        """The id that the next invitation will have."""
        return f"iv{self.counts.get('invitation', 0) + 1}"

    def offered(self, cases: Iterable[str]) -> list[str]:
        """The invitations for these cases that nobody has taken up yet, oldest first."""
        return sorted((name for case in cases for name in self._of_case.get(case, ())), key=_number)

    def is_offered(self, case: str) -> bool:
        """Whether somebody is invited for a case, and has not come yet."""
        return case in self._of_case

    def taken_by(self, interaction: str) -> Invitation | None:
        """The invitation by which a contact came; None if it came by none."""
        return self.invitations[self._taken_by[interaction]] if interaction in self._taken_by else None

    def made(self, event: e.InvitationMade, at_us: int) -> None:
        """It may be taken up until then."""
        self.counts["invitation"] = self.counts.get("invitation", 0) + 1
        row = Invitation(
            event.case, event.customer, event.channel, event.conversation, event.until_us, event.interaction
        )
        self.invitations[event.invitation] = row
        self._enter(event.invitation, row)
        self.timers.set(EXPIRE, event.invitation, event.until_us)

    def accepted(self, event: e.InvitationAccepted, at_us: int) -> None:
        """Somebody came by it; nobody else can."""
        row = self.invitations[event.invitation]
        self._leave(event.invitation, row)
        row.state, row.taken_by = INVITATION.steps[row.state, "accept"], event.interaction
        self._enter(event.invitation, row)
        self.timers.cancel(EXPIRE, event.invitation)

    def ended(self, event: e.InvitationEnded, at_us: int) -> None:
        """Nobody came by it in time, or it was taken back."""
        self._leave(event.invitation, self.invitations.pop(event.invitation))
        self.timers.cancel(EXPIRE, event.invitation)

    def over(self, event: Over, at_us: int) -> None:
        """The contact that came by it is over."""
        name = self._taken_by.pop(event.interaction, None)
        if name is not None:
            del self.invitations[name]


def _number(name: str) -> int:
    return int(name[2:])


EVOLVE: dict[type[e.Event], Evolve] = {
    e.InvitationMade: Invitations.made,
    e.InvitationAccepted: Invitations.accepted,
    e.InvitationEnded: Invitations.ended,
    e.InteractionDone: Invitations.over,
    e.InteractionAbandoned: Invitations.over,
    e.InteractionCanceled: Invitations.over,
    e.InteractionDeflected: Invitations.over,
    e.QuestionAnswered: Invitations.over,
}
