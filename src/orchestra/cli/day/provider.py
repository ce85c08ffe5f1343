"""Who carries the messages out: takes most, asks to wait for some, refuses a few, and tells what became of the rest."""

from __future__ import annotations

from functools import partial
from typing import Final

from orchestra.cli.day.clockwork import Clockwork
from orchestra.model import commands as c, events as e

__all__ = ["Provider"]

_OUTCOMES: Final = ("accepted",) * 94 + ("retry",) * 3 + ("failed",) * 2 + ("unknown",)
_CODES: Final = {"retry": "throttled", "failed": "no_such_recipient", "unknown": "timeout"}


class Provider:
    """Sends what the engine permits.

    Args:
        clockwork: virtual time.
    """

    def __init__(self, clockwork: Clockwork) -> None:
        self._clockwork = clockwork
        clockwork.watch(e.DeliveryPermitted, self._on_permitted)
        clockwork.watch(e.DeliveryStarted, self._on_started)
        clockwork.watch(e.DeliveryAccepted, self._on_accepted)

    def _on_permitted(self, event: e.DeliveryPermitted) -> None:
        start = c.StartDelivery(event.delivery, event.attempt, self._clockwork.epoch)
        self._clockwork.after(0, 1, partial(self._clockwork.do, start))

    def _on_started(self, event: e.DeliveryStarted) -> None:
        outcome = self._clockwork.rng.choice(_OUTCOMES)
        ids = [f"p-{event.delivery}-{event.attempt}"] if outcome == "accepted" else []
        told = c.RecordOutcome(event.delivery, event.attempt, outcome, ids, _CODES.get(outcome))
        self._clockwork.after(0, 2, partial(self._clockwork.do, told))

    def _on_accepted(self, event: e.DeliveryAccepted) -> None:
        if self._clockwork.chance(96):
            self._clockwork.after(1, 10, partial(self._tell, event, "delivered"))
            if self._clockwork.chance(60):
                self._clockwork.after(5, 900, partial(self._tell, event, "read"))

    def _tell(self, event: e.DeliveryAccepted, receipt: str) -> None:
        row = self._clockwork.view.deliveries.deliveries[event.delivery]
        self._clockwork.do(c.RecordReceipt(row.channel, row.account, event.provider_ids[0], receipt))
