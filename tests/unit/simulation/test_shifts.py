"""When agents come and go: by the clock on the wall of the workspace's zone, also in weeks in which it is changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from itertools import takewhile
from zoneinfo import ZoneInfo

import pytest

from orchestra.model.instants import instant, since_epoch_us
from orchestra.simulation.agents import staffing_changes
from orchestra.simulation.schema import Group, Shift

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = timedelta(hours=1)


def changes(*shifts: Shift, begin: datetime, days: int, agents: int = 3) -> list[tuple[datetime, int]]:
    """What changes from an instant on, for some days, in the zone of that instant."""
    zone = begin.tzinfo
    assert zone is not None
    begin_us, end_us = since_epoch_us(begin), since_epoch_us(begin + timedelta(days=days))
    found = staffing_changes(Group(agents=agents, teams=["care"], shifts=shifts), begin_us, zone)
    return [(instant(at_us).astimezone(zone), count) for at_us, count in takewhile(lambda row: row[0] < end_us, found)]


@pytest.mark.parametrize("zone", [UTC, BERLIN, ZoneInfo("America/New_York"), ZoneInfo("Asia/Kolkata")])
def test_a_shift_begins_by_the_clock_on_the_wall(zone: tzinfo) -> None:
    monday = datetime(2026, 1, 5, tzinfo=zone)
    found = changes(Shift(8 * HOUR, 9 * HOUR, ["mon"]), begin=monday, days=7)
    assert found == [(monday, 0), (monday + 8 * HOUR, 3), (monday + 17 * HOUR, 0)]


@pytest.mark.parametrize("sunday", [datetime(2026, 3, 29, tzinfo=BERLIN), datetime(2026, 10, 25, tzinfo=BERLIN)])
def test_a_change_of_the_clocks_moves_no_shift(sunday: datetime) -> None:
    found = changes(Shift(8 * HOUR, 9 * HOUR), begin=sunday - timedelta(days=1), days=3)
    assert [(at.hour, count) for at, count in found] == [(0, 0), (8, 3), (17, 0), (8, 3), (17, 0), (8, 3), (17, 0)]


def test_a_shift_that_begins_in_an_hour_that_is_skipped_begins_after_it_and_ends_as_planned() -> None:
    shift = Shift(timedelta(hours=2, minutes=30), timedelta(minutes=30), ["sun"])
    found = changes(shift, begin=datetime(2026, 3, 29, tzinfo=BERLIN), days=1)
    assert [at.astimezone(UTC).hour for at, _ in found[1:]] == [1, 1]
    assert [at for at, _ in found] == sorted(at for at, _ in found)
    assert found[-1][1] == 0


def test_whoever_is_there_at_the_start_is_told_by_the_wall_too() -> None:
    """At half past seven in Berlin the shift from six to seven is over; in UTC it would be on."""
    shift = Shift(6 * HOUR, HOUR)
    ((_, here), *_) = changes(shift, begin=datetime(2026, 1, 7, 6, 30, tzinfo=BERLIN), days=1)
    ((_, gone), *_) = changes(shift, begin=datetime(2026, 1, 7, 7, 30, tzinfo=BERLIN), days=1)
    assert (here, gone) == (3, 0)
