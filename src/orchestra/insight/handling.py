"""Agents' time on contacts, phase by phase, and shared out among what an agent has in hand at once.

Belongs here: adding up time. Does not: which contact is whose.
"""

from __future__ import annotations

import attrs

from orchestra.insight.figures import OVERLAP
from orchestra.insight.tally import Spent

__all__ = ["InHand", "Workload"]


class Workload:
    """For each agent a clock that runs slower the more contacts they have in hand: n at once, 1/n of the time each."""

    __slots__ = ("_clocks",)

    def __init__(self) -> None:
        self._clocks: dict[str, list[int]] = {}

    def read(self, agent: str, at_us: int) -> int:
        """The agent's clock at an instant not before the last one asked about."""
        clock = self._clocks[agent]
        count, shown, since_us = clock
        clock[1], clock[2] = shown + (at_us - since_us) * OVERLAP // count, at_us
        return clock[1]

    def take(self, agent: str, at_us: int) -> int:
        """One more in hand; gives the clock."""
        if agent not in self._clocks:
            self._clocks[agent] = [1, 0, at_us]
            return 0
        shown = self.read(agent, at_us)
        self._clocks[agent][0] += 1
        return shown

    def release(self, agent: str, at_us: int) -> int:
        """One less in hand; gives the clock."""
        shown = self.read(agent, at_us)
        self._clocks[agent][0] -= 1
        if not self._clocks[agent][0]:
            del self._clocks[agent]
        return shown


@attrs.define
class InHand:
    """One agent's work on one contact, from accepting it to the end."""

    agent: str
    workload: Workload
    since_us: int
    phase: str = "talk"
    spent: Spent = attrs.field(factory=Spent)
    is_parked: bool = False
    touched_us: int = attrs.field(init=False)
    _before: int = attrs.field(init=False, default=0)
    _from: int = attrs.field(init=False)
    _touched: int = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.touched_us = self.since_us
        self._from = self._touched = self.workload.take(self.agent, self.since_us)

    def enter(self, phase: str, at_us: int) -> None:
        """Go over to talk, hold or wrap_up; what was parked is worked on again."""
        if self.is_parked:
            self.is_parked, self.since_us = False, at_us
            self._from = self._touched = self.workload.take(self.agent, at_us)
        self._add(at_us)
        self.phase = phase

    def park(self, at_us: int) -> None:
        """The agent is gone: until they go on with it, no time of theirs goes into it."""
        if self.is_parked:
            return
        self._before += self.workload.release(self.agent, at_us) - self._from
        self._add(at_us)
        self.is_parked = True

    def _add(self, at_us: int) -> None:
        length_us = max(0, at_us - self.since_us)
        setattr(self.spent, self.phase, getattr(self.spent, self.phase) + length_us)
        self.since_us = at_us

    def touch(self, at_us: int) -> None:
        """Somebody wrote."""
        if self.is_parked:
            return
        self.touched_us = at_us
        self._touched = self.workload.read(self.agent, at_us)

    def end(self, at_us: int, *, is_idle: bool = False) -> Spent:
        """It is over. If it `is_idle`, it was over when somebody last wrote."""
        if self.is_parked:
            self.spent.weighted = self._before
            return self.spent
        shown = self.workload.release(self.agent, at_us)
        self._add(self.touched_us if is_idle else at_us)
        self.spent.weighted = self._before + (self._touched if is_idle else shown) - self._from
        return self.spent
