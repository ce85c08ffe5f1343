"""What may be wrong with a plan: each check looks at one part of it, and at what that part refers to.

Belongs here: checks that compare parts of a plan, and those of parts without a module of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from orchestra.errors import Fault
from orchestra.model.actions import check_actions
from orchestra.model.brands import check_brands
from orchestra.model.calls import check_call_handling
from orchestra.model.capacity_checks import check_pace, check_parking, check_room, check_silence, check_wrap_up
from orchestra.model.case_type_checks import check_case_types, check_may_promise
from orchestra.model.cases import check_cases
from orchestra.model.clock_checks import Around, check_clocks
from orchestra.model.commitment_checks import check_commitments, check_may_commit
from orchestra.model.cost_checks import Beside, check_costs
from orchestra.model.definitions import Channel
from orchestra.model.engagements import check_engagements
from orchestra.model.findings import FIELD_TYPES, check_findings
from orchestra.model.hours import check_hours, zone_fault
from orchestra.model.identity import check_identity
from orchestra.model.menus import Known as Nameable, check_menus
from orchestra.model.notice_checks import Reachable, check_notices
from orchestra.model.pace import check_rate
from orchestra.model.participants import check_participants
from orchestra.model.plan_data import PlanData
from orchestra.model.privacy import check_privacy
from orchestra.model.progress import check_progress
from orchestra.model.quiet_hours import check_quiet_hours
from orchestra.model.roles import check_sight
from orchestra.model.routing import RESERVED
from orchestra.model.routing_checks import Known, check_routing
from orchestra.model.routing_doubts import check_use
from orchestra.model.rule_checks import Named, check_rules
from orchestra.model.structure import Lost, microseconds
from orchestra.model.teams import check_teams
from orchestra.model.template_checks import check_languages, check_templates

__all__ = ["plan_faults"]

_SHORTEST_POLL_US = 1_000_000
_SHORTEST_KEPT = timedelta(days=7)
_FURTHEST_AHEAD = timedelta(days=30)
_MOST_DIALLED = 100
_MOST_AGENTS = 7_500
"""As many as the largest centres are said to have in one place; more than that are defined by command."""


def plan_faults(plan: PlanData, lost: Lost) -> list[Fault]:
    """Everything wrong or doubtful in a plan, as far as it was understood, check by check."""
    return [fault for check in _CHECKS for fault in check(plan, lost)]


def _check_workspace(plan: PlanData, lost: Lost) -> Iterator[Fault]:
    default = plan.workspace.default_queue
    if not plan.queues and not lost.touches("queues"):
        yield Fault("queues", "at least one queue is needed, as [queues.care] with team = ...")
    elif plan.queues and _is_missing(default, "queues", plan.queues, lost):
        yield Fault("workspace.default_queue", _missing("queue", default, plan.queues))
    if plan.workspace.key is None:
        yield Fault("workspace.key", "no secret named: hashed addresses can be guessed; name one", is_error=False)
    if plan.workspace.zone is not None:
        yield from zone_fault("workspace.zone", plan.workspace.zone)


def _check_queues(plan: PlanData, lost: Lost) -> Iterator[Fault]:
    for name, queue in plan.queues.items():
        if _is_missing(queue.team, "teams", plan.teams, lost):
            yield Fault(f"queues.{name}.team", _missing("team", queue.team, plan.teams))
        yield from _check_skills(plan, lost, f"queues.{name}.skills", queue.skills)
        for index, label in enumerate(queue.labels):
            if _is_missing(label, "labels", plan.labels, lost) and not lost.has("queues", name, "labels", index):
                yield Fault(f"queues.{name}.labels[{index}]", _missing("label", label, plan.labels))
        if not 0 < queue.service_level.percent <= 100:
            yield Fault(f"queues.{name}.service_level.percent", "must be from 1 to 100")
        if microseconds(queue.retry_after) <= 0:
            yield Fault(f"queues.{name}.retry_after", "must be longer than nothing")
        if microseconds(queue.announce_every) < 0:
            yield Fault(f"queues.{name}.announce_every", "must not be negative")


def _check_labels(plan: PlanData, lost: Lost) -> Iterator[Fault]:
    given = {label for queue in plan.queues.values() for label in queue.labels}
    for name, label in plan.labels.items():
        if name.startswith(RESERVED):
            yield Fault(f"labels.{name}", f"no label may begin with {RESERVED}: such names are the library's own")
        if label.limit < 1:
            yield Fault(f"labels.{name}.limit", "must be at least 1")
        if name not in given and not lost.touches("queues"):
            yield Fault(f"labels.{name}", "no queue gives it to its interactions", is_error=False)


def _check_words(plan: PlanData, lost: Lost) -> Iterator[Fault]:
    for skill in plan.skills:
        if skill.startswith(RESERVED):
            yield Fault(f"skills.{skill}", f"no skill may begin with {RESERVED}: such names are the library's own")
    if microseconds(plan.presence.bot_answers_within) <= 0:
        yield Fault("presence.bot_answers_within", "must be longer than nothing")
    if plan.presence.bot_answers < 1:
        yield Fault("presence.bot_answers", "must be at least 1")


def _check_skills(plan: PlanData, lost: Lost, path: str, skills: Mapping[str, int]) -> Iterator[Fault]:
    for skill, level in skills.items():
        if _is_missing(skill, "skills", plan.skills, lost):
            yield Fault(f"{path}.{skill}", _missing("skill", skill, plan.skills))
        if not 1 <= level <= 100:
            yield Fault(f"{path}.{skill}", "level must be from 1 to 100")


def _check_channels(plan: PlanData, lost: Lost) -> Iterator[Fault]:
    for name, channel in plan.channels.items():
        path = f"channels.{name}"
        named = [("queue", channel.queue)]
        named += [(f"accounts.{key}.queue", account.queue) for key, account in channel.accounts.items()]
        for field, queue in named:
            if queue is not None and _is_missing(queue, "queues", plan.queues, lost):
                yield Fault(f"{path}.{field}", _missing("queue", queue, plan.queues))
        if not 1 <= channel.weight_percent <= 1000:
            yield Fault(f"{path}.weight_percent", "must be from 1 to 1000")
        if channel.limit is not None and channel.limit < 1:
            yield Fault(f"{path}.limit", "must be at least 1, or left out for no limit")
        if channel.put_aside not in ("keep", "requeue"):
            yield Fault(f"{path}.put_aside", "must be keep or requeue")
        for index, other in enumerate(channel.interrupts):
            if other == name:
                yield Fault(f"{path}.interrupts[{index}]", "a channel cannot interrupt itself")
            elif _is_missing(other, "channels", plan.channels, lost):
                yield Fault(f"{path}.interrupts[{index}]", _missing("channel", other, plan.channels))
        yield from _check_connecting(plan, lost, path, channel)
        yield from check_wrap_up(path, channel)
        yield from check_silence(path, channel)
        for field in ("offer_timeout", "connects"):
            lasts = getattr(channel, field)
            if lasts is not None and microseconds(lasts) <= 0:
                yield Fault(f"{path}.{field}", "must be longer than nothing")
        if channel.work and channel.live:
            yield Fault(f"{path}.live", "work items are never live: nobody waits on the line")
        if channel.keep_ids is not None and channel.keep_ids < _SHORTEST_KEPT:
            yield Fault(f"{path}.keep_ids", "must be at least 7d: so long do providers deliver again")
        yield from check_parking(path, channel)
        yield from _check_calls(path, channel)


def _check_calls(path: str, channel: Channel) -> Iterator[Fault]:
    if channel.calls is None:
        return
    if not channel.live:
        yield Fault(f"{path}.calls", "only a live channel brings calls: live = true")
    if channel.connects is None:
        yield Fault(f"{path}.connects", "must say how long an agent's phone may ring, as 20s: calls need it")
    yield from check_call_handling(f"{path}.calls", channel.calls, channel.alternatives)


def _check_menus(plan: PlanData, lost: Lost) -> Iterator[Fault]:
    known = Nameable(
        None if lost.touches("queues") else plan.queues,
        None if lost.touches("skills") else plan.skills,
        None if lost.touches("fields") else plan.fields.interaction,
        None if lost.touches("cases") else plan.cases.dispositions,
    )
    yield from check_menus(plan.menus, known)
    for name, agent in plan.agents.items():
        if agent.menu is None:
            continue
        if agent.kind != "bot":
            yield Fault(f"agents.{name}.menu", 'only a bot asks a menu: kind = "bot"')
        if _is_missing(agent.menu, "menus", plan.menus, lost):
            yield Fault(f"agents.{name}.menu", _missing("menu", agent.menu, plan.menus))
    asked = {agent.menu for agent in plan.agents.values()}
    for name in plan.menus:
        if name not in asked and not lost.touches("agents"):
            yield Fault(f"menus.{name}", "no bot asks it", is_error=False)


def _check_connecting(plan: PlanData, lost: Lost, path: str, channel: Channel) -> Iterator[Fault]:
    if not 2 <= channel.parties <= 10:
        yield Fault(f"{path}.parties", "must be from 2 to 10")
    for index, other in enumerate(channel.alternatives):
        if other != "callback" and _is_missing(other, "channels", plan.channels, lost):
            yield Fault(f"{path}.alternatives[{index}]", _missing("channel", other, plan.channels))
    if microseconds(channel.connect_target) <= 0:
        yield Fault(f"{path}.connect_target", "must be longer than nothing")
    if microseconds(channel.resume_within) < 0:
        yield Fault(f"{path}.resume_within", "must not be negative")
    if channel.poll is not None and microseconds(channel.poll) < _SHORTEST_POLL_US:
        yield Fault(f"{path}.poll", "must be at least 1s")


def _check_agents(plan: PlanData, lost: Lost) -> Iterator[Fault]:
    if len(plan.agents) > _MOST_AGENTS:
        yield Fault("agents", f"at most {_MOST_AGENTS:,} in a plan: define more by command, with DefineAgent")
    for name, agent in plan.agents.items():
        path = f"agents.{name}"
        if not agent.teams and not lost.touches("agents", name, "teams"):
            yield Fault(f"{path}.teams", "an agent needs at least one team")
        for index, team in enumerate(agent.teams):
            if _is_missing(team, "teams", plan.teams, lost) and not lost.has("agents", name, "teams", index):
                yield Fault(f"{path}.teams", _missing("team", team, plan.teams))
        for index, role in enumerate(agent.roles):
            if _is_missing(role, "roles", plan.roles, lost) and not lost.has("agents", name, "roles", index):
                yield Fault(f"{path}.roles", _missing("role", role, plan.roles))
        yield from _check_skills(plan, lost, f"{path}.skills", agent.skills)
        if agent.kind not in ("person", "bot"):
            yield Fault(f"{path}.kind", "must be person or bot")
        if not 1 <= agent.capacity_percent <= 10_000:
            yield Fault(f"{path}.capacity_percent", "must be from 1 to 10000")
        if agent.position < 0:
            yield Fault(f"{path}.position", "must be 0 or more")
    if not (lost.touches("channels") or lost.touches("agents") or lost.touches("queues")):
        goes_beyond = any(step.beyond_capacity for queue in plan.queues.values() for step in queue.steps)
        yield from check_room(plan.agents, plan.channels, goes_beyond=goes_beyond)


def _check_calendars(plan: PlanData, lost: Lost) -> Iterator[Fault]:
    for name, hours in plan.calendars.items():
        yield from check_hours(f"calendars.{name}", hours)
    named = [("workspace", plan.workspace.calendar)]
    named += [(f"channels.{name}", channel.calendar) for name, channel in plan.channels.items()]
    for path, calendar in named:
        if calendar is not None and _is_missing(calendar, "calendars", plan.calendars, lost):
            yield Fault(f"{path}.calendar", _missing("calendar", calendar, plan.calendars))


def _check_cases(plan: PlanData, lost: Lost) -> Iterator[Fault]:
    return check_cases(plan.cases)


def _check_case_types(plan: PlanData, lost: Lost) -> Iterator[Fault]:
    yield from check_case_types(plan.case_types, plan.calendars, lost)
    yield from check_may_promise(plan.roles)
    yield from check_progress(plan.case_types, plan.notices, plan.templates, lost)


def _check_teams(plan: PlanData, lost: Lost) -> Iterator[Fault]:
    return check_teams(plan.teams, lost)


def _check_deliveries(plan: PlanData, lost: Lost) -> Iterator[Fault]:
    if plan.deliveries.attempts < 1:
        yield Fault("deliveries.attempts", "must be at least 1")
    if plan.deliveries.down_after is not None and plan.deliveries.down_after < 1:
        yield Fault("deliveries.down_after", "must be at least 1")
    for field in ("first_retry", "longest_retry", "permit", "expires_after", "try_after"):
        if microseconds(getattr(plan.deliveries, field)) <= 0:
            yield Fault(f"deliveries.{field}", "must be longer than nothing")


def _check_callbacks(plan: PlanData, lost: Lost) -> Iterator[Fault]:
    if plan.callbacks.attempts < 1:
        yield Fault("callbacks.attempts", "must be at least 1")
    if microseconds(plan.callbacks.retry_after) <= 0:
        yield Fault("callbacks.retry_after", "must be longer than nothing")
    if not timedelta() < plan.callbacks.ahead <= _FURTHEST_AHEAD:
        yield Fault("callbacks.ahead", "must be longer than nothing and at most 30d")
    if plan.callbacks.first not in ("agent", "customer"):
        yield Fault("callbacks.first", "must be agent or customer")
    if not 1 <= plan.callbacks.at_once <= _MOST_DIALLED:
        yield Fault("callbacks.at_once", f"must be from 1 to {_MOST_DIALLED}")
    if plan.callbacks.dial_ahead < timedelta():
        yield Fault("callbacks.dial_ahead", "must not be negative")
    if plan.callbacks.answer_within <= timedelta():
        yield Fault("callbacks.answer_within", "must be longer than nothing")


def _check_fields(plan: PlanData, lost: Lost) -> Iterator[Fault]:
    for target in ("customer", "case", "interaction"):
        for name, kind in getattr(plan.fields, target).items():
            if kind not in FIELD_TYPES:
                yield Fault(f"fields.{target}.{name}", f"{kind!r} is none of {', '.join(FIELD_TYPES)}")


def _check_notices(plan: PlanData, lost: Lost) -> Iterator[Fault]:
    return check_notices(plan.notices, Reachable(plan.channels, plan.identity.purposes, plan.templates, lost))


def _check_findings(plan: PlanData, lost: Lost) -> Iterator[Fault]:
    return check_findings(plan.findings, plan.teams, lost)


def _check_people(plan: PlanData, lost: Lost) -> Iterator[Fault]:
    yield from check_participants(plan.participants)
    fields = plan.fields
    all_known = {*plan.commitments.attributes, *fields.customer, *fields.case, *fields.interaction}
    known = None if lost.touches("fields") or lost.touches("commitments") else all_known
    for name, role in plan.roles.items():
        yield from check_sight(f"roles.{name}", role.sees, known)


def _check_brands(plan: PlanData, lost: Lost) -> Iterator[Fault]:
    yield from check_brands(plan.brands)
    for name, brand in plan.brands.items():
        for channel in brand.accounts:
            if _is_missing(channel, "channels", plan.channels, lost):
                yield Fault(f"brands.{name}.accounts.{channel}", _missing("channel", channel, plan.channels))
        for index, team in enumerate(brand.teams):
            if _is_missing(team, "teams", plan.teams, lost) and not lost.has("brands", name, "teams", index):
                yield Fault(f"brands.{name}.teams[{index}]", _missing("team", team, plan.teams))


def _check_commitments(plan: PlanData, lost: Lost) -> Iterator[Fault]:
    yield from check_commitments(plan.commitments, plan.channels, lost)
    for name, role in plan.roles.items():
        yield from check_may_commit(f"roles.{name}", role, plan.commitments, lost)


def _is_missing(name: str, section: str, known: Mapping[str, object], lost: Lost) -> bool:
    """Whether a name is of nothing in a section, as far as the section was understood."""
    return name not in known and not lost.has(section, name)


def _missing(what: str, name: str, known: Mapping[str, object]) -> str:
    return f"no {what} {name!r}; there are: {', '.join(sorted(known)) or 'none'}"


def _check_routing(plan: PlanData, lost: Lost) -> Iterator[Fault]:
    return check_routing(Known(plan.queues, plan.teams, plan.skills, plan.agents, lost))


def _check_pace(plan: PlanData, lost: Lost) -> Iterator[Fault]:
    return check_pace(plan.presence)


def _check_identity(plan: PlanData, lost: Lost) -> Iterator[Fault]:
    yield from check_identity(plan.identity)
    if lost.touches("identity"):
        return
    for name, channel in plan.channels.items():
        if channel.most_verified is not None and channel.most_verified not in plan.identity.levels:
            yield Fault(f"channels.{name}.most_verified", f"must be one of {', '.join(plan.identity.levels)}")


def _check_privacy(plan: PlanData, lost: Lost) -> Iterator[Fault]:
    return check_privacy(plan.privacy)


def _check_rates(plan: PlanData, lost: Lost) -> Iterator[Fault]:
    for name, channel in plan.channels.items():
        rates = {f"channels.{name}.accounts.{key}.rate": account.rate for key, account in channel.accounts.items()}
        for path, rate in {f"channels.{name}.rate": channel.rate, **rates}.items():
            if rate is not None:
                yield from check_rate(path, rate)


def _check_quiet_hours(plan: PlanData, lost: Lost) -> Iterator[Fault]:
    channels = None if lost.touches("channels") else plan.channels
    return check_quiet_hours(plan.quiet_hours, plan.workspace.zone, channels)


def _check_templates(plan: PlanData, lost: Lost) -> Iterator[Fault]:
    yield from check_languages(plan.languages, plan.workspace.language)
    if not lost.touches("templates"):
        channels = None if lost.touches("channels") else plan.channels
        yield from check_templates(plan.templates, plan.workspace.language, channels)


def _check_engagements(plan: PlanData, lost: Lost) -> Iterator[Fault]:
    yield from check_engagements(plan.engagements)
    for there, others in plan.engagements.pairs.items():
        for path, channel in ((there, there), *((f"{there}.{comes}", comes) for comes in others)):
            if _is_missing(channel, "channels", plan.channels, lost):
                yield Fault(f"engagements.pairs.{path}", _missing("channel", channel, plan.channels))


def _check_costs(plan: PlanData, lost: Lost) -> Iterator[Fault]:
    kinds = {*plan.identity.unique, *plan.identity.limits}
    beside = Beside(plan.channels, plan.queues, plan.workspace.default_queue, plan.identity.purposes, kinds)
    return check_costs(plan.costs, beside, lost)


def _check_actions(plan: PlanData, lost: Lost) -> Iterator[Fault]:
    return check_actions(plan.actions)


def _check_rules(plan: PlanData, lost: Lost) -> Iterator[Fault]:
    return check_rules(plan.rules, Named(plan.queues, plan.teams, plan.channels, plan.agents, plan.fields, lost))


def _check_clocks(plan: PlanData, lost: Lost) -> Iterator[Fault]:
    return check_clocks(plan.clocks, Around(plan.calendars, plan.fields, lost))


_CHECKS = (
    _check_workspace,
    _check_queues,
    _check_teams,
    _check_labels,
    _check_routing,
    check_use,
    _check_channels,
    _check_agents,
    _check_menus,
    _check_words,
    _check_pace,
    _check_calendars,
    _check_cases,
    _check_case_types,
    _check_identity,
    _check_privacy,
    _check_engagements,
    _check_deliveries,
    _check_callbacks,
    _check_fields,
    _check_notices,
    _check_findings,
    _check_commitments,
    _check_costs,
    _check_actions,
    _check_rules,
    _check_clocks,
    _check_people,
    _check_brands,
    _check_quiet_hours,
    _check_rates,
    _check_templates,
)
