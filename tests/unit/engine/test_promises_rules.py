"""What the plan's own rules make of stages, promises and delays: an escalation, a work item, somebody told."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import pytest
from tests.case_plans import Journey, hours, order_plan
from tests.invariants import WatchedEngine, Witness, check_state

from orchestra.model import commands as c, events as e
from orchestra.model.case_types import Delay
from orchestra.model.definitions import Channel, Team
from orchestra.model.rules import Action, Rule, When


def with_rules(*rules: Rule) -> Journey:
    """An order under these rules, watched."""
    of = order_plan(delay=Delay(hours(2), 0))
    teams = {**of.teams, "care": Team(escalates_to="sales")}
    channels = {**of.channels, "task": Channel(work=True, weight_percent=20)}
    return Journey(attrs.evolve(of, teams=teams, channels=channels, rules=rules), engine=WatchedEngine(Witness()))


def names(events: Sequence[e.Event]) -> list[str]:
    return [type(event).__name__ for event in events]


def test_a_broken_promise_may_escalate() -> None:
    journey = with_rules(Rule("late", "PromiseBroken", do=[Action("escalate")]))
    journey.promise(in_h=3)
    brought = journey.hours(3)
    assert names(journey.of(brought, e.PromiseBroken, e.RuleFired, e.CaseEscalated)) == [
        "PromiseBroken",
        "RuleFired",
        "CaseEscalated",
    ]
    assert journey.engine.view.cases.cases["ca1"].owner == "sales"
    check_state(journey.engine)


def test_a_delay_may_be_somebodys_work() -> None:
    what = When("event.what", value="resolution")
    do = [Action("open_work_item", channel="task", title="tell them")]
    journey = with_rules(Rule("call", "DelayForeseen", what, do))
    journey.promise(in_h=30)
    brought = journey.advance_case("shipping", due_us=journey.in_hours(40))
    assert len(journey.of(brought, e.DelayForeseen)) == len(journey.of(brought, e.WorkItemOpened)) == 1
    brought = journey.run(c.MakePromise("ca1", "shipping", journey.in_hours(20))).events
    assert journey.of(brought, e.DelayForeseen)
    assert not journey.of(brought, e.WorkItemOpened), "it is not about the resolution"


@pytest.mark.parametrize(
    ("on", "act"),
    [
        ("StageEntered", c.AdvanceCase("ca1", "checked")),
        ("StageLeft", c.AdvanceCase("ca1", "checked")),
        ("PromiseMade", c.MakePromise("ca1")),
        ("ForecastMade", c.AdvanceCase("ca1", "checked")),
        ("FactTold", c.TellFact("ca1", "ready", "soon")),
        ("UpdateScheduled", c.TellFact("ca1", "ready", "soon")),
    ],
)
def test_a_rule_may_follow_each_of_them(on: str, act: c.Command) -> None:
    journey = with_rules(Rule("told", on, do=[Action("notify", team="care", text="look")]))
    brought = journey.run(act, 60).events
    assert [one.rule for one in journey.of(brought, e.RuleFired)] == ["told"]
    assert journey.of(brought, e.TeamNotified)


def test_a_rule_may_wait_for_the_customer_in_a_stage() -> None:
    when = When("event.stage", value="checked")
    journey = with_rules(Rule("ask", "StageEntered", when, [Action("wait", on="customer")]))
    assert journey.of(journey.advance_case("shipping", 1), e.CaseWaiting) == []
    assert journey.of(journey.advance_case("checked", 1), e.CaseWaiting)
    journey.promise()
    journey.hours(1)
    assert journey.course().stage == "checked"
    assert journey.row().state == "OPEN", "what was promised stands, whoever is waited for"
