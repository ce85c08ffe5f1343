"""Reading what the WhatsApp Cloud API posts: messages, statuses, preferences, and notices to the account's owner."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType

from orchestra.channels import inbound
from orchestra.channels.account import Account
from orchestra.channels.batches import issue_of, joined, read_each
from orchestra.channels.fields import Fields
from orchestra.channels.instants import TimeUnit
from orchestra.channels.meta.entries import Envelope, instant_of, read_entries
from orchestra.channels.meta.graph import WINDOW_IS_SHUT_CODE
from orchestra.channels.meta.whatsapp_facts import NOTICE_FIELDS, STATES
from orchestra.channels.meta.whatsapp_messages import Change, read_echo, read_message, seconds_of
from orchestra.channels.port import Decoded
from orchestra.channels.safe_json import JsonValue
from orchestra.channels.windows import WINDOW_IS_SHUT
from orchestra.channels.wire import RawRequest
from orchestra.errors import MalformedMessage

__all__ = ["EVENT_KINDS", "decode_request"]

_OBJECTS = frozenset({"whatsapp_business_account"})

EVENT_KINDS: frozenset[type[inbound.Inbound]] = frozenset(
    {
        inbound.MessageReceived,
        inbound.MessageEdited,
        inbound.MessageDeleted,
        inbound.ReactionChanged,
        inbound.ChoiceSelected,
        inbound.DeliveryUpdate,
        inbound.OutboundEcho,
        inbound.IdentityLinked,
        inbound.ConsentChanged,
        inbound.ChannelNotice,
        inbound.Unrecognised,
    }
)


def decode_request(request: RawRequest, account: Account) -> Decoded:
    """Read all of a request whose signature holds. Never raises."""
    return read_entries(request, account, _OBJECTS, _entry)


def _entry(entry: Fields, envelope: Envelope) -> Decoded:
    path = f"{entry.path}.changes"
    return joined(_change(item, f"{path}[{n}]", entry, envelope) for n, item in enumerate(entry.items("changes")))


def _change(item: JsonValue, path: str, entry: Fields, envelope: Envelope) -> Decoded:
    try:
        change = Fields(item, path)
        field = change.identifier("field")
        if field in NOTICE_FIELDS:
            return _notice(field, entry, envelope)
        return _value(field, change.child("value"), envelope)
    except MalformedMessage as error:
        return Decoded(issues=(issue_of(error, envelope.digest, "malformed_event"),))


def _notice(field: str, entry: Fields, envelope: Envelope) -> Decoded:
    """What concerns the account; it names no number, and has no id but its time."""
    at = instant_of(entry, "time") if "time" in entry else None
    key = f"{field}:{entry.identifier('id')}:{at.isoformat() if at else envelope.digest}"
    origin = envelope.origin(key, at=at, unit=TimeUnit.SECONDS)
    return Decoded(events=(inbound.ChannelNotice(origin=origin, code=field),))


def _value(field: str, value: Fields, envelope: Envelope) -> Decoded:
    lists = [name for name in _READERS if value.items(name)]
    if not lists:
        return _other(field, value, envelope)
    number = value.child("metadata").identifier("phone_number_id")
    if number != envelope.account.id:
        raise MalformedMessage(f"{value.path}.metadata.phone_number_id", "names another account")
    shared = Change(envelope, dict(_contacts(value)))
    return joined(
        read_each(value.items(name), f"{value.path}.{name}", envelope.digest, _reader(name, shared)) for name in lists
    )


def _reader(name: str, shared: Change) -> Callable[[Fields], Iterable[inbound.Inbound]]:
    return lambda item: _READERS[name](item, shared)


def _contacts(value: Fields) -> Iterator[tuple[str, Fields]]:
    for item in value.children("contacts"):
        for name in ("wa_id", "user_id"):
            if name in item:
                yield item.identifier(name), item


def _other(field: str, value: Fields, envelope: Envelope) -> Decoded:
    """A field that tomorrow brings; one without any list in it is an empty batch."""
    if field in {"messages", "smb_message_echoes", "user_preferences"}:
        return Decoded()
    origin = envelope.origin(f"{field}:{envelope.digest}:{value.path}")
    return Decoded(events=(inbound.Unrecognised(origin=origin, type=field[:100]),))


def _status(item: Fields, shared: Change) -> Iterator[inbound.Inbound]:
    message, status = item.identifier("id"), item.identifier("status")
    who = shared.person(item.optional_identifier("recipient_id"), item.optional_identifier("recipient_user_id"))
    origin = shared.envelope.origin(
        f"{message}:{status}"[:1_024], message=message, at=seconds_of(item), unit=TimeUnit.SECONDS, who=who
    )
    state = STATES.get(status)
    if state is None:
        yield inbound.Unrecognised(origin=origin, type=f"status.{status}"[:100])
        return
    errors = [error.integer("code") for error in item.children("errors")]
    is_failed = state is inbound.DeliveryState.FAILED
    code = f"graph_{errors[0]}" if errors else status
    if errors[:1] == [WINDOW_IS_SHUT_CODE]:
        code = WINDOW_IS_SHUT.code
    yield inbound.DeliveryUpdate(
        origin=origin,
        state=state,
        message_ids=(message,),
        code=code if is_failed else None,
        permanent=is_failed and bool(errors) and errors[0] in _NEVER,
        is_undeliverable=is_failed and bool(errors) and errors[0] == _NO_WHATSAPP,
    )


_NO_WHATSAPP = 131026
_NEVER = frozenset({131021, _NO_WHATSAPP, 131030, 131051})
"""Whoever it went to, or what it was, will never pass: ourselves, no WhatsApp, not allowed, an unsupported type."""


def _preference(item: Fields, shared: Change) -> Iterator[inbound.Inbound]:
    who = shared.person(item.optional_identifier("wa_id"), item.optional_identifier("user_id"))
    category, value = item.identifier("category"), item.identifier("value").lower()
    at = seconds_of(item)
    person = who[0].value if who else ""
    origin = shared.envelope.origin(f"{category}:{person}:{at.isoformat()}", at=at, unit=TimeUnit.SECONDS, who=who)
    granted = {"stop": False, "resume": True, "signup": True}.get(value)
    if granted is None or not who:
        yield inbound.Unrecognised(origin=origin, type=f"preference.{value}"[:100])
    else:
        yield inbound.ConsentChanged(origin=origin, is_granted=granted, topic=category)


def _error(item: Fields, shared: Change) -> Iterator[inbound.Inbound]:
    code = f"graph_{item.integer('code')}"
    yield inbound.ChannelNotice(origin=shared.envelope.origin(f"{code}:{shared.envelope.digest}"), code=code)


_READERS: Mapping[str, Callable[[Fields, Change], Iterator[inbound.Inbound]]] = MappingProxyType(
    {
        "messages": read_message,
        "message_echoes": read_echo,
        "statuses": _status,
        "user_preferences": _preference,
        "errors": _error,
    }
)
