"""From a mail's bytes to a mail as values, within bounds, whatever the bytes are.

The parser is our own, and each of its steps takes one pass: the standard library's raises IndexError on `From: "`,
LookupError on charsets that it does not know and RecursionError on nested parts, and an encoded subject that decodes to
a line end forges a header in it. Only dates are read by it, behind a guard.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from orchestra.channels.mail.addresses import Mailbox, parse_addresses
from orchestra.channels.mail.body import attachments_of, text_of
from orchestra.channels.mail.bounds import USUAL, Bounds
from orchestra.channels.mail.header import Header
from orchestra.channels.mail.parsed import Mail
from orchestra.channels.mail.quoting import unquoted
from orchestra.channels.mail.structure import parse_structure
from orchestra.channels.mail.words import decode_words

__all__ = ["message_ids", "read_date", "read_mail"]

_ID = re.compile(r"<[!-;=?-~]{1,400}>")
_LONGEST_SUBJECT = 1_000
_LONGEST_DATE = 100
_DELIVERED = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to")
"""Where servers say to whom they delivered a mail: the one who is only in a blind copy stands nowhere else."""


def read_mail(data: bytes, bounds: Bounds = USUAL) -> Mail:
    """Read a mail.

    Args:
        data: the whole mail as it came (RFC 5322); beyond `bounds.mail_bytes` it is cut.
        bounds: how much is read at most.

    Guarantees:
        Never raises, whatever the bytes. Time and memory are linear in their number.
    """
    root, faults = parse_structure(data[: bounds.mail_bytes], bounds)
    text, is_text_cut = text_of(root, bounds)
    attachments, are_too_many = attachments_of(root, bounds)
    header = root.header
    ids = message_ids(header, "message-id", 1)
    cuts = {
        "mail_too_long": len(data) > bounds.mail_bytes,
        "text_too_long": is_text_cut,
        "too_many_attachments": are_too_many,
    }
    return Mail(
        root=root,
        senders=_addresses(header, ("from",), bounds),
        reply_to=_addresses(header, ("reply-to",), bounds),
        recipients=_addresses(header, ("to", "cc", *_DELIVERED), bounds),
        subject=header.line("subject")[:_LONGEST_SUBJECT],
        date=read_date(header.raw("date")),
        message_id=ids[0] if ids else None,
        in_reply_to=message_ids(header, "in-reply-to", bounds.references),
        references=message_ids(header, "references", bounds.references),
        text=text,
        unquoted=unquoted(text),
        attachments=attachments,
        faults=(*faults, *(fault for fault, is_so in cuts.items() if is_so)),
    )


def message_ids(header: Header, name: str, most: int) -> tuple[str, ...]:
    """Give the message ids in a header field, each once, with their angle brackets.

    Of more than `most` the first one and the last ones are kept: the one that began it all, and the nearest.
    """
    said = " ".join(map(decode_words, header.all(name)))  # some programs encode what they find too long for a line
    found = list(dict.fromkeys(_ID.findall(said)))
    return tuple(found if len(found) <= most else found[:1] + found[len(found) - most + 1 :])


def read_date(value: str) -> datetime | None:
    """Give the instant that a `Date` field names, in UTC; None if it names none. Without a zone it is in UTC."""
    try:
        found = parsedate_to_datetime(value[:_LONGEST_DATE])
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _addresses(header: Header, names: tuple[str, ...], bounds: Bounds) -> tuple[Mailbox, ...]:
    found: list[Mailbox] = []
    for name in names:
        for value in header.all(name):
            found.extend(parse_addresses(value, bounds.addresses - len(found)))
            if len(found) >= bounds.addresses:
                return tuple(found)
    return tuple(found)
