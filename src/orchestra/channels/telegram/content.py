"""Reading what updates are made of: people, texts and files."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from orchestra.channels.fields import Fields
from orchestra.channels.parts import Identity, MediaKind, MediaPart, MediaRef, Part, TextPart
from orchestra.channels.telegram.facts import CHANNEL

__all__ = ["identity_of", "parts_of"]

# The order matters: an animation is repeated as a document, for old clients.
_MEDIA: Mapping[str, MediaKind] = MappingProxyType(
    {
        "animation": MediaKind.VIDEO,
        "audio": MediaKind.AUDIO,
        "voice": MediaKind.AUDIO,
        "video": MediaKind.VIDEO,
        "video_note": MediaKind.VIDEO,
        "sticker": MediaKind.IMAGE,
        "document": MediaKind.DOCUMENT,
    }
)


def identity_of(item: Fields) -> Identity:
    """Read a user, or a chat that writes under its own name."""
    words = [item.text(name) for name in ("first_name", "last_name", "title") if name in item]
    return Identity(CHANNEL, str(item.integer("id")), name=" ".join(words)[:512] or None)


def parts_of(item: Fields) -> tuple[Part, ...]:
    """Read what a message says; empty if it is a notice of the chat, or of a kind that has no words here."""
    if "text" in item:
        return (TextPart(item.text("text")),)
    media = _media(item)
    if media is not None:
        return (MediaPart(media, caption=item.text("caption") if "caption" in item else None),)
    if "location" in item:
        place = item.child("location")
        # RFC 5870, so that whoever shows it can tell.
        return (TextPart(f"geo:{place.number('latitude')},{place.number('longitude')}"),)
    return ()


def _media(item: Fields) -> MediaRef | None:
    if item.items("photo"):
        # All sizes of one photo, the largest last.
        return _file(list(item.children("photo"))[-1], MediaKind.IMAGE, "image/jpeg")
    name = next((name for name in _MEDIA if name in item), None)
    return None if name is None else _file(item.child(name), _MEDIA[name], None)


def _file(item: Fields, kind: MediaKind, content_type: str | None) -> MediaRef:
    return MediaRef(
        ref=item.identifier("file_id"),
        kind=kind,
        content_type=item.optional_identifier("mime_type") or content_type,
        size_bytes=item.integer("file_size") if "file_size" in item else None,
        name=item.optional_identifier("file_name"),
    )
