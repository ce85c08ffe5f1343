"""The loopback channel: an in-memory provider behind a real adapter, for tests, demos and as a pattern to follow.

What belongs here: both ends of the channel. Of the adapter: `adapter`, and what it is made of (`decode`, `encode`,
`poll`, `wire`). Of the other end: `transport`, with the provider. What does not: anything that another channel needs.
"""

from __future__ import annotations

from orchestra.channels.loopback.adapter import REPLAY_WINDOW, LoopbackAdapter

__all__ = ["REPLAY_WINDOW", "LoopbackAdapter"]
