"""What proves that a mail answers one of ours: ids and addresses that nobody can guess or make up.

A message id of ours is `<KEY=CASE=SEAL@shop.example>`: the delivery's key, the token of the case, and a keyed hash over
both. Whoever names it has seen the mail that it stands in. So a bounce that names none proves nothing, and an answer
that names one belongs to its case, whatever its subject says.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable
from urllib.parse import quote, unquote

import attrs

from orchestra.channels.mail.addresses import domain_of
from orchestra.channels.mail.settings import Settings

__all__ = [
    "Ours",
    "bounce_address",
    "ours_of",
    "ours_of_address",
    "seal",
    "sealed_id",
    "unsubscribe_purpose",
    "unsubscribe_subject",
]

_LONGEST_KEY = 150
_LONGEST_LOCAL = 64
"""Octets before the @ (RFC 5321, section 4.5.3.1.1)."""
_SEAL = r"[0-9a-f]{16}"
_OURS = re.compile(rf"<([^=<>@]{{1,{_LONGEST_KEY}}})=([^=<>@]{{0,200}})=({_SEAL})@([^<>@]+)>")
_BOUNCE = re.compile(rf"([a-z0-9._-]+)=({_SEAL})")
_UNSUBSCRIBE = re.compile(rf"unsubscribe ([a-z0-9_.-]{{1,100}}) ({_SEAL})", re.IGNORECASE)


@attrs.frozen
class Ours:
    """A mail of ours: the key of its delivery, and the token of its case, if it has one."""

    key: str
    case_token: str | None = attrs.field(default=None, repr=False)


def seal(secret: str, purpose: str, *parts: str) -> str:
    """Give a keyed hash over parts, for one purpose: hexadecimal.

    64 bits, as ids and addresses must be short: whoever guesses has to send a mail for each guess.
    """
    told = "\x1f".join((purpose, *parts)).encode(errors="surrogatepass")
    return hmac.new(secret.encode(), told, hashlib.sha256).hexdigest()[:16]


def _is_sealed(secrets: Iterable[str], given: str, purpose: str, *parts: str) -> bool:
    # All accepted secrets are tried, and compared in constant time, so that timing tells nothing.
    matches = [hmac.compare_digest(seal(secret, purpose, *parts), given) for secret in secrets]
    return any(matches)


def _written(key: str) -> str:
    quoted = quote(key, safe="")
    return quoted if len(quoted) <= _LONGEST_KEY else "sha256!" + hashlib.sha256(key.encode()).hexdigest()


def sealed_id(settings: Settings, key: str, case_token: str | None) -> str:
    """Give the message id of a mail of ours, the same in every attempt. The settings have a secret."""
    written, token = _written(key), quote(case_token or "", safe="")
    domain = domain_of(settings.sender.address)
    return f"<{written}={token}={seal(settings.secrets[0], 'message', written, token)}@{domain}>"


def ours_of(settings: Settings, message_id: str) -> Ours | None:
    """Give the mail of ours that an id names; None for any id that we did not make."""
    found = _OURS.fullmatch(message_id)
    if found is None or not _is_sealed(settings.secrets, found[3], "message", found[1], found[2]):
        return None
    return Ours(unquote(found[1]), unquote(found[2]) or None)


def bounce_address(settings: Settings, key: str) -> str:
    """Give the address that a mail's envelope names, so that a bounce of it tells what it is about by that alone.

    The sender's own address where the server knows no plus addresses, or where it would be too long.
    """
    local, _, domain = settings.sender.address.rpartition("@")
    tagged = f"{local}+{key}={seal(settings.secrets[0], 'bounce', key)}"
    fits = len(tagged.encode()) <= _LONGEST_LOCAL and _BOUNCE.fullmatch(tagged.rpartition("+")[2]) is not None
    return f"{tagged}@{domain}" if settings.has_plus and fits else settings.sender.address


def ours_of_address(settings: Settings, address: str) -> Ours | None:
    """Give the mail of ours whose bounce address that is; None for any other address."""
    found = _BOUNCE.fullmatch((settings.behind_plus(address) or "").lower())
    if found is None or not _is_sealed(settings.secrets, found[2], "bounce", found[1]):
        return None
    return Ours(found[1])


def unsubscribe_subject(settings: Settings, purpose: str, recipient: str) -> str:
    """Give the subject of a mail by which the recipient, and nobody else, says no to mails of a purpose."""
    return f"unsubscribe {purpose} {seal(settings.secrets[0], 'unsubscribe', purpose.lower(), recipient.lower())}"


def unsubscribe_purpose(settings: Settings, subject: str, sender: str) -> str | None:
    """Give the purpose that the sender of a mail with that subject says no to; None for any other subject."""
    found = _UNSUBSCRIBE.fullmatch(subject.strip())
    if found is None:
        return None
    parts = found[1].lower(), sender.lower()
    return found[1].lower() if _is_sealed(settings.secrets, found[2].lower(), "unsubscribe", *parts) else None
