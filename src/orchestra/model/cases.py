"""The part of a plan on cases: to which of them a contact belongs, and how they end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta

import attrs

from orchestra.errors import Fault
from orchestra.model.correlating import PLAIN
from orchestra.model.routing import NAMED
from orchestra.model.structure import microseconds

__all__ = ["ATTACH_BY", "Cases", "Disposition", "check_cases"]

ATTACH_BY = ("thread", "reply_token", "case_number", "engagement", "customer_topic", "correlator")
"""What may tell that a contact belongs to an existing case, in the order in which it is asked."""

_MOST_CANDIDATES = 50


def _texts(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(values)


@attrs.frozen
class Disposition:
    """An outcome code.

    Attributes:
        resolves: whether it settles the case; it does not unless stated.
    """

    resolves: bool = False


@attrs.frozen
class Cases:
    """How contacts become cases.

    Attributes:
        attach: which of thread, reply_token, case_number, engagement, customer_topic, correlator attach a contact to an
            existing case, in which order; the correlator comes last.
        topic_window: a case is joined by topic within this time of its newest contact, and as long as one is open; None
            for as long as it is open itself.
        correlator: name of the score by which a contact is compared with the customer's open cases, where nothing
            else tells where it belongs.
        link_at: score, 0 to 100, at which a contact joins the case.
        suggest_at: score at which the case is at least suggested to whoever gets the contact.
        candidates: with how many of the customer's open cases it is compared, the newest; at most 50.
        close_after: a resolved case closes after this long; None for never.
        reopen_within: a closed case reopens for a reply on its thread within this time of closing; later replies open
            a new one, which follows it. None for always.
        archive_after: a customer of whom nothing is open is archived when their last case has been closed this long,
            and recalled as soon as anything is to do with them; None for never.
        number: form of the number that customers are told; `{}` stands for the running number.
        dispositions: the outcome codes that may be given; empty for any, of which only `resolved` resolves.
        hand_off_within: how long a case that is offered to a team or an agent waits for them to take it.
    """

    attach: Sequence[str] = attrs.field(default=ATTACH_BY, converter=_texts)
    topic_window: timedelta | None = timedelta(days=30)
    correlator: str = PLAIN
    link_at: int = 90
    suggest_at: int = 50
    candidates: int = 10
    close_after: timedelta | None = timedelta(days=7)
    reopen_within: timedelta | None = timedelta(days=30)
    archive_after: timedelta | None = None
    number: str = "C-{:06d}"
    dispositions: Mapping[str, Disposition] = attrs.field(factory=dict)
    hand_off_within: timedelta = timedelta(hours=4)


def check_cases(cases: Cases) -> Iterator[Fault]:
    """Everything wrong in it that does not depend on the rest of the plan."""
    for index, way in enumerate(cases.attach):
        if way not in ATTACH_BY:
            yield Fault(f"cases.attach[{index}]", f"{way!r} is none of {', '.join(ATTACH_BY)}")
        elif way == "correlator" and index + 1 < len(cases.attach):
            yield Fault(f"cases.attach[{index}]", "the correlator comes last: it guesses where nothing else tells")
    if cases.topic_window is not None and microseconds(cases.topic_window) <= 0:
        yield Fault("cases.topic_window", "must be longer than nothing")
    if cases.archive_after is not None and cases.archive_after <= timedelta():
        yield Fault("cases.archive_after", "must be longer than nothing")
    if cases.hand_off_within <= timedelta():
        yield Fault("cases.hand_off_within", "must be longer than nothing")
    if NAMED.fullmatch(cases.correlator) is None:
        yield Fault("cases.correlator", "must be a name with a version, as acme.match@1")
    if not 1 <= cases.link_at <= 100:
        yield Fault("cases.link_at", "must be from 1 to 100")
    if not 1 <= cases.suggest_at <= cases.link_at:
        yield Fault("cases.suggest_at", "must be from 1 to link_at")
    if not 1 <= cases.candidates <= _MOST_CANDIDATES:
        yield Fault("cases.candidates", f"must be from 1 to {_MOST_CANDIDATES}")
    try:
        if cases.number.format(1) == cases.number.format(2):
            yield Fault("cases.number", "needs {} where the running number goes")
    except (ValueError, IndexError, KeyError, AttributeError) as error:
        yield Fault("cases.number", f"is no form for a number: {error}")
