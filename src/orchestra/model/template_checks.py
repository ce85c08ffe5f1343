"""What may be wrong with what a plan says to customers: found when it is defined, never when it is to be said."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from string import Template

from orchestra.errors import Fault
from orchestra.model.escaping import MEDIA, hidden_in
from orchestra.model.facts import ENTRIES, FACT_TYPES
from orchestra.model.jinja_texts import jinja_names
from orchestra.model.templates import (
    PERSONAL,
    SYNTAXES,
    ApprovedTemplate,
    ChannelWording,
    FormWording,
    Language,
    Topic,
    Wording,
)

__all__ = ["PARTS", "check_languages", "check_templates", "language_fault"]

_NAME = re.compile(r"[a-z_][a-z0-9_]*", re.ASCII)
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}", re.ASCII)
_PROVIDERS_LANGUAGE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}", re.ASCII)
_LONGEST_TEXT = 20_000
_LONGEST_LINE = 500
_SEVERAL_LINES = re.compile(r"[\n\t]")

_DATE = frozenset({"day", "day2", "weekday", "month", "month2", "month_name", "year"})
_TIME = frozenset({"hour", "hour2", "hour12", "half", "minute2", "zone"})
PARTS: Mapping[str, frozenset[str]] = {
    "date": _DATE,
    "time": _TIME,
    "instant": _DATE | _TIME | {"date", "time"},
    "money": frozenset({"amount", "currency"}),
}
"""Pattern of a language -> the parts that it may name."""

_COUNTS = {"months": 12, "weekdays": 7, "halves": 2}
_NEEDS = {"month_name": "months", "weekday": "weekdays"}


def language_fault(language: str) -> str | None:
    """Why a text names no language; None if it does."""
    return None if _LANGUAGE.fullmatch(language) else "must be a language as de, or de-AT"


def check_languages(languages: Mapping[str, Language], default: str) -> Iterator[Fault]:
    """Everything wrong in how languages write what is counted and dated."""
    if (fault := language_fault(default)) is not None:
        yield Fault("workspace.language", fault)
    for name, language in languages.items():
        path = f"languages.{name}"
        if (fault := language_fault(name)) is not None:
            yield Fault(path, fault)
        yield from _check_language(path, language)


def _check_language(path: str, language: Language) -> Iterator[Fault]:
    for field, known in PARTS.items():
        pattern = getattr(language, field)
        yield from _check_text(f"{path}.{field}", pattern, known, "part", is_line=True)
        named = set(Template(pattern).get_identifiers()) if Template(pattern).is_valid() else set()
        for part in sorted(named & _NEEDS.keys()):
            if not getattr(language, _NEEDS[part]):
                yield Fault(f"{path}.{_NEEDS[part]}", f"must be given: {field} names ${part}")
    for field, count in _COUNTS.items():
        names = getattr(language, field)
        if names and len(names) != count:
            yield Fault(f"{path}.{field}", f"must be {count} names")
        yield from _check_words(f"{path}.{field}", names)
    for unit in ("day", "hour", "minute", "second"):
        if len(language.units.get(unit, ())) != 2:
            yield Fault(f"{path}.units.{unit}", "must be two names: for one of it, and for several")
        yield from _check_words(f"{path}.units.{unit}", language.units.get(unit, ()))
    yield from _check_words(path, (language.decimal, language.group))


def _check_words(path: str, words: Iterable[str]) -> Iterator[Fault]:
    for word in words:
        if hidden_in(word) or len(word) > _LONGEST_LINE:
            yield Fault(path, f"must be one line each, of at most {_LONGEST_LINE} characters")


def check_templates(topics: Mapping[str, Topic], default: str, channels: Iterable[str] | None) -> Iterator[Fault]:
    """Everything wrong in what is said of topics.

    Args:
        topics: what the plan says.
        default: the workspace's language.
        channels: names of the plan's channels; None if they are not known.
    """
    for name, topic in topics.items():
        path = f"templates.{name}"
        yield from _check_facts(f"{path}.facts", topic.facts)
        yield from _check_personal(f"{path}.personal", topic)
        if topic.syntax not in SYNTAXES:
            yield Fault(f"{path}.syntax", f"must be one of {', '.join(SYNTAXES)}")
            continue
        if default not in topic.languages:
            yield Fault(f"{path}.languages", f"there is none in {default}, the workspace's language")
        for language, wording in topic.languages.items():
            where = f"{path}.languages.{language}"
            if (fault := language_fault(language)) is not None:
                yield Fault(where, fault)
            yield from _check_wording(where, wording, topic, channels)


def _check_facts(path: str, facts: Mapping[str, str]) -> Iterator[Fault]:
    for name, kind in facts.items():
        if _NAME.fullmatch(name) is None:
            yield Fault(f"{path}.{name}", "must be small letters, digits and underscores, as a name in a text has them")
        if kind not in FACT_TYPES:
            yield Fault(f"{path}.{name}", f"{kind!r} is none of {', '.join(FACT_TYPES)}")


def _check_personal(path: str, topic: Topic) -> Iterator[Fault]:
    for name, otherwise in topic.personal.items():
        if name not in PERSONAL:
            yield Fault(f"{path}.{name}", f"{name!r} is none of {', '.join(PERSONAL)}")
        if name in topic.facts:
            yield Fault(f"{path}.{name}", f"facts.{name} is told already: give that another name")
        yield from _check_words(f"{path}.{name}", (otherwise,))


def _check_wording(path: str, wording: Wording, topic: Topic, channels: Iterable[str] | None) -> Iterator[Fault]:
    known = [*topic.facts, *topic.personal]
    if not wording.text:
        yield Fault(f"{path}.text", "must not be empty")
    for where, one in _all(path, wording):
        if one.title is not None:
            yield from _check_text(f"{where}.title", one.title, known, "fact", is_line=True, syntax=topic.syntax)
        if one.text is not None:
            yield from _check_text(f"{where}.text", one.text, known, "fact", is_line=False, syntax=topic.syntax)
        medium = None if isinstance(one, FormWording) else one.medium
        if medium is not None and medium not in MEDIA:
            yield Fault(f"{where}.medium", f"must be one of {', '.join(MEDIA)}")
    for name, here in wording.channels.items():
        if here.template is not None:
            yield from _check_template(f"{path}.channels.{name}.template", here.template, topic)
        if channels is not None and name not in channels:
            yield Fault(f"{path}.channels.{name}", f"no channel {name!r}")


def _check_template(path: str, template: ApprovedTemplate, topic: Topic) -> Iterator[Fault]:
    if not template.name or hidden_in(template.name) or len(template.name) > _LONGEST_LINE:
        yield Fault(f"{path}.name", f"must be one line of 1 to {_LONGEST_LINE} characters")
    if template.language is not None and _PROVIDERS_LANGUAGE.fullmatch(template.language) is None:
        yield Fault(f"{path}.language", "must be a language as the provider writes it: de, or en_US")
    told = sorted(name for name, kind in topic.facts.items() if kind != ENTRIES)
    for name in template.parameters:
        if name not in told:
            yield Fault(f"{path}.parameters", f"no fact {name!r}; there are: {', '.join(told) or 'none'}")


def _all(path: str, wording: Wording) -> Iterator[tuple[str, Wording | ChannelWording | FormWording]]:
    """All that is said, with where it stands."""
    yield path, wording
    for form, one in wording.forms.items():
        yield f"{path}.forms.{form}", one
    for channel, here in wording.channels.items():
        yield f"{path}.channels.{channel}", here
        for form, one in here.forms.items():
            yield f"{path}.channels.{channel}.forms.{form}", one


def _check_text(
    path: str, text: str, known: Iterable[str], what: str, *, is_line: bool, syntax: str = "dollar"
) -> Iterator[Fault]:
    try:
        names = _NAMES[syntax](text)
    except ValueError as error:
        yield Fault(path, str(error))
        return
    for name in sorted(names - set(known)):
        yield Fault(path, f"no {what} {name!r}; there are: {', '.join(sorted(known)) or 'none'}")
    if hidden_in(text if is_line else _SEVERAL_LINES.sub("", text)):
        yield Fault(path, "has a character that is not seen" + (", or more than one line" if is_line else ""))
    most = _LONGEST_LINE if is_line else _LONGEST_TEXT
    if len(text) > most:
        yield Fault(path, f"must be at most {most:,} characters")


def _dollar_names(text: str) -> set[str]:
    if not Template(text).is_valid():
        raise ValueError("has a $ that begins no name; a dollar sign is $$")
    return set(Template(text).get_identifiers())


_NAMES: Mapping[str, Callable[[str], set[str]]] = {"dollar": _dollar_names, "jinja": jinja_names}
"""Syntax -> the names in a text, or a ValueError that says why it is none."""
