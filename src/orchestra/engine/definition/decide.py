"""Putting another plan into force, unless work in flight needs what it lacks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from orchestra.engine.definition.state import EVOLVE, Definition
from orchestra.engine.section import Section, Steps
from orchestra.engine.view import View
from orchestra.errors import Fault, InvalidCommand
from orchestra.model import commands as c, events as e
from orchestra.model.plan import Plan
from orchestra.model.rule_faults import rule_faults
from orchestra.model.scores import score_faults

__all__ = ["SECTION", "missing"]


def missing(view: View, plan: Plan) -> list[Fault]:
    """Names that work in flight refers to and that the plan lacks, each with the path where it should stand.

    The plan in force lacks nothing, whatever a journal of another version may hold: its workspace must open again. So
    only who needs what it has and the new one has not is looked for, and nobody is where nothing has gone.
    """
    if view.definition.facts.get("digest") == plan.digest():
        return []
    faults: list[Fault] = []
    for table, needed in _NEEDED.items():
        gone = getattr(view.plan, table).keys() - getattr(plan, table).keys()
        users: dict[str, str] = {}
        for name, user in needed(view) if gone else ():
            if name in gone:
                users.setdefault(name, user)
        faults += [Fault(f"{table}.{name}", f"is missing, and {user} needs it") for name, user in users.items()]
    return [*faults, *_attributes(view, plan), *_stages(view, plan)]


_AT_REST = ("CLOSED", "MERGED")
"""States of a case that needs nothing of the plan; what it names may be gone when it is open again."""

Needed = Iterator[tuple[str, str]]
"""(name in a table of the plan, who needs it)."""


def _channels(view: View) -> Needed:
    for name, interaction in view.contacts.interactions.items():
        if not interaction.is_final:
            yield interaction.channel, f"interaction {name}"
    for name, delivery in view.deliveries.deliveries.items():
        if delivery.state in ("PENDING", "PERMITTED", "STARTED"):
            yield delivery.channel, f"delivery {name}"


def _queues(view: View) -> Needed:
    for name, item in view.routing.items.items():
        yield item.queue, f"{'interaction' if item.consult_on is None else 'consult'} {name}"
    for name, callback in view.callbacks.callbacks.items():
        yield callback.queue, f"callback {name}"
    for name, case in view.cases.cases.items():
        if case.state not in _AT_REST:
            yield case.queue, f"case {name}"


def _skills(view: View) -> Needed:
    for name, item in view.routing.items.items():
        kind = "interaction" if item.consult_on is None else "consult"
        yield from ((skill, f"{kind} {name}") for skill in item.skills)
    for name, callback in view.callbacks.callbacks.items():
        yield from ((skill, f"callback {name}") for skill in callback.skills)


def _teams(view: View) -> Needed:
    for name, case in view.cases.cases.items():
        if case.state not in _AT_REST and case.owner_kind == "team":
            yield case.owner, f"case {name}"
    for name, hand_off in view.ownership.hand_offs.items():
        if hand_off.to_kind == "team":
            yield hand_off.to, f"hand-off {name}"
    for name, wait in view.ownership.waits.items():
        yield wait.to, f"case {name}"
    for name, finding in view.findings.findings.items():
        yield from ((team, f"finding {name}") for team in finding.waits_for)
    for name, agent in view.presence.agents.items():
        if agent.source == "command":
            yield from ((team, f"agent {name}") for team in agent.teams)


def _roles(view: View) -> Needed:
    for name, agent in view.presence.agents.items():
        if agent.source == "command":
            yield from ((role, f"agent {name}") for role in agent.roles)


def _attributes(view: View, plan: Plan) -> Iterator[Fault]:
    """What is said of subjects stays what it is as long as that holds."""
    before, after = view.plan.commitments.attributes, plan.commitments.attributes
    changed = {name for name, known in before.items() if name not in after or after[name].type != known.type}
    users: dict[str, str] = {}
    for name, statement in view.commitments.statements.items() if changed else ():
        if statement.attribute in changed:
            users.setdefault(statement.attribute, name)
    for name, user in users.items():
        text = "is of another type" if name in after else "is missing"
        yield Fault(f"commitments.attributes.{name}", f"{text}, and {user} needs it")


def _case_types(view: View) -> Needed:
    for name, course in view.stages.courses.items():
        if not course.is_over:
            yield course.type, f"case {name}"


def _stages(view: View, plan: Plan) -> Iterator[Fault]:
    """A case that is not settled stays in the stage that it is in."""
    lost: dict[tuple[str, str], str] = {}
    for name, course in view.stages.courses.items():
        one = plan.case_types.get(course.type)
        if one is not None and not course.is_over and one.place(course.stage) is None:
            lost.setdefault((course.type, course.stage), name)
    for (kind, stage), name in lost.items():
        yield Fault(f"case_types.{kind}.stages", f"{stage} is missing, and case {name} needs it")


_NEEDED: Mapping[str, Callable[[View], Needed]] = {
    "channels": _channels,
    "queues": _queues,
    "skills": _skills,
    "teams": _teams,
    "roles": _roles,
    "case_types": _case_types,
}
"""Table of the plan -> who needs what of it."""


def _of_rules(view: View, plan: Plan) -> Iterator[Fault]:
    return rule_faults(plan, view.plans.predicates, view.plans.actions)


def _change(view: View, command: c.ChangePlan, at_us: int) -> Steps:
    named = [*score_faults(command.plan, view.plans.rating.scores), *_of_rules(view, command.plan)]
    faults = [*command.plan.faults(), *missing(view, command.plan), *named]
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
