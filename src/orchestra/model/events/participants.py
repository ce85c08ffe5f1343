"""Events: others than a case's customer who have a part in it.

What happens to a part stands in two histories: in that of the case's customer, and in the participant's own.
"""

from __future__ import annotations

import attrs

from orchestra.model.event import Event
from orchestra.model.private import private

__all__ = ["PartEnded", "PartTaken", "ParticipantChanged", "ParticipantJoined", "ParticipantLeft"]


@attrs.define
class ParticipantJoined(Event):
    """Somebody other than the case's customer has a part in it; `customer` is the case's.

    They wrote or were answered in it, which was in `interaction` unless they were answered before anybody had made
    contact; or somebody entered them. `acts` says that they act for the customer, by `evidence`.
    """

    case: str
    customer: str
    participant: str
    interaction: str | None = None
    role: str | None = None
    acts: bool = False
    evidence: str | None = private()


@attrs.define
class ParticipantChanged(Event):
    """A participant has another role in the case, or acts for its customer, by `evidence`, or no longer does."""

    case: str
    customer: str
    participant: str
    role: str | None
    acts: bool
    evidence: str | None = private()


@attrs.define
class ParticipantLeft(Event):
    """Somebody has no part in the case any more; what they wrote in it stays."""

    case: str
    customer: str
    participant: str
    reason: str


@attrs.define
class PartTaken(Event):
    """The customer has a part, or another one, in a case of somebody else, who is `of`."""

    customer: str
    case: str
    of: str
    role: str | None = None
    acts: bool = False


@attrs.define
class PartEnded(Event):
    """The customer has no part any more in a case of somebody else, who is `of`."""

    customer: str
    case: str
    of: str
    reason: str
