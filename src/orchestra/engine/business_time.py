"""Business time: how much of it lies between two instants, and when so much of it will have passed.

Belongs here: opening hours as a clock that stands still while closed. Does not: what is open when (`calendar`), and
what is to be done by when. As with calendars, nothing that evolves state may ask: what was found out stands in events.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import MAXYEAR, date, timedelta
from itertools import accumulate
from typing import Protocol

from orchestra.engine.calendar import Calendar, Interval

__all__ = ["AROUND_THE_CLOCK", "BusinessTime", "Time"]

_DAY = timedelta(days=1)


class Time(Protocol):
    """How time passes: all the time, or while something is open."""

    def elapsed(self, from_us: int, until_us: int) -> int:
        """How much of it passes from an instant until another, in microseconds; 0 if that is not later."""
        ...

    def due(self, from_us: int, for_us: int) -> int | None:
        """The first instant by which so much has passed since an instant; None if it never will have."""
        ...

    def is_open(self, at_us: int) -> bool:
        """Whether it passes at this instant."""
        ...


class _AroundTheClock:
    """Time that never stands still."""

    def elapsed(self, from_us: int, until_us: int) -> int:
        return max(0, until_us - from_us)

    def due(self, from_us: int, for_us: int) -> int | None:
        return from_us + max(0, for_us)

    def is_open(self, at_us: int) -> bool:
        return True


AROUND_THE_CLOCK: Time = _AroundTheClock()
"""Time where no calendar is named."""


class BusinessTime:
    """The business time of a calendar, in absolute time: a day of 23 hours that is open all day has 23.

    Guarantees:
        Spans are exact to the microsecond, also where clocks change. A year of the calendar is worked out once, when
        first asked about; after that a question costs a search in it, and one step for each further year of its span.
    """

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._years: dict[int, _Year] = {}

    def elapsed(self, from_us: int, until_us: int) -> int:
        """How long it is open from an instant until another, in microseconds; 0 if that is not later."""
        if until_us <= from_us:
            return 0
        first, last = self._calendar.day_of(from_us).year, self._calendar.day_of(until_us).year
        whole = sum(self._year(year).total_us for year in range(first, last))
        return whole - self._year(first).open_before(from_us) + self._year(last).open_before(until_us)

    def due(self, from_us: int, for_us: int) -> int | None:
        """The first instant by which it has been open so long since an instant; None if it never will have been.

        Args:
            from_us: since when, microseconds since 1970 UTC.
            for_us: how much business time, microseconds; with 0 or less that instant itself.
        """
        if for_us <= 0:
            return from_us
        year = self._calendar.day_of(from_us).year
        left_us = for_us + self._year(year).open_before(from_us)
        while (found := self._year(year)).total_us < left_us:
            left_us -= found.total_us
            year += 1
            if year >= MAXYEAR or self._calendar.is_over(year):
                return None
        return found.at(left_us)

    def is_open(self, at_us: int) -> bool:
        """Whether it is open at this instant."""
        return self._year(self._calendar.day_of(at_us).year).is_open(at_us)

    def _year(self, year: int) -> _Year:
        if year not in self._years:
            self._years[year] = _Year(list(self._merged(year)))
        return self._years[year]

    def _merged(self, year: int) -> Iterator[Interval]:
        """When it is open in a year, in order, each stretch once and within that year."""
        calendar = self._calendar
        begin_us, end_us = (calendar.midnight(date(number, 1, 1)) for number in (year, year + 1))
        first = date(year, 1, 1)
        # From two days before: what begins then may last until the day after.
        days = (first + number * _DAY for number in range(-2 if year > 1 else 0, (date(year + 1, 1, 1) - first).days))
        stretch: Interval | None = None
        for opens, closes in sorted(calendar.intervals(days)):
            begins, ends = max(opens, begin_us), min(closes, end_us)
            if ends <= begins:
                continue
            if stretch is None or begins > stretch[1]:
                if stretch is not None:
                    yield stretch
                stretch = begins, ends
            else:
                stretch = stretch[0], max(stretch[1], ends)
        if stretch is not None:
            yield stretch


class _Year:
    """The stretches of a year in which it is open."""

    def __init__(self, stretches: list[Interval]) -> None:
        self._begins = [begin for begin, _ in stretches]
        self._ends = [end for _, end in stretches]
        self._sums = list(accumulate((end - begin for begin, end in stretches), initial=0))

    @property
    def total_us(self) -> int:
        """How long it is open in the whole year."""
        return self._sums[-1]

    def is_open(self, at_us: int) -> bool:
        """Whether an instant of this year is within one of them."""
        number = bisect_right(self._begins, at_us) - 1
        return number >= 0 and at_us < self._ends[number]

    def open_before(self, at_us: int) -> int:
        """How long it is open in this year before an instant."""
        number = bisect_right(self._begins, at_us) - 1
        if number < 0:
            return 0
        return self._sums[number] + min(at_us, self._ends[number]) - self._begins[number]

    def at(self, open_us: int) -> int:
        """The first instant of this year before which it is open so long, which is more than 0 and not too long."""
        number = bisect_left(self._sums, open_us) - 1
        return self._begins[number] + open_us - self._sums[number]
