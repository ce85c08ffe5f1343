"""How long clocks have run, and when they will have run long enough."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from orchestra.engine.business_time import BusinessTime, Time
from orchestra.engine.calendar import Calendar
from orchestra.engine.clocks.state import Clock
from orchestra.engine.view import View
from orchestra.model.hours import Hours

__all__ = ["is_stale", "paused", "ran", "rings", "upcoming"]


def ran(view: View, row: Clock, at_us: int) -> int:
    """How long a clock has run until now."""
    return row.ran_us + (_passed(view, row, at_us) if row.state == "RUNNING" else 0)


def paused(view: View, row: Clock, at_us: int) -> int:
    """How long it has stood still until now."""
    return row.paused_us + (_passed(view, row, at_us) if row.state == "PAUSED" else 0)


def is_stale(view: View, row: Clock) -> bool:
    """Whether its calendar became another one since it began to run or to stand still."""
    changes = view.clocks.changed.get(row.calendar or "")
    return changes is not None and changes[-1][0] > row.edition


def _passed(view: View, row: Clock, at_us: int) -> int:
    """How much time has passed since then, by each calendar as long as it was that one."""
    from_us, passed_us = row.from_us, 0
    for number, until_us, hours in view.clocks.changed.get(row.calendar or "", ()):
        if number > row.edition:
            passed_us += 0 if hours is None else _time(Hours(**hours)).elapsed(from_us, until_us)
            from_us = until_us
    if row.calendar is None or row.calendar in view.plan.calendars:
        passed_us += view.plans.time(row.calendar).elapsed(from_us, at_us)
    return passed_us


@functools.lru_cache(maxsize=16)
def _time(hours: Hours) -> BusinessTime:
    return BusinessTime(Calendar(hours))


def upcoming(warn_at: Sequence[int], warned: int) -> int | None:
    """The percent of the target that is told next; None if only the target itself is."""
    return next((percent for percent in warn_at if percent > warned), None)


def rings(time: Time, from_us: int, ran_us: int, target_us: int, percent: int | None) -> tuple[int | None, int | None]:
    """When a clock that runs from an instant on reaches its target, and when it rings next.

    Args:
        time: by which it runs.
        from_us: since when.
        ran_us: how long it had run before.
        target_us: how long it may run.
        percent: of which it rings next; None for the target.
    """
    due_us = time.due(from_us, target_us - ran_us)
    return due_us, due_us if percent is None else time.due(from_us, target_us * percent // 100 - ran_us)
