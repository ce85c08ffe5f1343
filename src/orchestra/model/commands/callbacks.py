"""Commands: callbacks."""

from __future__ import annotations

import attrs

from orchestra.model.addresses import Address
from orchestra.model.command import Command, Id

__all__ = [
    "CALLBACK_OUTCOMES",
    "CancelCallback",
    "ReportCallback",
    "ReportDialing",
    "RequestCallback",
    "RescheduleCallback",
    "ScheduleCallback",
]

CALLBACK_OUTCOMES = ("answered", "busy", "no_answer", "wrong_number", "machine")
"""What may become of dialling a customer."""


@attrs.define
class RequestCallback(Command):
    """Have the customer of a live contact called back: as soon as it is their turn, or at an instant.

    If the contact still waits, it ends, and the callback waits in its place. A customer has one open callback per
    case: asked for again, the answer is that one. `agent` promised to call, for queues that ask them first.
    """

    interaction: Id
    due_us: int | None = None
    agent: str | None = None


@attrs.define
class ScheduleCallback(Command):
    """Have somebody called who is in no live contact: who filled in a form, chats, or does not know of it yet.

    `channel` is a live one, `address` whom to call on it. The customer is `customer`, else that of `case`, else
    whoever has the address, or is new with it. The callback belongs to `case`, else to the customer's open case on the
    topic or, without a topic, to the one last talked of at that address; else to a new one. A customer has one
    open callback per case: asked for again, the answer is that one. The rest is as in `ReceiveContact`.
    """

    channel: str
    account: str
    address: Address
    customer: Id | None = None
    case: Id | None = None
    topic: str | None = None
    due_us: int | None = None
    queue: str | None = None
    skills: dict[str, int] = attrs.field(factory=dict)
    priority: int = 0
    agent: str | None = None


@attrs.define
class RescheduleCallback(Command):
    """Have the customer called back at another time."""

    interaction: Id
    due_us: int


@attrs.define
class CancelCallback(Command):
    """The customer is not to be called back after all."""

    interaction: Id
    reason: str


@attrs.define
class ReportCallback(Command):
    """Tell what became of dialling: `answered`, `busy`, `no_answer`, `wrong_number` or `machine`."""

    interaction: Id
    agent: str
    outcome: str


@attrs.define
class ReportDialing(Command):
    """Tell what became of calling a customer who is called before any agent is asked.

    `outcome` is as in `ReportCallback`, `token` that of the `CallbackDialing` that asked for the call. Once answered,
    the customer waits on the line, before all others.
    """

    interaction: Id
    token: int
    outcome: str
