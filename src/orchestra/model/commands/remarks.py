"""Commands: what providers tell of messages and of their writers, and what is no message itself."""

from __future__ import annotations

import attrs

from orchestra.model.addresses import Address, Thread
from orchestra.model.attachments import FileData
from orchestra.model.command import Command, Id
from orchestra.model.private import private

__all__ = [
    "EditMessage",
    "KeepFile",
    "ReactToMessage",
    "RecordAutoReply",
    "RecordWatermark",
    "RetractMessage",
    "TakeConsent",
    "TakeIdentity",
]


@attrs.define
class EditMessage(Command):
    """The writer of a message that was taken replaced it; `text` and `media` are all that it says now.

    `edit_id` is the provider's id of the edit, which is taken once. Of two edits the later one holds, in whatever order
    they come, and none of what was taken back.
    """

    channel: str
    account: str
    message_id: str
    edit_id: str
    occurred_us: int | None = None
    text: str | None = private()
    media: list[FileData] | None = private()


@attrs.define
class RetractMessage(Command):
    """The writer, or a moderator, took a message back, which may not have come yet: for a week it is expected then."""

    channel: str
    account: str
    message_id: str
    occurred_us: int | None = None


@attrs.define
class ReactToMessage(Command):
    """Somebody's reaction to a message of theirs or of ours is this one now; None takes it away.

    `reaction_id` is the provider's id of it, which is taken once. What strangers think of a public message is not kept.
    """

    channel: str
    account: str
    message_id: str
    reaction_id: str
    sender: Address
    occurred_us: int | None = None
    reaction: str | None = private()


@attrs.define
class RecordAutoReply(Command):
    """A machine answered a message of ours. It belongs to the case, and asks nothing of anybody.

    `reply_case` is a case id from a reply token that the caller has verified; without one it goes by thread and sender.
    `reason` says in a word how it is known that a machine wrote. Taken once per (channel, account, message_id).
    """

    channel: str
    account: str
    message_id: str
    sender: Address
    reason: str
    thread: Thread | None = None
    occurred_us: int | None = None
    reply_case: str | None = None
    text: str | None = private()


@attrs.define
class RecordWatermark(Command):
    """The provider tells what became of all that was sent to somebody up to an instant: `delivered` or `read`."""

    channel: str
    account: str
    sender: Address
    receipt: str
    until_us: int
    thread: Thread | None = None


@attrs.define
class TakeConsent(Command):
    """Somebody told a provider whether they want messages there: STOP, an unfollow, a button.

    `purpose` is one of the plan's, None for all of them. What they said last holds, as of `RecordConsent`.
    """

    channel: str
    account: str
    sender: Address
    given: bool
    purpose: str | None = None
    occurred_us: int | None = None
    evidence: str | None = private()


@attrs.define
class TakeIdentity(Command):
    """A provider says that somebody known by one address is who is known by another one."""

    sender: Address
    linked: Address


@attrs.define
class KeepFile(Command):
    """Note that a file of a customer's message is in the media store: the one at that place of the message, from 1.

    `digest` is the SHA-256 of its bytes, hexadecimal. Noted again, it is the newest note that holds.
    """

    customer: Id
    message: str
    place: int
    digest: str | None = private()
