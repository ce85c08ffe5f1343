"""Commands: offers."""

from __future__ import annotations

import attrs

from orchestra.model.command import Command

__all__ = ["AcceptOffer", "ConfirmConnected", "DeclineOffer", "ReportSetupFailed", "RescindOffer"]


@attrs.define
class AcceptOffer(Command):
    """Take what is offered. The token is the offer's own; a stale one is refused.

    Where the channel `connects`, the contact is the agent's only once `ConfirmConnected` follows.
    """

    offer: str
    agent: str
    token: int


@attrs.define
class ConfirmConnected(Command):
    """Agent and customer are connected: the contact is the agent's. Of several who ring, the first confirmed has it.

    `offer` may be a consult, too: then the consulted agent is connected.
    """

    offer: str
    agent: str
    token: int


@attrs.define
class ReportSetupFailed(Command):
    """Agent and customer could not be connected; the contact waits again with its place, and nobody is blamed.

    `offer` may be a consult, too, which has come to nothing then.
    """

    offer: str
    agent: str
    token: int
    reason: str | None = None


@attrs.define
class DeclineOffer(Command):
    """Refuse what is offered; it is not offered to this agent again."""

    offer: str
    agent: str
    token: int
    reason: str | None = None


@attrs.define
class RescindOffer(Command):
    """Take an offer back; the interaction waits again with its place."""

    offer: str
    reason: str
