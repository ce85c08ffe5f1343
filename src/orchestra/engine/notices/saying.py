"""What customers are told by a notice, word for word: by the topic's own text, or by the template of its name."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from string import Template

import attrs

from orchestra.engine.details.decide import fits
from orchestra.engine.notices.row import Notice, Value
from orchestra.engine.rendering import Rendered, fact_faults, listed, say
from orchestra.engine.view import View
from orchestra.model.escaping import neutral
from orchestra.model.notices import Digest, NoticeTopic

__all__ = ["gathered_wording", "missing", "newest", "said", "version_of", "wording"]


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


def wording(
    view: View, row: Notice, topic: NoticeTopic, channel: str, told: Mapping[str, Value] | None = None
) -> Rendered:
    """What is said on a channel, of facts as they were planned or as they are told now."""
    values = row.facts if told is None else told
    if not topic.text:
        return say(view, row.customer, row.topic, channel, values, case=row.case)
    facts = {name: neutral(str(value)) for name, value in values.items()}
    return Rendered(None, Template(topic.text).substitute(facts), "plain", view.plan.workspace.language)


def version_of(view: View, name: str, of: NoticeTopic | Digest) -> str:
    """What tells the words of a topic or a digest of that name in the plan from other editions of them."""
    words = of.text or json.dumps(attrs.asdict(view.plan.templates[name], filter=_is_said), sort_keys=True)
    return hashlib.blake2b(words.encode(), digest_size=8).hexdigest()


def _is_said(field: attrs.Attribute[object], value: object) -> bool:
    """Templates came later: the editions of words that name none are as they were."""
    return field.name != "template" or value is not None


def gathered_wording(view: View, names: Sequence[str], digest: str, channel: str) -> Rendered:
    """What one message says of several notices, in the words of their digest."""
    rows, topics = view.notices.notices, view.plan.notices.topics
    told = newest(view, names)
    entries = [wording(view, rows[name], topics[rows[name].topic], channel, told[name]) for name in names]
    text = view.plan.notices.digests[digest].text
    if not text:
        counted = view.plan.templates[digest].facts.keys() & {"count"}
        facts = dict.fromkeys(counted, len(entries))
        return say(view, rows[names[0]].customer, digest, channel, facts, entries)
    whole = Template(text).substitute(count=len(entries), entries=listed(entries, "plain"))
    return Rendered(None, whole, "plain", view.plan.workspace.language)


def newest(view: View, names: Sequence[str]) -> Mapping[str, Mapping[str, Value]]:
    """What each of several notices tells that leave together: of a fact that more of them tell, the newest value."""
    rows, latest = view.notices.notices, dict[tuple[str, str], Value]()
    for name in names:
        latest |= {(_about(view, rows[name]), fact): value for fact, value in rows[name].facts.items()}
    return {name: _renewed(view, rows[name], latest) for name in names}


def _about(view: View, row: Notice) -> str:
    return view.identity.root(row.customer) if row.case is None else view.cases.root(row.case)


def _renewed(view: View, row: Notice, latest: Mapping[tuple[str, str], Value]) -> Mapping[str, Value]:
    facts = {fact: latest[_about(view, row), fact] for fact in row.facts}
    topic = view.plan.notices.topics.get(row.topic)
    fits_all = topic is not None and next(missing(view, row.topic, topic, facts), None) is None
    return facts if fits_all else row.facts


def said(view: View, row: Notice) -> str | None:
    """What a notice says, for somebody who is to tell it; None if the plan does not know it any more."""
    topic = view.plan.notices.topics.get(row.topic)
    if topic is None or next(missing(view, row.topic, topic, row.facts), None) is not None:
        return None
    return wording(view, row, topic, topic.legs[0].channel if topic.legs else "").text
