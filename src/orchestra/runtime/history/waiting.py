"""Who could take a contact, who not and for what reason: from an engine's state, live or rebuilt.

Belongs here: questions to the state. Does not: decisions, and the journal.
"""

from __future__ import annotations

from typing import Any

import attrs

from orchestra.engine.presence.state import Agent
from orchestra.engine.routing.match import failing
from orchestra.engine.routing.state import Bench, Bucket, Idle, Item, Routing
from orchestra.engine.view import View

__all__ = ["Candidate", "Waiting", "candidates", "why_waiting"]


@attrs.frozen
class Waiting:
    """Why a contact waits.

    Attributes:
        reason: `no_agents`: nobody who could take it takes work; `saturated`: those who may be asked have no room;
            `excluded`: all have declined or missed it, and are asked again later; `offer_due`: after a change of the
            plan somebody could take it, and will be asked in a moment.
        place: from 1, among those that wait for the same.
        taking: agents who take work.
        able: of these, those with the team and the skills.
        counts: condition -> how many agents fail it first, of those who take work.
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

    @property
    def sentence(self) -> str:
        """The reason in words."""
        return _SENTENCES[self.reason].format(queue=self.queue, able=self.able)

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {**attrs.asdict(self), "sentence": self.sentence}


_SENTENCES = {
    "no_agents": "nobody who can take it is at work and available in queue {queue}",
    "saturated": "{able} could take it, but have no room",
    "excluded": "{able} could take it, but have declined or missed it",
    "offer_due": "{able} could take it, and one of them is asked in a moment",
}


def why_waiting(view: View, interaction: str) -> Waiting | None:
    """Why a contact waits, from the state as it is; None if it does not wait. Looks at no agent one by one.

    Raises:
        UnknownId: there is no such interaction.
    """
    view.interaction(interaction)
    item = view.routing.items.get(interaction)
    if item is None or item.state != "WAITING":
        return None
    bucket = view.routing.bucket_of(item)
    able = sum(len(pool.taking) for pool in bucket.pools)
    counts = failing(view, item, bucket)
    return Waiting(
        interaction,
        _reason(item, bucket, able, counts),
        item.queue,
        item.channel,
        dict(item.skills),
        bucket.waiting.position(view.routing.rank(interaction, item)) + 1,
        view.routing.taking,
        able,
        counts,
    )


def _reason(item: Item, bucket: Bucket, able: int, counts: dict[str, int]) -> str:
    if not able:
        return "no_agents"
    excluded = sum(1 for agent in item.excluded if any(agent in pool.taking for pool in bucket.pools))
    if excluded == able:
        return "excluded"
    has_taker = able - counts.get("saturated", 0) - counts.get("excluded", 0) > 0
    return "offer_due" if has_taker else "saturated"


@attrs.frozen
class Candidate:
    """An agent as a decision saw them: the rank (from 1) and the key that gave it, or the first condition not met."""

    agent: str
    rank: int | None
    failing: str | None
    key: list[int | str]


def candidates(view: View, interaction: str) -> list[Candidate]:
    """All agents, those who could take the interaction first, best first, the others by name.

    Args:
        view: the state in which the interaction waits.
        interaction: its id.
    """
    item = view.routing.items[interaction]
    team = view.plan.queues[item.queue].team
    fit: list[Idle] = []
    unfit: list[Candidate] = []
    for name, agent in sorted(view.presence.agents.items()):
        bench = view.routing.benches[name]
        condition = _first_failing(view, item, team, name, agent, bench)
        if condition is None:
            fit.append(view.routing.idle_key(name, bench))
        else:
            unfit.append(Candidate(name, None, condition, list(view.routing.idle_key(name, bench))))
    ranked = [Candidate(key[-1], rank, None, list(key)) for rank, key in enumerate(sorted(fit), 1)]
    return [*ranked, *unfit]


def _first_failing(view: View, item: Item, team: str, name: str, agent: Agent, bench: Bench) -> str | None:
    """The first condition that an agent does not meet, in the order in which decisions count them."""
    if agent.state != "AVAILABLE":
        return agent.state.lower()
    if not bench.takes_work:
        return "device lost"
    if team not in bench.teams:
        return f"team {team}"
    for skill, level in item.skills.items():
        if bench.skills.get(skill, 0) < level:
            return f"skill {skill} {bench.skills.get(skill, 0)} < {level}"
    if not Routing.has_room(bench, item.channel, view.plan.channels[item.channel]):
        return "saturated"
    return "excluded" if name in item.excluded else None
