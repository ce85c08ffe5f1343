"""Events: consults."""

from __future__ import annotations

import attrs

from orchestra.model.event import Event
from orchestra.model.private import private

__all__ = [
    "ConsultAccepted",
    "ConsultAsked",
    "ConsultConnecting",
    "ConsultEnded",
    "ConsultMerged",
    "ConsultQueued",
    "TransferCompleted",
]


@attrs.define
class ConsultQueued(Event):
    """The agent who has an interaction asks a queue for help: the consult waits there, as a contact would.

    Rank in the queue is that of `InteractionQueued`.

    Attributes:
        agent: who has the interaction.
        channel: that of the interaction.
        reason: `asked`, `overflowed` from the queue that was asked at once, why it moved there later, or how the last
            asking ended: `declined`, `timed_out`, `setup_failed`, `agent_lost`.
        barred: who takes part in the interaction already, and is never asked.
        at_front: whether it goes before all others of the queue.
        consulted: who was asked before, and is asked no more.
        told: why that one declined or could not be connected, if they said so.
        note: what the agent wrote to whoever will be asked; with the first event of a consult alone.
    """

    consult: str
    interaction: str
    customer: str
    agent: str
    queue: str
    channel: str
    skills: dict[str, int]
    priority: int
    start_us: int
    order: int
    reason: str
    barred: list[str]
    at_front: bool = False
    consulted: str | None = None
    told: str | None = None
    note: str | None = private()


@attrs.define
class ConsultAsked(Event):
    """The agent who has an interaction asks another one to help with it or to take it, whose capacity is held.

    Attributes:
        agent: who has the interaction.
        consulted: who is asked.
        token: rises with every consult; an answer must carry it.
        weight_percent: the share of the consulted agent's budget that is held.
        purpose: `consult`, or `transfer`: accepting it is taking the interaction.
        note: what the agent wrote to the one who is asked; that of a consult which waited stands in `ConsultQueued`.
        labels: those of the interaction, or of the queue in which the consult waited; the consulted agent has one more
            of each.
        queue: where it waited, if it did. Then why this agent is told as by `OfferMade`:
        key: what was compared, least first, ending in the agent's id.
        runners_up: the next agents' keys, at most five.
        failed: condition -> number of agents who did not meet it.
        order: what the parts of the keys are, but the last.
    """

    consult: str
    interaction: str
    customer: str
    agent: str
    consulted: str
    channel: str
    token: int
    weight_percent: int
    deadline_us: int
    purpose: str = "consult"
    note: str | None = private()
    labels: list[str] = attrs.field(factory=list)
    queue: str | None = None
    key: list[int | str] = attrs.field(factory=list)
    runners_up: list[list[int | str]] = attrs.field(factory=list)
    failed: dict[str, int] = attrs.field(factory=dict)
    order: list[str] = attrs.field(factory=list)


@attrs.define
class ConsultConnecting(Event):
    """The consulted agent has answered, and is being connected; it counts once that is confirmed, before `until_us`."""

    consult: str
    interaction: str
    customer: str
    agent: str
    consulted: str
    until_us: int


@attrs.define
class ConsultAccepted(Event):
    """The consulted agent takes part until they leave, or the consult is ended; of a transfer, they take it at once.

    Attributes:
        queue: where it waited, if it did.
    """

    consult: str
    interaction: str
    customer: str
    agent: str
    consulted: str
    purpose: str
    queue: str | None = None


@attrs.define
class ConsultMerged(Event):
    """The consulted agent talks with the customer too: a conference. The interaction stays the agent's."""

    consult: str
    interaction: str
    customer: str
    agent: str
    consulted: str


@attrs.define
class ConsultEnded(Event):
    """The consulted agent is asked no more, or takes part no more; the interaction is what it was.

    Attributes:
        consulted: who was asked or took part; None if it waited in a queue, and nobody was asked.
        channel: whose work the consulted agent has one less of.
        weight_percent: the share of their budget that is given back.
        outcome: the consult's final state.
        labels: of which they have one less, too.
        queue: where it waited, if it did.
    """

    consult: str
    interaction: str
    customer: str
    agent: str
    consulted: str | None
    channel: str
    weight_percent: int
    outcome: str
    reason: str | None = None
    labels: list[str] = attrs.field(factory=list)
    queue: str | None = None


@attrs.define
class TransferCompleted(Event):
    """The interaction is the other agent's now, by the consult in which they took part, which is over with that.

    Attributes:
        agent: who had it.
        to: who has it.
        weight_percent: the share of the new agent's budget that it takes, which was held already.
        labels: of which the new agent has one more, which counted already.
        labels_before: of which whoever had it has one less.
    """

    consult: str
    interaction: str
    customer: str
    agent: str
    to: str
    weight_percent: int
    labels: list[str] = attrs.field(factory=list)
    labels_before: list[str] = attrs.field(factory=list)
