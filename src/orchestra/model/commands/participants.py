"""Commands: others than a case's customer who have a part in it."""

from __future__ import annotations

import attrs

from orchestra.model.addresses import Address
from orchestra.model.command import Command, Id
from orchestra.model.private import private

__all__ = ["RemoveParticipant", "SetParticipant"]


@attrs.define
class SetParticipant(Command):
    """Note that somebody other than the case's customer has a part in it, and which: a role of the plan, or none.

    They are the `participant`, or whoever has the `address`, who is a customer from then on if nobody had it.
    `acts` lets them ask for what the customer may ask for in this case, as long as they have it. It needs `evidence` of
    the customer's consent, such as the number of a document; name nobody in it.
    """

    case: Id
    participant: Id | None = None
    role: str | None = None
    acts: bool = False
    address: Address | None = None
    evidence: str | None = private()


@attrs.define
class RemoveParticipant(Command):
    """Note that somebody has no part in the case any more. If they write in it again, they have one again."""

    case: Id
    participant: Id
    reason: str
