"""Reading what Messenger and Instagram post: messages, echoes, edits, reactions, choices, receipts, referrals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType

import attrs

from orchestra.channels import inbound
from orchestra.channels.account import Account
from orchestra.channels.batches import joined, read_each
from orchestra.channels.fields import Fields
from orchestra.channels.meta.entries import Envelope, instant_of, read_entries
from orchestra.channels.meta.messaging_facts import Medium
from orchestra.channels.parts import Identity, MediaKind, MediaPart, MediaRef, Part, TextPart, ThreadRef
from orchestra.channels.port import Decoded
from orchestra.channels.wire import RawRequest
from orchestra.errors import MalformedMessage

__all__ = ["EVENT_KINDS", "decode_request"]

EVENT_KINDS: frozenset[type[inbound.Inbound]] = frozenset(
    {
        inbound.MessageReceived,
        inbound.MessageEdited,
        inbound.MessageDeleted,
        inbound.ReactionChanged,
        inbound.ChoiceSelected,
        inbound.DeliveryUpdate,
        inbound.OutboundEcho,
        inbound.ChannelNotice,
        inbound.Unrecognised,
    }
)

_MEDIA: Mapping[str, MediaKind] = MappingProxyType(
    {
        "image": MediaKind.IMAGE,
        "audio": MediaKind.AUDIO,
        "video": MediaKind.VIDEO,
        "file": MediaKind.DOCUMENT,
        "reel": MediaKind.VIDEO,
        "ig_reel": MediaKind.VIDEO,
        "share": MediaKind.IMAGE,
        "story_mention": MediaKind.IMAGE,
    }
)


def decode_request(request: RawRequest, account: Account, medium: Medium) -> Decoded:
    """Read all of a request whose signature holds. Never raises."""
    return read_entries(request, account, medium.objects, lambda entry, envelope: _entry(entry, envelope, medium))


def _entry(entry: Fields, envelope: Envelope, medium: Medium) -> Decoded:
    """Messages in `standby` belong to another app of the company's: it answers, we do not."""
    if entry.identifier("id") != envelope.account.id:
        raise MalformedMessage(f"{entry.path}.id", "names another account")
    lists: tuple[tuple[str, Callable[[Fields], list[inbound.Inbound]]], ...] = (
        ("messaging", lambda item: [_read(item, envelope, medium)]),
        ("standby", lambda item: [_foreign("standby", item, envelope)]),
        ("changes", lambda item: [_foreign(f"change.{item.identifier('field')}", item, envelope)]),
    )
    return joined(read_each(entry.items(name), f"{entry.path}.{name}", envelope.digest, read) for name, read in lists)


def _foreign(kind: str, item: Fields, envelope: Envelope) -> inbound.Inbound:
    origin = envelope.origin(f"{kind}:{envelope.digest}:{item.path}")
    return inbound.Unrecognised(origin=origin, type=kind[:100])


@attrs.frozen
class _News:
    """One piece of news: whom it is of, when, and where its fields stand."""

    item: Fields
    envelope: Envelope
    medium: Medium
    person: str
    at: datetime | None
    is_ours: bool

    def origin(self, key: str, message: str | None = None, thread: ThreadRef | None = None) -> inbound.Origin:
        who = (Identity(self.medium.channel, self.person),)
        return self.envelope.origin(key, message=message, at=self.at, who=who, thread=thread)

    @property
    def stamp(self) -> str:
        """What tells a piece without an id of its own from others of the same person."""
        return f"{self.person}:{self.at.isoformat() if self.at is not None else self.envelope.digest}"


def _read(item: Fields, envelope: Envelope, medium: Medium) -> inbound.Inbound:
    sender, recipient = item.child("sender").identifier("id"), item.child("recipient").identifier("id")
    is_ours = sender == envelope.account.id
    if not is_ours and recipient != envelope.account.id:
        raise MalformedMessage(f"{item.path}.recipient.id", "names another account")
    at = instant_of(item, "timestamp") if "timestamp" in item else None
    news = _News(item, envelope, medium, recipient if is_ours else sender, at, is_ours)
    kind = next((name for name in item.names if name in _READERS), None)
    if kind is not None:
        return _READERS[kind](item.child(kind), news)
    other = next((name for name in item.names if name not in _ENVELOPE), "nothing")
    return inbound.Unrecognised(origin=news.origin(f"{other}:{news.stamp}"), type=other[:100])


_ENVELOPE = frozenset({"sender", "recipient", "timestamp"})


