"""Events: callbacks."""

from __future__ import annotations

import attrs

from orchestra.model.event import Event

__all__ = ["CallbackAnswered", "CallbackExhausted", "CallbackFailed", "CallbackRequested", "CallbackScheduled"]


@attrs.define
class CallbackRequested(Event):
    """A customer is to be called back: an interaction of its own, in the case and conversation of another.

    Attributes:
        asked_in: the interaction in which they asked.
        agent: who promised it, for queues that ask those first who know the customer.
        priority: its own, in minutes of waiting, beside that of its queue.
    """

    interaction: str
    case: str
    customer: str
    channel: str
    account: str
    conversation: str
    queue: str
    skills: dict[str, int]
    asked_in: str
    agent: str | None = None
    priority: int = 0


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
class CallbackAnswered(Event):
    """The customer answered the agent's call: from here on it is a contact like any other."""

    interaction: str
    customer: str
    agent: str


@attrs.define
class CallbackFailed(Event):
    """The customer was dialled and not reached; `attempt` counts from 1, `reason` is what the agent found."""

    interaction: str
    customer: str
    agent: str
    attempt: int
    reason: str


@attrs.define
class CallbackExhausted(Event):
    """The customer will not be dialled again for this callback; the case stays with its owner."""

    interaction: str
    customer: str
    attempts: int
