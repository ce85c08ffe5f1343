"""How many agents it takes: Erlang's formulas say where to begin, the engine says what is enough.

Belongs here: the search. Does not: formulas (`erlang`), runs (`run`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import attrs

from orchestra.errors import DefinitionError, Fault
from orchestra.model.scores import Scores
from orchestra.simulation.checks import asked_by_rules
from orchestra.simulation.erlang import least_agents, service_level, service_level_with_patience
from orchestra.simulation.results import Estimate, Results, SeedRun, interval
from orchestra.simulation.run import seeds_from, simulate
from orchestra.simulation.scenario import Scenario
from orchestra.simulation.schema import CustomerClass, Group, Shift
from orchestra.simulation.serving import Paths, Profile
from orchestra.simulation.student import student_share
from orchestra.simulation.tally import merged

__all__ = ["Staffing", "Target", "Trial", "ignored", "staff", "start_value"]

_FIRST_SEEDS = 4
_MOST_SEEDS = 32
_MOST_TRIALS = 400
_MOST_TIMES, _FEW = 10, 10
"""So many times the agents of Erlang's formulas, or of a few, are the most that are tried."""


@attrs.frozen
class Target:
    """What is to be met.

    Attributes:
        percent: of all customers who were answered or left, or who still wait at the end for longer than that, who must
            have been answered in time.
        within: the time.
        is_each_class: whether every class must meet it, not only all of them together.
    """

    percent: float
    within: timedelta
    is_each_class: bool = False


@attrs.frozen
class Trial:
    """A number of agents that was tried.

    Attributes:
        agents: group -> how many.
        level: the share answered in time, of all or of the class that does worst.
        meets: whether that reaches the target.
        confidence: how sure it is that `meets` says the truth, from 0.5 to 1.
        seeds: how many runs that took.
        results: all figures.
    """

    agents: Mapping[str, int]
    level: Estimate
    meets: bool
    confidence: float
    seeds: int
    results: Results = attrs.field(repr=False)

    def to_json(self) -> dict[str, Any]:
        """Plain data, without the other figures."""
        told = {"agents": dict(self.agents), "level": self.level.to_json(), "meets": self.meets}
        return told | {"confidence": self.confidence, "seeds": self.seeds}


@attrs.frozen
class Staffing:
    """The answer.

    Attributes:
        best: the least that meets the target: with one agent less in any group it is no longer met.
        start: group -> agents by Erlang's formulas, where the search began.
        trials: all that was tried, in order.
    """

    best: Trial
    start: Mapping[str, int]
    trials: Sequence[Trial]

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "agents": dict(self.best.agents),
            "best": self.best.to_json(),
            "erlang": dict(self.start),
            "trials": [trial.to_json() for trial in self.trials],
            "results": self.best.results.to_json(),
        }


def staff(
    scenario: Scenario,
    target: Target,
    *,
    seeds: int = _MOST_SEEDS,
    on_trial: Callable[[Trial], None] | None = None,
    processes: int | None = None,
    scores: Scores | None = None,
) -> Staffing:
    """Find the least agents per group that meet a target.

    Members of a group stay as they are; what is found are its own agents beside them. A group of members alone, without
    teams for any others, is left as it is. All of a group work in each of its shifts.

    Args:
        scenario: without errors; its numbers of agents, also those in shifts, do not matter.
        target: what is to be met.
        seeds: at most so many runs to decide on one number of agents. More are run while the target lies within the
            interval of what was found.
        on_trial: told what was tried, as it is tried.
        processes: at most so many runs side by side; None for one per core.
        scores: those that the scenario's plan names.

    Raises:
        DefinitionError: the scenario has errors, or no number of agents meets the target; or those whom it has do not,
            and none of its groups has teams.
    """
    scenario.require_sound()
    _require_target(target)
    groups = {
        name: attrs.evolve(group, shifts=tuple(map(_whole, group.shifts))) for name, group in scenario.groups.items()
    }
    results = attrs.evolve(scenario.results, within=(target.within,), within_s=())
    scenario = attrs.evolve(scenario, groups=groups, results=results)
    search = _Search(scenario, target, seeds, on_trial, processes, scores)
    start = start_value(scenario, target)
    if any(asked_by_rules(scenario.plan)):
        start = start_value(scenario, target, search.rates(start))
    best = search.least(start)
    return Staffing(best, start, search.trials)


def ignored(scenario: Scenario) -> list[Fault]:
    """What staffing takes no account of, as it is what is to be found: how many of a group work in a shift."""
    return [
        Fault(f"groups.{name}.shifts[{place}].agents", "ignored: how many work is what is to be found", is_error=False)
        for name, group in scenario.groups.items()
        for place, shift in enumerate(group.shifts)
        if shift.agents is not None
    ]


def _whole(shift: Shift) -> Shift:
    """A shift in which all of the group work."""
    return attrs.evolve(shift, agents=None)


