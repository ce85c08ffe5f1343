"""Reading what happens on a Page: posts of visitors, comments, their edits and deletions, reactions.

Sources: Graph API, "Webhooks for Pages" and the reference of the field `feed`; the models of fbtools (PyPI), which say
what comments with pictures hold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType

import attrs

from orchestra.channels import inbound
from orchestra.channels.account import Account
from orchestra.channels.batches import joined, read_each
from orchestra.channels.fields import Fields
from orchestra.channels.instants import TimeUnit
from orchestra.channels.meta.entries import Envelope, instant_of, read_entries
from orchestra.channels.parts import Identity, MediaKind, MediaPart, MediaRef, Part, TextPart, ThreadRef
from orchestra.channels.port import Decoded
from orchestra.channels.wire import RawRequest
from orchestra.errors import MalformedMessage

__all__ = ["AUTHOR_UNKNOWN", "EVENT_KINDS", "PERSON", "decode_request"]

PERSON = "messenger"
"""People of a Page's feed have the Page-scoped id that they have in Messenger, so that they are the same there."""

AUTHOR_UNKNOWN = "facebook_comment"
"""The kind of identity of whoever Meta does not name: they are known by the comment that they can be answered under."""

_OBJECTS = frozenset({"page"})
_POSTS = frozenset({"post", "status", "photo", "video", "link", "share", "album", "note"})
_REACTIONS = frozenset({"reaction", "like"})

EVENT_KINDS: frozenset[type[inbound.Inbound]] = frozenset(
    {
        inbound.MessageReceived,
        inbound.MessageEdited,
        inbound.MessageDeleted,
        inbound.ReactionChanged,
        inbound.OutboundEcho,
        inbound.Unrecognised,
    }
)


def decode_request(request: RawRequest, account: Account) -> Decoded:
    """Read all of a request whose signature holds. Never raises."""
    return read_entries(request, account, _OBJECTS, _entry)


def _entry(entry: Fields, envelope: Envelope) -> Decoded:
    if entry.identifier("id") != envelope.account.id:
        raise MalformedMessage(f"{entry.path}.id", "names another account")
    at = instant_of(entry, "time")
    changes = read_each(
        entry.items("changes"), f"{entry.path}.changes", envelope.digest, lambda item: [_change(item, at, envelope)]
    )
    return joined([changes, *(_foreign(entry, name, envelope) for name in ("messaging", "standby"))])


def _foreign(entry: Fields, name: str, envelope: Envelope) -> Decoded:
    """Messages to the Page are another channel's, though an app that has both gets both at one address."""

    def read(item: Fields) -> list[inbound.Inbound]:
        return [inbound.Unrecognised(origin=envelope.origin(f"{name}:{envelope.digest}:{item.path}"), type=name)]

    return read_each(entry.items(name), f"{entry.path}.{name}", envelope.digest, read)


@attrs.frozen
class _Remark:
    """One change of the feed: what it is about, of whom, when Meta told."""

    value: Fields
    envelope: Envelope
    told_at: datetime
    verb: str
    id: str
    author: Identity | None

    @property
    def is_ours(self) -> bool:
        return self.author is not None and self.author.value == self.envelope.account.id

    @property
    def root(self) -> str:
        """What a comment stands under: the first one of its thread, or the post itself."""
        post, parent = self.value.optional_identifier("post_id"), self.value.optional_identifier("parent_id")
        return self.id if parent is None or parent == post else parent

    def origin(self, key: str, at: datetime) -> inbound.Origin:
        """Make the origin: a thread is a conversation with each of those who write in it."""
        known = self.author if self.author is not None else Identity(AUTHOR_UNKNOWN, self.root)
        post = self.value.optional_identifier("post_id")
        return self.envelope.origin(
            key,
            message=self.id,
            at=at,
            unit=TimeUnit.SECONDS,
            who=() if self.is_ours else (known,),
            thread=ThreadRef(
                conversation=f"{self.root}/{known.value}", reply_to=self.value.optional_identifier("parent_id")
            ),
            other=() if post is None else (("post", post),),
        )


