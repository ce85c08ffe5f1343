"""What is wrong or doubtful in a scenario, each with its path.

Belongs here: checks of whole scenarios against their plan. Does not: checks of one law (`laws`, `arrivals`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from math import isfinite
from typing import Protocol

import attrs

from orchestra.errors import Fault
from orchestra.model.plan import Plan
from orchestra.model.rules import Action
from orchestra.model.structure import microseconds
from orchestra.simulation.schema import CustomerClass, Group, Reporting, Retry, Run, Shift
from orchestra.simulation.serving import Paths, Profile

__all__ = ["DAYS", "EVER_GIVEN", "asked_by_rules", "faults_of", "refused_to"]

_ALWAYS_GIVEN = ("SignIn", "AcceptOffer", "FinishInteraction")
"""Names of the commands that all simulated agents give."""
_AT_SHIFTS = ("SetAway", "SetAvailable", "SignOut")
EVER_GIVEN = (*_ALWAYS_GIVEN, "ConfirmConnected", "FinishWrapUp", "DeclineOffer", *_AT_SHIFTS)
"""Names of the commands that any simulated agent gives."""

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""Days of the week as shifts name them."""


class _Described(Protocol):
    """What is checked: a scenario."""

    @property
    def plan(self) -> Plan: ...
    @property
    def classes(self) -> Mapping[str, CustomerClass]: ...
    @property
    def groups(self) -> Mapping[str, Group]: ...
    @property
    def run(self) -> Run: ...
    @property
    def results(self) -> Reporting: ...
    @property
    def lines(self) -> int | None: ...
    @property
    def start(self) -> str: ...


def faults_of(scenario: _Described) -> list[Fault]:
    """All faults of a scenario and of its plan, in no order."""
    found = [attrs.evolve(fault, path=f"plan.{fault.path}".rstrip(".")) for fault in scenario.plan.faults()]
    # A plan of a scenario needs no secret, and its queues are served by the groups.
    found = [fault for fault in found if fault.is_error]
    return [*found, *(fault for check in _CHECKS for fault in check(scenario))]


def _check_classes(scenario: _Described) -> Iterator[Fault]:
    if not scenario.classes:
        yield Fault("classes", "at least one is needed, as [classes.calls] with channel = ... and service = ...")
    asked = {action.channel: rule for rule, action in asked_by_rules(scenario.plan) if action.channel is not None}
    for name, one in scenario.classes.items():
        path = f"classes.{name}"
        yield from _class_names(scenario.plan, one, path)
        yield from one.service.faults(f"{path}.service", is_service=True)
        for field in ("arrivals", "patience", "wrap_up"):
            law = getattr(one, field)
            if law is not None:
                yield from law.faults(f"{path}.{field}")
        if one.retry is not None:
            yield from _retry_faults(one.retry, f"{path}.retry")
        if one.backlog < 0:
            yield Fault(f"{path}.backlog", "must not be negative")
        if one.arrivals is None and not one.backlog and one.channel not in asked:
            yield Fault(path, "nobody comes: give arrivals, a backlog, or both")
    described = {one.channel for one in scenario.classes.values()}
    for channel, rule in asked.items():
        if channel not in described:
            need = f"[classes.{channel}] with channel = {channel!r} and service = ..."
            yield Fault(
                "classes", f"rule {rule!r} asks for work on channel {channel!r}: say how long it takes, as {need}"
            )


def asked_by_rules(plan: Plan) -> Iterator[tuple[str, Action]]:
    """Rules of a plan that ask for work, each with how."""
    for rule in plan.rules:
        yield from ((rule.name, action) for action in rule.do if action.do == "open_work_item")


