"""Windows in which a channel lets companies write freely: from a person's last message on, for some time."""

from __future__ import annotations

from datetime import datetime, timedelta

from orchestra.channels.account import Conversation
from orchestra.channels.sending import Refused
from orchestra.model.templates import SHUT_WINDOW

__all__ = ["WINDOW_IS_SHUT", "is_shut"]

WINDOW_IS_SHUT = Refused(SHUT_WINDOW, "they wrote too long ago for free texts: send an approved template")
"""The way that is open after the window, for channels that have templates.

A provider that says so itself, in its answer or in a receipt, is told with the same code, whatever its own:
then a template that stands for the message is sent instead.
"""


def is_shut(conversation: Conversation, now: datetime, window: timedelta) -> bool:
    """Tell whether it is known that the window has closed; where nothing is known the provider decides."""
    closes_at = conversation.window_closes_at
    if closes_at is None and conversation.last_inbound_at is not None:
        closes_at = conversation.last_inbound_at + window
    return closes_at is not None and now >= closes_at
