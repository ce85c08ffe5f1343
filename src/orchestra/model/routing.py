"""The parts of a plan that say how a queue is served: who else serves it, in which steps, in which order.

Belongs here: definitions, pure data with defaults that work. Does not: what they mean for a decision.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

import attrs

__all__ = [
    "AFFINITY",
    "FITTING_ORDERS",
    "MOST_RUNG",
    "NAMED",
    "ORDERS",
    "OWN_ORDERS",
    "RANDOM",
    "RESERVED",
    "SCORE",
    "Ageing",
    "Condition",
    "Ring",
    "Serving",
    "Step",
]

MOST_RUNG = 50
"""Most agents that one contact rings at once."""
RESERVED = "@"
"""No skill and no label of a plan begins with it."""

OWN_ORDERS: Mapping[str, str] = {
    "busy": "whoever has nothing in hand before whoever has",
    "idle": "whose work has not changed for longest",
    "idle_inbound": "whose contacts that customers began have not changed for longest, whatever else they did",
    "offered": "who was offered something longest ago: round robin",
    "open": "who has the fewest in hand",
    "spare": "who has the largest part of a budget left",
    "spare_ratio": "who has the largest share of their own budget left",
    "handled": "who has taken the fewest contacts within `presence.window`",
    "talk": "whose contacts that ended within `presence.window` took the least time",
    "position": "whose own `position` is lowest: top down",
}
"""Parts of an order of agents that depend on the agent alone -> who goes first."""

FITTING_ORDERS: Mapping[str, str] = {
    "level": "whose team serves the queue at the lower level",
    "proficiency": "whose levels in the skills asked for have the greatest sum",
    "proficiency_min": "whose weakest of the skills asked for is strongest",
    "preferred": "who meets more of the step's preferences",
}
"""Parts of an order that depend on what is asked for too -> who goes first."""

AFFINITY = "affinity"
"""The part of an order by which the one whom the customer knows goes before all others: by the queue's `known`, and
where that names nobody the person who last took a contact of theirs."""

RANDOM = "random"
"""The part that ends an order: of all who are equal until then, anyone, by a draw that depends on the seed."""

SCORE = "score:"
"""With it begins the part of an order that is a score of the application's: `score:acme.vip@2`."""
NAMED = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*@[1-9][0-9]{0,5}", re.ASCII)
"""How a score is named: words in small letters with dots between, then its version."""

ORDERS = (*OWN_ORDERS, *FITTING_ORDERS, AFFINITY, RANDOM)


def _texts(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(values)


@attrs.frozen
class Serving:
    """How another team than its own serves a queue.

    Attributes:
        after: only what has waited this long; at once unless stated.
        level: contacts of queues at a lower level go first for these agents; 1 unless stated, as the own team has.
    """

    after: timedelta = timedelta()
    level: int = 1


@attrs.frozen
class Ageing:
    """From some age on, a contact that waits counts as older than it is.

    Attributes:
        after: how long it has waited by then, counted from when it began to wait.
        priority: minutes of waiting that it has ahead of others from then on, beside those it has anyway; at least 1.
    """

    after: timedelta
    priority: int


@attrs.frozen
class Condition:
    """What must hold, all of it, for a step to be skipped or a contact to overflow. Without anything it never holds.

    Attributes:
        nobody: whether nobody who takes work could serve the contact, busy or not.
        saturated: whether nobody could be offered it now.
        wait_above: the queue's estimated wait is at least this long.
        waiting_above: more than so many wait in the queue.
        service_level_below: of the last contacts of the queue fewer than this share, in percent, were answered within
            its service level (an exponentially weighted mean, weight 1/16).
        queue: of which queue the last three are asked; the contact's own unless stated.
    """

    nobody: bool = False
    saturated: bool = False
    wait_above: timedelta | None = None
    waiting_above: int | None = None
    service_level_below: int | None = None
    queue: str | None = None


@attrs.frozen
class Ring:
    """How many agents a contact rings at once: the first to take it has it.

    Attributes:
        first: how many it rings at the beginning; 1 unless stated.
        every: after this long it rings `more`, and so on; never unless stated.
        more: how many are added then; 1 unless stated.
        most: how many it rings in the end; 50 at most, which is what holds unless stated.
    """

    first: int = 1
    every: timedelta | None = None
    more: int = 1
    most: int = MOST_RUNG


@attrs.frozen
class Step:
    """For some time, whom a queue's contacts are offered to.

    Attributes:
        lasts: how long until the next step; never for good.
        clock: `step` counts `lasts` from entering the step, `item` from when the contact began to wait.
        pool: `teams`; or of these teams only `bots`, or only `people`; or `known` for the one agent who knows the
            customer. A contact skips that step if nobody knows the customer or who does has signed out, and one that a
            bot has handed over skips bots.
        beyond_capacity: whether the one agent of `known` is asked though their budget, the limit of the channel or that
            of a label is full; all else that keeps agents from being asked still does, as do 150 in hand.
        teams: only these; empty for all that serve the queue.
        skills: skill -> least level, beside what queue and contact ask for.
        relax: skill -> level that is enough now, whatever was asked for; 0 asks for it no more, and `*` stands for all.
        priority: minutes of waiting that the contact has ahead of others in this step, beside those it has anyway.
        prefer: skill -> level; whoever has more of them goes first, where the order says `preferred`.
        order: the order of the agents in this step; empty for the queue's.
        ring: how many agents a contact rings at once in this step; None for what the queue says.
        skip_if: when to go on to the next step at once.
    """

    lasts: timedelta | None = None
    clock: str = "step"
    pool: str = "teams"
    beyond_capacity: bool = False
    teams: Sequence[str] = attrs.field(default=(), converter=_texts)
    skills: Mapping[str, int] = attrs.field(factory=dict)
    relax: Mapping[str, int] = attrs.field(factory=dict)
    priority: int = 0
    prefer: Mapping[str, int] = attrs.field(factory=dict)
    order: Sequence[str] = attrs.field(default=(), converter=_texts)
    ring: Ring | None = None
    skip_if: Condition = Condition()