def _class_names(plan: Plan, one: CustomerClass, path: str) -> Iterator[Fault]:
    channel = plan.channels.get(one.channel)
    if channel is None:
        yield Fault(f"{path}.channel", _missing("channel", one.channel, plan.channels))
    elif one.wrap_up is not None and not channel.wrap_up and channel.wrap_up_mode in ("timed", "fixed"):
        yield Fault(f"{path}.wrap_up", f"channel {one.channel!r} of the plan has none: state the longest there")
    if one.queue is not None and one.queue not in plan.queues:
        yield Fault(f"{path}.queue", _missing("queue", one.queue, plan.queues))
    if not one.account:
        yield Fault(f"{path}.account", "must not be empty")
    if channel is not None and channel.work:
        yield from _work_faults(one, path)
    if channel is not None and channel.wrap_up_mode == "required" and one.disposition is None:
        yield Fault(f"{path}.disposition", f"channel {one.channel!r} of the plan requires one to end wrap-up")
    known = plan.cases.dispositions
    if one.disposition is not None and known and one.disposition not in known:
        yield Fault(f"{path}.disposition", _missing("disposition", one.disposition, known))
    yield from _skill_faults(plan, one.skills, f"{path}.skills")


def _work_faults(one: CustomerClass, path: str) -> Iterator[Fault]:
    if one.patience is not None:
        yield Fault(
            f"{path}.patience", f"work items do not leave, and channel {one.channel!r} is for them: leave it out"
        )
    if one.account != "main":
        yield Fault(f"{path}.account", f"work items come over no account, and channel {one.channel!r} is for them")


def _retry_faults(retry: Retry, path: str) -> Iterator[Fault]:
    yield from retry.after.faults(f"{path}.after")
    if not 0 < retry.percent <= 100:
        yield Fault(f"{path}.percent", "must be more than 0 and at most 100")
    for place, what in enumerate(retry.of):
        if what not in ("blocked", "abandoned"):
            yield Fault(f"{path}.of[{place}]", f"{what!r} is none of blocked, abandoned")
    if retry.most is not None and retry.most < 1:
        yield Fault(f"{path}.most", "must be at least 1, or left out for no limit")


def _skill_faults(plan: Plan, skills: Mapping[str, int], path: str) -> Iterator[Fault]:
    for skill, level in skills.items():
        if skill not in plan.skills:
            yield Fault(f"{path}.{skill}", _missing("skill", skill, plan.skills))
        if not 1 <= level <= 100:
            yield Fault(f"{path}.{skill}", "level must be from 1 to 100")


def _check_groups(scenario: _Described) -> Iterator[Fault]:
    if not scenario.groups:
        yield Fault("groups", "at least one is needed, as [groups.desk] with agents = ... and teams = ...")
    taken: dict[str, str] = {}
    for name, group in scenario.groups.items():
        path = f"groups.{name}"
        yield from _member_faults(scenario.plan, group, path, taken)
        yield from _profile_faults(scenario.plan, group, path)
        yield from _role_faults(scenario, group, path)
        for kind, law in group.service.items():
            if kind not in scenario.classes:
                yield Fault(f"{path}.service.{kind}", _missing("class", kind, scenario.classes))
            elif law.means_at_us() or scenario.classes[kind].service.means_at_us():
                yield Fault(f"{path}.service.{kind}", "a law by concurrency holds for all groups: use speed here")
            yield from law.faults(f"{path}.service.{kind}")
        if group.ring is not None:
            yield from group.ring.faults(f"{path}.ring")
        for place, shift in enumerate(group.shifts):
            yield from _shift_faults(shift, group, f"{path}.shifts[{place}]")


def _member_faults(plan: Plan, group: Group, path: str, taken: dict[str, str]) -> Iterator[Fault]:
    if group.agents < 0:
        yield Fault(f"{path}.agents", "must not be negative")
    elif not group.size:
        yield Fault(path, "nobody is in it: give agents, members, or both")
    for place, member in enumerate(group.members):
        if member not in plan.agents:
            yield Fault(f"{path}.members[{place}]", _missing("agent", member, plan.agents))
        elif member in taken:
            yield Fault(f"{path}.members[{place}]", f"{member!r} is in group {taken[member]!r} already")
        taken[member] = path.removeprefix("groups.")
    if group.agents > 0 and not group.teams:
        yield Fault(f"{path}.teams", "its agents need at least one team")


