"""What may be wrong or doubtful about how a plan serves its queues."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta

import attrs

from orchestra.errors import Fault
from orchestra.model.definitions import AgentDefinition, Queue
from orchestra.model.hours import check_hours
from orchestra.model.routing import MOST_RUNG, NAMED, ORDERS, RANDOM, SCORE, Condition, Ring, Step
from orchestra.model.structure import Lost, microseconds

__all__ = ["Known", "check_routing", "serves"]

_ALL = "*"
_WORDS: Mapping[str, tuple[str, ...]] = {
    "requeue": ("keep", "front", "reset"),
    "exhausted": ("retry", "next_step"),
    "at_risk": ("help", "overflow"),
    "when_closed": ("wait", "overflow", "turn_away", "finish"),
    "rank": ("waiting", "due"),
    "known": ("owner", "last"),
}
_STEP_WORDS: Mapping[str, tuple[str, ...]] = {"clock": ("step", "item"), "pool": ("teams", "known", "bots", "people")}


@attrs.frozen
class Known:
    """The names that a plan has, and what of it was not understood."""

    queues: Mapping[str, Queue]
    teams: Iterable[str]
    skills: Iterable[str]
    agents: Mapping[str, AgentDefinition]
    lost: Lost

    def missing(self, path: str, section: str, name: str) -> Iterator[Fault]:
        """A fault where a section has no such name."""
        names = list(getattr(self, section))
        if name not in names and not self.lost.has(section, name):
            known = ", ".join(sorted(names)) or "none"
            yield Fault(path, f"no {section[:-1]} {name!r}; there are: {known}")


def check_routing(known: Known) -> Iterator[Fault]:
    """All faults of all queues."""
    for name, queue in known.queues.items():
        path = f"queues.{name}"
        yield from _words(path, queue, _WORDS)
        yield from _order(f"{path}.order", queue.order)
        yield from _ring(f"{path}.ring", queue.ring)
        if not queue.order:
            yield Fault(f"{path}.order", "must name at least one part")
        if not 0 <= queue.ageing_percent <= 10_000:
            yield Fault(f"{path}.ageing_percent", "must be from 0 to 10000")
        yield from _ageing(f"{path}.ageing", queue)
        if queue.rank == "due" and queue.newest_first:
            yield Fault(f"{path}.rank", "newest_first leaves no place to what is due")
        if queue.tier < 0:
            yield Fault(f"{path}.tier", "must be 0 or more")
        if queue.limit is not None and queue.limit < 0:
            yield Fault(f"{path}.limit", "must be 0 or more")
        yield from _also(known, path, queue)
        yield from _condition(known, f"{path}.overflow_if", queue.overflow_if)
        yield from _overflow(known, path, name, queue)
        yield from _steps(known, path, queue)
        if queue.hours is not None:
            yield from check_hours(f"{path}.hours", queue.hours)
        yield from _served(known, name, queue)


def _words(path: str, value: object, words: Mapping[str, tuple[str, ...]]) -> Iterator[Fault]:
    for field, allowed in words.items():
        if getattr(value, field) not in allowed:
            yield Fault(f"{path}.{field}", f"must be {' or '.join(allowed)}")


def _order(path: str, order: Iterable[str]) -> Iterator[Fault]:
    parts = list(order)
    for index, part in enumerate(parts):
        if part.startswith(SCORE):
            if NAMED.fullmatch(part.removeprefix(SCORE)) is None:
                yield Fault(f"{path}[{index}]", f"{part!r} names no score and version, as {SCORE}acme.vip@2")
        elif part not in ORDERS:
            yield Fault(f"{path}[{index}]", f"{part!r} is none of {', '.join(ORDERS)}, {SCORE}NAME@VERSION")
        elif part == RANDOM and index + 1 < len(parts):
            yield Fault(f"{path}[{index}]", f"{RANDOM} leaves nothing to order: it must be the last part")


def _ageing(path: str, queue: Queue) -> Iterator[Fault]:
    before = timedelta()
    for index, one in enumerate(queue.ageing):
        if one.after <= before:
            yield Fault(f"{path}[{index}].after", "must be longer than " + ("the one before" if index else "nothing"))
        if one.priority < 1:
            yield Fault(f"{path}[{index}].priority", "must be at least 1")
        before = one.after


def _ring(path: str, ring: Ring) -> Iterator[Fault]:
    for field in ("first", "more", "most"):
        if not 1 <= getattr(ring, field) <= MOST_RUNG:
            yield Fault(f"{path}.{field}", f"must be from 1 to {MOST_RUNG}")
    if ring.every is None and (ring.more, ring.most) != (Ring().more, Ring().most):
        yield Fault(f"{path}.every", "is needed, to say when further agents are added")
    if ring.every is not None and microseconds(ring.every) <= 0:
        yield Fault(f"{path}.every", "must be longer than nothing")
    if ring.most < ring.first:
        yield Fault(f"{path}.most", "must not be less than first")


def _also(known: Known, path: str, queue: Queue) -> Iterator[Fault]:
    for team, serving in queue.also.items():
        yield from known.missing(f"{path}.also.{team}", "teams", team)
        if team == queue.team:
            yield Fault(f"{path}.also.{team}", "is the queue's own team")
        if serving.after < timedelta():
            yield Fault(f"{path}.also.{team}.after", "must not be negative")
        if serving.level < 1:
            yield Fault(f"{path}.also.{team}.level", "must be at least 1")


def _condition(known: Known, path: str, condition: Condition) -> Iterator[Fault]:
    asks_queue = (condition.wait_above, condition.waiting_above, condition.service_level_below)
    if condition.queue is not None:
        yield from known.missing(f"{path}.queue", "queues", condition.queue)
        if all(value is None for value in asks_queue):
            yield Fault(f"{path}.queue", "nothing is asked of it", is_error=False)
    if condition.service_level_below is not None and not 1 <= condition.service_level_below <= 100:
        yield Fault(f"{path}.service_level_below", "must be from 1 to 100")
    if condition.waiting_above is not None and condition.waiting_above < 0:
        yield Fault(f"{path}.waiting_above", "must be 0 or more")


def _overflow(known: Known, path: str, name: str, queue: Queue) -> Iterator[Fault]:
    for field in ("at_risk", "when_closed"):
        if queue.overflow_to is None and getattr(queue, field) == "overflow":
            yield Fault(f"{path}.{field}", "overflow_to names no queue")
    if queue.overflow_to is None:
        if queue.overflow_if != Condition():
            yield Fault(f"{path}.overflow_if", "overflow_to names no queue")
        return
    yield from known.missing(f"{path}.overflow_to", "queues", queue.overflow_to)
    seen, following = [name], queue.overflow_to
    while following in known.queues:
        if following in seen:
            if following == name:
                yield Fault(f"{path}.overflow_to", f"goes round in a circle: {' -> '.join([*seen, name])}")
            return
        seen.append(following)
        following = known.queues[following].overflow_to or ""


def _steps(known: Known, path: str, queue: Queue) -> Iterator[Fault]:
    yield from _overtaken(path, queue)
    for index, step in enumerate(queue.steps):
        here, is_last = f"{path}.steps[{index}]", index + 1 == len(queue.steps)
        yield from _words(here, step, _STEP_WORDS)
        yield from _order(f"{here}.order", step.order)
        if step.ring is not None:
            yield from _ring(f"{here}.ring", step.ring)
            if step.pool == "known" and step.ring != Ring():
                yield Fault(f"{here}.ring", "is for one agent alone", is_error=False)
        if step.beyond_capacity and step.pool != "known":
            yield Fault(f"{here}.beyond_capacity", 'is for the agent who knows the customer: it needs pool = "known"')
        yield from _condition(known, f"{here}.skip_if", step.skip_if)
        for number, team in enumerate(step.teams):
            yield from known.missing(f"{here}.teams[{number}]", "teams", team)
        for field, least in (("skills", 1), ("prefer", 1), ("relax", 0)):
            yield from _levels(known, f"{here}.{field}", getattr(step, field), least)
        if step.lasts is None and not is_last:
            yield Fault(here, "never ends, so that the steps after it are never reached")
        elif step.lasts is not None and microseconds(step.lasts) <= 0:
            yield Fault(f"{here}.lasts", "must be longer than nothing")
        if is_last and step.pool == "known":
            yield Fault(here, "is for one agent alone, and no step is left for contacts that have none")
        if is_last and step.pool == "bots" and queue.overflow_to is None:
            yield Fault(here, "is for bots alone, and no step is left for people", is_error=False)


def _overtaken(path: str, queue: Queue) -> Iterator[Fault]:
    """Warn of steps that are over, by the contact's age, before the step before them is."""
    past = timedelta()
    for index, step in enumerate(queue.steps):
        if step.lasts is None or step.clock != "item":
            continue
        if step.lasts <= past:
            text = (
                f"an earlier step lasts until the contact is {past.total_seconds():g} s old: this one is never reached"
            )
            yield Fault(f"{path}.steps[{index}].lasts", text, is_error=False)
        elif step.pool == "teams" and step.skip_if == Condition():  # else it may be skipped
            past = step.lasts


