"""Events: agents."""

from __future__ import annotations

import attrs

from orchestra.model.event import Event
from orchestra.model.private import private

__all__ = [
    "AgentAvailable",
    "AgentDefined",
    "AgentLost",
    "AgentRemoved",
    "AgentSignedIn",
    "AgentSignedOut",
    "AgentWentAway",
    "DeviceLost",
    "DeviceReturned",
]


@attrs.define
class AgentDefined(Event):
    """An agent, a `person` or a `bot`, exists or has another profile. `source` is `plan` or `command`."""

    agent: str
    teams: list[str]
    skills: dict[str, int]
    roles: list[str]
    capacity_percent: int
    source: str
    name: str | None = private()
    kind: str = "person"
    position: int = 0


@attrs.define
class AgentRemoved(Event):
    """An agent is no longer known."""

    agent: str


@attrs.define
class AgentSignedIn(Event):
    """An agent began to work, or added a device; `takes_work` unless they are away."""

    agent: str
    device: str
    takes_work: bool


@attrs.define
class AgentSignedOut(Event):
    """An agent stopped working."""

    agent: str
    reason: str


@attrs.define
class AgentWentAway(Event):
    """An agent takes no new work."""

    agent: str
    reason: str


@attrs.define
class AgentAvailable(Event):
    """An agent takes new work again, as soon as a device answers (`takes_work` if one does)."""

    agent: str
    takes_work: bool


@attrs.define
class DeviceLost(Event):
    """A device no longer answers. With the last one, the grace ends at `grace_until_us`."""

    agent: str
    device: str
    grace_until_us: int | None


@attrs.define
class DeviceReturned(Event):
    """A lost device answers again; `takes_work` unless its agent is away."""

    agent: str
    device: str
    takes_work: bool


@attrs.define
class AgentLost(Event):
    """All of an agent's devices stayed silent over the grace: the agent is offline."""

    agent: str
