"""What a customer is told: a range, how sure it is and on what it rests; and who may tell it."""

from __future__ import annotations

import attrs

from orchestra.engine.access import granting_roles
from orchestra.engine.promises.state import Promise
from orchestra.engine.stages.forecasting import forecast
from orchestra.engine.stages.silence import next_word
from orchestra.engine.stages.state import Course
from orchestra.engine.view import View
from orchestra.errors import NotPermitted
from orchestra.model import events as e
from orchestra.model.addresses import Actor, actor_kind
from orchestra.model.case_type_checks import MAY_PROMISE
from orchestra.model.case_types import UPDATE
from orchestra.model.command import Command

__all__ = ["Statement", "check_may", "foreseen", "made", "revised", "said"]


@attrs.frozen
class Statement:
    """That `what` is done by `due_us` and not before `earliest_us`."""

    what: str
    earliest_us: int
    due_us: int
    basis: str
    confidence: int | None = None
    stated_via: str | None = None


def foreseen(view: View, case: str, what: str, at_us: int) -> Statement | None:
    """What can be told of a case by itself; None if nothing can be foreseen."""
    course: Course | None = view.stages.course(case)
    if course is None:
        return None
    if what == UPDATE:
        due_us = next_word(view, course, at_us)
        return None if due_us is None else Statement(UPDATE, at_us, due_us, "normal_time")
    found = forecast(view, course, what, at_us)
    if found is None or found.due_us <= at_us:
        return None
    is_told = course.due_us is not None and course.due_us > at_us
    basis = "back_office" if is_told else "normal_time"
    return Statement(what, found.earliest_us, found.due_us, basis, found.confidence)


def said(actor: Actor, what: str, earliest_us: int | None, due_us: int, at_us: int) -> Statement:
    """What somebody told of their own: by an instant, from now on unless they said otherwise."""
    basis = "agent" if actor_kind(actor) in ("agent", "bot") else "back_office"
    return Statement(what, at_us if earliest_us is None else earliest_us, due_us, basis)


def check_may(view: View, command: Command, actor: Actor, own: Statement | None, usual: Statement | None) -> None:
    """Refuse agents what none of their roles lets them promise.

    Args:
        view: the state.
        command: by which they promise it.
        actor: who they are.
        own: what they tell of their own; None if it is what is foreseen.
        usual: what is foreseen; None if nothing is.

    Raises:
        NotPermitted: no role of theirs lets them promise anything, or this.
    """
    roles = granting_roles(view, command, actor)
    if not roles:
        return
    most = max((role.may_promise for role in roles), key=MAY_PROMISE.index)
    kind = type(command).__name__
    if most == "none":
        raise NotPermitted(actor, kind, "no role of theirs may promise anything")
    is_sooner = own is not None and (usual is None or own.due_us < usual.due_us)
    if most == "forecast" and is_sooner:
        raise NotPermitted(actor, kind, "they may promise what is foreseen or later")


def made(view: View, case: str, name: str, told: Statement) -> e.PromiseMade:
    """The event by which a customer is promised something."""
    times = told.earliest_us, told.due_us, told.basis, told.confidence, told.stated_via
    return e.PromiseMade(name, case, view.cases.cases[case].customer, told.what, *times)


def revised(view: View, name: str, told: Statement, reason: str) -> e.PromiseRevised:
    """The event by which a customer is told another time than was promised."""
    row: Promise = view.promises.promises[name]
    case = view.cases.root(row.case)
    of = name, case, view.cases.cases[case].customer, row.what
    times = row.due_us, told.earliest_us, told.due_us, told.basis
    return e.PromiseRevised(*of, *times, row.revisions + 1, reason, told.confidence, told.stated_via)
