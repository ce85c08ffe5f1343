"""The loopback channel's protocol: what both of its ends, the adapter and the provider, agree on.

Webhooks (provider to us), sends and polls (us to provider) are one HTTP POST each, with a JSON body, and with::

    Loopback-Timestamp: seconds since 1970 UTC, decimal
    Loopback-Signature: v1=<hexadecimal HMAC-SHA256 of "{timestamp}.{body}", keyed with the account's secret>

A webhook's body is `{"account": ID, "attempt": N, "events": [...]}`; N is 1 the first time. Every event has::

    id            unique per account, the same in every attempt
    type          see below; unknown types are to be expected
    at            milliseconds since 1970 UTC
    conversation  id of the exchange (optional)
    from          {"id": ..., "name": ..., "kind": "loopback" or, say, "email"} (optional; only id is required)

and by its type::

    message, echo   message (id), text, media [{ref, kind, type, size, name, caption}], reply_to, sequence; echo: key
    edit            message, text
    delete          message
    reaction        message, reaction (absent: taken away)
    choice          choice, label, message
    delivery        state (accepted, delivered, read, failed) and either messages [ids] or up_to (milliseconds);
                    of a failure: code, permanent
    typing          typing (true or false)
    identity        linked {kind, id}
    consent         granted (true or false), topic
    progress        ref, stage, due (milliseconds)
    notice          code

A send's body is `{"account", "key", "type", "to": {"kind", "id"}, "conversation", ...}` with the same fields by
type; the answer is `{"message": ID}`. A repeated `Idempotency-Key` with an equal body gives the first answer
again and does nothing; with another body it is answered 409.

A poll has no `Idempotency-Key`, and the body `{"account", "type": "poll", "after": CURSOR}`, without `after` at the
very beginning. The answer is `{"account", "events": [...], "next": CURSOR, "more": true or false}`, its events as in
webhooks; without `next` the cursor stays.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime

from orchestra.channels.instants import unix_us
from orchestra.channels.wire import Headers

__all__ = [
    "CHANNEL",
    "KEY_HEADER",
    "SECRET_NAME",
    "SIGNATURE_HEADER",
    "TIMESTAMP_HEADER",
    "signature_headers",
    "signature_of",
]

CHANNEL = "loopback"
SECRET_NAME = "signing"  # noqa: S105 - the name under which the secret is kept, not a secret
KEY_HEADER = "Idempotency-Key"
TIMESTAMP_HEADER = "Loopback-Timestamp"
SIGNATURE_HEADER = "Loopback-Signature"


def signature_of(secret: str, timestamp: str, body: bytes) -> str:
    """Give the value of the signature header."""
    signed = timestamp.encode() + b"." + body
    return "v1=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def signature_headers(secret: str, at: datetime, body: bytes) -> Headers:
    """Give both headers for a body that is sent at that instant."""
    timestamp = str(unix_us(at) // 1_000_000)
    return ((TIMESTAMP_HEADER, timestamp), (SIGNATURE_HEADER, signature_of(secret, timestamp, body)))
