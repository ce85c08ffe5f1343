"""What scores of the application's are given: agents, contacts, profiles and needs as values that nobody can change.

Belongs here: making the values. Does not: asking the scores (`engine.scores`), and when they are asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from orchestra.engine.routing.rows import MARKS, Bench, Item
from orchestra.engine.routing.sides import Profile, Requirement, Skills
from orchestra.model.routing import RESERVED
from orchestra.model.scores import ScoredAgent, ScoredContact, ScoredNeed, ScoredProfile

__all__ = ["scored_agent", "scored_contact", "scored_need", "scored_profile"]


def _named(skills: Skills) -> Mapping[str, int]:
    """Skills without the library's own marks."""
    return MappingProxyType({skill: level for skill, level in skills if not skill.startswith(RESERVED)})


def scored_profile(profile: Profile) -> ScoredProfile:
    """What agents of equal teams and skills have in common."""
    teams, skills = profile.key
    kind = "bot" if MARKS["bot"] in profile.levels else "person"
    return ScoredProfile(kind, teams, _named(skills))


def scored_need(wanted: Requirement, channel: str) -> ScoredNeed:
    """What contacts have in common that wait for the same."""
    return ScoredNeed(wanted.queue, channel, wanted.teams, _named(wanted.skills))


def scored_agent(name: str, bench: Bench) -> ScoredAgent:
    """An agent as they are now."""
    return ScoredAgent(
        name,
        bench.kind,
        tuple(bench.teams),
        MappingProxyType(bench.skills),
        bench.position,
        sum(bench.counts.values()),
        MappingProxyType(bench.counts),
        bench.used_percent,
        bench.budget_percent,
        bench.idle_since_us,
        bench.offered_us,
    )


def scored_contact(name: str, item: Item, wanted: Requirement, tier: int) -> ScoredContact:
    """A contact that is to be offered."""
    return ScoredContact(
        name,
        item.customer,
        item.queue,
        item.channel,
        _named(wanted.skills),
        tier,
        item.priority,
        item.step,
        item.agent,
        item.start_us,
        item.due_us,
    )
