"""Events: what agents still have to do about contacts that go on with others."""

from __future__ import annotations

import attrs

from orchestra.model.event import Event

__all__ = ["SegmentWrapUpEnded", "SegmentWrapUpStarted"]


@attrs.define
class SegmentWrapUpStarted(Event):
    """An agent has given an interaction away, and wraps up their part of it.

    Attributes:
        segment: the agent's part.
        channel: whose work the agent has one more of meanwhile.
        weight_percent: the share of the agent's budget that it takes.
        labels: of which the agent has one more, too.
        wrap_up: how it ends, as of an interaction's wrap-up.
        until_us: when it ends by itself, if it does.
    """

    segment: str
    interaction: str
    customer: str
    agent: str
    channel: str
    weight_percent: int
    labels: list[str]
    wrap_up: str
    until_us: int | None = None


@attrs.define
class SegmentWrapUpEnded(Event):
    """The agent has wrapped up their part; the interaction is what it was.

    `reason` is finished, by the agent or by time; agent_left; or taken_again, if the interaction is theirs again.
    """

    segment: str
    interaction: str
    customer: str
    agent: str
    channel: str
    weight_percent: int
    labels: list[str]
    reason: str
    disposition: str | None = None
