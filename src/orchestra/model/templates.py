"""What customers are told, as a user writes it: per topic, language, form of address and channel.

Belongs here: the values, and which wording goes before which. Does not: what is wrong with them (`template_checks`),
and putting facts into them (`engine.rendering`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs

__all__ = [
    "PERSONAL",
    "SHUT_WINDOW",
    "SYNTAXES",
    "ApprovedTemplate",
    "ChannelWording",
    "FormWording",
    "Language",
    "Topic",
    "Wording",
    "fallbacks",
    "forms_of",
    "template_data",
]

SYNTAXES = ("dollar", "jinja")
"""How wordings name their facts."""

SHUT_WINDOW = "window"
"""The code of a failure that means: no free words pass there now, but what a provider has approved does."""

PERSONAL = ("agent", "last_topic", "last_number", "channel", "hours", "language", "form")
"""What wordings may tell of whom they are said to: the person who last took a contact of theirs, topic and number of
the last matter but this one, and the channel, time of the day, language and form of address that they want.
"""

_UNITS: Mapping[str, Sequence[str]] = {
    "day": ("day", "days"),
    "hour": ("hour", "hours"),
    "minute": ("minute", "minutes"),
    "second": ("second", "seconds"),
}


def _texts(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(values)


@attrs.frozen
class Language:
    """How a language writes what is counted and dated. Patterns name their parts with a dollar sign.

    Attributes:
        date: a day, of `$day`, `$day2` (two digits), `$weekday`, `$month`, `$month2`, `$month_name` and `$year`.
        time: a time, of `$hour`, `$hour2`, `$hour12`, `$half`, `$minute2`, and `$zone` where it is an instant.
        instant: a point in time, of `$date`, `$time` and all of both.
        money: an amount, of `$amount` and `$currency`.
        months: the twelve names of `$month_name`, January first.
        weekdays: the seven names of `$weekday`, Monday first.
        halves: the two names of `$half`.
        decimal: what stands before the fraction of an amount.
        group: what stands between three digits each; nothing unless stated.
        units: `day`, `hour`, `minute` and `second` -> its name for one of it, and for several.
    """

    date: str = "$year-$month2-$day2"
    time: str = "$hour2:$minute2"
    instant: str = "$date $time"
    money: str = "$amount $currency"
    months: Sequence[str] = attrs.field(default=(), converter=_texts)
    weekdays: Sequence[str] = attrs.field(default=(), converter=_texts)
    halves: Sequence[str] = attrs.field(default=("am", "pm"), converter=_texts)
    decimal: str = "."
    group: str = ""
    units: Mapping[str, Sequence[str]] = attrs.field(factory=lambda: dict(_UNITS))


@attrs.frozen
class FormWording:
    """What is said otherwise to whoever is addressed in one form.

    Attributes:
        title: the line above it, where the channel has one.
        text: what is said.
    """

    title: str | None = None
    text: str | None = None


@attrs.frozen
class ApprovedTemplate:
    """A text that a channel's provider has approved: it passes where free words do not, long after they wrote last.

    Attributes:
        name: by which the provider knows it; at Twilio its ContentSid.
        language: as the provider writes it, as `en_US`; in a plan, unless stated, the wording's own, as `de_AT`.
        parameters: what is put into it, in order: in a plan names of facts, in an answer texts.
    """

    name: str = ""
    language: str | None = None
    parameters: Sequence[str] = attrs.field(default=(), converter=_texts)


@attrs.frozen
class ChannelWording:
    """What is said otherwise on one channel.

    Attributes:
        template: what stands for the wording there where the provider lets no free words pass.
        title: the line above it, where the channel has one.
        text: what is said.
        medium: how it is read there: `plain`, `html` or `markdown`.
        forms: form of address -> what is said otherwise to whoever is addressed so.
    """

    title: str | None = None
    text: str | None = None
    medium: str | None = None
    forms: Mapping[str, FormWording] = attrs.field(factory=dict)
    template: ApprovedTemplate | None = None


@attrs.frozen
class Wording:
    """What is said in one language. Facts stand in it as `$due`, or `${due}` before a letter; `$$` is a dollar sign.

    Attributes:
        title: the line above it, where the channel has one; none unless stated.
        text: what is said.
        medium: how it is read: `plain`, `html` or `markdown`.
        forms: form of address, as `informal` -> what is said otherwise to whoever is addressed so.
        channels: channel -> what is said otherwise there.
    """

    title: str | None = None
    text: str = ""
    medium: str = "plain"
    forms: Mapping[str, FormWording] = attrs.field(factory=dict)
    channels: Mapping[str, ChannelWording] = attrs.field(factory=dict)

    def chosen(self, channel: str, form: str | None) -> tuple[str | None, str, str]:
        """Title, text and medium on a channel for somebody; each is that which is said most particularly."""
        here = self.channels.get(channel) or ChannelWording()
        own = (here.forms.get(form or ""), here, self.forms.get(form or ""), self)
        title = next((one.title for one in own if one is not None and one.title is not None), None)
        text = next(one.text for one in own if one is not None and one.text is not None)
        return title, text, here.medium or self.medium


@attrs.frozen
class Topic:
    """What customers are told of one topic.

    Attributes:
        facts: fact that may stand in it -> `text`, `integer`, `money`, `date`, `time`, `instant`, `duration`, `number`
            (of a case) or `link`.
        languages: language, as `de` or `de-AT` -> what is said in it; that of the workspace is needed.
        personal: what is known of whom it is said to, `agent` and the like, -> what stands there of whom it is not
            known, which may be nothing. Nobody gives these: they are looked up as it is said.
        syntax: of its wordings: `dollar`, or `jinja` for wordings with conditions, as `{% if days > 1 %}`, where facts
            stand as `{{ days }}`. That needs the `jinja` extra.
    """

    facts: Mapping[str, str] = attrs.field(factory=dict)
    languages: Mapping[str, Wording] = attrs.field(factory=dict)
    syntax: str = SYNTAXES[0]
    personal: Mapping[str, str] = attrs.field(factory=dict)


def template_data(template: ApprovedTemplate | None) -> list[str] | None:
    """A template as commands and events hold it: its name, its language and its parameters."""
    return None if template is None else [template.name, template.language or "", *template.parameters]


def fallbacks(language: str | None, default: str) -> Iterator[str]:
    """The languages in which somebody is told something, the best first: `de-AT`, `de`, and that of the workspace."""
    while language:
        yield language
        language = language.rpartition("-")[0]
    yield default


def forms_of(topics: Iterable[Topic]) -> list[str]:
    """The forms of address that wordings name, in order."""
    wordings = [wording for topic in topics for wording in topic.languages.values()]
    own = {form for wording in wordings for form in wording.forms}
    return sorted(own | {form for wording in wordings for here in wording.channels.values() for form in here.forms})
