"""What may be wrong or doubtful about what a plan says of notices."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from string import Template

import attrs

from orchestra.errors import Fault
from orchestra.model.definitions import Channel
from orchestra.model.facts import ENTRIES
from orchestra.model.findings import FIELD_TYPES
from orchestra.model.identity import SERVICE
from orchestra.model.limits import line_fault
from orchestra.model.notices import ABOUT, OVERFLOWS, SUCCESS, Cap, Digest, Leg, Notices, NoticeTopic, Option
from orchestra.model.quiet_hours import CLASSES
from orchestra.model.structure import Lost
from orchestra.model.template_checks import language_fault
from orchestra.model.templates import Topic, Wording

__all__ = ["Reachable", "check_notices"]

_NONE = timedelta()
_MOST_ENTRIES = 100
_MOST_OPTIONS = 20
_OPTION = re.compile(r"[a-z0-9_-]{1,30}", re.ASCII)
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)


@attrs.frozen
class Reachable:
    """What the rest of a plan has that notices name."""

    channels: Mapping[str, Channel]
    purposes: Mapping[str, str]
    templates: Mapping[str, Topic]
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
        yield from _check_overflow(f"notices.caps[{index}]", cap, notices, within)
    for channel, start in notices.starts.items():
        path = f"notices.starts.{channel}"
        yield from _check_channel(path, channel, within)
        for field in ("address", "account"):
            if not getattr(start, field):
                yield Fault(f"{path}.{field}", "must not be empty")
    for name, topic in notices.topics.items():
        yield from _check_topic(f"notices.topics.{name}", topic, within)
        yield from _check_said(name, topic, within)
        if topic.digest is not None:
            yield from _check_gathered(f"notices.topics.{name}.digest", topic.digest, notices, within)
    for name, digest in notices.digests.items():
        yield from _check_digest(f"notices.digests.{name}", digest, within)
        yield from _check_listing(name, digest, notices, within)


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


def _check_overflow(path: str, cap: Cap, notices: Notices, within: Reachable) -> Iterator[Fault]:
    if cap.overflow != "digest":
        if cap.digest is not None:
            yield Fault(f"{path}.digest", "is for what overflows into a digest: overflow = 'digest'")
    elif cap.digest is None:
        yield Fault(f"{path}.digest", "must name the digest in which what there is no room for is gathered")
    else:
        yield from _check_gathered(f"{path}.digest", cap.digest, notices, within)


def _check_gathered(path: str, name: str, notices: Notices, within: Reachable) -> Iterator[Fault]:
    if name not in notices.digests and not within.lost.has("notices", "digests", name):
        yield Fault(path, f"no digest {name!r}; there are: {', '.join(sorted(notices.digests)) or 'none'}")


def _check_digest(path: str, digest: Digest, within: Reachable) -> Iterator[Fault]:
    for field in ("window", "longest"):
        if getattr(digest, field) <= _NONE:
            yield Fault(f"{path}.{field}", "must be longer than nothing")
    for index, text in enumerate(digest.at):
        if _TIME.fullmatch(text) is None:
            yield Fault(f"{path}.at[{index}]", "must be a time of the day, as 09:00")
    if digest.at and digest.leading:
        yield Fault(f"{path}.leading", "has no meaning where it leaves at times of the day")
    if digest.by not in ABOUT:
        yield Fault(f"{path}.by", f"{digest.by!r} is none of {', '.join(ABOUT)}")
    if digest.most < 2:
        yield Fault(f"{path}.most", "must be at least 2")
    elif digest.most > _MOST_ENTRIES:
        yield Fault(f"{path}.most", f"must be at most {_MOST_ENTRIES}")
    yield from _check_legs(path, digest.legs, within)


def _check_listing(name: str, digest: Digest, notices: Notices, within: Reachable) -> Iterator[Fault]:
    """What a digest says of what it holds, by a text or by a template."""
    path, template = f"notices.digests.{name}", within.templates.get(name)
    if digest.text:
        yield from _check_dollars(path, digest.text, ("count", "entries"))
        if template is not None:
            yield Fault(f"{path}.text", f"templates.{name} says it already")
    elif template is None:
        if not within.lost.has("templates", name):
            yield Fault(f"{path}.text", f"must say something, or templates.{name} must")
    elif not template.facts.items() <= {("count", "integer"), ("entries", ENTRIES)}:
        yield Fault(f"templates.{name}.facts", f"a digest tells count, an integer, and entries, of type {ENTRIES}")
    elif "entries" not in template.facts:
        yield Fault(f"templates.{name}.facts", f"must have entries, of type {ENTRIES}: what the digest holds")
    yield from _check_media(path, name, digest, notices, within)


def _check_media(path: str, name: str, digest: Digest, notices: Notices, within: Reachable) -> Iterator[Fault]:
    """Whatever it may hold can stand in it: what is plain can everywhere."""
    own = {"plain"} if digest.text else _media(within.templates.get(name))
    kinds = {kind for cap in notices.caps if cap.digest == name for kind in cap.kinds}
    for held, topic in notices.topics.items():
        theirs = set() if topic.text else _media(within.templates.get(held)) - {"plain"}
        if (topic.digest == name or topic.kind in kinds) and theirs and own != theirs:
            yield Fault(path, f"holds {held}, which is {' and '.join(sorted(theirs))}, and is so nowhere itself")


def _media(template: Topic | None) -> set[str]:
    return set() if template is None else {medium for one in template.languages.values() for medium in _of(one)}


def _of(wording: Wording) -> Iterator[str]:
    yield wording.medium
    for here in wording.channels.values():
        yield here.medium or wording.medium


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
    if topic.in_hours and topic.kind == "critical":
        yield Fault(f"{path}.in_hours", "what is critical waits for no time of the day")
    yield from _check_purpose(path, topic, within)
    yield from _check_legs(path, topic.legs, within)
    yield from _check_options(f"{path}.options", topic.options)


def _check_options(path: str, options: Sequence[Option]) -> Iterator[Fault]:
    if len(options) > _MOST_OPTIONS:
        yield Fault(path, f"must be at most {_MOST_OPTIONS}")
    for index, option in enumerate(options):
        if _OPTION.fullmatch(option.id) is None:
            yield Fault(f"{path}[{index}].id", "must be 1 to 30 small letters, digits, hyphens or underscores")
        if option.id in [other.id for other in options[:index]]:
            yield Fault(f"{path}[{index}].id", f"there is an option {option.id!r} already")
        for where, label in (
            ("label", option.label),
            *((f"labels.{one}", text) for one, text in option.labels.items()),
        ):
            if (fault := line_fault(label)) is not None:
                yield Fault(f"{path}[{index}].{where}", fault)
        for language in option.labels:
            if (fault := language_fault(language)) is not None:
                yield Fault(f"{path}[{index}].labels.{language}", fault)


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
    elif name not in within.templates:
        if not within.lost.has("templates", name):
            yield Fault(f"{path}.text", f"must say something, or templates.{name} must")
    elif ENTRIES in within.templates[name].facts.values():
        yield Fault(f"templates.{name}.facts", f"only a digest has facts of type {ENTRIES}")


def _check_text(path: str, topic: NoticeTopic) -> Iterator[Fault]:
    if topic.text.strip():
        yield from _check_dollars(path, topic.text, topic.facts)
    else:
        yield Fault(f"{path}.text", "must say something")


def _check_dollars(path: str, text: str, facts: Iterable[str]) -> Iterator[Fault]:
    template = Template(text)
    if not template.is_valid():
        yield Fault(f"{path}.text", "a $ must be followed by the name of a fact; $$ is one $")
        return
    for name in template.get_identifiers():
        if name not in facts:
            there = ", ".join(sorted(facts)) or "none"
            yield Fault(f"{path}.text", f"tells ${name}, which is no fact of it; there are: {there}")


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
        for place, provider in enumerate(leg.providers):
            if not provider or provider in leg.providers[:place]:
                yield Fault(f"{where}.providers[{place}]", "must name each account once")
        if leg.wait <= _NONE:
            yield Fault(f"{where}.wait", "must be longer than nothing")
