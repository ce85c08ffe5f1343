"""Who is in touch at the same time, on what, and what has changed.

An engagement begins with any contact and ends with its last one, without an event of its own: it is named after its
first contact, `en7` after `in7`. Events tell what does not follow from the contacts alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import chain
from operator import itemgetter
from typing import Any, ClassVar

import attrs

from orchestra.engine.section import Evolve, Slice
from orchestra.model import events as e

__all__ = [
    "DEFER",
    "EVOLVE",
    "MOST_CHANGES",
    "Change",
    "Deferral",
    "Engagement",
    "Engagements",
    "Member",
    "linked_key",
    "named_after",
    "told_key",
]

DEFER = "engagements.defer"
"""Timer of a contact that waits for another one to be over."""

MOST_CHANGES = 20
"""Changes that are remembered at least, the newest, to be told to whoever knows an older version."""

Change = list[Any]
"""The how manyeth of the workspace, what happened, and in which interaction; a list, as what is loaded from JSON is."""

Over = (
    e.InteractionFinished
    | e.InteractionDone
    | e.InteractionAbandoned
    | e.InteractionCanceled
    | e.InteractionDeflected
    | e.QuestionAnswered
)


@attrs.define
class Member:
    """A contact that goes on: whose it is, and how it goes with the others of its engagement.

    `began` is the change by which its customer came, `since` that by which whoever has it took it. Once another one
    goes on as well, `engagement` and `mode` are set; until then, `changes` are its own. `is_apart` is set once people
    have said that it does not ask the same as the one it was linked to, `was_deferred` once it has waited for another
    one to be over; `asked_first` is who had that one until then. `is_told` is set once its customer was told that they
    are answered elsewhere.
    """

    customer: str
    began: int
    changes: list[Change]
    since: int = 0
    engagement: str | None = None
    mode: str = "first"
    is_apart: bool = False
    was_deferred: bool = False
    asked_first: str | None = None
    is_told: bool = False


@attrs.define
class Engagement:
    """The time in which a customer is in touch in several contacts, and perhaps in one that is left of them."""

    changes: list[Change]
    contacts: int


@attrs.define
class Deferral:
    """A contact that waits for `to` to be over, until `until_us` at the latest; its customer may have been told."""

    to: str
    until_us: int
    is_told: bool = False


def named_after(interaction: str) -> str:
    """The engagement that begins with an interaction."""
    return f"en{interaction[2:]}"


def told_key(interaction: str) -> str:
    """Under which key a customer is told that their contact waits for another one to be over."""
    return f"deferred:{interaction}"


def linked_key(interaction: str) -> str:
    """Under which key a customer is told that the answer to another contact is that to this one."""
    return f"linked:{interaction}"


class Engagements(Slice):
    """Engagements by id, `members` by interaction; `linked` is interaction -> the one whose answer it waits for.

    `deferred` are those that wait for another one to be over.
    """

    TABLES: ClassVar = {
        "engagements": Engagement,
        "members": Member,
        "linked": None,
        "deferred": Deferral,
        "counts": None,
    }

    engagements: dict[str, Engagement]
    members: dict[str, Member]
    linked: dict[str, str]
    deferred: dict[str, Deferral]
    counts: dict[str, int]

    def reindex(self) -> None:
        """Rebuild the look-up by customer, in the order in which the contacts began."""
        self._in_touch: dict[str, dict[str, int]] = {}
        for interaction, member in sorted(self.members.items(), key=lambda item: item[1].began):
            self._in_touch.setdefault(member.customer, {})[interaction] = 1
        self._linked_to: dict[str, dict[str, int]] = {}
        for interaction, to in self.linked.items():
            self._linked_to.setdefault(to, {})[interaction] = 1
        self._deferred_to: dict[str, dict[str, int]] = {}
        for interaction, row in self.deferred.items():
            self._deferred_to.setdefault(row.to, {})[interaction] = 1

    # Questions

    def of_member(self, interaction: str) -> str:
        """The engagement that a contact which goes on is part of."""
        return self.members[interaction].engagement or named_after(interaction)

    def changes_of(self, name: str) -> list[Change]:
        """What has changed in an engagement, the newest last, whose number is the version."""
        row = self.engagements.get(name)
        return self.members[_first_of(name)].changes if row is None else row.changes

    def in_touch(self, customer: str) -> Collection[str]:
        """The contacts that go on of one id of a customer, in the order in which they began."""
        return self._in_touch.get(customer, ())

    def linked_to(self, interaction: str) -> list[str]:
        """What waits for the answer to a contact, oldest first."""
        return sorted(self._linked_to.get(interaction, ()), key=_number)

    def deferred_to(self, interaction: str) -> list[str]:
        """What waits for a contact to be over, oldest first."""
        return sorted(self._deferred_to.get(interaction, ()), key=_number)

    def by(self, ids: Iterable[str]) -> list[str]:
        """The engagements of a person under all their ids, oldest first: one, or more until they are joined."""
        return sorted({self.of_member(one) for one in self._all_of(ids)}, key=_number)

    def of(self, ids: Iterable[str]) -> list[str]:
        """The contacts of a person that go on, oldest first."""
        return sorted(self._all_of(ids), key=_number)

    def _all_of(self, ids: Iterable[str]) -> Iterable[str]:
        return chain.from_iterable(map(self.in_touch, ids))

    # Changes

    def _begin(self, interaction: str, customer: str, what: str) -> Member:
        number = self._next()
        member = self.members[interaction] = Member(customer, number, [[number, what, interaction]])
        there = self._in_touch.get(customer)
        if there is None:
            self._in_touch[customer] = {interaction: 1}
        else:
            there[interaction] = 1
        return member

    def _next(self) -> int:
        """The number of the next change: versions rise through the whole workspace, so that none comes twice."""
        number = self.counts["change"] = self.counts.get("change", 0) + 1
        return number

    def _changed(self, name: str | None, changes: list[Change], what: str, interaction: str) -> None:
        if name is not None:
            changes = self.engagements[name].changes
        changes.append([self._next(), what, interaction])
        if len(changes) > 2 * MOST_CHANGES:
            del changes[:-MOST_CHANGES]

    def _of_several(self, name: str) -> Engagement:
        """The engagement's row, which begins now if one contact went on alone until now."""
        row = self.engagements.get(name)
        if row is None:
            alone = self.members[_first_of(name)]
            row = self.engagements[name] = Engagement(alone.changes, 1)
            alone.engagement, alone.changes = name, []
        return row

    def _leave(self, name: str | None) -> None:
        """One contact fewer: the engagement ends with the last one."""
        if name is None:
            return
        row = self.engagements[name]
        row.contacts -= 1
        if not row.contacts:
            del self.engagements[name]

    def _move(self, interaction: str, engagement: str) -> Member:
        member = self.members[interaction]
        self._leave(member.engagement)
        member.engagement, member.changes = engagement, []
        self.engagements[engagement].contacts += 1
        return member

    def started(self, event: e.InteractionStarted, at_us: int) -> None:
        """A customer is in touch; nobody is in a work item."""
        if event.conversation is not None:
            self._begin(event.interaction, event.customer, "InteractionStarted")

    def answered(self, event: e.CallbackAnswered, at_us: int) -> None:
        """A customer who was called is in touch."""
        member = self._begin(event.interaction, event.customer, "CallbackAnswered")
        member.since = member.began

    def joined(self, event: e.EngagementJoined, at_us: int) -> None:
        """The customer was in touch before."""
        row = self._of_several(event.engagement)
        self._move(event.interaction, event.engagement).mode = event.mode
        self._changed(event.engagement, row.changes, "EngagementJoined", event.interaction)

    def mode_changed(self, event: e.EngagementModeChanged, at_us: int) -> None:
        """A contact goes another way with the others than it did."""
        member = self.members[event.interaction]
        member.mode = event.mode
        self._changed(member.engagement, member.changes, "EngagementModeChanged", event.interaction)

    def merged(self, event: e.EngagementsMerged, at_us: int) -> None:
        """What was in the other is in this one."""
        row = self._of_several(event.engagement)
        row.changes = sorted([*row.changes, *self.changes_of(event.other)], key=itemgetter(0))
        for interaction in event.interactions:
            self._move(interaction, event.engagement).mode = "separate"
            self._changed(event.engagement, row.changes, "EngagementsMerged", interaction)

    def split(self, event: e.EngagementSplit, at_us: int) -> None:
        """Some are in an engagement of their own; the versions of both go on."""
        row = self.engagements[event.engagement]
        other = self.engagements[event.other] = Engagement(list(row.changes), 0)
        for interaction in event.interactions:
            self._move(interaction, event.other)
            for changes in (row.changes, other.changes):
                self._changed(None, changes, "EngagementSplit", interaction)

    def taken(self, event: e.OfferAccepted | e.TransferCompleted, at_us: int) -> None:
        """An agent has it, or another one."""
        member = self.members.get(event.interaction)
        if member is not None:
            self._changed(member.engagement, member.changes, type(event).__name__, event.interaction)
            member.since = self.counts["change"]

    def happened(self, event: e.MessageReceived | e.MessageWritten | e.ContactVerified, at_us: int) -> None:
        """Something that others should know before they go on."""
        if event.interaction is not None and event.interaction in self.members:
            self._happened(event.interaction, type(event).__name__)

    def _happened(self, interaction: str, what: str) -> None:
        member = self.members[interaction]
        self._changed(member.engagement, member.changes, what, interaction)

    def question_linked(self, event: e.QuestionLinked, at_us: int) -> None:
        """It waits for the other's answer."""
        self._undefer(event.interaction)
        self._let_go(event.interaction)
        self.linked[event.interaction] = event.to
        self._linked_to.setdefault(event.to, {})[event.interaction] = 1
        self._happened(event.interaction, "QuestionLinked")

    def question_unlinked(self, event: e.QuestionUnlinked, at_us: int) -> None:
        """It waits for an answer of its own."""
        self._let_go(event.interaction)
        self.members[event.interaction].is_apart |= event.reason == "asked"
        self._happened(event.interaction, "QuestionUnlinked")

    def _let_go(self, interaction: str) -> None:
        to = self.linked.pop(interaction, None)
        if to is None:
            return
        others = self._linked_to[to]
        del others[interaction]
        if not others:
            del self._linked_to[to]

    def contact_deferred(self, event: e.ContactDeferred, at_us: int) -> None:
        """It waits for the other one to be over."""
        self.deferred[event.interaction] = Deferral(event.to, event.until_us)
        self._deferred_to.setdefault(event.to, {})[event.interaction] = 1
        self.members[event.interaction].was_deferred = True
        self.timers.set(DEFER, event.interaction, event.until_us)
        self._happened(event.interaction, "ContactDeferred")

    def deferral_ended(self, event: e.DeferralEnded, at_us: int) -> None:
        """It has a place of its own; whoever had the other one is asked first."""
        self._undefer(event.interaction)
        self.members[event.interaction].asked_first = event.agent
        self._happened(event.interaction, "DeferralEnded")

    def planned(self, event: e.DeliveryPlanned, at_us: int) -> None:
        """The customer is told that their contact waits."""
        kind, _, interaction = event.key.partition(":")
        if kind == "deferred" and interaction in self.deferred:
            self.deferred[interaction].is_told = True
        elif kind == "linked" and interaction in self.linked:
            self.members[interaction].is_told = True

    def _undefer(self, interaction: str) -> None:
        row = self.deferred.pop(interaction, None)
        if row is None:
            return
        self.timers.cancel(DEFER, interaction)
        others = self._deferred_to[row.to]
        del others[interaction]
        if not others:
            del self._deferred_to[row.to]

    def over(self, event: Over, at_us: int) -> None:
        """One contact fewer."""
        member = self.members.pop(event.interaction, None)
        if member is None:
            return  # a work item, or a callback that was never answered
        if self.linked:
            self._let_go(event.interaction)
        self._undefer(event.interaction)
        there = self._in_touch[member.customer]
        del there[event.interaction]
        if not there:
            del self._in_touch[member.customer]
        self._leave(member.engagement)
        if member.engagement in self.engagements:
            self._changed(member.engagement, [], type(event).__name__, event.interaction)


