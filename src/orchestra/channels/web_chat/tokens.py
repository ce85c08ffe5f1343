"""Session tokens: who somebody is in the web chat, signed by us, so that nothing need be kept of who never writes.

A token is `payload.signature`: the payload is JSON, base64url without padding, the signature HMAC-SHA256 over the
account's id and the payload, keyed with the account's `session` secret. Whoever holds it can read it, and nobody else
can make one.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from datetime import datetime, timedelta

import attrs

from orchestra.channels.account import Account
from orchestra.channels.fields import Fields
from orchestra.channels.instants import TimeUnit, from_unix, unix_us
from orchestra.channels.safe_json import JsonLimits, JsonObject, canonical_json, parse_json
from orchestra.errors import DefinitionError, Fault, MalformedMessage

__all__ = ["LONGEST_TOKEN", "SECRET_NAME", "Session", "issue_token", "lifetime_of", "session_of"]

SECRET_NAME = "session"  # noqa: S105 - the name under which the secret is kept, not a secret
LONGEST_TOKEN = 2_000

_FORM = re.compile(r"([A-Za-z0-9_-]{1,1900})\.([A-Za-z0-9_-]{43})")
_LIMITS = JsonLimits(max_bytes=LONGEST_TOKEN, max_depth=2)


@attrs.frozen(kw_only=True)
class Session:
    """Who somebody is in the web chat.

    Attributes:
        person: their id there: drawn by us, or the application's own for somebody who is signed in.
        expires_at: until when the token is accepted.
        name: what they are called, if the application said.
        is_known: the application vouches for who they are.
        customer: the customer that they became by writing; None before.
        since: a position of the journal before which they had not written.
    """

    person: str = attrs.field(repr=False)
    expires_at: datetime
    name: str | None = attrs.field(default=None, repr=False)
    is_known: bool = False
    customer: str | None = None
    since: int = 0


def issue_token(account: Account, session: Session) -> str:
    """Give the token of a session: for somebody whom the application knows, or a page's visitor.

    An application that gives its signed-in customers a token writes `Session(person=its own id of them, expires_at=...,
    is_known=True)`.

    Raises:
        DefinitionError: the account has no `session` secret, or the session does not fit into a token.
    """
    secrets = account.secret_values(SECRET_NAME)
    payload = _payload(session)
    if not secrets or not session.person or len(payload) > LONGEST_TOKEN - 50:
        reason = "secret is missing" if not secrets else "a person has an id of 1 to 200 characters, and a short name"
        raise DefinitionError([Fault(f"channels.{account.channel}.{SECRET_NAME}", reason)])
    return f"{payload}.{_signature(secrets[0], account, payload)}"


def session_of(token: str, account: Account, now: datetime) -> Session | None:
    """Give the session of a token that is genuine and has not expired; None for any other text. Never raises."""
    found = _FORM.fullmatch(token)
    if found is None:
        return None
    payload, signature = found.groups()
    # All accepted secrets are tried, and compared in constant time, so that timing tells nothing.
    genuine = [
        hmac.compare_digest(_signature(secret, account, payload), signature)
        for secret in account.secret_values(SECRET_NAME)
    ]
    if not any(genuine):
        return None
    try:
        session = _read(payload)
    except (MalformedMessage, binascii.Error):
        return None
    return session if now < session.expires_at else None


def _payload(session: Session) -> str:
    told: JsonObject = {
        "person": session.person,
        "until": unix_us(session.expires_at) // 1_000_000,
        "name": session.name,
        "known": session.is_known,
        "customer": session.customer,
        "since": session.since,
    }
    return _encoded(canonical_json({name: value for name, value in told.items() if value is not None}))


def _read(payload: str) -> Session:
    told = Fields(parse_json(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)), limits=_LIMITS), "token")
    return Session(
        person=told.identifier("person"),
        expires_at=from_unix(told.integer("until"), TimeUnit.SECONDS),
        name=told.optional_identifier("name"),
        is_known=told.flag("known", default=False),
        customer=told.optional_identifier("customer"),
        since=told.integer("since"),
    )


def _signature(secret: str, account: Account, payload: str) -> str:
    signed = f"web_chat\x1f{account.id}\x1f{payload}".encode()
    return _encoded(hmac.new(secret.encode(), signed, hashlib.sha256).digest())


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def lifetime_of(account: Account, default_days: int = 30) -> timedelta:
    """Give how long a token of this account lives."""
    value = account.config.get("session_days", default_days)
    return timedelta(days=value if isinstance(value, int) else default_days)
