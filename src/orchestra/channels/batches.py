"""Reading requests that hold several pieces of news: a bad piece is an issue beside the good ones.

What belongs here: what all adapters do alike around the reading of one piece. What does not: any provider's fields.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable

from orchestra.channels import inbound
from orchestra.channels.fields import Fields
from orchestra.channels.port import Decoded, Issue
from orchestra.channels.safe_json import JsonValue
from orchestra.channels.wire import HttpReply
from orchestra.errors import MalformedMessage

__all__ = ["digest_of", "issue_of", "joined", "read_each", "unusable"]


def digest_of(body: bytes) -> str:
    """Give the SHA-256 of a body, hexadecimal."""
    return hashlib.sha256(body).hexdigest()


def issue_of(error: MalformedMessage, digest: str, code: str = "malformed") -> Issue:
    """Give the issue that a malformed place in a payload is."""
    return Issue(code=code, where=error.where, reason=error.reason, raw_digest=digest)


def unusable(error: MalformedMessage, digest: str, *, code: str = "malformed", status: int = 400) -> Decoded:
    """Give what a request comes to of which nothing can be used.

    Args:
        error: why.
        digest: of the body.
        code: of the issue.
        status: what to answer. The request is genuine, so a provider that tries again is told what is wrong.
    """
    return Decoded(issues=(issue_of(error, digest, code),), reply=HttpReply(status=status))


def read_each(
    items: Iterable[JsonValue], path: str, digest: str, read: Callable[[Fields], Iterable[inbound.Inbound]]
) -> Decoded:
    """Read a list of objects.

    Args:
        items: what a provider lists.
        path: where the list stands in the payload.
        digest: of the body.
        read: gives the news of one object, or raises `MalformedMessage`; whatever it gave before counts.
    """
    events: list[inbound.Inbound] = []
    issues: list[Issue] = []
    for place, item in enumerate(items):
        try:
            events.extend(read(Fields(item, f"{path}[{place}]")))
        except MalformedMessage as error:
            issues.append(issue_of(error, digest, "malformed_event"))
    return Decoded(events=tuple(events), issues=tuple(issues))


def joined(found: Iterable[Decoded]) -> Decoded:
    """Give several readings of one request as one, in order."""
    every = tuple(found)
    return Decoded(
        events=tuple(event for decoded in every for event in decoded.events),
        issues=tuple(issue for decoded in every for issue in decoded.issues),
    )
