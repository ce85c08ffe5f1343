"""Events: contacts of one customer at the same time. One that is alone needs none."""

from __future__ import annotations

import attrs

from orchestra.model.event import Event

__all__ = ["EngagementJoined", "EngagementSplit", "EngagementsMerged"]


@attrs.define
class EngagementJoined(Event):
    """A customer who is in touch comes on another channel, too; `mode` is how the two go with each other."""

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
