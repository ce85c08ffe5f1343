"""Business time against minutes that are counted one by one, around every change of the clocks of thirty zones."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

import pytest

from orchestra.engine.business_time import AROUND_THE_CLOCK, BusinessTime
from orchestra.engine.calendar import Calendar
from orchestra.model.hours import DAYS, Hours, minutes

MINUTE_US, HOUR_US, DAY_US = 60_000_000, 3_600_000_000, 86_400_000_000

ZONES = (
    "Africa/Cairo",
    "Africa/Casablanca",
    "Africa/Johannesburg",
    "America/Anchorage",
    "America/Argentina/Buenos_Aires",
    "America/Asuncion",
    "America/Bogota",
    "America/Chicago",
    "America/Havana",
    "America/Los_Angeles",
    "America/New_York",
    "America/Nuuk",
    "America/Santiago",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Asia/Beirut",
    "Asia/Gaza",
    "Asia/Jerusalem",
    "Asia/Kathmandu",
    "Asia/Tehran",
    "Asia/Tokyo",
    "Atlantic/Azores",
    "Australia/Adelaide",
    "Australia/Lord_Howe",
    "Australia/Sydney",
    "Europe/Berlin",
    "Europe/London",
    "Pacific/Auckland",
    "Pacific/Chatham",
    "UTC",
)
FIRST, LAST = datetime(2020, 1, 1, tzinfo=UTC), datetime(2038, 1, 1, tzinfo=UTC)
DAY_MINUTES = 24 * 60
AROUND_MINUTES = 26 * 60
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

SHIFTS = (
    ("08:00-12:30", "13:15-18:00"),
    ("22:00-06:00",),
    ("00:00-24:00",),
    ("00:30-02:30", "02:15-03:00"),
    ("02:00-02:30", "01:30-01:45", "23:30-00:30"),
)
"""Split, across midnight, always, overlapping, and such as begin and end in the hour that is skipped or comes twice."""


def us(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp()) * 1_000_000


def every_day(*intervals: str, zone: str = "UTC", **more: Sequence[str]) -> BusinessTime:
    return BusinessTime(Calendar(Hours(zone, **dict.fromkeys(DAYS, intervals), **more)))  # type: ignore[arg-type]


def office(zone: str = "Europe/Berlin", **more: Sequence[str]) -> BusinessTime:
    """Nine to five from Monday to Friday."""
    return BusinessTime(Calendar(Hours(zone, **dict.fromkeys(DAYS[:5], ("09:00-17:00",)), **more)))  # type: ignore[arg-type]


def changes(zone: ZoneInfo) -> Iterator[datetime]:
    """The first minutes with another offset, looked for day by day and then between two."""
    at, step = FIRST, timedelta(days=1)
    while at < LAST:
        if at.astimezone(zone).utcoffset() != (at + step).astimezone(zone).utcoffset():
            before, after = at, at + step
            while after - before > timedelta(minutes=1):
                middle = before + timedelta(minutes=(after - before) // timedelta(minutes=2))
                is_before = middle.astimezone(zone).utcoffset() == before.astimezone(zone).utcoffset()
                before, after = (middle, after) if is_before else (before, middle)
            yield after
        at += step


def on_the_wall(change: datetime, zone: ZoneInfo) -> list[int]:
    """What the clock on the wall shows, minute by minute around a change: minutes since the first midnight."""
    start, end = change - timedelta(minutes=AROUND_MINUTES), change + timedelta(minutes=AROUND_MINUTES - 1)
    first, before, after, last = (
        at.astimezone(zone).replace(tzinfo=None) for at in (start, change - timedelta(minutes=1), change, end)
    )
    midnight = first.replace(hour=0, minute=0)
    shown = [[(at - midnight) // timedelta(minutes=1) for at in pair] for pair in ((first, before), (after, last))]
    walls = [minute for begin, end in shown for minute in range(begin, end + 1)]
    assert len(walls) == 2 * AROUND_MINUTES, f"clocks change twice around {change}"
    return walls


def opened(walls: Sequence[int], shifts: Sequence[str]) -> list[bool]:
    """Minute by minute whether it is open, by nothing but what the clock on the wall shows.

    A shift begins with the first minute that shows its begin or a later time, and lasts until no minute shows a time
    before its end any more.
    """
    found = [False] * len(walls)
    for midnight in range(-DAY_MINUTES, max(walls), DAY_MINUTES):
        for shift in shifts:
            begin, end = (midnight + minute for minute in minutes(shift))
            first = next((number for number, wall in enumerate(walls) if wall >= begin), len(walls))
            last = next((number for number in range(len(walls) - 1, -1, -1) if walls[number] < end), -1)
            found[first : last + 1] = [True] * max(0, last + 1 - first)
    return found


@pytest.mark.reach
@pytest.mark.parametrize("name", ZONES)
def test_around_each_change_of_the_clocks_minutes_add_up(name: str) -> None:
    zone, dice = ZoneInfo(name), random.Random(name)
    times = {shifts: every_day(*shifts, zone=name) for shifts in SHIFTS}
    for change in [*changes(zone), datetime(2024, 2, 29, 12, tzinfo=UTC)]:
        start_us = (change - EPOCH) // timedelta(microseconds=1) - AROUND_MINUTES * MINUTE_US
        shifts = dice.choice(SHIFTS)
        counted = [0, *accumulate(opened(on_the_wall(change, zone), shifts))]
        for _ in range(20):
            begin, end = sorted(dice.randrange(len(counted)) for _ in range(2))
            long = counted[end] - counted[begin]
            from_us, until_us = start_us + begin * MINUTE_US, start_us + end * MINUTE_US
            assert times[shifts].elapsed(from_us, until_us) == long * MINUTE_US, f"{change}, {shifts}, {begin} to {end}"
            if long:
                due = next(number for number in range(begin, end + 1) if counted[number] - counted[begin] == long)
                found = times[shifts].due(from_us, long * MINUTE_US)
                assert found == start_us + due * MINUTE_US, f"{change}, {shifts}, {long} from {begin}"


def test_clocks_do_change_where_they_are_looked_at() -> None:
    counts = {name: sum(1 for _ in changes(ZoneInfo(name))) for name in ("Europe/Berlin", "Asia/Tokyo")}
    assert counts == {"Europe/Berlin": 36, "Asia/Tokyo": 0}


def test_nine_in_new_york_on_the_day_on_which_clocks_change() -> None:
    """A quarter of an hour before work on the Sunday of the change: by an offset of before it would be ten."""
    centre = every_day("09:00-17:00", zone="America/New_York")
    assert centre.due(us("2026-03-07T22:00:00+00:00"), 15 * MINUTE_US) == us("2026-03-08T09:15:00-04:00")


def test_monday_at_eight_in_tokyo() -> None:
    centre = BusinessTime(Calendar(Hours("Asia/Tokyo", mon=["08:00-18:00"])))
    assert centre.due(us("2026-06-07T12:00:00+00:00"), 1) == us("2026-06-08T08:00:00+09:00") + 1


def test_what_is_due_at_closing_time_is_due_then_and_not_next_morning() -> None:
    assert office().due(us("2026-11-27T16:00:00+01:00"), HOUR_US) == us("2026-11-27T17:00:00+01:00")


def test_a_microsecond_more_is_due_on_monday() -> None:
    assert office().due(us("2026-11-27T16:00:00+01:00"), HOUR_US + 1) == us("2026-11-30T09:00:00+01:00") + 1


def test_no_time_at_all_is_due_at_once_even_while_closed() -> None:
    night_us = us("2026-11-28T03:00:00+01:00")
    assert office().due(night_us, 0) == night_us


def test_nothing_elapses_backwards() -> None:
    assert office().elapsed(us("2026-11-27T12:00:00+01:00"), us("2026-11-27T11:00:00+01:00")) == 0


def test_days_off_and_one_off_openings_count() -> None:
    centre = office(closed=["2026-12-25"], extra=["2026-12-26 10:00-14:00"])
    assert centre.elapsed(us("2026-12-24T00:00:00+01:00"), us("2026-12-28T00:00:00+01:00")) == (8 + 4) * HOUR_US
    assert centre.due(us("2026-12-24T16:00:00+01:00"), 2 * HOUR_US) == us("2026-12-26T11:00:00+01:00")


def test_what_overlaps_counts_once() -> None:
    centre = every_day("08:00-12:00", "10:00-14:00", extra=["2026-05-04 09:00-15:00"])
    assert centre.elapsed(us("2026-05-04T00:00:00+00:00"), us("2026-05-05T00:00:00+00:00")) == 7 * HOUR_US


def test_a_night_goes_on_into_the_new_year_and_counts_once() -> None:
    centre = every_day("18:00-12:00")
    assert centre.elapsed(us("2026-12-31T12:00:00+00:00"), us("2027-01-01T20:00:00+00:00")) == 20 * HOUR_US
    assert centre.due(us("2026-12-31T12:00:00+00:00"), 7 * HOUR_US) == us("2027-01-01T01:00:00+00:00")


def test_years_add_up() -> None:
    always = every_day("00:00-24:00", zone="Europe/Berlin")
    from_us, until_us = us("2019-07-01T12:00:00+00:00"), us("2031-02-03T04:05:06+00:00")
    assert always.elapsed(from_us, until_us) == until_us - from_us
    assert always.due(from_us, until_us - from_us) == until_us


def test_what_is_never_open_is_never_due() -> None:
    assert BusinessTime(Calendar(Hours("UTC"))).due(us("2026-01-01T00:00:00+00:00"), 1) is None


def test_after_the_last_one_off_opening_nothing_is_due() -> None:
    centre = BusinessTime(Calendar(Hours("UTC", extra=["2028-03-01 10:00-12:00"])))
    assert centre.due(us("2026-01-01T00:00:00+00:00"), 2 * HOUR_US) == us("2028-03-01T12:00:00+00:00")
    assert centre.due(us("2026-01-01T00:00:00+00:00"), 2 * HOUR_US + 1) is None


def test_what_would_be_due_after_all_years_never_is() -> None:
    assert every_day("09:00-10:00").due(us("9998-06-01T00:00:00+00:00"), 400 * HOUR_US) is None


def test_a_due_instant_is_the_first_by_which_so_much_has_elapsed() -> None:
    """Whatever the instant and the span: what elapses until then is the span, and a microsecond before it is less."""
    dice, centre = random.Random(5), office(closed=["2027-01-01", "2026-12-25"])
    for _ in range(300):
        from_us = us("2026-01-01T00:00:00+01:00") + dice.randrange(900 * DAY_US)
        span_us = dice.randrange(1, 2_000 * HOUR_US)
        due_us = centre.due(from_us, span_us)
        assert due_us is not None
        assert centre.elapsed(from_us, due_us) == span_us
        assert centre.elapsed(from_us, due_us - 1) == span_us - 1


def test_public_holidays_are_no_business_time() -> None:
    week = Hours("Europe/Berlin", **dict.fromkeys(DAYS[:5], ("09:00-17:00",)), holidays="DE")  # type: ignore[arg-type]
    centre = BusinessTime(Calendar(week))
    thursday, monday = us("2026-12-24T09:00:00+01:00"), us("2026-12-28T09:00:00+01:00")
    assert centre.elapsed(thursday, monday) == 8 * HOUR_US
    assert centre.due(thursday, 9 * HOUR_US) == us("2026-12-28T10:00:00+01:00")


def test_time_passes_only_while_it_is_open() -> None:
    centre = office()
    edges = (
        "2026-11-27T08:59:59",
        "2026-11-27T09:00:00",
        "2026-11-27T16:59:59",
        "2026-11-27T17:00:00",
        "2026-01-01T00:00:00",
    )
    assert [centre.is_open(us(f"{edge}+01:00")) for edge in edges] == [False, True, True, False, False]


def test_without_a_calendar_time_always_passes() -> None:
    assert AROUND_THE_CLOCK.is_open(0)
    assert (AROUND_THE_CLOCK.elapsed(3, 10), AROUND_THE_CLOCK.elapsed(10, 3)) == (7, 0)
    assert (AROUND_THE_CLOCK.due(3, 10), AROUND_THE_CLOCK.due(3, -1)) == (13, 3)
