"""Quiet hours against walls on which every minute is looked at, around every change of the clocks of several zones."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import attrs
import pytest
from hypothesis import assume, given, settings, strategies as st
from tests.engine_driver import Driver, plan

from orchestra.engine.quiet_hours import quiet_until
from orchestra.engine.view import View
from orchestra.model.quiet_hours import QuietHours, check_quiet_hours

MINUTE_US = 60_000_000
ZONES = (
    "Africa/Casablanca",
    "America/New_York",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Asia/Tehran",
    "Australia/Lord_Howe",
    "Europe/Berlin",
    "Pacific/Apia",
)
"""Clocks that change at midnight, by half an hour, in the month of fasting, or skip a whole day."""

Quiet = Sequence[tuple[int, int]]
"""From which minute of every day until which; not later is on the day after."""

WALLS = {"night": ["21:00-08:00"], "small hours": ["00:30-02:30"], "broken": ["23:00-00:15", "02:15-02:45"]}


def minute_of(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


@cache
def changes(zone: str) -> tuple[datetime, ...]:
    """Every change of its clocks from 2011 to 2037, found by looking at each of the days and then at each minute."""
    own, found = ZoneInfo(zone), []
    day = datetime(2011, 1, 1, tzinfo=UTC)
    while day.year < 2038:
        after = day + timedelta(days=1)
        if day.astimezone(own).utcoffset() != after.astimezone(own).utcoffset():
            steps = (day + timedelta(minutes=number) for number in range(1, 24 * 60 + 1))
            before = day.astimezone(own).utcoffset()
            found.append(next(step for step in steps if step.astimezone(own).utcoffset() != before))
        day = after
    return tuple(found)


def wall(zone: str, start: datetime, minutes: int) -> list[datetime]:
    """What the clock shows, minute by minute, without any zone."""
    own = ZoneInfo(zone)
    return [(start + timedelta(minutes=number)).astimezone(own).replace(tzinfo=None) for number in range(minutes)]


def stretches(shown: Sequence[datetime], quiet: Quiet, day: date) -> Iterator[tuple[int, int]]:
    """Where the times of a day lie among the minutes: from the first that is not before the begin, until the last that
    is before the end."""
    midnight = datetime.combine(day, time())
    for begin, end in quiet:
        begins = midnight + timedelta(minutes=begin)
        ends = midnight + timedelta(minutes=end if end > begin else end + 24 * 60)
        first = next((number for number, at in enumerate(shown) if at >= begins), len(shown))
        last = next((number for number in range(len(shown) - 1, -1, -1) if shown[number] < ends), -1)
        yield first, last + 1


def oracle(zone: str, start: datetime, minutes: int, texts: Sequence[str]) -> list[bool]:
    """Whether each minute is quiet."""
    shown = wall(zone, start, minutes)
    quiet = [tuple(int(part[:2]) * 60 + int(part[3:]) for part in text.split("-")) for text in texts]
    marks = [False] * minutes
    first_day = shown[0].date() - timedelta(days=1)
    for number in range((shown[-1].date() - first_day).days + 1):
        day = first_day + timedelta(days=number)  # also one that the clocks skip
        for first, until in stretches(shown, [(begin, end) for begin, end in quiet], day):
            marks[first:until] = [True] * max(0, until - first)
    return marks


@cache
def view_with(texts: tuple[str, ...], zones: tuple[str, ...]) -> View:
    quiet = QuietHours(daily=list(texts), unknown=list(zones))
    driver = Driver(plan(quiet_hours=quiet, workspace=attrs.evolve(plan().workspace, zone="UTC")))
    driver.message("joe")
    return driver.engine.view


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("texts", WALLS.values(), ids=WALLS)
def test_every_minute_around_every_change_of_the_clocks(zone: str, texts: list[str]) -> None:
    view, before = view_with(tuple(texts), (zone,)), timedelta(days=2)
    some = changes(zone)
    assert len(some) > 10
    for change in (*some[:2], some[-1]):  # one in each direction, and the last
        start = minute_of(change - before)
        marks = oracle(zone, start, 4 * 24 * 60, texts)
        start_us = round(start.timestamp()) * 1_000_000
        loud = [number for number, is_quiet in enumerate(marks) if not is_quiet]
        # What is further away only completes the times that begin or end in the day around the change.
        for minute in range(36 * 60, 60 * 60):
            found = quiet_until(view, "cu1", "email", start_us + minute * MINUTE_US)
            expected = None
            if marks[minute]:
                expected = start_us + loud[bisect_right(loud, minute)] * MINUTE_US
            assert found == expected, (zone, change, minute)


@st.composite
def times(draw: st.DrawFn) -> str:
    begin, end = draw(st.lists(st.integers(0, 24 * 4 - 1), min_size=2, max_size=2, unique=True))
    return f"{begin // 4:02}:{begin % 4 * 15:02}-{end // 4:02}:{end % 4 * 15:02}"


@settings(max_examples=60)
@given(
    st.lists(times(), min_size=1, max_size=3),
    st.lists(st.sampled_from(ZONES), min_size=1, max_size=3, unique=True),
    st.data(),
)
def test_nobody_is_told_when_it_is_quiet_in_any_zone_in_which_they_may_be(
    texts: list[str], zones: list[str], data: st.DataObject
) -> None:
    assume(not any(check_quiet_hours(QuietHours(daily=texts), "UTC", None)))
    change = data.draw(st.sampled_from(changes(data.draw(st.sampled_from(zones)))))
    minute = 24 * 60 + data.draw(st.integers(0, 2 * 24 * 60))
    start = minute_of(change - timedelta(days=2))
    marks = [any(of) for of in zip(*(oracle(zone, start, 6 * 24 * 60, texts) for zone in zones), strict=True)]
    start_us = round(start.timestamp()) * 1_000_000
    view = view_with(tuple(texts), tuple(zones))
    found = quiet_until(view, "cu1", "email", start_us + minute * MINUTE_US + data.draw(st.integers(0, MINUTE_US - 1)))
    if found is None:
        assert not marks[minute]
        return
    until = (found - start_us) // MINUTE_US
    assert all(marks[minute : min(until, 5 * 24 * 60)])
    if until < 5 * 24 * 60:
        assert not marks[until]
