"""What a back office tells us, whichever standard carries it: types of events, and the fields of their data.

Every type has these in its data; what is not listed is passed over::

    progress.posted     ref (the application's own key of the case), stage; due, earliest, reason
    message.received    message (its id), text or media [{url, kind, type, size, name, caption}];
                        from {id, kind, name}, conversation, reply_to, subject
    message.edited      message, text or media; from, conversation
    message.deleted     message; from, conversation
    message.sent        message, text or media; key; from (whom it went to), conversation
    message.accepted, message.delivered, message.read, message.failed
                        messages [ids] or up_to; of a failure: code, permanent

Instants are texts as in RFC 3339. Unless `from` says a `kind`, as `email` or `phone`, somebody is known by an id of the
back office. Other types are `Unrecognised`. An account's setting `progress_type` names the back office's own word for
`progress.posted`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType

import attrs

from orchestra.channels import inbound
from orchestra.channels.account import Account
from orchestra.channels.back_office.times import from_rfc3339
from orchestra.channels.description import ConfigField, ConfigKind
from orchestra.channels.fields import Fields
from orchestra.channels.instants import TimeUnit
from orchestra.channels.parts import Identity, MediaKind, MediaPart, MediaRef, Part, TextPart, ThreadRef
from orchestra.channels.wire import RawRequest
from orchestra.errors import MalformedMessage

__all__ = ["EVENT_KINDS", "PROGRESS", "PROGRESS_TYPE", "Told", "read_told"]

PROGRESS = "progress.posted"
PROGRESS_TYPE = ConfigField(
    name="progress_type", kind=ConfigKind.TEXT, help=f"the type of events that tell how a case goes on; {PROGRESS}"
)
"""The setting that names the back office's own word for progress."""

_MEDIA_KINDS: Mapping[str, MediaKind] = MappingProxyType({kind.value: kind for kind in MediaKind})


@attrs.frozen(kw_only=True)
class Told:
    """One event, as either standard carries it.

    Attributes:
        id: equal each time it comes, and no other's within the account.
        type: what it tells.
        occurred: when it happened, and how precisely that is told; None if it is not told.
        subject: what it is about, if the standard tells that outside of the data.
        data: the rest, if there is any.
    """

    id: str
    type: str
    occurred: tuple[datetime, TimeUnit] | None
    subject: str | None = None
    data: Fields | None


def read_told(told: Told, request: RawRequest, account: Account, digest: str) -> inbound.Inbound:
    """Read what an event tells.

    Raises:
        MalformedMessage: a field of a type that is known is missing or wrong.
    """
    is_progress = told.type == account.text_setting(PROGRESS_TYPE.name, PROGRESS)
    reader = _READERS.get(PROGRESS if is_progress else told.type)
    if reader is None:
        return inbound.Unrecognised(origin=_origin(told, None, account, request, digest), type=told.type)
    if told.data is None:
        raise MalformedMessage("data", "is missing")
    return reader(told, told.data, _origin(told, told.data, account, request, digest))


def _origin(told: Told, data: Fields | None, account: Account, request: RawRequest, digest: str) -> inbound.Origin:
    at, unit = told.occurred or (None, TimeUnit.SECONDS)
    return inbound.Origin(
        dedupe_key=told.id,
        ids=inbound.ProviderIds(event=told.id, message=None if data is None else data.optional_identifier("message")),
        thread=ThreadRef() if data is None else _thread(data),
        identities=() if data is None or "from" not in data else (_identity(data.child("from"), account.channel),),
        occurred_at=at,
        occurred_unit=unit,
        received_at=request.received_at,
        raw_digest=digest,
    )


def _thread(data: Fields) -> ThreadRef:
    conversation, reply_to = data.optional_identifier("conversation"), data.optional_identifier("reply_to")
    return ThreadRef(conversation=conversation, reply_to=reply_to)


def _identity(person: Fields, channel: str) -> Identity:
    kind = person.optional_identifier("kind") or channel
    return Identity(kind, person.identifier("id"), name=person.optional_identifier("name"))


