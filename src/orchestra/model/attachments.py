"""Files that go with messages: as the journal holds them, as people give them, and as they are shown.

Belongs here: what is said of a file, and what may be. Does not: its bytes, which a media store keeps (`journal.media`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

import attrs

from orchestra.model.limits import line_fault

__all__ = ["FILE_KINDS", "MOST_FILES", "Attachment", "File", "FileData", "files_fault", "in_words", "shown_files"]

FileData: TypeAlias = dict[str, str | int]
"""A file as events and commands hold it, all of it private: `kind`, and as far as they are known `type`, `size` in
bytes, `name`, `ref` (where the provider keeps it) and `digest` (under which the media store does)."""

FILE_KINDS = ("image", "audio", "video", "document")
"""What a file is to people."""

MOST_FILES = 20
"""Files of one message."""

_LONGEST: Mapping[str, int] = {"kind": 20, "type": 200, "name": 255, "ref": 4_000, "digest": 64}
_LARGEST = 1 << 50


@attrs.frozen
class File:
    """A file to send.

    Attributes:
        data: its bytes, at least one.
        content_type: what it is, as `image/png`.
        name: what it is called where the channel shows names, one line.
    """

    data: bytes = attrs.field(repr=False)
    content_type: str
    name: str | None = attrs.field(default=None, repr=False)


@attrs.frozen
class Attachment:
    """A file of a message, as it is shown to people. `fetch_attachment` gives its bytes.

    Attributes:
        message: id of the message.
        number: its place among the files of that message, from 1.
        kind: `image`, `audio`, `video` or `document`.
        content_type: what whoever sent it says that it is; None if they did not say.
        size_bytes: the same of its size.
        name: the same of its name.
    """

    message: str
    number: int
    kind: str
    content_type: str | None
    size_bytes: int | None
    name: str | None = attrs.field(repr=False)


def files_fault(files: Sequence[Mapping[str, str | int]] | None) -> str | None:
    """What is wrong with files that a command names; None if nothing is."""
    if files is None:
        return None
    if not 1 <= len(files) <= MOST_FILES:
        return f"must be 1 to {MOST_FILES} files"
    return next(filter(None, map(_fault, files)), None)


def _fault(file: Mapping[str, str | int]) -> str | None:
    if file.get("kind") not in FILE_KINDS:
        return f"kind must be one of {', '.join(FILE_KINDS)}"
    for name, value in file.items():
        longest = _LONGEST.get(name)
        if name == "size":
            if isinstance(value, str) or not 0 <= value <= _LARGEST:
                return "size must be a number of bytes"
        elif longest is None:
            return "has a field that files have not"
        elif not isinstance(value, str):
            return f"{name} must be text"
        elif (fault := line_fault(value, longest)) is not None:
            return f"{name} {fault}"
    return None


def shown_files(message: str, files: Iterable[Mapping[str, str | int]] | None) -> tuple[Attachment, ...]:
    """The files of a message as people see them, in order; none once they are erased."""
    return tuple(_shown(message, number, file) for number, file in enumerate(files or (), 1))


def _shown(message: str, number: int, file: Mapping[str, str | int]) -> Attachment:
    size = file.get("size")
    kind, content_type, name = (file.get(part) for part in ("kind", "type", "name"))
    return Attachment(
        message,
        number,
        str(kind),
        None if content_type is None else str(content_type),
        size if isinstance(size, int) else None,
        None if name is None else str(name),
    )


def in_words(text: str | None, files: Iterable[Mapping[str, str | int]] | None) -> str | None:
    """A message in words alone: its text, then a line with the name of each file; None if there is neither."""
    names = (str(file.get("name") or file["kind"]) for file in files or ())
    lines = [*([] if not text else [text]), *(f"[{name}]" for name in names)]
    return "\n".join(lines) or text
