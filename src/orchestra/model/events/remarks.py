"""Events: what was told of a message, and is no message itself."""

from __future__ import annotations

import attrs

from orchestra.model.attachments import FileData
from orchestra.model.event import Event
from orchestra.model.private import private

__all__ = ["AutoReplyRecorded", "FileKept", "MessageEdited", "MessageRetracted", "ReactionChanged", "RetractionKept"]


@attrs.define
class MessageEdited(Event):
    """The writer replaced a message; `text` is all that it says now, and `media` are all files that it has."""

    message: str
    interaction: str | None
    case: str
    customer: str
    channel: str
    account: str
    message_id: str
    edit_id: str
    occurred_us: int
    text: str | None = private()
    media: list[FileData] | None = private()


@attrs.define
class MessageRetracted(Event):
    """A message was taken back: nobody is shown any more what it said."""

    message: str
    interaction: str | None
    case: str
    customer: str
    channel: str
    account: str
    message_id: str
    occurred_us: int


@attrs.define
class RetractionKept(Event):
    """A message that has not come yet was taken back: that is kept for a week."""

    channel: str
    account: str
    message_id: str
    occurred_us: int


@attrs.define
class ReactionChanged(Event):
    """The customer's reaction to a message is this one now; None if they took it away."""

    message: str
    case: str
    customer: str
    channel: str
    account: str
    message_id: str
    reaction_id: str
    occurred_us: int
    text: str | None = private()


@attrs.define
class AutoReplyRecorded(Event):
    """A machine answered in the case; `reason` says how that is known. Nobody waits for anything."""

    case: str
    customer: str
    channel: str
    account: str
    message_id: str
    conversation: str | None
    reason: str
    occurred_us: int
    text: str | None = private()


@attrs.define
class FileKept(Event):
    """The file at that place of a message, from 1, is in the media store, under `digest`."""

    message: str
    customer: str
    place: int
    digest: str | None = private()
