"""Twilio's signatures, of messages, statuses and calls alike.

`X-Twilio-Signature` is base64 of an HMAC, keyed with the Auth Token, over the exact address and the parameters of the
form, sorted, each with its sorted values. A JSON body is not signed itself: the address has its SHA-256 then, as the
parameter `bodySHA256`. (twilio 9.13.0, `request_validator.RequestValidator`, which tests compare with.)
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

from orchestra.channels.account import Account
from orchestra.channels.signing import is_one_of, single_header
from orchestra.channels.twilio.facts import SETTINGS_HEADER, SIGNATURE_HEADER, SIGNING_SECRET
from orchestra.channels.twilio.form import read_parameters
from orchestra.channels.wire import RawRequest, Rejected, Verified, header_values
from orchestra.errors import MalformedMessage

__all__ = ["ALGORITHM_SETTING", "HMAC_SHA1", "HMAC_SHA256", "signature_of", "verify_request"]

ALGORITHM_SETTING = "algorithm"
"""The setting of an account that fixes how its webhooks are signed."""

HMAC_SHA1 = "HMAC_SHA1"
"""By the Auth Token: what Twilio does unless a SharedKey is set up."""

HMAC_SHA256 = "HMAC_SHA256"
"""By a SharedKey; such requests say so in a header."""

_DIGESTS: Mapping[str, Callable[..., Any]] = MappingProxyType({HMAC_SHA1: hashlib.sha1, HMAC_SHA256: hashlib.sha256})
_PORTS: Mapping[str, int] = MappingProxyType({"https": 443, "http": 80})


def signature_of(secret: str, url: str, parameters: tuple[tuple[str, str], ...], algorithm: str = HMAC_SHA1) -> str:
    """Give the signature of a request.

    Args:
        secret: the Auth Token, or a SharedKey's secret.
        url: exactly as the request was made, query included.
        parameters: of the form; none for a JSON body.
        algorithm: `HMAC_SHA1` or `HMAC_SHA256`.
    """
    signed = url + "".join(name + value for name, value in sorted(set(parameters)))
    mac = hmac.new(secret.encode(), signed.encode("utf-8", "surrogatepass"), _DIGESTS[algorithm])
    return base64.b64encode(mac.digest()).decode()


def verify_request(request: RawRequest, account: Account) -> Verified | Rejected:
    """Tell whether Twilio signed this for the account. Never raises.

    The address is the configured one, tried with and without its port: Twilio is not of one mind about that. The
    account fixes the algorithm. A body whose hash the address names must have it; any other must be the signed form.
    """
    if request.method != "POST":
        return Rejected("method", status=405)
    claimed = single_header(request.headers, SIGNATURE_HEADER)
    algorithm = account.text_setting(ALGORITHM_SETTING, HMAC_SHA1)
    if claimed is None or algorithm not in _DIGESTS:
        return Rejected("signature_header")
    if _claimed_algorithms(request) - {algorithm}:
        return Rejected("signature_algorithm")
    try:
        parameters = _signed_parameters(request)
    except MalformedMessage:
        return Rejected("body", status=400)
    expected = [
        signature_of(secret, url, parameters, algorithm).encode()
        for secret in account.secret_values(SIGNING_SECRET)
        for url in _spellings(request.url)
    ]
    return Verified(request) if is_one_of(claimed, expected) else Rejected("signature")


def _claimed_algorithms(request: RawRequest) -> set[str]:
    """What the request says of itself, which is compared and never followed."""
    fields = [
        field.strip().partition("=")
        for value in header_values(request.headers, SETTINGS_HEADER)
        for field in value.split(",")
    ]
    return {value.strip().upper() for name, _, value in fields if name.strip() == "algorithm"}


def _signed_parameters(request: RawRequest) -> tuple[tuple[str, str], ...]:
    """The parameters that a signature covers; none where the signed address has the hash of the body.

    Raises:
        MalformedMessage: the hash is another, or the body is no form.
    """
    hashes = parse_qs(urlsplit(request.url).query).get("bodySHA256", [])
    if not hashes:
        return read_parameters(request.body)
    if not hmac.compare_digest(hashlib.sha256(request.body).hexdigest().encode(), hashes[0].encode()):
        raise MalformedMessage("bodySHA256", "is not that of the body")
    return ()


def _spellings(url: str) -> Iterator[str]:
    parts = urlsplit(url)
    host = parts.hostname or ""
    named = f"[{host}]" if ":" in host else host
    yield url
    yield urlunsplit(parts._replace(netloc=named))
    yield urlunsplit(parts._replace(netloc=f"{named}:{parts.port or _PORTS.get(parts.scheme, 443)}"))
