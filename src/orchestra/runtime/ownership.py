"""Who answers for which cases, and which are offered to whom: pages of what an owner or an addressee has."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from heapq import merge
from itertools import islice

import attrs

from orchestra.engine.view import View
from orchestra.errors import InvalidCommand, UnknownId
from orchestra.model.instants import instant
from orchestra.model.results import CaseRef
from orchestra.runtime.views import CaseView, case_view

__all__ = ["HandOffView", "hand_offs_to", "last_of_page", "owned_by"]

_MOST = 1000


@attrs.frozen
class HandOffView:
    """A case that is offered to a team or an agent, as it stood when asked.

    Attributes:
        id: to accept or decline it by.
        owner: `agent:ana` or `team:care`: who answers for the case until somebody accepts.
        to: `agent:dan` or `team:sales`: who may accept.
        until: it goes no further after that, and the case stays with its owner.
    """

    id: str
    case: CaseRef
    customer: str
    owner: str
    to: str
    offered: datetime
    until: datetime


def owned_by(view: View, agent: str | None, team: str | None, after: str | None, limit: int) -> tuple[CaseView, ...]:
    """The cases that an agent or a team answers for and that are not closed, those opened first before others.

    Args:
        view: the state.
        agent: whose cases, if an agent's.
        team: whose cases, if a team's.
        after: id of the last case of the page before.
        limit: how many at most, up to 1000.

    Raises:
        UnknownId: there is no such agent or team.
        InvalidCommand: not exactly one of them is given, or the page is none.
    """
    kind, name = _whom(view, agent, team)
    past = last_of_page("ca", after, limit)
    return tuple(case_view(view, case) for case in view.cases.owned_by(kind, name, past, limit))


def hand_offs_to(
    view: View, agent: str | None, team: str | None, after: str | None, limit: int
) -> tuple[HandOffView, ...]:
    """What is offered to a team, or to an agent and the teams they are of; oldest first.

    Args:
        view: the state.
        agent: to whom, if to an agent.
        team: to whom, if to a team.
        after: id of the last hand-off of the page before.
        limit: how many at most, up to 1000.

    Raises:
        UnknownId: there is no such agent or team.
        InvalidCommand: not exactly one of them is given, or the page is none.
    """
    kind, name = _whom(view, agent, team)
    past = last_of_page("ho", after, limit)
    asked = [(kind, name)]
    if kind == "agent":
        asked += [("team", one) for one in view.agent(name).teams]
    known = view.ownership.offered_to
    numbers: Iterator[int] = merge(*(known[one].past(past) for one in asked if one in known))
    return tuple(_hand_off(view, f"ho{number}") for number in islice(numbers, limit))


def _whom(view: View, agent: str | None, team: str | None) -> tuple[str, str]:
    if agent is not None and team is None:
        view.agent(agent)
        return "agent", agent
    if team is None or agent is not None:
        raise InvalidCommand("team", "give an agent or a team")
    if team not in view.plan.teams:
        raise UnknownId("team", team)
    return "team", team


def last_of_page(prefix: str, after: str | None, limit: int) -> int:
    """The number of the id that the page before ended with; 0 for the first page.

    Raises:
        InvalidCommand: there is no such page.
    """
    if not 1 <= limit <= _MOST:
        raise InvalidCommand("limit", f"must be from 1 to {_MOST}")
    if after is None:
        return 0
    number = after[2:]
    if after[:2] != prefix or not (number.isascii() and number.isdecimal()):
        raise InvalidCommand("after", "must be the id that the page before ended with")
    return int(number)


def _hand_off(view: View, name: str) -> HandOffView:
    row = view.ownership.hand_offs[name]
    case = view.cases.cases[row.case]
    return HandOffView(
        name,
        CaseRef(row.case, case.number),
        view.identity.root(row.customer),
        f"{case.owner_kind}:{case.owner}",
        f"{row.to_kind}:{row.to}",
        instant(row.offered_us),
        instant(row.until_us),
    )
