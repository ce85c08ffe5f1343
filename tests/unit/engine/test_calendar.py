"""When something is open, also where clocks change: against the clock on the wall, and cases that others get wrong."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import attrs
import pytest
from hypothesis import given, strategies as st

from orchestra.engine.calendar import Calendar
from orchestra.errors import Fault
from orchestra.model.hours import DAYS, Hours, check_hours, minutes

MINUTE_US = 60_000_000
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Tokyo", "America/Sao_Paulo", "UTC")
CHANGES = (
    date(2024, 3, 10),
    date(2024, 3, 31),
    date(2024, 4, 7),
    date(2024, 10, 6),
    date(2024, 10, 27),
    date(2024, 11, 3),
)
"""Days on which clocks change somewhere."""


def us(text: str) -> int:
    """An instant of RFC 3339 text."""
    return round(datetime.fromisoformat(text).timestamp()) * 1_000_000


def every_day(*intervals: str, zone: str = "UTC", **more: list[str]) -> Hours:
    return Hours(zone, **dict.fromkeys(DAYS, intervals), **more)  # type: ignore[arg-type]


def by_the_wall(hours: Hours, at_us: int) -> bool:
    """Whether the clock on the wall shows a time within an interval of today or of yesterday."""
    wall = datetime.fromtimestamp(at_us // 1_000_000, UTC).astimezone(ZoneInfo(hours.zone))
    minute = wall.hour * 60 + wall.minute
    for back, shown in ((0, minute), (1, minute + 24 * 60)):
        day = wall.date() - timedelta(days=back)
        intervals = [] if day.isoformat() in hours.closed else list(hours.week[day.weekday()])
        intervals += [text.partition(" ")[2] for text in hours.extra if text.startswith(day.isoformat())]
        if any(begin <= shown < end for begin, end in map(minutes, intervals)):
            return True
    return False


@st.composite
def intervals(draw: st.DrawFn) -> str:
    begin, end = draw(st.lists(st.integers(0, 95), min_size=2, max_size=2, unique=True))
    return f"{begin // 4:02}:{begin % 4 * 15:02}-{end // 4:02}:{end % 4 * 15:02}"


@given(st.data(), st.sampled_from(ZONES), st.sampled_from(CHANGES), st.lists(intervals(), max_size=2))
def test_it_is_open_as_the_clock_on_the_wall_shows(data: st.DataObject, zone: str, day: date, some: list[str]) -> None:
    closed = data.draw(st.lists(st.sampled_from([day.isoformat(), (day + timedelta(1)).isoformat()]), max_size=1))
    hours = every_day(*some, zone=zone, closed=closed)
    calendar = Calendar(hours)
    start_us = us(f"{day}T00:00:00+00:00") - 12 * 60 * MINUTE_US
    opens = [calendar.is_open(start_us + step * 15 * MINUTE_US) for step in range(48 * 4)]
    walls = [by_the_wall(hours, start_us + step * 15 * MINUTE_US) for step in range(48 * 4)]
    # Around a change of the clocks an interval that begins or ends in the hour that is skipped or comes twice is cut
    # or goes on by the rule for it; everywhere else the wall decides.
    transitions = [
        step
        for step in range(1, 48 * 4)
        if _offset(zone, start_us + step * 15 * MINUTE_US) != _offset(zone, start_us + (step - 1) * 15 * MINUTE_US)
    ]
    near = {near for step in transitions for near in range(step - 5, step + 5)}
    assert [
        pair for step, pair in enumerate(zip(opens, walls, strict=True)) if step not in near and pair[0] != pair[1]
    ] == []


def _offset(zone: str, at_us: int) -> timedelta | None:
    return datetime.fromtimestamp(at_us / 1_000_000, UTC).astimezone(ZoneInfo(zone)).utcoffset()


@given(st.data(), st.sampled_from(ZONES), st.sampled_from(CHANGES), st.lists(intervals(), max_size=3))
def test_the_next_change_is_the_first_and_there_is_none_before_it(
    data: st.DataObject, zone: str, day: date, some: list[str]
) -> None:
    calendar = Calendar(every_day(*some, zone=zone, extra=[f"{day} 09:00-10:30"]))
    at_us = us(f"{day}T00:00:00+00:00") + data.draw(st.integers(-600, 600)) * MINUTE_US
    now, change_us = calendar.is_open(at_us), calendar.next_change(at_us)
    until_us = at_us + 3 * 24 * 60 * MINUTE_US if change_us is None else min(change_us, at_us + 3 * 24 * 60 * MINUTE_US)
    assert all(calendar.is_open(minute) is now for minute in range(at_us, until_us, MINUTE_US))
    if change_us is not None:
        assert calendar.is_open(change_us) is not now
        assert calendar.is_open(change_us - 1) is now


def test_nine_in_new_york_is_nine_in_new_york_when_clocks_change() -> None:
    calendar = Calendar(Hours("America/New_York", sun=["09:00-17:00"]))
    assert calendar.next_change(us("2024-03-09T12:00:00-05:00")) == us("2024-03-10T09:00:00-04:00")


def test_monday_in_tokyo_is_monday_in_tokyo() -> None:
    calendar = Calendar(Hours("Asia/Tokyo", mon=["08:00-18:00"]))
    assert calendar.next_change(us("2024-06-01T00:00:00+00:00")) == us("2024-06-03T08:00:00+09:00")


def test_a_begin_that_is_skipped_is_the_first_instant_after_the_gap() -> None:
    calendar = Calendar(Hours("Europe/Berlin", sun=["02:30-04:00"]))
    assert calendar.next_change(us("2024-03-31T00:00:00+01:00")) == us("2024-03-31T03:00:00+02:00")


def test_what_comes_twice_begins_the_first_time_and_ends_the_last_time() -> None:
    opens = Calendar(Hours("Europe/Berlin", sun=["02:30-04:00"]))
    assert opens.next_change(us("2024-10-27T00:00:00+02:00")) == us("2024-10-27T02:30:00+02:00")
    closes = Calendar(Hours("Europe/Berlin", sun=["01:00-02:30"]))
    assert closes.next_change(us("2024-10-27T01:30:00+02:00")) == us("2024-10-27T02:30:00+01:00")


def test_an_interval_across_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    calendar = Calendar(Hours("UTC", fri=["22:00-06:00"], closed=["2024-06-08"]))
    assert calendar.is_open(us("2024-06-08T05:59:00+00:00"))
    assert not calendar.is_open(us("2024-06-08T06:00:00+00:00"))
    closed = Calendar(Hours("UTC", fri=["22:00-06:00"], closed=["2024-06-07"]))
    assert not closed.is_open(us("2024-06-08T05:59:00+00:00"))


def test_a_date_that_is_closed_and_a_one_off_opening() -> None:
    hours = every_day("08:00-12:00", "13:00-17:00", closed=["2024-12-25"], extra=["2024-12-25 10:00-11:00"])
    calendar = Calendar(hours)
    changes, at_us = [], us("2024-12-24T12:30:00+00:00")
    for _ in range(5):
        at_us = calendar.next_change(at_us) or 0
        changes.append(datetime.fromtimestamp(at_us / 1_000_000, UTC).strftime("%d %H:%M"))
    assert changes == ["24 13:00", "24 17:00", "25 10:00", "25 11:00", "26 08:00"]


def test_what_never_changes_has_no_next_change() -> None:
    always = every_day("00:00-24:00", closed=["2031-02-01"])
    assert Calendar(every_day("00:00-24:00")).next_change(us("2024-06-01T12:00:00+00:00")) is None
    assert Calendar(Hours("UTC")).next_change(us("2024-06-01T12:00:00+00:00")) is None
    assert Calendar(always).next_change(us("2024-06-01T12:00:00+00:00")) == us("2031-02-01T00:00:00+00:00")
    once = Calendar(Hours("UTC", extra=["2031-02-01 10:00-11:00"]))
    assert once.next_change(us("2024-06-01T12:00:00+00:00")) == us("2031-02-01T10:00:00+00:00")
    assert once.next_change(us("2031-02-01T12:00:00+00:00")) is None


@pytest.mark.parametrize(
    ("hours", "path", "said"),
    [
        (Hours("Mars/Olympus", mon=["08:00-09:00"]), "h.zone", "no time zone"),
        (Hours("../etc/passwd", mon=["08:00-09:00"]), "h.zone", "no time zone"),
        (Hours("UTC", tue=["8-9"]), "h.tue[0]", "such as 08:00-12:30"),
        (Hours("UTC", tue=["08:00-09:00", "25:00-26:00"]), "h.tue[1]", "no time of the day"),
        (Hours("UTC", sun=["08:60-09:00"]), "h.sun[0]", "no time of the day"),
        (Hours("UTC", sun=["24:00-09:00"]), "h.sun[0]", "no time of the day"),
        (Hours("UTC", sun=["08:00-08:00"]), "h.sun[0]", "begins when it ends"),
        (Hours("UTC", sun=["08:00-09:00"], closed=["2024-13-01"]), "h.closed[0]", "2024-13-01"),
        (Hours("UTC", extra=["2024-12-01"]), "h.extra[0]", "such as 08:00-12:30"),
        (Hours("UTC"), "h", "never open"),
    ],
)
def test_what_is_wrong_with_hours_is_told_with_its_place(hours: Hours, path: str, said: str) -> None:
    (fault,) = check_hours("h", hours)
    assert isinstance(fault, Fault)
    assert (fault.path, fault.is_error) == (path, path != "h")
    assert said in fault.message


def test_sound_hours_have_no_fault() -> None:
    hours = every_day("00:00-24:00", zone="Europe/Berlin", closed=["2024-12-25"], extra=["2024-12-26 22:00-02:00"])
    assert list(check_hours("h", hours)) == []


def test_nothing_opens_on_a_public_holiday_but_what_opens_once() -> None:
    hours = every_day("09:00-17:00", zone="Europe/Berlin", extra=["2026-12-25 10:00-11:00"])
    calendar = Calendar(attrs.evolve(hours, holidays="DE"))
    noon = [us(f"2026-12-{day}T12:00:00+01:00") for day in (24, 25, 26)]
    assert [calendar.is_open(at_us) for at_us in noon] == [True, False, False]
    assert calendar.is_open(us("2026-12-25T10:30:00+01:00"))
    assert calendar.next_change(us("2026-12-25T11:00:00+01:00")) == us("2026-12-27T09:00:00+01:00")


def test_what_is_always_open_but_on_holidays_closes_on_the_next_of_them() -> None:
    calendar = Calendar(attrs.evolve(every_day("00:00-24:00", zone="Europe/Berlin"), holidays="DE"))
    assert calendar.next_change(us("2026-10-04T12:00:00+02:00")) == us("2026-12-25T00:00:00+01:00")
    assert calendar.next_change(us("2026-12-26T12:00:00+01:00")) == us("2026-12-27T00:00:00+01:00")
    assert calendar.next_change(us("2026-12-27T12:00:00+01:00")) == us("2027-01-01T00:00:00+01:00")
