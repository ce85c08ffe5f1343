"""What was sent with a form: its values by name and its files, from each encoding, within bounds."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import attrs

from orchestra.channels.form_parts import FormLimits, FormPart, read_parts
from orchestra.channels.safe_json import JsonLimits, JsonValue, canonical_json, parse_json
from orchestra.channels.urlencoded import read_pairs
from orchestra.channels.web_form.settings import FormSettings
from orchestra.channels.wire import RawRequest, header_values
from orchestra.errors import MalformedMessage

__all__ = ["FORM", "JSON", "PARTS", "Sent", "Values", "encoding_of", "fingerprint", "read_sent", "wants_json"]

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
PARTS = "multipart/form-data"

_MOST_BYTES = 200_000
_MOST_FIELDS = 100
_LONGEST_NAME = 100
_LIMITS = JsonLimits(max_bytes=_MOST_BYTES, max_depth=2)

Values = Mapping[str, str]
"""Name -> value, of all fields that were sent."""


@attrs.frozen
class Sent:
    """What was sent: the values of fields, and the files that came with them, in order."""

    values: Values
    files: tuple[FormPart, ...] = ()


def encoding_of(request: RawRequest) -> str:
    """Give the media type of a request, without parameters, in lower case; empty if it is missing or doubled."""
    told = header_values(request.headers, "Content-Type")
    return told[0].partition(";")[0].strip().lower() if len(told) == 1 else ""


def wants_json(request: RawRequest) -> bool:
    """Tell whether a script sent the form, which is answered with JSON; else it was a browser by itself."""
    accepted = ",".join(header_values(request.headers, "Accept")).lower()
    return encoding_of(request) == JSON or JSON in accepted


def read_sent(request: RawRequest, settings: FormSettings) -> Sent:
    """Read what was sent.

    Raises:
        MalformedMessage: too large, too many fields, not of its encoding, a field that is twice there, or no text; more
            files than the form may bring, or larger ones.
    """
    if encoding_of(request) == PARTS:
        return _from_parts(request, settings)
    found = _from_json(request.body) if encoding_of(request) == JSON else _from_form(request.body)
    if len(found) > _MOST_FIELDS:
        raise MalformedMessage("body", f"more than {_MOST_FIELDS} fields")
    return Sent(MappingProxyType(found))


def _from_parts(request: RawRequest, settings: FormSettings) -> Sent:
    limits = FormLimits(
        max_bytes=2 * _MOST_BYTES + settings.files * settings.file_bytes,
        max_parts=_MOST_FIELDS + settings.files,
        max_name=_LONGEST_NAME,
        max_file_bytes=settings.file_bytes,
    )
    parts = read_parts(request.body, header_values(request.headers, "Content-Type")[0], limits)
    files = tuple(part for part in parts if part.file_name is not None)
    if len(files) > settings.files:
        most = "takes no file" if settings.files == 0 else f"takes {settings.files} files at most"
        raise MalformedMessage(files[-1].name, most)
    return Sent(MappingProxyType(_once([(part.name, part.text) for part in parts if part.file_name is None])), files)


def fingerprint(sent: Sent, token: str) -> str:
    """Give what tells one form from another, whose page gives it no id: all that is in it, and when it was shown."""
    told: dict[str, JsonValue] = dict(sent.values)
    files = b"".join(hashlib.sha256(file.data).digest() for file in sent.files)
    return hashlib.sha256(token.encode() + b"\x1f" + canonical_json(told) + files).hexdigest()


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
    return _once(pairs)


def _once(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedMessage("body", "a field is there twice")
    if any("\x00" in text or len(name) > _LONGEST_NAME for name, text in pairs):
        raise MalformedMessage("body", "a field cannot be used")
    return found
