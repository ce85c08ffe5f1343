"""Events: contacts of one customer at the same time. One that is alone needs none."""

from __future__ import annotations

import attrs

from orchestra.model.event import Event

__all__ = [
    "ContactDeferred",
    "DeferralEnded",
    "EngagementJoined",
    "EngagementModeChanged",
    "EngagementSplit",
    "EngagementsMerged",
    "QuestionAnswered",
    "QuestionLinked",
    "QuestionUnlinked",
]


@attrs.define
class EngagementJoined(Event):
    """A customer who is in touch comes on another channel, too; `mode` is how the two go with each other."""

    engagement: str
    customer: str
    interaction: str
    mode: str


@attrs.define
class EngagementModeChanged(Event):
    """A contact is about another case than before, or about the same: `mode` is how it goes with the others now."""

    engagement: str
    customer: str
    interaction: str
    mode: str


@attrs.define
class EngagementsMerged(Event):
    """Two people who are in touch turned out to be one: what was in `other`, these, is part of this from now on."""

    engagement: str
    customer: str
    other: str
    interactions: list[str]


@attrs.define
class EngagementSplit(Event):
    """One who is in touch turned out to be two: these interactions are an engagement of their own, `other`."""

    engagement: str
    customer: str
    other: str
    interactions: list[str]


@attrs.define
class QuestionLinked(Event):
    """What is asked here is asked in another contact, too, whose answer is the answer to both: it waits for that.

    Attributes:
        to: the contact that keeps its place, or is being answered.
        by: `place`, since both waited in the queues for one case; `pair`, since the plan has it so for their channels;
            `asked`, since somebody said that they are the same.
    """

    interaction: str
    customer: str
    to: str
    by: str


@attrs.define
class QuestionUnlinked(Event):
    """It waits for an answer of its own again, as long as it has; `reason` is `asked`, or what became of the other."""

    interaction: str
    customer: str
    reason: str


@attrs.define
class QuestionAnswered(Event):
    """It is over, since the contact that it was linked to has been answered."""

    interaction: str
    customer: str
    by: str


@attrs.define
class ContactDeferred(Event):
    """A contact waits until another one of its customer, `to`, is over; until `until_us` at the latest."""

    interaction: str
    customer: str
    to: str
    until_us: int


@attrs.define
class DeferralEnded(Event):
    """A contact waits no longer for another one to be over, and has a place in its queue again.

    Attributes:
        reason: `lead_done`: the other one is over; `too_long`; or why the two do not go so with each other any more.
        agent: who had the other one, and is asked first for this one; None if nobody had.
    """

    interaction: str
    customer: str
    reason: str
    agent: str | None = None
