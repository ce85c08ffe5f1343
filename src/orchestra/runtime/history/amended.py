"""What messages of ours say now, which were corrected or taken back after they were written.

Belongs here: which of several wordings holds. Does not: who may still see the earlier ones (`timeline`).
"""

from __future__ import annotations

from collections.abc import Sequence

from orchestra.model import events as e
from orchestra.runtime.readers import Withheld

__all__ = ["Amended"]


class Amended:
    """The last change of each message that did not come to nothing at its provider.

    Args:
        events: what happened, in order.
    """

    def __init__(self, events: Sequence[e.Event]) -> None:
        ends = (e.DeliveryFailed, e.DeliveryExpired, e.DeliveryCanceled)
        lost = {event.delivery for event in events if isinstance(event, ends)}
        self._last: dict[str, e.MessageAmended] = {}
        for event in events:
            if isinstance(event, e.MessageAmended) and event.act != "reacted" and event.delivery not in lost:
                self._last[event.message] = event

    def now(self, event: e.Event, text: str | Withheld | None) -> str | Withheld | None:
        """What whoever got it is shown as the text of an event: a message says what it says now, in its own place."""
        if isinstance(event, e.MessageAmended):
            return text if event.act == "reacted" else None
        last = self._last.get(event.message) if isinstance(event, e.MessageWritten) else None
        if last is None:
            return text
        return last.text if last.act == "corrected" else Withheld("retracted")

    def is_gone(self, event: e.Event) -> bool:
        """Whether a message was taken back, with its files."""
        last = self._last.get(event.message) if isinstance(event, e.MessageWritten) else None
        return last is not None and last.act == "taken_back"
