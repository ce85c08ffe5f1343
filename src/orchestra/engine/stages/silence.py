"""By when a customer is to hear of their case again, and reminding of that in time."""

from __future__ import annotations

from collections.abc import Iterator

from orchestra.engine.stages.forecasting import case_type, time_of
from orchestra.engine.stages.state import Course
from orchestra.engine.view import View
from orchestra.model import events as e
from orchestra.model.case_types import UPDATE
from orchestra.model.structure import microseconds

__all__ = ["next_word", "remind", "schedule"]


def schedule(view: View, case: str, at_us: int) -> Iterator[e.Event]:
    """Say by when the customer is to hear of a case next, if that is another time than before."""
    course: Course | None = view.stages.course(case)
    if course is None:
        return
    due_us, ring_us = _silence(view, course, course.word_us)
    owed_us = _owed(view, case, at_us)
    if owed_us is not None and (due_us is None or owed_us < due_us):
        due_us, ring_us = owed_us, _ahead_of(view, course, owed_us)
    if due_us != course.update_us:
        customer = view.cases.cases[case].customer
        ring_us = None if ring_us is None else max(ring_us, at_us)
        yield e.UpdateScheduled(case, customer, course.stage, due_us, ring_us)


def _silence(view: View, course: Course, from_us: int) -> tuple[int | None, int | None]:
    """When a silence that began then must be over, and when somebody is to be reminded of that."""
    one = case_type(view, course)
    longest = one.stages[one.place_of(course.stage)].max_silence
    if longest is None:
        return None, None
    time, longest_us = time_of(view, one), microseconds(longest)
    return time.due(from_us, longest_us), time.due(from_us, longest_us - microseconds(one.update_ahead))


def _owed(view: View, case: str, at_us: int) -> int | None:
    """By when the customer was promised to hear of the case, in whichever stage it was then."""
    rows = view.promises.promises
    names = view.promises.open_in(view.cases.group(case))
    owed = (rows[name].due_us for name in names if rows[name].what == UPDATE)
    return min((due_us for due_us in owed if due_us > at_us), default=None)


def _ahead_of(view: View, course: Course, due_us: int) -> int | None:
    """When somebody is to be reminded of what is due then."""
    one = case_type(view, course)
    time = time_of(view, one)
    return time.due(course.word_us, time.elapsed(course.word_us, due_us) - microseconds(one.update_ahead))


def next_word(view: View, course: Course, at_us: int) -> int | None:
    """By when a customer who hears of a case now is to hear of it next; None if at no time."""
    return _silence(view, course, at_us)[0]


def remind(view: View, case: str, at_us: int) -> Iterator[e.Event]:
    """The timer of a case of which nothing was heard for so long."""
    course: Course = view.stages.courses[case]
    assert course.update_us is not None  # it rings for that
    again_us, _ = _silence(view, course, at_us)
    customer = view.cases.cases[case].customer
    yield e.UpdateDue(case, customer, course.type, course.stage, course.update_us, again_us)
