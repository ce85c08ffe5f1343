"""What a plan's words on routing mean, worked out the long way: for one agent and one item, without any index."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from orchestra.engine.presence.state import Agent
from orchestra.engine.routing.rows import MOST_IN_HAND, Bench, Item
from orchestra.engine.scores import UNRATED
from orchestra.model.definitions import Queue
from orchestra.model.plan import Plan
from orchestra.model.routing import Step
from orchestra.model.scores import ProfileScore, ScoredAgent, ScoredContact, ScoredNeed, ScoredProfile, Scores
from orchestra.model.structure import microseconds

_ONLY_STEP = Step()
"""Where a queue names no steps, an item is in this one."""


def step_of(plan: Plan, item: Item) -> Step:
    """The step in which an item is."""
    steps = plan.queues[item.queue].steps
    return steps[min(item.step, len(steps) - 1)] if steps else _ONLY_STEP


def standing(queue: Queue) -> tuple[Any, ...]:
    """All that says where an item of a queue stands and until when; what else a plan says of a queue moves nothing."""
    steps = [
        (one.pool, one.beyond_capacity, one.teams, one.skills, one.relax, one.priority, one.lasts, one.clock)
        for one in queue.steps
    ]
    rank = queue.tier, queue.ageing_percent, queue.ageing, queue.newest_first, queue.rank
    return queue.team, queue.also, set(queue.labels), rank, steps, not queue.overflow_to


def serving(queue: Queue, gate: int) -> set[str]:
    """The teams that serve a queue behind so many gates."""
    after = {queue.team: 0, **{team: microseconds(one.after) for team, one in queue.also.items()}}
    gates = sorted({0, *after.values()})
    return {team for team, wait_us in after.items() if wait_us <= gates[min(gate, len(gates) - 1)]}


def asked(plan: Plan, item: Item) -> dict[str, int]:
    """Skill -> level that an item asks for in its step."""
    step, levels = step_of(plan, item), dict(item.skills)
    for skill in {*levels, *step.skills}:
        levels[skill] = max(levels.get(skill, 0), step.skills.get(skill, 0))
        if skill in step.relax or "*" in step.relax:
            levels[skill] = min(levels[skill], step.relax.get(skill, step.relax.get("*", 100)))
    return {skill: level for skill, level in levels.items() if level > 0}


def able(plan: Plan, name: str, who: Bench | Agent, item: Item) -> bool:
    """Whether somebody may be asked to take an item in its step."""
    return asking(plan, item)(name, who)


def asking(plan: Plan, item: Item) -> Callable[[str, Bench | Agent], bool]:
    """Who may be asked to take an item in its step."""
    step = step_of(plan, item)
    is_for_others = step.pool == "bots" and item.for_people
    allowed = (set() if is_for_others else set(step.teams)) or serving(plan.queues[item.queue], item.gate)
    skills = asked(plan, item).items()

    def may(name: str, who: Bench | Agent) -> bool:
        if step.pool == "known" and item.agent:
            return name == item.agent
        if who.kind == "bot" and (item.for_people or step.pool == "people"):
            return False
        if who.kind != "bot" and not item.for_people and step.pool == "bots":
            return False
        if not any(team in allowed for team in who.teams):
            return False
        return all(who.skills.get(skill, 0) >= level for skill, level in skills)

    return may


def goes_beyond(plan: Plan, item: Item) -> bool:
    """Whether an item is for one agent, who may be asked beyond their capacity."""
    step = step_of(plan, item)
    return bool(item.agent) and step.pool == "known" and step.beyond_capacity


def has_room(plan: Plan, bench: Bench, wanted: Item, hand: Sequence[Item] = ()) -> bool:
    """Whether budget, limits and the most in hand leave room for one more, with some of a hand aside."""
    if goes_beyond(plan, wanted):
        return sum(bench.counts.values()) < MOST_IN_HAND
    definition, count = plan.channels[wanted.channel], bench.counts.get(wanted.channel, 0)
    hand = () if wanted.consult_on else hand  # nothing is put aside for a consult
    lendable = sum(item.weight_percent for item in hand if may_lend(item) and item.channel in definition.interrupts)
    return (
        bench.used_percent + definition.weight_percent <= bench.budget_percent + lendable
        and sum(bench.counts.values()) < MOST_IN_HAND
        and (definition.limit is None or count < definition.limit)
        and all(bench.labels.get(label, 0) < plan.labels[label].limit for label in plan.queues[wanted.queue].labels)
    )


def may_lend(item: Item) -> bool:
    """Whether work in hand could be put aside."""
    return item.held_by is not None and item.lent_to is None and not item.is_wrapping and item.weight_percent > 0


def level(plan: Plan, bench: Bench, item: Item) -> int:
    """At which level an agent serves an item's queue."""
    queue = plan.queues[item.queue]
    levels = {queue.team: 1, **{team: one.level for team, one in queue.also.items()}}
    return min((levels[team] for team in set(levels) & set(bench.teams)), default=1)


