"""Instants as text, as JSON carries them (RFC 3339, section 5.6), turned into aware datetimes and back."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from orchestra.channels.instants import TimeUnit, unix_us
from orchestra.errors import MalformedMessage

__all__ = ["from_rfc3339", "to_rfc3339"]

_FORM = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,12}))?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_MICROSECONDS = 6


def from_rfc3339(text: str, where: str) -> tuple[datetime, TimeUnit]:
    """Give the instant that a text names, in UTC, and how precisely it says so. Beyond microseconds it is cut off.

    Args:
        text: such as `2026-01-05T12:00:00.25Z` or `2026-01-05T13:00:00+01:00`.
        where: the path of the value in the payload, for the error.

    Raises:
        MalformedMessage: it is not of that form, has no offset, or is before 1970 or no day or time at all.
    """
    found = _FORM.fullmatch(text)
    if found is None:
        raise MalformedMessage(where, "must be an instant as in RFC 3339, with its offset")
    day, time, fraction, offset = found.groups()
    digits = (fraction or "")[:_MICROSECONDS]
    try:
        offset = "+00:00" if offset in "Zz" else offset
        instant = datetime.fromisoformat(f"{day}T{time}.{digits.ljust(_MICROSECONDS, '0')}{offset}").astimezone(UTC)
    except (ValueError, OverflowError):
        raise MalformedMessage(where, "is no day or time") from None
    if unix_us(instant) < 0:
        raise MalformedMessage(where, "is before 1970")
    return instant, _unit_of(len(digits))


def _unit_of(digits: int) -> TimeUnit:
    if digits == 0:
        return TimeUnit.SECONDS
    return TimeUnit.MILLISECONDS if digits <= 3 else TimeUnit.MICROSECONDS


def to_rfc3339(instant: datetime) -> str:
    """Give an aware instant as text, in UTC and to the microsecond where it has any."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
