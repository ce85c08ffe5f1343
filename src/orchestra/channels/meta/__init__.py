"""Meta: WhatsApp by its Cloud API, Messenger, Instagram, and what people write on a Facebook Page.

What belongs here: Meta's signature and handshake (`signature`), its envelope (`entries`), calls of its Graph API and
their errors (`graph`), all of which its channels share, and the channels. What does not: WhatsApp over Twilio.
"""

from __future__ import annotations

__all__: list[str] = []