def rated(scores: Scores, score: str, name: str, bench: Bench, item: Item, wanted: dict[str, int]) -> int:
    """What a score makes of an agent in a key."""
    one = scores[score]
    kind, teams, skills = bench.kind, tuple(bench.teams), dict(bench.skills)
    try:
        if isinstance(one, ProfileScore):
            return -one.rate(ScoredProfile(kind, teams, skills), ScoredNeed(item.queue, item.channel, (), wanted))
        open_on, used, budget = dict(bench.counts), bench.used_percent, bench.budget_percent
        lately = bench.idle_since_us, bench.offered_us
        agent = ScoredAgent(
            name, kind, teams, skills, bench.position, sum(open_on.values()), open_on, used, budget, *lately
        )
        contact = ScoredContact(
            "", item.customer, item.queue, item.channel, wanted, 0, item.priority, item.step, item.agent, 0, None
        )
        return -one.rate(agent, contact)
    except ZeroDivisionError:
        return UNRATED


def key(
    plan: Plan, name: str, bench: Bench, item: Item, scores: Scores | None = None, last: str | None = None
) -> tuple[list[Any], bool]:
    """An agent's key for an item, and whether chance decides among equals; `last` is who last had the customer."""
    step = step_of(plan, item)
    is_known = step.pool == "known" and bool(item.agent)
    wanted = {} if is_known else asked(plan, item)
    mine = [bench.skills.get(skill, 0) for skill in wanted]
    values = {
        "busy": 1 if bench.counts else 0,
        "idle": bench.idle_since_us,
        "idle_inbound": bench.inbound_us,
        "offered": bench.offered_us,
        "open": sum(bench.counts.values()),
        "spare": bench.used_percent - bench.budget_percent,
        "spare_ratio": bench.used_percent * 1_000_000 // bench.budget_percent,
        "handled": sum(slot[1] for slot in bench.slots),
        "talk": sum(slot[2] for slot in bench.slots),
        "position": bench.position,
        "affinity": name != (item.agent or last),
        "level": level(plan, bench, item),
        "proficiency": -sum(mine),
        "proficiency_min": -min(mine, default=0),
        "preferred": -sum(bench.skills.get(skill, 0) >= least for skill, least in step.prefer.items()),
    }
    names = list(step.order or plan.queues[item.queue].order)
    named = [part for part in names if part.startswith("score:")]
    values |= {part: rated(scores or {}, part[6:], name, bench, item, wanted) for part in named}
    return [*(values[part] for part in names if part != "random"), name], "random" in names


def minutes(plan: Plan, item: Item) -> int:
    """How many minutes of waiting an item has ahead."""
    of_age = sum(one.priority for one in plan.queues[item.queue].ageing[: item.aged])
    return item.priority + step_of(plan, item).priority + of_age


def urgency(plan: Plan, bench: Bench, name: str, item: Item, now_us: int) -> tuple[Any, ...]:
    """How urgent an item is for an agent, least first."""
    queue = plan.queues[item.queue]
    tier = -1 if item.at_front else queue.tier
    minutes_us, waited_us = minutes(plan, item) * 60_000_000, now_us - item.start_us
    if queue.newest_first:
        # Within a queue the newest goes first; beside other queues it counts as long as it has waited.
        return level(plan, bench, item), tier, -minutes_us - waited_us, -item.order, name
    from_us = item.due_us if queue.rank == "due" and item.due_us is not None else item.start_us
    aged = from_us * queue.ageing_percent // 100 - now_us * queue.ageing_percent // 100
    return level(plan, bench, item), tier, aged - minutes_us, item.order, name


def newness(plan: Plan, name: str, item: Item) -> tuple[int, int, int, str]:
    """An item's place in a queue that serves the newest first, least first."""
    return -item.at_front, -item.start_us - minutes(plan, item) * 60_000_000, -item.order, name
