"""Commands: consults."""

from __future__ import annotations

import attrs

from orchestra.model.command import Command, Id
from orchestra.model.private import private

__all__ = [
    "AcceptConsult",
    "AskConsult",
    "CompleteTransfer",
    "ConsultQueue",
    "DeclineConsult",
    "EndConsult",
    "LeaveConsult",
    "MergeConsult",
    "TransferToAgent",
]


@attrs.define
class AskConsult(Command):
    """Ask another agent, by name, for help with an interaction that this agent has; the customer stays where they are.

    They must be available and have room for one more of its channel, which is held. `note` tells them what it is about.
    """

    interaction: Id
    agent: str
    consulted: str
    note: str | None = private()


@attrs.define
class ConsultQueue(Command):
    """Ask a queue for help with an interaction that this agent has: whoever serves it and is best and free next.

    The consult waits in the queue, among its contacts, as one of the interaction's channel would, until somebody is
    asked and accepts. They need `skills` on top of the queue's own; it is worth `priority` minutes of waiting more than
    others there. `note` tells them what it is about.
    """

    interaction: Id
    agent: str
    queue: str
    skills: dict[str, int] = attrs.field(factory=dict)
    priority: int = 0
    note: str | None = private()


@attrs.define
class AcceptConsult(Command):
    """Take part in another agent's interaction, or take it if it is transferred. A stale token is refused.

    Where the channel `connects`, this agent takes part only once `ConfirmConnected` follows, which names the consult.
    """

    consult: str
    agent: str
    token: int


@attrs.define
class DeclineConsult(Command):
    """Refuse to take part in another agent's interaction."""

    consult: str
    agent: str
    token: int
    reason: str | None = None


@attrs.define
class EndConsult(Command):
    """Ask no more, or let the consulted agent go. It is given by the agent who asked."""

    consult: str
    agent: str
    reason: str | None = None


@attrs.define
class LeaveConsult(Command):
    """Take part no more. It is given by the agent who was asked."""

    consult: str
    agent: str


@attrs.define
class MergeConsult(Command):
    """Bring the agent who takes part together with the customer, too. It is given by the agent who asked."""

    consult: str
    agent: str


@attrs.define
class CompleteTransfer(Command):
    """Leave an interaction to the agent who was consulted and takes part. It is given by the agent who has it."""

    consult: str
    agent: str


@attrs.define
class TransferToAgent(Command):
    """Ask another agent, by name, to take an interaction, which is this agent's until they do.

    It stays with this agent if they do not; if this agent is gone by then, it waits again with its place.
    """

    interaction: Id
    agent: str
    to: str
    note: str | None = private()
