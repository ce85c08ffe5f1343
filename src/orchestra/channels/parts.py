"""What inbound and outbound values share: identities, thread references, and the parts of a message.

Values that name a person or quote them are left out of every repr.
"""

from __future__ import annotations

import enum
from typing import TypeAlias

import attrs

__all__ = [
    "Identity",
    "MediaKind",
    "MediaPart",
    "MediaRef",
    "Part",
    "TextFormat",
    "TextPart",
    "ThreadRef",
    "text_of",
    "unquoted_of",
]


class TextFormat(enum.Enum):
    """How a text is to be read."""

    PLAIN = "plain"
    MARKDOWN = "markdown"
    HTML = "html"


class MediaKind(enum.Enum):
    """What a media file is to a person, whatever its content type."""

    IMAGE = "image"
    AUDIO = "audio"
    VIDEO = "video"
    DOCUMENT = "document"


@attrs.frozen
class Identity:
    """Someone, as a channel knows them.

    Attributes:
        kind: what the value is: `email`, `phone`, or a provider's own scope such as `loopback`.
        value: the address, spelled as the provider spelled it.
        name: what they call themselves there, if the provider said.
        is_verified: the provider vouches that it is theirs.
    """

    kind: str
    value: str = attrs.field(repr=False)
    name: str | None = attrs.field(default=None, repr=False)
    is_verified: bool = False


@attrs.frozen(kw_only=True)
class ThreadRef:
    """What ties a message to others; the more is known, the surer.

    Attributes:
        conversation: the provider's id of the exchange.
        reply_to: the provider's id of the message that this one answers.
        references: ids of earlier messages, oldest first.
        token: an unguessable token of ours that came back, as in a reply address.
        case_number: the number of a case that stands in it, as in a title: a hint, which anybody can write.
    """

    conversation: str | None = attrs.field(default=None, repr=False)
    reply_to: str | None = None
    references: tuple[str, ...] = ()
    token: str | None = attrs.field(default=None, repr=False)
    case_number: str | None = None


@attrs.frozen(kw_only=True)
class MediaRef:
    """A media file: where the provider keeps it, and what it claims about it.

    `data` are its bytes where they came along with the news, as files in a mail do; None if they have to be fetched.
    """

    ref: str = attrs.field(repr=False)
    kind: MediaKind
    content_type: str | None = None
    size_bytes: int | None = None
    name: str | None = attrs.field(default=None, repr=False)
    data: bytes | None = attrs.field(default=None, repr=False)


@attrs.frozen
class TextPart:
    """Text as it came, markup and directional characters included.

    `unquoted` is the text without the earlier messages that it ends with; None where it ends with none, or where the
    channel quotes in another way.
    """

    text: str = attrs.field(repr=False)
    format: TextFormat = TextFormat.PLAIN
    unquoted: str | None = attrs.field(default=None, repr=False)


@attrs.frozen
class MediaPart:
    """A media file, with its caption if it has one."""

    media: MediaRef
    caption: str | None = attrs.field(default=None, repr=False)


Part: TypeAlias = TextPart | MediaPart


def text_of(parts: tuple[Part, ...]) -> str:
    """Give what a message says in words: its texts and captions in order, one per line; empty if it has none."""
    found = [part.text if isinstance(part, TextPart) else part.caption for part in parts]
    return "\n".join(text for text in found if text is not None)


def unquoted_of(parts: tuple[Part, ...]) -> str:
    """Give what a message says anew: as `text_of`, without the earlier messages that its texts end with."""
    shown = tuple(
        TextPart(part.unquoted) if isinstance(part, TextPart) and part.unquoted is not None else part for part in parts
    )
    return text_of(shown)
