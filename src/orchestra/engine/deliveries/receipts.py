"""Receipts: what providers tell of a message once they have it, in whatever order it comes.

Belongs here: what a receipt says of a delivery, and of the address it went to. Does not: what an attempt came to
(`decide`), what is sent elsewhere because of it (`notices`).
"""

from __future__ import annotations

from collections.abc import Iterator

from orchestra.engine.deliveries import watermark
from orchestra.engine.deliveries.early import early_key
from orchestra.engine.identity.undeliverable import give_up
from orchestra.engine.lifecycle import DELIVERY, RECEIPTS
from orchestra.engine.section import Steps
from orchestra.engine.view import View
from orchestra.errors import InvalidCommand, UnknownId
from orchestra.model import commands as c, events as e

__all__ = ["given_up", "overtaken", "record_receipt", "record_watermark"]


def record_receipt(view: View, command: c.RecordReceipt, at_us: int) -> Steps:
    """Decide what a receipt says of a message, or keep it until the message is known."""
    if command.receipt not in RECEIPTS:
        raise InvalidCommand("receipt", f"must be one of {', '.join(RECEIPTS)}")
    if command.is_weak and command.receipt not in _BY_MACHINES:
        raise InvalidCommand("is_weak", f"is said of {' and '.join(_BY_MACHINES)} alone")
    occurred_us = min(at_us, at_us if command.occurred_us is None else command.occurred_us)
    name, provider_id = _named(view, command)
    recipient = None if command.recipient is None else command.recipient.key
    is_dead = command.is_undeliverable and command.receipt == "failed"
    if name is not None and command.is_weak:
        yield from _opened(view, name, command.receipt, occurred_us)
    elif name is not None:
        if is_dead:
            yield from _came_back(view, name, command.code, recipient)
        yield from _recorded(view, name, command.receipt, occurred_us, command.code, None)
    if name is not None or command.is_weak:
        return None  # what proves nothing is not worth keeping
    if command.channel not in view.plan.channels:
        raise UnknownId("channel", command.channel)
    key = early_key(command.channel, command.account, provider_id, command.receipt)
    if key not in view.deliveries.early:
        kept = command.channel, command.account, provider_id, command.receipt, occurred_us, command.code
        yield e.ReceiptKept(*kept, is_dead, recipient if is_dead else None)
    return None


def _named(view: View, command: c.RecordReceipt) -> tuple[str | None, str]:
    """The delivery that a receipt is of, None if no provider is known to have it yet; and what it is kept under."""
    channel, account = command.channel, command.account
    if command.delivery is None:
        return view.deliveries.by_provider_id.get((channel, account, command.provider_id)), command.provider_id
    row = view.delivery(command.delivery)
    if (row.channel, row.account) != (channel, account):
        raise InvalidCommand("delivery", f"{command.delivery} went over another account")
    return None if row.state in _NOT_OUT else command.delivery, _own_id(command.delivery)


_NOT_OUT = ("PENDING", "PERMITTED", "STARTED")


def _own_id(delivery: str) -> str:
    """What stands for a provider's id where a receipt names our own; no provider's begins so."""
    return f"\x1e{delivery}"


def _came_back(view: View, name: str, code: str | None, recipient: str | None) -> Iterator[e.Event]:
    """Give the address up, before the failure is told: whoever is told something next is told it elsewhere.

    What has arrived by all that is known did not come back from nowhere.
    """
    row = view.deliveries.deliveries[name]
    if row.state == "FAILED" or DELIVERY.allows(row.state, RECEIPTS["failed"]):
        yield from given_up(view, name, code, recipient)


def record_watermark(view: View, command: c.RecordWatermark, at_us: int) -> Steps:
    """Decide what a receipt says of all messages up to an instant."""
    watermark.check(view, command)
    until_us = min(at_us, command.until_us)
    for name in list(watermark.meant(view, command)):
        yield from _recorded(view, name, command.receipt, until_us, None, None)
    return None


_BY_MACHINES = ("read", "acted")
"""What proxies of mail and scanners do as people do."""


def _opened(view: View, name: str, receipt: str, occurred_us: int) -> Iterator[e.Event]:
    """Note once that a machine may have opened it, of what nobody is known to have read."""
    row = view.deliveries.deliveries[name]
    if not row.is_opened and _REACHED.get(row.state, -1) in (0, 1):
        yield e.ReceiptRecorded(name, row.customer, receipt, occurred_us, False, None, None, True)


_REACHED = {"ACCEPTED": 0, "UNKNOWN": 0, "DELIVERED": 1, "READ": 2, "ACTED": 3}
_RECEIPT_RANK = {"delivered": 1, "read": 2, "acted": 3}


def _recorded(
    view: View, name: str, receipt: str, occurred_us: int, code: str | None, early: str | None
) -> Iterator[e.Event]:
    """Record a receipt. One that tells nothing new is dropped; one that contradicts is kept as a conflict."""
    row = view.deliveries.deliveries[name]
    moves = DELIVERY.allows(row.state, RECEIPTS[receipt])
    is_failed = row.state == "FAILED"
    repeats = is_failed if receipt == "failed" else _REACHED.get(row.state, -1) >= _RECEIPT_RANK[receipt]
    if moves or early is not None or not repeats:
        conflicts = not moves and not repeats
        yield e.ReceiptRecorded(name, row.customer, receipt, occurred_us, conflicts, code, early)


def overtaken(view: View, event: e.DeliveryAccepted, at_us: int) -> Iterator[e.Event]:
    """Receipts that overtook the provider's own answer."""
    if not view.deliveries.early:
        return
    row = view.deliveries.deliveries[event.delivery]
    for provider_id in (*event.provider_ids, _own_id(event.delivery)):
        for receipt in RECEIPTS:
            key = early_key(row.channel, row.account, provider_id, receipt)
            early = view.deliveries.early.get(key)
            if early is not None and early.is_undeliverable:
                yield from _came_back(view, event.delivery, early.code, early.recipient)
            if early is not None:
                yield from _recorded(view, event.delivery, receipt, early.occurred_us, early.code, key)


def given_up(view: View, name: str, code: str | None, recipient: str | None) -> Iterator[e.Event]:
    """Give up the address that a delivery went to, if it was the one that was not reached."""
    row = view.deliveries.deliveries[name]
    talk = view.contacts.conversations[row.conversation]
    yield from give_up(view, talk, recipient, row.started_us, code or "failed", name)
