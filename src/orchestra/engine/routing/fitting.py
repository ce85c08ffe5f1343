"""Parts of an order by which all agents of equal teams and skills are equal: for one profile, and for all at once.

Belongs here: what each of these parts says of a profile, and how it splits many. Does not: parts that are the agent's
own (`rules`), and how agents are found by an order (`choice`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import reduce

import attrs

from orchestra.engine.routing.digits import added, falling, lesser
from orchestra.engine.routing.sides import Numbered, Profile, Requirement
from orchestra.model.routing import RESERVED

__all__ = ["Level", "Preferred", "Proficiency", "Rated", "Weakest"]


class Level:
    """At which level agents serve a queue: the lowest of their teams'; the first where none of them is the queue's.

    Attributes:
        is_even: whether all serve it at the same.
    """

    __slots__ = ("_levels", "_teams", "is_even")

    def __init__(self, levels: Mapping[str, int]) -> None:
        self._levels = levels
        self._teams = {level: [team for team in levels if levels[team] == level] for level in sorted(levels.values())}
        self.is_even = set(self._teams) == {1}

    def __call__(self, profile: Profile, _: Requirement) -> int:
        """The level of these agents."""
        if self.is_even:
            return 1
        return min((level for team, level in self._levels.items() if team in profile.teams), default=1)

    def split(self, side: Numbered[Profile], _: Requirement, mask: int) -> Iterator[int]:
        """The lowest level first."""
        others = mask & ~side.of_teams(self._levels)
        for level, teams in self._teams.items():
            group = mask & (side.of_teams(teams) | (others if level == 1 else 0))
            mask ^= group
            if group:
                yield group


@attrs.frozen
class Proficiency:
    """The sum of the levels in all skills asked for."""

    def __call__(self, profile: Profile, wanted: Requirement) -> int:
        """The greatest first."""
        return -sum([profile.levels.get(skill, 0) for skill in _asked(wanted)])

    def split(self, side: Numbered[Profile], wanted: Requirement, mask: int) -> Iterator[int]:
        """The greatest first."""
        return falling(reduce(added, [side.levels.get(skill, []) for skill in _asked(wanted)], []), mask)


@attrs.frozen
class Weakest:
    """The least of the levels in the skills asked for."""

    def __call__(self, profile: Profile, wanted: Requirement) -> int:
        """The greatest first."""
        return -min([profile.levels.get(skill, 0) for skill in _asked(wanted)], default=0)

    def split(self, side: Numbered[Profile], wanted: Requirement, mask: int) -> Iterator[int]:
        """The greatest first."""
        levels = [side.levels.get(skill, []) for skill in _asked(wanted)]
        return falling(reduce(lesser, levels) if levels else [], mask)


@attrs.frozen
class Preferred:
    """How many of a step's preferences are met: skill -> level."""

    prefer: Mapping[str, int]

    def __call__(self, profile: Profile, _: Requirement) -> int:
        """The most first."""
        return -sum([profile.levels.get(skill, 0) >= level for skill, level in self.prefer.items()])

    def split(self, side: Numbered[Profile], _: Requirement, mask: int) -> Iterator[int]:
        """The most first."""
        met = [[side.above(skill, level - 1)] for skill, level in self.prefer.items()]
        return falling(reduce(added, met, []), mask)


@attrs.frozen
class Rated:
    """What a score of the application's gives. Nothing is known of it before: it is asked of each profile."""

    rate: Callable[[Profile, Requirement], int]

    def __call__(self, profile: Profile, wanted: Requirement) -> int:
        """The least first."""
        return self.rate(profile, wanted)

    def split(self, side: Numbered[Profile], wanted: Requirement, mask: int) -> Iterator[int]:
        """The least first."""
        groups: dict[int, int] = {}
        for profile in side.members(mask):
            value = self.rate(profile, wanted)
            groups[value] = groups.get(value, 0) | profile.bit
        return (groups[value] for value in sorted(groups))


def _asked(wanted: Requirement) -> list[str]:
    """The skills asked for, without the library's own marks."""
    return [skill for skill, _ in wanted.skills if not skill.startswith(RESERVED)]
