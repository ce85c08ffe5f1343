"""Telegram: bots that people write to, over the Bot API.

What belongs here: the Bot API's updates, calls, answers and limits (`facts`). What does not: anything that waits.
"""

from __future__ import annotations

__all__: list[str] = []
