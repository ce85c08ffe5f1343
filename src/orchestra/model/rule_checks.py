"""What may be wrong with a plan's rules, as far as the plan alone tells: not what events there are (`rule_faults`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import attrs

from orchestra.errors import Fault
from orchestra.model.definitions import AgentDefinition, Channel, Fields, Queue, Team
from orchestra.model.routing import NAMED
from orchestra.model.rules import ABOUT, OPERATORS, VERBS, Action, Rule, When
from orchestra.model.structure import Lost

__all__ = ["Named", "check_rules", "check_values", "check_when", "declared_type", "is_of_type", "whens_in"]

_MOST_RULES = 200
_MOST_ACTIONS = 10
_DEEPEST = 10
_MOST_PER_HOUR = 1000
_MOST_MINUTES = 100_000
_LONGEST_NAME = 100
_LONGEST_TEXT = 10_000
_WAITS_ON = ("customer", "third_party")
_GIVEN = ("queue", "minutes", "text", "on", "team", "agent", "channel", "title", "field", "value", "action")


@attrs.frozen
class Named:
    """What rules may name, and what of it was not understood."""

    queues: Mapping[str, Queue]
    teams: Mapping[str, Team]
    channels: Mapping[str, Channel]
    agents: Mapping[str, AgentDefinition]
    fields: Fields
    lost: Lost

    def missing(self, path: str, section: str, name: str) -> Iterator[Fault]:
        """The fault of a name that is of nothing in a section."""
        known: Mapping[str, object] = getattr(self, section)
        if name not in known and not self.lost.has(section, name):
            yield Fault(path, f"no {section[:-1]} {name!r}; there are: {', '.join(sorted(known)) or 'none'}")


def check_rules(rules: Sequence[Rule], known: Named) -> Iterator[Fault]:
    """All faults of rules but those of what they say of events."""
    if len(rules) > _MOST_RULES:
        yield Fault("rules", f"at most {_MOST_RULES}")
    names: set[str] = set()
    for index, rule in enumerate(rules):
        path = f"rules[{index}]"
        if not _is_name(rule.name):
            yield Fault(f"{path}.name", f"must be 1 to {_LONGEST_NAME} printable characters")
        elif rule.name in names:
            yield Fault(f"{path}.name", f"{rule.name!r} is the name of another rule")
        names.add(rule.name)
        yield from _check_rule(path, rule, known)


def _is_name(name: str) -> bool:
    return 0 < len(name) <= _LONGEST_NAME and name.isprintable()


def _check_rule(path: str, rule: Rule, known: Named) -> Iterator[Fault]:
    if not 1 <= rule.most_per_hour <= _MOST_PER_HOUR:
        yield Fault(f"{path}.most_per_hour", f"must be from 1 to {_MOST_PER_HOUR}")
    if not 1 <= len(rule.do) <= _MOST_ACTIONS:
        yield Fault(f"{path}.do", f"must be 1 to {_MOST_ACTIONS} actions")
    for number, action in enumerate(rule.do):
        yield from _check_action(f"{path}.do[{number}]", action, known)
    for where, depth, when in whens_in(f"{path}.when", rule.when):
        if depth > _DEEPEST:
            yield Fault(where, f"conditions stand in each other at most {_DEEPEST} deep")
            break
        yield from check_when(where, when)


def whens_in(path: str, when: When, depth: int = 1) -> Iterator[tuple[str, int, When]]:
    """Path, depth and value of a condition and of all in it, the outer ones first."""
    yield path, depth, when
    if depth <= _DEEPEST:
        for part in ("all", "any", "none"):
            for index, inner in enumerate(getattr(when, part)):
                yield from whens_in(f"{path}.{part}[{index}]", inner, depth + 1)


# Conditions


def check_when(path: str, when: When) -> Iterator[Fault]:
    """What is wrong with a condition, without those in it, whatever it compares."""
    if when.predicate is not None and NAMED.fullmatch(when.predicate) is None:
        yield Fault(f"{path}.predicate", "must be a name in small letters and its version, as acme.vip@2")
    if when.operator not in OPERATORS:
        yield Fault(f"{path}.operator", f"{when.operator!r} is none of {', '.join(OPERATORS)}")
        return
    takes = OPERATORS[when.operator].takes
    if when.field is None:
        if when.value is not None or when.values or when.operator != "is":
            yield Fault(f"{path}.field", "is required where something is compared")
        return
    for part, is_given in (("value", when.value is not None), ("values", bool(when.values))):
        if is_given and takes != part:
            yield Fault(f"{path}.{part}", f"means nothing: {when.operator} takes {takes or 'nothing'}")
        elif not is_given and takes == part:
            yield Fault(f"{path}.{part}", f"is required: {when.operator} compares with it")


def declared_type(fields: Fields, path: str) -> str | None:
    """The type of a field of a case, an interaction or a customer; None if there is none of that path.

    Args:
        fields: those that the plan declares.
        path: as `case.topic` or `case.fields.urgent`.
    """
    about, _, name = path.partition(".")
    if about not in ABOUT:
        return None
    own = name.removeprefix("fields.")
    if own != name:
        declared: Mapping[str, str] = getattr(fields, about)
        return declared.get(own)
    return ABOUT[about].get(name)


def is_of_type(value: str | int | bool, kind: str) -> bool:
    """Whether a field of this type may hold the value."""
    if isinstance(value, bool):
        return kind == "boolean"
    if isinstance(value, int):
        return kind == "integer"
    return kind in ("text", "date")


def check_values(path: str, when: When, of_type: str) -> Iterator[Fault]:
    """What is wrong with what a condition compares with a field of this type, and how."""
    operator = OPERATORS.get(when.operator)
    if operator is None:
        return
    if operator.is_ordered and of_type not in ("integer", "date"):
        yield Fault(
            f"{path}.operator", f"{when.operator} compares whole numbers and dates, and {when.field} is {of_type}"
        )
    if when.value is not None and not is_of_type(when.value, of_type):
        yield Fault(f"{path}.value", f"must be of type {of_type}, as {when.field} is")
    for index, value in enumerate(when.values):
        if not is_of_type(value, of_type):
            yield Fault(f"{path}.values[{index}]", f"must be of type {of_type}, as {when.field} is")


# Actions


def _check_action(path: str, action: Action, known: Named) -> Iterator[Fault]:
    verb = VERBS.get(action.do)
    if verb is None:
        yield Fault(f"{path}.do", f"{action.do!r} is none of {', '.join(VERBS)}")
        return
    given = [name for name in _GIVEN if getattr(action, name) is not None]
    for name in verb.required:
        if name not in given:
            yield Fault(f"{path}.{name}", f"is required: {action.do} needs it")
    for name in given:
        if name not in (*verb.required, *verb.allowed):
            yield Fault(f"{path}.{name}", f"means nothing: {action.do} takes {_taken(verb.required, verb.allowed)}")
    yield from _check_names(path, action, known)
    yield from _check_bounds(path, action)
    if action.do == "assign" and (action.team is None) == (action.agent is None):
        yield Fault(path, "assign needs a team or an agent, and not both")
    if action.do == "set_field" and action.field is not None:
        yield from _check_field(path, action, known)


def _taken(required: Sequence[str], allowed: Sequence[str]) -> str:
    return ", ".join((*required, *allowed)) or "nothing"


def _check_names(path: str, action: Action, known: Named) -> Iterator[Fault]:
    for name, section in (("queue", "queues"), ("team", "teams"), ("channel", "channels")):
        value: str | None = getattr(action, name)
        if value is not None:
            yield from known.missing(f"{path}.{name}", section, value)
    if action.agent is not None and action.agent not in known.agents and not known.lost.has("agents", action.agent):
        text = f"the plan has no agent {action.agent!r}: the action fails until a command defines one"
        yield Fault(f"{path}.agent", text, is_error=False)
    channel = None if action.channel is None else known.channels.get(action.channel)
    if channel is not None and action.do == "invite":
        if channel.work:
            yield Fault(f"{path}.channel", f"channel {action.channel} is for work items, and nobody comes there")
    elif channel is not None and not channel.work and not known.lost.has("channels", action.channel or "", "work"):
        text = f"channel {action.channel} takes contacts: work = true marks one for work items"
        yield Fault(f"{path}.channel", text)


def _check_bounds(path: str, action: Action) -> Iterator[Fault]:
    if action.minutes is not None and not 1 <= action.minutes <= _MOST_MINUTES:
        yield Fault(f"{path}.minutes", f"must be from 1 to {_MOST_MINUTES}")
    for name in ("text", "title"):
        text: str | None = getattr(action, name)
        if text is not None and not 0 < len(text) <= _LONGEST_TEXT:
            yield Fault(f"{path}.{name}", f"must be 1 to {_LONGEST_TEXT} characters")
    if action.action is not None and NAMED.fullmatch(action.action) is None:
        yield Fault(f"{path}.action", "must be a name in small letters and its version, as refund@1")
    if action.on is not None and action.on not in _WAITS_ON:
        yield Fault(f"{path}.on", f"must be {' or '.join(_WAITS_ON)}")


def _check_field(path: str, action: Action, known: Named) -> Iterator[Fault]:
    assert action.field is not None  # just asked
    about, _, rest = action.field.partition(".")
    kind = declared_type(known.fields, action.field)
    if about not in ABOUT or not rest.startswith("fields."):
        yield Fault(
            f"{path}.field", f"must be case.fields.NAME, or of a customer or an interaction, not {action.field}"
        )
    elif kind is None:
        if not known.lost.has("fields", about, rest.removeprefix("fields.")):
            yield Fault(f"{path}.field", f"the plan declares no {action.field}")
    elif action.value is not None and not is_of_type(action.value, kind):
        yield Fault(f"{path}.value", f"must be of type {kind}")
