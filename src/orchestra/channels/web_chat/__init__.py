"""The web chat: what a page or an app in the customer's hand and this library say to each other.

What belongs here: the frames of the protocol, session tokens, and the adapter. What does not: sockets
(`orchestra.web`). The protocol is described in the reference, on the page Web chat.
"""

from __future__ import annotations

from orchestra.channels.web_chat.adapter import ChatTransport, WebChatAdapter
from orchestra.channels.web_chat.codec import WebChatCodec
from orchestra.channels.web_chat.tokens import Session, issue_token

__all__ = ["ChatTransport", "Session", "WebChatAdapter", "WebChatCodec", "issue_token"]
