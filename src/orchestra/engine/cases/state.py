"""Cases as they stand, and the look-ups that attach contacts to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import attrs

from orchestra.engine.lifecycle import CASE
from orchestra.engine.section import SLICE_PAUSE_US, Evolve, Slice
from orchestra.model import events as e

__all__ = ["CLOSE", "DISOWN", "EVOLVE", "NO_PART", "Case", "Cases", "Part"]

CLOSE = "cases.close"
"""Timer of a resolved case."""
DISOWN = "cases.disown"
"""Timer of an agent who is gone while still owning cases."""


@attrs.define
class Case:
    """A matter of one customer.

    `participants` and `interactions` are sets, kept as dicts of id -> 1; a snapshot forgets their order.
    """

    number: str
    customer: str
    owner_kind: str
    owner: str
    queue: str
    topic: str | None
    state: str = CASE.initial
    closed_us: int | None = None
    interactions: dict[str, int] = attrs.field(factory=dict)
    participants: dict[str, int] = attrs.field(factory=dict)


@attrs.define
class Part:
    """What was said of a participant's part in a case: their role, and whether they act for the customer."""

    role: str | None = None
    acts: bool = False


NO_PART = Part()
"""Of whom nothing was said."""


def _part_key(case: str, person: str) -> str:
    return f"{case}\x1f{person}"


