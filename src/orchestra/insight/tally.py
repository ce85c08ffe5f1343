"""Counts of one channel, account, queue, or of everything, that grow as events come.

Belongs here: numbers that rise. Does not: which event counts where.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from orchestra.insight.clocks import ClockTally
from orchestra.insight.costs import CostTally
from orchestra.insight.figures import (
    Bots,
    Contacts,
    Deliverability,
    Figures,
    FirstResponse,
    Handling,
    Messages,
)
from orchestra.insight.journeys import JourneyTally
from orchestra.insight.promises import PromiseCount
from orchestra.insight.sketch import Distinct, Values
from orchestra.insight.variants import Window

__all__ = ["RETURN_US", "Reasons", "Spent", "Tally"]

RETURN_US = 7 * 24 * 3600 * 1_000_000
"""Within a week, unless somebody asks for another window, does coming back count."""

_MICROSECOND = 1_000_000
_MOST_REASONS = 100


class Reasons:
    """How often each reason was given; those beyond the first hundred count as `other`, for anyone may invent one."""

    __slots__ = ("counts",)

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}

    def add(self, reason: str | None, times: int = 1) -> None:
        """Count a reason, or take it back; None counts as `none given`."""
        key = reason or "none given"
        if key not in self.counts and len(self.counts) >= _MOST_REASONS:
            key = "other"
        self.counts[key] = self.counts.get(key, 0) + times
        if not self.counts[key]:
            del self.counts[key]

    def by_name(self) -> dict[str, int]:
        """Reason -> how often, sorted."""
        return dict(sorted(self.counts.items()))


@attrs.define
class Spent:
    """An agent's time on something; `weighted` as in `Handling`."""

    talk: int = 0
    hold: int = 0
    wrap_up: int = 0
    weighted: int = 0

    def include(self, other: Spent) -> None:
        """Add another's time to this."""
        self.talk += other.talk
        self.hold += other.hold
        self.wrap_up += other.wrap_up
        self.weighted += other.weighted


@attrs.define(eq=False)
class Tally:
    """Everything that is counted of one thing."""

    within_s: Sequence[int]
    return_us: int = RETURN_US
    cases: int = 0
    inbound: int = 0
    outbound: int = 0
    queued: int = 0
    answered: int = 0
    in_time: int = 0
    elsewhere: int = 0
    by_bots: int = 0
    abandoned: int = 0
    short: int = 0
    flow_outs: int = 0
    left_later: int = 0
    turned_away: int = 0
    live: int = 0
    connected: int = 0
    handled: int = 0
    bot_handled: int = 0
    handed_over: int = 0
    called_back: int = 0
    callbacks: int = 0
    callbacks_answered: int = 0
    callbacks_failed: int = 0
    callbacks_dialed: int = 0
    callbacks_abandoned: int = 0
    linked: int = 0
    transferred: int = 0
    consulted: int = 0
    planned: int = 0
    sent: int = 0
    delivered: int = 0
    read: int = 0
    failed: int = 0
    unknown: int = 0
    expired: int = 0
    canceled: int = 0
    given_up: int = 0
    within: list[int] = attrs.field(init=False)
    spent: Spent = attrs.field(factory=Spent)
    bot_spent: Spent = attrs.field(factory=Spent)
    customers: Distinct = attrs.field(factory=Distinct)
    first_response: Values = attrs.field(factory=Values)
    end_to_end: Values = attrs.field(factory=Values)
    wait: Values = attrs.field(factory=Values)
    failed_by: Reasons = attrs.field(factory=Reasons)
    canceled_by: Reasons = attrs.field(factory=Reasons)
    cost: CostTally = attrs.field(factory=CostTally)
    journey: JourneyTally = attrs.field(factory=JourneyTally)
    clocks: ClockTally = attrs.field(factory=ClockTally)
    promises: PromiseCount = attrs.field(factory=PromiseCount)
    targets: set[tuple[int, int]] = attrs.field(factory=set[tuple[int, int]])

    def __attrs_post_init__(self) -> None:
        self.within = [0] * len(self.within_s)

    def respond(self, before_us: int | None, time_us: int | None) -> None:
        """A case had its first answer after this time, and not, as was counted before, after that one; None is none."""
        self.first_response.replace(before_us, time_us)
        for place, limit in enumerate(self.within_s):
            limit_us = limit * _MICROSECOND
            self.within[place] += (time_us is not None and time_us <= limit_us) - (
                before_us is not None and before_us <= limit_us
            )

    def figures(self, window: Window) -> Figures:
        """What the counts say now."""
        within = {str(limit): count for limit, count in zip(self.within_s, self.within, strict=True)}
        return Figures(
            window,
            len(self.customers),
            self.cases,
            Messages(self.inbound, self.outbound),
            self._contacts(),
            FirstResponse(self.first_response.times(), within),
            self.end_to_end.times(),
            self.wait.times(),
            self._handling(),
            self._bots(),
            self._deliverability(),
            self.journey.figures(window, self.return_us, self.cases),
            self.cost.figure(self.journey.counts["resolved"]),
            self.clocks.figures(window),
            self.promises.figures(window),
            tuple(f"{percent} % in {_plain(within_us)} s" for percent, within_us in sorted(self.targets)),
        )

    def _contacts(self) -> Contacts:
        return Contacts(
            self.queued,
            self.answered,
            self.in_time,
            self.elsewhere,
            self.abandoned,
            self.short,
            self.flow_outs,
            self.left_later,
            self.live,
            self.connected,
            self.turned_away,
            self.by_bots,
            self.called_back,
            self.callbacks,
            self.callbacks_answered,
            self.callbacks_failed,
            self.callbacks_dialed,
            self.callbacks_abandoned,
            self.linked,
        )

    def _handling(self) -> Handling:
        spent = self.spent
        return Handling(
            self.handled,
            self.transferred,
            self.consulted,
            spent.talk,
            spent.hold,
            spent.wrap_up,
            spent.weighted,
        )

    def _bots(self) -> Bots:
        spent = self.bot_spent
        return Bots(self.bot_handled, self.handed_over, spent.talk + spent.hold + spent.wrap_up)

    def _deliverability(self) -> Deliverability:
        return Deliverability(
            self.planned,
            self.sent,
            self.delivered,
            self.read,
            self.failed,
            self.unknown,
            self.expired,
            self.canceled,
            self.failed_by.by_name(),
            self.canceled_by.by_name(),
            self.given_up,
        )


def _plain(length_us: int) -> str:
    whole, rest = divmod(length_us, _MICROSECOND)
    return str(whole) if not rest else f"{length_us / _MICROSECOND:g}"
