"""Back offices and CRMs of any make, by the two standards for what systems tell each other over HTTP.

What belongs here: Standard Webhooks and CloudEvents, and what our events say (`payloads`). What does not: any vendor's
own API, and anything that waits.
"""

from __future__ import annotations

__all__: list[str] = []
