"""Putting another plan into force, unless work in flight needs what it lacks."""

from __future__ import annotations

from orchestra.engine.definition.state import EVOLVE, Definition
from orchestra.engine.section import Section, Steps
from orchestra.engine.view import View
from orchestra.errors import Fault, InvalidCommand
from orchestra.model import commands as c
from orchestra.model import events as e
from orchestra.model.plan import Plan

__all__ = ["SECTION", "missing"]


def missing(view: View, plan: Plan) -> list[Fault]:
    """Names that work in flight refers to and that the plan lacks, each with the path where it should stand."""
    paths: dict[str, str] = {}
    for name, interaction in view.contacts.interactions.items():
        if not interaction.is_final:
            paths.setdefault(f"channels.{interaction.channel}", f"interaction {name}")
    for name, item in view.routing.items.items():
        paths.setdefault(f"queues.{item.queue}", f"interaction {name}")
    for name, delivery in view.deliveries.deliveries.items():
        if delivery.state in ("PENDING", "PERMITTED", "STARTED"):
            paths.setdefault(f"channels.{delivery.channel}", f"delivery {name}")
    for name, case in view.cases.cases.items():
        if case.state != "CLOSED":
            paths.setdefault(f"queues.{case.queue}", f"case {name}")
            if case.owner_kind == "team":
                paths.setdefault(f"teams.{case.owner}", f"case {name}")
    for name, agent in view.presence.agents.items():
        if agent.source == "command":
            for team in agent.teams:
                paths.setdefault(f"teams.{team}", f"agent {name}")
    known = {"channels": plan.channels, "queues": plan.queues, "teams": plan.teams}
    faults = []
    for path, user in paths.items():
        table, _, name = path.partition(".")
        if name not in known[table]:
            faults.append(Fault(path, f"is missing, and {user} needs it"))
    return faults


def _change(view: View, command: c.ChangePlan, at_us: int) -> Steps:
    faults = command.plan.faults() + missing(view, command.plan)
    errors = [str(fault) for fault in faults if fault.is_error]
    if errors:
        raise InvalidCommand("plan", "; ".join(errors))
    known = view.definition.facts.get("key_check")
    if known is not None and known != command.key_check:
        raise InvalidCommand("key_check", "the workspace was written under another key: open it with that one")
    if view.definition.facts.get("digest") == command.digest:
        return None
    yield e.PlanChanged(command.plan, command.digest, command.zone_data, command.key_check)
    return None


SECTION = Section("definition", Definition, {c.ChangePlan: _change}, EVOLVE)
