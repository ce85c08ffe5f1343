"""Meta's signature and handshake, of all its webhooks.

`X-Hub-Signature-256: sha256=` and the hexadecimal HMAC-SHA256 of the raw body, keyed with the app's secret. An address
is tried by a GET with `hub.mode=subscribe`, `hub.verify_token` and `hub.challenge`, which is to come back. (Graph API,
"Webhooks: Getting Started"; `pywa.utils.webhook_updates_validator` and `pywa.server`, version 4.5.0, with which tests
compare.) There is a weaker header, `X-Hub-Signature`, with SHA-1: it is not looked at.

For how long Meta comes again with what was not answered 200 its SDKs do not say, and others differ: seven days for
WhatsApp (Hookdeck's guide to WhatsApp webhooks), a day or a day and a half for the rest. Nothing here depends on it:
ids that were taken are known as long as the channel's `keep_ids` says, which is at least a week.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from urllib.parse import parse_qs, urlsplit

from orchestra.channels.account import Account
from orchestra.channels.signing import is_one_of, single_header
from orchestra.channels.wire import Handshake, HttpReply, RawRequest, Rejected, Verified

__all__ = ["APP_SECRET", "SIGNATURE_HEADER", "VERIFY_TOKEN", "signature_of", "verify_request"]

APP_SECRET = "app_secret"  # noqa: S105 - the name under which the secret is kept, not a secret
"""The app's secret, which signs its webhooks."""

VERIFY_TOKEN = "verify_token"  # noqa: S105 - as above
"""What was entered beside the address in the app's dashboard."""

SIGNATURE_HEADER = "X-Hub-Signature-256"

_SIGNATURE = re.compile(r"sha256=[0-9a-f]{64}")
# Meta's are decimal. Whatever may stand in markup is not sent back.
_CHALLENGE = re.compile(r"[A-Za-z0-9._-]{1,512}")
_PLAIN = (("Content-Type", "text/plain; charset=utf-8"), ("X-Content-Type-Options", "nosniff"))


def signature_of(secret: str, body: bytes) -> str:
    """Give the value of the signature header."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def verify_request(request: RawRequest, account: Account) -> Verified | Handshake | Rejected:
    """Tell whether the account's app sent this. Never raises."""
    if request.method == "GET":
        return _handshake(request, account)
    if request.method != "POST":
        return Rejected("method", status=405)
    claimed = single_header(request.headers, SIGNATURE_HEADER)
    if claimed is None or _SIGNATURE.fullmatch(claimed) is None:
        return Rejected("signature_header")
    expected = [signature_of(secret, request.body).encode() for secret in account.secret_values(APP_SECRET)]
    return Verified(request) if is_one_of(claimed, expected) else Rejected("signature")


def _handshake(request: RawRequest, account: Account) -> Handshake | Rejected:
    try:
        query = parse_qs(urlsplit(request.url).query, max_num_fields=20)
    except ValueError:
        return Rejected("query", status=400)
    given = [query.get(f"hub.{name}", []) for name in ("mode", "verify_token", "challenge")]
    if any(len(values) != 1 for values in given):
        return Rejected("handshake", status=403)
    (mode,), (token,), (challenge,) = given
    expected = [secret.encode() for secret in account.secret_values(VERIFY_TOKEN)]
    if mode != "subscribe" or not is_one_of(token, expected):
        return Rejected("verify_token", status=403)
    if _CHALLENGE.fullmatch(challenge) is None:
        return Rejected("challenge", status=400)
    return Handshake(HttpReply(headers=_PLAIN, body=challenge.encode()))
