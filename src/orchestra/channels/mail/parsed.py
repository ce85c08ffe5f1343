"""A mail as values: what was read of its bytes."""

from __future__ import annotations

from datetime import datetime

import attrs

from orchestra.channels.mail.addresses import Mailbox
from orchestra.channels.mail.structure import Node

__all__ = ["Attachment", "Mail"]


@attrs.frozen(kw_only=True)
class Attachment:
    """A file in a mail.

    Attributes:
        name: safe to store it under and to show.
        content_type: what the mail says it is, in lower case.
        data: its bytes.
        content_id: how the text refers to it, as pictures inside of it are; None if it does not.
    """

    name: str = attrs.field(repr=False)
    content_type: str
    data: bytes = attrs.field(repr=False)
    content_id: str | None = attrs.field(default=None, repr=False)


@attrs.frozen(kw_only=True)
class Mail:
    """A mail that was read.

    Attributes:
        root: its parts; the root has the header of the whole mail.
        senders: who stands in `From`; empty if nobody does.
        reply_to: whom answers should go to, as the mail says.
        recipients: who stands in `To` and `Cc`, and to whom the servers on the way say it was delivered.
        subject: decoded, as one line; empty if there is none.
        date: what the sender's clock said; None if that cannot be read.
        message_id: with its angle brackets; None if there is none that can be used.
        in_reply_to: ids of the mails that it answers.
        references: ids of earlier mails, oldest first.
        text: all that it says, in words, lines ending in LF.
        unquoted: the text without the earlier mails that it ends with; None if it ends with none.
        attachments: its files, in order.
        faults: a word for each thing that was left out because it was too much or could not be read.
    """

    root: Node = attrs.field(repr=False)
    senders: tuple[Mailbox, ...] = attrs.field(default=(), repr=False)
    reply_to: tuple[Mailbox, ...] = attrs.field(default=(), repr=False)
    recipients: tuple[Mailbox, ...] = attrs.field(default=(), repr=False)
    subject: str = attrs.field(default="", repr=False)
    date: datetime | None = None
    message_id: str | None = None
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    text: str = attrs.field(default="", repr=False)
    unquoted: str | None = attrs.field(default=None, repr=False)
    attachments: tuple[Attachment, ...] = attrs.field(default=(), repr=False)
    faults: tuple[str, ...] = ()
