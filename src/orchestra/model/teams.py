"""The part of a plan that says who works together, and to whom a team's cases go when nobody of it answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

import attrs

from orchestra.errors import Fault
from orchestra.model.structure import Lost

__all__ = ["Team", "check_teams"]


@attrs.frozen
class Team:
    """People who work together, and the accountable owner of the cases of their queues.

    Attributes:
        name: what people call it; none unless stated.
        escalates_to: the team that answers for a case next when it escalates; without one the case stays.
        escalate_after: how long a customer who wrote waits for an answer until the case escalates by itself; never,
            unless stated.
    """

    name: str | None = None
    escalates_to: str | None = None
    escalate_after: timedelta | None = None


def check_teams(teams: Mapping[str, Team], lost: Lost) -> Iterator[Fault]:
    """The faults of the paths on which cases escalate."""
    for name, team in teams.items():
        to, after = team.escalates_to, team.escalate_after
        if to is not None and to not in teams and not lost.has("teams", to):
            yield Fault(f"teams.{name}.escalates_to", f"no team {to!r}; there are: {', '.join(sorted(teams))}")
        yield from _check_circle(teams, name)
        if after is None:
            continue
        if after <= timedelta():
            yield Fault(f"teams.{name}.escalate_after", "must be longer than nothing")
        elif to is None and not lost.has("teams", name, "escalates_to"):
            text = "means nothing: the team names none to which its cases escalate"
            yield Fault(f"teams.{name}.escalate_after", text, is_error=False)


def _check_circle(teams: Mapping[str, Team], name: str) -> Iterator[Fault]:
    path, following = [name], teams[name].escalates_to
    while following is not None and following in teams and following not in path:
        path.append(following)
        following = teams[following].escalates_to
    if following == name:
        yield Fault(f"teams.{name}.escalates_to", f"goes round in a circle: {' -> '.join([*path, name])}")
