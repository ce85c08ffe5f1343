"""What customers are told by a notice, word for word: by the topic's own text, or by the template of its name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from string import Template

from orchestra.engine.details.decide import fits
from orchestra.engine.notices.state import Notice, Value
from orchestra.engine.rendering import Rendered, fact_faults, say
from orchestra.engine.view import View
from orchestra.model.escaping import neutral
from orchestra.model.notices import NoticeTopic

__all__ = ["missing", "said", "wording"]


def missing(view: View, name: str, topic: NoticeTopic, facts: Mapping[str, Value]) -> Iterator[tuple[str, str]]:
    """Which facts of a topic are missing, of another type, or none of it, and why."""
    if not topic.text:
        yield from fact_faults(view.plan.templates[name], facts)
        return
    for fact, type_ in topic.facts.items():
        if fact not in facts:
            yield fact, f"is missing: {name} tells it"
        elif not fits(facts[fact], type_):
            yield fact, f"must be of type {type_}"
    for fact in facts:
        if fact not in topic.facts:
            yield fact, f"is no fact of {name}"


def wording(view: View, row: Notice, topic: NoticeTopic, channel: str) -> Rendered:
    """What is said on a channel."""
    if not topic.text:
        return say(view, row.customer, row.topic, channel, row.facts)
    facts = {name: neutral(str(value)) for name, value in row.facts.items()}
    return Rendered(None, Template(topic.text).substitute(facts), "plain", view.plan.workspace.language)


def said(view: View, row: Notice) -> str | None:
    """What a notice says, for somebody who is to tell it; None if the plan does not know it any more."""
    topic = view.plan.notices.topics.get(row.topic)
    if topic is None or next(missing(view, row.topic, topic, row.facts), None) is not None:
        return None
    return wording(view, row, topic, topic.legs[0].channel if topic.legs else "").text