def _change(change: Fields, told_at: datetime, envelope: Envelope) -> inbound.Inbound:
    field, value = change.identifier("field"), change.child("value")
    item = value.optional_identifier("item") or "nothing"
    verb = value.optional_identifier("verb") or "nothing"
    names = ("comment_id", "post_id") if item == "comment" or item in _REACTIONS else ("post_id",)
    name = next((name for name in names if name in value), None)
    is_known = field == "feed" and name is not None and (item == "comment" or item in _POSTS or item in _REACTIONS)
    if not is_known or name is None:
        origin = envelope.origin(f"{field}:{item}:{envelope.digest}:{change.path}", at=told_at, unit=TimeUnit.SECONDS)
        return inbound.Unrecognised(origin=origin, type=f"{field}.{item}.{verb}"[:100])
    remark = _Remark(value, envelope, told_at, verb, value.identifier(name), _author(value))
    if item in _REACTIONS:
        return _reaction(remark)
    read = _VERBS.get(verb)
    return _kept(remark, item) if read is None else read(remark)


def _author(value: Fields) -> Identity | None:
    """Meta names people only to apps that may know them."""
    if "from" not in value:
        return None
    author = value.child("from")
    name = (author.text("name")[:512] or None) if "name" in author else None
    return Identity(PERSON, author.identifier("id"), name=name, is_verified=True)


def _stamp(remark: _Remark) -> str:
    return remark.told_at.isoformat()


def _kept(remark: _Remark, item: str) -> inbound.Inbound:
    origin = remark.origin(f"{remark.id}:{remark.verb}:{_stamp(remark)}", remark.told_at)
    return inbound.Unrecognised(origin=origin, type=f"feed.{item}.{remark.verb}"[:100])


def _added(remark: _Remark) -> inbound.Inbound:
    """Ours as well, whether sent by us or written by hand: Meta shows the Page what the Page says."""
    at = instant_of(remark.value, "created_time") if "created_time" in remark.value else remark.told_at
    origin, parts = remark.origin(remark.id, at), _parts(remark.value)
    if remark.is_ours:
        return inbound.OutboundEcho(origin=origin, parts=parts)
    if not parts:
        return inbound.Unrecognised(origin=origin, type="feed.wordless")
    return inbound.MessageReceived(origin=origin, parts=parts, is_public=True)


def _edited(remark: _Remark) -> inbound.Inbound:
    origin, parts = remark.origin(f"{remark.id}:edited:{_stamp(remark)}", remark.told_at), _parts(remark.value)
    if not parts or remark.is_ours:
        return inbound.Unrecognised(origin=origin, type="feed.edited")
    return inbound.MessageEdited(origin=origin, message_id=remark.id, parts=parts)


def _removed(remark: _Remark) -> inbound.Inbound:
    """By the writer, or by a moderator."""
    return inbound.MessageDeleted(origin=remark.origin(f"{remark.id}:remove", remark.told_at), message_id=remark.id)


_VERBS: Mapping[str, Callable[[_Remark], inbound.Inbound]] = MappingProxyType(
    {"add": _added, "edited": _edited, "edit": _edited, "remove": _removed}
)


def _reaction(remark: _Remark) -> inbound.Inbound:
    kind = remark.value.optional_identifier("reaction_type") or "like"
    who = remark.author.value if remark.author is not None else ""
    origin = remark.origin(f"reaction:{remark.id}:{who}:{_stamp(remark)}", remark.told_at)
    reaction = None if remark.verb == "remove" else kind[:100]
    return inbound.ReactionChanged(origin=origin, message_id=remark.id, reaction=reaction)


def _parts(value: Fields) -> tuple[Part, ...]:
    """A comment's text may be missing where it has a picture; posts have a list of them, or a link."""
    text = (TextPart(value.text("message")),) if "message" in value else ()
    single = [MediaPart(MediaRef(ref=value.text(name), kind=kind)) for name, kind in _MEDIA.items() if name in value]
    several = [MediaPart(MediaRef(ref=url, kind=MediaKind.IMAGE)) for url in _urls(value)]
    return (*text, *single, *several)


_MEDIA: Mapping[str, MediaKind] = MappingProxyType({"photo": MediaKind.IMAGE, "video": MediaKind.VIDEO})
_LONGEST_URL = 2_048


def _urls(value: Fields) -> tuple[str, ...]:
    found = [url for url in value.items("photos") if isinstance(url, str) and 0 < len(url) <= _LONGEST_URL]
    return tuple(found)
