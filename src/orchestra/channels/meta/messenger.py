"""The Messenger adapter: messages to a Facebook Page."""

from __future__ import annotations

from orchestra.channels.meta.messaging import Messaging
from orchestra.channels.meta.messaging_facts import MESSENGER

__all__ = ["MessengerAdapter"]


class MessengerAdapter(Messaging):
    """A Facebook Page on Messenger.

    An account's id is its Page's. People are known by their Page-scoped id, as `messenger`. A link
    `https://m.me/PAGE?ref=TOKEN` with a reply token opens the conversation in its case.
    """

    channel = MESSENGER.channel
    medium = MESSENGER
