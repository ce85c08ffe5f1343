"""Reading what WhatsApp messages say: texts, files, places."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from orchestra.channels.fields import Fields
from orchestra.channels.parts import MediaKind, MediaPart, MediaRef, Part, TextPart

__all__ = ["parts_of"]

_MEDIA: Mapping[str, MediaKind] = MappingProxyType(
    {
        "image": MediaKind.IMAGE,
        "audio": MediaKind.AUDIO,
        "voice": MediaKind.AUDIO,
        "video": MediaKind.VIDEO,
        "sticker": MediaKind.IMAGE,
        "document": MediaKind.DOCUMENT,
    }
)


def parts_of(item: Fields, kind: str) -> tuple[Part, ...]:
    """Read what a message of a kind says; empty for kinds that have no words here."""
    if kind == "text":
        return (TextPart(item.child("text").text("body")),)
    if kind in _MEDIA:
        return (_media(item.child(kind), _MEDIA[kind]),)
    if kind == "location":
        place = item.child("location")
        # RFC 5870, so that whoever shows it can tell.
        where = TextPart(f"geo:{place.number('latitude')},{place.number('longitude')}")
        return (where, TextPart(place.text("name"))) if "name" in place else (where,)
    return ()


def _media(item: Fields, kind: MediaKind) -> MediaPart:
    """The file is named by its id, which is good for 30 days; its address lives for minutes and is asked for then."""
    ref = MediaRef(
        ref=item.identifier("id"),
        kind=kind,
        content_type=item.optional_identifier("mime_type"),
        name=item.optional_identifier("filename"),
    )
    return MediaPart(ref, caption=item.text("caption") if "caption" in item else None)
