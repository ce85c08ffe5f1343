"""Routing's rows: what waits, what is offered, and what each agent has in hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import attrs

from orchestra.engine.lifecycle import OFFER
from orchestra.engine.routing.sides import ProfileKey, Rank
from orchestra.model.routing import RESERVED

__all__ = [
    "AGEING",
    "ASK",
    "CLOCKS",
    "CONNECT",
    "EXHAUSTED",
    "GATE",
    "MARKS",
    "MOST_IN_HAND",
    "MOVE",
    "OFFER_TIMEOUT",
    "PARK",
    "REST",
    "RETRY",
    "RING",
    "SEAT",
    "SILENCE",
    "STEP",
    "SWEEP",
    "Bench",
    "Item",
    "Load",
    "Offer",
    "Since",
    "one_less",
]

OFFER_TIMEOUT = "routing.offer"
"""Timer of a pending offer."""
CONNECT = "routing.connect"
"""Timer of an accepted offer whose contact is still being connected."""
RING = "routing.widen"
"""Timer of a contact that is to ring further agents. At one instant it rings after `ASK`, and so it shall."""
EXHAUSTED = "routing.exhausted"
"""Timer, due at once, of an interaction that only those can still take who declined or missed it."""
RETRY = "routing.retry"
"""Timer of an interaction that everybody declined."""
STEP = "routing.step"
"""Timer of a waiting interaction's step."""
AGEING = "routing.ageing"
"""Timer of the next age of a waiting interaction's queue."""
GATE = "routing.gate"
"""Timer of the next gate of a waiting interaction's queue."""
PARK = "routing.park"
"""Timer of an interaction whose agent is gone and may come back."""
CLOCKS = (STEP, GATE, AGEING)
"""Timers of whatever waits, as its queue says."""
REST = "routing.rest"
"""Timer of an agent who is offered nothing, or less, for a while."""
SILENCE = "routing.silence"
"""Timer of an interaction whose customer has been answered and has written nothing since."""
ASK = "routing.ask"
"""Timer of those who are free since a ring of which they were part is over."""
MOVE = "routing.move"
"""Timer of the walk over what waits or rings in queues whose rules have changed."""
SEAT = "routing.seat"
"""Timer of the walk over the agents who are to be placed anew after a plan change."""
SWEEP = "routing.sweep"
"""Timer of the walk over the agents who are to be asked after a plan change."""

MOST_IN_HAND = 150
"""Most interactions that one agent has at once, whatever the budget, so that their all ending fits one batch."""


MARKS = {"person": f"{RESERVED}person", "bot": f"{RESERVED}bot"}
"""Kind of agent -> the skill by which the index tells it."""


def one_less(counts: dict[str, int], key: str) -> None:
    """Count one less of something, of which there is at least one."""
    counts[key] -= 1
    if not counts[key]:
        del counts[key]


class Load(NamedTuple):
    """What a piece of work takes of an agent: one of the channel and of each label, and a share of the budget.

    `is_inbound` says whether it is a contact that the customer began.
    """

    channel: str
    weight_percent: int
    labels: Sequence[str]
    is_inbound: bool = False


class Since(NamedTuple):
    """Since when an agent's work has not changed, and since when their contacts that customers began have not."""

    idle_us: int
    inbound_us: int


