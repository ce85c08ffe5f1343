"""Commands: offers."""

from __future__ import annotations

import attrs

from orchestra.model.command import Command

__all__ = ["AcceptOffer", "DeclineOffer", "RescindOffer"]


@attrs.define
class AcceptOffer(Command):
    """Take what is offered. The token is the offer's own; a stale one is refused."""

    offer: str
    agent: str
    token: int


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
