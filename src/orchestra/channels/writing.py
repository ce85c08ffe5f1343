"""Writing what goes out: bodies that can be stored, and words for what a channel cannot carry otherwise.

Whoever gives words in a thing's place records the degradation.
"""

from __future__ import annotations

import re

from orchestra.channels import outbound
from orchestra.channels.parts import TextFormat
from orchestra.channels.safe_json import JsonObject, canonical_json
from orchestra.channels.sending import Refused

__all__ = ["MOST_PIECES", "TOO_LONG", "UNENCODABLE", "has_unencodable", "json_body", "linked", "listed", "what_is_lost"]

MOST_PIECES = 8
"""As many messages a text may be parted into: the runtime carries out no more steps for one message."""

TOO_LONG = Refused("text_too_long", "a text may be parted into eight messages, not more")
"""Of a text that needs more."""

UNENCODABLE = Refused("unencodable_text", "lone surrogates and NUL cannot be sent")
"""Of a text that no provider takes."""

_UNENCODABLE = re.compile(r"[\x00\ud800-\udfff]")
# In canonical JSON only, where NUL is always written so, and a backslash always doubled.
_ESCAPED_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


def has_unencodable(text: str) -> bool:
    """Tell whether a text holds lone surrogates or NUL."""
    return _UNENCODABLE.search(text) is not None


def json_body(fields: JsonObject) -> bytes | Refused:
    """Write an object, or say that its texts cannot be sent."""
    try:
        body = canonical_json(fields)
    except UnicodeEncodeError:
        return UNENCODABLE
    return UNENCODABLE if _ESCAPED_NUL.search(body) is not None else body


def listed(message: outbound.Choices) -> str:
    """Give choices as text: the question, then a numbered line for each."""
    lines = [f"{number}. {choice.label}" for number, choice in enumerate(message.choices, 1)]
    return "\n".join([message.text, *lines])


def linked(message: outbound.Media) -> str | None:
    """Give a file as text: its caption, then its address; None if it has no address."""
    if message.url is None:
        return None
    return message.url if not message.caption else f"{message.caption}\n{message.url}"


def what_is_lost(message: outbound.Message) -> tuple[str, ...]:
    """Name what a channel of plain texts without subjects cannot carry of a message."""
    named = {"format": message.format is not TextFormat.PLAIN, "subject": bool(message.subject)}
    return tuple(word for word, is_lost in named.items() if is_lost)
