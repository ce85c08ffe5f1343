"""What mail systems report of a mail of ours (RFC 3464), and reading programs (RFC 8098)."""

from __future__ import annotations

import re

import attrs

from orchestra.channels.mail.addresses import parse_addresses
from orchestra.channels.mail.bounds import Bounds
from orchestra.channels.mail.header import Header, split_header
from orchestra.channels.mail.parsed import Mail
from orchestra.channels.mail.reading import message_ids
from orchestra.channels.mail.structure import Node
from orchestra.channels.mail.words import clean_line

__all__ = ["Report", "Told", "no_address", "report_of"]

_STATUS = re.compile(r"\b([245])\.([0-9]{1,3})\.([0-9]{1,3})\b")
_REPLY = re.compile(r"\b([45])[0-9]{2}\b")
_BLANK = re.compile(rb"\r?\n[ \t]*\r?\n")
_MOST_RECIPIENTS = 100
_NO_ADDRESS = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"})
_KNOWN = frozenset({"delivery-status", "disposition-notification"})


@attrs.frozen(kw_only=True)
class Told:
    """What became of a mail for one recipient.

    Attributes:
        recipient: their address; None if the report names nobody.
        action: `failed`, `delayed`, `delivered`, `relayed`, `expanded`; `displayed` once they saw it.
        status: the enhanced status code (RFC 3463), as `5.1.1`; None if there is none.
        is_permanent: the same mail to the same address would fail again.
    """

    recipient: str | None = attrs.field(default=None, repr=False)
    action: str
    status: str | None = None
    is_permanent: bool = False

    @property
    def is_undeliverable(self) -> bool:
        """Whether the address takes no mail of anybody, so that it is no use to try again with another one."""
        return self.is_permanent and no_address(self.status or "")


@attrs.frozen(kw_only=True)
class Report:
    """A report: its `kind` in the sender's word, the ids of the mails that it may be about, and what it tells."""

    kind: str
    message_ids: tuple[str, ...] = ()
    told: tuple[Told, ...] = ()


def no_address(status: str) -> bool:
    """Tell whether an enhanced status code says that there is no such address (RFC 3463, 3.2; RFC 7505, 4.2).

    Mailbox or domain does not exist, is not written so, has moved away, or takes no mail at all. A full or disabled
    mailbox and whatever is refused by policy (5.2, 5.7) may be otherwise tomorrow, or for another mail.
    """
    return status in _NO_ADDRESS


def report_of(mail: Mail, bounds: Bounds) -> Report | None:
    """Give what a mail reports; None if it is no report.

    Only `multipart/report` is one: what other mails say about failures is written for people, in any language.
    """
    if mail.root.type != "multipart/report":
        return None
    leaves = list(mail.root.leaves())
    kind = (mail.root.parameters.get("report-type") or "").lower()
    found = next((leaf for leaf in leaves if leaf.type.partition("/")[2] in _KNOWN), None)
    if found is None:
        return Report(kind=kind or "unknown")
    groups = _groups(found, bounds)
    ids = [named for leaf in leaves for named in _original_ids(leaf, bounds)]
    ids += [named for group in groups for named in message_ids(group, "original-message-id", 1)]
    is_seen = found.type.endswith("disposition-notification")
    told = [_seen(group) if is_seen else _delivery(group) for group in groups]
    return Report(
        kind=found.type.partition("/")[2],
        message_ids=tuple(dict.fromkeys(ids)),
        told=tuple(one for one in told if one is not None)[:_MOST_RECIPIENTS],
    )


def _groups(leaf: Node, bounds: Bounds) -> list[Header]:
    """The groups of fields of a report: one about the mail, then one for each recipient."""
    blocks = _BLANK.split(leaf.content()[: bounds.header_bytes])
    return [split_header(block.strip(b"\r\n") + b"\n\n", bounds)[0] for block in blocks if block.strip()]


def _original_ids(leaf: Node, bounds: Bounds) -> tuple[str, ...]:
    """The id of the mail that comes back with the report, whole or only its header."""
    if leaf.type not in {"message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers"}:
        return ()
    header, _, _ = split_header(leaf.content()[: bounds.header_bytes] + b"\n\n", bounds)
    return message_ids(header, "message-id", 1)


def _delivery(group: Header) -> Told | None:
    action = clean_line(group.raw("action")).lower()[:20]
    if not action:
        return None
    status = _STATUS.search(group.raw("status")) or _STATUS.search(group.raw("diagnostic-code")[:1_000])
    reply = _REPLY.search(group.raw("diagnostic-code")[:1_000])
    grade = status[1] if status is not None else reply[1] if reply is not None else None
    return Told(
        recipient=_recipient(group, "original-recipient") or _recipient(group, "final-recipient"),
        action=action,
        status=None if status is None else status[0],
        is_permanent=action == "failed" and grade == "5",
    )


def _seen(group: Header) -> Told | None:
    """Reading programs say `displayed` behind a semicolon; whatever else they did with a mail, nobody saw it."""
    if "displayed" not in group.raw("disposition").lower().rpartition(";")[2]:
        return None
    recipient = _recipient(group, "original-recipient") or _recipient(group, "final-recipient")
    return Told(recipient=recipient, action="displayed")


def _recipient(group: Header, name: str) -> str | None:
    """Addresses stand behind their kind: `rfc822; joe@example.com`."""
    found = parse_addresses(group.raw(name).rpartition(";")[2], 1)
    return found[0].address if found else None
