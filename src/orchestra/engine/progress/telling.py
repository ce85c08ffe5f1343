"""What customers are told of the way of their cases, and what they are promised by it.

A stage that is reached, a delay that is foreseen or made up, and too long a silence each plan a notice, of the topic
that the plan names for it. Once that has arrived, what it told is promised: the time by which the matter is done, and
the time of the next word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from orchestra.engine.notices.decide import plan_notice
from orchestra.engine.notices.row import Notice, Value
from orchestra.engine.progress.state import EVOLVE, Progress
from orchestra.engine.promises.stating import Statement, made, revised
from orchestra.engine.section import SLICE_PAUSE_US, Section
from orchestra.engine.stages.forecasting import case_type, forecast
from orchestra.engine.stages.silence import next_word
from orchestra.engine.stages.state import Course
from orchestra.engine.view import View
from orchestra.model import commands as c, events as e
from orchestra.model.case_types import RESOLUTION, UPDATE
from orchestra.model.progress import KEYS, facts_of

__all__ = ["SECTION"]


def _group(case: str, *, is_first: bool = False) -> str:
    """Of those of a group that have not left the newest is told. Nothing takes the place of the acknowledgement."""
    return f"{KEYS}{case}:first" if is_first else f"{KEYS}{case}"


def _waiting(view: View, case: str, customer: str) -> list[Notice]:
    """What is still to be told of a case's way."""
    groups = _group(case), _group(case, is_first=True)
    of = view.notices.in_group
    names = (name for one in view.identity.group(customer) for group in groups for name in of.get((one, group), ()))
    return [view.notices.notices[name] for name in names]


def _facts(view: View, case: str, course: Course, at_us: int, **more: Value | None) -> Mapping[str, Value]:
    """All that can be told of a case now; what nobody knows is not among it."""
    one = case_type(view, course)
    place = one.place_of(course.stage)
    follows = one.stages[place + 1].name if place + 1 < len(one.stages) else None
    ahead = None if follows is None else forecast(view, course, RESOLUTION, at_us)
    found: Mapping[str, Value | None] = {
        "number": view.cases.cases[case].number,
        "type": course.type,
        "stage": course.stage,
        "next": follows,
        "reason": course.reason,
        "earliest": None if ahead is None else ahead.earliest_us,
        "due": None if ahead is None else ahead.due_us,
        "update_by": next_word(view, course, at_us),
        **more,
    }
    return {name: value for name, value in found.items() if value is not None}


def _tell(
    view: View,
    case: str,
    topics: tuple[str | None, str | None],
    facts: Mapping[str, Value],
    at_us: int,
    group: str | None,
) -> Iterator[e.Event]:
    """Plan a notice of the first of these topics of which all facts are known."""
    for topic in topics:
        needed = None if topic is None else facts_of(topic, view.plan.notices, view.plan.templates)
        if topic is None or needed is None or not facts.keys() >= set(needed):
            continue
        told = {name: facts[name] for name in needed}
        key = f"{KEYS}{case}:{view.notices.next_notice()}"
        # In a moment, once all is known that happens now: the contact with which a case begins is part of it by then.
        command = c.PlanNotice(
            key, topic, case, facts=told, not_before_us=at_us + SLICE_PAUSE_US, supersedes_group=group
        )
        yield from plan_notice(view, command, at_us)
        return


def _on_entered(view: View, event: e.StageEntered, at_us: int) -> Iterator[e.Event]:
    """The first one acknowledges the case. The last one may have settled it."""
    if event.promise is not None:
        is_new = any(row.not_before_us == at_us + SLICE_PAUSE_US for row in _waiting(view, event.case, event.customer))
        # What is told of this very moment, as that it will be late, is told as well.
        group = None if is_new else _group(event.case, is_first=event.place == 0)
        course, tells = view.stages.courses[event.case], view.plan.case_types[event.type].tells
        facts = _facts(view, event.case, course, at_us)
        yield from _tell(view, event.case, (event.promise, tells.update), facts, at_us, group)


def _on_delayed(view: View, event: e.DelayForeseen, at_us: int) -> Iterator[e.Event]:
    course = view.stages.courses[event.case]
    known = {"before": event.due_us, "earliest": event.earliest_us, "due": event.new_due_us}
    facts, tells = _facts(view, event.case, course, at_us, **known), case_type(view, course).tells
    yield from _tell(view, event.case, (tells.delay, tells.update), facts, at_us, _group(event.case))


def _on_made_up(view: View, event: e.DelayMadeUp, at_us: int) -> Iterator[e.Event]:
    course = view.stages.courses[event.case]
    facts = _facts(view, event.case, course, at_us, before=event.due_us, due=event.new_due_us)
    topics = (case_type(view, course).tells.made_up, None)
    yield from _tell(view, event.case, topics, facts, at_us, _group(event.case))


def _on_silent(view: View, event: e.UpdateDue, at_us: int) -> Iterator[e.Event]:
    """Whatever else is about to be told breaks the silence, once it may."""
    course = view.stages.courses[event.case]
    if not _waiting(view, event.case, event.customer):
        topics, facts = (case_type(view, course).tells.update, None), _facts(view, event.case, course, at_us)
        yield from _tell(view, event.case, topics, facts, at_us, _group(event.case))


# What is promised by it


def _on_told(view: View, event: e.FactTold, at_us: int) -> Iterator[e.Event]:
    """A notice of a case's way has arrived, or an agent has told it: its times are promised from now on.

    That is once all that it told is known to be told, as whoever hears anything has heard in time by what was promised.
    """
    row = None if event.notice is None else view.notices.notices[event.notice]
    if row is None or not row.key.startswith(KEYS) or event.fact != max(row.facts):
        return
    case = view.cases.root(event.case)
    course = view.stages.course(case)
    if course is None:
        return  # it is settled meanwhile
    for what, of in ((RESOLUTION, "due"), (UPDATE, "update_by")):
        due_us = row.facts.get(of)
        if isinstance(due_us, int) and due_us > at_us:
            earliest = row.facts.get("earliest") if what == RESOLUTION else None
            earliest_us = earliest if isinstance(earliest, int) else at_us
            basis = "normal_time" if course.due_us is None else "back_office"
            via = event.interaction or event.notice
            told = Statement(what, min(earliest_us, due_us), due_us, basis, stated_via=via)
            yield from _promised(view, case, told, course.reason or "told")


def _promised(view: View, case: str, told: Statement, reason: str) -> Iterator[e.Event]:
    """What is promised already is revised, if it is another time."""
    rows = view.promises.promises
    standing = [name for name in view.promises.open_in(view.cases.group(case)) if rows[name].what == told.what]
    if not standing:
        yield made(view, case, view.promises.next_promise(), told)
    elif rows[standing[0]].due_us != told.due_us:
        yield revised(view, standing[0], told, reason)


_REACT: Mapping[type[e.Event], Callable[..., Iterator[e.Event]]] = {
    e.StageEntered: _on_entered,
    e.DelayForeseen: _on_delayed,
    e.DelayMadeUp: _on_made_up,
    e.UpdateDue: _on_silent,
    e.FactTold: _on_told,
}

SECTION = Section("progress", Progress, {}, EVOLVE, _REACT)
