"""What may be told of the way of a case, by itself; and what is wrong where a plan tells something else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import attrs

from orchestra.errors import Fault
from orchestra.model.case_types import CaseType, Tells
from orchestra.model.notices import Notices
from orchestra.model.structure import Lost
from orchestra.model.templates import Topic

__all__ = ["FACTS", "KEYS", "check_progress", "facts_of"]

KEYS = "progress:"
"""How the keys begin of notices that follow from the way of a case. No key of the application's begins so."""

_WORDS = ("text",)
FACTS: Mapping[str, Sequence[str]] = {
    "number": ("number", "text"),
    "type": _WORDS,
    "stage": _WORDS,
    "next": _WORDS,
    "reason": _WORDS,
    "earliest": ("instant",),
    "due": ("instant",),
    "before": ("instant",),
    "update_by": ("instant",),
}
"""Fact -> the types as which it is told: the case's number and type, its stage and the one that follows, why it takes
longer, from when on and by when it is done, when it was to be done before, and when the customer hears of it next."""

_ACKNOWLEDGED = ("number", "due", "update_by")
"""What a customer who gets in touch is told: the case's number, its normal time, and when they hear of it next."""
_REACHED = ("stage",)
"""What tells one stage from another: nobody is told again what they were told already."""
_ALWAYS = ("number", "type", "stage", "update_by")
"""What is known in every stage with a longest silence, even where no time can be foreseen."""
_AT_THE_END = ("number", "type", "stage", "reason")
"""What is known once all is done."""


@attrs.frozen
class _Told:
    """A topic that a plan names for something that happens to cases, and the facts that are known then."""

    path: str
    topic: str
    known: Sequence[str]
    needed: Sequence[str] = ()


def facts_of(topic: str, notices: Notices, templates: Mapping[str, Topic]) -> Mapping[str, str] | None:
    """The facts that a topic tells, and their types; None if there is no such topic."""
    own = notices.topics.get(topic)
    if own is None or own.text:
        return None if own is None else own.facts
    template = templates.get(topic)
    return None if template is None else template.facts


def check_progress(
    case_types: Mapping[str, CaseType], notices: Notices, templates: Mapping[str, Topic], lost: Lost
) -> Iterator[Fault]:
    """The faults of what is told of the way of cases."""
    if lost.touches("notices") or lost.touches("templates") or lost.touches("case_types"):
        return
    for name, one in case_types.items():
        for told in _told(f"case_types.{name}", one):
            yield from _check(told, notices, templates)
        yield from _check_silences(f"case_types.{name}", one, notices, templates)


def _told(path: str, one: CaseType) -> Iterator[_Told]:
    last = len(one.stages) - 1
    for index, stage in enumerate(one.stages):
        if stage.promise is not None:
            known = _AT_THE_END if index == last else [fact for fact in FACTS if fact not in ("before", "reason")]
            needed = _ACKNOWLEDGED if index == 0 and last > 0 else _REACHED
            yield _Told(f"{path}.stages[{index}].promise", stage.promise, known, needed)
    if one.tells.delay is not None:
        yield _Told(f"{path}.tells.delay", one.tells.delay, list(FACTS))
    if one.tells.made_up is not None:
        yield _Told(f"{path}.tells.made_up", one.tells.made_up, [fact for fact in FACTS if fact != "reason"])
    if one.tells.update is not None:
        yield _Told(f"{path}.tells.update", one.tells.update, _ALWAYS, ("update_by",))


def _check(told: _Told, notices: Notices, templates: Mapping[str, Topic]) -> Iterator[Fault]:
    facts = facts_of(told.topic, notices, templates)
    if facts is None:
        there = ", ".join(sorted(notices.topics)) or "none"
        yield Fault(told.path, f"no topic {told.topic!r} in notices.topics; there are: {there}")
        return
    for fact, kind in facts.items():
        if fact not in told.known:
            yield Fault(told.path, f"{told.topic} tells {fact}; known are then: {', '.join(told.known)}")
        elif kind not in FACTS[fact]:
            yield Fault(told.path, f"{told.topic} tells {fact} as {kind}; it is told as {' or '.join(FACTS[fact])}")
    for fact in told.needed:
        if fact not in facts:
            yield Fault(
                told.path, f"{told.topic} must tell {fact}, as what is told here needs {', '.join(told.needed)}"
            )


def _check_silences(path: str, one: CaseType, notices: Notices, templates: Mapping[str, Topic]) -> Iterator[Fault]:
    """By when the customer hears next is known only of stages with a longest silence."""
    for index, stage in enumerate(one.stages[:-1]):
        facts = None if stage.promise is None else facts_of(stage.promise, notices, templates)
        if facts is not None and "update_by" in facts and stage.max_silence is None:
            yield Fault(f"{path}.stages[{index}].max_silence", f"is needed: {stage.promise} tells update_by")
    last = one.stages[-1].promise if one.stages else None
    topic = notices.topics.get(last or "")
    if one.resolves and topic is not None and not topic.after_resolved:
        path_of = f"{path}.stages[{len(one.stages) - 1}].promise"
        yield Fault(path_of, f"the last stage resolves the case: {last} must be told after_resolved")
    yield from _check_acknowledged(path, one)


def _check_acknowledged(path: str, one: CaseType) -> Iterator[Fault]:
    """A customer who gets in touch is told the number, the normal time and the next word, by us or the application."""
    if not one.stages:
        return
    is_told = any(stage.promise for stage in one.stages) or one.tells != Tells()
    if one.silent and is_told:
        yield Fault(f"{path}.silent", "is not so: its customers are told something")
    elif not one.silent and one.stages[0].promise is None:
        message = "nothing acknowledges the case: name a topic that tells its number, its normal time and the next word"
        yield Fault(f"{path}.stages[0].promise", f"{message}, or state silent where the application tells them itself")
