"""Who has a say in who owns a case: the team behind its owner, and whoever may act for the owner."""

from __future__ import annotations

from orchestra.engine.access import covers_others
from orchestra.engine.view import View
from orchestra.errors import NotPermitted
from orchestra.model.addresses import actor_kind, actor_name
from orchestra.model.commands import Command

__all__ = ["check_owner", "team_behind"]


def team_behind(view: View, case: str) -> str:
    """The team that owns a case, or on whose behalf an agent does; that of its queue where a plan has dropped it."""
    row, teams = view.cases.cases[case], view.plan.teams
    team = row.owner if row.owner_kind == "team" else view.ownership.behind.get(case)
    if team is not None and team in teams:
        return team
    queues = view.plan.queues
    # An older journal may name a queue that was dropped.
    return queues[row.queue if row.queue in queues else view.plan.workspace.default_queue].team


def check_owner(view: View, command: Command, case: str) -> None:
    """Refuse an agent who neither owns the case nor is of the team that does, unless a role covers others' work.

    Raises:
        NotPermitted: it is for others to decide.
    """
    actor = command.actor
    if actor is None or actor_kind(actor) not in ("agent", "bot"):
        return
    name, kind, row = actor_name(actor), type(command).__name__, view.cases.cases[case]
    agent = view.agent(name)
    if row.owner == name if row.owner_kind == "agent" else row.owner in agent.teams:
        return
    if not covers_others(view, command, agent):
        raise NotPermitted(actor, kind, f"{row.owner_kind} {row.owner} owns {case}")
