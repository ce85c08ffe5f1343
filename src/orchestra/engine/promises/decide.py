"""Promising, telling another time, withdrawing; and what becomes of promises and forecasts as cases go on."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from orchestra.engine.cases.state import SETTLED
from orchestra.engine.commitments.speaking import check_lead
from orchestra.engine.facts.decide import contact_of
from orchestra.engine.lifecycle import PROMISE
from orchestra.engine.promises.delays import review, ring
from orchestra.engine.promises.judging import break_due, keep_all, keep_stages, keep_updates
from orchestra.engine.promises.state import EVOLVE, JUDGE, WATCH, Promise, Promises
from orchestra.engine.promises.stating import Statement, check_may, foreseen, made, revised, said
from orchestra.engine.section import Section, Steps
from orchestra.engine.stages.decide import check_range, check_reason
from orchestra.engine.stages.forecasting import case_type
from orchestra.engine.stages.state import Course
from orchestra.engine.view import View
from orchestra.errors import InvalidCommand, NotAllowedInState, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.case_types import RESOLUTION, UPDATE
from orchestra.model.results import Promised

__all__ = ["SECTION"]

_NOBODY = "system"
"""Who gives a command that names no actor."""


# What is said


def _make(view: View, command: c.MakePromise, at_us: int) -> Steps:
    key, case = view.case(command.case)
    if case.state in SETTLED:
        raise NotAllowedInState(key, case.state, "promise")
    _check_what(view, key, command.what)
    told = _stated(view, command, key, command.what, at_us)
    standing = _standing(view, key, told.what)
    if standing is not None and _says(view.promises.promises[standing], told):
        return _promised(view, standing, is_duplicate=True)
    if standing is not None and told.what != UPDATE:
        raise NotAllowedInState(standing, f"promised by {view.promises.promises[standing].due_us}", "promise")
    if told.what == UPDATE:
        yield from keep_updates(view, key, at_us)
    name = view.promises.next_promise()
    yield made(view, key, name, told)
    return _promised(view, name)


def _check_what(view: View, case: str, what: str) -> None:
    """Refuse what is no stage, or over."""
    if what in (RESOLUTION, UPDATE):
        return
    course: Course | None = view.stages.course(case)
    place = None if course is None else case_type(view, course).place(what)
    if course is None or place is None:
        raise UnknownId("stage", what)
    if place < case_type(view, course).place_of(course.stage):
        raise NotAllowedInState(case, f"past {what}", "promise")


def _stated(view: View, command: c.MakePromise | c.RevisePromise, case: str, what: str, at_us: int) -> Statement:
    """What is told, by whoever may tell it: what they say themselves, or else what is foreseen, or the next update."""
    check_range(command.earliest_us, command.due_us, at_us)
    if command.confidence is not None and not 1 <= command.confidence <= 100:
        raise InvalidCommand("confidence", "must be from 1 to 100")
    actor, usual = command.actor or _NOBODY, foreseen(view, case, what, at_us)
    own = None if command.due_us is None else said(actor, what, command.earliest_us, command.due_us, at_us)
    check_may(view, command, actor, own, usual)
    check_lead(view, command, actor, case, view.cases.cases[case].customer)
    told = own or usual
    if told is None and isinstance(command, c.MakePromise):
        told = foreseen(view, case, UPDATE, at_us)
    if told is None:
        raise InvalidCommand("due_us", f"is needed: nothing can be foreseen of {case}")
    via = None if command.interaction is None else contact_of(view, command.interaction, case)
    confidence = told.confidence if command.confidence is None else command.confidence
    return attrs.evolve(told, confidence=confidence, stated_via=via)


def _standing(view: View, case: str, what: str) -> str | None:
    """The promise about something in a matter that is not done."""
    names = view.promises.open_in(view.cases.group(case))
    return next((name for name in names if view.promises.promises[name].what == what), None)


def _says(row: Promise, told: Statement) -> bool:
    """Whether a promise says so already; one from now on says it as well if it was from an earlier time on."""
    return row.due_us == told.due_us and row.basis == told.basis


def _promised(view: View, name: str, *, is_duplicate: bool = False) -> Promised:
    row: Promise = view.promises.promises[name]
    return Promised(name, row.what, row.earliest_us, row.due_us, is_duplicate)


def _promise(view: View, name: str, trigger: str) -> tuple[str, Promise]:
    """The case and the row of a promise that is not done.

    Raises:
        UnknownId: there is no such promise.
        NotAllowedInState: it is done, or withdrawn.
    """
    row: Promise | None = view.promises.promises.get(name)
    if row is None and view.promises.is_past(name):
        raise NotAllowedInState(name, "done", trigger)
    if row is None:
        raise UnknownId("promise", name)
    if row.done_us is not None:
        raise NotAllowedInState(name, "WITHDRAWN" if row.state == "WITHDRAWN" else "done", trigger)
    return view.cases.root(row.case), row


def _revise(view: View, command: c.RevisePromise, at_us: int) -> Steps:
    key, row = _promise(view, command.promise, "revise")
    check_reason(command.reason)
    told = _stated(view, command, key, row.what, at_us)
    if _says(row, told):
        return _promised(view, command.promise, is_duplicate=True)
    yield revised(view, command.promise, told, command.reason)
    return _promised(view, command.promise)


def _withdraw(view: View, command: c.WithdrawPromise, at_us: int) -> Steps:
    key, row = _promise(view, command.promise, "withdraw")
    PROMISE.step(command.promise, row.state, "withdraw")
    check_reason(command.reason)
    customer = view.cases.cases[key].customer
    check_lead(view, command, command.actor or _NOBODY, key, customer)
    yield e.PromiseWithdrawn(command.promise, key, customer, row.what, command.reason)
    return None


# What follows


def _on_entered(view: View, event: e.StageEntered, at_us: int) -> Iterator[e.Event]:
    if event.by == "advanced":
        yield from keep_stages(view, event, at_us)
    yield from review(view, event.case, at_us)


def _on_changed(
    view: View, event: e.StageExpected | e.PromiseWithdrawn | e.CaseMerged, at_us: int
) -> Iterator[e.Event]:
    return review(view, view.cases.root(event.case), at_us)


def _on_resumed(view: View, event: e.StageResumed | e.CaseUnmerged, at_us: int) -> Iterator[e.Event]:
    """Promises may have come to the matter, or gone from it, and so from the other one."""
    other = event.before if isinstance(event, e.StageResumed) else event.into
    for case in dict.fromkeys(view.cases.root(one) for one in (event.case, other) if one is not None):
        yield from review(view, case, at_us)


def _on_stated(view: View, event: e.PromiseMade | e.PromiseRevised, at_us: int) -> Iterator[e.Event]:
    """Whoever is told a time has heard of the matter."""
    if event.what != UPDATE:
        yield from keep_updates(view, event.case, at_us)
    yield from review(view, event.case, at_us)


def _on_told(view: View, event: e.FactTold, at_us: int) -> Iterator[e.Event]:
    return keep_updates(view, event.case, at_us)


def _on_resolved(view: View, event: e.CaseResolved, at_us: int) -> Iterator[e.Event]:
    return keep_all(view, event.case, at_us)


SECTION = Section(
    "promises",
    Promises,
    {c.MakePromise: _make, c.RevisePromise: _revise, c.WithdrawPromise: _withdraw},
    EVOLVE,
    {
        e.StageEntered: _on_entered,
        e.StageExpected: _on_changed,
        e.StageResumed: _on_resumed,
        e.PromiseMade: _on_stated,
        e.PromiseRevised: _on_stated,
        e.PromiseWithdrawn: _on_changed,
        e.FactTold: _on_told,
        e.CaseMerged: _on_changed,
        e.CaseUnmerged: _on_resumed,
        e.CaseResolved: _on_resolved,
    },
    {JUDGE: break_due, WATCH: ring},
)
