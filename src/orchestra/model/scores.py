"""An application's own scores, by which a plan may order agents, and tell to which case a contact belongs.

Belongs here: what those of agents are given, and which of them a plan names. Does not: calling them (`engine.scores`),
and what those of cases are given (`correlating`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

import attrs

from orchestra.errors import Fault
from orchestra.model.correlating import PLAIN, CaseScore
from orchestra.model.plan import Plan
from orchestra.model.routing import NAMED, SCORE

__all__ = [
    "MOST",
    "ProfileScore",
    "Score",
    "ScoreFailure",
    "ScoredAgent",
    "ScoredContact",
    "ScoredNeed",
    "ScoredProfile",
    "Scores",
    "score_faults",
]

MOST = 10**15
"""The greatest score there is, and with a minus sign the least."""


@attrs.frozen
class ScoredProfile:
    """What all agents of equal teams and skills have in common, as a `ProfileScore` is given it.

    Attributes:
        kind: `person` or `bot`.
        teams: sorted.
        skills: skill -> level.
    """

    kind: str
    teams: tuple[str, ...]
    skills: Mapping[str, int]


@attrs.frozen
class ScoredNeed:
    """What all contacts have in common that wait for the same, as a `ProfileScore` is given it.

    Attributes:
        queue: where they wait.
        channel: on which they came.
        teams: those who may take them in their step, sorted; none where they are for one agent alone.
        skills: skill -> least level that is asked for in their step.
    """

    queue: str
    channel: str
    teams: tuple[str, ...]
    skills: Mapping[str, int]


@attrs.frozen
class ScoredAgent:
    """An agent who could take a contact, as a `Score` is given them.

    Attributes:
        name: the agent's id.
        kind: `person` or `bot`.
        teams: as defined.
        skills: skill -> level.
        position: their own.
        open: how many contacts they have in hand or are offered.
        open_on: channel -> how many of these.
        used_percent: what these take of the budget.
        budget_percent: what they may have in hand at most, now.
        idle_since_us: since when their work has not changed, microseconds UTC.
        offered_us: when they were offered something last, microseconds UTC; 0 for never.
    """

    name: str
    kind: str
    teams: tuple[str, ...]
    skills: Mapping[str, int]
    position: int
    open: int
    open_on: Mapping[str, int]
    used_percent: int
    budget_percent: int
    idle_since_us: int
    offered_us: int


@attrs.frozen
class ScoredContact:
    """A contact that is to be offered, as a `Score` is given it.

    Attributes:
        interaction: its id.
        customer: whose it is.
        queue: where it waits.
        channel: on which it came.
        skills: skill -> least level that is asked for in its step.
        tier: the queue's.
        priority: of queue and contact together, in minutes of waiting.
        step: in which it is, from 0.
        knows: the agent who knows the customer; None if nobody does.
        since_us: since when it waits, microseconds UTC.
        due_us: when it should be done, if that was said.
    """

    interaction: str
    customer: str
    queue: str
    channel: str
    skills: Mapping[str, int]
    tier: int
    priority: int
    step: int
    knows: str | None
    since_us: int
    due_us: int | None


@attrs.frozen
class Score:
    """A score that may depend on everything: it is asked of every agent who could take a contact, at every decision.

    Attributes:
        rate: gives a whole number; whoever has more goes first. It must depend on its arguments alone.
    """

    rate: Callable[[ScoredAgent, ScoredContact], int]


@attrs.frozen
class ProfileScore:
    """A score that depends on teams and skills alone: it is asked once for each profile and need of a plan.

    Attributes:
        rate: gives a whole number; whoever has more goes first. It must depend on its arguments alone.
    """

    rate: Callable[[ScoredProfile, ScoredNeed], int]


Scores: TypeAlias = Mapping[str, Score | ProfileScore | CaseScore]
"""Name with version, as `acme.vip@2` -> the score."""


@attrs.frozen
class ScoreFailure:
    """What went wrong with a score since the workspace was opened or loaded anew.

    Attributes:
        times: how often it gave no score.
        reason: why, the last time.
    """

    times: int
    reason: str


def score_faults(plan: Plan, scores: Scores | None) -> Iterator[Fault]:
    """Scores that a plan names and nobody registered, and those that cost more the more agents there are.

    Args:
        plan: whose orders are looked at.
        scores: those registered; None if that is not known, which is doubtful for each that is named.
    """
    yield from _correlator_faults(plan, scores)
    for path, part in _parts(plan):
        name = part.removeprefix(SCORE)
        if name == part or NAMED.fullmatch(name) is None:
            continue
        if scores is None:
            yield Fault(path, f"whether score {name!r} is registered was not looked up", is_error=False)
        elif name not in scores:
            known = ", ".join(sorted(scores)) or "none"
            yield Fault(path, f"no score {name!r} is registered; there are: {known}")
        elif isinstance(scores[name], CaseScore):
            yield Fault(path, f"score {name!r} is a CaseScore, which says nothing of agents")
        elif isinstance(scores[name], Score):
            text = "is asked of every agent who could take a contact, at every decision; a ProfileScore is not"
            yield Fault(path, f"score {name!r} {text}", is_error=False)


def _correlator_faults(plan: Plan, scores: Scores | None) -> Iterator[Fault]:
    path, name = "cases.correlator", plan.cases.correlator
    if name == PLAIN or "correlator" not in plan.cases.attach or NAMED.fullmatch(name) is None:
        return
    if scores is None:
        yield Fault(path, f"whether score {name!r} is registered was not looked up", is_error=False)
    elif not isinstance(scores.get(name), CaseScore):
        known = ", ".join(sorted(one for one, score in scores.items() if isinstance(score, CaseScore))) or "none"
        yield Fault(path, f"no CaseScore {name!r} is registered; there are: {known}")


def _parts(plan: Plan) -> Iterator[tuple[str, str]]:
    """Path of each part of each order of agents -> the part."""
    for name, queue in plan.queues.items():
        for index, part in enumerate(queue.order):
            yield f"queues.{name}.order[{index}]", part
        for number, step in enumerate(queue.steps):
            for index, part in enumerate(step.order):
                yield f"queues.{name}.steps[{number}].order[{index}]", part
