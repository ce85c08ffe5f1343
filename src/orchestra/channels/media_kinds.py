"""What a file is to a person, told by its content type."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from orchestra.channels.parts import MediaKind

__all__ = ["media_kind"]

_KINDS: Mapping[str, MediaKind] = MappingProxyType(
    {"image": MediaKind.IMAGE, "audio": MediaKind.AUDIO, "video": MediaKind.VIDEO}
)


def media_kind(content_type: str) -> MediaKind:
    """Give the kind that a content type belongs to; a document if it is none of the others, or no type at all."""
    return _KINDS.get(content_type.partition("/")[0].strip().lower(), MediaKind.DOCUMENT)
