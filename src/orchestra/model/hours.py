"""Opening hours as a user writes them, and what may be wrong with them; the calendar they make is the engine's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import attrs

from orchestra.errors import Fault
from orchestra.model.public_holidays import NeedsHolidays, has_holidays

__all__ = ["DAYS", "Hours", "check_hours", "minutes", "special", "zone_fault"]

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""Names of the days, Monday first as `date.weekday` counts."""

_INTERVAL = re.compile(r"(?P<from_h>\d\d):(?P<from_m>\d\d)-(?P<to_h>\d\d):(?P<to_m>\d\d)", re.ASCII)
_DAY_MINUTES = 24 * 60


def _texts(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(values)


@attrs.frozen
class Hours:
    """When something is open, by the clock on the wall of one zone.

    Intervals are text such as `08:00-12:30`; several a day are fine. One that ends before it begins goes on into the
    next day and belongs to the day on which it begins; `00:00-24:00` is a whole day.

    Attributes:
        zone: the IANA zone, such as `Europe/Berlin`.
        mon: intervals of Mondays; closed unless stated, as on all days.
        tue: of Tuesdays.
        wed: of Wednesdays.
        thu: of Thursdays.
        fri: of Fridays.
        sat: of Saturdays.
        sun: of Sundays.
        holidays: the region whose public holidays are kept, on which no interval begins: a country or a part of one,
            such as `DE-BY`. It needs the `holidays` extra; none unless stated.
        closed: further dates on which no interval begins, such as `2026-12-24`.
        extra: one-off openings, such as `2026-12-20 10:00-14:00`; also on dates that are closed.
    """

    zone: str
    mon: Sequence[str] = attrs.field(default=(), converter=_texts)
    tue: Sequence[str] = attrs.field(default=(), converter=_texts)
    wed: Sequence[str] = attrs.field(default=(), converter=_texts)
    thu: Sequence[str] = attrs.field(default=(), converter=_texts)
    fri: Sequence[str] = attrs.field(default=(), converter=_texts)
    sat: Sequence[str] = attrs.field(default=(), converter=_texts)
    sun: Sequence[str] = attrs.field(default=(), converter=_texts)
    holidays: str | None = None
    closed: Sequence[str] = attrs.field(default=(), converter=_texts)
    extra: Sequence[str] = attrs.field(default=(), converter=_texts)

    @property
    def week(self) -> tuple[Sequence[str], ...]:
        """The intervals of each day, Monday first."""
        return self.mon, self.tue, self.wed, self.thu, self.fri, self.sat, self.sun


def minutes(interval: str) -> tuple[int, int]:
    """Begin and end of an interval, in minutes since the midnight before it begins; the end may be on the next day.

    Raises:
        ValueError: it is none.
    """
    match = _INTERVAL.fullmatch(interval)
    if match is None:
        raise ValueError("must be text such as 08:00-12:30")
    begin, end = (60 * int(match[f"{side}_h"]) + int(match[f"{side}_m"]) for side in ("from", "to"))
    if max(int(match["from_m"]), int(match["to_m"])) > 59 or begin >= _DAY_MINUTES or end > _DAY_MINUTES:
        raise ValueError("names no time of the day")
    if begin == end:
        raise ValueError("begins when it ends; a whole day is 00:00-24:00")
    return begin, end if begin < end else end + _DAY_MINUTES


def special(opening: str) -> tuple[date, tuple[int, int]]:
    """Date and interval of a one-off opening.

    Raises:
        ValueError: it is none.
    """
    day, _, interval = opening.partition(" ")
    return date.fromisoformat(day), minutes(interval)


def zone_fault(path: str, zone: str) -> Iterator[Fault]:
    """What is wrong with the name of a zone, if anything is."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield Fault(path, f"no time zone {zone!r} is known here; it is a name such as Europe/Berlin")


def check_hours(path: str, hours: Hours) -> Iterator[Fault]:
    """All faults of opening hours."""
    yield from zone_fault(f"{path}.zone", hours.zone)
    for day, intervals in zip(DAYS, hours.week, strict=True):
        for index, interval in enumerate(intervals):
            yield from _fault(f"{path}.{day}[{index}]", minutes, interval)
    for index, day in enumerate(hours.closed):
        yield from _fault(f"{path}.closed[{index}]", date.fromisoformat, day)
    for index, opening in enumerate(hours.extra):
        yield from _fault(f"{path}.extra[{index}]", special, opening)
    if hours.holidays is not None:
        yield from _check_holidays(f"{path}.holidays", hours.holidays)
    if not any(hours.week) and not hours.extra:
        yield Fault(path, "it is never open", is_error=False)


def _check_holidays(path: str, region: str) -> Iterator[Fault]:
    try:
        if not has_holidays(region):
            yield Fault(path, f"{region!r} has no holidays that are known; it is a name such as DE or DE-BY")
    except NeedsHolidays as error:
        yield Fault(path, str(error))


def _fault(path: str, read: object, text: str) -> Iterator[Fault]:
    try:
        read(text)  # type: ignore[operator]
    except ValueError as error:
        yield Fault(path, f"{text!r}: {error}")
