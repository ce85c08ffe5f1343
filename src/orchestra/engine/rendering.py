"""What a customer is told, word for word: the wording of a topic with its facts in it, safe for its medium. Pure.

Whatever facts hold, they end where they stand: they begin no line, no markup, no header and no link of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from string import Template

import attrs

from orchestra.engine.fact_texts import fact_text
from orchestra.engine.known.person import Person
from orchestra.engine.quiet_hours import zone_of
from orchestra.engine.view import View
from orchestra.model.escaping import Line, escape, escape_link, neutral
from orchestra.model.facts import ENTRIES, Fact, fact_fault
from orchestra.model.jinja_texts import Shown, jinja_text
from orchestra.model.templates import Language, Topic, Wording, fallbacks

__all__ = ["Rendered", "fact_faults", "listed", "render", "say"]

_PLAIN_LANGUAGE = Language()


@attrs.frozen
class Rendered:
    """What a customer is told.

    Attributes:
        title: the line above it; None if there is none.
        text: what is said.
        medium: how it is read: `plain`, `html` or `markdown`.
        language: in which it is said.
        template: what stands for it where the channel lets no free words pass: name, language and parameters of a
            template that its provider has approved; None if there is none.
    """

    title: Line | None
    text: str
    medium: str
    language: str
    template: list[str] | None = None


def fact_faults(topic: Topic, facts: Mapping[str, Fact]) -> Iterator[tuple[str, str]]:
    """Which facts of a topic are missing, of another type, or none of it, and why: with these nothing is told."""
    for name, kind in topic.facts.items():
        if name not in facts:
            if kind != ENTRIES:
                yield name, f"is missing: a {kind}"
        elif (fault := fact_fault(kind, facts[name])) is not None:
            yield name, fault
    for name in facts:
        if name not in topic.facts:
            yield name, f"is no fact of this topic; there are: {', '.join(sorted(topic.facts)) or 'none'}"


def render(
    view: View,
    topic: str,
    language: str | None,
    channel: str,
    facts: Mapping[str, Fact],
    zone: str,
    *,
    form: str | None = None,
    entries: Sequence[Rendered] = (),
    known: Mapping[str, str | None] | None = None,
) -> Rendered:
    """What is said of a topic.

    Args:
        view: all slices.
        topic: one of the plan's templates.
        language: the customer's, if it is known; where it has no wording, that of the workspace is used.
        channel: on which it is said.
        facts: those of the topic, of which `fact_faults` finds nothing.
        zone: on whose wall instants are read.
        form: of address, if it is known.
        entries: what a digest holds.
        known: what is known of whom it is said to, of what the topic tells of them.
    """
    plan = view.plan
    template = plan.templates[topic]
    default = plan.workspace.language
    said_in = next(one for one in fallbacks(language, default) if one in template.languages)
    title, text, medium = template.languages[said_in].chosen(channel, form)
    style = next((plan.languages[one] for one in fallbacks(said_in, said_in) if one in plan.languages), _PLAIN_LANGUAGE)
    kinds = {name: kind for name, kind in template.facts.items() if kind != ENTRIES}
    read = {name: neutral(fact_text(kind, facts[name], style, zone)) for name, kind in kinds.items()}
    read |= {name: neutral((known or {}).get(name) or otherwise) for name, otherwise in template.personal.items()}
    links = {name: str(facts[name]) for name, kind in template.facts.items() if kind == "link"}
    written = {name: escape(value, medium) for name, value in read.items()}
    written |= {name: escape_link(link, medium) for name, link in links.items()}
    for name in template.facts.keys() - kinds.keys():
        read[name], written[name] = "", listed(entries, medium)
    line = None if title is None else Line(neutral(_filled(template, title, facts, read)))
    spoken = read | {name: escape_link(link, "plain") for name, link in links.items()}
    approved = _approved(template.languages[said_in], channel, said_in, spoken)
    return Rendered(line, _filled(template, text, facts, written), medium, said_in, approved)


def _approved(wording: Wording, channel: str, said_in: str, spoken: Mapping[str, str]) -> list[str] | None:
    """What stands for a wording on a channel, with the texts of its facts in order."""
    here = wording.channels.get(channel)
    if here is None or here.template is None:
        return None
    language = here.template.language or said_in.replace("-", "_")
    return [here.template.name, language, *(spoken[name] for name in here.template.parameters)]


def _filled(topic: Topic, text: str, facts: Mapping[str, Fact], written: Mapping[str, str]) -> str:
    """A wording with its facts in it."""
    if topic.syntax == "dollar":
        return Template(text).substitute(written)
    return jinja_text(text, {name: Shown(facts.get(name, one), one) for name, one in written.items()})


def listed(entries: Sequence[Rendered], medium: str) -> str:
    """What a digest holds, one after the other, as a medium writes lists."""
    texts = [one.text if one.medium == medium else escape(one.text, medium) for one in entries]
    if medium == "html":
        return "<ul>" + "".join(f"<li>{text}</li>" for text in texts) + "</ul>"
    return "\n".join("- " + text.replace("\n", "\n  ") for text in texts)


def say(
    view: View,
    customer: str,
    topic: str,
    channel: str,
    facts: Mapping[str, Fact],
    entries: Sequence[Rendered] = (),
    case: str | None = None,
) -> Rendered:
    """What a customer is told of a topic: in the language and form that they want, on their own clock.

    Args:
        view: all slices.
        customer: any id of theirs.
        topic: one of the plan's templates.
        channel: on which it is said.
        facts: those of the topic, of which `fact_faults` finds nothing.
        entries: what a digest holds.
        case: the matter that it is about, if it is about one.
    """
    person = Person(view, view.identity.group(customer), case)
    known = {name: getattr(person, name) for name in view.plan.templates[topic].personal}
    zone = zone_of(view, customer)
    return render(view, topic, person.language, channel, facts, zone, form=person.form, entries=entries, known=known)
