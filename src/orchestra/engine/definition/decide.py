"""Putting another plan into force, unless work in flight needs what it lacks."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from orchestra.engine.definition.state import EVOLVE, Definition
from orchestra.engine.section import Section, Steps
from orchestra.engine.view import View
from orchestra.errors import Fault, InvalidCommand
from orchestra.model import commands as c, events as e
from orchestra.model.plan import Plan
from orchestra.model.scores import score_faults

__all__ = ["SECTION", "missing"]


def missing(view: View, plan: Plan) -> list[Fault]:
    """Names that work in flight refers to and that the plan lacks, each with the path where it should stand.

    The plan in force lacks nothing, whatever a journal of another version may hold: its workspace must open again.
    """
    if view.definition.facts.get("digest") == plan.digest():
        return []
    users: dict[tuple[str, str], str] = {}
    for table, name, user in chain(_work(view), _cases(view), _agents(view)):
        users.setdefault((table, name), user)
    return [
        Fault(f"{table}.{name}", f"is missing, and {user} needs it")
        for (table, name), user in users.items()
        if name not in getattr(plan, table)
    ]


Needed = Iterator[tuple[str, str, str]]
"""(table of the plan, name in it, who needs it)."""


def _work(view: View) -> Needed:
    for name, interaction in view.contacts.interactions.items():
        if not interaction.is_final:
            yield "channels", interaction.channel, f"interaction {name}"
    for name, item in view.routing.items.items():
        yield "queues", item.queue, f"interaction {name}"
        for skill in item.skills:
            yield "skills", skill, f"interaction {name}"
    for name, callback in view.callbacks.callbacks.items():
        yield "queues", callback.queue, f"callback {name}"
        for skill in callback.skills:
            yield "skills", skill, f"callback {name}"
    for name, delivery in view.deliveries.deliveries.items():
        if delivery.state in ("PENDING", "PERMITTED", "STARTED"):
            yield "channels", delivery.channel, f"delivery {name}"


def _cases(view: View) -> Needed:
    for name, case in view.cases.cases.items():
        if case.state != "CLOSED":
            yield "queues", case.queue, f"case {name}"
            if case.owner_kind == "team":
                yield "teams", case.owner, f"case {name}"


def _agents(view: View) -> Needed:
    for name, agent in view.presence.agents.items():
        if agent.source == "command":
            yield from (("teams", team, f"agent {name}") for team in agent.teams)
            yield from (("roles", role, f"agent {name}") for role in agent.roles)


def _change(view: View, command: c.ChangePlan, at_us: int) -> Steps:
    scores = score_faults(command.plan, view.plans.rating.scores)
    faults = [*command.plan.faults(), *missing(view, command.plan), *scores]
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
