"""Segments in wrap-up: the parts of agents who have given an interaction away."""

from __future__ import annotations

from typing import ClassVar

import attrs

from orchestra.engine.section import Evolve, Slice
from orchestra.model import events as e

__all__ = ["EVOLVE", "OVER", "Segment", "Segments"]

OVER = "segments.wrap_up"
"""Timer of a segment whose wrap-up ends by itself."""


@attrs.define
class Segment:
    """An agent's part of an interaction that they have given away, kept while they wrap it up."""

    interaction: str
    customer: str
    agent: str
    channel: str
    weight_percent: int
    labels: list[str]
    wrap_up: str


class Segments(Slice):
    """Segments in wrap-up by id. An agent has at most one of an interaction."""

    TABLES: ClassVar = {"segments": Segment, "counts": None}

    segments: dict[str, Segment]
    counts: dict[str, int]

    def reindex(self) -> None:
        """Rebuild the look-up by agent and interaction."""
        self._of_agent: dict[str, dict[str, str]] = {}
        for name, row in sorted(self.segments.items()):
            self._of_agent.setdefault(row.agent, {})[row.interaction] = name

    def next_segment(self) -> str:
        """The id that the next one will have."""
        return f"sg{self.counts.get('segment', 0) + 1}"

    def of_agent(self, agent: str) -> list[str]:
        """What an agent wraps up of what others have, oldest interaction first."""
        return [name for _, name in sorted(self._of_agent.get(agent, {}).items())]

    def of(self, agent: str, interaction: str) -> str | None:
        """The agent's part of an interaction that they have given away, if they still wrap it up."""
        return self._of_agent.get(agent, {}).get(interaction)

    def started(self, event: e.SegmentWrapUpStarted, at_us: int) -> None:
        """The agent wraps up their part."""
        self.counts["segment"] = self.counts.get("segment", 0) + 1
        self.segments[event.segment] = Segment(
            event.interaction,
            event.customer,
            event.agent,
            event.channel,
            event.weight_percent,
            event.labels,
            event.wrap_up,
        )
        self._of_agent.setdefault(event.agent, {})[event.interaction] = event.segment
        if event.until_us is not None:
            self.timers.set(OVER, event.segment, event.until_us)

    def ended(self, event: e.SegmentWrapUpEnded, at_us: int) -> None:
        """Forget it."""
        del self.segments[event.segment]
        del self._of_agent[event.agent][event.interaction]
        if not self._of_agent[event.agent]:
            del self._of_agent[event.agent]
        self.timers.cancel(OVER, event.segment)


EVOLVE: dict[type[e.Event], Evolve] = {
    e.SegmentWrapUpStarted: Segments.started,
    e.SegmentWrapUpEnded: Segments.ended,
}
