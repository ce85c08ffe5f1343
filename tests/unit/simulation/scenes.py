"""Small scenarios for tests of the simulator, and running one."""

from __future__ import annotations

from collections.abc import Mapping

from orchestra.errors import DefinitionError
from orchestra.simulation.books import Stretch
from orchestra.simulation.driver import Driver
from orchestra.simulation.results import Results
from orchestra.simulation.run import simulate
from orchestra.simulation.scenario import Scenario
from orchestra.simulation.tally import Tally, merged

PLAN = """
[plan.workspace]
default_queue = "care"
[plan.teams.care]
[plan.teams.sales]
[plan.queues.care]
team = "care"
[plan.queues.sales]
team = "sales"
[plan.skills]
german = "German"
[plan.channels.voice]
live = true
offer_timeout = "20s"
[plan.channels.talk]
live = true
wrap_up = "1m"
[plan.channels.chat]
live = true
weight_percent = 33
[plan.channels.mail]
idle_after = "never"
on_agent_lost = "requeue"
[plan.channels.task]
work = true
[plan.agents.ana]
teams = ["care", "sales"]
skills = {german = 90}
[plan.presence]
misses = 2
"""

FOLLOWED = """
[[plan.rules]]
name = "look into it"
on = "InteractionDone"
when = {field = "interaction.channel", value = "voice"}
do = [{do = "open_work_item", channel = "task", queue = "sales"}]
"""
"""Calls are followed by work in another queue."""

DESK = """
[groups.desk]
agents = 1
teams = ["care"]
"""


def scene(text: str, plan: str = PLAN) -> Scenario:
    """A scenario of this text and the plan above."""
    head, table, rest = text.partition("[")
    return Scenario.parse(f"{head}\n{plan}\n{table}{rest}")


def faults(text: str, plan: str = PLAN) -> dict[str, str]:
    """Path -> message, of all that is wrong with a scenario."""
    try:
        scene(text, plan)
    except DefinitionError as error:
        return {fault.path: fault.message for fault in error.faults}
    return {}


def recorded(
    *seconds: float, service_s: float = 10, channel: str = "voice", rest: str = "", name: str = "calls"
) -> str:
    """A class whose customers come at these seconds, and need so long."""
    arrivals = f'arrivals = {{law = "recorded", at_s = [{", ".join(map(str, map(float, seconds)))}]}}\n'
    service = f'service = {{law = "deterministic", mean_s = {float(service_s)}}}\n'
    return f'[classes.{name}]\nchannel = "{channel}"\n{or_nobody(seconds, arrivals)}{service}{rest}\n'


def or_nobody(seconds: tuple[float, ...], arrivals: str) -> str:
    """Nothing where nobody comes but the backlog."""
    return arrivals if seconds else ""


def ran(scenario: Scenario, seed: int = 1) -> list[Stretch]:
    """The stretches of one run."""
    return Driver(scenario, seed).run()


def counted(scenario: Scenario, seed: int = 1) -> Mapping[str, Tally]:
    """Class or group -> all that was counted in one run."""
    stretches = ran(scenario, seed)
    names = dict.fromkeys(scenario.classes, "classes") | dict.fromkeys(scenario.groups, "groups")
    return {name: merged(getattr(stretch, part)[name] for stretch in stretches) for name, part in names.items()}


def figures(scenario: Scenario) -> Results:
    """All figures of one run."""
    return simulate(scenario)
