"""Messages that a provider turned away because it lets no free words pass there any more.

Belongs here: saying the same once more by the template that stands for it. Does not: how it is said, and what is known
of windows before anything is sent, which is the runtime's; notices, which go on to their next channel.
"""

from __future__ import annotations

from collections.abc import Iterator

from orchestra.engine.view import View
from orchestra.model import events as e
from orchestra.model.templates import SHUT_WINDOW

__all__ = ["turned_away"]


def turned_away(view: View, event: e.DeliveryFailed | e.ReceiptRecorded, at_us: int) -> Iterator[e.Event]:
    """Plan the delivery of what stands for the message, once, if there is something and it is not too late."""
    row = view.deliveries.deliveries[event.delivery]
    if event.code != SHUT_WINDOW or row.state != "FAILED" or not row.has_template or at_us >= row.expires_us:
        return
    key = f"message:{row.message}:template"
    if row.notice is not None or row.instead_of is not None or key in view.deliveries.by_key:
        return
    yield e.DeliveryPlanned(
        view.deliveries.next_delivery(),
        key,
        row.message,
        row.case,
        row.customer,
        row.channel,
        row.account,
        row.conversation,
        row.topic,
        row.body,
        row.expires_us,
        row.interaction,
        row.digest,
        row.purpose,
        row.subject,
        row.automatic,
        has_template=True,
        instead_of=event.delivery,
    )
