"""Agents as presence knows them: profile, status, devices, misses."""

from __future__ import annotations

from typing import ClassVar

import attrs

from orchestra.engine.lifecycle import PRESENCE
from orchestra.engine.section import Evolve, Slice
from orchestra.model import events as e

__all__ = ["EVOLVE", "GRACE", "Agent", "Presence"]

GRACE = "presence.grace"
"""Timer of an agent all of whose devices are silent."""


@attrs.define
class Agent:
    """An agent. `devices` is device -> whether it answers."""

    teams: list[str]
    skills: dict[str, int]
    roles: list[str]
    capacity_percent: int
    source: str
    state: str = PRESENCE.initial
    reason: str | None = None
    devices: dict[str, bool] = attrs.field(factory=dict)
    misses: int = 0

    @property
    def answers(self) -> bool:
        """Whether at least one device answers."""
        return any(self.devices.values())

    @property
    def takes_work(self) -> bool:
        """Whether offers may be made: declared available, and a device answers."""
        return self.state == "AVAILABLE" and self.answers


class Presence(Slice):
    """Agents by id."""

    TABLES: ClassVar = {"agents": Agent}

    agents: dict[str, Agent]

    def defined(self, event: e.AgentDefined, at_us: int) -> None:
        old = self.agents.get(event.agent)
        new = Agent(event.teams, event.skills, event.roles, event.capacity_percent, event.source)
        if old is not None:
            new.state, new.reason, new.devices, new.misses = old.state, old.reason, old.devices, old.misses
        self.agents[event.agent] = new

    def removed(self, event: e.AgentRemoved, at_us: int) -> None:
        del self.agents[event.agent]
        self.timers.cancel(GRACE, event.agent)

    def signed_in(self, event: e.AgentSignedIn, at_us: int) -> None:
        agent = self.agents[event.agent]
        agent.state = PRESENCE.steps[agent.state, "sign_in"]
        agent.devices[event.device] = True
        self.timers.cancel(GRACE, event.agent)

    def signed_out(self, event: e.AgentSignedOut, at_us: int) -> None:
        self._leave(event.agent, event.reason)

    def lost(self, event: e.AgentLost, at_us: int) -> None:
        self._leave(event.agent, "lost")

    def _leave(self, name: str, reason: str) -> None:
        agent = self.agents[name]
        agent.state = PRESENCE.steps[agent.state, "sign_out"]
        agent.reason, agent.devices, agent.misses = reason, {}, 0
        self.timers.cancel(GRACE, name)

    def went_away(self, event: e.AgentWentAway, at_us: int) -> None:
        agent = self.agents[event.agent]
        agent.state = PRESENCE.steps[agent.state, "go_away"]
        agent.reason, agent.misses = event.reason, 0

    def available(self, event: e.AgentAvailable, at_us: int) -> None:
        agent = self.agents[event.agent]
        agent.state = PRESENCE.steps[agent.state, "come_back"]
        agent.reason = None

    def device_lost(self, event: e.DeviceLost, at_us: int) -> None:
        self.agents[event.agent].devices[event.device] = False
        if event.grace_until_us is not None:
            self.timers.set(GRACE, event.agent, event.grace_until_us)

    def device_returned(self, event: e.DeviceReturned, at_us: int) -> None:
        self.agents[event.agent].devices[event.device] = True
        self.timers.cancel(GRACE, event.agent)

    def offer_accepted(self, event: e.OfferAccepted, at_us: int) -> None:
        self.agents[event.agent].misses = 0

    def offer_ended(self, event: e.OfferEnded, at_us: int) -> None:
        agent = self.agents.get(event.agent)
        if agent is None:
            return
        if event.outcome == "TIMED_OUT":
            agent.misses += 1
        elif event.outcome == "DECLINED":
            agent.misses = 0


EVOLVE: dict[type[e.Event], Evolve] = {
    e.AgentDefined: Presence.defined,
    e.AgentRemoved: Presence.removed,
    e.AgentSignedIn: Presence.signed_in,
    e.AgentSignedOut: Presence.signed_out,
    e.AgentLost: Presence.lost,
    e.AgentWentAway: Presence.went_away,
    e.AgentAvailable: Presence.available,
    e.DeviceLost: Presence.device_lost,
    e.DeviceReturned: Presence.device_returned,
    e.OfferAccepted: Presence.offer_accepted,
    e.OfferEnded: Presence.offer_ended,
}
