"""What may be wrong with a plan's service clocks."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta

import attrs

from orchestra.errors import Fault
from orchestra.model.clocks import COMPARED, MEASURES, WAITS, ClockPolicy
from orchestra.model.definitions import Fields
from orchestra.model.rule_checks import check_values, check_when, declared_type, whens_in
from orchestra.model.rules import When
from orchestra.model.structure import Lost

__all__ = ["Around", "check_clocks"]

_MOST = 200
_LONGEST_NAME = 100
_DEEPEST = 10
_LONGEST = timedelta(days=3650)


@attrs.frozen
class Around:
    """What clocks may name, and what of it was not understood."""

    calendars: Collection[str]
    fields: Fields
    lost: Lost


def check_clocks(policies: Sequence[ClockPolicy], around: Around) -> Iterator[Fault]:
    """All faults of service clocks."""
    if len(policies) > _MOST:
        yield Fault("clocks", f"at most {_MOST}")
    names: set[str] = set()
    settled: set[tuple[str, str]] = set()
    for index, policy in enumerate(policies):
        path = f"clocks[{index}]"
        if not (0 < len(policy.name) <= _LONGEST_NAME and policy.name.isprintable()):
            yield Fault(f"{path}.name", f"must be 1 to {_LONGEST_NAME} printable characters")
        elif policy.name in names:
            yield Fault(f"{path}.name", f"{policy.name!r} is the name of another clock")
        names.add(policy.name)
        yield from _check_policy(path, policy, around)
        kind = policy.measures, policy.scope
        if kind in settled:
            text = f"never holds: one before it is for all, and also measures {policy.measures} of each {policy.scope}"
            yield Fault(path, text, is_error=False)
        if policy.when == When():
            settled.add(kind)


def _check_policy(path: str, policy: ClockPolicy, around: Around) -> Iterator[Fault]:
    if policy.measures not in MEASURES:
        yield Fault(f"{path}.measures", f"{policy.measures!r} is none of {', '.join(MEASURES)}")
    elif policy.scope not in MEASURES[policy.measures]:
        scopes = " or ".join(MEASURES[policy.measures])
        yield Fault(f"{path}.scope", f"{policy.measures} is measured of each {scopes}, not of each {policy.scope}")
    if not timedelta() < policy.target <= _LONGEST:
        yield Fault(f"{path}.target", "must be longer than nothing and at most 3650d")
    if list(policy.warn_at) != sorted({*policy.warn_at}) or not all(0 < percent < 100 for percent in policy.warn_at):
        yield Fault(f"{path}.warn_at", "must be percents from 1 to 99, the least first")
    for index, on in enumerate(policy.pause_on):
        if on not in WAITS:
            yield Fault(f"{path}.pause_on[{index}]", f"must be {' or '.join(WAITS)}")
    if not all(policy.reasons):
        yield Fault(f"{path}.reasons", "must not be empty texts")
    calendar = policy.calendar
    if calendar is not None and calendar not in around.calendars and not around.lost.has("calendars", calendar):
        known = ", ".join(sorted(around.calendars)) or "none"
        yield Fault(f"{path}.calendar", f"no calendar {calendar!r}; there are: {known}")
    for where, depth, when in whens_in(f"{path}.when", policy.when):
        if depth > _DEEPEST:
            yield Fault(where, f"conditions stand in each other at most {_DEEPEST} deep")
            break
        yield from check_when(where, when)
        yield from _check_compared(where, when, around)


def _check_compared(path: str, when: When, around: Around) -> Iterator[Fault]:
    if when.predicate is not None:
        yield Fault(f"{path}.predicate", "means nothing: a clock asks no predicate")
    if when.field is None:
        return
    about, _, name = when.field.partition(".")
    own = name.removeprefix("fields.")
    kind = declared_type(around.fields, when.field)
    if about not in COMPARED or (own == name and name not in COMPARED[about]):
        known = ", ".join(f"{one}.{field}" for one, fields in COMPARED.items() for field in (*fields, "fields.NAME"))
        yield Fault(f"{path}.field", f"a clock compares no {when.field!r}, but: {known}")
    elif kind is None:
        if not around.lost.has("fields", about, own):
            yield Fault(f"{path}.field", f"the plan declares no {when.field}")
    else:
        yield from check_values(path, when, kind)
