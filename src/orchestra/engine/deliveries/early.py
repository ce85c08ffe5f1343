"""Receipts that overtook the provider's own answer: kept a week, until the message they are of is known."""

from __future__ import annotations

from collections import deque

import attrs

from orchestra.engine.section import Slice
from orchestra.model import events as e

__all__ = ["Early", "EarlyReceipt", "early_key"]

_KEPT_US = 7 * 24 * 3600 * 1_000_000


@attrs.define
class EarlyReceipt:
    """A receipt for a provider's id that nobody knows yet."""

    number: int
    at_us: int
    receipt: str
    occurred_us: int
    code: str | None
    is_undeliverable: bool = False
    recipient: str | None = None


def early_key(channel: str, account: str, provider_id: str, receipt: str) -> str:
    """The key of a receipt for a message not yet known."""
    return f"{channel}\x1f{account}\x1f{provider_id}\x1f{receipt}"


class Early(Slice):
    """Receipts by what they are of."""

    early: dict[str, EarlyReceipt]
    counts: dict[str, int]

    def reindex(self) -> None:
        """Rebuild in which order they came."""
        super().reindex()
        self._early_order = deque(sorted((row.number, key) for key, row in self.early.items()))

    def receipt_kept(self, event: e.ReceiptKept, at_us: int) -> None:
        """Keep a receipt that came too early."""
        number = self.counts["early"] = self.counts.get("early", 0) + 1
        row = EarlyReceipt(number, at_us, event.receipt, event.occurred_us, event.code)
        row.is_undeliverable, row.recipient = event.is_undeliverable, event.recipient
        key = early_key(event.channel, event.account, event.provider_id, event.receipt)
        self.early[key] = row
        self._early_order.append((number, key))
        for _ in range(2):  # each one kept forgets at most two that nobody came for
            oldest, key = self._early_order[0]
            kept = self.early.get(key)
            if kept is not None and kept.number == oldest:
                if kept.at_us >= at_us - _KEPT_US:
                    return
                del self.early[key]
            self._early_order.popleft()
