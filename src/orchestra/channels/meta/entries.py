"""Meta's envelope: an object of entries, each of one account, and each with a list of news.

Every level is a list, and official samples of Instagram stand in one more: both are read. Meta tries again for days
what it could not deliver, in batches and in any order: nothing here depends on how long. Times are in seconds or
milliseconds, as numbers or as text.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import attrs

from orchestra.channels import inbound
from orchestra.channels.account import Account
from orchestra.channels.batches import digest_of, issue_of, joined, unusable
from orchestra.channels.fields import Fields
from orchestra.channels.instants import TimeUnit, from_unix
from orchestra.channels.parts import Identity, ThreadRef
from orchestra.channels.port import Decoded
from orchestra.channels.safe_json import JsonValue, parse_json
from orchestra.channels.wire import RawRequest
from orchestra.errors import MalformedMessage

__all__ = ["Envelope", "instant_of", "read_entries"]

# Beyond the year 5138 in seconds, and of 1973 in milliseconds: no payload has either.
_FIRST_MILLISECONDS = 100_000_000_000
_LONGEST_TIME = 19


@attrs.frozen
class Envelope:
    """What the news of one request share."""

    account: Account
    received_at: datetime
    digest: str

    def origin(
        self,
        key: str,
        *,
        message: str | None = None,
        event: str | None = None,
        at: datetime | None = None,
        unit: TimeUnit = TimeUnit.MILLISECONDS,
        who: tuple[Identity, ...] = (),
        thread: ThreadRef | None = None,
        other: tuple[tuple[str, str], ...] = (),
    ) -> inbound.Origin:
        """Make the origin of a piece of news; `key` is of the provider's ids alone."""
        return inbound.Origin(
            dedupe_key=key,
            ids=inbound.ProviderIds(message=message, event=event, other=other),
            thread=thread if thread is not None else ThreadRef(),
            identities=who,
            occurred_at=at,
            occurred_unit=unit,
            received_at=self.received_at,
            raw_digest=self.digest,
        )


def instant_of(item: Fields, name: str) -> datetime:
    """Read a time: seconds or milliseconds, a number or its digits.

    Raises:
        MalformedMessage: it is neither, or in no year that a calendar has.
    """
    value = item.integer(name) if item.is_number(name) else _digits(item, name)
    unit = TimeUnit.MILLISECONDS if value >= _FIRST_MILLISECONDS else TimeUnit.SECONDS
    return from_unix(value, unit, where=f"{item.path}.{name}")


def _digits(item: Fields, name: str) -> int:
    text = item.text(name)
    if not (text.isascii() and text.isdecimal() and len(text) <= _LONGEST_TIME):
        raise MalformedMessage(f"{item.path}.{name}", "must be a time")
    return int(text)


def read_entries(
    request: RawRequest, account: Account, objects: frozenset[str], read: Callable[[Fields, Envelope], Decoded]
) -> Decoded:
    """Read all entries of a request. Never raises, if `read` raises nothing but `MalformedMessage`.

    Args:
        request: whose signature holds.
        account: whom it is for.
        objects: what kinds of object the channel knows; of others nothing is read, and that is told.
        read: gives all of one entry.
    """
    digest = digest_of(request.body)
    envelope = Envelope(account, request.received_at, digest)
    try:
        whole = parse_json(request.body)
        wrapped = whole if isinstance(whole, list) else [whole]
        return joined(_object(item, place, objects, read, envelope) for place, item in enumerate(wrapped))
    except MalformedMessage as error:
        return unusable(error, digest)


def _object(
    item: JsonValue,
    place: int,
    objects: frozenset[str],
    read: Callable[[Fields, Envelope], Decoded],
    envelope: Envelope,
) -> Decoded:
    body = Fields(item, "body" if place == 0 else f"body[{place}]")
    if body.text("object") not in objects:
        raise MalformedMessage(f"{body.path}.object", "is not of this channel")
    return joined(
        _entry(entry, f"{body.path}.entry[{n}]", read, envelope) for n, entry in enumerate(body.items("entry"))
    )


def _entry(item: JsonValue, path: str, read: Callable[[Fields, Envelope], Decoded], envelope: Envelope) -> Decoded:
    try:
        return read(Fields(item, path), envelope)
    except MalformedMessage as error:
        return Decoded(issues=(issue_of(error, envelope.digest, "malformed_event"),))
