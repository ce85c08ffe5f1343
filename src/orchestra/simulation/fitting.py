"""A scenario from a journal: arrivals by weekday and hour, service, wrap-up, patience, and who works when.

Belongs here: what came when, who was there, and putting all of it together. Does not: reading journals (`observing`),
and which law describes durations (`durations`).
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

import attrs

from orchestra.errors import DefinitionError, Fault
from orchestra.journal.port import Journal
from orchestra.model.instants import instant, instant_text, since_epoch_us
from orchestra.model.plan import Plan
from orchestra.model.rule_faults import rule_faults
from orchestra.model.structure import unstructure
from orchestra.simulation.checks import DAYS, EVER_GIVEN, asked_by_rules, refused_to
from orchestra.simulation.durations import Fit, fit_patience, fit_service
from orchestra.simulation.goodness import Goodness, goodness
from orchestra.simulation.laws import Law
from orchestra.simulation.observing import Kind, Observed, Profile, Seen
from orchestra.simulation.scenario import Scenario, zone_of
from orchestra.simulation.toml_text import toml_text

__all__ = ["Fitted", "fit_scenario", "hourly_rates", "time_in_slots"]

_HOUR_US = 3_600_000_000
_DAY_US = 24 * _HOUR_US
_SLOTS = 168
_GUESS = Law("exponential", mean_s=300.0)
_GUESSED_DISPOSITION = "done"
_LENGTH = "28d"


@attrs.frozen
class Fitted:
    """A scenario as a journal shows it.

    Attributes:
        data: the scenario as plain data.
        fits: dotted path in the scenario -> the fit that stands there.
        remarks: dotted path -> what is doubtful.
        left_out: dotted path of what is not in the scenario, as it would contradict the last plan -> why.
    """

    data: Mapping[str, Any]
    fits: Mapping[str, Fit]
    remarks: Mapping[str, str]
    left_out: Mapping[str, str] = attrs.field(factory=dict)

    def to_toml(self) -> str:
        """The scenario file, with how well each law fits beside it, and above all what is left out."""
        left_out = [f"{path}: {why}" for path, why in self.left_out.items()]
        beside = {path: fit.remark() for path, fit in self.fits.items()} | dict(self.remarks)
        return toml_text(self.data, beside, left_out)

    def scenario(self) -> Scenario:
        """The scenario.

        Raises:
            DefinitionError: what the journal shows makes none.
        """
        return Scenario.parse(self.to_toml())


def fit_scenario(journal: Journal, on_record: Callable[[int], None] | None = None) -> Fitted:
    """Fit a scenario to all that a journal holds.

    Hours and days are those of the workspace's zone. A simulated week has 168 hours, whatever the clocks do in it.

    Args:
        journal: what to read.
        on_record: told a position now and then.

    Raises:
        DefinitionError: no plan was ever in force, nobody ever came, or only where the last plan knows nothing of.
        JournalCorrupt: a record is damaged.
    """
    observed = Observed.of(journal, on_record)
    if observed.plan is None or not observed.kinds:
        raise DefinitionError([Fault("", "the journal shows no customers who came: nothing can be fitted")])
    begin_us = min(seen.came()[0] for seen in observed.kinds.values())
    zone = zone_of(observed.plan)
    fits: dict[str, Fit] = {}
    remarks: dict[str, str] = {}
    left_out: dict[str, str] = {}
    plan = _askable(observed.plan, left_out)
    asked = {(rule, action.channel) for rule, action in asked_by_rules(plan)}
    classes = {}
    for name, kind in _named(observed.kinds):
        path, seen, gone = f"classes.{name}", observed.kinds[kind], _gone(plan, kind)
        if gone is not None:
            left_out[path] = f"left out, as the last plan has no {gone} ({len(seen.came())} came)"
            continue
        came = seen.came({rule for rule, channel in asked if channel == kind[0]})
        laws = _class_fits(path, seen, came, (begin_us, observed.last_us), zone, fits, remarks)
        classes[name] = _class(kind, _allowed(plan, kind, path, seen, laws, remarks))
    if not classes:
        raise DefinitionError([Fault(path, why) for path, why in left_out.items()])
    classes |= _never_seen(plan, {one["channel"] for one in classes.values()}, remarks)
    data = {
        "start": instant_text(_monday_us(begin_us, zone)),
        "run": {"length": _LENGTH, "batches": 4},
        "classes": classes,
        "groups": _groups(observed, begin_us, zone, remarks, left_out),
        "plan": _spelled(unstructure(plan)),
    }
    return Fitted(data, fits, remarks, left_out)


def _askable(plan: Plan, left_out: dict[str, str]) -> Plan:
    """A plan without the rules that ask predicates, which no simulation has."""
    asking = {fault.path.partition(".")[0]: fault for fault in rule_faults(plan, {}) if fault.is_error}
    for path, fault in asking.items():
        left_out[f"plan.{path}"] = f"left out, as simulations ask no predicates ({fault.message})"
    return attrs.evolve(plan, rules=[rule for n, rule in enumerate(plan.rules) if f"rules[{n}]" not in asking])


def _spelled(data: Any) -> Any:
    """Only durations have a None that is not their default, and in a file that is `never`."""
    if isinstance(data, Mapping):
        return {key: _spelled(value) for key, value in data.items()}
    return "never" if data is None else data


def _named(kinds: Mapping[Kind, Seen]) -> Iterator[tuple[str, Kind]]:
    """A name for each: channel and queue, and a number where skills differ."""
    taken: dict[str, int] = {}
    for kind in sorted(kinds):
        name = f"{kind[0]}-{kind[1]}"
        taken[name] = taken.get(name, 0) + 1
        yield (name if taken[name] == 1 else f"{name}-{taken[name]}"), kind


def _class(kind: Kind, laws: Mapping[str, Any]) -> dict[str, Any]:
    channel, queue, skills = kind
    return {"channel": channel, "queue": queue, **laws} | ({"skills": dict(skills)} if skills else {})


def _gone(plan: Plan, kind: Kind) -> str | None:
    """What customers of a kind came to or asked for that a plan has no longer."""
    channel, queue, skills = kind
    known = (
        ("channel", plan.channels, [channel]),
        ("queue", plan.queues, [queue]),
        ("skill", plan.skills, dict(skills)),
    )
    return next((f"{what} {name!r}" for what, names, asked in known for name in asked if name not in names), None)


def _allowed(
    plan: Plan, kind: Kind, path: str, seen: Seen, laws: dict[str, Any], remarks: dict[str, str]
) -> dict[str, Any]:
    """The laws of a class as its channel allows them, and the disposition that it requires, or that most were given."""
    channel = plan.channels[kind[0]]
    if "wrap_up" in laws and not channel.wrap_up and channel.wrap_up_mode in ("timed", "fixed"):
        remarks[f"{path}.service"] = "wrap-up is left out, as the last plan has none on this channel"
        del laws["wrap_up"]
    known = plan.cases.dispositions
    given = {name: count for name, count in seen.dispositions.items() if not known or name in known}
    if channel.wrap_up_mode != "required" and 2 * max(given.values(), default=0) <= len(seen.services):
        return laws
    if not given:
        remarks[f"{path}.disposition"] = "no disposition was seen that may be given: this is a guess"
        given = dict.fromkeys(known, 0) or {_GUESSED_DISPOSITION: 0}
    return laws | {"disposition": min(given, key=lambda name: (-given[name], name))}


def _never_seen(plan: Plan, seen: Container[str], remarks: dict[str, str]) -> dict[str, Any]:
    """A class for each channel on which rules ask for work, and where none of it was seen."""
    classes: dict[str, Any] = {}
    for rule, action in asked_by_rules(plan):
        channel = action.channel
        assert channel is not None  # the plan is sound
        if channel in seen or channel in classes:
            continue
        path, laws = f"classes.{channel}", {"service": unstructure(_GUESS)}
        kind = channel, action.queue or plan.queue_of(channel, ""), ()
        remarks[f"{path}.service"] = f"what rule {rule!r} asks for was never seen: this is a guess"
        classes[channel] = _class(kind, _allowed(plan, kind, path, Seen(), laws, remarks))
    return classes


def _class_fits(
    path: str,
    seen: Seen,
    came: Sequence[int],
    stretch: tuple[int, int],
    zone: tzinfo,
    fits: dict[str, Fit],
    remarks: dict[str, str],
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if came:
        rates = [round(rate, 4) for rate in hourly_rates(came, *stretch, zone)]
        found["arrivals"] = law = {"law": "varying", "cycle": "7d", "rates": rates}
        fits[f"{path}.arrivals"] = Fit(law, len(came), 0, _within_hours(came, zone))
    else:
        remarks[f"{path}.channel"] = "rules of the plan ask for all of it"
    service = fit_service(seen.services)
    if service is None:
        remarks[f"{path}.service"] = "nobody was seen to be served: this is a guess"
        found["service"] = unstructure(_GUESS)
    for name, fit in (
        ("service", service),
        ("patience", fit_patience(seen.waits, seen.cut_waits)),
        ("wrap_up", fit_service(seen.wrap_ups)),
    ):
        if fit is not None:
            fits[f"{path}.{name}"] = fit
            found[name] = dict(fit.law)
    return found


# Arrivals


def hourly_rates(arrivals: Sequence[int], begin_us: int, end_us: int, zone: tzinfo = UTC) -> list[float]:
    """Arrivals an hour in each hour of the week, from Monday 0:00 on; 0 where no such hour was seen.

    Args:
        arrivals: instants, microseconds UTC.
        begin_us: from when on arrivals were seen.
        end_us: until when.
        zone: by whose clock on the wall hours and days are counted.
    """
    counts = [0] * _SLOTS
    for at_us in arrivals:
        counts[_slot(_wall_us(at_us, zone))] += 1
    seen_us = time_in_slots([(begin_us, max(end_us, begin_us + 1))], zone)
    return [count * _HOUR_US / span if span else 0.0 for count, span in zip(counts, seen_us, strict=True)]


def _monday_us(at_us: int, zone: tzinfo) -> int:
    """The Monday 0:00 before an instant, by the clock on the wall."""
    day = instant(at_us).astimezone(zone)
    monday = datetime(day.year, day.month, day.day, tzinfo=zone) - timedelta(days=day.weekday())
    return since_epoch_us(monday)


def _wall_us(at_us: int, zone: tzinfo) -> int:
    """What the clock on the wall shows, as if it were UTC."""
    shown = instant(at_us).astimezone(zone)
    return since_epoch_us(shown.replace(tzinfo=UTC))


def _slot(wall_us: int) -> int:
    return instant(wall_us).weekday() * 24 + wall_us // _HOUR_US % 24


def time_in_slots(stretches: Sequence[tuple[int, int]], zone: tzinfo = UTC) -> list[int]:
    """Microseconds of stretches of time in each hour of the week, by the clock on the wall."""
    spans = [0] * _SLOTS
    for begin_us, end_us in stretches:
        at_us = begin_us
        while at_us < end_us:
            wall_us = _wall_us(at_us, zone)
            next_us = min(end_us, at_us + _HOUR_US - wall_us % _HOUR_US)
            spans[_slot(wall_us)] += next_us - at_us
            at_us = next_us
    return spans


def _within_hours(arrivals: Sequence[int], zone: tzinfo) -> Goodness:
    """Where in their hours they came: evenly, if they come independently at a rate that is constant for an hour."""
    shares = [_wall_us(at_us, zone) % _HOUR_US / _HOUR_US for at_us in arrivals]
    return goodness(shares, lambda share: share)


# Agents


def _groups(
    observed: Observed, begin_us: int, zone: tzinfo, remarks: dict[str, str], left_out: dict[str, str]
) -> dict[str, Any]:
    assert observed.plan is not None  # or nobody has come
    groups = {}
    for number, (profile, known) in enumerate(observed.groups(), 1):
        name = f"group-{number}"
        agents = [agent for agent in known if _may_work(observed.plan, agent)]
        if len(agents) < len(known):
            gone = ", ".join(agent for agent in known if agent not in agents)
            left_out[f"groups.{name}"] = f"left out, as no role that the last plan gives them lets them work: {gone}"
        if agents:
            groups[name] = _group(observed, profile, agents, begin_us, zone)
        if agents and not observed.stays:
            remarks[f"groups.{name}"] = "nobody was seen to sign in: all of them are always there"
    if not groups:
        remarks["groups.group-1"] = "no agents were seen: this is a guess"
        groups["group-1"] = {"agents": 1, "teams": sorted(observed.plan.teams)}
    return groups


def _may_work(plan: Plan, agent: str) -> bool:
    """Whether the roles that a plan gives an agent let them do what simulated agents do."""
    return agent not in plan.agents or not refused_to(plan, plan.agents[agent].roles, EVER_GIVEN)


def _group(observed: Observed, profile: Profile, agents: Sequence[str], begin_us: int, zone: tzinfo) -> dict[str, Any]:
    assert observed.plan is not None
    plan = observed.plan
    teams, known, capacity_percent = profile
    skills = {skill: level for skill, level in known if skill in plan.skills}
    members = [agent for agent in agents if agent in plan.agents]
    group: dict[str, Any] = {"members": members} if members else {}
    group |= {"agents": len(agents) - len(members)} if len(members) < len(agents) else {}
    group |= {"teams": list(teams)}  # also beside members: whoever is added to them is like them
    group |= {"skills": skills} if skills else {}
    group |= {"capacity_percent": capacity_percent} if capacity_percent != 100 else {}
    stays = [stay for agent in agents for stay in observed.stays.get(agent, ())]
    shifts = _shifts(stays, min(begin_us, observed.first_us), observed.last_us, len(agents), zone)
    return group | ({"shifts": shifts} if shifts else {})


def _shifts(
    stays: Sequence[tuple[int, int]], begin_us: int, end_us: int, most: int, zone: tzinfo
) -> list[dict[str, Any]]:
    """How many were there on average in each hour of the week, as shifts; days that are alike together."""
    there, seen = time_in_slots(stays, zone), time_in_slots([(begin_us, end_us)], zone)
    levels = [min(most, round(span / whole)) if whole else 0 for span, whole in zip(there, seen, strict=True)]
    days: dict[tuple[tuple[int, int, int], ...], list[str]] = {}
    for place, day in enumerate(DAYS):
        days.setdefault(tuple(_stretches(levels[24 * place : 24 * place + 24])), []).append(day)
    return [
        {"begins": f"{begin}h", "lasts": f"{hours}h", "days": names, "agents": level}
        for stretches, names in days.items()
        for begin, hours, level in stretches
    ]


def _stretches(levels: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """(hour, hours, level) of the stretches of a day at which anybody is there."""
    begin = 0
    for hour in range(1, len(levels) + 1):
        if hour == len(levels) or levels[hour] != levels[begin]:
            if levels[begin]:
                yield begin, hour - begin, levels[begin]
            begin = hour
