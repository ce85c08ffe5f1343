"""Plans with service clocks, and shorthand for driving and reading them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from orchestra.engine.clocks.state import Clock
from orchestra.model import events as e
from orchestra.model.plan import Plan
from tests.engine_driver import CARE, Driver, plan
from tests.invariants import WatchedEngine

__all__ = ["CLOCKED", "clocked", "of", "of_clocks", "row", "running", "standing", "told", "us"]

CLOCKED = f"""{CARE}
[calendars.office]
zone = "Europe/Berlin"
mon = ["09:00-12:00", "13:00-17:00"]
tue = ["09:00-12:00", "13:00-17:00"]
wed = ["09:00-12:00", "13:00-17:00"]
thu = ["09:00-12:00", "13:00-17:00"]
fri = ["09:00-12:00", "13:00-17:00"]
[channels.task]
work = true
"""
"""A plan whose office has split shifts, and no clock yet."""


def clocked(text: str, *, before: str = CLOCKED) -> Driver:
    """A watched driver under a plan with these clocks."""
    return Driver(plan(before + text), engine=WatchedEngine())


def of(measure: str, scope: str = "case", target: str = "1h", *, name: str | None = None, **more: str) -> str:
    """A policy, named after what it measures unless a name is given."""
    given = "".join(f"{key} = {value}\n" for key, value in more.items())
    called = name or measure
    return f'[[clocks]]\nname = "{called}"\nmeasures = "{measure}"\nscope = "{scope}"\ntarget = "{target}"\n{given}'


def us(text: str, zone: str = "UTC") -> int:
    """An instant, by the clock on the wall of a zone."""
    at = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    return round(at.timestamp()) * 1_000_000


def told(driver: Driver, *names: str) -> list[tuple[Any, ...]]:
    """The events of clocks, each as its name without `Clock`, and the fields of these names that it has."""
    found: list[tuple[Any, ...]] = []
    for logged in driver.log:
        kind = type(logged.event).__name__
        if kind.startswith("Clock"):
            values = (getattr(logged.event, name) for name in names if hasattr(logged.event, name))
            found.append((kind.removeprefix("Clock"), *values))
    return found


def of_clocks(events: list[e.Event]) -> list[str]:
    """The events of clocks among these, by name without `Clock`."""
    names = [type(event).__name__ for event in events]
    return [name.removeprefix("Clock") for name in names if name.startswith("Clock")]


def row(driver: Driver, name: str = "ck1") -> Clock:
    """A clock as it stands; the same after a reload and a replay."""
    for engine in (driver.reloaded(), driver.replayed(is_blanked=True)):
        assert engine.state_hash() == driver.engine.state_hash()
        assert engine.view.clocks.of == driver.engine.view.clocks.of
    return driver.engine.view.clocks.clocks[name]


def running(driver: Driver) -> dict[str, str]:
    """Id -> state, of all clocks."""
    return {name: one.state for name, one in driver.engine.view.clocks.clocks.items()}


def standing(of: Plan | str) -> Driver:
    """A driver that watches nothing, for what is told of many."""
    return Driver(of)
