"""The bytes at the two ends of an adapter: requests that come in, steps that go out, and what came of them.

No value here opens a connection; a transport carries the steps. Headers, bodies and addresses may hold secrets
and are left out of every repr.
"""

from __future__ import annotations

import enum
from datetime import date, datetime
from typing import TypeAlias
from urllib.parse import urlsplit

import attrs

__all__ = [
    "FrameAnswer",
    "FrameStep",
    "Handshake",
    "Headers",
    "HttpAnswer",
    "HttpReply",
    "HttpStep",
    "ImapAnswer",
    "ImapStep",
    "NoAnswer",
    "NoAnswerReason",
    "RawRequest",
    "Rejected",
    "SmtpAnswer",
    "SmtpStep",
    "StepResult",
    "StoredMail",
    "Verified",
    "WireStep",
    "header_values",
]

Headers: TypeAlias = tuple[tuple[str, str], ...]
"""Header fields in order, doubled ones kept."""


def header_values(headers: Headers, name: str) -> tuple[str, ...]:
    """Give every value of a header field in order, whatever the case of its name; empty if there is none."""
    wanted = name.lower()
    return tuple(value for found, value in headers if found.lower() == wanted)


def _show_host(url: str) -> str:
    # Some providers put a token into the path: only the host may be shown.
    try:
        return repr(urlsplit(url).hostname or "")
    except ValueError:
        return "''"


@attrs.frozen(kw_only=True)
class RawRequest:
    """A request as it came.

    Attributes:
        method: in upper case.
        url: the public address as configured, query included; never made from the Host header.
        headers: as received.
        body: undecoded, uncompressed bytes.
        received_at: when, by our clock.
    """

    method: str
    url: str = attrs.field(repr=_show_host)
    headers: Headers = attrs.field(default=(), repr=False)
    body: bytes = attrs.field(default=b"", repr=False)
    received_at: datetime


@attrs.frozen(kw_only=True)
class HttpReply:
    """What to answer a request with."""

    status: int = 200
    headers: Headers = attrs.field(default=(), repr=False)
    body: bytes = attrs.field(default=b"", repr=False)


@attrs.frozen
class Verified:
    """A request that the account's provider has signed. Only `verify` makes one; only this can be decoded."""

    request: RawRequest


@attrs.frozen
class Handshake:
    """A genuine request that carries no news but wants this answer."""

    reply: HttpReply


@attrs.frozen
class Rejected:
    """A request that is not genuine: `code` is a fixed word of the adapter, never a quotation."""

    code: str
    status: int = 401


@attrs.frozen(kw_only=True)
class _Step:
    """What all steps share.

    Attributes:
        idempotency_key: equal in every attempt of the same step of the same delivery.
        rate_keys: `bucket:scope`, for each limit of the provider that it counts against; a scope may be an address. The
            runtime paces accounts by the plan, and else waits as the provider says: these are for transports.
        safe_to_repeat: sending it twice has the effect of sending it once.
        degradations: what this step cannot carry of the message, as fixed words.
        carry: whatever `interpret` needs for building a next step; opaque to everybody else.
    """

    idempotency_key: str
    rate_keys: tuple[str, ...] = attrs.field(default=(), repr=False)
    safe_to_repeat: bool = False
    degradations: tuple[str, ...] = ()
    carry: str = attrs.field(default="", repr=False)


@attrs.frozen(kw_only=True)
class HttpStep(_Step):
    """One HTTP request. Redirects are never followed."""

    method: str
    url: str = attrs.field(repr=_show_host)
    headers: Headers = attrs.field(default=(), repr=False)
    body: bytes = attrs.field(default=b"", repr=False)


@attrs.frozen(kw_only=True)
class SmtpStep(_Step):
    """One message to a mail server: the envelope, and the complete message with its headers."""

    sender: str = attrs.field(repr=False)
    recipients: tuple[str, ...] = attrs.field(repr=False)
    message: bytes = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class FrameStep(_Step):
    """One frame on a connection that is open: `connection` names it. Text if `is_text`, else binary."""

    connection: str
    data: bytes = attrs.field(repr=False)
    is_text: bool = True


@attrs.frozen(kw_only=True)
class ImapStep(_Step):
    """Ask a mailbox for mails, lowest UID first, and leave it as it is (RFC 9051).

    Attributes:
        folder: the folder that is read.
        uid_validity: which numbering of the folder `after_uid` belongs to; None at the very beginning.
        after_uid: mails with a higher UID are wanted, as long as the numbering is still that one.
        since: else, mails that arrived on that day or later, by the server's clock.
        most_mails: in one answer.
        most_bytes: of a mail; of a longer one only the beginning is wanted.
        most_bytes_in_all: in one answer, unless its first mail alone is longer.
    """

    folder: str = attrs.field(repr=False)
    uid_validity: int | None = None
    after_uid: int = 0
    since: date
    most_mails: int = 20
    most_bytes: int = 25_000_000
    most_bytes_in_all: int = 50_000_000


WireStep: TypeAlias = HttpStep | SmtpStep | FrameStep | ImapStep


@attrs.frozen(kw_only=True)
class HttpAnswer:
    """The peer answered in full."""

    status: int
    headers: Headers = attrs.field(default=(), repr=False)
    body: bytes = attrs.field(default=b"", repr=False)


@attrs.frozen(kw_only=True)
class SmtpAnswer:
    """The mail server answered: its reply code, and the recipients that it refused with their codes."""

    code: int
    text: str = attrs.field(default="", repr=False)
    refused: tuple[tuple[str, int], ...] = attrs.field(default=(), repr=False)


@attrs.frozen(kw_only=True)
class FrameAnswer:
    """The frame is written; `data` is the frame that acknowledges it, where the protocol has one."""

    data: bytes | None = attrs.field(default=None, repr=False)


@attrs.frozen(kw_only=True)
class StoredMail:
    """A mail in a mailbox: its UID, its bytes, and whether they are all of it."""

    uid: int
    content: bytes = attrs.field(repr=False)
    is_whole: bool = True


@attrs.frozen(kw_only=True)
class ImapAnswer:
    """What a mailbox holds.

    Attributes:
        uid_validity: the numbering that all UIDs here belong to.
        uid_next: lower than the UID of every mail that is yet to come.
        mails: in order of their UIDs.
        passed_uid: all mails up to this UID are here, or had been taken away before they could be read.
        has_more: there are further ones.
        refusal: the server's word for why there is nothing, as `no`; None if all went well.
    """

    uid_validity: int = 0
    uid_next: int = 0
    mails: tuple[StoredMail, ...] = attrs.field(default=(), repr=False)
    passed_uid: int = 0
    has_more: bool = False
    refusal: str | None = None


class NoAnswerReason(enum.Enum):
    """Why there is no whole answer. What is not allowed has an address to which the transport does not go."""

    NOT_CONNECTED = "not_connected"
    NOT_ALLOWED = "not_allowed"
    TIMED_OUT = "timed_out"
    CUT_SHORT = "cut_short"


@attrs.frozen
class NoAnswer:
    """There is no whole answer. `may_have_arrived` is False only if nothing at all was written."""

    reason: NoAnswerReason
    may_have_arrived: bool


StepResult: TypeAlias = HttpAnswer | SmtpAnswer | FrameAnswer | ImapAnswer | NoAnswer
