"""Rules under which tests let things follow: a plan with a few, shorthand for one, and those of the random workload."""

from __future__ import annotations

from typing import Any

from orchestra.model import events as e
from orchestra.model.actions import ActionNames
from orchestra.model.rules import Action, Occasion, Predicates, Rule, When
from tests.engine_driver import CARE, Driver, plan
from tests.invariants import WatchedEngine

__all__ = ["PREDICATES", "RULED", "field", "outcomes", "ruled", "swarm_rules"]

RULED = f"""{CARE}
[channels.task]
work = true
weight_percent = 20
"""
"""A plan in which rules can do everything that they ever do."""


def field(path: str, value: str | int | bool | None = None, operator: str = "is", **more: Any) -> When:
    """A condition on one field."""
    return When(path, operator, value, **more)


def ruled(*rules: Rule, predicates: Predicates | None = None) -> Driver:
    """A watched driver under a plan with these rules."""
    names = ActionNames({"refund@1"})
    return Driver(plan(RULED, rules=rules), engine=WatchedEngine(predicates=predicates, actions=names))


def outcomes(driver: Driver) -> list[tuple[str, ...]]:
    """What became of the rules: `fired` with name and depth, `failed` with action, `stopped` with reason."""
    found: list[tuple[str, ...]] = []
    for logged in driver.log:
        match logged.event:
            case e.RuleFired(rule=rule, depth=depth):
                found.append(("fired", rule, str(depth)))
            case e.RuleFailed(rule=rule, action=action):
                found.append(("failed", rule, action or ""))
            case e.RuleStopped(rule=rule, reason=reason):
                found.append(("stopped", rule, reason))
            case _:
                pass
    return found


def _odd(occasion: Occasion) -> bool:
    """Says yes to every other message, and loses count now and then."""
    number = occasion.facts["number"]
    assert isinstance(number, int)
    if number % 5 == 0:
        raise ValueError("lost count")
    return number % 2 == 1


PREDICATES: Predicates = {"test.odd@1": _odd}


def swarm_rules(*, with_predicate: bool) -> list[Rule]:
    """Rules that route, urge, hold, open work, wait, tell, and feed each other."""
    told = Action("notify", team="sales", text="look")
    rules = [
        Rule(
            "route", "InteractionAttached", field("interaction.channel", "chat"), [Action("queue", queue="german")], 5
        ),
        Rule("route some", "InteractionAttached", field("event.by", "topic"), [told, Action("queue", queue="sales")]),
        Rule("reroute", "MessageReceived", field("event.number", 3, "at_least"), [Action("queue", queue="sales")]),
        Rule("urge", "OfferEnded", When(), [Action("raise_priority", minutes=3)]),
        Rule("hold", "MessageReceived", field("interaction.state", "ACTIVE"), [Action("hold"), told], most_per_hour=3),
        Rule("same", "EngagementJoined", field("event.mode", "separate"), [Action("link"), told]),
        Rule("greet", "CaseReopened", When(), [Action("acknowledge", text="We look into it."), told]),
        Rule("task", "CaseResolved", When(), [Action("open_work_item", channel="task", title="check")]),
        Rule("there", "CaseOwnerChanged", field("case.owner", "ana"), [Action("assign", team="sales")]),
        Rule("and back", "CaseOwnerChanged", field("case.owner", "sales"), [Action("assign", agent="ana")]),
        Rule("note", "DeliveryFailed", When(), [Action("set_field", field="case.fields.orders", value=2)]),
        Rule("refund", "CaseResolved", When(), [Action("run", action="refund@1")]),
        Rule("no refund", "ActionFailed", field("event.action", "refund@1"), [Action("assign", team="care"), told]),
        Rule("wait", "DeliveryUnknown", When(), [Action("wait", on="customer")]),
        Rule("all hands", "AgentSignedIn", When(), [told], most_per_hour=2),
    ]
    if with_predicate:
        rules.append(Rule("odd", "MessageReceived", When(predicate="test.odd@1"), [told]))
    return rules
