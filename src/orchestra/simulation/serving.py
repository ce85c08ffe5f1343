"""Who could ever be offered a customer, by the engine's own rules.

Belongs here: teams and skills of all steps and queues that a customer may come to. Does not: who is free (the engine).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from orchestra.engine.routing.arriving import required
from orchestra.engine.routing.rows import Item
from orchestra.engine.routing.rules import Rules
from orchestra.engine.routing.sides import Requirement
from orchestra.model.definitions import Queue
from orchestra.model.plan import Plan
from orchestra.model.routing import Condition
from orchestra.model.routing_doubts import runs_out
from orchestra.simulation.schema import CustomerClass

__all__ = ["Paths", "Profile"]


class Profile(NamedTuple):
    """What agents can do."""

    teams: Iterable[str]
    skills: Mapping[str, int]


class Paths:
    """The ways that customers may take through the queues of a plan.

    Args:
        plan: without errors.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._rules = Rules(plan)

    def can_serve(self, one: CustomerClass, profile: Profile) -> bool:
        """Whether such an agent may ever be offered such a customer: at once, in a later step, or after an overflow."""
        return any(_fits(wanted, profile) for wanted in self._wanted(one))

    def _wanted(self, one: CustomerClass) -> Iterator[Requirement]:
        """All that such a customer may wait for, behind all gates. Nobody knows a customer who is simulated."""
        first = one.queue or self._plan.queue_of(one.channel, one.account)
        for arriving in self._chain(first, _overflows_at_once):
            skills = required(self._plan.queues[arriving].skills, one.skills)
            for waiting in self._chain(arriving, _overflows_in_time):  # with the skills asked for where it came to
                steps = self._rules.queues[waiting].steps
                item = Item("", one.channel, waiting, skills, gate=len(self._plan.teams))
                yield from (self._rules.wanted(item, n) for n, step in enumerate(steps) if not step.is_known)

    def _chain(self, name: str, goes_on: Callable[[Queue], bool]) -> Iterator[str]:
        """The queue, and those that it overflows to."""
        following: str | None = name
        while following is not None:
            yield following
            queue = self._plan.queues[following]
            following = queue.overflow_to if goes_on(queue) else None


def _overflows_at_once(queue: Queue) -> bool:
    is_moved = queue.hours is not None and queue.when_closed in ("overflow", "finish")
    return queue.limit is not None or is_moved or queue.overflow_if != Condition()


def _overflows_in_time(queue: Queue) -> bool:
    is_moved = queue.hours is not None and queue.when_closed == "overflow"
    return is_moved or queue.at_risk == "overflow" or runs_out(queue.steps)


def _fits(wanted: Requirement, profile: Profile) -> bool:
    is_of_team = not set(wanted.teams).isdisjoint(profile.teams)
    return is_of_team and all(profile.skills.get(skill, 0) >= level for skill, level in wanted.skills)
