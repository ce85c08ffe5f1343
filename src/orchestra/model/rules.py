"""The part of a plan that says what follows from events: rules, their conditions and their actions, and predicates.

Belongs here: the values, and the words that they are made of. Does not: what is wrong with them (`rule_checks` and
`rule_faults`), and firing them (`engine.rules`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

import attrs

__all__ = [
    "ABOUT",
    "MOST_DEPTH",
    "OPERATORS",
    "VERBS",
    "Action",
    "Occasion",
    "Operator",
    "Plain",
    "Predicate",
    "PredicateFailure",
    "Predicates",
    "Rule",
    "Verb",
    "When",
]

Plain: TypeAlias = str | int | bool
"""What a field may hold, and so what it is compared with."""

MOST_DEPTH = 5
"""So many rules fire one because of the other, at most."""


@attrs.frozen
class Operator:
    """How a field is compared.

    Attributes:
        takes: `value`, `values` (a list), or None for nothing.
        is_ordered: whether only whole numbers and dates can be compared so.
    """

    takes: str | None
    is_ordered: bool = False


OPERATORS: Mapping[str, Operator] = {
    "is": Operator("value"),
    "is_not": Operator("value"),
    "one_of": Operator("values"),
    "none_of": Operator("values"),
    "at_least": Operator("value", is_ordered=True),
    "at_most": Operator("value", is_ordered=True),
    "is_set": Operator(None),
    "is_not_set": Operator(None),
}
"""Operator -> what it takes. A field that is not set is nothing, at least nothing and at most nothing."""

ABOUT: Mapping[str, Mapping[str, str]] = {
    "case": {"topic": "text", "state": "text", "queue": "text", "owner": "text", "owner_kind": "text"},
    "interaction": {
        "channel": "text",
        "account": "text",
        "state": "text",
        "queue": "text",
        "agent": "text",
        "disposition": "text",
        "live": "boolean",
    },
    "customer": {
        "language": "text",
        "form": "text",
        "hours": "text",
        "channel": "text",
        "agent": "text",
        "last_topic": "text",
    },
}
"""What an event may be about -> its fields that can be compared, and their types, beside those that a plan declares."""


@attrs.frozen
class Verb:
    """What an action may do.

    Attributes:
        needs: what the event must be about: `interaction`, `case`, `customer`, or None for anything.
        required: the fields that must be given.
        allowed: those that may be given beside these.
    """

    needs: str | None
    required: Sequence[str] = ()
    allowed: Sequence[str] = ()


VERBS: Mapping[str, Verb] = {
    "queue": Verb("interaction", ("queue",)),
    "raise_priority": Verb("interaction", ("minutes",)),
    "hold": Verb("interaction"),
    "link": Verb("interaction"),
    "invite": Verb("interaction", ("channel", "text")),
    "acknowledge": Verb("case", ("text",)),
    "wait": Verb("case", ("on",)),
    "assign": Verb("case", (), ("team", "agent")),
    "escalate": Verb("case"),
    "open_work_item": Verb("customer", ("channel",), ("queue", "title", "minutes")),
    "set_field": Verb("customer", ("field",), ("value",)),
    "notify": Verb(None, ("team", "text")),
    "run": Verb(None, ("action",)),
}
"""What an action does -> what it takes."""


def _whens(values: Iterable[When]) -> tuple[When, ...]:
    """Lists, as files have them, and tuples make equal plans."""
    return tuple(values)


def _actions(values: Iterable[Action]) -> tuple[Action, ...]:
    return tuple(values)


def _plain(values: Iterable[Plain]) -> tuple[Plain, ...]:
    return tuple(values)


@attrs.frozen
class When:
    """A condition. All that is given must hold; an empty one always does.

    Attributes:
        field: what is compared: `event.reason`, `case.topic`, `interaction.channel`, or one that the plan declares, as
            `customer.fields.vip`.
        operator: how: `is` unless stated, `is_not`, `one_of`, `none_of`, `at_least`, `at_most`, `is_set` or
            `is_not_set`. A field that is not set is nothing: only `is_not`, `none_of` and `is_not_set` hold of it.
        value: with what.
        values: with which of several, for `one_of` and `none_of`.
        all: conditions that must all hold.
        any: conditions of which at least one must hold.
        none: conditions of which none may hold.
        predicate: name and version of a function of the application's, as `acme.vip@2`, which must say yes.
    """

    field: str | None = None
    operator: str = "is"
    value: str | int | bool | None = None
    values: Sequence[str | int | bool] = attrs.field(default=(), converter=_plain)
    all: Sequence[When] = attrs.field(default=(), converter=_whens)
    any: Sequence[When] = attrs.field(default=(), converter=_whens)
    none: Sequence[When] = attrs.field(default=(), converter=_whens)
    predicate: str | None = None


@attrs.frozen
class Action:
    """Something that a rule does. Which fields it takes depends on what it does; all others are left out.

    Attributes:
        do: `queue` (the interaction waits in `queue`), `raise_priority` (it counts as older by `minutes`), `hold` (its
            customer is put on hold), `link` (it waits no more, and the answer to what else its customer is in touch on
            is its answer, too), `invite` (its customer is written `text`, with `{token}`, to go on on `channel`),
            `acknowledge` (the case's customer is sent `text`), `wait` (the case waits `on` `customer` or
            `third_party`), `assign` (`team` or `agent` answers for the case), `escalate` (it goes to the next team of
            its path), `open_work_item` (on `channel`, in `queue`, called `title`, older by `minutes`), `set_field`
            (`field` becomes `value`, or is removed without one), `notify` (`team` is told `text`, by an event), or
            `run` (`action` is done).
        queue: where it waits.
        minutes: by how much longer it counts as having waited.
        text: what is said; the same for everybody, so never personal data.
        on: what the case waits on.
        team: who is accountable, or told.
        agent: who is accountable.
        channel: one with `work = true`; to invite to, one without.
        title: of the work item.
        field: one that the plan declares, as `case.fields.urgent`.
        value: what the field becomes.
        action: name and version of one of the application's own, as `refund@1`.
    """

    do: str
    queue: str | None = None
    minutes: int | None = None
    text: str | None = None
    on: str | None = None
    team: str | None = None
    agent: str | None = None
    channel: str | None = None
    title: str | None = None
    field: str | None = None
    value: str | int | bool | None = None
    action: str | None = None


@attrs.frozen
class Rule:
    """What follows when something happens: its actions, one after the other, if its condition holds.

    Attributes:
        name: what it is called in events and by people; each its own.
        on: the type of event that it follows, as `InteractionAttached`.
        when: what must hold then; nothing unless stated.
        do: what it does.
        priority: of several rules for an event those with more go first, and equals in the plan's order.
        most_per_hour: how often it fires within an hour for one case, at most; then it is stopped until the next.
    """

    name: str
    on: str
    when: When = When()
    do: Sequence[Action] = attrs.field(default=(), converter=_actions)
    priority: int = 0
    most_per_hour: int = 20


@attrs.frozen
class Occasion:
    """What a predicate is asked about: an event as it has just happened, and what it is about. Nothing personal.

    Attributes:
        event: its type.
        at_us: when, microseconds UTC.
        facts: its fields that hold texts, whole numbers and truths.
        case: fields of the case, those that the plan declares as `fields.vip`; empty if it is about none.
        interaction: as of the case.
        customer: as of the case.
    """

    event: str
    at_us: int
    facts: Mapping[str, Plain]
    case: Mapping[str, Plain]
    interaction: Mapping[str, Plain]
    customer: Mapping[str, Plain]


Predicate: TypeAlias = Callable[[Occasion], bool]
"""Says whether a rule is to fire. It must depend on its argument alone."""

Predicates: TypeAlias = Mapping[str, Predicate]
"""Name with version, as `acme.vip@2` -> the predicate."""


@attrs.frozen
class PredicateFailure:
    """Why a predicate gave no answer."""

    reason: str
