"""The plan: everything a user defines about a workspace, as pure data, from Python or a TOML file."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import attrs

from orchestra.errors import DefinitionError, Fault
from orchestra.model.definitions import (
    ATTACH_BY,
    FIELD_TYPES,
    AgentDefinition,
    Cases,
    Channel,
    Deliveries,
    Fields,
    Presence,
    Queue,
    Role,
    Team,
    WorkspaceDefinition,
)
from orchestra.model.structure import microseconds, structure, unstructure

__all__ = ["Plan"]

_MAX_PLAN_BYTES = 900_000
_SHORTEST_KEPT = timedelta(days=7)
_MOST_AGENTS = 300
"""One plan change may remove and define all of them, and each may cause events of its own, in one batch."""


@attrs.frozen
class Plan:
    """What a workspace is: its queues, teams, channels, agents and policies.

    Pure data: build it in Python or load it from a file, both give the same value. `faults()` tells all that is wrong;
    opening a workspace with a faulty plan raises them together.

    Attributes:
        workspace: what holds for all of it.
        queues: queue -> where interactions wait; at least one.
        teams: team -> who serves queues and owns their cases.
        channels: channel -> a medium and how it is worked.
        skills: what routing may require: skill -> what it means, for people.
        agents: agent -> who works here, beside those defined by command.
        roles: role -> what those who hold it may do.
        presence: how agents' absence shows.
        cases: how contacts become cases.
        deliveries: how outbound messages are tried.
        fields: which fields the application may set.
    """

    workspace: WorkspaceDefinition = WorkspaceDefinition()
    queues: Mapping[str, Queue] = attrs.field(factory=dict)
    teams: Mapping[str, Team] = attrs.field(factory=dict)
    channels: Mapping[str, Channel] = attrs.field(factory=dict)
    skills: Mapping[str, str] = attrs.field(factory=dict)
    agents: Mapping[str, AgentDefinition] = attrs.field(factory=dict)
    roles: Mapping[str, Role] = attrs.field(factory=dict)
    presence: Presence = Presence()
    cases: Cases = Cases()
    deliveries: Deliveries = Deliveries()
    fields: Fields = Fields()

    @classmethod
    def load(cls, path: str | Path) -> Plan:
        """Read a plan file.

        Args:
            path: a TOML file whose tables are named as the attributes here.

        Raises:
            DefinitionError: the file cannot be read, or has faults; lists every one with its path in the file.
        """
        return cls.parse(_read(Path(path)))

    @classmethod
    def parse(cls, text: str) -> Plan:
        """As `load`, from the text of a plan file."""
        try:
            data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise DefinitionError([Fault("", f"not valid TOML: {error}")]) from error
        plan = structure(data, cls)
        if isinstance(plan, list):
            raise DefinitionError(plan)
        plan.require_sound()
        return plan

    def require_sound(self) -> None:
        """Raise all faults that are errors.

        Raises:
            DefinitionError: there is at least one.
        """
        faults = [fault for fault in self.faults() if fault.is_error]
        if faults:
            raise DefinitionError(faults)

    def faults(self) -> list[Fault]:
        """Everything wrong or doubtful in this plan, errors first, each with its path."""
        found = [fault for check in _CHECKS for fault in check(self)]
        return sorted(found, key=lambda fault: (not fault.is_error, fault.path))

    def to_json(self) -> str:
        """Canonical JSON of this plan: equal plans give equal text. Whatever is at its default is left out."""
        return json.dumps(unstructure(self), sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    def without_names(self) -> Plan:
        """This plan without the names of people, which are private and so no part of the state."""
        agents = {key: attrs.evolve(agent, name=None) for key, agent in self.agents.items()}
        return attrs.evolve(self, agents=agents)

    def digest(self) -> str:
        """A fingerprint: equal plans, and only those, have the same."""
        return hashlib.blake2b(self.to_json().encode(), digest_size=16).hexdigest()

    def queue_of(self, channel: str, account: str) -> str:
        """The queue in which contacts of this account wait."""
        definition = self.channels[channel]
        own = definition.accounts.get(account)
        return (own and own.queue) or definition.queue or self.workspace.default_queue


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise DefinitionError([Fault("", f"{path}: {error.strerror}")]) from error
    except UnicodeDecodeError as error:
        raise DefinitionError([Fault("", f"{path}: not UTF-8 at byte {error.start}")]) from error


def _check_workspace(plan: Plan) -> Iterator[Fault]:
    default = plan.workspace.default_queue
    if not plan.queues:
        yield Fault("queues", "at least one queue is needed, as [queues.care] with team = ...")
    elif default not in plan.queues:
        yield Fault("workspace.default_queue", _missing("queue", default, plan.queues))
    if plan.workspace.key is None:
        yield Fault("workspace.key", "no secret named: hashed addresses can be guessed; name one", is_error=False)
    if len(plan.to_json().encode()) > _MAX_PLAN_BYTES:
        yield Fault("", f"the plan is larger than {_MAX_PLAN_BYTES} bytes: define agents by command instead")


def _check_queues(plan: Plan) -> Iterator[Fault]:
    for name, queue in plan.queues.items():
        if queue.team not in plan.teams:
            yield Fault(f"queues.{name}.team", _missing("team", queue.team, plan.teams))
        yield from _check_skills(plan, f"queues.{name}.skills", queue.skills)
        if not 0 < queue.service_level.percent <= 100:
            yield Fault(f"queues.{name}.service_level.percent", "must be from 1 to 100")
        if microseconds(queue.retry_after) <= 0:
            yield Fault(f"queues.{name}.retry_after", "must be longer than nothing")


def _check_skills(plan: Plan, path: str, skills: Mapping[str, int]) -> Iterator[Fault]:
    for skill, level in skills.items():
        if skill not in plan.skills:
            yield Fault(f"{path}.{skill}", _missing("skill", skill, plan.skills))
        if not 1 <= level <= 100:
            yield Fault(f"{path}.{skill}", "level must be from 1 to 100")


def _check_channels(plan: Plan) -> Iterator[Fault]:
    for name, channel in plan.channels.items():
        path = f"channels.{name}"
        named = [("queue", channel.queue)]
        named += [(f"accounts.{key}.queue", account.queue) for key, account in channel.accounts.items()]
        for field, queue in named:
            if queue is not None and queue not in plan.queues:
                yield Fault(f"{path}.{field}", _missing("queue", queue, plan.queues))
        if not 1 <= channel.weight_percent <= 1000:
            yield Fault(f"{path}.weight_percent", "must be from 1 to 1000")
        if channel.limit is not None and channel.limit < 1:
            yield Fault(f"{path}.limit", "must be at least 1, or left out for no limit")
        if microseconds(channel.offer_timeout) <= 0:
            yield Fault(f"{path}.offer_timeout", "must be longer than nothing")
        if channel.keep_ids is not None and channel.keep_ids < _SHORTEST_KEPT:
            yield Fault(f"{path}.keep_ids", "must be at least 7d: so long do providers deliver again")
        if channel.on_agent_lost not in ("requeue", "keep"):
            yield Fault(f"{path}.on_agent_lost", "must be requeue or keep")


def _check_agents(plan: Plan) -> Iterator[Fault]:
    if len(plan.agents) > _MOST_AGENTS:
        yield Fault("agents", f"at most {_MOST_AGENTS} in a plan: define more by command, with DefineAgent")
    for name, agent in plan.agents.items():
        path = f"agents.{name}"
        if not agent.teams:
            yield Fault(f"{path}.teams", "an agent needs at least one team")
        for team in agent.teams:
            if team not in plan.teams:
                yield Fault(f"{path}.teams", _missing("team", team, plan.teams))
        for role in agent.roles:
            if role not in plan.roles:
                yield Fault(f"{path}.roles", _missing("role", role, plan.roles))
        yield from _check_skills(plan, f"{path}.skills", agent.skills)
        if not 1 <= agent.capacity_percent <= 10_000:
            yield Fault(f"{path}.capacity_percent", "must be from 1 to 10000")


def _check_cases(plan: Plan) -> Iterator[Fault]:
    for index, way in enumerate(plan.cases.attach):
        if way not in ATTACH_BY:
            yield Fault(f"cases.attach[{index}]", f"{way!r} is none of {', '.join(ATTACH_BY)}")
    try:
        if plan.cases.number.format(1) == plan.cases.number.format(2):
            yield Fault("cases.number", "needs {} where the running number goes")
    except (ValueError, IndexError, KeyError, AttributeError) as error:
        yield Fault("cases.number", f"is no form for a number: {error}")


def _check_deliveries(plan: Plan) -> Iterator[Fault]:
    if plan.deliveries.attempts < 1:
        yield Fault("deliveries.attempts", "must be at least 1")
    for field in ("first_retry", "longest_retry", "permit", "expires_after"):
        if microseconds(getattr(plan.deliveries, field)) <= 0:
            yield Fault(f"deliveries.{field}", "must be longer than nothing")


def _check_fields(plan: Plan) -> Iterator[Fault]:
    for target in ("customer", "case", "interaction"):
        for name, kind in getattr(plan.fields, target).items():
            if kind not in FIELD_TYPES:
                yield Fault(f"fields.{target}.{name}", f"{kind!r} is none of {', '.join(FIELD_TYPES)}")


def _check_served(plan: Plan) -> Iterator[Fault]:
    """Warn about queues that no agent of the plan can serve; agents may still be defined by command."""
    for name, queue in plan.queues.items():
        able = (
            all(agent.skills.get(skill, 0) >= level for skill, level in queue.skills.items())
            for agent in plan.agents.values()
            if queue.team in agent.teams
        )
        if plan.agents and not any(able):
            yield Fault(f"queues.{name}", "no agent of the plan can serve it", is_error=False)


def _missing(what: str, name: str, known: Mapping[str, object]) -> str:
    return f"no {what} {name!r}; there are: {', '.join(sorted(known)) or 'none'}"


_CHECKS = (
    _check_workspace,
    _check_queues,
    _check_channels,
    _check_agents,
    _check_cases,
    _check_deliveries,
    _check_fields,
    _check_served,
)
