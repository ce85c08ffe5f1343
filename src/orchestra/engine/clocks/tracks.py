"""What clocks go by: what is asked and answered, worked on and waited for, of each case, contact and engagement.

Of cases that are merged each has its own, so that nothing has to be put back when they are parted. Times here are
numbers of what happened, one after the other: two things may happen at the same instant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, ClassVar

import attrs

from orchestra.engine.clocks.waits import Spans, begin, close
from orchestra.engine.engagements.state import named_after
from orchestra.engine.ordered import Ordered
from orchestra.engine.section import Evolve, Slice
from orchestra.model import events as e
from orchestra.model.clocks import ClockPolicy

__all__ = ["ALL", "EVOLVE", "Track", "Tracks"]

ALL = "*"
"""The walk over everything, when another plan holds."""


@attrs.define
class Track:
    """What clocks go by of one subject.

    Attributes:
        number: the how many-th it is: in which order walks come to it.
        customer: whose it is.
        case: of a contact, the case that it belongs to.
        first: of a case or an engagement, the contact with which it began.
        asked: contact -> when its customer was last heard there and has not been answered by a person since.
        heard: when the customer was last heard.
        waited: when the case last began to wait.
        told: when the customer was last answered; `human` when by a person.
        worked: a set of the contacts that agents have in hand.
        waits: of an engagement: contact -> when its customer waited, from and until; None as long as they do.
    """

    number: int
    customer: str
    case: str | None = None
    first: str | None = None
    asked: dict[str, int] = attrs.field(factory=dict)
    heard: int = 0
    waited: int = 0
    told: int = 0
    human: int = 0
    worked: dict[str, int] = attrs.field(factory=dict)
    waits: dict[str, Spans] = attrs.field(factory=dict)


class Tracks(Slice):
    """Tracks by subject."""

    TABLES: ClassVar = {"tracks": Track, "counts": None}

    tracks: dict[str, Track]
    counts: dict[str, int]

    def reindex(self) -> None:
        """Rebuild the look-ups of contacts by case and engagement, and the order of walks."""
        self.author: str | None = None
        self.in_case: dict[str, dict[str, int]] = {}
        self.engaged: dict[str, str] = {}
        self._order: Ordered[tuple[str, int]] = Ordered()
        self._numbered: dict[int, str] = {}
        for subject, track in sorted(self.tracks.items(), key=lambda item: item[1].number):
            self._enter(subject, track)
        self._sort_policies()

    def _sort_policies(self) -> None:
        self.by_scope: dict[str, dict[str, list[ClockPolicy]]] = {}
        for policy in self.plan.clocks:
            self.by_scope.setdefault(policy.scope, {}).setdefault(policy.measures, []).append(policy)
        self.holds: dict[str, Callable[[Any], bool]] = {}

    def _enter(self, subject: str, track: Track) -> None:
        self._numbered[track.number] = subject
        for of in (ALL, track.customer):
            self._order.add((of, track.number))
        if track.case is not None:
            self.in_case.setdefault(track.case, {})[subject] = 1
        for interaction in track.waits:
            self.engaged[interaction] = subject

    # Walks

    def past(self, of: str, number: int, most: int) -> list[tuple[int, str]]:
        """What is measured of a customer, or of all, past a number, in order; so many at most."""
        return [(number, self._numbered[number]) for number in islice(self._past(of, number), most)]

    def _past(self, of: str, number: int) -> Iterator[int]:
        for key, found in self._order.past((of, number)):
            if key != of:
                return
            yield found

    # What is measured

    def _happened(self) -> int:
        number = self.counts["event"] = self.counts.get("event", 0) + 1
        return number

    def _track(self, subject: str, customer: str, case: str | None = None, first: str | None = None) -> Track:
        """What is known of a subject, from now on if nothing was."""
        track = self.tracks.get(subject)
        if track is None:
            number = self.counts["track"] = self.counts.get("track", 0) + 1
            track = self.tracks[subject] = Track(number, customer, case, first)
            self._enter(subject, track)
        return track

    def _drop(self, subject: str) -> None:
        track = self.tracks.pop(subject, None)
        if track is None:
            return
        del self._numbered[track.number]
        for of in (ALL, track.customer):
            self._order.remove((of, track.number))
        self._leave(subject, track.case)
        for interaction in track.waits:
            del self.engaged[interaction]

    def _leave(self, interaction: str, case: str | None) -> None:
        if case is None:
            return
        del self.in_case[case][interaction]
        if not self.in_case[case]:
            del self.in_case[case]

    def opened(self, event: e.CaseOpened | e.CaseReopened | e.CaseUnmerged, at_us: int) -> None:
        """A case may have clocks, from now on or again."""
        if self.by_scope:
            self._track(event.case, event.customer)

    def started(self, event: e.InteractionStarted, at_us: int) -> None:
        """A contact may have some; unless it is work, its customer asks something and is in touch."""
        self._begin(event)
        if event.conversation is not None:
            self._engaged(event.interaction, event.customer, [[at_us, None]])

    def called(self, event: e.CallbackRequested, at_us: int) -> None:
        """Somebody who is to be called asks something; in touch they are once they answer."""
        self._begin(event)

    def _begin(self, event: e.InteractionStarted | e.CallbackRequested) -> None:
        if self.by_scope:
            track = self._track(event.interaction, event.customer)
            if event.conversation is not None:
                track.asked[event.interaction] = track.heard = self._happened()

    def reached(self, event: e.CallbackAnswered, at_us: int) -> None:
        """Somebody who was called is in touch, and waits if there is nobody on the line yet."""
        self._engaged(event.interaction, event.customer, [] if event.agent is not None else [[at_us, None]])

    def _engaged(self, interaction: str, customer: str, spans: Spans) -> None:
        """A customer is in touch; whether in other contacts, too, the next events tell."""
        if "engagement" in self.by_scope:
            track = self._track(named_after(interaction), customer, first=interaction)
            self._engage(interaction, named_after(interaction), track, spans)

    def attached(self, event: e.InteractionAttached, at_us: int) -> None:
        """What is asked in the contact is asked in the case."""
        track = self.tracks.get(event.interaction)
        if track is None:
            return
        self._belongs(event.interaction, track, event.case)
        case = self.tracks.get(event.case)
        if case is not None:
            case.first = case.first or event.interaction
            self._asked(case, event.interaction, track.asked.get(event.interaction))

    def _belongs(self, interaction: str, track: Track, case: str) -> None:
        self._leave(interaction, track.case)
        track.case = case
        self.in_case.setdefault(case, {})[interaction] = 1

    def _asked(self, case: Track, interaction: str, when: int | None) -> None:
        if when is not None:
            case.asked[interaction] = when
            case.heard = max(case.heard, when)

    def moved(self, event: e.InteractionMoved, at_us: int) -> None:
        """What was asked and answered in the contact was asked and answered in the other case."""
        track, before = self.tracks.get(event.interaction), self.tracks.get(event.before)
        after = self.tracks.get(event.case)
        if before is not None:
            before.asked.pop(event.interaction, None)
            before.worked.pop(event.interaction, None)
        if track is None:
            return
        self._belongs(event.interaction, track, event.case)
        if after is not None:
            after.first = after.first or event.interaction
            after.told, after.human = max(after.told, track.told), max(after.human, track.human)
            after.worked.update(track.worked)
            self._asked(after, event.interaction, track.asked.get(event.interaction))

    def received(self, event: e.MessageReceived, at_us: int) -> None:
        """The customer is heard."""
        when = self._happened()
        for subject in (event.interaction, event.case):
            track = self.tracks.get(subject)
            if track is not None:
                self._asked(track, event.interaction, when)

    def waiting(self, event: e.CaseWaiting, at_us: int) -> None:
        """The case waits from now on."""
        if event.case in self.tracks:
            self.tracks[event.case].waited = self._happened()

    def written(self, event: e.MessageWritten, at_us: int) -> None:
        """Who wrote what is about to be planned to be sent."""
        self.author = event.agent

    def answered(self, event: e.CustomerAnswered, at_us: int) -> None:
        """The customer is answered, in the case and in the contact."""
        when = self._happened()
        for subject in (event.case, event.interaction):
            track = self.tracks.get(subject or "")
            if track is None:
                continue
            track.told = when
            if event.by == "person":
                track.human = when
                track.asked.clear()

    # Work

    def taken(self, event: e.OfferAccepted | e.InteractionResumed, at_us: int) -> None:
        """An agent has it in hand."""
        self._work(event.interaction, is_worked=True)
        self._wait(event.interaction, None, at_us)

    def let_go(self, event: e.InteractionParked | e.InteractionInterrupted | e.CallbackScheduled, at_us: int) -> None:
        """Nobody works on it."""
        self._work(event.interaction, is_worked=False)

    def _work(self, interaction: str, *, is_worked: bool) -> None:
        track = self.tracks.get(interaction)
        for subject in () if track is None else (interaction, track.case):
            of = self.tracks.get(subject or "")
            if of is not None and is_worked:
                of.worked[interaction] = 1
            elif of is not None:
                of.worked.pop(interaction, None)

    def queued(self, event: e.InteractionQueued, at_us: int) -> None:
        """Its customer waits."""
        self._work(event.interaction, is_worked=False)
        self._wait(event.interaction, at_us, at_us)

    def over(
        self,
        event: e.InteractionDone
        | e.InteractionAbandoned
        | e.InteractionCanceled
        | e.InteractionDeflected
        | e.QuestionAnswered,
        at_us: int,
    ) -> None:
        """Nothing more is measured of it."""
        self._work(event.interaction, is_worked=False)
        self._wait(event.interaction, None, at_us)
        self._drop(event.interaction)

    # Engagements

    def _engage(self, interaction: str, engagement: str, track: Track, spans: Spans) -> None:
        track.waits[interaction] = spans
        self.engaged[interaction] = engagement

    def joined(self, event: e.EngagementJoined, at_us: int) -> None:
        """They were in touch before."""
        self._move(event.engagement, event.customer, [event.interaction])

    def engagements_merged(self, event: e.EngagementsMerged, at_us: int) -> None:
        """All of another one's waits were this one's."""
        other = self.tracks.get(event.other)
        if other is not None:
            self._move(event.engagement, event.customer, [*other.waits])

    def engagement_split(self, event: e.EngagementSplit, at_us: int) -> None:
        """Some waits were another one's."""
        self._move(event.other, event.customer, event.interactions)

    def _move(self, engagement: str, customer: str, interactions: Sequence[str]) -> None:
        for interaction in interactions:
            before = self.engaged.get(interaction)
            if before is None or before == engagement:
                continue
            spans = self.tracks[before].waits.pop(interaction)
            self._engage(interaction, engagement, self._track(engagement, customer, first=interaction), spans)
            if not self.tracks[before].waits:
                self._drop(before)

    def _wait(self, interaction: str, from_us: int | None, at_us: int) -> None:
        """Its customer begins to wait, or waits no more."""
        track = self.tracks.get(self.engaged.get(interaction, ""))
        if track is not None:
            (begin if from_us is not None else close)(track.waits[interaction], at_us)


