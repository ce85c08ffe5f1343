"""When something promised will be late by enough to tell, and telling it once per slip.

What is foreseen changes with what happens, and with time alone: a stage that is not over ends now at the earliest. So
one timer of a case rings at the first instant at which something promised in it will be late by enough; nobody polls.
"""

from __future__ import annotations

from collections.abc import Iterator

from orchestra.engine.business_time import Time
from orchestra.engine.promises.state import NO_TIME, WATCH, Foreseen, Promise
from orchestra.engine.stages.forecasting import Outlook, case_type, forecast, outlook, time_of
from orchestra.engine.stages.silence import next_word
from orchestra.engine.stages.state import Course
from orchestra.engine.view import View
from orchestra.model import events as e
from orchestra.model.case_types import RESOLUTION, UPDATE, Delay
from orchestra.model.structure import microseconds

__all__ = ["crossing", "review", "ring"]


def crossing(until_us: int, stage_us: int | None, later_us: int, at_least_us: int, percent: int) -> int:
    """After how much business time something is late by enough; 0 if it is now.

    It is done when the stage is over, now at the earliest, and what comes later has passed, too. That is late by enough
    if it is later than due by `at_least_us`, and by `percent` of what is left until it is due.

    Args:
        until_us: business time until it is due; below 0 if it was due before.
        stage_us: until the stage is over; None if nobody knows.
        later_us: what comes after that.
        at_least_us: how late it must be, more than 0.
        percent: of what is left until it is due.
    """
    # By time alone: with the stage ending now, the least x for which x + later - until is enough.
    alone_us = max(
        at_least_us + until_us - later_us, -(-((100 + percent) * until_us - 100 * later_us) // (100 + percent))
    )
    late_us = -1 if stage_us is None else stage_us + later_us - until_us
    if late_us < at_least_us:
        return max(0, alone_us)
    # As foreseen: it is late by so much already, and enough once little enough is left until it is due.
    foreseen_us = until_us - 100 * late_us // percent if percent else 0
    return max(0, min(alone_us, foreseen_us))


def _until(time: Time, at_us: int, due_us: int) -> int:
    """Business time until an instant, below 0 if it is over."""
    return time.elapsed(at_us, due_us) if due_us >= at_us else -time.elapsed(due_us, at_us)


def ring(view: View, case: str, at_us: int) -> Iterator[e.Event]:
    """The timer of a case: something promised is late by enough now, or the stage takes longer than normal."""
    return review(view, case, at_us, rings=True)


def review(view: View, case: str, at_us: int, *, rings: bool = False) -> Iterator[e.Event]:
    """Tell of delays that are foreseen now, or made up; and when to look at the case again.

    Args:
        view: the state.
        case: one that goes on by itself.
        at_us: now.
        rings: whether its timer has rung, so that it is said in any case when it is to ring again.
    """
    course: Course | None = view.stages.course(case)
    if course is None:
        return
    time, instants = time_of(view, case_type(view, course)), list[int | None]()
    for name in view.promises.open_in(view.cases.group(case)):
        row = view.promises.promises[name]
        if row.what == UPDATE:
            continue
        ahead = outlook(view, course, row.what, at_us)
        yield from _made_up(view, case, name, course, at_us)
        after_us = _late_after(view, row, course, ahead, at_us)
        if after_us == 0:
            yield _delayed(view, case, name, course, at_us)
            after_us = _late_after(view, row, course, ahead, at_us)
        instants += [
            None if after_us is None else time.due(at_us, max(1, after_us)),
            _overrun(course, ahead, time, at_us),
        ]
    ring_us = min((one for one in instants if one is not None), default=None)
    yield from _foreseen(view, case, course, ring_us, at_us, rings=rings)


def _overrun(course: Course, ahead: Outlook, time: Time, at_us: int) -> int | None:
    """When the stage will have taken longer than it should, so that something else is foreseen; None if it has."""
    if course.due_us is not None and course.due_us > at_us:
        return course.due_us
    return None if ahead.stage is None or ahead.stage.most_us == 0 else time.due(at_us, ahead.stage.most_us)


def _foreseen(
    view: View, case: str, course: Course, ring_us: int | None, at_us: int, *, rings: bool
) -> Iterator[e.Event]:
    ahead = forecast(view, course, RESOLUTION, at_us)
    now = Foreseen(None, None) if ahead is None else Foreseen(ahead.earliest_us, ahead.due_us)
    is_new = now != view.promises.forecasts.get(case) or ring_us != view.timers.get(WATCH, case)
    if is_new or rings:
        yield e.ForecastMade(case, view.cases.cases[case].customer, now.earliest_us, now.due_us, ring_us)


def _tolerance(delay: Delay, until_us: int) -> int:
    """How late something must be that is due then for that to be a delay."""
    return max(_at_least(delay), delay.percent * max(0, until_us) // 100)


def _at_least(delay: Delay) -> int:
    return max(1, microseconds(delay.at_least))


def _late_after(view: View, row: Promise, course: Course, ahead: Outlook, at_us: int) -> int | None:
    """After how much business time a promise is late by enough, beyond what was told already; None if that is all."""
    if row.foreseen_us == NO_TIME and forecast(view, course, row.what, at_us) is None:
        return None
    one = case_type(view, course)
    due_us = row.due_us if row.foreseen_us is None else max(row.due_us, row.foreseen_us)
    stage_us = None if ahead.stage is None else ahead.stage.most_us
    until_us = _until(time_of(view, one), at_us, due_us)
    return crossing(until_us, stage_us, ahead.later.most_us, _at_least(one.delay), one.delay.percent)


def _delayed(view: View, case: str, name: str, course: Course, at_us: int) -> e.DelayForeseen:
    row: Promise = view.promises.promises[name]
    ahead = forecast(view, course, row.what, at_us)
    earliest_us, due_us = (None, None) if ahead is None else (ahead.earliest_us, ahead.due_us)
    of = name, case, view.cases.cases[case].customer, row.what, course.stage, row.due_us
    return e.DelayForeseen(*of, earliest_us, due_us, next_word(view, course, at_us), _reason(course, at_us))


def _reason(course: Course, at_us: int) -> str:
    if course.reason is not None:
        return course.reason
    if course.due_us is not None and course.due_us > at_us:
        return "expected"
    return "overrun"


def _made_up(view: View, case: str, name: str, course: Course, at_us: int) -> Iterator[e.Event]:
    """A delay that was foreseen is none any more, once it is clearly less than one."""
    row: Promise = view.promises.promises[name]
    ahead = None if row.foreseen_us is None else forecast(view, course, row.what, at_us)
    if ahead is None:
        return
    one = case_type(view, course)
    time = time_of(view, one)
    tolerance_us = _tolerance(one.delay, _until(time, at_us, row.due_us))
    if 100 * time.elapsed(row.due_us, ahead.due_us) < one.delay.made_up_percent * tolerance_us:
        customer = view.cases.cases[case].customer
        yield e.DelayMadeUp(name, case, customer, row.what, row.due_us, ahead.due_us)
