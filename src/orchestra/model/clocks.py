"""The part of a plan that says how long things may take: service clocks.

Belongs here: the values, and the words that they are made of. Does not: what is wrong with them (`clock_checks`), and
running the clocks (`engine.clocks`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

import attrs

from orchestra.model.rules import When

__all__ = ["COMPARED", "MEASURES", "WAITS", "ClockPolicy"]

MEASURES: Mapping[str, Sequence[str]] = {
    "first_reply": ("case", "interaction"),
    "next_reply": ("case", "interaction"),
    "requester_wait": ("case", "engagement"),
    "agent_work": ("case", "interaction"),
    "periodic_update": ("case",),
    "resolution": ("case", "interaction"),
}
"""What a clock measures -> of what it can be measured."""

COMPARED: Mapping[str, Sequence[str]] = {
    "case": ("topic", "queue"),
    "interaction": ("channel", "account", "queue", "live"),
    "customer": (),
}
"""What a policy may be asked about -> its fields that can be compared, beside those that the plan declares."""

WAITS = ("customer", "third_party")
"""On whom a case may wait, and a clock pause meanwhile."""


def _percents(values: Iterable[int]) -> tuple[int, ...]:
    """Lists, as files have them, and tuples make equal plans."""
    return tuple(values)


def _texts(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(values)


@attrs.frozen
class ClockPolicy:
    """How long something may take, in business time. Of those that measure the same the first that fits holds.

    Attributes:
        name: what it is called in events, in figures and by people; each its own.
        measures: `first_reply`: from the customer's first word until the first reply; `next_reply`: from their first
            unanswered word after that until the next; `requester_wait`: as long as the customer waits for us;
            `agent_work`: as long as an agent has it in hand; `periodic_update`: from one word of ours to the next;
            `resolution`: until it is settled.
        target: how long it may take at most.
        scope: of what it is measured: `case`; `interaction`, one contact; or `engagement`, all contacts that a customer
            has at the same time, whose waits count once where they overlap.
        when: which it is for; all, unless stated. It may compare `case.topic`, `case.queue`, `interaction.channel`,
            `interaction.account`, `interaction.queue`, `interaction.live`, and fields that the plan declares. Of a case
            or an engagement `interaction` is the contact with which it began.
        calendar: by which time counts; that of the channel, or of the workspace, unless stated.
        warn_at: at how many percent of the target it is told that it goes on.
        human_only: whether a reply counts only if a person gave it. Acknowledgements that nobody wrote never count.
        pause_on: while the case waits on whom it stands still: `customer`, `third_party`. A customer who is waited for
            never waits for us.
        reasons: for which it may be paused by hand; any, if none is named.
    """

    name: str
    measures: str
    target: timedelta
    scope: str = "case"
    when: When = When()
    calendar: str | None = None
    warn_at: Sequence[int] = attrs.field(default=(), converter=_percents)
    human_only: bool = True
    pause_on: Sequence[str] = attrs.field(default=("customer",), converter=_texts)
    reasons: Sequence[str] = attrs.field(default=(), converter=_texts)