EVOLVE: dict[type[e.Event], Evolve] = {
    e.CaseOpened: Tracks.opened,
    e.CaseReopened: Tracks.opened,
    e.CaseUnmerged: Tracks.opened,
    e.CaseWaiting: Tracks.waiting,
    e.InteractionStarted: Tracks.started,
    e.CallbackRequested: Tracks.called,
    e.InteractionAttached: Tracks.attached,
    e.InteractionMoved: Tracks.moved,
    e.MessageReceived: Tracks.received,
    e.MessageWritten: Tracks.written,
    e.CustomerAnswered: Tracks.answered,
    e.OfferAccepted: Tracks.taken,
    e.InteractionResumed: Tracks.taken,
    e.InteractionParked: Tracks.let_go,
    e.InteractionInterrupted: Tracks.let_go,
    e.CallbackScheduled: Tracks.let_go,
    e.CallbackAnswered: Tracks.reached,
    e.InteractionQueued: Tracks.queued,
    e.InteractionDone: Tracks.over,
    e.InteractionAbandoned: Tracks.over,
    e.InteractionCanceled: Tracks.over,
    e.InteractionDeflected: Tracks.over,
    e.QuestionAnswered: Tracks.over,
    e.EngagementJoined: Tracks.joined,
    e.EngagementsMerged: Tracks.engagements_merged,
    e.EngagementSplit: Tracks.engagement_split,
}
