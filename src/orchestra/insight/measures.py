"""The measures: one fold over events, the same for a live figure and for a figure over last year.

Belongs here: which events are folded, and the slices the figures come in. Does not: journals, tables, terminals.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from orchestra.insight.cases import CaseFold
from orchestra.insight.clock_fold import ClockFold
from orchestra.insight.contacts import ContactFold
from orchestra.insight.deliveries import DeliveryFold
from orchestra.insight.figures import Figures
from orchestra.insight.journey_fold import JourneyFold
from orchestra.insight.notice_fold import NoticeFold
from orchestra.insight.notices import NoticeFigures
from orchestra.insight.promise_fold import PromiseFold
from orchestra.insight.slices import Slices
from orchestra.insight.tally import RETURN_US, Tally
from orchestra.insight.telling import HandOffFold, TellingFold
from orchestra.insight.variants import Window
from orchestra.insight.waiting import WaitFold
from orchestra.model.events import Event, InteractionStarted, MessageReceived, ReplyRecorded

__all__ = ["FOLDED", "Measures"]

_TOLD = (InteractionStarted, MessageReceived, ReplyRecorded)

FOLDED: frozenset[str] = frozenset(
    kind.__name__
    for fold in (
        ContactFold,
        CaseFold,
        DeliveryFold,
        JourneyFold,
        WaitFold,
        TellingFold,
        HandOffFold,
        ClockFold,
        PromiseFold,
        NoticeFold,
    )
    for kind in fold.HANDLERS
)
"""Names of the events that some figure needs. For others `skip` does."""


class Measures:
    """All measures: over everything, per channel, account (a contact log's `company`), brand and queue.

    Feed it every event in order. Only work that is not over is kept in memory, and closed cases as long as the plan
    lets them come back; of what is over there are counts, and at most some thousand numbers per percentile. Work that
    began before the first event folded counts only by its messages.

    Args:
        within_s: limits, in seconds, under which first responses are counted.
        return_s: the window, in seconds, within which a customer who comes again on the same topic has come back; a
            week unless stated.
    """

    def __init__(self, *, within_s: Sequence[int] = (3600,), return_s: int = RETURN_US // 1_000_000) -> None:
        self._slices = Slices(within_s, return_s * 1_000_000)
        self._contacts, self._deliveries = ContactFold(self._slices), DeliveryFold()
        self._cases = CaseFold(self._slices, self._contacts, self._deliveries)
        self._journeys = JourneyFold(self._slices, return_s * 1_000_000)
        self._contacts.topic_of = self._journeys.topic_of
        self._waits, self._telling = WaitFold(self._slices), TellingFold(self._journeys)
        self._clocks, self._promises = ClockFold(self._journeys), PromiseFold(self._journeys)
        self._notices = NoticeFold()
        own = (self._contacts, self._cases, self._deliveries)
        folds = (
            *own,
            self._journeys,
            self._waits,
            self._telling,
            HandOffFold(self._journeys),
            self._clocks,
            self._promises,
            self._notices,
        )
        self._handlers: dict[type[Event], list[Callable[[Any, int], None]]] = {}
        for fold in folds:
            for kind, handler in fold.HANDLERS.items():
                self._handlers.setdefault(kind, []).append(handler.__get__(fold))
        self._from_us: int | None = None
        self._to_us: int | None = None

    def add(self, event: Event, at_us: int) -> None:
        """Fold the next event.

        Args:
            event: what was decided; its private fields are not looked at.
            at_us: its record's time, microseconds UTC; never falls.
        """
        self.skip(at_us)
        if isinstance(event, _TOLD) and event.occurred_us < (self._from_us or 0):
            self._from_us = event.occurred_us
        for handler in self._handlers.get(type(event), ()):
            handler(event, at_us)

    def skip(self, at_us: int) -> None:
        """Pass over an event that is not in `FOLDED`: only the window grows."""
        if self._from_us is None:
            self._from_us = at_us
        self._to_us = at_us

    @property
    def window(self) -> Window:
        """From the first event folded, or the oldest message or contact among them, to the last."""
        return Window(self._from_us, self._to_us)

    @property
    def in_work(self) -> int:
        """How many interactions, cases and deliveries are kept because more may come of them."""
        return len(self._contacts.open) + len(self._cases) + len(self._deliveries)

    @property
    def remembered(self) -> int:
        """How many contacts, cases and notices are kept because what comes may restate what they count as."""
        folds = (self._journeys, self._waits, self._telling, self._clocks, self._promises, self._notices)
        return sum(len(one) for one in folds)

    @property
    def total(self) -> Figures:
        """Over everything, as it stands."""
        self._settle()
        return self._slices.total.figures(self.window)

    @property
    def by_channel(self) -> dict[str, Figures]:
        """Channel -> its figures, sorted."""
        return self._figures(self._slices.channels)

    @property
    def by_account(self) -> dict[str, Figures]:
        """Account -> its figures, sorted."""
        return self._figures(self._slices.accounts)

    @property
    def by_brand(self) -> dict[str, Figures]:
        """Brand -> the figures of its accounts together, sorted."""
        return self._figures(self._slices.brands)

    @property
    def by_queue(self) -> dict[str, Figures]:
        """Queue -> its figures, sorted; a contact counts in each queue that it waited in."""
        return self._figures(self._slices.queues)

    @property
    def notices(self) -> NoticeFigures:
        """What became of notices, of all and by topic."""
        return self._notices.figures(self.window)

    def _settle(self) -> None:
        if self._to_us is not None:
            self._journeys.settle(self._to_us)

    def _figures(self, tallies: Mapping[str, Tally]) -> dict[str, Figures]:
        self._settle()
        return {name: tally.figures(self.window) for name, tally in sorted(tallies.items())}

    def to_json(self) -> dict[str, Any]:
        """Plain data: the total's figures, those of each slice, as under `by_channel`, and `notices`."""
        slices = {
            "by_channel": self.by_channel,
            "by_account": self.by_account,
            "by_brand": self.by_brand,
            "by_queue": self.by_queue,
        }
        parts = {key: {name: one.to_json() for name, one in part.items()} for key, part in slices.items()}
        return {**self.total.to_json(), **parts, "notices": self.notices.to_json()}
