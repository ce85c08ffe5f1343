"""Events: supervision."""

from __future__ import annotations

import attrs

from orchestra.model.event import Event
from orchestra.model.private import private

__all__ = ["BargedIn", "MonitoringEnded", "MonitoringStarted", "Whispered"]


@attrs.define
class MonitoringStarted(Event):
    """A supervisor listens to an interaction, and takes none of their capacity for it.

    Attributes:
        agent: who listens.
        monitored: who has the interaction.
    """

    interaction: str
    customer: str
    agent: str
    monitored: str


@attrs.define
class MonitoringEnded(Event):
    """The supervisor listens no more."""

    interaction: str
    customer: str
    agent: str
    reason: str


@attrs.define
class Whispered(Event):
    """A supervisor who listens said something to the agent who has the interaction, unheard by the customer."""

    interaction: str
    customer: str
    agent: str
    monitored: str
    text: str | None = private()


@attrs.define
class BargedIn(Event):
    """A supervisor talks with the customer too, unasked, as a merged consult; the interaction stays the agent's.

    Attributes:
        agent: who has the interaction.
        consulted: the supervisor.
        token: as of a consult.
        weight_percent: the share of the supervisor's budget that is held.
        labels: those of the interaction, of which the supervisor has one more.
    """

    consult: str
    interaction: str
    customer: str
    agent: str
    consulted: str
    channel: str
    token: int
    weight_percent: int
    labels: list[str] = attrs.field(factory=list)
