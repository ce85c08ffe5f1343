"""Which of what back offices report of cases holds, though it may come again, or late.

Senders try again until they are answered, and keep no order. What they sent first may come last, and must not lead a
case back to where it was. So the time counts at which a report was made, by its sender's clock, and not when it came.
"""

from __future__ import annotations

from orchestra.engine.stages.forecasting import case_type
from orchestra.engine.stages.state import Course, mark_of
from orchestra.engine.view import View
from orchestra.errors import InvalidCommand
from orchestra.model import commands as c, events as e
from orchestra.model.limits import id_fault

__all__ = ["check_report", "is_known", "reported"]

_AHEAD_US = 300_000_000
"""So far ahead of ours a sender's clock may be; what is further ahead tells nothing of what came after what."""


def check_report(command: c.AdvanceCase) -> None:
    """Refuse a report that has no id by which it is known again.

    Raises:
        InvalidCommand: its id is not well formed, or there is none.
    """
    if command.report is None and command.reported_us is not None:
        raise InvalidCommand("reported_us", "is only given with report")
    fault = None if command.report is None else id_fault(command.report)
    if fault is not None:
        raise InvalidCommand("report", fault)


def is_known(course: Course | None, report: str | None) -> bool:
    """Whether a case has had this report already."""
    return course is not None and report is not None and mark_of(report) in course.reports


def reported(
    view: View, case: str, course: Course, command: c.AdvanceCase, report: str, at_us: int
) -> e.ProgressReported:
    """The event by which a report of a stage that the case's type has is known, and whether it is taken."""
    made_us = command.reported_us
    if made_us is not None and made_us > at_us + _AHEAD_US:
        made_us = None
    outcome = _outcome(view, course, command.stage, made_us)
    return e.ProgressReported(case, view.cases.cases[case].customer, command.stage, report, made_us, outcome)


def _outcome(view: View, course: Course, stage: str, made_us: int | None) -> str:
    one = case_type(view, course)
    if made_us is not None and course.reported_us is not None and made_us < course.reported_us:
        return "late"
    if one.place_of(stage) >= one.place_of(course.stage):
        return "taken"
    return "taken" if made_us is not None and made_us > _come_us(course) else "back"


def _come_us(course: Course) -> int:
    """When the case came to its stage, by the clock of whoever reported it; by ours, if nobody did."""
    is_reported = course.heard_us is not None and course.heard_us >= course.since_us
    return course.reported_us if is_reported and course.reported_us is not None else course.since_us
