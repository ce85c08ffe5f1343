"""Events: who answers for a case next."""

from __future__ import annotations

import attrs

from orchestra.model.event import Event
from orchestra.model.private import private

__all__ = [
    "CaseEscalated",
    "EscalationEnded",
    "EscalationScheduled",
    "HandOffAccepted",
    "HandOffEnded",
    "HandOffOffered",
]


@attrs.define
class HandOffOffered(Event):
    """A case is offered to a team or an agent until `until_us`; its owner goes on to answer for it."""

    hand_off: str
    case: str
    customer: str
    owner_kind: str
    owner: str
    to_kind: str
    to: str
    until_us: int
    note: str | None = private()


@attrs.define
class HandOffAccepted(Event):
    """An agent has taken a case that was offered, on behalf of `team`; the case's new owner follows."""

    hand_off: str
    case: str
    customer: str
    agent: str
    team: str


@attrs.define
class HandOffEnded(Event):
    """Nobody has taken the case that was offered: its owner goes on to answer for it.

    Attributes:
        outcome: DECLINED, TIMED_OUT or WITHDRAWN.
        agent: who declined.
        reason: what whoever ended it said; `owner_changed` or `resolved` if it ended by that.
    """

    hand_off: str
    case: str
    customer: str
    outcome: str
    agent: str | None = None
    reason: str | None = None


@attrs.define
class EscalationScheduled(Event):
    """A customer who wrote waits: without an answer by `due_us`, the case goes from `team` to the team `to`."""

    case: str
    customer: str
    team: str
    to: str
    due_us: int


@attrs.define
class EscalationEnded(Event):
    """The case does not escalate by itself: `answered`, `waiting`, `resolved`, or with a team that has no next one.

    Or whoever waited does so in another case: it was `merged` into that, or they were `moved` there.
    """

    case: str
    customer: str
    reason: str


@attrs.define
class CaseEscalated(Event):
    """The next team on the path answers for the case; `reason` is `unanswered`, or what somebody said."""

    case: str
    customer: str
    team: str
    to: str
    reason: str
