"""Events: callbacks."""

from __future__ import annotations

import attrs

from orchestra.model.event import Event
from orchestra.model.private import private

__all__ = [
    "CallbackAnswered",
    "CallbackDialing",
    "CallbackExhausted",
    "CallbackFailed",
    "CallbackRequested",
    "CallbackScheduled",
]


@attrs.define
class CallbackRequested(Event):
    """A customer is to be called back: an interaction of its own, in the case and conversation of another.

    Attributes:
        asked_in: the interaction in which they asked; None if it was in none.
        agent: who promised it, for queues that ask those first who know the customer.
        priority: its own, in minutes of waiting, beside that of its queue.
        kind: of the address that was given to be called; None if none was.
        value: the address that was given.
    """

    interaction: str
    case: str
    customer: str
    channel: str
    account: str
    conversation: str
    queue: str
    skills: dict[str, int]
    asked_in: str | None
    agent: str | None = None
    priority: int = 0
    kind: str | None = None
    value: str | None = private()


@attrs.define
class CallbackScheduled(Event):
    """The callback waits for its time, with nobody; then it queues.

    Attributes:
        due_us: its time.
        reason: requested, rescheduled or retry.
        agent: who had it in hand until now.
    """

    interaction: str
    customer: str
    due_us: int
    reason: str
    agent: str | None = None


@attrs.define
class CallbackDialing(Event):
    """The customer is to be dialled now, before any agent is asked; whoever dials tells what comes of it.

    Attributes:
        token: proves that a report is of this very call; it rises with each of a callback.
        attempt: the how many-th it is that may fail, from 1.
        until_us: without a report by then, nobody answered.
    """

    interaction: str
    customer: str
    queue: str
    channel: str
    account: str
    token: int
    attempt: int
    until_us: int


@attrs.define
class CallbackAnswered(Event):
    """The customer answered: from here on it is a contact like any other.

    Without an `agent`, who would have called, the customer was called first and waits for one.
    """

    interaction: str
    customer: str
    agent: str | None = None


@attrs.define
class CallbackFailed(Event):
    """The customer was dialled and not reached; `attempt` counts from 1, `reason` is what was found.

    There is no `agent` where the customer is called first.
    """

    interaction: str
    customer: str
    agent: str | None
    attempt: int
    reason: str


@attrs.define
class CallbackExhausted(Event):
    """The customer will not be dialled again for this callback; the case stays with its owner."""

    interaction: str
    customer: str
    attempts: int
