"""What may be wrong with what a plan's rules say of events, and which predicates they name that nobody registered.

Belongs here: what needs the events, which themselves know of plans. Does not: all other faults (`rule_checks`).
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, get_args, get_type_hints

import attrs

from orchestra.errors import Fault
from orchestra.model.actions import ActionNames
from orchestra.model.events import EVENTS, Event
from orchestra.model.plan import Plan
from orchestra.model.private import private_names
from orchestra.model.routing import NAMED
from orchestra.model.rule_checks import check_values, declared_type, whens_in
from orchestra.model.rules import ABOUT, VERBS, Predicates, Rule, When

__all__ = ["OWN", "about", "facts_of", "followable", "rule_faults"]

OWN = ("RuleFired", "RuleFailed", "RuleStopped")
"""Events that tell of rules. None follows them."""

_PLAIN: Mapping[Any, str] = {str: "text", int: "integer", bool: "boolean"}


def followable() -> Mapping[str, type[Event]]:
    """Name -> class, of the events that a rule may follow."""
    return {name: kind for name, kind in EVENTS.items() if name not in (*OWN, "PlanChanged")}


def facts_of(kind: type[Event]) -> Mapping[str, str]:
    """The fields of an event that can be compared, and their types: texts, whole numbers and truths, none private."""
    return _facts(kind.__name__)


@functools.cache
def _facts(name: str) -> Mapping[str, str]:
    kind = EVENTS[name]
    hints, hidden = get_type_hints(kind), private_names(kind)
    facts: dict[str, str] = {}
    for field in attrs.fields(kind):
        members = [one for one in get_args(hints[field.name]) or (hints[field.name],) if one is not type(None)]
        if field.name not in hidden and len(members) == 1 and members[0] in _PLAIN:
            facts[field.name] = _PLAIN[members[0]]
    return facts


def about(kind: type[Event]) -> frozenset[str]:
    """What an event may be about: a customer, a case, an interaction."""
    names = {field.name for field in attrs.fields(kind)}
    if names & {"interaction", "delivery", "target"}:
        return frozenset(ABOUT)
    if "case" in names:
        return frozenset({"case", "customer"})
    return frozenset({"customer"} & names)


def rule_faults(plan: Plan, predicates: Predicates | None, actions: ActionNames | None = None) -> Iterator[Fault]:
    """Events and fields of events that there are none of, and predicates and actions that nobody registered.

    Args:
        plan: whose rules are looked at.
        predicates: those registered; None if that is not known, which is doubtful for each that is named.
        actions: those registered; nothing is said of them unless they are complete.
    """
    known = followable()
    for index, rule in enumerate(plan.rules):
        path = f"rules[{index}]"
        for where, _, when in whens_in(f"{path}.when", rule.when):
            yield from _check_predicate(where, when, predicates)
        if actions is not None and actions.is_complete:
            yield from _check_actions(path, rule, actions)
        if rule.on in known:
            yield from _check_rule(path, rule, known[rule.on], plan)
        else:
            near = get_close_matches(rule.on, known, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            yield Fault(f"{path}.on", f"no event {rule.on!r} that a rule may follow{hint}")


def _check_rule(path: str, rule: Rule, kind: type[Event], plan: Plan) -> Iterator[Fault]:
    for where, _, when in whens_in(f"{path}.when", rule.when):
        if when.field is not None:
            yield from _check_field(where, when, when.field, kind, plan)
    for number, action in enumerate(rule.do):
        needs = VERBS[action.do].needs if action.do in VERBS else None
        if action.do == "set_field" and action.field is not None:
            needs = action.field.partition(".")[0]
        if needs is not None and needs in ABOUT and needs not in about(kind):
            yield Fault(f"{path}.do[{number}].do", f"{action.do} needs {_one(needs)}, and {rule.on} is about none")


def _check_actions(path: str, rule: Rule, actions: ActionNames) -> Iterator[Fault]:
    for number, one in enumerate(rule.do):
        if one.action is not None and one.action not in actions.names:
            known = ", ".join(sorted(actions.names)) or "none"
            text = f"no action {one.action!r} is registered; there are: {known}"
            yield Fault(f"{path}.do[{number}].action", text)


def _one(what: str) -> str:
    return f"an {what}" if what == "interaction" else f"a {what}"


def _check_field(path: str, when: When, field: str, kind: type[Event], plan: Plan) -> Iterator[Fault]:
    source, _, name = field.partition(".")
    if source == "event":
        of_type = facts_of(kind).get(name)
        missing = f"{kind.__name__} has no field {name!r} to compare; it has: {', '.join(facts_of(kind)) or 'none'}"
    elif source in ABOUT:
        of_type = declared_type(plan.fields, field)
        missing = f"no field {field!r}; there are: {', '.join(_declared(plan, source)) or 'none'}"
        if source not in about(kind):
            yield Fault(f"{path}.field", f"{kind.__name__} is about no {source}")
            return
    else:
        of_type, missing = None, f"must begin with event, {', '.join(ABOUT)} and a dot"
    if of_type is None:
        yield Fault(f"{path}.field", missing)
    else:
        yield from check_values(path, when, of_type)


def _declared(plan: Plan, source: str) -> Iterator[str]:
    yield from (f"{source}.{name}" for name in ABOUT[source])
    yield from (f"{source}.fields.{name}" for name in sorted(getattr(plan.fields, source)))


def _check_predicate(path: str, when: When, predicates: Predicates | None) -> Iterator[Fault]:
    name = when.predicate
    if name is None or NAMED.fullmatch(name) is None:
        return
    if predicates is None:
        yield Fault(f"{path}.predicate", f"whether {name!r} is registered was not looked up", is_error=False)
    elif name not in predicates:
        known = ", ".join(sorted(predicates)) or "none"
        yield Fault(f"{path}.predicate", f"no predicate {name!r} is registered; there are: {known}")
