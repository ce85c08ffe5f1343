"""What a plan says, as data: all that a user defines about a workspace.

Belongs here: the tables of a plan. Does not: reading and writing it (`plan`), and what is wrong with it
(`plan_checks`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import attrs

from orchestra.model.actions import Actions
from orchestra.model.case_types import CaseType
from orchestra.model.clocks import ClockPolicy
from orchestra.model.costs import Costs
from orchestra.model.definitions import (
    AgentDefinition,
    Brand,
    Callbacks,
    Cases,
    Channel,
    Commitments,
    Deliveries,
    Fields,
    Label,
    Participant,
    Presence,
    Queue,
    Role,
    Team,
    WorkspaceDefinition,
)
from orchestra.model.engagements import Engagements
from orchestra.model.findings import FindingKind
from orchestra.model.hours import Hours
from orchestra.model.identity import Identity
from orchestra.model.menus import Menu
from orchestra.model.notices import Notices
from orchestra.model.privacy import Privacy
from orchestra.model.quiet_hours import QuietHours
from orchestra.model.rules import Rule
from orchestra.model.templates import Language, Topic

__all__ = ["PlanData"]


def _rules(values: Iterable[Rule]) -> tuple[Rule, ...]:
    """Lists, as files have them, and tuples make equal plans."""
    return tuple(values)


def _policies(values: Iterable[ClockPolicy]) -> tuple[ClockPolicy, ...]:
    return tuple(values)


@attrs.frozen
class PlanData:
    """What a plan says.

    Attributes:
        workspace: what holds for all of it.
        queues: queue -> where interactions wait; at least one.
        teams: team -> who serves queues and owns their cases.
        channels: channel -> a medium and how it is worked.
        labels: label -> how many interactions with it one agent has at once.
        skills: what routing may require: skill -> what it means, for people.
        agents: agent -> who works here, beside those defined by command.
        roles: role -> what those who hold it may do and see.
        brands: brand -> which accounts and teams are its own; none unless stated.
        participants: role in a case -> what people other than its customer are shown and told; any word is a role if
            none is named.
        calendars: calendar -> when time counts that is business time; none unless stated.
        presence: how agents' absence shows.
        cases: how contacts become cases.
        case_types: type of cases -> the stages that they go through; cases of no type have none.
        identity: who customers are.
        engagements: what happens when a customer is in touch on several channels at once.
        deliveries: how outbound messages are tried.
        callbacks: how customers are called back.
        menus: menu -> what a bot asks, step by step; none unless stated.
        notices: what customers are told before they ask.
        fields: which fields the application may set.
        findings: kind -> what contacts bring to light for other departments, and who wants to know.
        commitments: what the company may commit itself to, and what holds where statements contradict each other.
        costs: what serving customers costs on which channel, and where they may be invited instead.
        actions: how the application's own actions are tried.
        rules: what follows when something happens, as `[[rules]]` in a file.
        clocks: how long things may take, as `[[clocks]]` in a file; of those that measure the same the first that
            fits holds.
        privacy: how what is personal is kept.
        templates: topic -> what customers are told of it, in which languages, with which facts.
        languages: language -> how it writes what is counted and dated; as ISO 8601, in English words, unless
            stated.
        quiet_hours: when nothing that the company says by itself reaches a customer; never unless stated.
    """

    workspace: WorkspaceDefinition = WorkspaceDefinition()
    queues: Mapping[str, Queue] = attrs.field(factory=dict)
    teams: Mapping[str, Team] = attrs.field(factory=dict)
    channels: Mapping[str, Channel] = attrs.field(factory=dict)
    labels: Mapping[str, Label] = attrs.field(factory=dict)
    skills: Mapping[str, str] = attrs.field(factory=dict)
    agents: Mapping[str, AgentDefinition] = attrs.field(factory=dict)
    roles: Mapping[str, Role] = attrs.field(factory=dict)
    brands: Mapping[str, Brand] = attrs.field(factory=dict)
    participants: Mapping[str, Participant] = attrs.field(factory=dict)
    calendars: Mapping[str, Hours] = attrs.field(factory=dict)
    presence: Presence = Presence()
    cases: Cases = Cases()
    case_types: Mapping[str, CaseType] = attrs.field(factory=dict)
    identity: Identity = Identity()
    engagements: Engagements = Engagements()
    deliveries: Deliveries = Deliveries()
    callbacks: Callbacks = Callbacks()
    menus: Mapping[str, Menu] = attrs.field(factory=dict)
    notices: Notices = Notices()
    fields: Fields = Fields()
    findings: Mapping[str, FindingKind] = attrs.field(factory=dict)
    commitments: Commitments = Commitments()
    costs: Costs = Costs()
    actions: Actions = Actions()
    rules: Sequence[Rule] = attrs.field(default=(), converter=_rules)
    clocks: Sequence[ClockPolicy] = attrs.field(default=(), converter=_policies)
    privacy: Privacy = Privacy()
    quiet_hours: QuietHours = QuietHours()
    templates: Mapping[str, Topic] = attrs.field(factory=dict)
    languages: Mapping[str, Language] = attrs.field(factory=dict)

    def queue_of(self, channel: str, account: str) -> str:
        """The queue in which contacts of this account wait."""
        definition = self.channels[channel]
        own = definition.accounts.get(account)
        return (own and own.queue) or definition.queue or self.workspace.default_queue

    def calendar_of(self, channel: str | None = None) -> str | None:
        """The calendar by which time counts on a channel, or where none is concerned; None if it always does."""
        own = None if channel is None else self.channels[channel].calendar
        return self.workspace.calendar if own is None else own