def _profile_faults(plan: Plan, group: Group, path: str) -> Iterator[Fault]:
    for field, names, known in (("teams", group.teams, plan.teams), ("roles", group.roles, plan.roles)):
        for place, name in enumerate(names):
            if name not in known:
                yield Fault(f"{path}.{field}[{place}]", _missing(field[:-1], name, known))
    yield from _skill_faults(plan, group.skills, f"{path}.skills")
    if not 1 <= group.capacity_percent <= 10_000:
        yield Fault(f"{path}.capacity_percent", "must be from 1 to 10000")
    if not (isfinite(group.speed) and group.speed > 0):
        yield Fault(f"{path}.speed", "must be more than zero")
    if not 0 <= group.decline_percent <= 100:
        yield Fault(f"{path}.decline_percent", "must be from 0 to 100")
    if microseconds(group.back_after) <= 0:
        yield Fault(f"{path}.back_after", "must be longer than nothing")
    if group.at_shift_end not in ("finish", "drop"):
        yield Fault(f"{path}.at_shift_end", "must be finish or drop")


def _role_faults(scenario: _Described, group: Group, path: str) -> Iterator[Fault]:
    """Agents whose roles do not let them give the commands that simulated agents give."""
    given = list(dict.fromkeys(_commands(scenario, group)))
    agents = scenario.plan.agents
    holders = [
        (f"{path}.members[{place}]", agents[name].roles) for place, name in enumerate(group.members) if name in agents
    ]
    for where, roles in ((f"{path}.roles", group.roles), *holders):
        refused = refused_to(scenario.plan, roles, given)
        if refused:
            yield Fault(where, f"none of the roles {', '.join(roles)} allows {', '.join(refused)}")


def refused_to(plan: Plan, roles: Sequence[str], given: Sequence[str]) -> list[str]:
    """Which of these commands agents with such roles may not give; without a role they may give all of them."""
    may = {name for role in roles if role in plan.roles for name in plan.roles[role].may}
    return [] if not roles or "*" in may else [name for name in given if name not in may]


def _commands(scenario: _Described, group: Group) -> Iterator[str]:
    """Names of the commands that simulated agents of a group give."""
    plan = scenario.plan
    channels = [plan.channels[one.channel] for one in scenario.classes.values() if one.channel in plan.channels]
    yield from _ALWAYS_GIVEN
    if any(channel.connects is not None for channel in channels):
        yield "ConfirmConnected"
    modes = {channel.wrap_up_mode for channel in channels if channel.wrap_up or channel.wrap_up_mode != "timed"}
    if modes - {"fixed"}:
        yield "FinishWrapUp"
    if group.decline_percent:
        yield "DeclineOffer"
    if group.shifts:
        yield from _AT_SHIFTS
    elif plan.presence.misses:
        yield "SetAvailable"


def _shift_faults(shift: Shift, group: Group, path: str) -> Iterator[Fault]:
    if not timedelta() <= shift.begins < timedelta(days=1):
        yield Fault(f"{path}.begins", "must be a time since midnight, less than 1d")
    if not timedelta() < shift.lasts <= timedelta(days=7):
        yield Fault(f"{path}.lasts", "must be longer than nothing, and at most 7d")
    for place, day in enumerate(shift.days):
        if day not in DAYS:
            yield Fault(f"{path}.days[{place}]", f"{day!r} is none of {', '.join(DAYS)}")
    if shift.agents is not None and not 1 <= shift.agents <= group.size:
        yield Fault(f"{path}.agents", f"must be from 1 to {group.size}, which is all of them")


