"""Signatures of Standard Webhooks, version 1.0.0, in its symmetric form.

Source: spec/standard-webhooks.md of github.com/standard-webhooks/standard-webhooks, "Signature scheme" and "Webhook
headers". Its asymmetric form (`v1a`, Ed25519) is absent: cryptography serves the journal alone. A public key (`whpk_`)
as a secret counts as none, so that nothing can pass for signed by it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from orchestra.channels.instants import unix_us
from orchestra.channels.signing import is_one_of, single_header
from orchestra.channels.wire import Headers

__all__ = ["ID_HEADER", "SECRET_NAME", "TOLERANCE", "keys_of", "objection", "signature_of", "signed_headers"]

ID_HEADER = "webhook-id"
TIMESTAMP_HEADER = "webhook-timestamp"
SIGNATURE_HEADER = "webhook-signature"
SECRET_NAME = "signing"  # noqa: S105 - the name under which the secret is kept, not a secret

TOLERANCE = timedelta(minutes=5)
"""How far an attempt's timestamp may be from our clock, either way: as the standard's own libraries have it."""

_PREFIX = "whsec_"
_KEY_BYTES = range(24, 65)
# An id with a full stop may be taken for a shorter one and a timestamp. Then the body began with digits and a full
# stop, and would be no JSON: nothing is read of it.
_ID = re.compile(r"[!-~]{1,256}")
_TIMESTAMP = re.compile(r"[0-9]{1,11}")


def keys_of(secrets: Iterable[str]) -> tuple[bytes, ...]:
    """Give the keys that secrets stand for: base64 of 24 to 64 bytes, with `whsec_` or not. Others count as none."""
    found = (_key(secret.removeprefix(_PREFIX)) for secret in secrets)
    return tuple(key for key in found if key is not None)


def _key(text: str) -> bytes | None:
    try:
        key = base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
    return key if len(key) in _KEY_BYTES else None


def signature_of(key: bytes, name: str, timestamp: str, body: bytes) -> str:
    """Give one signature of a message, as the header has it."""
    signed = f"{name}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def signed_headers(key: bytes, name: str, at: datetime, body: bytes) -> Headers:
    """Give the three headers of an attempt at that instant to send a message."""
    timestamp = str(unix_us(at) // 1_000_000)
    signature = signature_of(key, name, timestamp, body)
    return ((ID_HEADER, name), (TIMESTAMP_HEADER, timestamp), (SIGNATURE_HEADER, signature))


def objection(headers: Headers, body: bytes, secrets: Iterable[str], now: datetime) -> str | None:
    """Why a message is not genuine, as a fixed word; None if one of its signatures holds.

    Of the signatures in the list, those of other versions are passed over; they cannot take the place of ours.
    """
    name, timestamp = single_header(headers, ID_HEADER), single_header(headers, TIMESTAMP_HEADER)
    given = single_header(headers, SIGNATURE_HEADER)
    if name is None or timestamp is None or given is None:
        return "signature_headers"
    if _ID.fullmatch(name) is None or _TIMESTAMP.fullmatch(timestamp) is None:
        return "signature_form"
    if abs(unix_us(now) - int(timestamp) * 1_000_000) > TOLERANCE // timedelta(microseconds=1):
        return "stale"
    expected = [signature_of(key, name, timestamp, body).encode() for key in keys_of(secrets)]
    # All are compared, so that the time tells neither which one held nor where another one differs.
    matches = [is_one_of(one, expected) for one in given.split(" ")]
    return None if any(matches) else "signature"
