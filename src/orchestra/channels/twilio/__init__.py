"""Twilio: text messages and WhatsApp over its Programmable Messaging.

What belongs here: signatures and forms, which all of Twilio's webhooks share (`signature`, `form`), and messages.
What does not: calls' sound, and WhatsApp without Twilio, which is Meta's.
"""

from __future__ import annotations

__all__: list[str] = []