def _check_run(scenario: _Described) -> Iterator[Fault]:
    run = scenario.run
    if run.length is not None and run.contacts is not None:
        yield Fault("run.contacts", "give length or contacts, not both")
    if run.length is not None and run.length <= run.warm_up:
        yield Fault("run.length", "must be longer than the warm-up")
    if run.contacts is not None and run.contacts <= run.warm_up_contacts:
        yield Fault("run.contacts", "must be more than those of the warm-up")
    if run.batches < 1:
        yield Fault("run.batches", "must be at least 1")
    elif run.contacts is not None and run.contacts - run.warm_up_contacts < run.batches:
        yield Fault("run.batches", "must not be more than the contacts that are counted")
    if run.warm_up and run.length is None:
        yield Fault("run.warm_up", "needs run.length; with run.contacts use warm_up_contacts")
    if run.warm_up_contacts and run.contacts is None:
        yield Fault("run.warm_up_contacts", "needs run.contacts; with run.length use warm_up")
    if run.length is None:
        yield from _check_end(scenario)


def _check_end(scenario: _Described) -> Iterator[Fault]:
    """A run without a length must come to an end by itself."""
    arrivals = [one.arrivals for one in scenario.classes.values() if one.arrivals is not None]
    is_endless = any(one.law != "recorded" or one.cycle is not None for one in arrivals)
    if scenario.run.contacts is None and is_endless:
        yield Fault("run", "customers come for ever: give length or contacts")
    elif scenario.run.contacts is not None and not is_endless:
        coming = sum(one.backlog for one in scenario.classes.values())
        coming += sum(len(one.at) or len(one.at_s) for one in arrivals)
        if coming < scenario.run.contacts:
            yield Fault("run.contacts", f"only {coming} will come")


def _check_results(scenario: _Described) -> Iterator[Fault]:
    results = scenario.results
    if not 0 < results.confidence_percent < 100:
        yield Fault("results.confidence_percent", "must be more than 0 and less than 100")
    for place, limit in enumerate(results.within):
        if limit < timedelta():
            yield Fault(f"results.within[{place}]", "must not be negative")
    for place, seconds in enumerate(results.within_s):
        if not (isfinite(seconds) and seconds >= 0):
            yield Fault(f"results.within_s[{place}]", "must be a number, and not negative")
    if results.at and results.cycle is None:
        yield Fault("results.cycle", "is required with results.at")
    if results.cycle is not None:
        if microseconds(results.cycle) <= 0:
            yield Fault("results.cycle", "must be longer than nothing")
        for place, at in enumerate(results.at):
            if not timedelta() <= at < results.cycle:
                yield Fault(f"results.at[{place}]", "must be within the cycle")


def _check_rest(scenario: _Described) -> Iterator[Fault]:
    if scenario.lines is not None and scenario.lines < 1:
        yield Fault("lines", "must be at least 1, or left out for no limit")
    try:
        datetime.fromisoformat(scenario.start)
    except ValueError:
        yield Fault("start", f"{scenario.start!r} is no instant: write 2026-01-05T00:00:00Z")


def _check_served(scenario: _Described) -> Iterator[Fault]:
    """Warn about classes that nobody is there to serve; who serves whom can only be told of a plan without errors."""
    plan = scenario.plan
    if any(fault.is_error for fault in plan.faults()):
        return
    profiles = [Profile(group.teams, group.skills) for group in scenario.groups.values() if group.agents > 0]
    members = [member for group in scenario.groups.values() for member in group.members]
    profiles += [Profile(plan.agents[name].teams, plan.agents[name].skills) for name in members if name in plan.agents]
    paths = Paths(plan)
    for name, one in scenario.classes.items():
        is_known = one.channel in plan.channels and (one.queue is None or one.queue in plan.queues)
        if is_known and not any(paths.can_serve(one, profile) for profile in profiles):
            yield Fault(f"classes.{name}", "no group has the team and skills to serve it", is_error=False)


def _missing(what: str, name: str, known: Mapping[str, object]) -> str:
    return f"no {what} {name!r}; there are: {', '.join(sorted(known)) or 'none'}"


_CHECKS: tuple[Callable[[_Described], Iterator[Fault]], ...] = (
    _check_classes,
    _check_groups,
    _check_run,
    _check_results,
    _check_rest,
    _check_served,
)