def _instant(data: Fields, name: str) -> datetime | None:
    return from_rfc3339(data.text(name), f"{data.path}.{name}")[0] if name in data else None


def _text(data: Fields, name: str) -> str | None:
    return data.text(name) if name in data else None


def _progress(told: Told, data: Fields, origin: inbound.Origin) -> inbound.Inbound:
    due, earliest = _instant(data, "due"), _instant(data, "earliest")
    if earliest is not None and (due is None or earliest > due):
        raise MalformedMessage(f"{data.path}.earliest", "must not be later than due")
    ref = told.subject if told.subject and "ref" not in data else data.identifier("ref")
    stage, reason = data.identifier("stage"), _text(data, "reason")
    return inbound.ProgressPosted(origin=origin, ref=ref, stage=stage, due_at=due, earliest_at=earliest, reason=reason)


def _parts(data: Fields) -> tuple[Part, ...]:
    text = (TextPart(data.text("text")),) if "text" in data else ()
    media = tuple(_media(child) for child in data.children("media"))
    if not text and not media:
        raise MalformedMessage(data.path, "has neither text nor media")
    return (*text, *media)


def _media(item: Fields) -> MediaPart:
    return MediaPart(
        MediaRef(
            ref=item.text("url"),
            kind=_MEDIA_KINDS.get(item.optional_identifier("kind") or "", MediaKind.DOCUMENT),
            content_type=item.optional_identifier("type"),
            size_bytes=item.integer("size") if "size" in item else None,
            name=item.optional_identifier("name"),
        ),
        caption=_text(item, "caption"),
    )


def _received(_told: Told, data: Fields, origin: inbound.Origin) -> inbound.Inbound:
    data.identifier("message")
    return inbound.MessageReceived(origin=origin, parts=_parts(data), subject=_text(data, "subject"))


def _edited(_told: Told, data: Fields, origin: inbound.Origin) -> inbound.Inbound:
    return inbound.MessageEdited(origin=origin, message_id=data.identifier("message"), parts=_parts(data))


def _deleted(_told: Told, data: Fields, origin: inbound.Origin) -> inbound.Inbound:
    return inbound.MessageDeleted(origin=origin, message_id=data.identifier("message"))


def _sent(_told: Told, data: Fields, origin: inbound.Origin) -> inbound.Inbound:
    data.identifier("message")
    return inbound.OutboundEcho(origin=origin, parts=_parts(data), key=data.optional_identifier("key"))


def _update(state: inbound.DeliveryState) -> Callable[[Told, Fields, inbound.Origin], inbound.Inbound]:
    def read(_told: Told, data: Fields, origin: inbound.Origin) -> inbound.Inbound:
        ids, watermark = data.identifiers("messages"), _instant(data, "up_to")
        if bool(ids) == (watermark is not None):
            raise MalformedMessage(data.path, "must have either messages or up_to")
        return inbound.DeliveryUpdate(
            origin=origin,
            state=state,
            message_ids=ids,
            watermark=watermark,
            code=data.optional_identifier("code"),
            permanent=data.flag("permanent", default=False),
        )

    return read


_READERS: Mapping[str, Callable[[Told, Fields, inbound.Origin], inbound.Inbound]] = MappingProxyType(
    {
        PROGRESS: _progress,
        "message.received": _received,
        "message.edited": _edited,
        "message.deleted": _deleted,
        "message.sent": _sent,
        **{f"message.{state.value}": _update(state) for state in inbound.DeliveryState},
    }
)

EVENT_KINDS: frozenset[type[inbound.Inbound]] = frozenset(
    {
        inbound.ProgressPosted,
        inbound.MessageReceived,
        inbound.MessageEdited,
        inbound.MessageDeleted,
        inbound.OutboundEcho,
        inbound.DeliveryUpdate,
        inbound.Unrecognised,
    }
)
"""What a back office may tell."""
