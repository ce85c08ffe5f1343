"""Reading WhatsApp's messages: a reader for each type that is more than words and files, in a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType

import attrs

from orchestra.channels import inbound
from orchestra.channels.fields import Fields
from orchestra.channels.instants import TimeUnit
from orchestra.channels.meta.entries import Envelope, instant_of
from orchestra.channels.meta.whatsapp_content import parts_of
from orchestra.channels.parts import Identity, ThreadRef
from orchestra.errors import MalformedMessage

__all__ = ["PERSON", "Change", "read_echo", "read_message", "seconds_of"]

PERSON = "whatsapp"
"""The kind of identity of a business-scoped user id: two letters of a country, a dot, letters and digits."""


@attrs.frozen
class Change:
    """What the items of one change share: the envelope, and whom its contacts name."""

    envelope: Envelope
    people: Mapping[str, Fields]

    def person(self, phone: str | None, user: str | None) -> tuple[Identity, ...]:
        """Give all that is known of somebody, their number first; it may be absent, and so may the id."""
        contact = self.people.get(phone or "") or self.people.get(user or "")
        name = _name(contact)
        if contact is not None:
            phone = phone or contact.optional_identifier("wa_id")
            user = user or contact.optional_identifier("user_id")
        known = []
        if phone is not None:
            known.append(Identity("phone", "+" + phone.lstrip("+"), name=name, is_verified=True))
        if user is not None:
            known.append(Identity(PERSON, user, name=name, is_verified=True))
        return tuple(known)


def _name(contact: Fields | None) -> str | None:
    if contact is None or "profile" not in contact:
        return None
    profile = contact.child("profile")
    return (profile.text("name")[:512] or None) if "name" in profile else None


def seconds_of(item: Fields) -> datetime:
    """Read when it happened."""
    return instant_of(item, "timestamp")


def _origin(item: Fields, shared: Change, who: tuple[Identity, ...], message: str | None = None) -> inbound.Origin:
    own = item.identifier("id")
    group = item.optional_identifier("group_id")
    context = item.child("context") if "context" in item else None
    reply_to = None if context is None else context.optional_identifier("id")
    return shared.envelope.origin(
        own,
        message=message or own,
        event=own,
        at=seconds_of(item),
        unit=TimeUnit.SECONDS,
        who=who,
        thread=ThreadRef(conversation=group, reply_to=reply_to),
    )


def read_message(item: Fields, shared: Change) -> Iterator[inbound.Inbound]:
    """Read what somebody sent, changed, took back, pressed, or how they react."""
    who = shared.person(item.optional_identifier("from"), item.optional_identifier("from_user_id"))
    if not who:
        raise MalformedMessage(f"{item.path}.from", "is missing")
    kind = item.identifier("type")
    special = _SPECIAL.get(kind)
    if special is not None:
        yield special(item, shared, who)
        return
    parts = parts_of(item, kind)
    origin = _origin(item, shared, who)
    if parts:
        yield inbound.MessageReceived(origin=origin, parts=parts)
    else:
        yield inbound.Unrecognised(origin=origin, type=f"message.{kind}"[:100])


def read_echo(item: Fields, shared: Change) -> Iterator[inbound.Inbound]:
    """Read what the company's people sent from their telephone; whom it concerns is who it was sent to."""
    who = shared.person(item.optional_identifier("to"), item.optional_identifier("to_user_id"))
    kind = item.identifier("type")
    origin, parts = _origin(item, shared, who), parts_of(item, kind)
    if parts:
        yield inbound.OutboundEcho(origin=origin, parts=parts)
    else:
        yield inbound.Unrecognised(origin=origin, type=f"echo.{kind}"[:100])


def _edit(item: Fields, shared: Change, who: tuple[Identity, ...]) -> inbound.Inbound:
    edit = item.child("edit")
    message, original = edit.child("message"), edit.identifier("original_message_id")
    parts = parts_of(message, message.identifier("type"))
    origin = _origin(item, shared, who, original)
    if not parts:
        return inbound.Unrecognised(origin=origin, type="message.edit")
    return inbound.MessageEdited(origin=origin, message_id=original, parts=parts)


def _revoke(item: Fields, shared: Change, who: tuple[Identity, ...]) -> inbound.Inbound:
    original = item.child("revoke").identifier("original_message_id")
    return inbound.MessageDeleted(origin=_origin(item, shared, who, original), message_id=original)


def _reaction(item: Fields, shared: Change, who: tuple[Identity, ...]) -> inbound.Inbound:
    """Taken away, it comes without an emoji, or with an empty one."""
    reaction = item.child("reaction")
    emoji = reaction.text("emoji") if "emoji" in reaction else ""
    return inbound.ReactionChanged(
        origin=_origin(item, shared, who), message_id=reaction.identifier("message_id"), reaction=emoji or None
    )


def _interactive(item: Fields, shared: Change, who: tuple[Identity, ...]) -> inbound.Inbound:
    interactive, origin = item.child("interactive"), _origin(item, shared, who)
    kind = interactive.identifier("type")
    if kind not in {"button_reply", "list_reply"}:
        return inbound.Unrecognised(origin=origin, type=f"interactive.{kind}"[:100])
    reply = interactive.child(kind)
    label = reply.text("title") if "title" in reply else None
    return inbound.ChoiceSelected(
        origin=origin, choice=reply.identifier("id"), label=label, message_id=origin.thread.reply_to
    )


def _button(item: Fields, shared: Change, who: tuple[Identity, ...]) -> inbound.Inbound:
    """A button of a template."""
    button, origin = item.child("button"), _origin(item, shared, who)
    label = button.text("text") if "text" in button else None
    return inbound.ChoiceSelected(
        origin=origin, choice=button.identifier("payload"), label=label, message_id=origin.thread.reply_to
    )


def _system(item: Fields, shared: Change, who: tuple[Identity, ...]) -> inbound.Inbound:
    system, origin = item.child("system"), _origin(item, shared, who)
    kind = system.identifier("type")
    if kind != "user_changed_number" or "wa_id" not in system:
        return inbound.Unrecognised(origin=origin, type=f"system.{kind}"[:100])
    number = "+" + system.identifier("wa_id").lstrip("+")
    return inbound.IdentityLinked(origin=origin, linked=Identity("phone", number, is_verified=True))


_Special = Callable[[Fields, Change, tuple[Identity, ...]], inbound.Inbound]

_SPECIAL: Mapping[str, _Special] = MappingProxyType(
    {
        "edit": _edit,
        "revoke": _revoke,
        "reaction": _reaction,
        "interactive": _interactive,
        "button": _button,
        "system": _system,
    }
)