def _first_of(name: str) -> str:
    return f"in{name[2:]}"


def _number(name: str) -> int:
    return int(name[2:])


EVOLVE: dict[type[e.Event], Evolve] = {
    e.InteractionStarted: Engagements.started,
    e.CallbackAnswered: Engagements.answered,
    e.EngagementJoined: Engagements.joined,
    e.EngagementModeChanged: Engagements.mode_changed,
    e.EngagementsMerged: Engagements.merged,
    e.EngagementSplit: Engagements.split,
    e.OfferAccepted: Engagements.taken,
    e.TransferCompleted: Engagements.taken,
    e.MessageReceived: Engagements.happened,
    e.MessageWritten: Engagements.happened,
    e.ContactVerified: Engagements.happened,
    e.QuestionLinked: Engagements.question_linked,
    e.QuestionUnlinked: Engagements.question_unlinked,
    e.ContactDeferred: Engagements.contact_deferred,
    e.DeferralEnded: Engagements.deferral_ended,
    e.DeliveryPlanned: Engagements.planned,
    e.QuestionAnswered: Engagements.over,
    e.InteractionFinished: Engagements.over,
    e.InteractionDone: Engagements.over,
    e.InteractionAbandoned: Engagements.over,
    e.InteractionCanceled: Engagements.over,
    e.InteractionDeflected: Engagements.over,
}
