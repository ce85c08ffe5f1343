"""Commands: callbacks."""

from __future__ import annotations

import attrs

from orchestra.model.command import Command, Id

__all__ = ["CALLBACK_OUTCOMES", "CancelCallback", "ReportCallback", "RequestCallback", "RescheduleCallback"]

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
