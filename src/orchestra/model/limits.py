"""How long ids and texts may be, and what may stand in an id. Each answer is a reason, for whoever refuses to give."""

from __future__ import annotations

import re

__all__ = ["cursor_fault", "id_fault", "line_fault", "sequence_fault", "text_fault"]

_LONGEST_ID = 500
_LONGEST_TEXT = 500_000
_LONGEST_CURSOR = 2_000
_LONGEST_LINE = 300
_HIGHEST_NUMBER = 2**63 - 1
_NO_LINE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""Control characters and line separators, which would forge a header, and halves of characters."""


def id_fault(text: str) -> str | None:
    """Why an id of the outer world cannot be taken: it could not be told apart from another, or is absurdly long."""
    if not text or len(text) > _LONGEST_ID or "\x1f" in text:
        return f"must be 1 to {_LONGEST_ID} characters without the unit separator"
    return None


def sequence_fault(number: int) -> str | None:
    """Why a provider's number of a message cannot be taken."""
    return None if 0 <= number <= _HIGHEST_NUMBER else f"must be from 0 to {_HIGHEST_NUMBER}"


def text_fault(text: str | None) -> str | None:
    """Why a text cannot be taken: it would not fit into a batch."""
    if text is not None and len(text) > _LONGEST_TEXT // 4 and len(text.encode(errors="surrogatepass")) > _LONGEST_TEXT:
        return f"must be at most {_LONGEST_TEXT} bytes"
    return None


def line_fault(text: str, longest: int = _LONGEST_LINE) -> str | None:
    """Why something cannot stand in a header: it is empty or absurdly long, or would not be one line of text."""
    if 0 < len(text) <= longest and _NO_LINE.search(text) is None:
        return None
    return f"must be one line of 1 to {longest} characters, without control characters"


def cursor_fault(text: str) -> str | None:
    """Why a provider's cursor cannot be kept: it is empty, or longer than anything that only marks a place."""
    return None if 0 < len(text) <= _LONGEST_CURSOR else f"must be 1 to {_LONGEST_CURSOR} characters"
