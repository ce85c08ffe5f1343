"""What a channel can carry, as values that rules and agents' screens can ask before they try."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

import attrs

from orchestra.channels.parts import MediaKind, TextFormat

__all__ = ["Capabilities", "MediaLimit", "RateBucket", "ReadReceipts", "TextUnit"]


class TextUnit(enum.Enum):
    """What a channel counts when it limits a text."""

    CHARACTERS = "characters"
    UTF16 = "utf16"
    BYTES = "bytes"
    GSM7_SEGMENTS = "gsm7_segments"


class ReadReceipts(enum.Enum):
    """How a channel tells that a message was read."""

    NONE = "none"
    PER_MESSAGE = "per_message"
    WATERMARK = "watermark"


@attrs.frozen
class MediaLimit:
    """The content types that a channel takes of one kind of media, all if none is named, and the largest file."""

    content_types: frozenset[str]
    max_bytes: int


@attrs.frozen
class RateBucket:
    """At most `permits` sends in any `period`, counted apart for each scope that a step's rate key names."""

    name: str
    permits: int
    period: timedelta


_NO_MEDIA: Mapping[MediaKind, MediaLimit] = MappingProxyType({})


def _freeze_media(values: Mapping[MediaKind, MediaLimit]) -> Mapping[MediaKind, MediaLimit]:
    return MappingProxyType(dict(values))


@attrs.frozen(kw_only=True)
class Capabilities:
    """What one account can carry in one conversation. Every default is the poorer case.

    Attributes:
        text_limit: the longest text in `text_unit`; None if there is no limit.
        caption_limit: the same for captions of media.
        formats: how texts may be marked up.
        buttons_max: choices that can be shown as buttons; 0 for none.
        button_label_max: characters on one of them.
        media: what files it takes.
        template_required_outside_window: after `reply_window` only approved templates pass.
        reply_window: how long after their last message we may write freely.
        reply_token_ttl: how long a reply token lives.
        can_initiate: we may write first.
        typing: it shows typing.
        delivered: it tells of arrival.
        read: how it tells of reading.
        edit: our messages can be edited.
        delete: our messages can be taken back.
        react: we can react.
        threads: it keeps replies together.
        rate_buckets: the limits on sending.
        keeps_order: messages arrive in the order sent.
        outbound_idempotency: the provider honours our keys, so an unknown send may be repeated.
        event_id_stable: a redelivered event keeps its id.
        identity_kinds: the kinds of identity by which it knows people.
        live: synchronous, as voice and chat are.
        public: others can read along.
        reply_deadline: how soon the HTTP response must hold the decision; None where control follows later.
    """

    text_limit: int | None = None
    text_unit: TextUnit = TextUnit.CHARACTERS
    caption_limit: int | None = None
    formats: frozenset[TextFormat] = frozenset({TextFormat.PLAIN})
    buttons_max: int = 0
    button_label_max: int = 0
    media: Mapping[MediaKind, MediaLimit] = attrs.field(default=_NO_MEDIA, converter=_freeze_media, hash=False)
    template_required_outside_window: bool = False
    reply_window: timedelta | None = None
    reply_token_ttl: timedelta | None = None
    can_initiate: bool = False
    typing: bool = False
    delivered: bool = False
    read: ReadReceipts = ReadReceipts.NONE
    edit: bool = False
    delete: bool = False
    react: bool = False
    threads: bool = False
    rate_buckets: tuple[RateBucket, ...] = ()
    keeps_order: bool = False
    outbound_idempotency: bool = False
    event_id_stable: bool = False
    identity_kinds: frozenset[str] = frozenset()
    live: bool = False
    public: bool = False
    reply_deadline: timedelta | None = None
