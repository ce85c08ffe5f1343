"""How much of the outer world is let in at the web door: sizes, rates and times, as one value."""

from __future__ import annotations

from datetime import timedelta

import attrs

__all__ = ["WebLimits"]


@attrs.frozen(kw_only=True)
class WebLimits:
    """What the web application takes at most. All of it is per process.

    Attributes:
        body_bytes: of one request. WhatsApp sends batches of up to 3 MB.
        body_within: how long a request's body may take to come.
        at_once: requests whose bodies are held at the same time; others are answered 503.
        per_account: requests a second to one account, over any ten seconds.
        per_peer: the same from one peer: an IPv4 address, or an IPv6 network of 64 bits.
        peers_kept: how many peers are told apart; the one longest unheard of is forgotten first.
        chats: connections of the web chat at the same time.
        chats_per_peer: the same from one peer.
    """

    body_bytes: int = 4_000_000
    body_within: timedelta = timedelta(seconds=10)
    at_once: int = 200
    per_account: int = 1_000
    per_peer: int = 500
    peers_kept: int = 10_000
    chats: int = 10_000
    chats_per_peer: int = 100
