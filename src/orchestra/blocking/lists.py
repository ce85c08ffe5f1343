"""What departments look at, in pages, without await.

Generated from `orchestra.runtime.lists` by `tests/blocking_generator.py`; do not edit.
"""

from __future__ import annotations

from typing import TypeVar

from orchestra.blocking.portal import Opened
from orchestra.runtime import lists
from orchestra.runtime.case_context import CaseContext
from orchestra.runtime.findings import FindingView
from orchestra.runtime.incidents import ExceptedCase, IncidentView
from orchestra.runtime.ownership import HandOffView
from orchestra.runtime.views import CaseView

__all__ = ["Lists"]


AnyLists = TypeVar("AnyLists", bound=lists.Lists)


class Lists(Opened[AnyLists]):
    """Pages of what somebody has to look at. Reads see what is durable, and only that."""

    def owned_by(
        self, *, agent: str | None = None, team: str | None = None, after: str | None = None, limit: int = 50
    ) -> tuple[CaseView, ...]:
        """The cases that an agent or a team answers for and that are not closed, a page of them, oldest first.

        Args:
            agent: whose cases, if an agent's.
            team: whose cases, if a team's; those that its agents own are theirs.
            after: id of the last case of the page before; from the first unless given.
            limit: how many at most, up to 1000.

        Raises:
            InvalidCommand: not exactly one of agent and team is given, or the page is none.
            UnknownId: there is no such agent or team.
        """
        return self._door.run(self._inner.owned_by, agent=agent, team=team, after=after, limit=limit)

    def hand_offs(
        self, *, agent: str | None = None, team: str | None = None, after: str | None = None, limit: int = 50
    ) -> tuple[HandOffView, ...]:
        """The cases that are offered to a team, or to an agent and the teams they are of, a page of them, oldest first.

        Args:
            agent: to whom, if to an agent.
            team: to whom, if to a team.
            after: id of the last hand-off of the page before; from the first unless given.
            limit: how many at most, up to 1000.

        Raises:
            InvalidCommand: not exactly one of agent and team is given, or the page is none.
            UnknownId: there is no such agent or team.
        """
        return self._door.run(self._inner.hand_offs, agent=agent, team=team, after=after, limit=limit)

    def hand_off_context(self, hand_off: str, agent: str) -> CaseContext:
        """What goes with a case that is offered, for an agent who is asked.

        Raises:
            UnknownId: there is no such agent, or nothing of that id is offered any more.
            NotPermitted: it is offered to others.
        """
        return self._door.run(self._inner.hand_off_context, hand_off, agent)

    def findings(self, team: str, *, after: str | None = None, limit: int = 50) -> tuple[FindingView, ...]:
        """What a team has yet to take note of, a page of it, oldest first.

        Args:
            team: whose list.
            after: id of the last finding of the page before; from the first unless given.
            limit: how many at most, up to 1000.

        Raises:
            InvalidCommand: the page is none.
            UnknownId: there is no such team.
        """
        return self._door.run(self._inner.findings, team, after=after, limit=limit)

    def incident(self, incident: str) -> IncidentView:
        """An incident: what is known and told of it, and how far telling and settling have come.

        Raises:
            UnknownId: there is no such incident.
        """
        return self._door.run(self._inner.incident, incident)

    def incidents(self, *, is_open: bool = True, after: str | None = None, limit: int = 50) -> tuple[IncidentView, ...]:
        """The incidents, a page of them, oldest first.

        Args:
            is_open: only those that are not closed yet; False for all there ever were.
            after: id of the last incident of the page before; from the first unless given.
            limit: how many at most, up to 1000.

        Raises:
            InvalidCommand: the page is none.
        """
        return self._door.run(self._inner.incidents, is_open=is_open, after=after, limit=limit)

    def excepted(self, incident: str, *, after: str | None = None, limit: int = 50) -> tuple[ExceptedCase, ...]:
        """The cases that stayed open when an incident was closed, and why, a page of them, oldest first.

        Whose customers were archived since is left out.

        Args:
            incident: which; while it is being closed, those found until now.
            after: id of the last case of the page before; from the first unless given.
            limit: how many at most, up to 1000.

        Raises:
            UnknownId: there is no such incident.
            InvalidCommand: the page is none.
        """
        return self._door.run(self._inner.excepted, incident, after=after, limit=limit)
