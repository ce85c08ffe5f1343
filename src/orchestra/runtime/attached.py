"""Files of messages: what adapters tell of them, made to fit what a journal holds.

Belongs here: which files, and what is said of each. Does not: their bytes (`filing`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from orchestra.channels.media_kinds import media_kind
from orchestra.channels.parts import MediaPart, MediaRef, Part
from orchestra.channels.text import cap_combining
from orchestra.journal.media import KeptMedia
from orchestra.model.attachments import MOST_FILES, File, FileData, files_fault
from orchestra.model.limits import line_fault

__all__ = ["file_to_send", "files_in", "parts_of", "told_of"]


def parts_of(files: Sequence[File]) -> tuple[MediaPart, ...]:
    """Files that an application hands in with a message, as an adapter gives those whose bytes come along."""
    return tuple(
        MediaPart(
            MediaRef(
                ref="",
                kind=media_kind(file.content_type),
                content_type=file.content_type,
                size_bytes=len(file.data),
                name=file.name,
                data=file.data,
            )
        )
        for file in files
    )


def files_in(parts: Iterable[Part]) -> list[MediaRef]:
    """The files of a message, in order; no more of them than a message may have."""
    return [part.media for part in parts if isinstance(part, MediaPart)][:MOST_FILES]


def told_of(parts: Iterable[Part]) -> list[FileData] | None:
    """What is journaled of the files of a message; None if it has none.

    What strangers say of a file beside its kind is left out where it could not be stored or shown in a line.
    """
    return [_told(file) for file in files_in(parts)] or None


def _told(file: MediaRef) -> FileData:
    told: FileData = {"kind": file.kind.value}
    # Bytes that came along need not be fetched, nor could be: their reference is the adapter's own.
    ref = None if file.data is not None else file.ref
    name = None if file.name is None else _line(file.name)
    found: FileData = {"type": file.content_type or "", "name": name or "", "ref": ref or ""}
    size = file.size_bytes if file.data is None else len(file.data)
    if size is not None:
        found["size"] = size
    for field, value in found.items():
        if files_fault([{**told, field: value}]) is None:
            told[field] = value
    return told


def _line(name: str) -> str:
    """A name in one line: marks piled up, controls and line ends are no part of one."""
    kept = "".join(one if line_fault(one) is None else " " for one in cap_combining(name[:1_000]))
    return " ".join(kept.split())[:255]


def file_to_send(kept: KeptMedia, name: str | None) -> FileData:
    """What a command says of a file that is kept, and is to be sent."""
    said: FileData = {
        "kind": media_kind(kept.content_type).value,
        "type": kept.content_type,
        "size": len(kept.data),
        "digest": kept.digest,
    }
    line = None if name is None else _line(name)
    return {**said, "name": line} if line else said
