"""When something is open: weekly hours, closed dates and one-off openings, as instants.

Pure functions of a plan's hours, an instant and the zone data of this system. Since zone data differ between systems,
nothing that evolves state may ask; what was found out stands in events. Each date is worked out for itself, never with
a stored offset, so hours stay those on the wall when clocks change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from orchestra.model.hours import Hours, minutes, special
from orchestra.model.public_holidays import public_holidays

__all__ = ["Calendar", "Interval"]

_DAY = timedelta(days=1)
_WEEK = 9
"""Days after which a week without any change has shown all that it can: seven, and one at either end."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

Interval = tuple[int, int]
"""From an instant until another, microseconds since 1970 UTC."""


class Calendar:
    """The calendar that opening hours make. Intervals include their begin and exclude their end.

    A begin that clocks skip is the first instant after the gap, and so is an end; of times that come twice, the first
    is a begin and the last an end.
    """

    def __init__(self, hours: Hours) -> None:
        self._zone = ZoneInfo(hours.zone)
        self._week = [[minutes(text) for text in day] for day in hours.week]
        self._closed = {date.fromisoformat(text) for text in hours.closed}
        self._holidays = hours.holidays
        self._extra: dict[date, list[Interval]] = {}
        for text in hours.extra:
            day, interval = special(text)
            self._extra.setdefault(day, []).append(interval)
        self._exceptions = sorted(self._closed | self._extra.keys())

    def is_open(self, at_us: int) -> bool:
        """Whether it is open at this instant, microseconds since 1970 UTC."""
        today = self.day_of(at_us)
        return any(begin <= at_us < end for begin, end in self.intervals(_around(today)))

    def next_change(self, at_us: int) -> int | None:
        """The first instant after this one at which it opens or closes; None if it stays as it is for ever.

        Looks at a week, and beyond it at dates that are exceptions, of which a plan has so many and no more.
        """
        now = self.is_open(at_us)
        today = self.day_of(at_us)
        nearest = [today + day * _DAY for day in range(-1, _WEEK)]
        found = self._first_change(nearest, at_us, is_open=now)
        for day in () if found is not None else self._exceptions_from(today):
            if day > today and found is None:
                found = self._first_change(_around(day), at_us, is_open=now)
        return found

    def is_over(self, year: int) -> bool:
        """Whether it is never open from this year on."""
        return not any(self._week) and (not self._extra or max(self._extra).year < year)

    def midnight(self, day: date) -> int:
        """The instant at which a date begins."""
        return self._instant(day, 0, is_end=False)

    def _exceptions_from(self, today: date) -> list[date]:
        """The dates that differ from the week: those the plan names, and the holidays of this year and the next."""
        if self._holidays is None:
            return self._exceptions
        years = (today.year, today.year + 1)
        return sorted({*self._exceptions, *(day for year in years for day in public_holidays(self._holidays, year))})

    def _is_closed(self, day: date) -> bool:
        """Whether it is a date on which nothing opens but what opens once."""
        return day in self._closed or (self._holidays is not None and day in public_holidays(self._holidays, day.year))

    def _first_change(self, days: Iterable[date], at_us: int, *, is_open: bool) -> int | None:
        edges = {edge for interval in self.intervals(days) for edge in interval if edge > at_us}
        return next((edge for edge in sorted(edges) if self.is_open(edge) is not is_open), None)

    def intervals(self, days: Iterable[date]) -> Iterator[Interval]:
        """The intervals that begin on these days, as instants."""
        for day in days:
            weekly = [] if self._is_closed(day) else self._week[day.weekday()]
            for begin, end in (*weekly, *self._extra.get(day, ())):
                yield self._instant(day, begin, is_end=False), self._instant(day, end, is_end=True)

    def day_of(self, at_us: int) -> date:
        """The date that the calendar on the wall shows at an instant."""
        return (_EPOCH + at_us * _MICROSECOND).astimezone(self._zone).date()

    def _instant(self, day: date, minute: int, *, is_end: bool) -> int:
        """When the clock on the wall shows this time."""
        wall = datetime.combine(day, time()) + timedelta(minutes=minute)
        first, last = (self._by(wall, fold) for fold in (0, 1))
        if first > last:
            return self._end_of_gap(last, first)
        return last if is_end else first

    def _by(self, wall: datetime, fold: int) -> int:
        """The instant by the offset before a change of the clocks (fold 0) or after it (fold 1)."""
        return (wall.replace(tzinfo=self._zone, fold=fold) - _EPOCH) // _MICROSECOND

    def _end_of_gap(self, before_us: int, after_us: int) -> int:
        """The first instant at which the clocks have been put forward; `before_us` is earlier, `after_us` is not."""
        offset = self._offset(after_us)
        while after_us - before_us > 1:
            middle_us = (before_us + after_us) // 2
            if self._offset(middle_us) == offset:
                after_us = middle_us
            else:
                before_us = middle_us
        return after_us

    def _offset(self, at_us: int) -> timedelta | None:
        return (_EPOCH + at_us * _MICROSECOND).astimezone(self._zone).utcoffset()


def _around(day: date) -> tuple[date, date, date]:
    return day - _DAY, day, day + _DAY