@attrs.define
class Item:
    """A routed interaction; or a consult on the interaction `consult_on`, from when it waits until it is accepted.

    `offers` are all it ever had, newest last; `agent` knows the customer; `step` and `gate` count from 0, and it has
    been in its step since `step_us`; of its queue's ages it has reached the first `aged`; `due_us` is when it should be
    done, if that was said. A bot has handed it over if it is `for_people`. `first` is who is to be on the line first,
    `agent` or `customer`, as long as it is a callback that has not reached its customer; while that one is called its
    state is `DIALING`.

    While it is offered, `ringing` is agent -> their offer, each of which holds that agent's capacity; `ring` is how
    many it rings at most now, and `connecting` how many of them have answered. Once taken, `held_by` is who has it,
    by the offer `taken_by`, at the weight of that offer, `full_percent`, or less while its customer `is_silent` or it
    is being wrapped up; that agent has one more of its `labels`. While it is lent to an offer, its weight takes
    nobody's capacity.

    Waiting or ringing it stands by an `edition` of its queue's rules, and waiting at a `rank` among all who do; it is
    behind while the queue has another edition, and offered to nobody until it is entered anew by that.

    The customer began it, if it `is_inbound`: it is no callback, work item or consult.

    A consult never rings: from when one agent is asked, `taken_us`, it is `OFFERED`, and they have its weight and
    labels. Those who take part already are `barred`, and excluded for good.
    """

    customer: str
    channel: str
    queue: str = ""
    skills: dict[str, int] = attrs.field(factory=dict)
    priority: int = 0
    start_us: int = 0
    order: int = 0
    state: str = "NEW"
    ringing: dict[str, str] = attrs.field(factory=dict)
    ring: int = 1
    connecting: int = 0
    held_by: str | None = None
    taken_by: str | None = None
    weight_percent: int = 0
    full_percent: int = 0
    is_silent: bool = False
    labels: list[str] = attrs.field(factory=list)
    excluded: dict[str, int] = attrs.field(factory=dict)
    offers: list[str] = attrs.field(factory=list)
    agent: str | None = None
    at_front: bool = False
    step: int = 0
    step_us: int = 0
    gate: int = 0
    lent_to: str | None = None
    is_wrapping: bool = False
    taken_us: int = 0
    due_us: int | None = None
    for_people: bool = False
    first: str | None = None
    consult_on: str | None = None
    barred: list[str] = attrs.field(factory=list)
    edition: int = 0
    rank: Rank | None = None
    is_inbound: bool = True
    aged: int = 0

    def may_be_lent(self, agent: str) -> bool:
        """Whether it could be put aside by this agent for something else."""
        is_worked_on = self.held_by == agent and self.lent_to is None and not self.is_wrapping
        return is_worked_on and self.weight_percent > 0  # else putting it aside makes no room

    def ends_with_others(self, outcome: str) -> bool:
        """Whether an offer of it that has ended so is one of several of a ring that all end together."""
        return self.state == "TAKEN" or (bool(self.ringing) and outcome in ("WITHDRAWN", "CUSTOMER_LEFT"))


@attrs.define
class Offer:
    """An offer, kept as long as its interaction is not over.

    `deadline_us` is until when it may be answered, then until when the contact must be connected. `idle_since_us` is
    since when its agent's work had not changed, and `inbound_us` their contacts that customers began, which whoever
    loses a ring to another gets back.
    """

    interaction: str
    agent: str
    token: int
    weight_percent: int
    made_us: int
    deadline_us: int
    idle_since_us: int
    inbound_us: int
    labels: list[str]
    state: str = OFFER.initial

    @property
    def is_open(self) -> bool:
        """Whether it has not ended."""
        return self.state in ("PENDING", "CONNECTING")


@attrs.define
class Bench:
    """An agent as routing sees them: what they can do, what they have, and since when that has not changed.

    Of what they have, `counts` are how many there are by channel, `labels` how many by label.
    They signed in at `since_us`, and have taken or are asked to take `fresh` since. `recent` are the instants of their
    last offers, oldest first, as many as the limit of rate asks for. `rests` until `rest_until_us`, `is_limited` by how
    much they have been offered, and of their budget `warm_percent` may be used. `slots` are the parts of the window in
    which they did something, oldest first: since when, contacts taken, microseconds of contacts that ended.
    Their contacts that customers began have not changed since `inbound_us`.
    """

    teams: list[str]
    skills: dict[str, int]
    capacity_percent: int
    takes_work: bool = False
    used_percent: int = 0
    counts: dict[str, int] = attrs.field(factory=dict)
    labels: dict[str, int] = attrs.field(factory=dict)
    idle_since_us: int = 0
    offered_us: int = 0
    rests: bool = False
    kind: str = "person"
    rest_until_us: int = 0
    since_us: int | None = None
    fresh: int = 0
    recent: list[int] = attrs.field(factory=list)
    is_limited: bool = False
    warm_percent: int = 100
    position: int = 0
    slots: list[list[int]] = attrs.field(factory=list)
    inbound_us: int = 0

    @property
    def budget_percent(self) -> int:
        """What of their capacity may be used now."""
        return max(1, self.capacity_percent * self.warm_percent // 100)

    @property
    def handled(self) -> int:
        """How many contacts they have taken within the window."""
        return sum([taken for _, taken, _ in self.slots])

    @property
    def talk_us(self) -> int:
        """How long the contacts took that ended within the window."""
        return sum([talk_us for _, _, talk_us in self.slots])

    @property
    def profile(self) -> ProfileKey:
        """Teams and skills, as the index has them; of which kind they are is a skill of its own."""
        return tuple(self.teams), ((MARKS[self.kind], 1), *self.skills.items())
