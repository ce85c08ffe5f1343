"""What was sent with a form: its values by name, from either encoding, within bounds."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from types import MappingProxyType

from orchestra.channels.safe_json import JsonLimits, JsonValue, canonical_json, parse_json
from orchestra.channels.urlencoded import read_pairs
from orchestra.channels.wire import RawRequest, header_values
from orchestra.errors import MalformedMessage

__all__ = ["FORM", "JSON", "Values", "encoding_of", "fingerprint", "read_values", "wants_json"]

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"

_MOST_BYTES = 200_000
_MOST_FIELDS = 100
_LONGEST_NAME = 100
_LIMITS = JsonLimits(max_bytes=_MOST_BYTES, max_depth=2)

Values = Mapping[str, str]
"""Name -> value, of all fields that were sent."""


def encoding_of(request: RawRequest) -> str:
    """Give the media type of a request, without parameters, in lower case; empty if it is missing or doubled."""
    told = header_values(request.headers, "Content-Type")
    return told[0].partition(";")[0].strip().lower() if len(told) == 1 else ""


def wants_json(request: RawRequest) -> bool:
    """Tell whether a script sent the form, which is answered with JSON; else it was a browser by itself."""
    accepted = ",".join(header_values(request.headers, "Accept")).lower()
    return encoding_of(request) == JSON or JSON in accepted


def read_values(request: RawRequest) -> Values:
    """Read what was sent.

    Raises:
        MalformedMessage: too large, too many fields, not of its encoding, a field that is twice there, or no text.
    """
    found = _from_json(request.body) if encoding_of(request) == JSON else _from_form(request.body)
    if len(found) > _MOST_FIELDS:
        raise MalformedMessage("body", f"more than {_MOST_FIELDS} fields")
    return MappingProxyType(found)


def fingerprint(values: Values, token: str) -> str:
    """Give what tells one form from another, whose page gives it no id: all that is in it, and when it was shown."""
    told: dict[str, JsonValue] = dict(values)
    return hashlib.sha256(token.encode() + b"\x1f" + canonical_json(told)).hexdigest()


def _from_json(body: bytes) -> dict[str, str]:
    found = parse_json(body, limits=_LIMITS)
    if not isinstance(found, dict):
        raise MalformedMessage("body", "must be an object")
    for name, value in found.items():
        if not isinstance(value, str):
            raise MalformedMessage("body", "all fields must be strings")
        if len(name) > _LONGEST_NAME:
            raise MalformedMessage("body", "the name of a field is too long")
    return {name: str(value) for name, value in found.items()}


def _from_form(body: bytes) -> dict[str, str]:
    pairs = read_pairs(body, most_bytes=_MOST_BYTES, most_fields=_MOST_FIELDS)
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedMessage("body", "a field is there twice")
    if any("\x00" in text or len(name) > _LONGEST_NAME for name, text in pairs):
        raise MalformedMessage("body", "a field cannot be used")
    return found
