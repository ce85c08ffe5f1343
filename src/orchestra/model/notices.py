"""The part of a plan on notices: what customers are told before they ask, on which channels, and what holds it back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

import attrs

from orchestra.model.identity import SERVICE
from orchestra.model.templates import fallbacks

__all__ = [
    "ABOUT",
    "OVERFLOWS",
    "SUCCESS",
    "URGENCIES",
    "Cap",
    "Digest",
    "Leg",
    "NoticeTopic",
    "Notices",
    "Option",
    "Start",
]

SUCCESS = ("accepted", "delivered", "read", "acted")
"""How far a message must have come, the least first."""

URGENCIES = ("low", "normal", "urgent")

OVERFLOWS = ("defer", "drop", "digest")
"""What becomes of a notice for which there is no room."""

ABOUT = ("customer", "case")
"""Of what all that is gathered in one digest is."""


def _legs(values: Iterable[Leg]) -> tuple[Leg, ...]:
    """Lists, as files have them, and tuples make equal plans."""
    return tuple(values)


def _caps(values: Iterable[Cap]) -> tuple[Cap, ...]:
    return tuple(values)


def _texts(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(values)


def _options(values: Iterable[Option]) -> tuple[Option, ...]:
    return tuple(values)


@attrs.frozen
class Leg:
    """One of the channels on which a notice is tried, one after the other.

    Attributes:
        channel: its name.
        providers: accounts of the channel over which it is tried, one after the other as each fails; where they wrote
            before, or where conversations are begun, unless given.
        success_at: `accepted` (by the provider), `delivered`, `read` or `acted`: how far a message must have come.
        wait: how long it may take to come so far; then the next channel is tried. A failure does not wait for that.
        business_time: whether `wait` counts only while the channel's calendar, or else the workspace's, is open.
    """

    channel: str
    success_at: str = SUCCESS[0]
    wait: timedelta = timedelta(hours=1)
    business_time: bool = False
    providers: Sequence[str] = attrs.field(default=(), converter=_texts)


@attrs.frozen
class Cap:
    """How many notices a customer gets at most. Those that left count, unless they are known not to have arrived.

    Attributes:
        most: so many.
        window: in so long a time, wherever it begins; in a day of their own calendar unless given.
        kinds: classes of which all together are so many; the others know no such limit.
        reserve: how many of these are kept for what is `service`.
        overflow: what becomes of one for which there is no room: `defer` until there is, `drop`, or `digest`.
        digest: the digest in which it is gathered, if it is to be.
    """

    most: int
    window: timedelta | None = None
    kinds: Sequence[str] = attrs.field(default=("service", "marketing"), converter=_texts)
    reserve: int = 0
    overflow: str = OVERFLOWS[0]
    digest: str | None = None


@attrs.frozen
class Digest:
    """How notices are gathered, to be told by one message. One alone is told in its own words, on its own legs.

    What is gathered together is of one customer, one class and one purpose. It counts as one message in caps. An urgent
    notice waits for no digest: it takes along what has been gathered. So does one that would expire meanwhile.

    Attributes:
        window: for how long it is gathered, from the first one on.
        leading: whether the first one leaves at once, and only what comes within the window after it is gathered; what
            is of `low` urgency does not go ahead.
        at: times of the day, on the customer's own clock, at which it leaves instead, such as `09:00`.
        by: what it is about: all that a `customer` is told, or of one `case` alone.
        most: how many it holds at most; once it is full it leaves.
        longest: how long one of them waits at most.
        text: what is said, with `$entries`, one of them after the other, and `$count`, how many they are; without it
            the plan's template of the same name says it, with the facts `entries` and `count`.
        legs: the channels on which it is tried, as those of topics.
    """

    window: timedelta = timedelta(hours=1)
    leading: bool = False
    at: Sequence[str] = attrs.field(default=(), converter=_texts)
    by: str = ABOUT[0]
    most: int = 20
    longest: timedelta = timedelta(days=1)
    text: str = ""
    legs: Sequence[Leg] = attrs.field(default=(), converter=_legs)


@attrs.frozen
class Start:
    """How a conversation is begun on a channel with somebody who has never been in touch there.

    Attributes:
        address: kind of address that it takes: `email`, `phone`, or whatever the channel's adapter names.
        account: which of our accounts writes.
    """

    address: str
    account: str = "main"


@attrs.frozen
class Option:
    """What a customer can choose who is told something, as to wait, to cancel, or to be called.

    Attributes:
        id: by which rules and the application know it.
        label: how it reads.
        labels: language, as `de` or `de-AT` -> how it reads there.
    """

    id: str
    label: str
    labels: Mapping[str, str] = attrs.field(factory=dict)

    def label_in(self, language: str) -> str:
        """How it reads in a language."""
        return next((self.labels[one] for one in fallbacks(language, language) if one in self.labels), self.label)


@attrs.frozen
class NoticeTopic:
    """Something that customers are told, and how.

    Attributes:
        kind: `legal`, `critical`, `service` or `marketing`. What is critical reaches those who want no notices, too.
        text: what they are told, with `$name` for each fact; without it the plan's template of the same name says it,
            in the customer's language and form of address, and on their own clock.
        facts: what a text tells: fact -> `text`, `integer`, `boolean` or `date`; a template has its own. Never personal
            data.
        legs: the channels on which it is tried, in this order, but those first that the customer prefers. Without any
            it goes to the one channel on which they would rather be written to, of those on which they can be.
        lasts: how long it is worth telling, unless the notice says so itself.
        purpose: what the customer must not have forbidden, or must have consented to: one of the plan's purposes.
            `service` needs no consent.
        wanted: whether they are told it who have said nothing of it.
        after_resolved: whether it is told, too, when the case is resolved or closed.
        never_held: whether it leaves while somebody talks with the customer, too, as security codes must.
        every: how long after one of them a customer gets the next at the earliest; at once unless given.
        told_within: for how long nobody is told the same value of the same fact again.
        digest: in which it is gathered with others; each leaves by itself unless given.
        options: what they can choose; gathered with others it has none. Where the channel has choices they pick one,
            elsewhere the options stand in the text, and they write.
        in_hours: whether it waits for the time of the day at which the customer would rather be reached, if that is
            known, and comes before the notice has expired.
    """

    kind: str = "service"
    text: str = ""
    facts: Mapping[str, str] = attrs.field(factory=dict)
    legs: Sequence[Leg] = attrs.field(default=(), converter=_legs)
    lasts: timedelta = timedelta(days=2)
    purpose: str = SERVICE
    wanted: bool = True
    after_resolved: bool = False
    never_held: bool = False
    every: timedelta | None = None
    told_within: timedelta = timedelta(days=30)
    digest: str | None = None
    options: Sequence[Option] = attrs.field(default=(), converter=_options)
    in_hours: bool = False


@attrs.frozen
class Notices:
    """What customers are told before they ask.

    Attributes:
        topics: topic -> what is told of it.
        starts: channel -> how a conversation is begun there; only where somebody wrote before, unless stated.
        caps: how many notices a customer gets at most; as many as there are unless given.
        jitter: over how long after quiet hours what waited for their end is spread.
        mandatory: classes that reach those, too, who want no notices at all; who wants none of a topic is told none.
        digests: digest -> how notices are gathered in it.
    """

    topics: Mapping[str, NoticeTopic] = attrs.field(factory=dict)
    starts: Mapping[str, Start] = attrs.field(factory=dict)
    caps: Sequence[Cap] = attrs.field(default=(), converter=_caps)
    jitter: timedelta = timedelta(minutes=15)
    mandatory: Sequence[str] = attrs.field(default=("legal",), converter=_texts)
    digests: Mapping[str, Digest] = attrs.field(factory=dict)
