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
    "TransferCompleted",
]


@attrs.define
class ConsultAsked(Event):
    """The agent who has an interaction asks another one to help with it or to take it, whose capacity is held.

    Attributes:
        agent: who has the interaction.
        consulted: who is asked.
        token: rises with every consult; an answer must carry it.
        weight_percent: the share of the consulted agent's budget that is held.
        purpose: `consult`, or `transfer`: accepting it is taking the interaction.
        note: what the agent wrote to the one who is asked.
        labels: those of the interaction, of which the consulted agent has one more.
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
    """The consulted agent takes part until they leave, or the consult is ended; of a transfer, they take it at once."""

    consult: str
    interaction: str
    customer: str
    agent: str
    consulted: str
    purpose: str


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
        channel: whose work the consulted agent has one less of.
        weight_percent: the share of their budget that is given back.
        outcome: the consult's final state.
        labels: of which they have one less, too.
    """

    consult: str
    interaction: str
    customer: str
    agent: str
    consulted: str
    channel: str
    weight_percent: int
    outcome: str
    reason: str | None = None
    labels: list[str] = attrs.field(factory=list)


@attrs.define
class TransferCompleted(Event):
    """The interaction is the other agent's now, by the consult in which they took part, which is over with that.

    Attributes:
        agent: who had it.
        to: who has it.
        weight_percent: the share of the new agent's budget that it takes, which was held already.
    """

    consult: str
    interaction: str
    customer: str
    agent: str
    to: str
    weight_percent: int
