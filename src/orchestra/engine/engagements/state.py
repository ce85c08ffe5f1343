"""Who is in touch at the same time, on what, who leads, and what has changed.

An engagement begins with any contact and ends with its last one, without an event of its own: it is named after its
first contact, `en7` after `in7`. Events tell what does not follow from the contacts alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import attrs

from orchestra.engine.section import Evolve, Slice
from orchestra.model import events as e

__all__ = ["EVOLVE", "MOST_CHANGES", "Change", "Engagement", "Engagements", "Member", "named_after"]

MOST_CHANGES = 20
"""Changes that are remembered, the newest, to be told to whoever knows an older version."""

Change = list[str]
"""What happened, and in which interaction."""

Over = (
    e.InteractionFinished | e.InteractionDone | e.InteractionAbandoned | e.InteractionCanceled | e.InteractionDeflected
)


@attrs.define
class Member:
    """A contact that goes on: its engagement, how it goes with the others there, whose it is, and who has it."""

    engagement: str
    mode: str
    customer: str
    agent: str | None = None


@attrs.define
class Engagement:
    """The time in which a customer is in touch: who leads, how often it has changed, and how lately."""

    lead: str | None = None
    version: int = 0
    changes: list[Change] = attrs.field(factory=list)


def named_after(interaction: str) -> str:
    """The engagement that begins with an interaction."""
    return f"en{interaction[2:]}"


class Engagements(Slice):
    """Engagements by id, `members` by interaction. `bots` is a set of agents, none of whom ever leads."""

    TABLES: ClassVar = {"engagements": Engagement, "members": Member, "bots": None}

    engagements: dict[str, Engagement]
    members: dict[str, Member]
    bots: dict[str, int]

    def reindex(self) -> None:
        """Rebuild what each engagement consists of, and the look-up by customer."""
        self.of: dict[str, dict[str, int]] = {name: {} for name in self.engagements}
        self._in_touch: dict[str, dict[str, int]] = {}
        self._had_by: dict[str, dict[str, int]] = {}
        for interaction in sorted(self.members, key=_number):
            member = self.members[interaction]
            self._enter(interaction, member)
            if member.agent is not None:
                self._had_by.setdefault(member.agent, {})[interaction] = 1

    def _enter(self, interaction: str, member: Member) -> None:
        self.of[member.engagement][interaction] = 1
        self._in_touch.setdefault(member.customer, {})[interaction] = 1

    # Questions

    def by(self, ids: Sequence[str]) -> list[str]:
        """The engagements of a person under all their ids, oldest first: one, or more until they are joined."""
        found = {self.members[one].engagement for customer in ids for one in self._in_touch.get(customer, ())}
        return sorted(found, key=_number)

    def lead_for(self, interaction: str) -> str | None:
        """Who is to be asked first for an interaction, since they talk with its customer about the same case."""
        member = self.members.get(interaction)
        return self.engagements[member.engagement].lead if member is not None and member.mode == "together" else None

    # Changes

    def _begin(self, interaction: str, customer: str, what: str) -> None:
        name = named_after(interaction)
        self.engagements[name], self.of[name] = Engagement(), {}
        self.members[interaction] = member = Member(name, "first", customer)
        self._enter(interaction, member)
        self._changed(name, what, interaction)

    def _changed(self, name: str, what: str, interaction: str) -> None:
        row = self.engagements[name]
        row.version += 1
        row.changes = [*row.changes[1 - MOST_CHANGES :], [what, interaction]]

    def _leave(self, interaction: str, member: Member) -> None:
        """The interaction is part of its engagement no longer, which ends with the last one."""
        rest = self.of[member.engagement]
        del rest[interaction]
        if not rest:
            del self.of[member.engagement], self.engagements[member.engagement]

    def _move(self, interaction: str, engagement: str, mode: str) -> None:
        member = self.members[interaction]
        self._leave(interaction, member)
        member.engagement, member.mode = engagement, mode
        self._enter(interaction, member)

    def _lead(self, name: str) -> None:
        """The lead stays as long as they have a part, then it is whoever has the oldest; never a bot."""
        row, people = self.engagements[name], []
        for interaction in sorted(self.of[name], key=_number):
            agent = self.members[interaction].agent
            if agent is not None and agent not in self.bots:
                people.append(agent)
        if row.lead not in people:
            row.lead = people[0] if people else None

    def started(self, event: e.InteractionStarted, at_us: int) -> None:
        """A customer is in touch; nobody is in a work item."""
        if event.conversation is not None:
            self._begin(event.interaction, event.customer, "InteractionStarted")

    def answered(self, event: e.CallbackAnswered, at_us: int) -> None:
        """A customer who was called is in touch."""
        self._begin(event.interaction, event.customer, "CallbackAnswered")
        self._has(event.interaction, event.agent)

    def joined(self, event: e.EngagementJoined, at_us: int) -> None:
        """The customer was in touch before."""
        self._move(event.interaction, event.engagement, event.mode)
        self._changed(event.engagement, "EngagementJoined", event.interaction)
        self._lead(event.engagement)

    def merged(self, event: e.EngagementsMerged, at_us: int) -> None:
        """What was in the other is in this one, whose versions go on above both."""
        row, other = self.engagements[event.engagement], self.engagements[event.other]
        row.version = max(row.version, other.version)
        for interaction in list(self.of[event.other]):
            self._move(interaction, event.engagement, "separate")
            self._changed(event.engagement, "EngagementsMerged", interaction)
        self._lead(event.engagement)

    def split(self, event: e.EngagementSplit, at_us: int) -> None:
        """Some are in an engagement of their own; the versions of both go on."""
        row = self.engagements[event.engagement]
        self.engagements[event.other], self.of[event.other] = Engagement(version=row.version), {}
        for interaction in event.interactions:
            self._move(interaction, event.other, self.members[interaction].mode)
            for name in (event.engagement, event.other):
                self._changed(name, "EngagementSplit", interaction)
        for name in (event.engagement, event.other):
            self._lead(name)

    def _has(self, interaction: str, agent: str | None) -> None:
        """Another has it, or nobody."""
        member = self.members.get(interaction)
        if member is None or member.agent == agent:
            return
        self._let_go(interaction, member)
        if agent is not None:
            member.agent = agent
            self._had_by.setdefault(agent, {})[interaction] = 1
        self._lead(member.engagement)

    def _let_go(self, interaction: str, member: Member) -> None:
        if member.agent is None:
            return
        had = self._had_by[member.agent]
        del had[interaction]
        if not had:
            del self._had_by[member.agent]
        member.agent = None

    def accepted(self, event: e.OfferAccepted, at_us: int) -> None:
        """An agent has it."""
        self._has(event.interaction, event.agent)
        self._happened(event.interaction, "OfferAccepted")

    def transferred(self, event: e.TransferCompleted, at_us: int) -> None:
        """Another agent has it."""
        self._has(event.interaction, event.to)
        self._happened(event.interaction, "TransferCompleted")

    def queued(self, event: e.InteractionQueued, at_us: int) -> None:
        """Nobody has it."""
        self._has(event.interaction, None)

    def _happened(self, interaction: str | None, what: str) -> None:
        member = self.members.get(interaction or "")
        if member is not None and interaction is not None:
            self._changed(member.engagement, what, interaction)

    def happened(self, event: e.MessageReceived | e.MessageWritten | e.ContactVerified, at_us: int) -> None:
        """Something that others should know before they go on."""
        self._happened(event.interaction, type(event).__name__)

    def over(self, event: Over, at_us: int) -> None:
        """One contact fewer."""
        member = self.members.pop(event.interaction, None)
        if member is None:
            return
        self._let_go(event.interaction, member)
        self._leave(event.interaction, member)
        touches = self._in_touch[member.customer]
        del touches[event.interaction]
        if not touches:
            del self._in_touch[member.customer]
        if member.engagement in self.engagements:
            self._changed(member.engagement, type(event).__name__, event.interaction)
            self._lead(member.engagement)

    def agent_defined(self, event: e.AgentDefined, at_us: int) -> None:
        """Know whether the agent is a bot, also of one who was none, or was one, and has something in hand."""
        if (event.kind == "bot") == (event.agent in self.bots):
            return
        if event.kind == "bot":
            self.bots[event.agent] = 1
        else:
            del self.bots[event.agent]
        for name in sorted({self.members[one].engagement for one in self._had_by.get(event.agent, ())}):
            self._lead(name)

    def agent_removed(self, event: e.AgentRemoved, at_us: int) -> None:
        """Forget what kind of agent they were."""
        self.bots.pop(event.agent, None)


def _number(name: str) -> int:
    return int(name[2:])


EVOLVE: dict[type[e.Event], Evolve] = {
    e.InteractionStarted: Engagements.started,
    e.CallbackAnswered: Engagements.answered,
    e.EngagementJoined: Engagements.joined,
    e.EngagementsMerged: Engagements.merged,
    e.EngagementSplit: Engagements.split,
    e.OfferAccepted: Engagements.accepted,
    e.TransferCompleted: Engagements.transferred,
    e.InteractionQueued: Engagements.queued,
    e.MessageReceived: Engagements.happened,
    e.MessageWritten: Engagements.happened,
    e.ContactVerified: Engagements.happened,
    e.InteractionFinished: Engagements.over,
    e.InteractionDone: Engagements.over,
    e.InteractionAbandoned: Engagements.over,
    e.InteractionCanceled: Engagements.over,
    e.InteractionDeflected: Engagements.over,
    e.AgentDefined: Engagements.agent_defined,
    e.AgentRemoved: Engagements.agent_removed,
}
