"""Raising findings for the teams that want to know, and acknowledging them."""

from __future__ import annotations

from orchestra.engine.access import covers_others
from orchestra.engine.contacts.intake import check_text
from orchestra.engine.details.decide import fits
from orchestra.engine.findings.state import EVOLVE, Finding, Findings
from orchestra.engine.section import Section, Steps
from orchestra.engine.view import View
from orchestra.errors import InvalidCommand, NotAllowedInState, NotPermitted, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.addresses import actor_kind, actor_name
from orchestra.model.findings import FindingKind

__all__ = ["SECTION"]


def _raise(view: View, command: c.RaiseFinding, at_us: int) -> Steps:
    key, case = view.case(command.case)
    kind = view.plan.findings.get(command.kind)
    if kind is None:
        raise UnknownId("kind of finding", command.kind)
    check_text(command.text)
    fields = _checked(kind, command)
    name = view.findings.next_finding()
    teams = sorted(kind.teams)
    yield e.FindingRaised(name, key, case.customer, command.kind, teams, fields, command.text)
    return name


def _checked(kind: FindingKind, command: c.RaiseFinding) -> dict[str, str | int | bool | None]:
    """The fields that it has, in the order of their names."""
    found: dict[str, str | int | bool | None] = {}
    for name, value in sorted(command.fields.items()):
        if name not in kind.fields:
            raise InvalidCommand(f"fields.{name}", f"the plan declares no such field of {command.kind}")
        if value is None:
            continue
        if not fits(value, kind.fields[name]):
            raise InvalidCommand(f"fields.{name}", f"must be of type {kind.fields[name]}")
        found[name] = value
    return found


def _acknowledge(view: View, command: c.AcknowledgeFinding, at_us: int) -> Steps:
    own: Findings = view.findings
    name, team = command.finding, command.team
    row: Finding | None = own.findings.get(name)
    if row is None and not own.is_past(name):
        raise UnknownId("finding", name)
    _check_team(view, command)
    if row is None or team not in row.waits_for:
        raise NotAllowedInState(name, f"not on the list of team {team}", "acknowledge")
    yield e.FindingAcknowledged(name, row.case, row.customer, row.kind, team)
    return None


def _check_team(view: View, command: c.AcknowledgeFinding) -> None:
    """Refuse an agent who is not of the team, unless a role covers the work of others."""
    actor = command.actor
    if actor is None or actor_kind(actor) not in ("agent", "bot"):
        return
    agent = view.agent(actor_name(actor))
    if command.team not in agent.teams and not covers_others(view, command, agent):
        raise NotPermitted(actor, type(command).__name__, f"they are not of team {command.team}")


SECTION = Section("findings", Findings, {c.RaiseFinding: _raise, c.AcknowledgeFinding: _acknowledge}, EVOLVE)
