"""Reading the loopback channel's news, in webhooks and in answers: a reader for each type of event, in a table."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType

import attrs

from orchestra.channels import inbound
from orchestra.channels.account import Account
from orchestra.channels.fields import Fields
from orchestra.channels.instants import TimeUnit, from_unix
from orchestra.channels.parts import Identity, MediaKind, MediaPart, MediaRef, Part, TextPart, ThreadRef
from orchestra.channels.port import Decoded, Issue
from orchestra.channels.safe_json import JsonValue, parse_json
from orchestra.channels.wire import HttpReply, RawRequest
from orchestra.errors import MalformedMessage

__all__ = ["EVENT_KINDS", "decode_news", "decode_request"]

_MEDIA_KINDS: Mapping[str, MediaKind] = MappingProxyType({kind.value: kind for kind in MediaKind})
_STATES: Mapping[str, inbound.DeliveryState] = MappingProxyType({state.value: state for state in inbound.DeliveryState})


@attrs.frozen
class _Envelope:
    """What the events of one request share."""

    received_at: datetime
    is_redelivery: bool
    raw_digest: str


def decode_request(request: RawRequest, account: Account) -> Decoded:
    """Read a webhook whose signature holds. Never raises; each bad event becomes an issue beside the good ones."""
    digest = hashlib.sha256(request.body).hexdigest()
    try:
        body = Fields(parse_json(request.body), "body")
        if body.text("account") != account.id:
            return _unusable("wrong_account", MalformedMessage("body.account", "names another account"), digest, 403)
        envelope = _Envelope(request.received_at, body.integer("attempt") > 1, digest)
        items = body.items("events")
    except MalformedMessage as error:
        return _unusable("malformed", error, digest, 400)
    return _decode_items(items, body.path, envelope)


def decode_news(page: Fields, asked_at: datetime, digest: str) -> Decoded:
    """Read the news of an answer; each bad event becomes an issue beside the good ones.

    Raises:
        MalformedMessage: there is no list of news.
    """
    return _decode_items(page.items("events"), page.path, _Envelope(asked_at, False, digest))


def _unusable(code: str, error: MalformedMessage, digest: str, status: int) -> Decoded:
    return Decoded(issues=(_issue(code, error, digest),), reply=HttpReply(status=status))


def _issue(code: str, error: MalformedMessage, digest: str) -> Issue:
    return Issue(code=code, where=error.where, reason=error.reason, raw_digest=digest)


def _decode_items(items: list[JsonValue], path: str, envelope: _Envelope) -> Decoded:
    events: list[inbound.Inbound] = []
    issues: list[Issue] = []
    for index, item in enumerate(items):
        try:
            events.append(_decode_item(Fields(item, f"{path}.events[{index}]"), envelope))
        except MalformedMessage as error:
            issues.append(_issue("malformed_event", error, envelope.raw_digest))
    return Decoded(events=tuple(events), issues=tuple(issues))


def _decode_item(item: Fields, envelope: _Envelope) -> inbound.Inbound:
    kind = item.identifier("type")
    origin = _origin(item, envelope)
    reader = _READERS.get(kind)
    return inbound.Unrecognised(origin=origin, type=kind) if reader is None else reader(item, origin)


def _origin(item: Fields, envelope: _Envelope) -> inbound.Origin:
    event = item.identifier("id")
    return inbound.Origin(
        dedupe_key=event,
        ids=inbound.ProviderIds(message=item.optional_identifier("message"), event=event),
        thread=ThreadRef(
            conversation=item.optional_identifier("conversation"), reply_to=item.optional_identifier("reply_to")
        ),
        identities=(_identity(item.child("from")),) if "from" in item else (),
        occurred_at=_instant(item, "at"),
        occurred_unit=TimeUnit.MILLISECONDS,
        sequence=item.integer("sequence") if "sequence" in item else None,
        received_at=envelope.received_at,
        is_redelivery=envelope.is_redelivery,
        raw_digest=envelope.raw_digest,
    )


def _identity(item: Fields) -> Identity:
    kind = item.optional_identifier("kind") or "loopback"
    return Identity(kind, item.identifier("id"), name=item.optional_identifier("name"))


def _instant(item: Fields, name: str) -> datetime:
    return from_unix(item.integer(name), TimeUnit.MILLISECONDS, where=f"{item.path}.{name}")


def _optional_instant(item: Fields, name: str) -> datetime | None:
    return _instant(item, name) if name in item else None


def _parts(item: Fields) -> tuple[Part, ...]:
    media = tuple(_media(child) for child in item.children("media"))
    text = (TextPart(item.text("text")),) if "text" in item else ()
    if not text and not media:
        raise MalformedMessage(item.path, "has neither text nor media")
    return (*text, *media)


def _media(item: Fields) -> MediaPart:
    kind = _MEDIA_KINDS.get(item.identifier("kind"), MediaKind.DOCUMENT)
    return MediaPart(
        MediaRef(
            ref=item.identifier("ref"),
            kind=kind,
            content_type=item.optional_identifier("type"),
            size_bytes=item.integer("size") if "size" in item else None,
            name=item.optional_identifier("name"),
        ),
        caption=item.text("caption") if "caption" in item else None,
    )


def _message(item: Fields, origin: inbound.Origin) -> inbound.Inbound:
    item.identifier("message")
    return inbound.MessageReceived(origin=origin, parts=_parts(item))


def _echo(item: Fields, origin: inbound.Origin) -> inbound.Inbound:
    item.identifier("message")
    return inbound.OutboundEcho(origin=origin, parts=_parts(item), key=item.optional_identifier("key"))


def _edit(item: Fields, origin: inbound.Origin) -> inbound.Inbound:
    return inbound.MessageEdited(origin=origin, message_id=item.identifier("message"), parts=_parts(item))


def _delete(item: Fields, origin: inbound.Origin) -> inbound.Inbound:
    return inbound.MessageDeleted(origin=origin, message_id=item.identifier("message"))


def _reaction(item: Fields, origin: inbound.Origin) -> inbound.Inbound:
    reaction = item.optional_identifier("reaction")
    return inbound.ReactionChanged(origin=origin, message_id=item.identifier("message"), reaction=reaction)


def _choice(item: Fields, origin: inbound.Origin) -> inbound.Inbound:
    label = item.text("label") if "label" in item else None
    return inbound.ChoiceSelected(
        origin=origin, choice=item.identifier("choice"), label=label, message_id=item.optional_identifier("message")
    )


def _delivery(item: Fields, origin: inbound.Origin) -> inbound.Inbound:
    state = _STATES.get(item.identifier("state"))
    if state is None:
        return inbound.Unrecognised(origin=origin, type=f"delivery:{item.identifier('state')}")
    messages = item.identifiers("messages")
    if bool(messages) == ("up_to" in item):
        raise MalformedMessage(item.path, "must have either messages or up_to")
    return inbound.DeliveryUpdate(
        origin=origin,
        state=state,
        message_ids=messages,
        watermark=_optional_instant(item, "up_to"),
        code=item.optional_identifier("code"),
        permanent=item.flag("permanent", default=False),
    )


def _typing(item: Fields, origin: inbound.Origin) -> inbound.Inbound:
    return inbound.TypingChanged(origin=origin, is_typing=item.flag("typing"))


def _identity_linked(item: Fields, origin: inbound.Origin) -> inbound.Inbound:
    return inbound.IdentityLinked(origin=origin, linked=_identity(item.child("linked")))


def _consent(item: Fields, origin: inbound.Origin) -> inbound.Inbound:
    topic = item.optional_identifier("topic")
    return inbound.ConsentChanged(origin=origin, is_granted=item.flag("granted"), topic=topic)


def _progress(item: Fields, origin: inbound.Origin) -> inbound.Inbound:
    return inbound.ProgressPosted(
        origin=origin,
        ref=item.identifier("ref"),
        stage=item.identifier("stage"),
        due_at=_optional_instant(item, "due"),
    )


def _notice(item: Fields, origin: inbound.Origin) -> inbound.Inbound:
    return inbound.ChannelNotice(origin=origin, code=item.identifier("code"))


_READERS: Mapping[str, Callable[[Fields, inbound.Origin], inbound.Inbound]] = MappingProxyType(
    {
        "message": _message,
        "echo": _echo,
        "edit": _edit,
        "delete": _delete,
        "reaction": _reaction,
        "choice": _choice,
        "delivery": _delivery,
        "typing": _typing,
        "identity": _identity_linked,
        "consent": _consent,
        "progress": _progress,
        "notice": _notice,
    }
)

EVENT_KINDS: frozenset[type[inbound.Inbound]] = frozenset(
    {
        inbound.MessageReceived,
        inbound.OutboundEcho,
        inbound.MessageEdited,
        inbound.MessageDeleted,
        inbound.ReactionChanged,
        inbound.ChoiceSelected,
        inbound.DeliveryUpdate,
        inbound.TypingChanged,
        inbound.IdentityLinked,
        inbound.ConsentChanged,
        inbound.ProgressPosted,
        inbound.ChannelNotice,
        inbound.Unrecognised,
    }
)
