"""Who could take a contact, who not and for what reason: from an engine's state, live or rebuilt.

Belongs here: questions to the state. Does not: decisions, and the journal.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import attrs

from orchestra.engine.consults.parts import is_consult, known
from orchestra.engine.presence.state import Agent
from orchestra.engine.routing.match import failing, whom_they_know
from orchestra.engine.routing.rows import MARKS, MOST_IN_HAND, Bench, Item
from orchestra.engine.routing.sides import Entry, Profile, Requirement
from orchestra.engine.view import View
from orchestra.errors import OfferExpired
from orchestra.model.addresses import Ref

__all__ = ["Candidate", "Waiting", "candidates", "why_waiting"]


@attrs.frozen
class Waiting:
    """Why a contact, or a consult in a queue, waits.

    Attributes:
        interaction: its id, or that of the consult.
        reason: `closed`: its queue is closed; `gated`: those who could take it may do so once it has waited longer;
            `no_agents`: nobody who could take it takes work; `saturated`: those who may be asked have no room, or, if
            it goes `beyond_capacity`, as many in hand as there may be;
            `rate_limited`: those who would have room have been offered as much as they may be for now;
            `excluded`: all have declined or missed it, and are asked again later; `others_called`: its customer is
            to be called first, and as many of the queue are called as may be at once; `offer_due`: after a change of
            the plan somebody could take it, and will be asked in a moment; `deferred`: another contact of its
            customer is to be over first, `behind`.
        place: from 1, among those that wait for the same; 0 for what is deferred, which waits beside its queue.
        taking: agents who take work.
        able: of these, those with the team and the skills, and for a consult who does not take part already.
        counts: condition -> how many agents fail it first, of those who take work.
        behind: the contact for whose end it waits, if it is deferred.
        beyond_capacity: whether it waits for one known agent, who is asked whatever else they have in hand.
    """

    interaction: str
    reason: str
    queue: str
    channel: str
    skills: dict[str, int]
    place: int
    taking: int
    able: int
    counts: dict[str, int]
    behind: str | None = None
    beyond_capacity: bool = False

    @property
    def sentence(self) -> str:
        """The reason in words."""
        reason = "most_in_hand" if self.beyond_capacity and self.reason == "saturated" else self.reason
        return _SENTENCES[reason].format(queue=self.queue, able=self.able, behind=self.behind)

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {**attrs.asdict(self), "sentence": self.sentence}


_SENTENCES = {
    "closed": "queue {queue} is closed",
    "gated": "others may take it once it has waited longer in queue {queue}",
    "no_agents": "nobody who can take it is at work and available in queue {queue}",
    "saturated": "{able} could take it, but have no room",
    "most_in_hand": f"{{able}} could take it beyond capacity, but has {MOST_IN_HAND} in hand",
    "rate_limited": "{able} could take it, but rest, or have been offered as much as they may be for now",
    "excluded": "{able} could take it, but have declined or missed it",
    "others_called": "as many customers of queue {queue} are being called as may be at once",
    "deferred": "it waits until {behind} is over",
    "offer_due": "{able} could take it, and one of them is asked in a moment",
}


def why_waiting(view: View, name: str | Ref) -> Waiting | None:
    """Why a contact or a consult waits, from the state as it is; None if it does not. Looks at no agent one by one.

    Raises:
        UnknownId: there is no such interaction or consult.
    """
    key = _key(view, name)
    item = view.routing.items.get(key)
    if item is not None and item.state == "DEFERRED":
        return _deferred(view, key, item)
    if item is None or item.state != "WAITING":
        return None
    routing = view.routing
    bucket, rank = routing.index.of_item[key]
    wanted = routing.wanted(key, item)
    able, counts = _able(view, item, wanted), failing(view, item, wanted)
    return Waiting(
        key,
        _reason(view, item, wanted, able, counts),
        item.queue,
        item.channel,
        dict(item.skills),
        (routing.index.position(key) if bucket.is_behind else bucket.waiting.position(rank)) + 1,
        len(routing.index.at_work),
        able,
        counts,
        beyond_capacity=routing.rules.is_for_one(item) and routing.rules.step(item).definition.beyond_capacity,
    )


def _deferred(view: View, key: str, item: Item) -> Waiting:
    """Why a contact waits that nobody is asked for now; the agents are counted as if it waited in its queue."""
    wanted = view.routing.rules.wanted(item)
    return Waiting(
        key,
        "deferred",
        item.queue,
        item.channel,
        dict(item.skills),
        0,
        len(view.routing.index.at_work),
        view.routing.index.able(wanted),
        failing(view, item, wanted),
        view.engagements.deferred[key].to,
    )


def _key(view: View, name: str | Ref) -> str:
    if isinstance(name, Ref) or not is_consult(name):
        return view.interaction(name)[0]
    with suppress(OfferExpired):  # it was, and waits no more
        known(view, name)
    return name


def _reason(view: View, item: Item, wanted: Requirement, able: int, counts: dict[str, int]) -> str:
    if view.routing.is_shut(item.queue, item.first):
        return "closed"
    if not able:
        return "gated" if _later(view, item) else "no_agents"
    asked = item.excluded.keys() - set(item.barred)
    excluded = sum(view.routing.index.is_able(agent, wanted) for agent in asked)
    if excluded == able:
        return "excluded"
    barred = [counts.get(condition, 0) for condition in ("saturated", "excluded", "rate_limited")]
    if able > sum(barred):
        return "others_called" if item.first == "customer" and view.routing.dialing.get(item.queue) else "offer_due"
    return "rate_limited" if barred[2] and not barred[0] else "saturated"


def _later(view: View, item: Item) -> bool:
    """Whether somebody at work could take it once all gates of its queue are open, or in a later step."""
    routing = view.routing
    queue = routing.rules.queues[item.queue]
    last, opened = len(queue.gates_us) - 1, attrs.evolve(item, gate=len(queue.gates_us) - 1)
    steps = range(item.step + (item.gate == last), len(queue.steps))
    return any(_able(view, item, routing.rules.wanted(opened, step)) for step in steps)


def _able(view: View, item: Item, wanted: Requirement) -> int:
    """How many who take work meet a requirement of an item, without those who take part in what it is about."""
    index = view.routing.index
    return index.able(wanted) - sum(index.is_able(agent, wanted) for agent in item.barred)


@attrs.frozen
class Candidate:
    """An agent as a decision saw them: the rank (from 1) and the key that gave it, or the first condition not met."""

    agent: str
    rank: int | None
    failing: str | None
    key: list[int | str]


def candidates(view: View, waiting: str) -> list[Candidate]:
    """All agents, those who could take what waits first, best first, the others by name.

    Args:
        view: the state in which it waits.
        waiting: the interaction's id, or the consult's.
    """
    routing = view.routing
    item = routing.items[waiting]
    wanted, order = routing.rules.wanted(item), routing.rules.step(item).order
    rate, known = routing.rules.scorer(waiting, item, wanted), whom_they_know(view, item, order)
    fit: list[Entry] = []
    unfit: list[Candidate] = []
    for name, agent in sorted(view.presence.agents.items()):
        bench = routing.benches[name]
        condition = _first_failing(view, item, wanted, name, agent, bench)
        profile = Profile(0, bench.profile)
        own = (*routing.rules.keys(bench)[order.own], name)
        key = order.full(profile, wanted, own, rate(name, bench), known)
        if condition is None:
            fit.append(key)
        else:
            unfit.append(Candidate(name, None, condition, list(key)))
    ranked = [Candidate(key[-1], rank, None, list(key)) for rank, key in enumerate(sorted(fit), 1)]
    return [*ranked, *unfit]


def _first_failing(view: View, item: Item, wanted: Requirement, name: str, agent: Agent, bench: Bench) -> str | None:
    """The first condition that an agent does not meet, in the order in which decisions count them."""
    if agent.state != "AVAILABLE":
        return agent.state.lower()
    if not bench.takes_work:
        return "device lost"
    if wanted.agent not in ("", name):
        return f"it is for {wanted.agent} alone"
    if not wanted.agent and set(wanted.teams).isdisjoint(bench.teams):
        return f"team {' or '.join(wanted.teams)}"
    for skill, level in wanted.skills:
        if skill in MARKS.values():
            if skill != MARKS[bench.kind]:
                return f"is a {bench.kind}"
        elif bench.skills.get(skill, 0) < level:
            return f"skill {skill} {bench.skills.get(skill, 0)} < {level}"
    if bench.rests:
        return "rests after an offer"
    if bench.is_limited:
        return "rate_limited"
    if not view.routing.index.is_free(name, wanted):
        return "saturated"
    if name in item.excluded:
        return "takes part" if name in item.barred else "excluded"
    if name in item.ringing:
        return "asked"
    return None if name in view.routing.index.of_agent else "unmoved"
