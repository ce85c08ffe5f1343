"""Events: offers."""

from __future__ import annotations

import attrs

from orchestra.model.event import Event

__all__ = [
    "AgentRested",
    "GateOpened",
    "OfferAccepted",
    "OfferConnecting",
    "OfferEnded",
    "OfferMade",
    "PriorityRaised",
    "RingWidened",
    "RoutingExhausted",
    "RoutingMoved",
    "RoutingReseated",
    "RoutingRetried",
    "RoutingSwept",
    "StepEntered",
]


@attrs.define
class OfferMade(Event):
    """Capacity of an agent is held for an interaction.

    Attributes:
        token: rises with every offer; an answer must carry it.
        weight_percent: the share of the agent's budget that is held.
        key: why this agent: what was compared, least first, ending in the agent's id.
        runners_up: the next agents' keys, at most five.
        failed: condition -> number of agents who did not meet it.
        labels: of the interaction's labels the agent has one more.
        order: what the parts of the keys are, but the last.
        leads: whether the agent talks with the customer about the same case already, and was asked before all others.
        beyond_capacity: whether the agent had no room for it, and is asked since its step says so.
    """

    offer: str
    interaction: str
    customer: str
    agent: str
    queue: str
    channel: str
    token: int
    weight_percent: int
    deadline_us: int
    key: list[int | str]
    runners_up: list[list[int | str]]
    failed: dict[str, int]
    labels: list[str] = attrs.field(factory=list)
    order: list[str] = attrs.field(factory=list)
    leads: bool = False
    beyond_capacity: bool = False


@attrs.define
class OfferAccepted(Event):
    """The agent takes the interaction."""

    offer: str
    interaction: str
    customer: str
    agent: str


@attrs.define
class OfferConnecting(Event):
    """The agent takes the interaction, and is being connected; it counts once that is confirmed, before `until_us`."""

    offer: str
    interaction: str
    customer: str
    agent: str
    until_us: int


@attrs.define
class RingWidened(Event):
    """A contact that is offered rings up to so many agents now, as far as there are any who could take it."""

    interaction: str
    customer: str
    queue: str
    agents: int


@attrs.define
class OfferEnded(Event):
    """The offer ended without an answer to the customer; `outcome` is the offer's final state."""

    offer: str
    interaction: str
    customer: str
    agent: str
    outcome: str
    reason: str | None = None


@attrs.define
class RoutingExhausted(Event):
    """All who could take it have declined or missed it; they are asked again from `retry_us` on.

    Attributes:
        consult: the consult about the interaction, if it is that which waits.
    """

    interaction: str
    customer: str
    queue: str
    retry_us: int
    consult: str | None = None


@attrs.define
class RoutingRetried(Event):
    """Nobody is excluded from this interaction any more.

    Attributes:
        consult: the consult about the interaction, if it is that which waits.
    """

    interaction: str
    customer: str
    consult: str | None = None


@attrs.define
class RoutingMoved(Event):
    """After a plan change, these wait or ring as the new rules of their queue say: interactions, and consults.

    They go a few at a time. Until its turn comes, what waits keeps its place, and is offered to nobody.
    """

    moved: list[str]


@attrs.define
class RoutingReseated(Event):
    """After a plan change, these agents have the room, the pace and the place in every order that it gives them.

    They go a few at a time, by name. Until their turn comes, they count as they did, and are offered nothing.
    """

    agents: list[str]


@attrs.define
class RoutingSwept(Event):
    """After a plan change, or a ring of which they were part, these agents were offered what they can now take."""

    agents: list[str]


@attrs.define
class StepEntered(Event):
    """A waiting interaction is now offered as this step of its queue says, counted from 0.

    `reason` is `time`, `skipped` (the steps before did not apply), `exhausted`, or `stayed` where no later one applies.
    If it is a consult about the interaction that waits, `consult` is its id.
    """

    interaction: str
    customer: str
    queue: str
    step: int
    reason: str
    consult: str | None = None


@attrs.define
class GateOpened(Event):
    """An interaction has waited long enough for further teams, those behind this gate of its queue.

    Attributes:
        consult: the consult about the interaction, if it is that which waits.
    """

    interaction: str
    customer: str
    queue: str
    gate: int
    consult: str | None = None


@attrs.define
class PriorityRaised(Event):
    """An interaction has waited so long that it counts as older than it is.

    Attributes:
        age: how many of its queue's ages it has reached.
        priority: minutes of waiting that these give it, all together.
        consult: the consult about the interaction, if it is that which waits.
    """

    interaction: str
    customer: str
    queue: str
    age: int
    priority: int
    consult: str | None = None


@attrs.define
class AgentRested(Event):
    """A rest, a limit of rate or a step of the warm-up is over; the agent may be offered work again, or more of it."""

    agent: str
