"""Where a file of a message is: what the journal says of it, to whoever may read the message.

Belongs here: finding it. Does not: its bytes (`runtime.filing`).
"""

from __future__ import annotations

import attrs

from orchestra.channels.parts import MediaKind, MediaRef
from orchestra.codec import decode_event
from orchestra.errors import NotPermitted, UnknownId
from orchestra.journal.port import Journal
from orchestra.model import events as e
from orchestra.model.attachments import FileData
from orchestra.runtime.history.people import person_of
from orchestra.runtime.history.timeline import timeline
from orchestra.runtime.readers import Reader, Withheld

__all__ = ["FoundFile", "files_now", "find_file", "kept_digest"]

_FORMS = ("MessageReceived", "MessageEdited")


@attrs.frozen
class FoundFile:
    """A file of a message.

    Attributes:
        customers: whose message it is, under all their ids.
        channel: on which the message came; None if it is one of ours.
        account: to which account there.
        media: what the provider said of it, where it can be asked for it.
        digest: under which it is kept, if it is.
    """

    customers: tuple[str, ...]
    channel: str | None
    account: str | None
    media: MediaRef | None
    digest: str | None


def find_file(journal: Journal, customer: str, message: str, number: int, reader: Reader) -> FoundFile:
    """A file of a message of a customer's timeline: the newest of that number, if the message was edited.

    Raises:
        UnknownId: there is no such file, or not any more.
        NotPermitted: the reader must not read the message.
    """
    entries = timeline(journal, customer, reader=reader)
    entry = next((one for one in reversed(entries) if one.message == message and one.media), None)
    if entry is None or not 1 <= number <= len(entry.media):
        raise UnknownId("attachment", f"{message}/{number}")
    if isinstance(entry.text, Withheld):
        raise NotPermitted(str(reader.actor), "fetch_attachment", f"they are not shown {message}")
    event = decode_event(next(journal.read(entry.position - 1, limit=1)))
    assert isinstance(event, e.MessageReceived | e.MessageEdited | e.MessageWritten | e.ReplyRecorded)
    assert event.media is not None  # the timeline has it from there
    file, ids = event.media[number - 1], person_of(journal, event.customer).ids
    if isinstance(event, e.MessageWritten):
        return FoundFile(ids, None, None, None, str(file["digest"]))
    digest = kept_digest(journal, ids, message, number, entry.position)
    return FoundFile(ids, event.channel, event.account, _media(file), digest)


def files_now(journal: Journal, customer: str, message: str) -> tuple[int, list[FileData] | None]:
    """The files that a message of a customer's has now, and where the journal says so: in its newest form."""
    position, files = 0, None
    for record in journal.read(subjects=person_of(journal, customer).ids, types=_FORMS):
        event = decode_event(record)
        if isinstance(event, e.MessageReceived | e.MessageEdited) and event.message == message:
            position, files = record.position, event.media
    return position, files


def kept_digest(journal: Journal, ids: tuple[str, ...], message: str, number: int, after: int = 0) -> str | None:
    """The digest under which a file is kept, by the newest note behind a position; None if none is there."""
    notes = [decode_event(record) for record in journal.read(after, subjects=ids, types=[e.FileKept.__name__])]
    named = (one for one in reversed(notes) if isinstance(one, e.FileKept))
    return next((one.digest for one in named if (one.message, one.place) == (message, number)), None)


def _media(file: FileData) -> MediaRef | None:
    ref, size = file.get("ref"), file.get("size")
    if ref is None:
        return None
    content_type, name = file.get("type"), file.get("name")
    return MediaRef(
        ref=str(ref),
        kind=MediaKind(file["kind"]),
        content_type=None if content_type is None else str(content_type),
        size_bytes=size if isinstance(size, int) else None,
        name=None if name is None else str(name),
    )
