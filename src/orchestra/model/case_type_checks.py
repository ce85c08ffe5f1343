"""What may be wrong with types of cases."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from datetime import timedelta

from orchestra.errors import Fault
from orchestra.model.case_types import RESOLUTION, UPDATE, CaseType, Delay, Stage
from orchestra.model.roles import Role
from orchestra.model.structure import Lost

__all__ = ["MAY_PROMISE", "check_case_types", "check_may_promise"]

_MOST_STAGES = 50
_MOST_PERCENT = 1_000
_LONGEST_NAME = 100
_NOTHING = timedelta()
MAY_PROMISE = ("none", "forecast", "any")
"""What those who hold a role may promise, from least to most."""


def check_case_types(
    case_types: Mapping[str, CaseType], calendars: Mapping[str, object], lost: Lost
) -> Iterator[Fault]:
    """The faults of types of cases."""
    whose: dict[str, str] = {}
    for name, one in case_types.items():
        path = f"case_types.{name}"
        for index, topic in enumerate(one.topics):
            if whose.setdefault(topic, name) != name:
                yield Fault(f"{path}.topics[{index}]", f"cases on {topic!r} are of type {whose[topic]}")
        if one.calendar is not None and one.calendar not in calendars and not lost.has("calendars", one.calendar):
            there = ", ".join(sorted(calendars)) or "none"
            yield Fault(f"{path}.calendar", f"no calendar {one.calendar!r}; there are: {there}")
        if not lost.touches("case_types", name, "stages"):
            yield from _check_stages(path, one)
        yield from _check_delay(f"{path}.delay", one.delay)
        yield from _check_figures(path, one)


def _check_stages(path: str, one: CaseType) -> Iterator[Fault]:
    if not 1 <= len(one.stages) <= _MOST_STAGES:
        yield Fault(f"{path}.stages", f"must be 1 to {_MOST_STAGES}, as [[{path}.stages]] with name = ...")
    known: set[str] = set()
    for index, stage in enumerate(one.stages):
        yield from _check_stage(f"{path}.stages[{index}]", stage, one, known)
        known.add(stage.name)


def _check_stage(path: str, stage: Stage, one: CaseType, known: Container[str]) -> Iterator[Fault]:
    if not (0 < len(stage.name) <= _LONGEST_NAME and stage.name.isprintable()):
        yield Fault(f"{path}.name", f"must be 1 to {_LONGEST_NAME} printable characters")
    if stage.name in (RESOLUTION, UPDATE):
        yield Fault(f"{path}.name", f"{RESOLUTION} and {UPDATE} are no stages, but what may be promised of any case")
    if stage.name in known:
        yield Fault(f"{path}.name", f"there is a stage {stage.name!r} already")
    if stage.normal is not None and stage.normal < _NOTHING:
        yield Fault(f"{path}.normal", "must not be below 0")
    most = stage.least if stage.normal is None else stage.normal
    if stage.least is not None and most is not None and not _NOTHING <= stage.least <= most:
        yield Fault(f"{path}.least", "must not be below 0, nor longer than normal")
    if stage.max_silence is not None and stage.max_silence <= max(one.update_ahead, _NOTHING):
        yield Fault(f"{path}.max_silence", "must be longer than update_ahead")


def _check_delay(path: str, delay: Delay) -> Iterator[Fault]:
    if delay.at_least < _NOTHING:
        yield Fault(f"{path}.at_least", "must not be below 0")
    if not 0 <= delay.percent <= _MOST_PERCENT:
        yield Fault(f"{path}.percent", f"must be from 0 to {_MOST_PERCENT}")
    if not 0 <= delay.made_up_percent <= 100:
        yield Fault(f"{path}.made_up_percent", "must be from 0 to 100")


def _check_figures(path: str, one: CaseType) -> Iterator[Fault]:
    if not 50 <= one.percentile <= 99:
        yield Fault(f"{path}.percentile", "must be from 50 to 99")
    if one.learned_from < 1:
        yield Fault(f"{path}.learned_from", "must be at least 1")
    if one.update_ahead < _NOTHING:
        yield Fault(f"{path}.update_ahead", "must not be below 0")


def check_may_promise(roles: Mapping[str, Role]) -> Iterator[Fault]:
    """The faults of what roles may promise."""
    for name, role in roles.items():
        if role.may_promise not in MAY_PROMISE:
            yield Fault(f"roles.{name}.may_promise", f"must be one of {', '.join(MAY_PROMISE)}")
