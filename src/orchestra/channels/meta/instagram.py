"""The Instagram adapter: direct messages to a professional account."""

from __future__ import annotations

from orchestra.channels.meta.messaging import Messaging
from orchestra.channels.meta.messaging_facts import INSTAGRAM

__all__ = ["InstagramAdapter"]


class InstagramAdapter(Messaging):
    """A professional account on Instagram.

    An account's id is that of the professional account. People are known by their Instagram-scoped id, as `instagram`.
    Accounts that log in with Instagram set `url` to `https://graph.instagram.com/` and a version.
    """

    channel = INSTAGRAM.channel
    medium = INSTAGRAM
