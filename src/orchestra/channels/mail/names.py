"""File names of attachments: whatever a mail says, a name that is safe to store a file under and to show."""

from __future__ import annotations

import re
import unicodedata

from orchestra.channels.text import cap_combining

__all__ = ["safe_name"]

_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff"*:<>?|]+')
# Marks that turn the direction of what follows: `exe.txt` would be shown for `txt.exe`.
_TURNING = re.compile(r"[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# Names that stand for devices on Windows, whatever follows a full stop.
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)
_LONGEST = 120


def safe_name(name: str | None, ending: str = "bin", number: int = 1) -> str:
    """Give a name without folders, controls and tricks, at most 120 characters long.

    Args:
        name: what the mail says; None if it says nothing.
        ending: what a name that has to be made up ends in.
        number: tells made-up names of one mail apart.

    Returns:
        The name, its ending kept where it is too long; `attachment-1.bin` where nothing of it can stay.
    """
    bounded = cap_combining((name or "")[:2_000])
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", bounded))[-1]
    kept = _UNSAFE.sub("_", _TURNING.sub("", last)).strip(" .")
    if not kept.strip("_"):
        return f"attachment-{number}.{ending}"
    if _DEVICE.fullmatch(kept) is not None:
        kept = f"_{kept}"
    return kept if len(kept) <= _LONGEST else _shortened(kept)


def _shortened(name: str) -> str:
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending) > 16:
        return name[:_LONGEST]
    return f"{stem[: _LONGEST - len(ending) - 1]}.{ending}"
