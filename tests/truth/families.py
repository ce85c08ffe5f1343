"""Queueing models with exact results, as scenarios: the engine must reproduce them.

Each family is a scenario, what of its results answers which case of the shared file, and a bare model of the same. The
unit of time of a model is a minute, so that a mean wait of the file times 60 is a mean wait in seconds.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs
from tests.truth.coupling import Coupling, Peer, Read, coupled
from tests.truth.peers.first_come import first_come
from tests.truth.peers.interrupting import interrupting
from tests.truth.peers.matched import matched
from tests.truth.peers.retrying import retrying
from tests.truth.peers.slowed import slowed

from orchestra.simulation.scenario import Scenario

__all__ = ["FAMILIES", "POOLING", "Family"]

_RUNS_BESIDE = 16
_WARM_UP_BESIDE = 50
"""Of the engine and its peer: they begin alike, so that it hardly matters that few have come."""
_MANY_BESIDE, _FEW_BESIDE = 6_000, 150
"""Customers of each run of the engine, where many customers may come in all, and where few."""
_MANY = 1_000_000
_LEAST_RUNS_ALONE, _LEAST_ALONE = 64, 500
"""Of a peer: so many runs that their spread is known well, of so many customers."""
_LONGEST_RUN = 200_000
"""Customers; a run keeps all of them in memory."""
_FOR_SURE = 3
"""So many times what it needs, a peer meets: chance alone leads further away than 2 % in one of 1,500 cases then."""

PLAN = """
[plan.workspace]
default_queue = "care"
[plan.teams.care]
[plan.queues.care]
team = "care"
[plan.skills]
s0 = "first"
s1 = "second"
s2 = "third"
s3 = "fourth"
s4 = "fifth"
s5 = "sixth"
[plan.channels.voice]
live = true
resume_within = "0s"
put_aside = "requeue"
[plan.channels.urgent]
live = true
resume_within = "0s"
interrupts = ["voice"]
[plan.channels.mail]
idle_after = "never"
[plan.channels.chat]
live = true
resume_within = "0s"
weight_percent = 33
"""


@attrs.frozen
class Family:
    """A model.

    Attributes:
        text: the scenario, but for how long it runs.
        cases: case of the file -> what answers it.
        needs: customers of all runs with which half an interval of 95 % is 2 % of the value, for each case; measured
            once, by how much runs differ, not by what they say.
        warm_up: customers of each run before anything is counted.
        lines: trunks; None for no limit.
        cycle: where rates change over a day, how many customers come in one.
        units: case -> what its expected value is multiplied with; 60 for a time, 1 for a share or a number.
        peer: the bare model of it.
    """

    text: str
    cases: Mapping[str, Read]
    needs: int
    warm_up: int = 300
    lines: int | None = None
    cycle: int | None = None
    units: Mapping[str, float] = attrs.field(factory=dict)
    peer: Peer = first_come

    def nearness(self, most: int) -> float | None:
        """How near to the truth at most so many customers in all lead: 0.02 or 0.05 of it; None if less near."""
        if most >= self._for_two_percent():
            return 0.02
        return 0.05 if most >= self._for_five_percent() else None

    def _for_two_percent(self) -> int:
        """Twice what it needs: chance alone leads further away in one of 180 cases then, not in one of 20."""
        return 2 * self.needs

    def _for_five_percent(self) -> int:
        return self.needs * 4 // 25

    def coupled(self, first_seed: int, most: int, processes: int | None = None) -> Coupling:
        """The engine beside its peer, and the peer alone with at most so many customers in all, but for the fewest."""
        customers = max(min(most, _FOR_SURE * self.needs), _LEAST_RUNS_ALONE * _LEAST_ALONE)
        runs = max(_LEAST_RUNS_ALONE, -(-customers // _LONGEST_RUN))
        alone = self.scenario(-(-customers // runs)), runs
        both = attrs.evolve(self, warm_up=_WARM_UP_BESIDE).scenario(_MANY_BESIDE if most >= _MANY else _FEW_BESIDE)
        return coupled(both, self.peer, range(first_seed, first_seed + _RUNS_BESIDE), alone, processes)

    def scenario(self, contacts: int) -> Scenario:
        """The scenario with runs of so many customers after the warm-up."""
        if self.cycle is not None:
            days = 1 + max(1, contacts // self.cycle)
            run = f'length = "{days}d"\nwarm_up = "1d"\nbatches = 1'
            return Scenario.parse(f"[run]\n{run}\n{PLAN}\n{self.text}")
        run = f"contacts = {self.warm_up + contacts}\nwarm_up_contacts = {self.warm_up}\nbatches = 1"
        lines = "" if self.lines is None else f"lines = {self.lines}\n"
        return Scenario.parse(f"{lines}[run]\n{run}\n{PLAN}\n{self.text}")


def total(name: str) -> Read:
    return lambda results: results.total[name]


def of_class(one: str, name: str) -> Read:
    return lambda results: results.classes[one][name]


def of_group(group: str, name: str) -> Read:
    return lambda results: results.groups[group][name]


def calls(rate: float, service: str, name: str = "calls", rest: str = "") -> str:
    arrivals = f'{{law = "poisson", rate = {rate!r}, per = "1m"}}'
    return f'[classes.{name}]\nchannel = "voice"\narrivals = {arrivals}\nservice = {service}\n{rest}\n'


def agents(count: int, name: str = "desk", rest: str = "") -> str:
    return f'[groups.{name}]\nagents = {count}\nteams = ["care"]\n{rest}\n'


def exponential(minutes: float) -> str:
    return f'{{law = "exponential", mean_s = {60 * minutes!r}}}'


def queue(name: str, rest: str) -> str:
    return f'[plan.queues.{name}]\nteam = "care"\n{rest}\n'


def within(seconds: float) -> str:
    return f"[results]\nwithin = []\nwithin_s = [{seconds!r}]\n"


WAIT = total("wait.mean")
P_WAIT = total("p_wait")


def _erlang_c(
    name: str,
    rate: float,
    mean: float,
    count: int,
    limit_s: float,
    needs: int,
    warm_up: int = 300,
) -> Family:
    answers = {f"{name}a": P_WAIT, f"{name}b": WAIT, f"{name}c": total(f"p_within.{limit_s:g}")}
    text = within(limit_s) + calls(rate, exponential(mean)) + agents(count)
    return Family(text, answers, needs, warm_up, units={f"{name}b": 60})


def _priority(name: str, count: int, rates: tuple[float, float], means: tuple[float, float], needs: int) -> Family:
    """Absolute priority: worth more minutes than anybody ever waits."""
    first = calls(rates[0], exponential(means[0]), "first", "priority = 1000000")
    second = calls(rates[1], exponential(means[1]), "second")
    answers = {f"{name}a": of_class("first", "wait.mean"), f"{name}b": of_class("second", "wait.mean")}
    return Family(first + second + agents(count), answers, needs, units=dict.fromkeys(answers, 60), peer=matched)


def _preemptive() -> Family:
    """What is urgent has agents put other calls aside, and go on with them after."""
    first = calls(1.5, exponential(1.0), "first").replace('"voice"', '"urgent"')
    answers = {"Q15a": of_class("first", "stay.mean"), "Q15b": of_class("second", "stay.mean")}
    text = first + calls(2.0, exponential(1.0), "second") + agents(5)
    return Family(text, answers, 250_000, units=dict.fromkeys(answers, 60), peer=interrupting)


def _retrial(name: str, rate: float, count: int, after: float, needs: int) -> Family:
    """As many lines as agents: who finds all busy hears so, and tries again."""
    again = f"retry = {{after = {exponential(after)}}}"
    text = calls(rate, exponential(1.0), rest=again) + agents(count)
    answers = {f"{name}a": total("retrying"), f"{name}b": total("blocked")}
    return Family(text, answers, needs, lines=count, peer=retrying)


def _unequal(name: str, order: str, slow: str, rest: str = "") -> Family:
    """Two agents, one twice as fast as the other; whoever is free takes whoever has waited longest.

    Args:
        name: what its cases begin with.
        order: of the agents, where both are free.
        slow: the team of the slow one.
        rest: how that team serves the queue, where it is another.
    """
    ordered = queue("ordered", f"order = {order}\n{rest}")
    kinds = calls(2.0, exponential(1.0), rest='queue = "ordered"')
    pair = agents(1, "fast", "speed = 2.0") + agents(1, "slow").replace('"care"', f'"{slow}"')
    answers = {f"{name}a": WAIT, f"{name}b": of_group("fast", "occupancy"), f"{name}c": of_group("slow", "occupancy")}
    text = f"[plan.teams.{slow}]\n" * (slow != "care") + ordered + kinds + pair
    return Family(text, answers, 850_000, units={f"{name}a": 60}, peer=matched)


N_DESIGN = (
    calls(0.5, exponential(1.0), "zero", "skills = {s0 = 1}")
    + calls(0.4, exponential(1.0), "one", "skills = {s1 = 1}")
    + agents(1, "a0", "skills = {s0 = 1}")
    + agents(1, "a1", "skills = {s0 = 1, s1 = 1}")
)

OVERLOAD = within(20.0) + calls(4.0, exponential(3.0), rest=f"patience = {exponential(2.0)}") + agents(12)

TIME_OUT = calls(48.0, exponential(1.0), rest='patience = {law = "deterministic", mean = "20s"}') + agents(50)

SINE = (
    '[classes.calls]\nchannel = "voice"\nservice = {law = "exponential", mean = "2h"}\n'
    'arrivals = {law = "sinusoidal", rate = 10, amplitude = 6, cycle = "24h"}\n'
    '[results]\ncycle = "24h"\nat = ["6h", "12h", "18h"]\n'
) + agents(80)
"""So many agents that nobody ever waits."""

AGEING = (
    queue("slow", "ageing_percent = 100")
    + queue("quick", "ageing_percent = 300")
    + calls(2.0, exponential(1.0), "slow", 'queue = "slow"')
    + calls(1.5, exponential(1.0), "quick", 'queue = "quick"')
    + agents(4)
)

SLOWED = '{law = "exponential", mean_at = ["8m", "10m", "13m"]}'
CHATS = (
    queue("chats", 'order = ["open", "idle"]')
    + calls(0.95, SLOWED, rest='queue = "chats"').replace('"voice"', '"chat"')
    + agents(5)
)
"""Three at once, and the more of them, the longer each takes."""

MINUTE = '{law = "deterministic", mean = "1m"}'
LOGNORMAL = '{law = "lognormal", mean = "1m", scv = 2.25}'

FAMILIES: dict[str, Family] = {
    "M/M/1": _erlang_c("Q01", 0.8, 1.0, 1, 60.0, 1_400_000),
    "M/M/2": _erlang_c("Q02", 1.6, 1.0, 2, 60.0, 1_600_000),
    "M/M/14": _erlang_c("Q03", 10 / 3, 3.0, 14, 20.0, 4_100_000),
    "M/M/50": _erlang_c("Q05", 48.0, 1.0, 50, 20.0, 28_500_000, warm_up=20_000),
    "M/M/30/30": Family(calls(25.0, exponential(1.0)) + agents(30), {"Q06": total("blocked")}, 1_800_000, lines=30),
    "M/M/90/120": Family(
        within(30.0) + calls(8.4, exponential(10.0)) + agents(90),
        {"Q07a": total("blocked"), "Q07b": WAIT, "Q07c": total("p_within.30")},
        54_000_000,
        warm_up=1000,
        lines=120,
        units={"Q07b": 60},
    ),
    "M/M/12+M": Family(
        OVERLOAD,
        {
            "Q10a": P_WAIT,
            "Q10b": total("abandoned"),
            "Q10c": WAIT,
            "Q10d": total("p_over.20"),
            "Q10e": total("p_within.20"),
        },
        510_000,
        units={"Q10c": 60},
    ),
    "M/M/50+D": Family(
        TIME_OUT, {"Q11a": total("abandoned"), "Q11b": P_WAIT, "Q11c": WAIT}, 8_300_000, units={"Q11c": 60}
    ),
    "M/D/1": Family(calls(0.8, MINUTE) + agents(1), {"Q12a": WAIT}, 700_000, units={"Q12a": 60}),
    "M/G/1 lognormal": Family(calls(0.7, LOGNORMAL) + agents(1), {"Q12b": WAIT}, 1_250_000, units={"Q12b": 60}),
    "M/M/5 priority": _priority("Q13", 5, (1.5, 2.0), (1.0, 1.0), 1_700_000),
    "M/M/5 preemptive": _preemptive(),
    "M/G/1 priority": _priority("Q16", 1, (0.3, 0.4), (1.0, 1.25), 950_000),
    "M/M/4 ageing": Family(
        AGEING,
        {"Q17a": of_class("slow", "wait.mean"), "Q17b": of_class("quick", "wait.mean")},
        4_500_000,
        units={"Q17a": 60, "Q17b": 60},
        peer=matched,
    ),
    "M/M/2 fastest first": _unequal("Q19", '["level", "idle"]', "later", "[plan.queues.ordered.also.later]\nlevel = 2"),
    "M/M/2 at random": _unequal("Q20", '["random"]', "care"),
    "M/M/1 retrial": _retrial("Q22", 0.6, 1, 2.0, 400_000),
    "M/M/6 retrial": _retrial("Q23", 4.0, 6, 0.5, 1_600_000),
    "N-design": Family(
        N_DESIGN,
        {
            "Q24a": of_class("zero", "wait.mean"),
            "Q24b": of_class("one", "wait.mean"),
            "Q24c": of_group("a0", "occupancy"),
            "Q24d": of_group("a1", "occupancy"),
            "Q24e": of_class("zero", "p_wait"),
            "Q24f": of_class("one", "p_wait"),
        },
        1_150_000,
        units={"Q24a": 60, "Q24b": 60},
        peer=matched,
    ),
    "chats, slowed": Family(
        CHATS,
        {"Q26a": P_WAIT, "Q26b": WAIT, "Q26c": total("service.mean"), "Q26d": of_group("desk", "occupancy")},
        7_600_000,
        units={"Q26b": 60, "Q26c": 60},
        peer=slowed,
    ),
    "chats, no slowdown": Family(
        calls(1.0, exponential(12.0)).replace('"voice"', '"chat"') + agents(5), {"Q26z": P_WAIT}, 1_250_000
    ),
    "M/D/3": Family(calls(2.4, MINUTE) + agents(3), {"Q27": WAIT}, 1_000_000, units={"Q27": 60}),
    "M(t)/M/inf": Family(
        SINE,
        {
            "Q30a": total("in_service_at.21600"),
            "Q30b": total("in_service_at.43200"),
            "Q30c": total("in_service_at.64800"),
        },
        400_000,
        cycle=240,
    ),
    "M/M/15": Family(
        calls(1.4, exponential(10.0)) + agents(15),
        {"Q32a": WAIT},
        11_600_000,
        warm_up=2000,
        units={"Q32a": 60},
    ),
    "M/M/90": Family(
        calls(8.4, exponential(10.0)) + agents(90),
        {"Q32b": WAIT},
        26_500_000,
        warm_up=1000,
        units={"Q32b": 60},
    ),
}
"""Model -> its scenario and cases."""


SKILLS = range(6)


def _pooled(groups: str) -> Family:
    """Six kinds of calls and ninety agents who differ in what they can do; a hundred and twenty places in all."""
    kinds = "".join(calls(1.4, exponential(10.0), f"c{kind}", f"skills = {{s{kind} = 1}}") for kind in SKILLS)
    reads = {
        "mean_wait_min": WAIT,
        "P_wait": P_WAIT,
        "P_wait_le_30s": total("p_within.30"),
        "P_block": total("blocked"),
    }
    text, units = within(30.0) + kinds + groups, {"mean_wait_min": 60}
    return Family(text, reads, 1_600_000, warm_up=2000, lines=120, units=units, peer=matched)


def _able(count: int, *skills: int) -> str:
    names = ", ".join(f"s{skill} = 1" for skill in skills)
    return agents(count, "g" + "".join(map(str, skills)), f"skills = {{{names}}}")


# Of three skills per agent, fifteen agents of a primary skill cannot be spread evenly over ten pairs of others.
POOLING: dict[str, Family] = {
    "ww1": _pooled("".join(_able(15, skill) for skill in SKILLS)),
    "ww2": _pooled("".join(_able(3, one, other) for one in SKILLS for other in SKILLS if one != other)),
    "ww6": _pooled(_able(90, *SKILLS)),
}
"""Skills per agent -> its scenario and figures: one, two spread evenly, all six."""
