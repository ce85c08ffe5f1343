"""Types of cases, their way through the stages, and what becomes of that when matters are merged or come back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import attrs

from orchestra.engine.cases.decide import resolved
from orchestra.engine.cases.merging import is_worked
from orchestra.engine.cases.state import SETTLED
from orchestra.engine.lifecycle import CASE
from orchestra.engine.section import Section, Steps
from orchestra.engine.stages.forecasting import case_type, time_of
from orchestra.engine.stages.reports import check_report, is_known, reported
from orchestra.engine.stages.silence import remind, schedule
from orchestra.engine.stages.state import EVOLVE, UPDATE_DUE, Course, Stages
from orchestra.engine.view import View
from orchestra.errors import InvalidCommand, NotAllowedInState, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.case_types import type_of_topic

__all__ = ["SECTION", "check_range", "check_reason"]

_LONGEST_REASON = 200


def check_reason(reason: str | None) -> None:
    """Refuse what is no reason in a few words.

    Raises:
        InvalidCommand: it is empty, too long or not printable.
    """
    if reason is not None and not (reason and len(reason) <= _LONGEST_REASON and reason.isprintable()):
        raise InvalidCommand("reason", f"must be 1 to {_LONGEST_REASON} printable characters")


def check_range(earliest_us: int | None, due_us: int | None, at_us: int) -> None:
    """Refuse a time that is over, or a range that ends before it begins.

    Raises:
        InvalidCommand: it is one of these, or only begins.
    """
    if due_us is None and earliest_us is not None:
        raise InvalidCommand("earliest_us", "is only given with due_us")
    if due_us is not None and due_us <= at_us:
        raise InvalidCommand("due_us", "must be later than now")
    if due_us is not None and earliest_us is not None and earliest_us > due_us:
        raise InvalidCommand("earliest_us", "must not be later than due_us")


# What is asked for


def _set_type(view: View, command: c.SetCaseType, at_us: int) -> Steps:
    key, case = view.case(command.case)
    if command.type is not None and command.type not in view.plan.case_types:
        raise UnknownId("case type", command.type)
    if case.state in SETTLED:
        raise NotAllowedInState(key, case.state, "set_type")
    course: Course | None = view.stages.courses.get(key)
    is_of_it = course is not None and not course.is_over and course.type == command.type
    if is_of_it or (course is None and command.type is None):
        return None
    if course is not None:
        first = None if command.type is None else view.plan.case_types[command.type].stages[0].name
        yield _left(view, key, course, first, "retyped", at_us)
    if command.type is not None:
        yield _entered(view, key, command.type, 0, "asked")
    return None


def _left(view: View, case: str, course: Course, to: str | None, reason: str, at_us: int) -> e.StageLeft:
    """The event by which a case leaves the stage that it is in."""
    customer, lasted_us, finished = view.cases.cases[case].customer, 0, False
    if _is_there(view, course):
        one = case_type(view, course)
        lasted_us = time_of(view, one).elapsed(course.since_us, at_us)
        finished = to is not None and reason == "advanced" and one.place_of(to) > one.place_of(course.stage)
    return e.StageLeft(case, customer, course.type, course.stage, lasted_us, finished, to, reason)


def _is_there(view: View, course: Course) -> bool:
    """Whether the plan has this stage: it may drop those in which only settled cases are."""
    one = view.plan.case_types.get(course.type)
    return one is not None and one.place(course.stage) is not None


def _resumed(
    view: View, case: str, course: Course, reason: str, before: str | None = None, origin: str | None = None
) -> e.StageResumed:
    """The event by which a case goes on in a stage, which began when it did."""
    customer, expected = view.cases.cases[case].customer, (course.earliest_us, course.due_us)
    where = case, customer, course.type, course.stage
    return e.StageResumed(*where, course.since_us, *expected, reason, before, origin)


def _entered(view: View, case: str, kind: str, place: int, by: str) -> e.StageEntered:
    one, customer = view.plan.case_types[kind], view.cases.cases[case].customer
    stage, is_last = one.stages[place], place == len(one.stages) - 1
    return e.StageEntered(case, customer, kind, stage.name, place, is_last, by, promise=stage.promise)


def _advance(view: View, command: c.AdvanceCase, at_us: int) -> Steps:
    key, case = view.case(command.case)
    check_report(command)
    if is_known(view.stages.courses.get(key), command.report):
        return "known"
    course: Course | None = view.stages.course(key)
    if case.state in SETTLED:
        raise NotAllowedInState(key, case.state, "advance")
    if course is None:
        raise NotAllowedInState(key, f"{case.state}, of no type", "advance")
    place = case_type(view, course).place(command.stage)
    if place is None:
        raise UnknownId("stage", command.stage)
    said = _said(command, at_us)
    if command.report is not None:
        heard = reported(view, key, course, command, command.report, at_us)
        yield heard
        if heard.outcome != "taken":
            return heard.outcome
    yield from _gone_on(view, key, course, place, said, at_us)
    return None if command.report is None else "taken"


_Said: TypeAlias = tuple[int | None, int | None, str | None]
"""From when on and by when a stage should be over, and why."""


def _said(command: c.AdvanceCase, at_us: int) -> _Said:
    """What is said of how long the stage takes. A report may come so late that its time is over."""
    check_reason(command.reason)
    if command.report is not None and command.due_us is not None and command.due_us <= at_us:
        return None, None, command.reason
    check_range(command.earliest_us, command.due_us, at_us)
    return command.earliest_us, command.due_us, command.reason


def _gone_on(view: View, key: str, course: Course, place: int, said: _Said, at_us: int) -> Iterator[e.Event]:
    """The events by which a case comes to a stage, or is expected to be over with the one that it is in."""
    stage, customer = case_type(view, course).stages[place].name, view.cases.cases[key].customer
    if stage == course.stage:
        if said[1] is not None and said != (course.earliest_us, course.due_us, course.reason):
            yield e.StageExpected(key, customer, course.type, stage, *said)
        return
    yield _left(view, key, course, stage, "advanced", at_us)
    entered = _entered(view, key, course.type, place, "advanced")
    entered.earliest_us, entered.due_us, entered.reason = said
    yield entered


# What follows


def _on_opened(view: View, event: e.CaseOpened, at_us: int) -> Iterator[e.Event]:
    return _typed(view, event.case, event.topic)


def _on_handed_over(view: View, event: e.InteractionHandedOver, at_us: int) -> Iterator[e.Event]:
    """A bot may have found out what the case is about; one that is settled goes through no stages any more."""
    key = view.cases.root(event.case)
    is_open = view.cases.cases[key].state not in SETTLED
    if is_open and event.topic is not None and key not in view.stages.courses:
        yield from _typed(view, key, event.topic)


def _typed(view: View, case: str, topic: str | None) -> Iterator[e.Event]:
    """What a case is about says its type."""
    kind = type_of_topic(view.plan.case_types, topic)
    if kind is not None and not view.logs.importing:
        yield _entered(view, case, kind, 0, "topic")


def _on_entered(view: View, event: e.StageEntered, at_us: int) -> Iterator[e.Event]:
    """The last stage may settle the case, unless its customer is being served in it."""
    row = view.cases.cases[event.case]
    resolves = view.plan.case_types[event.type].resolves
    is_reached = event.is_last and event.by == "advanced"
    if is_reached and resolves and CASE.allows(row.state, "resolve") and not is_worked(view, event.case):
        yield resolved(view, event.case, row, None, at_us)
    yield from schedule(view, event.case, at_us)


def _on_told(
    view: View, event: e.FactTold | e.PromiseMade | e.PromiseRevised | e.StageResumed, at_us: int
) -> Iterator[e.Event]:
    return schedule(view, view.cases.root(event.case), at_us)


def _on_reopened(view: View, event: e.CaseReopened, at_us: int) -> Iterator[e.Event]:
    """The stage that it was in begins anew, as far as there is one yet."""
    course: Course | None = view.stages.courses.get(event.case)
    if course is not None and course.is_over and _is_there(view, course):
        anew = attrs.evolve(course, since_us=at_us, earliest_us=None, due_us=None)
        yield _resumed(view, event.case, anew, "reopened", None, course.origin)


def _on_merged(view: View, event: e.CaseMerged, at_us: int) -> Iterator[e.Event]:
    """A matter of no type goes on as the one that is merged into it did."""
    key, row = view.cases.root(event.case), view.cases.cases[event.case]
    course: Course | None = view.stages.courses.get(event.case)
    if course is None or row.before in SETTLED or key in view.stages.courses:
        return
    yield _resumed(view, key, course, "merged", event.case, course.origin or event.case)


def _on_unmerged(view: View, event: e.CaseUnmerged, at_us: int) -> Iterator[e.Event]:
    """What went on as the other matter's goes along with where it came from; else it goes on as it stood."""
    holder = view.stages.moved_from(view.cases.group(event.into), view.cases.group(event.case))
    course: Course | None = view.stages.courses.get(holder or event.case)
    if course is None or event.state in SETTLED or not _is_there(view, course):
        return
    origin = None if course.origin == event.case else course.origin
    yield _resumed(view, event.case, course, "unmerged", holder, origin)


SECTION = Section(
    "stages",
    Stages,
    {c.SetCaseType: _set_type, c.AdvanceCase: _advance},
    EVOLVE,
    {
        e.CaseOpened: _on_opened,
        e.InteractionHandedOver: _on_handed_over,
        e.StageEntered: _on_entered,
        e.FactTold: _on_told,
        e.PromiseMade: _on_told,
        e.PromiseRevised: _on_told,
        e.StageResumed: _on_told,
        e.CaseReopened: _on_reopened,
        e.CaseMerged: _on_merged,
        e.CaseUnmerged: _on_unmerged,
    },
    {UPDATE_DUE: remind},
)
