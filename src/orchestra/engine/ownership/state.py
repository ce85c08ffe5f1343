"""Hand-offs without an answer yet, cases whose customers wait for one, and the teams behind agents who own cases."""

from __future__ import annotations

from typing import ClassVar

import attrs

from orchestra.engine.ordered import Ordered
from orchestra.engine.section import Evolve, Slice
from orchestra.model import events as e

__all__ = ["ESCALATE", "EVOLVE", "TIME_OUT", "Addressee", "HandOff", "Ownership", "Wait"]

TIME_OUT = "ownership.time_out"
"""Timer of a hand-off that nobody has answered."""
ESCALATE = "ownership.escalate"
"""Timer of a case whose customer waits for an answer."""

Addressee = tuple[str, str]
"""To whom a case is offered: `team` or `agent`, and its name."""


@attrs.define
class HandOff:
    """A case that its owner offers to somebody; ended ones are in the journal alone."""

    case: str
    customer: str
    to_kind: str
    to: str
    offered_us: int
    until_us: int

    @property
    def addressee(self) -> Addressee:
        """To whom it is offered."""
        return self.to_kind, self.to


@attrs.define
class Wait:
    """A customer waits for an answer; the case goes from one team to the other when it takes too long."""

    team: str
    to: str


class Ownership(Slice):
    """Hand-offs by id, `waits` by case; `behind` is case -> the team that owned it last, where it is not the first."""

    TABLES: ClassVar = {"hand_offs": HandOff, "waits": Wait, "behind": None, "counts": None}

    hand_offs: dict[str, HandOff]
    waits: dict[str, Wait]
    behind: dict[str, str]
    counts: dict[str, int]

    def reindex(self) -> None:
        """Rebuild the look-ups by case and by addressee, and whether any team's cases escalate by themselves."""
        self.of_case: dict[str, str] = {}
        self.offered_to: dict[Addressee, Ordered[int]] = {}
        self.escalates = any(team.escalate_after is not None for team in self.plan.teams.values())
        for name in sorted(self.hand_offs, key=_number):
            self._enter(name, self.hand_offs[name])

    def _enter(self, name: str, row: HandOff) -> None:
        self.of_case[row.case] = name
        self.offered_to.setdefault(row.addressee, Ordered()).add(_number(name))

    def next_hand_off(self) -> str:
        """The id that the next hand-off will have."""
        return f"ho{self.counts.get('hand_off', 0) + 1}"

    def is_past(self, name: str) -> bool:
        """Whether there was a hand-off of this id."""
        number = name[2:]
        is_number = number.isascii() and number.isdecimal() and len(number) < 20
        return is_number and name[:2] == "ho" and 0 < int(number) <= self.counts.get("hand_off", 0)

    def plan_changed(self, event: e.PlanChanged, at_us: int) -> None:
        """Know whether any team's cases escalate by themselves from now on."""
        self.escalates = any(team.escalate_after is not None for team in event.plan.teams.values())

    def offered(self, event: e.HandOffOffered, at_us: int) -> None:
        """Wait for an answer."""
        self.counts["hand_off"] = self.counts.get("hand_off", 0) + 1
        row = HandOff(event.case, event.customer, event.to_kind, event.to, at_us, event.until_us)
        self.hand_offs[event.hand_off] = row
        self._enter(event.hand_off, row)
        self.timers.set(TIME_OUT, event.hand_off, event.until_us)

    def accepted(self, event: e.HandOffAccepted, at_us: int) -> None:
        """Somebody has it, on behalf of a team."""
        self._forget(event.hand_off)
        self.behind[event.case] = event.team

    def ended(self, event: e.HandOffEnded, at_us: int) -> None:
        """Nobody has taken it."""
        self._forget(event.hand_off)

    def _forget(self, name: str) -> None:
        row = self.hand_offs.pop(name)
        del self.of_case[row.case]
        offered = self.offered_to[row.addressee]
        offered.remove(_number(name))
        if not offered:
            del self.offered_to[row.addressee]
        self.timers.cancel(TIME_OUT, name)

    def owner_changed(self, event: e.CaseOwnerChanged, at_us: int) -> None:
        """Remember the team that agents who own it next do so for."""
        if event.owner_kind == "team":
            self.behind[event.case] = event.owner

    def scheduled(self, event: e.EscalationScheduled, at_us: int) -> None:
        """The customer waits."""
        self.waits[event.case] = Wait(event.team, event.to)
        self.timers.set(ESCALATE, event.case, event.due_us)

    def escalated(self, event: e.CaseEscalated, at_us: int) -> None:
        """This step is done; what comes next is told with the change of owner that follows."""
        if event.case in self.waits:
            self.waits[event.case].team = event.team
            self.timers.cancel(ESCALATE, event.case)

    def escalation_ended(self, event: e.EscalationEnded, at_us: int) -> None:
        """Nobody waits, or there is nobody to whom it could escalate."""
        del self.waits[event.case]
        self.timers.cancel(ESCALATE, event.case)


def _number(name: str) -> int:
    return int(name[2:])


EVOLVE: dict[type[e.Event], Evolve] = {
    e.PlanChanged: Ownership.plan_changed,
    e.HandOffOffered: Ownership.offered,
    e.HandOffAccepted: Ownership.accepted,
    e.HandOffEnded: Ownership.ended,
    e.CaseOwnerChanged: Ownership.owner_changed,
    e.EscalationScheduled: Ownership.scheduled,
    e.CaseEscalated: Ownership.escalated,
    e.EscalationEnded: Ownership.escalation_ended,
}