def _require_target(target: Target) -> None:
    faults = []
    if not 0 < target.percent < 100:
        faults.append(Fault("service_level", "must be more than 0 and less than 100 percent"))
    if target.within < timedelta():
        faults.append(Fault("service_level", "the time must not be negative"))
    if faults:
        raise DefinitionError(faults)


# Where to begin


def start_value(
    scenario: Scenario, target: Target, rates: Mapping[str, float] = MappingProxyType({})
) -> dict[str, int]:
    """Agents per group by Erlang's formulas, each class's load shared evenly by the groups that can serve it.

    Args:
        scenario: without errors.
        target: what is to be met.
        rates: class -> customers a second, as seen in a run: rules of the plan may ask for more than comes by itself.
    """
    loads: dict[str, list[tuple[float, CustomerClass]]] = {name: [] for name in scenario.groups}
    paths = Paths(scenario.plan)
    for kind, one in scenario.classes.items():
        able = list(_able(scenario, paths, one)) or list(scenario.groups)
        peak = one.arrivals.peak_per_s if one.arrivals is not None else None
        rate = max(peak or 0.0, rates.get(kind, 0.0))
        for name in able:
            loads[name].append((rate / len(able), one))
    groups = scenario.groups
    return {name: _by_erlang(groups[name], parts, target) if groups[name].teams else 0 for name, parts in loads.items()}


def _able(scenario: Scenario, paths: Paths, one: CustomerClass) -> Iterator[str]:
    members = scenario.plan.agents
    for name, group in scenario.groups.items():
        profiles = [Profile(group.teams, group.skills)] if group.teams else []
        profiles += [Profile(members[member].teams, members[member].skills) for member in group.members]
        if any(paths.can_serve(one, profile) for profile in profiles):
            yield name


def _by_erlang(group: Group, parts: Sequence[tuple[float, CustomerClass]], target: Target) -> int:
    rate = sum(part for part, _ in parts)
    if not rate:
        return max(0, 1 - len(group.members))
    handling_s = sum(part * _handling_s(one) for part, one in parts) / rate / group.speed
    load, within_s = rate * handling_s, target.within.total_seconds()
    patience = [(part, one.patience.mean_us / 1e6) for part, one in parts if one.patience is not None]
    share = target.percent / 100

    def level(agents: int) -> float:
        if len(patience) < len(parts):
            return service_level(load, handling_s, agents, within_s)
        patience_s = max(1e-3, sum(part * mean_s for part, mean_s in patience) / rate)
        return service_level_with_patience(load, handling_s, patience_s, agents, within_s)

    return max(0, least_agents(share, level) - len(group.members))


def _handling_s(one: CustomerClass) -> float:
    wrap_up_us = 0.0 if one.wrap_up is None else one.wrap_up.mean_us
    return (one.service.mean_us + wrap_up_us) / 1e6


# The search


