"""Who listens to which interactions."""

from __future__ import annotations

from typing import ClassVar

from orchestra.engine.section import Evolve, Slice
from orchestra.model import events as e

__all__ = ["EVOLVE", "Supervision"]


class Supervision(Slice):
    """`listeners` is interaction -> supervisor who listens to it -> how often they have whispered."""

    TABLES: ClassVar = {"listeners": None}

    listeners: dict[str, dict[str, int]]

    def reindex(self) -> None:
        """Rebuild the look-up by supervisor."""
        self.of_agent: dict[str, dict[str, int]] = {}
        for interaction, agents in sorted(self.listeners.items()):
            for agent in sorted(agents):
                self.of_agent.setdefault(agent, {})[interaction] = 1

    def listens(self, agent: str, interaction: str) -> bool:
        """Whether a supervisor listens to an interaction."""
        return agent in self.listeners.get(interaction, {})

    def started(self, event: e.MonitoringStarted, at_us: int) -> None:
        """The supervisor listens."""
        self.listeners.setdefault(event.interaction, {})[event.agent] = 0
        self.of_agent.setdefault(event.agent, {})[event.interaction] = 1

    def whispered(self, event: e.Whispered, at_us: int) -> None:
        """The supervisor has said something."""
        self.listeners[event.interaction][event.agent] += 1

    def ended(self, event: e.MonitoringEnded, at_us: int) -> None:
        """The supervisor listens no more."""
        for index, key, member in (
            (self.listeners, event.interaction, event.agent),
            (self.of_agent, event.agent, event.interaction),
        ):
            del index[key][member]
            if not index[key]:
                del index[key]


EVOLVE: dict[type[e.Event], Evolve] = {
    e.MonitoringStarted: Supervision.started,
    e.Whispered: Supervision.whispered,
    e.MonitoringEnded: Supervision.ended,
}
