"""Words of a plan about routing that are of no use: told where it is so, and not where a plan is fine."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest
from tests.engine_driver import CARE, plan

from orchestra.errors import Fault
from orchestra.model.definitions import AgentDefinition, WarmUp
from orchestra.model.menus import Menu, MenuKey, MenuStep
from orchestra.model.plan import Plan
from orchestra.model.routing import Condition, Serving, Step
from orchestra.model.rules import Action, Rule

MINUTE = timedelta(minutes=1)


def served(*, live: bool = True, **parts: Any) -> Plan:
    """A plan in which `care` is served so, with live channels or without."""
    first = plan()
    channels = {name: one if live else attrs.evolve(one, live=False) for name, one in first.channels.items()}
    queues = {**first.queues, "care": attrs.evolve(first.queues["care"], **parts)}
    return attrs.evolve(first, queues=queues, channels=channels)


def told(of: Plan, path: str) -> list[str]:
    """What is doubtful there."""
    found = [fault for fault in of.faults() if fault.path == path]
    assert not any(fault.is_error for fault in found)
    return [fault.message for fault in found]


def lost(text: str) -> list[Fault]:
    """The warnings about a plan of which something was not understood."""
    return [fault for fault in Plan.examine(text)[1] if not fault.is_error]


# An overflow to which nothing leads


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"steps": [Step(lasts=MINUTE), Step()]},
        {"steps": [Step(lasts=MINUTE), Step(lasts=MINUTE), Step(pool="people")]},
        {"steps": [Step(lasts=MINUTE, skip_if=Condition(nobody=True)), Step()]},
        {"steps": [Step(skip_if=Condition(nobody=True))]},
        {"live": False, "limit": 3},
        {"live": False, "at_risk": "overflow"},
        {"live": False, "when_closed": "finish"},
        {"when_closed": "turn_away"},
    ],
)
def test_an_overflow_to_which_nothing_leads_is_doubtful(parts: dict[str, Any]) -> None:
    (message,) = told(served(overflow_to="german", **parts), "queues.care.overflow_to")
    assert "nothing leads there" in message


@pytest.mark.parametrize(
    "parts",
    [
        {"overflow_if": Condition(waiting_above=3)},
        {"limit": 3},
        {"at_risk": "overflow"},
        {"when_closed": "overflow"},
        {"when_closed": "finish"},
        {"steps": [Step(lasts=MINUTE)]},
        {"steps": [Step(lasts=MINUTE), Step(lasts=MINUTE)]},
        {"steps": [Step(lasts=MINUTE), Step(skip_if=Condition(saturated=True))]},
        {"steps": [Step(lasts=MINUTE), Step(pool="bots")]},
        {"live": False, "when_closed": "overflow"},
        {"live": False, "overflow_if": Condition(waiting_above=3)},
        {"live": False, "steps": [Step(lasts=MINUTE)]},
    ],
)
def test_an_overflow_to_which_something_leads_is_fine(parts: dict[str, Any]) -> None:
    assert told(served(overflow_to="german", **parts), "queues.care.overflow_to") == []


def test_without_an_overflow_nothing_need_lead_there() -> None:
    assert told(served(), "queues.care.overflow_to") == []


# Preferences that no step has


def test_preferring_what_no_step_prefers_is_doubtful() -> None:
    order = ["busy", "preferred", "idle"]
    (message,) = told(served(order=order), "queues.care.order[1]")
    assert "no step of this order has prefer" in message
    assert told(served(order=order, steps=[Step(lasts=MINUTE), Step()]), "queues.care.order[1]")


def test_each_order_goes_by_the_steps_that_it_holds_for() -> None:
    by = {"order": ["preferred", "idle"]}
    prefers = {"prefer": {"german": 50}}
    own = served(**by, steps=[Step(lasts=MINUTE, order=["idle"], **prefers), Step()])
    assert told(own, "queues.care.order[0]"), "the step that prefers goes by an order of its own"
    steps = served(steps=[Step(lasts=MINUTE, **by, **prefers), Step(**by)])
    assert told(steps, "queues.care.steps[0].order[0]") == []
    assert told(steps, "queues.care.steps[1].order[0]")


def test_preferring_what_a_step_prefers_is_fine() -> None:
    steps = [Step(lasts=MINUTE), Step(prefer={"german": 50})]
    assert told(served(order=["preferred", "idle"], steps=steps), "queues.care.order[0]") == []


# A share of the budget for which nothing is light enough


def warm(percent: int, lasts: timedelta = MINUTE, **agents: AgentDefinition) -> Plan:
    first = plan()
    presence = attrs.evolve(first.presence, warm_up=WarmUp(percent, lasts))
    return attrs.evolve(first, presence=presence, agents={**first.agents, **agents})


def test_a_share_that_is_less_than_any_contact_takes_is_doubtful() -> None:
    (message,) = told(warm(19), "presence.warm_up.percent")
    assert message == "leaves 19 at first, and a contact of any channel takes 20: nobody is offered one until later"


def test_who_has_a_budget_by_command_is_thought_of_where_the_plan_has_no_agents() -> None:
    assert told(attrs.evolve(warm(19), agents={}), "presence.warm_up.percent")
    assert told(attrs.evolve(warm(20), agents={}), "presence.warm_up.percent") == []


@pytest.mark.parametrize(
    "of",
    [
        warm(20),
        warm(19, timedelta()),
        warm(100),
        warm(10, eva=AgentDefinition(["care"], capacity_percent=200)),
        attrs.evolve(warm(19), agents={"eva": AgentDefinition(["care"], kind="bot")}),
        attrs.evolve(warm(19), agents={"eva": AgentDefinition(["care"], capacity_percent=10)}),
    ],
    ids=["enough", "no time", "the whole", "one has more", "bots alone", "never enough, which is told elsewhere"],
)
def test_a_share_for_which_something_is_light_enough_is_fine(of: Plan) -> None:
    assert told(of, "presence.warm_up.percent") == []


# Weights that fit only others


def weighing(percent: int, *, channel: str = "email", **parts: Any) -> Plan:
    """Mails weigh so much, and `eva` of sales alone has 300."""
    first = plan()
    channels = {**first.channels, channel: attrs.evolve(first.channels[channel], weight_percent=percent, accounts={})}
    agents = {**first.agents, "eva": AgentDefinition(["sales"], capacity_percent=300)}
    return attrs.evolve(first, **{"channels": channels, "agents": agents} | parts)


WEIGHT = "channels.email.weight_percent"


def test_a_weight_that_fits_only_agents_of_other_queues_is_doubtful() -> None:
    (message,) = told(weighing(200), WEIGHT)
    assert message == "is more than anybody has who serves care, which is 100: nobody is offered such a contact"


def test_a_weight_that_fits_nobody_is_told_once() -> None:
    (message,) = told(weighing(301), WEIGHT)
    assert "any agent of the plan" in message


def test_a_weight_that_fits_whoever_serves_the_queue_is_fine() -> None:
    assert told(weighing(100), WEIGHT) == []


def queues(**parts: Any) -> dict[str, Any]:
    first = plan()
    return {"queues": {**first.queues, "care": attrs.evolve(first.queues["care"], **parts)}}


@pytest.mark.parametrize(
    "parts",
    [
        queues(also={"sales": Serving(MINUTE)}),
        queues(steps=[Step(lasts=MINUTE), Step(teams=["sales"])]),
        queues(overflow_to="sales", limit=3),
        queues(steps=[Step(pool="known", beyond_capacity=True, lasts=MINUTE), Step()]),
        {"rules": [Rule("move", "InteractionAttached", do=[Action("queue", queue="sales")])]},
        {"menus": {"m": Menu("s", {"s": MenuStep("?", {"1": MenuKey(people=True, queue="sales")})})}},
    ],
    ids=["also", "a step's team", "overflow", "beyond capacity", "a rule", "a menu"],
)
def test_where_others_may_come_to_serve_it_a_weight_is_fine(parts: dict[str, Any]) -> None:
    assert told(weighing(200, **parts), WEIGHT) == []


def test_each_account_counts() -> None:
    first = plan()
    email = attrs.evolve(first.channels["email"], weight_percent=200)
    assert told(weighing(200, channels={**first.channels, "email": email}), WEIGHT) == [], "one leads to sales"


def test_skills_of_the_queue_count() -> None:
    heavy = weighing(200, **queues(skills={"german": 10}, also={"sales": Serving()}))
    (message,) = told(heavy, WEIGHT)
    assert "anybody has who serves care" in message, "eva speaks no German"


# What was not understood


_FAX = "[channels.fax]\nweight_percent = 200\n[agents.fay]\nteams = ['sales']\ncapacity_percent = 300\n"
"""What only somebody of sales could be given, as far as is understood."""


@pytest.mark.parametrize(
    "text",
    [
        "[queues.fax]\nteam = 'care'\noverflow_to = 'care'\nlimit = 'x'\n",
        "[queues.fax]\nteam = 'care'\norder = ['preferred', 'idle']\nsteps = 3\n",
        f"{_FAX}[agents.eva]\nteams = 'care'\ncapacity_percent = 300\n",
    ],
)
def test_nothing_is_doubted_because_of_what_was_left_out(text: str) -> None:
    where = ("queues.fax.overflow_to", "queues.fax.order[0]", "channels.fax.weight_percent")
    assert [fault for fault in lost(CARE + text) if fault.path in where] == []
