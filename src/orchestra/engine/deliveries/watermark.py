"""Receipts that say up to when all was delivered or read, instead of which message.

Belongs here: which deliveries are meant. Does not: what a receipt does (`decide`).
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import nlargest

from orchestra.engine.contacts.intake import check_channel, check_id, check_thread
from orchestra.engine.contacts.state import NO_THREAD
from orchestra.engine.view import View
from orchestra.errors import InvalidCommand
from orchestra.model import commands as c

__all__ = ["check", "meant"]

_WATERMARKS = ("delivered", "read")
_MOST = 100
"""What somebody reads are the last few messages: one receipt means no more, so that a batch is bounded."""


def check(view: View, command: c.RecordWatermark) -> None:
    """Refuse what no provider can tell of all that was sent up to an instant."""
    check_channel(view, command.channel)
    check_id("account", command.account)
    check_thread(command.thread)
    if command.receipt not in _WATERMARKS:
        raise InvalidCommand("receipt", f"must be one of {', '.join(_WATERMARKS)}")


def meant(view: View, command: c.RecordWatermark) -> Iterator[str]:
    """Those of the newest deliveries in the conversation that the provider had by then and nobody has read yet."""
    thread = command.thread
    key = f"{NO_THREAD}{command.sender.key}" if thread is None else thread.key
    conversation = view.contacts.by_thread.get((command.channel, command.account, key))
    unread = view.deliveries.unread.get(conversation or "", ())
    for name in sorted(nlargest(_MOST, unread, key=_number), key=_number):
        started_us = view.deliveries.deliveries[name].started_us
        if started_us is not None and started_us <= command.until_us:
            yield name


def _number(name: str) -> int:
    return int(name[2:])
