"""Form tokens: that a form was asked for on our side, and when, so that machines cannot send forms they never had.

A token is `microseconds.mac`: when it was made, since 1970 UTC, and the hexadecimal HMAC-SHA256 over the account's id
and that, keyed with the account's `form` secret.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import datetime

from orchestra.channels.account import Account
from orchestra.channels.instants import unix_us
from orchestra.channels.signing import is_one_of
from orchestra.channels.web_form.settings import SECRET_NAME, FormSettings
from orchestra.errors import DefinitionError, Fault

__all__ = ["form_token", "is_genuine"]

_FORM = re.compile(r"([0-9]{1,17})\.([0-9a-f]{64})", re.ASCII)


def form_token(account: Account, now: datetime) -> str:
    """Give the token of a form that is shown at that instant, for applications that write their pages themselves.

    Raises:
        DefinitionError: the account has no `form` secret.
    """
    secrets = account.secret_values(SECRET_NAME)
    if not secrets:
        raise DefinitionError([Fault(f"channels.{account.channel}.{SECRET_NAME}", "secret is missing")])
    made = str(unix_us(now))
    return f"{made}.{_mac(secrets[0], account, made).decode()}"


def is_genuine(token: str, account: Account, settings: FormSettings, now: datetime) -> bool:
    """Tell whether a token is ours, and neither too young nor too old."""
    found = _FORM.fullmatch(token)
    if found is None:
        return False
    made, mac = found.groups()
    if not is_one_of(mac, (_mac(secret, account, made) for secret in account.secret_values(SECRET_NAME))):
        return False
    age_s = (unix_us(now) - int(made)) / 1_000_000
    return settings.least_seconds <= age_s <= settings.most_hours * 3_600


def _mac(secret: str, account: Account, made: str) -> bytes:
    signed = f"web_form\x1f{account.id}\x1f{made}".encode()
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest().encode()