def _levels(known: Known, path: str, levels: Mapping[str, int], least: int) -> Iterator[Fault]:
    for skill, level in levels.items():
        if not (skill == _ALL and least == 0):
            yield from known.missing(f"{path}.{skill}", "skills", skill)
        if not least <= level <= 100:
            yield Fault(f"{path}.{skill}", f"level must be from {least} to 100")


def _served(known: Known, name: str, queue: Queue) -> Iterator[Fault]:
    """Warn of what no agent of the plan can serve; agents may still be defined by command."""
    if not known.agents or known.lost.touches("agents") or known.lost.touches("queues", name):
        return
    for index, step in enumerate(queue.steps or (Step(),)):
        if step.pool != "known" and not any(serves(agent, queue, step) for agent in known.agents.values()):
            here = f"queues.{name}.steps[{index}]" if queue.steps else f"queues.{name}"
            yield Fault(here, "no agent of the plan can serve it", is_error=False)


_KINDS = {"bots": "bot", "people": "person"}
"""Pool -> of which kind its agents are."""


def serves(agent: AgentDefinition, queue: Queue, step: Step) -> bool:
    """Whether an agent of the plan can serve what a queue asks for in a step, whatever contacts ask for beside it."""
    if agent.kind != _KINDS.get(step.pool, agent.kind):
        return False
    asked = {**queue.skills}
    for skill, level in step.skills.items():
        asked[skill] = max(level, asked.get(skill, 0))
    for skill, level in asked.items():
        asked[skill] = min(level, step.relax.get(skill, step.relax.get(_ALL, level)))
    teams = set(step.teams) or {queue.team, *queue.also}
    return bool(teams & set(agent.teams)) and all(agent.skills.get(s, 0) >= level for s, level in asked.items())
