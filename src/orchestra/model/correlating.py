"""Comparing a contact with a customer's open cases: what a score of them is given, and the one that ships.

Belongs here: the values, and the plain score. Does not: calling scores (`engine.scores`), and what follows from one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import attrs

__all__ = ["CERTAIN", "PLAIN", "CaseScore", "ScoredArrival", "ScoredCase", "plain"]

CERTAIN = 100
"""The greatest score of a case: the contact is about it."""

PLAIN = "orchestra.plain@1"
"""The score that ships, and is asked unless a plan names another."""

_DAY_US = 24 * 3600 * 1_000_000

_SAME_TOPIC, _WAITED_FOR, _SAME_CHANNEL = 50, 30, 20
_LATELY = ((_DAY_US, 20), (7 * _DAY_US, 10))
"""Within this time of the newest contact -> how much speaks for the case."""


@attrs.frozen
class ScoredCase:
    """An open case of a customer, as a `CaseScore` is given it.

    Attributes:
        case: its id.
        state: OPEN, WAITING_ON_CUSTOMER or WAITING_ON_THIRD_PARTY.
        topics: what it is about, sorted; several where cases were merged, none where nobody said.
        queue: that it belongs to.
        owner: `agent:ana` or `team:care`: who is accountable.
        channels: on which the customer's last contacts in it came, sorted.
        refs: the application's own keys for it, sorted.
        fields: as the application set them.
        touched_us: when the newest contact came to it, microseconds UTC; when it was opened, if none did.
    """

    case: str
    state: str
    topics: tuple[str, ...]
    queue: str
    owner: str
    channels: tuple[str, ...]
    refs: tuple[str, ...]
    fields: Mapping[str, str | int | bool]
    touched_us: int


@attrs.frozen
class ScoredArrival:
    """A contact of which nothing tells to which case it belongs, as a `CaseScore` is given it.

    Attributes:
        interaction: its id.
        customer: whose it is.
        channel: on which it came.
        account: of the company's, on which it came.
        topic: what it is about, if that was said.
        queue: for which it was meant, if that was said.
        skills: skill -> least level that was asked for.
        at_us: now, microseconds UTC.
    """

    interaction: str
    customer: str
    channel: str
    account: str
    topic: str | None
    queue: str | None
    skills: Mapping[str, int]
    at_us: int


@attrs.frozen
class CaseScore:
    """A score of how surely a contact is about a case: it is asked of each of the customer's newest open cases.

    Attributes:
        rate: gives a whole number from 0 to 100. It must depend on its arguments alone.
    """

    rate: Callable[[ScoredCase, ScoredArrival], int]


def plain(case: ScoredCase, arrival: ScoredArrival) -> int:
    """How surely a contact is about a case, by topic, by whether it waits for the customer, by channel and time."""
    score = 0
    if arrival.topic is not None and case.topics:
        if arrival.topic not in case.topics:
            return 0
        score += _SAME_TOPIC
    score += _WAITED_FOR * (case.state == "WAITING_ON_CUSTOMER")
    score += _SAME_CHANNEL * (arrival.channel in case.channels)
    ago_us = arrival.at_us - case.touched_us
    score += next((weight for within_us, weight in _LATELY if ago_us <= within_us), 0)
    return min(score, CERTAIN)
