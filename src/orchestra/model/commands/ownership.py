"""Commands: who answers for a case next."""

from __future__ import annotations

import attrs

from orchestra.model.command import Command, Id
from orchestra.model.private import private

__all__ = ["AcceptHandOff", "DeclineHandOff", "EscalateCase", "OfferHandOff", "WithdrawHandOff"]


@attrs.define
class OfferHandOff(Command):
    """Offer a case, as its owner, to a team or an agent: `to_kind` is team or agent, `to` its name.

    Whoever owns the case goes on to answer for it until somebody accepts, which they can as long as the plan says. Of a
    case that a team owns, each of its agents may do so. `note` tells whoever is asked what they should know.
    """

    case: Id
    to_kind: str
    to: str
    note: str | None = private()


@attrs.define
class AcceptHandOff(Command):
    """Answer for the case from now on, as the agent to whom it is offered, or one of the team."""

    hand_off: str
    agent: str


@attrs.define
class DeclineHandOff(Command):
    """Leave the case to its owner, as the agent to whom it is offered, or one of the team, for all of it."""

    hand_off: str
    agent: str
    reason: str


@attrs.define
class WithdrawHandOff(Command):
    """Offer the case no longer, as its owner."""

    hand_off: str
    reason: str


@attrs.define
class EscalateCase(Command):
    """Have the next team on the path of the team that answers for the case answer for it."""

    case: Id
    reason: str
