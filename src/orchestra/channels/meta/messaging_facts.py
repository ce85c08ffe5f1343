"""What Messenger and Instagram take, each with where it says so.

Sources: Messenger Platform ("Send API", "Quick replies", "Sender actions", "Rate limits", "Webhook events"); Instagram
Messaging ("Send a message", "Quick replies"); the npm package @warriorteam/messenger-sdk 1.4.2 for the limit of 2,000.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

import attrs

from orchestra.channels.capabilities import MediaLimit, RateBucket, ReadReceipts, TextUnit
from orchestra.channels.parts import MediaKind

__all__ = ["HUMAN_AGENT", "HUMAN_WINDOW", "INSTAGRAM", "MESSENGER", "REPLY_WINDOW", "Medium"]

REPLY_WINDOW = timedelta(hours=24)
"""From a person's last message on companies may answer freely."""

HUMAN_WINDOW = timedelta(days=7)
"""So long people, not programs, may answer with the tag HUMAN_AGENT, where Meta has granted the permission."""

HUMAN_AGENT = "human_agent"
"""The setting of an account that says so."""


@attrs.frozen
class Medium:
    """One of the two: what it is called, counts, takes, and tells.

    Attributes:
        channel: the adapter's name, and the kind of identity of its people.
        title: what people call it.
        objects: what its webhooks are about.
        text_limit: of a message, in `text_unit`.
        media: what files it takes, by their address.
        can_upload: it takes the bytes of files as well.
        has_metadata: an echo brings back what was sent with a message.
        choices_max: quick replies of a message.
        label_max: characters of one; longer ones are cut.
        payload_max: characters of what comes back.
        read: how it tells of reading.
    """

    channel: str
    title: str
    objects: frozenset[str]
    text_limit: int
    text_unit: TextUnit
    media: Mapping[MediaKind, MediaLimit] = attrs.field(hash=False)
    can_upload: bool
    has_metadata: bool
    read: ReadReceipts
    choices_max: int = 13
    label_max: int = 20
    payload_max: int = 1_000

    @property
    def rate_buckets(self) -> tuple[RateBucket, ...]:
        """Give the limits on sending: 300 calls a second, 10 with sound or pictures that move."""
        second = timedelta(seconds=1)
        return (RateBucket("account", permits=300, period=second), RateBucket("heavy", permits=10, period=second))


_MESSENGER_MEDIA: Mapping[MediaKind, MediaLimit] = MappingProxyType(
    {
        MediaKind.IMAGE: MediaLimit(frozenset({"image/jpeg", "image/png", "image/gif"}), 8_000_000),
        MediaKind.AUDIO: MediaLimit(frozenset({"audio/aac", "audio/mpeg", "audio/mp4", "audio/wav"}), 25_000_000),
        MediaKind.VIDEO: MediaLimit(frozenset({"video/mp4", "video/quicktime", "video/webm"}), 25_000_000),
        MediaKind.DOCUMENT: MediaLimit(frozenset(), 25_000_000),
    }
)
_INSTAGRAM_MEDIA: Mapping[MediaKind, MediaLimit] = MappingProxyType(
    {
        MediaKind.IMAGE: MediaLimit(frozenset({"image/jpeg", "image/png"}), 8_000_000),
        MediaKind.AUDIO: MediaLimit(frozenset({"audio/aac", "audio/mp4", "audio/wav"}), 25_000_000),
        MediaKind.VIDEO: MediaLimit(frozenset({"video/mp4", "video/ogg", "video/quicktime", "video/webm"}), 25_000_000),
        MediaKind.DOCUMENT: MediaLimit(frozenset({"application/pdf"}), 25_000_000),
    }
)

MESSENGER = Medium(
    channel="messenger",
    title="Messenger",
    objects=frozenset({"page"}),
    text_limit=2_000,
    text_unit=TextUnit.CHARACTERS,
    media=_MESSENGER_MEDIA,
    can_upload=True,
    has_metadata=True,
    read=ReadReceipts.WATERMARK,
)
"""Documents may be of any type; reading is told by a watermark alone."""

INSTAGRAM = Medium(
    channel="instagram",
    title="Instagram",
    objects=frozenset({"instagram"}),
    text_limit=1_000,
    text_unit=TextUnit.BYTES,
    media=_INSTAGRAM_MEDIA,
    can_upload=False,
    has_metadata=False,
    read=ReadReceipts.PER_MESSAGE,
)
"""Texts are UTF-8 of 1,000 bytes or less; there is no word of arrival, and none of edits."""
