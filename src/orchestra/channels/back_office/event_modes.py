"""Reading CloudEvents, version 1.0, from a request: in structured, batched and binary mode.

Source: spec.md, http-protocol-binding.md and json-format.md of github.com/cloudevents/spec.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from urllib.parse import unquote_to_bytes

from orchestra.channels import inbound
from orchestra.channels.account import Account
from orchestra.channels.back_office.payloads import Told, read_told
from orchestra.channels.back_office.times import from_rfc3339
from orchestra.channels.batches import digest_of, read_each, unusable
from orchestra.channels.fields import Fields
from orchestra.channels.port import Decoded
from orchestra.channels.safe_json import JsonObject, JsonValue, parse_json
from orchestra.channels.wire import RawRequest, header_values
from orchestra.errors import MalformedMessage

__all__ = ["STRUCTURED_TYPE", "decode_events"]

STRUCTURED_TYPE = "application/cloudevents+json"
_BATCH_TYPE = "application/cloudevents-batch+json"
_ATTRIBUTES = ("specversion", "id", "source", "type", "subject", "time", "datacontenttype")
_VERSION = "1.0"
_LONGEST_KEY = 400


def decode_events(request: RawRequest, account: Account) -> Decoded:
    """Read all events of a request. Never raises: what cannot be read is an issue beside those that can."""
    digest = digest_of(request.body)

    def read(item: Fields) -> tuple[inbound.Inbound, ...]:
        return (_read(item, request, account, digest),)

    try:
        kind = _media_type(request)
        if kind == _BATCH_TYPE:
            return read_each(_batch(parse_json(request.body)), "body", digest, read)
        event = parse_json(request.body) if kind == STRUCTURED_TYPE else _binary(request, kind)
        return Decoded(events=read(Fields(event, "event")))
    except _WrongSource as error:
        return unusable(error, digest, code="wrong_account", status=403)
    except MalformedMessage as error:
        return unusable(error, digest)


class _WrongSource(MalformedMessage):
    """The event names a source that is not the account's."""


def _media_type(request: RawRequest) -> str:
    values = header_values(request.headers, "Content-Type")
    return values[0].partition(";")[0].strip().lower() if len(values) == 1 else ""


def _batch(body: JsonValue) -> list[JsonValue]:
    if not isinstance(body, list):
        raise MalformedMessage("body", "must be a list of events")
    return body


def _binary(request: RawRequest, kind: str) -> JsonObject:
    """The event as it would be in structured mode: attributes are in headers, and the body is the data."""
    event: JsonObject = {}
    for name in _ATTRIBUTES[:-1]:
        values = header_values(request.headers, f"ce-{name}")
        if len(values) > 1:
            raise MalformedMessage(f"ce-{name}", "is there more than once")
        if values:
            event[name] = _header_text(values[0], f"ce-{name}")
    if "specversion" not in event:
        raise MalformedMessage("event", "is in none of the modes of CloudEvents")
    if _is_json(kind):
        event["data"] = parse_json(request.body)
    return event


def _header_text(value: str, where: str) -> str:
    """A header's value as an attribute: out of its quotes, and percent-decoded (HTTP binding, section 3.1.3.2)."""
    if len(value) > 1 and value.startswith('"') and value.endswith('"'):
        value = value[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    try:
        text = unquote_to_bytes(value).decode()
    except UnicodeError:
        raise MalformedMessage(where, "is not UTF-8") from None
    if not text.isprintable():
        raise MalformedMessage(where, "has control characters")
    return text


def _is_json(kind: str) -> bool:
    return kind == "application/json" or kind.endswith("+json")


def _read(item: Fields, request: RawRequest, account: Account, digest: str) -> inbound.Inbound:
    if item.text("specversion") != _VERSION:
        raise MalformedMessage(f"{item.path}.specversion", f"must be {_VERSION}")
    source, name = item.identifier("source"), item.identifier("id")
    if source != account.id and not source.startswith(f"{account.id}/"):
        raise _WrongSource(f"{item.path}.source", "is not that of the account")
    told = Told(
        id=_dedupe_key(source, name),
        type=item.identifier("type"),
        occurred=from_rfc3339(item.text("time"), f"{item.path}.time") if "time" in item else None,
        subject=item.optional_identifier("subject"),
        data=_data(item),
    )
    return read_told(told, request, account, digest)


def _dedupe_key(source: str, name: str) -> str:
    """Source and id together name an event. A source is a URI reference: there is no space in it."""
    key = f"{source} {name}"
    if " " not in source and len(key) <= _LONGEST_KEY:
        return key
    return "sha256 " + hashlib.sha256(f"{len(source)} {key}".encode()).hexdigest()


def _data(item: Fields) -> Fields | None:
    """The data, if it is an object; whether that is needed depends on the type."""
    if "data_base64" in item and "data" in item:
        raise MalformedMessage(f"{item.path}.data", "must not be beside data_base64")
    try:
        if "data_base64" in item:
            return Fields(parse_json(_unpacked(item), where=f"{item.path}.data_base64"), f"{item.path}.data")
        return item.child("data")
    except MalformedMessage:
        return None


def _unpacked(item: Fields) -> bytes:
    try:
        return base64.b64decode(item.text("data_base64"), validate=True)
    except (binascii.Error, ValueError):
        raise MalformedMessage(f"{item.path}.data_base64", "is not base64") from None
