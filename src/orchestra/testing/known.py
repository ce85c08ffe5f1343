"""What is known of messages once some news about them have come, for the contract of channel adapters."""

from __future__ import annotations

from datetime import datetime

import attrs

from orchestra.channels import inbound

__all__ = ["Known", "learn"]


@attrs.define
class Known:
    """What is known of one message."""

    text: str | None = None
    text_at: datetime | None = None
    is_deleted: bool = False
    receipt: int = -1


_RANKS = {state: rank for rank, state in enumerate(inbound.DeliveryState)}


def learn(state: dict[str, Known], event: inbound.Inbound) -> None:
    """Fold an event as an engine would: later texts win by the time they were written, nothing is undone."""
    match event:
        case inbound.MessageReceived():
            _learn_text(state.setdefault(event.origin.ids.message or "", Known()), event.text, event.origin)
        case inbound.MessageEdited():
            _learn_text(state.setdefault(event.message_id, Known()), event.text, event.origin)
        case inbound.MessageDeleted():
            state.setdefault(event.message_id, Known()).is_deleted = True
        case inbound.DeliveryUpdate():
            for message in event.message_ids or (f"up to {event.watermark}",):
                known = state.setdefault(message, Known())
                known.receipt = max(known.receipt, _RANKS[event.state])
        case _:
            return  # Other news tells nothing about a message's text or arrival.


def _learn_text(known: Known, text: str, origin: inbound.Origin) -> None:
    at = origin.occurred_at
    assert at is not None, "a message or an edit must say when it was written, or nobody can order them"
    if known.text_at is None or at > known.text_at:
        known.text, known.text_at = text, at
