"""Events: customers who are invited to another channel."""

from __future__ import annotations

import attrs

from orchestra.model.event import Event

__all__ = ["CustomerMovedOn", "InvitationAccepted", "InvitationEnded", "InvitationMade"]


@attrs.define
class InvitationMade(Event):
    """A customer was invited to go on with a case on another channel.

    Attributes:
        channel: to which they are invited.
        conversation: in which that is written.
        until_us: when it expires.
        interaction: the contact in which they are; None if they were not in touch.
    """

    invitation: str
    case: str
    customer: str
    channel: str
    conversation: str
    until_us: int
    interaction: str | None = None


@attrs.define
class InvitationAccepted(Event):
    """Somebody came with the token of an invitation, in `interaction`: `by`, the customer or nobody known before."""

    invitation: str
    case: str
    customer: str
    interaction: str
    by: str


@attrs.define
class CustomerMovedOn(Event):
    """The customer goes on in another contact, `to`, to which this one's agent, or whoever else, had invited them.

    Until they write in this one again, it takes nothing of its agent's budget.
    """

    interaction: str
    customer: str
    agent: str
    to: str


@attrs.define
class InvitationEnded(Event):
    """Nobody can take an invitation up any more; `outcome` is `EXPIRED` or `WITHDRAWN`, then for this `reason`."""

    invitation: str
    case: str
    customer: str
    outcome: str
    reason: str | None = None