def _message(message: Fields, news: _News) -> inbound.Inbound:
    """A message of theirs or, as an echo, of ours; Instagram tells of deletions here, too."""
    mid = message.identifier("mid")
    if message.flag("is_deleted", default=False):
        return inbound.MessageDeleted(origin=news.origin(f"{mid}:deleted", mid), message_id=mid)
    origin = news.origin(mid, mid, ThreadRef(reply_to=_reply_to(message), token=_token(message)))
    if news.is_ours or message.flag("is_echo", default=False):
        key = message.text("metadata") if news.medium.has_metadata and "metadata" in message else None
        return inbound.OutboundEcho(origin=origin, parts=_parts(message), key=key or None)
    if "quick_reply" in message:
        choice = message.child("quick_reply").identifier("payload")
        label = message.text("text") if "text" in message else None
        return inbound.ChoiceSelected(origin=origin, choice=choice, label=label, message_id=origin.thread.reply_to)
    parts = _parts(message)
    if not parts:
        return inbound.Unrecognised(origin=origin, type="message")
    return inbound.MessageReceived(origin=origin, parts=parts)


def _reply_to(message: Fields) -> str | None:
    """What it answers; Instagram names a story instead, at times."""
    return message.child("reply_to").optional_identifier("mid") if "reply_to" in message else None


def _token(holder: Fields) -> str | None:
    """What stood behind `ref=` in a link to the account: a token of ours, if it is one."""
    return holder.child("referral").optional_identifier("ref") if "referral" in holder else None


def _parts(message: Fields) -> tuple[Part, ...]:
    text = (TextPart(message.text("text")),) if "text" in message else ()
    found = (_attachment(item) for item in message.children("attachments"))
    return (*text, *(part for part in found if part is not None))


def _attachment(item: Fields) -> Part | None:
    """A file at an address that Meta signed, for whoever has it; links and cards are words."""
    kind = _MEDIA.get(item.identifier("type"))
    payload = item.child("payload") if "payload" in item else None
    url = payload.text("url") if payload is not None and "url" in payload else ""
    if kind is not None and url:
        return MediaPart(MediaRef(ref=url, kind=kind))
    words = [item.text("title")] if "title" in item else []
    return TextPart("\n".join([*words, *([url] if url else [])])) if words or url else None


def _edit(edit: Fields, news: _News) -> inbound.Inbound:
    """Up to five to a message; the number comes as a number or as text."""
    mid = edit.identifier("mid")
    count = str(edit.integer("num_edit")) if edit.is_number("num_edit") else edit.identifier("num_edit")
    parts = (TextPart(edit.text("text")),)
    return inbound.MessageEdited(origin=news.origin(f"{mid}:edit:{count}", mid), message_id=mid, parts=parts)


def _reaction(reaction: Fields, news: _News) -> inbound.Inbound:
    mid, action = reaction.identifier("mid"), reaction.identifier("action")
    names = ("emoji", "reaction")
    word = next((reaction.text(name) for name in names if name in reaction), "") if action == "react" else ""
    origin = news.origin(f"reaction:{mid}:{news.stamp}", mid)
    return inbound.ReactionChanged(origin=origin, message_id=mid, reaction=word[:100] or None)


def _postback(postback: Fields, news: _News) -> inbound.Inbound:
    mid = postback.optional_identifier("mid")
    origin = news.origin(mid or f"postback:{news.stamp}", None, ThreadRef(token=_token(postback)))
    label = postback.text("title") if "title" in postback else None
    if "payload" not in postback:
        return inbound.Unrecognised(origin=origin, type="postback")
    return inbound.ChoiceSelected(origin=origin, choice=postback.identifier("payload"), label=label)


def _delivery(delivery: Fields, news: _News) -> inbound.Inbound:
    """The messages are named, or all that were sent up to an instant."""
    mids = delivery.identifiers("mids")
    until = instant_of(delivery, "watermark") if "watermark" in delivery else None
    if not mids and until is None:
        raise MalformedMessage(f"{delivery.path}.watermark", "is missing")
    key = f"delivery:{news.person}:{mids[0] if mids else ''}:{until.isoformat() if until else ''}"
    return inbound.DeliveryUpdate(
        origin=news.origin(key),
        state=inbound.DeliveryState.DELIVERED,
        message_ids=mids,
        watermark=None if mids else until,
    )


def _seen(read: Fields, news: _News) -> inbound.Inbound:
    """Messenger has a watermark alone, Instagram the message."""
    mid = read.optional_identifier("mid")
    until = None if mid is not None else instant_of(read, "watermark")
    key = f"read:{news.person}:{mid or (until.isoformat() if until else '')}"
    return inbound.DeliveryUpdate(
        origin=news.origin(key),
        state=inbound.DeliveryState.READ,
        message_ids=() if mid is None else (mid,),
        watermark=until,
    )


def _policy(policy: Fields, news: _News) -> inbound.Inbound:
    action = policy.identifier("action")
    return inbound.ChannelNotice(origin=news.origin(f"policy:{news.stamp}"), code=f"policy.{action}"[:100])


_READERS: Mapping[str, Callable[[Fields, _News], inbound.Inbound]] = MappingProxyType(
    {
        "message": _message,
        "message_edit": _edit,
        "reaction": _reaction,
        "postback": _postback,
        "delivery": _delivery,
        "read": _seen,
        "policy_enforcement": _policy,
        "policy-enforcement": _policy,
    }
)
