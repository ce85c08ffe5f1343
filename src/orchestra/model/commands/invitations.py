"""Commands: inviting customers to another channel."""

from __future__ import annotations

import attrs

from orchestra.model.command import Command, Id
from orchestra.model.private import private

__all__ = ["InviteToChannel", "WithdrawInvitation"]


@attrs.define
class InviteToChannel(Command):
    """Write to a customer where they are that they may go on, on another channel, about the same case.

    It is written in the contact `interaction`, or in the newest conversation of `case`. In the text `{token}` stands
    for a token that is made when it is sent: whoever comes with it, once and in time, comes about this case. It proves
    nothing of who they are. Once they are answered there, the contact from which they were invited is over. A newer
    invitation to the same channel takes the place of an older one. `lasts_us` is how long it may be taken up; the
    plan's `engagements.invitation_lasts` unless stated.
    """

    channel: str
    interaction: Id | None = None
    case: Id | None = None
    lasts_us: int | None = None
    text: str | None = private()


@attrs.define
class WithdrawInvitation(Command):
    """Take back an invitation that nobody has taken up: its token proves nothing from now on."""

    invitation: str
    reason: str
