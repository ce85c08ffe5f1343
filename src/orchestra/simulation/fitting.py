"""A scenario from a journal: arrivals by weekday and hour, service, wrap-up, patience, and who works when.

Belongs here: fitting laws to what was seen, with how well they fit. Does not: reading journals (`observing`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import exp, log
from statistics import fmean, pvariance
from typing import Any

import attrs

from orchestra.errors import DefinitionError, Fault
from orchestra.journal.port import Journal
from orchestra.model.instants import instant, instant_text
from orchestra.model.structure import unstructure
from orchestra.simulation.checks import DAYS
from orchestra.simulation.goodness import Goodness, censored_goodness, goodness, share_of
from orchestra.simulation.laws import Law
from orchestra.simulation.observing import Kind, Observed, Profile, Seen
from orchestra.simulation.scenario import Scenario
from orchestra.simulation.toml_text import toml_text

__all__ = ["Fit", "Fitted", "fit_patience", "fit_scenario", "fit_service", "hourly_rates"]

_HOUR_US = 3_600_000_000
_DAY_US = 24 * _HOUR_US
_SLOTS = 168
_EXACT = 1e-9
_GUESS = Law("exponential", mean_s=300.0)
_LENGTH = "28d"


@attrs.frozen
class Fit:
    """A law and how well it describes what was seen.

    Attributes:
        law: as a scenario has it.
        seen: durations whose end was seen; of arrivals, how many.
        cut_off: durations that were cut off: the patience of those who were answered.
        goodness: None where nothing can be tested.
    """

    law: Mapping[str, Any]
    seen: int
    cut_off: int = 0
    goodness: Goodness | None = None

    def remark(self) -> str:
        """The fit in a line."""
        cut = f", {self.cut_off} cut off" if self.cut_off else ""
        if self.goodness is None:
            return f"{self.seen} seen{cut}"
        return f"{self.seen} seen{cut}; KS {self.goodness.distance:.3f}, p {self.goodness.p_value:.3g}"


@attrs.frozen
class Fitted:
    """A scenario as a journal shows it.

    Attributes:
        data: the scenario as plain data.
        fits: dotted path in the scenario -> the fit that stands there.
        remarks: dotted path -> what is doubtful.
    """

    data: Mapping[str, Any]
    fits: Mapping[str, Fit]
    remarks: Mapping[str, str]

    def to_toml(self) -> str:
        """The scenario file, with how well each law fits beside it."""
        return toml_text(self.data, {path: fit.remark() for path, fit in self.fits.items()} | dict(self.remarks))

    def scenario(self) -> Scenario:
        """The scenario.

        Raises:
            DefinitionError: what the journal shows makes none.
        """
        return Scenario.parse(self.to_toml())


def fit_scenario(journal: Journal, on_record: Callable[[int], None] | None = None) -> Fitted:
    """Fit a scenario to all that a journal holds.

    Args:
        journal: what to read.
        on_record: told a position now and then.

    Raises:
        DefinitionError: no plan was ever in force, or nobody ever came.
        JournalCorrupt: a record is damaged.
    """
    observed = Observed.of(journal, on_record)
    if observed.plan is None or not observed.kinds:
        raise DefinitionError([Fault("", "the journal shows no customers who came: nothing can be fitted")])
    begin_us = min(min(seen.arrivals) for seen in observed.kinds.values())
    monday_us = begin_us - begin_us % _DAY_US - instant(begin_us).weekday() * _DAY_US
    fits: dict[str, Fit] = {}
    remarks: dict[str, str] = {}
    classes = {}
    for name, kind in _named(observed.kinds):
        seen = observed.kinds[kind]
        classes[name] = _class(kind, _class_fits(f"classes.{name}", seen, begin_us, observed.last_us, fits, remarks))
    data = {
        "start": instant_text(monday_us),
        "run": {"length": _LENGTH, "batches": 4},
        "classes": classes,
        "groups": _groups(observed, begin_us, remarks),
        "plan": _spelled(unstructure(observed.plan)),
    }
    return Fitted(data, fits, remarks)


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


def _class_fits(
    path: str, seen: Seen, begin_us: int, end_us: int, fits: dict[str, Fit], remarks: dict[str, str]
) -> dict[str, Any]:
    rates = hourly_rates(seen.arrivals, begin_us, end_us)
    law = {"law": "varying", "cycle": "7d", "rates": [round(rate, 4) for rate in rates]}
    fits[f"{path}.arrivals"] = Fit(law, len(seen.arrivals), 0, _within_hours(seen.arrivals))
    found: dict[str, Any] = {"arrivals": law}
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


def hourly_rates(arrivals: Sequence[int], begin_us: int, end_us: int) -> list[float]:
    """Arrivals an hour in each hour of the week, from Monday 0:00 UTC on; 0 where no such hour was seen.

    Args:
        arrivals: instants, microseconds UTC.
        begin_us: from when on arrivals were seen.
        end_us: until when.
    """
    counts = [0] * _SLOTS
    for at_us in arrivals:
        counts[_slot(at_us)] += 1
    seen_us = time_in_slots([(begin_us, max(end_us, begin_us + 1))])
    return [count * _HOUR_US / span if span else 0.0 for count, span in zip(counts, seen_us, strict=True)]


def _slot(at_us: int) -> int:
    return instant(at_us).weekday() * 24 + at_us // _HOUR_US % 24


def time_in_slots(stretches: Sequence[tuple[int, int]]) -> list[int]:
    """Microseconds of stretches of time in each hour of the week."""
    spans = [0] * _SLOTS
    for begin_us, end_us in stretches:
        at_us = begin_us
        while at_us < end_us:
            next_us = min(end_us, at_us - at_us % _HOUR_US + _HOUR_US)
            spans[_slot(at_us)] += next_us - at_us
            at_us = next_us
    return spans


def _within_hours(arrivals: Sequence[int]) -> Goodness:
    """Where in their hours they came: evenly, if they come independently at a rate that is constant for an hour."""
    return goodness([at_us % _HOUR_US / _HOUR_US for at_us in arrivals], lambda share: share)


# Durations


def fit_service(values: Sequence[int]) -> Fit | None:
    """The law that describes durations best, of exponential, lognormal and gamma; None of none.

    Args:
        values: microseconds.
    """
    if not values:
        return None
    mean_us = fmean(values)
    scv = pvariance(values) / mean_us**2 if mean_us else 0.0
    if scv < _EXACT:
        return Fit({"law": "deterministic", "mean_s": mean_us / 1e6}, len(values))
    laws = [Law("exponential", mean_s=mean_us / 1e6), Law("gamma", mean_s=mean_us / 1e6, scv=scv)]
    logs = [log(value) for value in values if value > 0]
    if len(logs) == len(values) and (spread := pvariance(logs)) > _EXACT:
        laws.append(Law("lognormal", mean_s=exp(fmean(logs) + spread / 2) / 1e6, scv=exp(spread) - 1))
    best = min(laws, key=lambda law: goodness(values, share_of(law)).distance)
    return Fit(_rounded(best), len(values), 0, goodness(values, share_of(best)))


def fit_patience(waits: Sequence[int], cut_waits: Sequence[int]) -> Fit | None:
    """Exponential patience by maximum likelihood; None if nobody left.

    Args:
        waits: of those who left, microseconds.
        cut_waits: of those who were answered first.

    Source: B. Epstein and M. Sobel, Life testing, Journal of the American Statistical Association 48 (1953): all time
    waited over the number of those who left.
    """
    if not waits:
        return None
    law = Law("exponential", mean_s=max(1e-6, (sum(waits) + sum(cut_waits)) / len(waits) / 1e6))
    share = share_of(law)
    found = censored_goodness(waits, cut_waits, lambda value: 1 - share(value))
    return Fit(_rounded(law), len(waits), len(cut_waits), found)


def _rounded(law: Law) -> dict[str, Any]:
    data: dict[str, Any] = unstructure(law)
    return {name: float(f"{value:.6g}") if isinstance(value, float) else value for name, value in data.items()}


# Agents


def _groups(observed: Observed, begin_us: int, remarks: dict[str, str]) -> dict[str, Any]:
    groups = {}
    for number, (profile, agents) in enumerate(observed.groups(), 1):
        name = f"group-{number}"
        groups[name] = _group(observed, profile, agents, begin_us)
        if not observed.stays:
            remarks[f"groups.{name}"] = "nobody was seen to sign in: all of them are always there"
    if not groups and observed.plan is not None:
        remarks["groups.group-1"] = "no agents were seen: this is a guess"
        groups["group-1"] = {"agents": 1, "teams": sorted(observed.plan.teams)}
    return groups


def _group(observed: Observed, profile: Profile, agents: Sequence[str], begin_us: int) -> dict[str, Any]:
    teams, skills, capacity_percent = profile
    named = observed.plan.agents if observed.plan is not None else {}
    members = [agent for agent in agents if agent in named]
    group: dict[str, Any] = {"members": members} if members else {}
    if len(members) < len(agents):
        group |= {"agents": len(agents) - len(members), "teams": list(teams)}
        group |= {"skills": dict(skills)} if skills else {}
        group |= {"capacity_percent": capacity_percent} if capacity_percent != 100 else {}
    stays = [stay for agent in agents for stay in observed.stays.get(agent, ())]
    shifts = _shifts(stays, min(begin_us, observed.first_us), observed.last_us, len(agents))
    return group | ({"shifts": shifts} if shifts else {})


def _shifts(stays: Sequence[tuple[int, int]], begin_us: int, end_us: int, most: int) -> list[dict[str, Any]]:
    """How many were there on average in each hour of the week, as shifts; days that are alike together."""
    there, seen = time_in_slots(stays), time_in_slots([(begin_us, end_us)])
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
