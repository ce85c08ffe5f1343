"""Events: connect targets of live contacts."""

from __future__ import annotations

import attrs

from orchestra.model.event import Event

__all__ = ["ConnectAtRisk", "ConnectBreached", "LongWaitForeseen"]


@attrs.define
class LongWaitForeseen(Event):
    """A live contact that has just come will probably wait longer than its channel's connect target.

    Attributes:
        wait_us: the estimated wait.
        target_us: the target.
        alternatives: what the plan would have the customer offered meanwhile: names of channels, or `callback`.
    """

    interaction: str
    customer: str
    queue: str
    wait_us: int
    target_us: int
    alternatives: list[str]


@attrs.define
class ConnectAtRisk(Event):
    """Three quarters of the connect target have passed without an answer; `waited_us` is how long it has waited."""

    interaction: str
    customer: str
    queue: str
    waited_us: int


@attrs.define
class ConnectBreached(Event):
    """The connect target has passed without an answer."""

    interaction: str
    customer: str
    queue: str
    waited_us: int
