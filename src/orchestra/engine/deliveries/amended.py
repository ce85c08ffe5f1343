"""Messages that were changed after they were written: by which delivery, and what they say now.

Belongs here: the state of that. Does not: who may change what (`amending`).
"""

from __future__ import annotations

from orchestra.engine.deliveries.row import Delivery
from orchestra.engine.section import Slice
from orchestra.model import events as e

__all__ = ["Amended"]

_CAME_TO_NOTHING = ("FAILED", "EXPIRED", "CANCELED")


class Amended(Slice):
    """`by_message` is message -> the delivery by which it went; not those that change it."""

    deliveries: dict[str, Delivery]
    by_message: dict[str, str]

    def reindex(self) -> None:
        """Rebuild by which delivery messages went."""
        super().reindex()
        self.by_message = {}

    def _know_message(self, name: str, row: Delivery) -> None:
        if row.act is None and row.message:  # what is told to a call is no message
            self.by_message[row.message] = name

    def _forget_message(self, row: Delivery) -> None:
        if row.act is None:
            self.by_message.pop(row.message, None)

    def is_taken_back(self, name: str) -> bool:
        """Whether a message was taken back, or is about to be; not if that came to nothing."""
        by = self.deliveries[name].taken_back
        return by is not None and (by == name or self.deliveries[by].state not in _CAME_TO_NOTHING)

    def _amend(self, event: e.MessageAmended) -> Delivery | None:
        """The delivery that changes the message; None if it has not left, and is changed itself."""
        if event.of is not None:
            of = self.deliveries[event.of]
            of.has_template = False  # which would say what was to be said before
            if event.act == "taken_back":
                of.taken_back = event.delivery or event.of
            elif event.delivery is None:
                of.wording = event.body
        if event.key is None:
            return None
        return Delivery(
            event.key,
            event.message,
            event.case,
            event.customer,
            event.channel,
            event.account,
            event.conversation,
            event.topic,
            event.body,
            event.digest,
            event.interaction,
            event.expires_us,
            event.purpose,
            act=event.act,
            of=event.of,
        )