class Cases(Slice):
    """Cases by id, and by case and participant what was said of their part; of most nothing was."""

    TABLES: ClassVar = {"cases": Case, "parts": Part, "counts": None}

    cases: dict[str, Case]
    parts: dict[str, Part]
    counts: dict[str, int]

    def reindex(self) -> None:
        """Rebuild the look-ups by number, by customer and topic, by owning agent and by participant."""
        self.by_number = {case.number: name for name, case in self.cases.items()}
        self.open_by_topic: dict[tuple[str, str], dict[str, int]] = {}
        self.owned: dict[str, dict[str, int]] = {}
        self.joined_by: dict[str, dict[str, int]] = {}
        for name in sorted(self.cases, key=lambda name: int(name[2:])):
            self._index(name)
            for person in self.cases[name].participants:
                self.joined_by.setdefault(person, {})[name] = 1

    def _index(self, name: str) -> None:
        """Enter a case where it is looked up, or take it out."""
        case = self.cases[name]
        if case.topic is not None:
            same = self.open_by_topic.setdefault((case.customer, case.topic), {})
            if case.state in ("RESOLVED", "CLOSED"):
                same.pop(name, None)
            else:
                same[name] = 1
            if not same:
                del self.open_by_topic[case.customer, case.topic]
        if case.owner_kind == "agent":
            if case.state == "CLOSED":
                self._disown(name, case.owner)
            else:
                self.owned.setdefault(case.owner, {})[name] = 1

    def _disown(self, name: str, agent: str) -> None:
        owned = self.owned.get(agent, {})
        owned.pop(name, None)
        if not owned:
            self.owned.pop(agent, None)
            self.timers.cancel(DISOWN, agent)

    def next_case(self) -> tuple[str, str]:
        """Id and number that the next case will have."""
        number = self.counts.get("case", 0) + 1
        return f"ca{number}", self.plan.cases.number.format(number)

    def newest_open(self, ids: Sequence[str], topic: str) -> str | None:
        """A person's newest open case on the topic, by all their ids."""
        found = (name for customer in ids for name in self.open_by_topic.get((customer, topic), ()))
        return max(found, key=lambda name: int(name[2:]), default=None)

    def part(self, case: str, ids: Sequence[str]) -> Part | None:
        """What was said of a person's part in a case, by all their ids; None if nothing was."""
        if not self.parts:
            return None
        found = (self.parts.get(_part_key(case, name)) for name in ids)
        return next(filter(None, found), None)

    def opened(self, event: e.CaseOpened, at_us: int) -> None:
        """Enter a new case, with its first owner."""
        self.counts["case"] = self.counts.get("case", 0) + 1
        self.cases[event.case] = Case(
            event.number, event.customer, event.owner_kind, event.owner, event.queue, event.topic
        )
        self.by_number[event.number] = event.case
        self._index(event.case)

    def attached(self, event: e.InteractionAttached, at_us: int) -> None:
        """Count the interaction among the case's."""
        self.cases[event.case].interactions[event.interaction] = 1

    def joined(self, event: e.ParticipantJoined, at_us: int) -> None:
        """Count the person among the case's participants."""
        self.cases[event.case].participants[event.participant] = 1
        if event.role is not None or event.acts:
            self.parts[_part_key(event.case, event.participant)] = Part(event.role, event.acts)

    def part_changed(self, event: e.ParticipantChanged, at_us: int) -> None:
        """Know the part that the person has now."""
        self.parts[_part_key(event.case, event.participant)] = Part(event.role, event.acts)

    def left(self, event: e.ParticipantLeft, at_us: int) -> None:
        """Count the person among the case's participants no more."""
        del self.cases[event.case].participants[event.participant]
        self.parts.pop(_part_key(event.case, event.participant), None)

    def part_taken(self, event: e.PartTaken, at_us: int) -> None:
        """Find the case by its participant."""
        self.joined_by.setdefault(event.customer, {})[event.case] = 1

    def part_ended(self, event: e.PartEnded, at_us: int) -> None:
        """Find it no more."""
        joined = self.joined_by.get(event.customer, {})  # a snapshot from between the two events has it no more
        joined.pop(event.case, None)
        if not joined:
            self.joined_by.pop(event.customer, None)

    def erased(self, event: e.CustomerErased, at_us: int) -> None:
        """Whoever is forgotten acts for nobody."""
        for case in self.joined_by.get(event.customer, ()):
            part = self.parts.get(_part_key(case, event.customer))
            if part is not None:
                part.acts = False

    def owner_changed(self, event: e.CaseOwnerChanged, at_us: int) -> None:
        """Hand the case to its new owner."""
        case = self.cases[event.case]
        if case.owner_kind == "agent":
            self._disown(event.case, case.owner)
            if self.timers.get(DISOWN, case.owner) is not None:
                self.timers.set(DISOWN, case.owner, at_us + SLICE_PAUSE_US)
        case.owner_kind, case.owner = event.owner_kind, event.owner
        self._index(event.case)

    def queue_changed(self, event: e.CaseQueueChanged, at_us: int) -> None:
        """The case belongs to another queue."""
        self.cases[event.case].queue = event.queue

    def handed_over(self, event: e.InteractionHandedOver, at_us: int) -> None:
        """A bot may have found out what the case is about."""
        case = self.cases[event.case]
        if event.topic is None or event.topic == case.topic:
            return
        if case.topic is not None:
            same = self.open_by_topic.get((case.customer, case.topic), {})
            same.pop(event.case, None)
            if not same:
                self.open_by_topic.pop((case.customer, case.topic), None)
        case.topic = event.topic
        self._index(event.case)

    def agent_removed(self, event: e.AgentRemoved, at_us: int) -> None:
        """Begin to take the cases of an agent who is gone from them."""
        if event.agent in self.owned:
            self.timers.set(DISOWN, event.agent, at_us)

    def agent_defined(self, event: e.AgentDefined, at_us: int) -> None:
        """An agent who is back keeps what was not yet taken from them."""
        self.timers.cancel(DISOWN, event.agent)

    def waiting(self, event: e.CaseWaiting, at_us: int) -> None:
        """The case waits on somebody."""
        self._step(event.case, f"wait_on_{event.on}")

    def resumed(self, event: e.CaseResumed, at_us: int) -> None:
        """The case goes on."""
        self._step(event.case, "resume")

    def resolved(self, event: e.CaseResolved, at_us: int) -> None:
        """The case is settled, and closes in time."""
        self._step(event.case, "resolve")
        if event.close_us is not None:
            self.timers.set(CLOSE, event.case, event.close_us)

    def reopened(self, event: e.CaseReopened, at_us: int) -> None:
        """The case is open again, and no longer closes by itself."""
        self._step(event.case, "reopen")
        self.cases[event.case].closed_us = None
        self.timers.cancel(CLOSE, event.case)

    def closed(self, event: e.CaseClosed, at_us: int) -> None:
        """The case is filed."""
        self._step(event.case, "close")
        self.cases[event.case].closed_us = at_us
        self.timers.cancel(CLOSE, event.case)

    def _step(self, name: str, trigger: str) -> None:
        case = self.cases[name]
        case.state = CASE.steps[case.state, trigger]
        self._index(name)


EVOLVE: dict[type[e.Event], Evolve] = {
    e.CaseOpened: Cases.opened,
    e.InteractionAttached: Cases.attached,
    e.ParticipantJoined: Cases.joined,
    e.ParticipantChanged: Cases.part_changed,
    e.ParticipantLeft: Cases.left,
    e.PartTaken: Cases.part_taken,
    e.PartEnded: Cases.part_ended,
    e.CustomerErased: Cases.erased,
    e.CaseOwnerChanged: Cases.owner_changed,
    e.CaseQueueChanged: Cases.queue_changed,
    e.InteractionHandedOver: Cases.handed_over,
    e.AgentRemoved: Cases.agent_removed,
    e.AgentDefined: Cases.agent_defined,
    e.CaseWaiting: Cases.waiting,
    e.CaseResumed: Cases.resumed,
    e.CaseResolved: Cases.resolved,
    e.CaseReopened: Cases.reopened,
    e.CaseClosed: Cases.closed,
}
