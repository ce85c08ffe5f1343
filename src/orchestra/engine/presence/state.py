"""Agents as presence knows them: profile, status, devices, misses."""

from __future__ import annotations

from typing import ClassVar

import attrs

from orchestra.engine.lifecycle import PRESENCE
from orchestra.engine.section import SLICE_PAUSE_US, Evolve, Slice
from orchestra.model import events as e
from orchestra.model.definitions import AgentDefinition

__all__ = ["EVOLVE", "FOLLOW", "GRACE", "Agent", "Presence", "Profile", "wanted"]

FOLLOW = "presence.follow"
"""Timer of the walk over the agents who are not yet what the plan says of them."""

GRACE = "presence.grace"
"""Timer of an agent all of whose devices are silent."""


Profile = tuple[list[str], dict[str, int], list[str], int, str, int]
"""Teams, skills, roles, capacity, kind and position."""


def wanted(definition: AgentDefinition) -> Profile:
    """The profile that a plan gives an agent."""
    return (
        sorted(definition.teams),
        dict(sorted(definition.skills.items())),
        sorted(definition.roles),
        definition.capacity_percent,
        definition.kind,
        definition.position,
    )


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
    kind: str = "person"
    position: int = 0

    @property
    def profile(self) -> Profile:
        """What the agent can do and may do."""
        return self.teams, self.skills, self.roles, self.capacity_percent, self.kind, self.position

    @property
    def answers(self) -> bool:
        """Whether at least one device answers."""
        return any(self.devices.values())

    @property
    def takes_work(self) -> bool:
        """Whether offers may be made: declared available, and a device answers."""
        return self.state == "AVAILABLE" and self.answers


class Presence(Slice):
    """Agents by id; `to_follow` is a set of those who are not yet what the plan in force says of them."""

    TABLES: ClassVar = {"agents": Agent, "to_follow": None}

    agents: dict[str, Agent]
    to_follow: dict[str, int]

    def reindex(self) -> None:
        """Know those whom the plan defines without looking for them."""
        self.of_plan = {name: 1 for name, agent in self.agents.items() if agent.source == "plan"}

    def plan_changed(self, event: e.PlanChanged, at_us: int) -> None:
        """Note whom the plan now defines otherwise, and whom no more. Those who were defined by command stay."""
        named = event.plan.agents
        new = sorted(named.keys() - self.agents.keys())
        others = sorted(name for name in self.of_plan if name not in named or self._differs(name, named[name]))
        self.to_follow = dict.fromkeys((*new, *others), 1)
        self._walk(at_us)

    def _differs(self, name: str, definition: AgentDefinition) -> bool:
        return self.agents[name].profile != wanted(definition)

    def _walk(self, at_us: int) -> None:
        """Go on with the next: at once with who is new, so that nobody is refused whom the plan knows."""
        following = next(iter(self.to_follow), None)
        if following is None:
            self.timers.cancel(FOLLOW, "")
        else:
            self.timers.set(FOLLOW, "", at_us if following not in self.agents else at_us + SLICE_PAUSE_US)

    def _settled(self, name: str, at_us: int) -> None:
        if self.to_follow.pop(name, None) is not None:
            self._walk(at_us)

    def defined(self, event: e.AgentDefined, at_us: int) -> None:
        """The agent has this profile; where they are and what they do stays."""
        old = self.agents.get(event.agent)
        new = Agent(event.teams, event.skills, event.roles, event.capacity_percent, event.source)
        new.kind, new.position = event.kind, event.position
        if old is not None:
            new.state, new.reason, new.devices, new.misses = old.state, old.reason, old.devices, old.misses
        self.agents[event.agent] = new
        self.of_plan.pop(event.agent, None)
        if event.source == "plan":
            self.of_plan[event.agent] = 1
        self._settled(event.agent, at_us)

    def removed(self, event: e.AgentRemoved, at_us: int) -> None:
        """Forget the agent."""
        del self.agents[event.agent]
        self.of_plan.pop(event.agent, None)
        self.timers.cancel(GRACE, event.agent)
        self._settled(event.agent, at_us)

    def signed_in(self, event: e.AgentSignedIn, at_us: int) -> None:
        """The device answers, and the agent is at work."""
        agent = self.agents[event.agent]
        agent.state = PRESENCE.steps[agent.state, "sign_in"]
        agent.devices[event.device] = True
        self.timers.cancel(GRACE, event.agent)

    def signed_out(self, event: e.AgentSignedOut, at_us: int) -> None:
        """The agent is gone, with all devices."""
        self._leave(event.agent, event.reason)

    def lost(self, event: e.AgentLost, at_us: int) -> None:
        """The agent is gone, with all devices."""
        self._leave(event.agent, "lost")

    def _leave(self, name: str, reason: str) -> None:
        agent = self.agents[name]
        agent.state = PRESENCE.steps[agent.state, "sign_out"]
        agent.reason, agent.devices, agent.misses = reason, {}, 0
        self.timers.cancel(GRACE, name)

    def went_away(self, event: e.AgentWentAway, at_us: int) -> None:
        """The agent takes no new work."""
        agent = self.agents[event.agent]
        agent.state = PRESENCE.steps[agent.state, "go_away"]
        agent.reason, agent.misses = event.reason, 0

    def available(self, event: e.AgentAvailable, at_us: int) -> None:
        """The agent takes new work."""
        agent = self.agents[event.agent]
        agent.state = PRESENCE.steps[agent.state, "come_back"]
        agent.reason = None

    def device_lost(self, event: e.DeviceLost, at_us: int) -> None:
        """The device is silent; with the last one the grace runs."""
        self.agents[event.agent].devices[event.device] = False
        if event.grace_until_us is not None:
            self.timers.set(GRACE, event.agent, event.grace_until_us)

    def device_returned(self, event: e.DeviceReturned, at_us: int) -> None:
        """The device answers; no grace runs."""
        self.agents[event.agent].devices[event.device] = True
        self.timers.cancel(GRACE, event.agent)

    def offer_accepted(self, event: e.OfferAccepted | e.OfferConnecting, at_us: int) -> None:
        """Whoever answers has missed nothing."""
        self.agents[event.agent].misses = 0

    def offer_ended(self, event: e.OfferEnded, at_us: int) -> None:
        """Count misses in a row."""
        agent = self.agents[event.agent]  # whoever is removed has no offer left
        if event.outcome == "TIMED_OUT":
            agent.misses += 1
        elif event.outcome == "DECLINED":
            agent.misses = 0


EVOLVE: dict[type[e.Event], Evolve] = {
    e.PlanChanged: Presence.plan_changed,
    e.AgentDefined: Presence.defined,
    e.AgentRemoved: Presence.removed,
    e.AgentSignedIn: Presence.signed_in,
    e.AgentSignedOut: Presence.signed_out,
    e.AgentLost: Presence.lost,
    e.AgentWentAway: Presence.went_away,
    e.AgentAvailable: Presence.available,
    e.DeviceLost: Presence.device_lost,
    e.DeviceReturned: Presence.device_returned,
    e.OfferConnecting: Presence.offer_accepted,
    e.OfferAccepted: Presence.offer_accepted,
    e.OfferEnded: Presence.offer_ended,
}
