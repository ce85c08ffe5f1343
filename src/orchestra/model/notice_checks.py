"""What may be wrong or doubtful about what a plan says of notices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from string import Template

import attrs

from orchestra.errors import Fault
from orchestra.model.definitions import Channel
from orchestra.model.findings import FIELD_TYPES
from orchestra.model.identity import SERVICE
from orchestra.model.notices import OVERFLOWS, SUCCESS, Cap, Leg, Notices, NoticeTopic
from orchestra.model.quiet_hours import CLASSES
from orchestra.model.structure import Lost

__all__ = ["Reachable", "check_notices"]

_NONE = timedelta()


@attrs.frozen
class Reachable:
    """What the rest of a plan has that notices name."""

    channels: Mapping[str, Channel]
    purposes: Mapping[str, str]
    templates: Mapping[str, object]
    lost: Lost


def check_notices(notices: Notices, within: Reachable) -> Iterator[Fault]:
    """The faults of topics, their texts and channels, and of how conversations are begun."""
    if notices.jitter < _NONE:
        yield Fault("notices.jitter", "must not be below 0")
    for index, kind in enumerate(notices.mandatory):
        if kind not in CLASSES:
            yield Fault(f"notices.mandatory[{index}]", f"{kind!r} is none of {', '.join(CLASSES)}")
    for index, cap in enumerate(notices.caps):
        yield from _check_cap(f"notices.caps[{index}]", cap)
    for channel, start in notices.starts.items():
        path = f"notices.starts.{channel}"
        yield from _check_channel(path, channel, within)
        for field in ("address", "account"):
            if not getattr(start, field):
                yield Fault(f"{path}.{field}", "must not be empty")
    for name, topic in notices.topics.items():
        yield from _check_topic(f"notices.topics.{name}", topic, within)
        yield from _check_said(name, topic, within)


def _check_cap(path: str, cap: Cap) -> Iterator[Fault]:
    if cap.most < 1:
        yield Fault(f"{path}.most", "must be at least 1")
    elif not 0 <= cap.reserve <= cap.most:
        yield Fault(f"{path}.reserve", "must be from 0 to most")
    if cap.window is not None and cap.window <= _NONE:
        yield Fault(f"{path}.window", "must be longer than nothing, or left out for a day of the customer's calendar")
    if cap.overflow not in OVERFLOWS:
        yield Fault(f"{path}.overflow", f"{cap.overflow!r} is none of {', '.join(OVERFLOWS)}")
    for index, kind in enumerate(cap.kinds):
        if kind not in CLASSES:
            yield Fault(f"{path}.kinds[{index}]", f"{kind!r} is none of {', '.join(CLASSES)}")


def _check_channel(path: str, name: str, within: Reachable) -> Iterator[Fault]:
    if name not in within.channels:
        if not within.lost.has("channels", name):
            there = ", ".join(sorted(within.channels)) or "none"
            yield Fault(path, f"no channel {name!r}; there are: {there}")
    elif within.channels[name].work:
        yield Fault(path, f"channel {name} is for work items: nobody is written to there")


def _check_topic(path: str, topic: NoticeTopic, within: Reachable) -> Iterator[Fault]:
    if topic.kind not in CLASSES:
        yield Fault(f"{path}.kind", f"{topic.kind!r} is none of {', '.join(CLASSES)}")
    for field in ("lasts", "told_within"):
        if getattr(topic, field) <= _NONE:
            yield Fault(f"{path}.{field}", "must be longer than nothing")
    if topic.every is not None and topic.every <= _NONE:
        yield Fault(f"{path}.every", "must be longer than nothing")
    yield from _check_purpose(path, topic, within)
    yield from _check_legs(path, topic.legs, within)


def _check_purpose(path: str, topic: NoticeTopic, within: Reachable) -> Iterator[Fault]:
    purpose = topic.purpose
    if purpose == SERVICE:
        if topic.kind == "marketing":
            yield Fault(f"{path}.purpose", "marketing needs a purpose that customers can forbid: one of the plan's")
    elif purpose not in within.purposes and not within.lost.has("identity", "purposes", purpose):
        there = ", ".join(sorted(within.purposes)) or "none"
        yield Fault(f"{path}.purpose", f"no purpose {purpose!r}; there are: {there}")


def _check_said(name: str, topic: NoticeTopic, within: Reachable) -> Iterator[Fault]:
    """What is told, by a text or by a template."""
    path = f"notices.topics.{name}"
    if topic.text or topic.facts:
        if name in within.templates:
            yield Fault(f"{path}.text", f"templates.{name} says it already, with facts of its own")
        for fact, type_ in topic.facts.items():
            if type_ not in FIELD_TYPES:
                yield Fault(f"{path}.facts.{fact}", f"{type_!r} is none of {', '.join(FIELD_TYPES)}")
        yield from _check_text(path, topic)
    elif name not in within.templates and not within.lost.has("templates", name):
        yield Fault(f"{path}.text", f"must say something, or templates.{name} must")


def _check_text(path: str, topic: NoticeTopic) -> Iterator[Fault]:
    template = Template(topic.text)
    if not topic.text.strip():
        yield Fault(f"{path}.text", "must say something")
    elif not template.is_valid():
        yield Fault(f"{path}.text", "a $ must be followed by the name of a fact; $$ is one $")
    else:
        yield from _check_names(path, topic, template.get_identifiers())


def _check_names(path: str, topic: NoticeTopic, named: Iterable[str]) -> Iterator[Fault]:
    for name in named:
        if name not in topic.facts:
            there = ", ".join(sorted(topic.facts)) or "none"
            yield Fault(f"{path}.text", f"tells ${name}, which is no fact of the topic; there are: {there}")


def _check_legs(path: str, legs: Iterable[Leg], within: Reachable) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, leg in enumerate(legs):
        where = f"{path}.legs[{index}]"
        yield from _check_channel(f"{where}.channel", leg.channel, within)
        if leg.channel in seen:
            yield Fault(f"{where}.channel", f"{leg.channel} is tried already")
        seen.add(leg.channel)
        if leg.success_at not in SUCCESS:
            yield Fault(f"{where}.success_at", f"{leg.success_at!r} is none of {', '.join(SUCCESS)}")
        if leg.wait <= _NONE:
            yield Fault(f"{where}.wait", "must be longer than nothing")
