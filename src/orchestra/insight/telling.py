"""The folds over what customers are told unasked, and over cases that go to others.

Belongs here: who spoke first, how long nobody did, hand-offs, escalations, findings. Does not: cases themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import attrs

from orchestra.insight.journey_fold import JourneyFold
from orchestra.insight.matters import Matter
from orchestra.insight.tally import Tally
from orchestra.model import events as e

__all__ = ["HandOffFold", "TellingFold"]

_MOST_KINDS = 100


@attrs.define(eq=False)
class _Told:
    """A case that is open: whether its customer came and has heard nothing since, and since when they hear nothing."""

    is_owed: bool = False
    since_us: int | None = None


class TellingFold:
    """Counts whether customers are told before they ask, in cases that are open.

    Figures stay where they were counted when cases are merged or split later: what somebody heard is not undone.
    """

    def __init__(self, journeys: JourneyFold) -> None:
        self._journeys = journeys
        self._open: dict[str, _Told] = {}

    def __len__(self) -> int:
        return len(self._open)

    def _tallies(self, matter: Matter) -> tuple[Tally, ...]:
        return self._journeys.tallies(matter)

    def attached(self, event: e.InteractionAttached, at_us: int) -> None:
        """The customer came: again, without having been told anything?"""
        matter = self._journeys.matter(event.case)
        if matter is None or not self._journeys.is_own(event.interaction):
            return
        told = self._open.setdefault(matter.name, _Told())
        if told.is_owed:
            for tally in self._tallies(matter):
                tally.journey.chased_first += 1
        told.is_owed = True
        told.since_us = at_us if told.since_us is None else told.since_us

    def spoke(self, event: e.DeliveryPlanned | e.ReplyRecorded, at_us: int) -> None:
        """The company said something."""
        self._speak(self._journeys.matter(event.case), at_us)

    def accepted(self, event: e.OfferAccepted, at_us: int) -> None:
        """The customer speaks with somebody."""
        self._speak(self._journeys.matter_of(event.interaction), at_us)

    def finished(self, event: e.InteractionFinished, at_us: int) -> None:
        """They have spoken: silence begins now, where nothing is settled."""
        matter = self._journeys.matter_of(event.interaction)
        told = None if matter is None else self._open.get(matter.name)
        if told is not None:
            told.since_us = at_us

    def _speak(self, matter: Matter | None, at_us: int) -> None:
        told = None if matter is None else self._open.get(matter.name)
        if matter is None or told is None:
            return
        self._end(matter, told, at_us)
        for tally in self._tallies(matter) if told.is_owed else ():
            tally.journey.told_first += 1
        told.is_owed, told.since_us = False, at_us

    def _end(self, matter: Matter, told: _Told, at_us: int) -> None:
        """The customer has heard nothing until now."""
        if told.since_us is not None:
            for tally in self._tallies(matter):
                tally.journey.silence.add(max(0, at_us - told.since_us))
        told.since_us = None

    def waits(self, event: e.CaseWaiting, at_us: int) -> None:
        """It is the customer's turn: nobody owes them a word."""
        matter = self._journeys.matter(event.case)
        told = None if matter is None else self._open.get(matter.name)
        if matter is not None and told is not None and event.on == "customer":
            self._end(matter, told, at_us)

    def resumed(self, event: e.CaseResumed, at_us: int) -> None:
        """It is the company's turn again."""
        matter = self._journeys.matter(event.case)
        told = None if matter is None else self._open.get(matter.name)
        if told is not None and told.since_us is None:
            told.since_us = at_us

    def resolved(self, event: e.CaseResolved, at_us: int) -> None:
        """Nothing more is to be told."""
        matter = self._journeys.matter(event.case)
        told = None if matter is None else self._open.pop(matter.name, None)
        if matter is not None and told is not None:
            self._end(matter, told, at_us)

    def closed(self, event: e.CaseClosed | e.CaseMerged, at_us: int) -> None:
        """Nothing more is to be told about it by itself."""
        self._open.pop(event.case, None)

    HANDLERS: ClassVar[Mapping[type[e.Event], Callable[[Any, Any, int], None]]] = {
        e.InteractionAttached: attached,
        e.DeliveryPlanned: spoke,
        e.ReplyRecorded: spoke,
        e.OfferAccepted: accepted,
        e.InteractionFinished: finished,
        e.CaseWaiting: waits,
        e.CaseResumed: resumed,
        e.CaseResolved: resolved,
        e.CaseClosed: closed,
        e.CaseMerged: closed,
    }


class HandOffFold:
    """Counts hand-offs, escalations and findings where their cases count at the time."""

    def __init__(self, journeys: JourneyFold) -> None:
        self._journeys = journeys

    def _add(self, case: str, count: str) -> None:
        matter = self._journeys.matter(case)
        for tally in () if matter is None else self._journeys.tallies(matter):
            setattr(tally.journey, count, getattr(tally.journey, count) + 1)

    def offered(self, event: e.HandOffOffered, at_us: int) -> None:
        """Somebody else is asked to answer for a case."""
        self._add(event.case, "offered")

    def accepted(self, event: e.HandOffAccepted, at_us: int) -> None:
        """They do."""
        self._add(event.case, "accepted")

    def ended(self, event: e.HandOffEnded, at_us: int) -> None:
        """They do not."""
        self._add(event.case, event.outcome.lower())

    def escalated(self, event: e.CaseEscalated, at_us: int) -> None:
        """The next team answers for it."""
        self._add(event.case, "escalated")
        if event.reason == "unanswered":
            self._add(event.case, "escalated_by_time")

    def found(self, event: e.FindingRaised, at_us: int) -> None:
        """It brought something to light."""
        matter = self._journeys.matter(event.case)
        for tally in () if matter is None else self._journeys.tallies(matter):
            found = tally.journey.findings
            kind = event.kind if event.kind in found or len(found) < _MOST_KINDS else "other"
            found[kind] = found.get(kind, 0) + 1

    def acknowledged(self, event: e.FindingAcknowledged, at_us: int) -> None:
        """A team took note."""
        self._add(event.case, "acknowledged")

    HANDLERS: ClassVar[Mapping[type[e.Event], Callable[[Any, Any, int], None]]] = {
        e.HandOffOffered: offered,
        e.HandOffAccepted: accepted,
        e.HandOffEnded: ended,
        e.CaseEscalated: escalated,
        e.FindingRaised: found,
        e.FindingAcknowledged: acknowledged,
    }
