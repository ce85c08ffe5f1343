"""Whether a machine sent a mail: what must never be answered by a machine (RFC 3834, section 2)."""

from __future__ import annotations

import re
from collections.abc import Callable

from orchestra.channels.mail.parsed import Mail
from orchestra.channels.mail.settings import Settings

__all__ = ["automatic_reason", "is_authentic"]

_MOST_HOPS = 50
"""Servers on the way after which a mail goes round in circles; RFC 5321 (6.3) asks for at least 100, few exceed 20."""
_BULK = frozenset({"bulk", "junk", "list", "auto_reply", "autoreply"})
_MARKS = ("x-autoreply", "x-autorespond", "x-autoresponse", "x-auto-reply", "x-mail-autoreply")
"""What machines wrote before RFC 3834, and some still do."""
_MACHINES = ("mailer-daemon@", "mailer_daemon@", "mail-daemon@", "maildaemon@")
_LIST_ID = re.compile(r"<([^<>\s]{1,300})>")
_QUOTED = re.compile(r'\([^()"]*\)|"(?:[^"\\]|\\.)*+"')
_MOST_COMMENTS = 10
_LONGEST_RESULT = 5_000


def _is_own(mail: Mail, settings: Settings) -> bool:
    return any(settings.is_own(sender.address) for sender in mail.senders)


def _is_auto_submitted(mail: Mail, settings: Settings) -> bool:
    value = mail.root.header.line("auto-submitted").partition(";")[0].partition("(")[0]
    return value.strip().lower() not in {"", "no"}


def _goes_round(mail: Mail, settings: Settings) -> bool:
    header = mail.root.header
    has_been_here = any(settings.is_own(value.strip().strip("<>")) for value in header.all("x-loop"))
    return has_been_here or len(header.all("received")) > _MOST_HOPS


def _is_bulk(mail: Mail, settings: Settings) -> bool:
    value = mail.root.header.line("precedence").lower()
    return value in _BULK and not (value == "list" and _came_by_own_list(mail, settings))


def _is_of_a_list(mail: Mail, settings: Settings) -> bool:
    return "list-id" in mail.root.header and not _came_by_own_list(mail, settings)


def _came_by_own_list(mail: Mail, settings: Settings) -> bool:
    """A group of our own passed it on, and no other list did."""
    found = [_LIST_ID.search(value) for value in mail.root.header.all("list-id")]
    return bool(found) and all(one is not None and one[1].lower() in settings.lists for one in found)


def _has_no_return_path(mail: Mail, settings: Settings) -> bool:
    header = mail.root.header
    return "return-path" in header and header.line("return-path") in {"<>", ""}


def _has_old_mark(mail: Mail, settings: Settings) -> bool:
    return any(name in mail.root.header for name in _MARKS)


def _is_from_a_machine(mail: Mail, settings: Settings) -> bool:
    return any(sender.address.lower().startswith(_MACHINES) for sender in mail.senders)


_REASONS: tuple[tuple[str, Callable[[Mail, Settings], bool]], ...] = (
    ("own_address", _is_own),
    ("auto_submitted", _is_auto_submitted),
    ("loop", _goes_round),
    ("bulk", _is_bulk),
    ("list", _is_of_a_list),
    ("null_return_path", _has_no_return_path),
    ("auto_reply_mark", _has_old_mark),
    ("mailer_daemon", _is_from_a_machine),
)


def automatic_reason(mail: Mail, settings: Settings) -> str | None:
    """Give why a mail counts as a machine's; None for a person's. What own forms send counts as a person's."""
    if any(sender.address.lower() == form.lower() for sender in mail.senders for form in settings.forms):
        return None
    return next((reason for reason, holds in _REASONS if holds(mail, settings)), None)


def is_authentic(mail: Mail, settings: Settings) -> bool:
    """Tell whether our own mail server says that the sender's domain vouches for the mail (DMARC, RFC 7489).

    Only the first `Authentication-Results` that the trusted server wrote counts: it takes away those that others wrote
    in its name (RFC 8601, section 5), and what stands in comments is anybody's.
    """
    if not settings.trusted or len(mail.senders) != 1:
        return False
    for value in mail.root.header.all("authentication-results"):
        server, *results = _bare(value).lower().split(";")
        if server.split()[:1] == [settings.trusted]:
            return any(result.split()[:1] == ["dmarc=pass"] for result in results)
    return False


def _bare(value: str) -> str:
    """The field without what may quote others: strings and comments, however deep; nothing of it if that has no end."""
    left = value[:_LONGEST_RESULT]
    for _ in range(_MOST_COMMENTS):
        left, before = _QUOTED.sub("", left), left
        if left == before:
            break
    return left if not any(mark in left for mark in '()"') else ""
