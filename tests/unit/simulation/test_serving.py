"""Who could ever be offered a customer: by team, skills, steps, known agents, overflow."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.simulation.scenes import PLAN, faults, recorded, scene

from orchestra.simulation.driver import Driver
from orchestra.simulation.scenario import Scenario

MORE = """
[plan.teams.back]
[plan.queues.german]
team = "care"
skills = {german = 50}
[plan.queues.back]
team = "back"
"""
GERMAN = "skills = {german = 60}\n"


def centre(queue: str, group: str, *, name: str = "care", needs: str = "", rest: str = "") -> Scenario:
    """One customer of a queue that is served so, and one group."""
    head = f'[plan.queues.{name}]\nteam = "{"back" if name == "back" else "care"}"\n'
    plan = (PLAN + MORE).replace(head, head + queue + "\n")
    assert queue in plan
    customer = recorded(0, rest=f'queue = "{name}"\npatience = {{law = "deterministic", mean = "1h"}}\n{needs}')
    return scene(f"{customer}[groups.desk]\nagents = 1\n{group}", plan + rest)


def team(name: str, skills: str = "") -> str:
    return f'teams = ["{name}"]\n{skills}'


IN_TIME = 'steps = [{lasts = "10s"}]\noverflow_to = "back"'
TWICE = 'steps = [{lasts = "1m"}]\noverflow_to = "far"\n'
AT_ONCE = 'overflow_to = "back"\noverflow_if = {nobody = true}'
CLOSED = 'hours = {{zone = "UTC", extra = ["2099-01-02 08:00-09:00"]}}\nwhen_closed = "{}"\noverflow_to = "back"'
ALWAYS_OPEN = 'when_closed = "overflow"\noverflow_to = "back"'

CASES: dict[str, tuple[bool, dict[str, Any]]] = {
    "own team": (True, {"queue": "", "group": team("care")}),
    "no team": (False, {"queue": "", "group": team("sales")}),
    "another team": (True, {"queue": 'also = {sales = {after = "30s", level = 2}}', "group": team("sales")}),
    "another team without the skill": (
        False,
        {"queue": 'also = {sales = {after = "30s"}}', "group": team("sales"), "needs": "skills = {german = 1}"},
    ),
    "a third team": (False, {"queue": 'also = {sales = {after = "30s"}}', "group": team("back")}),
    "a step asks for more": (False, {"queue": "steps = [{skills = {german = 50}}]", "group": team("care")}),
    "a step asks for no more than there is": (
        True,
        {"queue": "steps = [{skills = {german = 50}}]", "group": team("care", GERMAN)},
    ),
    "a later step asks for less": (
        True,
        {"queue": 'steps = [{lasts = "10s", skills = {german = 50}}, {}]', "group": team("care")},
    ),
    "a step relaxes one skill": (
        True,
        {
            "queue": 'steps = [{lasts = "10s"}, {relax = {german = 0}}]',
            "group": team("care"),
            "needs": "skills = {german = 90}",
        },
    ),
    "a step relaxes too little": (
        False,
        {
            "queue": 'steps = [{lasts = "10s"}, {relax = {"*" = 70}}]',
            "group": team("care", GERMAN),
            "needs": "skills = {german = 90}",
        },
    ),
    "a step for others": (False, {"queue": 'steps = [{teams = ["sales"]}]', "group": team("care")}),
    "a step for a team that does not serve the queue": (
        True,
        {"queue": 'steps = [{lasts = "10s"}, {teams = ["sales"]}]', "group": team("sales")},
    ),
    "a step for known agents alone, and one for others": (
        False,
        {"queue": 'steps = [{lasts = "10s", pool = "known"}, {teams = ["sales"]}]', "group": team("care")},
    ),
    "over in time": (True, {"queue": IN_TIME, "group": team("back")}),
    "never over": (False, {"queue": 'steps = [{}]\noverflow_to = "back"', "group": team("back")}),
    "over at once": (True, {"queue": AT_ONCE, "group": team("back")}),
    "over at once, where the other asks for more": (
        False,
        {"queue": AT_ONCE, "group": team("back"), "rest": "[plan.queues.back.skills]\ngerman = 50\n"},
    ),
    "over in time, where the other would ask for more": (
        True,
        {"queue": IN_TIME, "group": team("back"), "rest": "[plan.queues.back.skills]\ngerman = 50\n"},
    ),
    "over in time with what was asked for": (False, {"name": "german", "queue": IN_TIME, "group": team("back")}),
    "over at once without it": (True, {"name": "german", "queue": AT_ONCE, "group": team("back")}),
    "over where it is full": (False, {"queue": 'limit = 0\noverflow_to = "back"', "group": team("sales")}),
    "over where it is full, to whom it goes": (
        True,
        {"queue": 'limit = 0\noverflow_to = "back"', "group": team("back")},
    ),
    "over while it is closed": (True, {"queue": CLOSED.format("overflow"), "group": team("back")}),
    "over for those who come late": (True, {"queue": CLOSED.format("finish"), "group": team("back")}),
    "turned away": (False, {"queue": CLOSED.format("turn_away"), "group": team("back")}),
    "over if it were ever closed": (False, {"queue": ALWAYS_OPEN, "group": team("back")}),
    "over at risk": (True, {"queue": 'at_risk = "overflow"\noverflow_to = "back"', "group": team("back")}),
    "over where the last step is skipped": (
        True,
        {
            "queue": 'steps = [{lasts = "10s"}, {skip_if = {nobody = true}}]\noverflow_to = "back"',
            "group": team("back"),
        },
    ),
    "over twice": (
        True,
        {
            "queue": AT_ONCE.replace('"back"', '"last"'),
            "group": team("sales"),
            "rest": '[plan.queues.far]\nteam = "sales"\n[plan.queues.last]\nteam = "back"\n' + TWICE,
        },
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_nobody_is_missed_and_nobody_is_made_up(name: str) -> None:
    """What the checks say of a scenario is what happens in it."""
    is_served, parts = CASES[name]
    scenario = centre(**parts)
    doubts = [fault for fault in scenario.faults() if fault.path == "classes.calls"]
    assert bool(doubts) is not is_served
    (stretch,) = Driver(scenario, 1).run()
    assert stretch.classes["calls"].answered == int(is_served)


def test_a_plan_with_errors_is_not_asked_who_serves_whom() -> None:
    found = faults(recorded(0) + '[groups.desk]\nagents = 1\nteams = ["sales"]\n', PLAN.replace('"care"', '"none"'))
    assert set(found) == {"plan.queues.care.team", "plan.workspace.default_queue", "plan.agents.ana.teams"}
