"""The fold over waits of those who wait on several channels at once: their time counts once.

Belongs here: waits of engagements that go on. Does not: waits per channel and queue (`contacts`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

import attrs

from orchestra.insight.journey_fold import engagement_of
from orchestra.insight.slices import Slices
from orchestra.insight.tally import Tally
from orchestra.model import events as e

__all__ = ["WaitFold", "union_us"]


def union_us(spans: Iterable[tuple[int, int]]) -> int:
    """How long at least one of these spans lasts."""
    total = 0
    end_us: int | None = None
    for from_us, to_us in sorted(spans):
        if end_us is None or from_us >= end_us:
            total += to_us - from_us
            end_us = to_us
        elif to_us > end_us:
            total += to_us - end_us
            end_us = to_us
    return total


@attrs.define(eq=False)
class _Waiting:
    """A contact of an engagement that goes on; `span` is its first wait, once that is over."""

    engagement: str
    channel: str
    account: str
    queue: str | None = None
    from_us: int | None = None
    replied_us: int | None = None
    span: tuple[int, int] | None = None
    is_answered: bool = False
    is_over: bool = False


@attrs.define(eq=False)
class _Engagement:
    """Contacts in the order in which they came, and what their wait counts as, in `tallies`."""

    members: dict[str, _Waiting] = attrs.field(factory=dict[str, _Waiting])
    counted_us: int | None = None
    tallies: tuple[Tally, ...] = ()


class WaitFold:
    """Counts, per engagement in which somebody was answered, the time in which its customer waited at all."""

    def __init__(self, slices: Slices) -> None:
        self._slices = slices
        self._contacts: dict[str, _Waiting] = {}
        self._engagements: dict[str, _Engagement] = {}

    def __len__(self) -> int:
        return len(self._contacts)

    def started(self, event: e.InteractionStarted, at_us: int) -> None:
        """Somebody made contact; work items wait for nobody's sake."""
        if event.conversation is not None:
            name = event.interaction
            contact = _Waiting(engagement_of(name), event.channel, event.account)
            self._contacts[name] = contact
            self._engagements.setdefault(contact.engagement, _Engagement()).members[name] = contact

    def queued(self, event: e.InteractionQueued, at_us: int) -> None:
        """It waits, for the first time or still."""
        contact = self._contacts.get(event.interaction)
        if contact is not None and not contact.is_answered and contact.from_us is None:
            contact.from_us = min(event.start_us, at_us)
            contact.queue = contact.queue or event.queue

    def accepted(self, event: e.OfferAccepted, at_us: int) -> None:
        """Somebody answered."""
        self._end(event.interaction, at_us, is_answered=True)

    def replied(self, event: e.ReplyRecorded, at_us: int) -> None:
        """Somebody answered elsewhere."""
        contact = self._contacts.get(event.interaction or "")
        if contact is not None:
            contact.replied_us = event.occurred_us

    def linked(self, event: e.QuestionLinked, at_us: int) -> None:
        """It waits for the answer to another contact, whose wait goes on."""
        self._end(event.interaction, at_us)

    def answered(self, event: e.QuestionAnswered, at_us: int) -> None:
        """The answer to the other one was its own."""
        self._over(event.interaction, at_us)

    def done(self, event: e.InteractionDone, at_us: int) -> None:
        """It is over."""
        contact = self._contacts.get(event.interaction)
        if contact is not None and event.reason == "answered_elsewhere":
            self._end(event.interaction, contact.replied_us or at_us, is_answered=True)
        self._over(event.interaction, at_us)

    def left(self, event: e.InteractionAbandoned | e.InteractionCanceled | e.InteractionDeflected, at_us: int) -> None:
        """It is over without an answer; the time was waited all the same."""
        self._over(event.interaction, at_us)

    def _over(self, interaction: str, at_us: int) -> None:
        contact = self._contacts.get(interaction)
        if contact is None:
            return
        self._end(interaction, at_us)
        contact.is_over = True
        engagement = self._engagements[contact.engagement]
        if all(member.is_over for member in engagement.members.values()):
            del self._engagements[contact.engagement]
            for name in engagement.members:
                del self._contacts[name]

    def _end(self, interaction: str, at_us: int, *, is_answered: bool = False) -> None:
        contact = self._contacts.get(interaction)
        if contact is None or contact.from_us is None:
            return
        contact.span, contact.from_us = (contact.from_us, max(contact.from_us, at_us)), None
        contact.is_answered = contact.is_answered or is_answered
        self._restate(contact.engagement)

    def _restate(self, name: str) -> None:
        engagement = self._engagements[name]
        members = engagement.members.values()
        wait_us: int | None = None
        tallies: tuple[Tally, ...] = ()
        if any(member.is_answered for member in members):
            wait_us = union_us(member.span for member in members if member.span is not None)
            first = next(iter(members))
            tallies = self._slices.of(first.channel, first.account, first.queue)
        for tally in engagement.tallies:
            tally.journey.engagement_wait.replace(engagement.counted_us, None)
        for tally in tallies:
            tally.journey.engagement_wait.replace(None, wait_us)
        engagement.counted_us, engagement.tallies = wait_us, tallies

    # Who is in touch with whom

    def joined(self, event: e.EngagementJoined, at_us: int) -> None:
        """It came while another one went on."""
        self._regroup(event.engagement, event.interaction)

    def merged(self, event: e.EngagementsMerged, at_us: int) -> None:
        """Two who were in touch are one."""
        self._regroup(event.engagement, *event.interactions)

    def split(self, event: e.EngagementSplit, at_us: int) -> None:
        """One who was in touch are two."""
        self._regroup(event.other, *event.interactions)

    def _regroup(self, name: str, *interactions: str) -> None:
        touched = {name: 0}
        for interaction in interactions:
            contact = self._contacts.get(interaction)
            if contact is None:
                continue
            touched[contact.engagement] = 0
            del self._engagements[contact.engagement].members[interaction]
            contact.engagement = name
            self._engagements.setdefault(name, _Engagement()).members[interaction] = contact
        for one in touched:
            if one in self._engagements:
                self._restate(one)
                if not self._engagements[one].members:
                    del self._engagements[one]

    HANDLERS: ClassVar[Mapping[type[e.Event], Callable[[Any, Any, int], None]]] = {
        e.InteractionStarted: started,
        e.InteractionQueued: queued,
        e.OfferAccepted: accepted,
        e.ReplyRecorded: replied,
        e.QuestionLinked: linked,
        e.QuestionAnswered: answered,
        e.InteractionDone: done,
        e.InteractionAbandoned: left,
        e.InteractionCanceled: left,
        e.InteractionDeflected: left,
        e.EngagementJoined: joined,
        e.EngagementsMerged: merged,
        e.EngagementSplit: split,
    }
