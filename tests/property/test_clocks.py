"""A clock against counting: minute by minute, on the wall of a zone, across changes of the clocks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import attrs
from hypothesis import given, settings, strategies as st
from tests.clock_plans import CLOCKED, of, us
from tests.engine_driver import MINUTE, Driver, plan

from orchestra.model import commands as c, events as e

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
TIMES = ("00:00", "06:00", "09:00", "12:30", "13:00", "17:00", "22:00", "24:00")
"""Edges of opening hours: on the wall of each zone they come exactly once, also when the clocks change."""
BEGINS = (
    ("America/New_York", "2026-03-06 08:00"),
    ("America/New_York", "2026-10-30 20:00"),
    ("Europe/Berlin", "2026-03-27 16:30"),
    ("Europe/Berlin", "2026-10-23 23:00"),
    ("Australia/Lord_Howe", "2026-04-03 10:00"),
    ("Australia/Lord_Howe", "2026-10-02 10:00"),
    ("Asia/Tokyo", "2026-03-06 12:00"),
    ("America/Santiago", "2026-09-04 21:00"),
)
"""Zones, and instants of which the clocks change there within three days; in Tokyo they never do."""


@attrs.frozen
class Week:
    """Opening hours as pairs of edges, by weekday."""

    zone: str
    hours: Sequence[Sequence[tuple[str, str]]]

    @property
    def text(self) -> str:
        """As a plan has it."""
        lines = (
            f"{day} = {[f'{begin}-{end}' for begin, end in hours]}\n"
            for day, hours in zip(DAYS, self.hours, strict=True)
        )
        return f'[calendars.there]\nzone = "{self.zone}"\n' + "".join(lines)

    def is_open(self, at: datetime) -> bool:
        """Whether the clock on the wall is within hours that begin today, or began yesterday and go on."""
        wall = at.astimezone(ZoneInfo(self.zone))
        now, today = wall.strftime("%H:%M"), wall.weekday()
        starts = any(begin <= now and (now < end or end <= begin) for begin, end in self.hours[today])
        return starts or any(now < end <= begin for begin, end in self.hours[today - 1])


def spans(edges: list[str]) -> list[tuple[str, str]]:
    """Every two edges as an interval; the last one may go on into the next day."""
    ordered = sorted(edges)
    return [(begin, end) for begin, end in zip(ordered[::2], ordered[1::2], strict=True)]


day = st.lists(st.sampled_from(TIMES), max_size=6, unique=True).filter(lambda edges: len(edges) % 2 == 0).map(spans)
nights = st.just([("22:00", "06:00")])


@st.composite
def weeks(draw: st.DrawFn) -> tuple[Week, str]:
    """Opening hours of a zone, and a time there shortly before its clocks change."""
    zone, begins = draw(st.sampled_from(BEGINS))
    hours = [draw(st.one_of(day, day, nights)) for _ in DAYS]
    return Week(zone, hours), begins


STEPS = ("pause", "resume", "wait", "go_on", "write", "resolve", "reopen", "cancel")
steps = st.lists(st.tuples(st.integers(0, 1500), st.sampled_from(STEPS)), max_size=12)


@attrs.define
class Count:
    """What counting makes of it: whether a clock runs, and how long it has."""

    week: Week
    at: datetime
    target: int
    by_hand: bool = False
    waits: bool = False
    settled: bool = False
    minutes: int = 0
    paused: int = 0
    breached: datetime | None = None

    def until(self, at: datetime) -> None:
        """Count minute by minute."""
        while self.at < at:
            is_running = not (self.by_hand or self.waits)
            if not self.settled and self.week.is_open(self.at):
                self.minutes += is_running
                self.paused += not is_running
            self.at += timedelta(minutes=1)
            if self.minutes >= self.target and self.breached is None:
                self.breached = self.at

    def step(self, name: str) -> None:
        """What happens changes whether it runs, where it can happen."""
        match name:
            case "pause" if not self.settled:
                self.by_hand = True
            case "resume" if not self.settled:
                self.by_hand = False
            case "wait" if not self.settled:
                self.waits = True
            case "go_on":
                self.waits = False
            case "write":
                self.by_hand = self.waits = self.settled = False
            case "resolve":
                self.by_hand, self.waits, self.settled = False, False, True
            case "reopen" if self.settled:
                self.settled = False
            case _:
                pass


def command(driver: Driver, name: str) -> c.Command | None:
    """The command of a step, where it is possible."""
    row = driver.engine.view.clocks.clocks["ck1"]
    state = driver.engine.view.cases.cases["ca1"].state
    waits = state.startswith("WAITING")
    possible: dict[str, tuple[bool, c.Command]] = {
        "pause": (row.state != "FULFILLED", c.PauseClock("ck1", "parts ordered")),
        "resume": (row.by_hand, c.ResumeClock("ck1")),
        "wait": (state == "OPEN", c.SetCaseWaiting("ca1", "customer")),
        "go_on": (waits, c.ResumeCase("ca1")),
        "resolve": (state == "OPEN" or waits, c.ResolveCase("ca1")),
        "reopen": (state == "RESOLVED", c.ReopenCase("ca1", "again")),
    }
    can, found = possible.get(name, (False, c.ReopenCase("ca1", "")))
    return found if can else None


@settings(max_examples=40, deadline=None)
@given(weeks(), steps, st.integers(1, 3000))
def test_a_clock_counts_the_minutes_in_which_it_is_open_and_runs(
    week_and_begin: tuple[Week, str], happens: list[tuple[int, str]], target: int
) -> None:
    week, begins = week_and_begin
    policy = of("resolution", target=f"{target}m", calendar='"there"')
    whole = plan(CLOCKED + week.text + policy)
    driver = Driver(attrs.evolve(whole, cases=attrs.evolve(whole.cases, close_after=None)))
    driver.advance_to(us(begins, week.zone))
    driver.message(channel="email", after=0)
    count = Count(week, datetime.fromtimestamp(driver.now_us / 1e6, UTC), target)
    for minutes, name in [*happens, (1500, "end")]:
        driver.advance(60 * minutes)
        count.until(count.at + timedelta(minutes=minutes))
        if name == "write":
            driver.message(channel="email", after=0)
        elif (asked := command(driver, name)) is not None:
            driver.run(asked)
        count.step(name)
        row = driver.engine.view.clocks.clocks["ck1"]
        assert (row.state == "RUNNING") == (not (count.by_hand or count.waits or count.settled))
    if not count.settled:
        driver.run(c.ResolveCase("ca1"))
    fulfilled = driver.last(e.ClockFulfilled)
    assert (fulfilled.ran_us, fulfilled.paused_us) == (count.minutes * MINUTE, count.paused * MINUTE)
    breaches = [datetime.fromtimestamp(one.breached_us / 1e6, UTC) for one in driver.events(e.ClockBreached)]
    assert breaches == ([] if count.breached is None else [count.breached])
    assert fulfilled.met is (count.breached is None)
