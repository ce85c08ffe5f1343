"""The fold over deliveries: planned, sent, delivered, read, or what else became of them.

Belongs here: working state of messages of which more may be heard. Does not: the messages' own counts.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import attrs

from orchestra.insight.answering import Answer
from orchestra.insight.tally import Tally
from orchestra.model import events as e

__all__ = ["RECEIPTS_COUNT_FOR_US", "DeliveryFold"]

RECEIPTS_COUNT_FOR_US = 30 * 24 * 3600 * 1_000_000
"""Receipts that come later than this after the provider took the message are not counted."""

_DELIVERED, _READ = 1, 2
_REACHED = {"delivered": _DELIVERED, "read": _READ, "acted": _READ}


@attrs.define(eq=False)
class _Out:
    """A message on its way; `reached` is how far receipts say it came, `answer` what it is to its case."""

    tallies: tuple[Tally, ...]
    answer: Answer | None = None
    reached: int = 0
    is_sent: bool = False
    is_unknown: bool = False


class DeliveryFold:
    """Counts what becomes of outbound messages."""

    def __init__(self) -> None:
        self._out: dict[str, _Out] = {}
        self._until: deque[tuple[int, str]] = deque()

    def __len__(self) -> int:
        return len(self._out)

    def planned(self, delivery: str, tallies: tuple[Tally, ...], at_us: int, answer: Answer | None = None) -> None:
        """A message is to be sent; counts in these tallies, and may answer a case."""
        self._out[delivery] = _Out(tallies, answer)
        for tally in tallies:
            tally.planned += 1
        while self._until and self._until[0][0] < at_us:
            forgotten = self._out.pop(self._until.popleft()[1], None)
            if forgotten is not None and forgotten.answer is not None:
                forgotten.answer.left()

    def accepted(self, event: e.DeliveryAccepted, at_us: int) -> None:
        """The provider has it."""
        out = self._out.get(event.delivery)
        if out is not None:
            self._sent(out)
            self._until.append((at_us + RECEIPTS_COUNT_FOR_US, event.delivery))

    def _sent(self, out: _Out) -> None:
        if not out.is_sent:
            out.is_sent = True
            if out.answer is not None:
                out.answer.left()
            for tally in out.tallies:
                tally.sent += 1

    def lost(self, event: e.DeliveryUnknown, at_us: int) -> None:
        """Nobody knows, unless a receipt tells."""
        out = self._out.get(event.delivery)
        if out is not None:
            out.is_unknown = True
            for tally in out.tallies:
                tally.unknown += 1
            self._until.append((at_us + RECEIPTS_COUNT_FOR_US, event.delivery))

    def failed(self, event: e.DeliveryFailed, at_us: int) -> None:
        """It will not be tried again."""
        self._failed(event.delivery, event.code)

    def _failed(self, delivery: str, code: str | None) -> None:
        out = self._gone(delivery)
        if out is None:
            return
        self._known(out)
        for tally in out.tallies:
            tally.failed += 1
            tally.failed_by.add(code)

    def _gone(self, delivery: str) -> _Out | None:
        """Nothing more will come of it; unless the provider had it, it answered nothing."""
        out = self._out.pop(delivery, None)
        if out is not None and out.answer is not None:
            out.answer.never_left()
        return out

    def _known(self, out: _Out) -> None:
        if out.is_unknown:
            out.is_unknown = False
            for tally in out.tallies:
                tally.unknown -= 1

    def given_up(self, event: e.AddressGivenUp, at_us: int) -> None:
        """It came back, and so would everything that is sent there."""
        out = self._out.get(event.delivery)
        for tally in out.tallies if out else ():
            tally.given_up += 1

    def expired(self, event: e.DeliveryExpired, at_us: int) -> None:
        """Its time passed."""
        out = self._gone(event.delivery)
        for tally in out.tallies if out else ():
            tally.expired += 1

    def canceled(self, event: e.DeliveryCanceled, at_us: int) -> None:
        """It was called back."""
        out = self._gone(event.delivery)
        for tally in out.tallies if out else ():
            tally.canceled += 1
            tally.canceled_by.add(event.reason)

    def receipt(self, event: e.ReceiptRecorded, at_us: int) -> None:
        """The provider told; what contradicts is not believed."""
        out = self._out.get(event.delivery)
        if out is None or event.conflicts or event.is_weak:
            return
        reached = _REACHED.get(event.receipt)
        if reached is None:
            self._failed(event.delivery, event.code)
            return
        self._known(out)
        self._sent(out)
        for tally in out.tallies:
            tally.delivered += out.reached < _DELIVERED
            tally.read += out.reached < _READ <= reached
        out.reached = max(out.reached, reached)
        if out.reached == _READ:
            del self._out[event.delivery]

    HANDLERS: ClassVar[Mapping[type[e.Event], Callable[[Any, Any, int], None]]] = {
        e.DeliveryAccepted: accepted,
        e.DeliveryUnknown: lost,
        e.DeliveryFailed: failed,
        e.AddressGivenUp: given_up,
        e.DeliveryExpired: expired,
        e.DeliveryCanceled: canceled,
        e.ReceiptRecorded: receipt,
    }
