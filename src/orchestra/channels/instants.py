"""Instants as channels give them: Unix times in some unit, turned into aware datetimes without rounding.

Only the conversion belongs here. Nothing here reads a clock.
"""

from __future__ import annotations

import enum
from datetime import UTC, datetime, timedelta

from orchestra.errors import MalformedMessage

__all__ = ["TimeUnit", "from_unix", "unix_us"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_US = (datetime(9999, 12, 31, tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)


class TimeUnit(enum.Enum):
    """The precision in which a provider stated a time: two events within one unit have no known order.

    The value is the unit's length in microseconds.
    """

    SECONDS = 1_000_000
    MILLISECONDS = 1_000
    MICROSECONDS = 1


def from_unix(value: int, unit: TimeUnit, *, where: str = "") -> datetime:
    """Give the instant that a provider's Unix time names.

    Args:
        value: the number of whole units since 1970 UTC.
        unit: what one of them lasts.
        where: the path of the value in the payload, for the error.

    Raises:
        MalformedMessage: before 1970 or after 9999; a calendar cannot hold it.
    """
    microseconds = value * unit.value
    if not 0 <= microseconds <= _LAST_US:
        raise MalformedMessage(where, "time is outside the years 1970 to 9999")
    return _EPOCH + timedelta(microseconds=microseconds)


def unix_us(instant: datetime) -> int:
    """Give the microseconds since 1970 UTC of an aware instant, exactly.

    Raises:
        TypeError: the instant has no time zone.
    """
    return (instant - _EPOCH) // timedelta(microseconds=1)
