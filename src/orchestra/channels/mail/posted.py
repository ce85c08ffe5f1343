"""Mails that are posted to us: by a mail server's pipe, or by a service that takes mails in.

A request is a POST whose body is the mail as it came (RFC 5322), nothing around it. The account fixes how it proves to
be genuine, with the secret named `inbound`:

* `signature`: `Mail-Timestamp` with seconds since 1970 UTC, and `Mail-Signature` with `v1=` and the hexadecimal
  HMAC-SHA256 of `{timestamp}.{body}`; not older than five minutes. `post_headers` makes them.
* `bearer`: `Authorization: Bearer SECRET`, for services that can send a header and no more. Only over TLS.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from orchestra.channels.account import Account
from orchestra.channels.instants import unix_us
from orchestra.channels.mail.settings import INBOUND_SECRET
from orchestra.channels.signing import is_one_of, single_header
from orchestra.channels.wire import Headers, RawRequest, Rejected, Verified

__all__ = ["SIGNATURE_HEADER", "TIMESTAMP_HEADER", "post_headers", "verify_post"]

TIMESTAMP_HEADER = "Mail-Timestamp"
SIGNATURE_HEADER = "Mail-Signature"

_REPLAY_WINDOW = timedelta(minutes=5)
_TIMESTAMP = re.compile(r"[0-9]{1,11}", re.ASCII)
_WRONG = Rejected("signature")


def post_headers(secret: str, at: datetime, body: bytes) -> Headers:
    """Give the headers that prove a posted mail to be genuine: for whatever posts them."""
    timestamp = str(unix_us(at) // 1_000_000)
    return ((TIMESTAMP_HEADER, timestamp), (SIGNATURE_HEADER, _signature(secret, timestamp, body).decode()))


def _signature(secret: str, timestamp: str, body: bytes) -> bytes:
    signed = timestamp.encode() + b"." + body
    return b"v1=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest().encode()


def verify_post(request: RawRequest, account: Account, now: datetime) -> Verified | Rejected:
    """Tell whether who posted a mail has the secret. Without a secret nobody has, and nothing is taken."""
    if request.method != "POST":
        return Rejected("method", status=405)
    secrets = account.secret_values(INBOUND_SECRET)
    check = _WAYS.get(account.text_setting("inbound", "signature"))
    if not secrets or check is None:
        return Rejected("takes_no_posts", status=404)
    return check(request, secrets, now) or Verified(request)


def _by_signature(request: RawRequest, secrets: tuple[str, ...], now: datetime) -> Rejected | None:
    timestamp = single_header(request.headers, TIMESTAMP_HEADER)
    signature = single_header(request.headers, SIGNATURE_HEADER)
    if timestamp is None or signature is None or _TIMESTAMP.fullmatch(timestamp) is None:
        return Rejected("signature_headers")
    if abs(unix_us(now) - int(timestamp) * 1_000_000) > _REPLAY_WINDOW // timedelta(microseconds=1):
        return Rejected("stale")
    expected = [_signature(secret, timestamp, request.body) for secret in secrets]
    return None if is_one_of(signature, expected) else _WRONG


def _by_bearer(request: RawRequest, secrets: tuple[str, ...], now: datetime) -> Rejected | None:
    given = single_header(request.headers, "Authorization")
    if given is None:
        return Rejected("signature_headers")
    return None if is_one_of(given, [f"Bearer {secret}".encode() for secret in secrets]) else _WRONG


_WAYS: Mapping[str, Callable[[RawRequest, tuple[str, ...], datetime], Rejected | None]] = MappingProxyType(
    {"signature": _by_signature, "bearer": _by_bearer}
)