class _Search:
    def __init__(
        self,
        scenario: Scenario,
        target: Target,
        most_seeds: int,
        on_trial: Callable[[Trial], None] | None,
        processes: int | None,
        scores: Scores | None,
    ) -> None:
        self._scenario = scenario
        self._target = target
        self._most_seeds = max(1, most_seeds)
        self._on_trial = on_trial
        self._processes = processes
        self._scores = scores
        self._known: dict[tuple[int, ...], Trial] = {}
        self._open = [name for name, group in scenario.groups.items() if group.teams]

    @property
    def trials(self) -> list[Trial]:
        return list(self._known.values())

    def rates(self, start: Mapping[str, int]) -> dict[str, float]:
        """Class -> how many came a second, in one run with so many agents."""
        results = simulate(self._with(start), seeds_from(self._scenario, 1), scores=self._scores)
        (run,) = results.runs
        tallies = {name: merged(stretch.classes[name] for stretch in run.stretches) for name in self._scenario.classes}
        return {name: tally.came * 1e6 / tally.length_us for name, tally in tallies.items() if tally.length_us}

    def least(self, start: Mapping[str, int]) -> Trial:
        """Add where it helps most until the target is met, then take away wherever it stays met."""
        trial = self._try(start)
        step, most = 1, _MOST_TIMES * max(_FEW, sum(start.values()))
        while not trial.meets:
            if not self._open:
                raise DefinitionError(list(self._members_alone(trial)))
            if sum(trial.agents.values()) > most:
                raise DefinitionError([Fault("service_level", self._beyond(trial))])
            # Far from the target single steps would take for ever; overshooting is taken back below.
            more = [{**trial.agents, name: trial.agents[name] + step} for name in self._open]
            trial = max(map(self._try, more), key=lambda one: one.level.value or 0.0)
            step = 2 * step if len(self._open) == 1 else step
        return self._least_below(trial)

    def _members_alone(self, trial: Trial) -> Iterator[Fault]:
        """What to do where nobody can be added."""
        text = (
            f"needed, to say in which teams further agents are: the members alone answer "
            f"{100 * (trial.level.value or 0.0):.1f} % within {self._target.within.total_seconds():g} s"
        )
        yield from (Fault(f"groups.{name}.teams", text) for name in self._scenario.groups)

    def _beyond(self, trial: Trial) -> str:
        """Why more agents are not tried."""
        percent, within_s = 100 * (trial.level.value or 0.0), self._target.within.total_seconds()
        count = sum(trial.agents.values())
        return (
            f"even {count} agents answer {percent:.1f} % within {within_s:g} s, so agents are not what is missing: "
            "look at how long it rings, how often offers are missed, and who may take what"
        )

    def _least_below(self, trial: Trial) -> Trial:
        for name in self._scenario.groups:
            trial = self._halve(trial, name)
        while True:
            less = [one for one in map(self._try, self._fewer(trial.agents)) if one.meets]
            if not less:
                return trial
            trial = max(less, key=lambda one: one.level.value or 0.0)

    def _halve(self, trial: Trial, name: str) -> Trial:
        """Take agents from one group as long as the target stays met, in steps that begin at one and double."""
        step = 1
        while step:
            agents = {**trial.agents, name: trial.agents[name] - step}
            if agents[name] >= self._floor(name) and (less := self._try(agents)).meets:
                trial, step = less, 2 * step
            else:
                step //= 2
        return trial

    def _floor(self, name: str) -> int:
        return 0 if self._scenario.groups[name].members else 1

    def _fewer(self, agents: Mapping[str, int]) -> Iterator[dict[str, int]]:
        for name in agents:
            if agents[name] > self._floor(name):
                yield {**agents, name: agents[name] - 1}

    def _try(self, agents: Mapping[str, int]) -> Trial:
        key = tuple(agents.values())
        if key not in self._known:
            if len(self._known) >= _MOST_TRIALS:
                raise DefinitionError([Fault("service_level", f"not met by any of {_MOST_TRIALS} staffings")])
            self._known[key] = self._run(agents)
            if self._on_trial is not None:
                self._on_trial(self._known[key])
        return self._known[key]

    def _run(self, agents: Mapping[str, int]) -> Trial:
        scenario = self._with(agents)
        count = min(_FIRST_SEEDS, self._most_seeds)
        while True:
            seeds = seeds_from(scenario, count)
            results = simulate(scenario, seeds, processes=self._processes, scores=self._scores)
            level, share = self._level(results), self._target.percent / 100
            gap = (level.value or 0.0) - share
            is_clear = level.half_width is None or abs(gap) > level.half_width
            if is_clear or 2 * count > self._most_seeds:
                return Trial(agents, level, gap >= 0, _confidence(gap, level), count, results)
            count *= 2

    def _with(self, agents: Mapping[str, int]) -> Scenario:
        """The scenario with so many agents."""
        groups = {
            name: attrs.evolve(group, agents=max(agents[name], self._floor(name)))
            for name, group in self._scenario.groups.items()
        }
        return attrs.evolve(self._scenario, groups=groups)

    def _level(self, results: Results) -> Estimate:
        if not self._target.is_each_class:
            return _in_time(results, tuple(self._scenario.classes))
        return min((_in_time(results, (name,)) for name in results.classes), key=lambda one: one.value or 0.0)


def _in_time(results: Results, classes: Sequence[str]) -> Estimate:
    """The share of those answered, gone, or waiting at the end for longer than that, who were answered in time.

    Who still waits counts, as too few agents leave a queue that only grows: of those whose wait ended, many may have
    been served well.
    """
    runs = [_counted(run, classes) for run in results.runs]
    samples = runs[0] if len(runs) == 1 else list(map(_sum, runs))
    in_time, of = _sum(samples)
    half_width, error = interval([part / whole for part, whole in samples if whole], results.confidence_percent)
    return Estimate(in_time / of if of else None, half_width, of, error, sum(whole > 0 for _, whole in samples))


def _counted(run: SeedRun, classes: Sequence[str]) -> list[tuple[int, int]]:
    """(answered in time, of how many) in each stretch of a run."""
    counted = []
    for stretch in run.stretches:
        tallies = [stretch.classes[name] for name in classes]
        counted.append((sum(one.within[0] for one in tallies), sum(one.answered + one.abandoned for one in tallies)))
    in_time, of = counted[-1]
    counted[-1] = in_time, of + sum(run.stretches[-1].overdue[name][0] for name in classes)
    return counted


def _sum(pairs: Sequence[tuple[int, int]]) -> tuple[int, int]:
    return sum(one for one, _ in pairs), sum(other for _, other in pairs)


def _confidence(gap: float, level: Estimate) -> float:
    """How sure it is on which side of the target the truth lies (Student's t, one-sided)."""
    if not level.standard_error:
        return 1.0
    return student_share(abs(gap) / level.standard_error, level.samples - 1)
