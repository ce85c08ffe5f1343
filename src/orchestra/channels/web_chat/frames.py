"""The frames of the web chat: reading those of clients, writing ours. Each is one JSON object with a `type`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType

import attrs

from orchestra.channels import inbound
from orchestra.channels.fields import Fields
from orchestra.channels.parts import Identity, TextPart
from orchestra.channels.safe_json import JsonLimits, JsonObject, JsonValue, canonical_json, parse_json
from orchestra.channels.web_chat.tokens import LONGEST_TOKEN, Session
from orchestra.errors import MalformedMessage

__all__ = [
    "CHANNEL",
    "EVENT_KINDS",
    "LONGEST_FRAME",
    "TEXT_LIMIT",
    "VERSION",
    "Hello",
    "Ping",
    "client_id_of",
    "event_of",
    "frame",
    "is_hello",
    "read_fields",
    "read_hello",
]

CHANNEL = "web_chat"
VERSION = 1
TEXT_LIMIT = 10_000
LONGEST_FRAME = 64_000
"""Bytes of one frame: the longest text, each character escaped as JSON escapes at its worst, and some room."""

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LIMITS = JsonLimits(max_bytes=LONGEST_FRAME, max_depth=4)


@attrs.frozen(kw_only=True)
class Hello:
    """The first frame of a connection: who it is, and the last message it has seen."""

    token: str | None = attrs.field(repr=False)
    after: int


@attrs.frozen
class Ping:
    """A client that wants to know whether we are there."""


def read_fields(data: bytes) -> Fields:
    """Read a frame.

    Raises:
        MalformedMessage: it is larger than a frame may be, or no JSON object.
    """
    return Fields(parse_json(data, limits=_LIMITS, where="frame"), "frame")


def is_hello(fields: Fields) -> bool:
    """Tell whether a frame opens a connection."""
    return "type" in fields and fields.text("type") == "hello"


def read_hello(fields: Fields) -> Hello:
    """Read what opens a connection.

    Raises:
        MalformedMessage: a field is of another type or absurd, or the version is one that we do not speak.
    """
    if fields.integer("version") != VERSION:
        raise MalformedMessage("frame.version", f"must be {VERSION}")
    after = fields.integer("after") if "after" in fields else 0
    token = fields.text("token") if "token" in fields else None
    if after < 0 or len(token or "") > LONGEST_TOKEN:
        raise MalformedMessage("frame", "is absurd")
    return Hello(token=token, after=after)


def event_of(fields: Fields, session: Session, received_at: datetime, raw: bytes) -> inbound.Inbound | Ping:
    """Read any other frame.

    Raises:
        MalformedMessage: a field is missing, of another type, or too long.
    """
    kind = fields.identifier("type")
    reader = _READERS.get(kind)
    identity = Identity(CHANNEL, session.person, name=session.name, is_verified=session.is_known)
    digest = hashlib.sha256(raw).hexdigest()
    key = f"{session.person}.{_client_id(fields)}" if "id" in fields else f"{session.person}.{digest}"
    origin = inbound.Origin(
        dedupe_key=key,
        ids=inbound.ProviderIds(message=key),
        identities=(identity,),
        received_at=received_at,
        raw_digest=digest,
    )
    return inbound.Unrecognised(origin=origin, type=kind) if reader is None else reader(fields, origin)


def client_id_of(dedupe_key: str) -> str:
    """Give the id that a client gave its message."""
    return dedupe_key.rpartition(".")[2]


def frame(kind: str, **fields: JsonValue) -> bytes:
    """Write a frame; what is None is left out."""
    told: JsonObject = {"type": kind, **{name: value for name, value in fields.items() if value is not None}}
    return canonical_json(told)


def _client_id(fields: Fields) -> str:
    found = fields.text("id")
    if fields.text("type") in ("received", "read"):
        return hashlib.sha256(found.encode()).hexdigest()
    if _ID.fullmatch(found) is None:
        raise MalformedMessage("frame.id", "must be 1 to 64 letters, digits, - and _")
    return found


def _message(fields: Fields, origin: inbound.Origin) -> inbound.Inbound:
    fields.text("id")
    text = fields.text("text")
    if not text.strip() or len(text) > TEXT_LIMIT:
        raise MalformedMessage("frame.text", f"must be 1 to {TEXT_LIMIT} characters, not all of them blank")
    return inbound.MessageReceived(origin=origin, parts=(TextPart(text),))


def _typing(fields: Fields, origin: inbound.Origin) -> inbound.Inbound:
    return inbound.TypingChanged(origin=origin, is_typing=fields.flag("is_typing"))


def _received(fields: Fields, origin: inbound.Origin) -> inbound.Inbound:
    state = inbound.DeliveryState.DELIVERED
    return inbound.DeliveryUpdate(origin=origin, state=state, message_ids=(fields.identifier("id"),))


def _read(fields: Fields, origin: inbound.Origin) -> inbound.Inbound:
    return inbound.DeliveryUpdate(
        origin=origin, state=inbound.DeliveryState.READ, message_ids=(fields.identifier("id"),)
    )


def _ping(_fields: Fields, _origin: inbound.Origin) -> Ping:
    return Ping()


_READERS: Mapping[str, Callable[[Fields, inbound.Origin], inbound.Inbound | Ping]] = MappingProxyType(
    {"message": _message, "typing": _typing, "received": _received, "read": _read, "ping": _ping}
)

EVENT_KINDS: frozenset[type[inbound.Inbound]] = frozenset(
    {inbound.MessageReceived, inbound.TypingChanged, inbound.DeliveryUpdate, inbound.Unrecognised}
)
