"""Having the application's own actions done: once per key, tried until they end, at least once.

Belongs here: when an attempt may begin, and what follows from its outcome. Does not: calling functions (`runtime`).
"""

from __future__ import annotations

from collections.abc import Iterator

from orchestra.engine.actions.state import DUE, EVOLVE, Requested, Requests
from orchestra.engine.contacts.intake import check_id
from orchestra.engine.lifecycle import ACTION
from orchestra.engine.section import Section, Steps
from orchestra.engine.view import View
from orchestra.errors import Fault, InvalidCommand, NotAllowedInState, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.results import ActionAsked
from orchestra.model.structure import microseconds

__all__ = ["SECTION", "unregistered"]

_MOST_VALUES = 50
_LONGEST_VALUE = 2_000
_OUTCOMES = ("done", "retry", "failed")


def unregistered(view: View) -> list[Fault]:
    """Actions that are still to be done and that this process, which should know all of them, does not."""
    known, users = view.plans.actions, dict[str, str]()
    for name in view.actions.open if known.is_complete else ():
        users.setdefault(view.actions.requests[name].action, name)
    return [
        Fault(f"actions.{action}", f"is not registered, and {user} needs it")
        for action, user in sorted(users.items())
        if action not in known.names
    ]


def _request(view: View, command: c.RequestAction, at_us: int) -> Steps:
    check_id("key", command.key)
    known = view.actions.by_key.get((command.action, command.key))
    if known is not None:
        return _same(view, known, command)
    if command.action not in view.plans.actions.names:
        raise UnknownId("action", command.action)
    _check_values(command.values)
    about = _about(view, command)
    name = view.actions.next_request()
    yield e.ActionRequested(name, command.action, command.key, dict(sorted(command.values.items())), *about)
    return ActionAsked(name)


def _about(view: View, command: c.RequestAction) -> tuple[str | None, str | None, str | None]:
    """Whose matter it is, its case and its interaction, as far as they are told or follow from each other."""
    customer = None if command.customer is None else view.customer(command.customer)[0]
    case = None if command.case is None else view.case(command.case)[0]
    interaction = None if command.interaction is None else view.interaction(command.interaction)[0]
    if interaction is not None and case is None:
        case = view.contacts.interactions[interaction].case
    if case is not None and customer is None:
        customer = view.cases.cases[case].customer
    return customer, case, interaction


def _check_values(values: dict[str, str | int | bool]) -> None:
    if len(values) > _MOST_VALUES:
        raise InvalidCommand("values", f"at most {_MOST_VALUES}")
    for name, value in values.items():
        if isinstance(value, str) and len(value) > _LONGEST_VALUE:
            raise InvalidCommand(f"values.{name}", f"must be at most {_LONGEST_VALUE} characters")


def _same(view: View, known: str, command: c.RequestAction) -> ActionAsked:
    row = view.actions.requests[known]
    if row.values != command.values:
        raise InvalidCommand("key", f"{command.key!r} was used for another request: {known}")
    return ActionAsked(known, duplicate=True)


def _row(view: View, name: str) -> Requested:
    row = view.actions.requests.get(name)
    if row is None:
        raise UnknownId("request", name)
    return row


def _start(view: View, command: c.StartAction, at_us: int) -> Steps:
    row = _row(view, command.request)
    ACTION.step(command.request, row.state, "start")
    if command.attempt != row.attempts + 1:
        raise InvalidCommand("attempt", f"the next one is {row.attempts + 1}")
    yield e.ActionStarted(command.request, row.action, command.attempt, command.epoch, row.customer, row.case)
    return None


def _record(view: View, command: c.RecordAction, at_us: int) -> Steps:
    name, row = command.request, _row(view, command.request)
    if command.outcome not in _OUTCOMES:
        raise InvalidCommand("outcome", f"must be one of {', '.join(_OUTCOMES)}")
    if row.state != "STARTED" or command.attempt != row.attempts:
        raise NotAllowedInState(name, f"{row.state} at attempt {row.attempts}", "record_action")
    _check_values(command.values)
    if command.outcome == "done":
        values = dict(sorted(command.values.items()))
        yield e.ActionDone(name, row.action, row.attempts, values, row.customer, row.case)
    elif command.outcome == "retry" and row.attempts < view.plan.actions.attempts:
        yield _again(view, name, row, command.code, at_us)
    else:
        yield e.ActionFailed(name, row.action, row.attempts, row.customer, row.case, command.code)
    return None


def _again(view: View, name: str, row: Requested, code: str | None, at_us: int) -> e.ActionRetried:
    """Another attempt after a full-jitter back-off (Brooker 2015, "Exponential Backoff And Jitter")."""
    limits = view.plan.actions
    ceiling = min(
        microseconds(limits.longest_retry),
        microseconds(limits.first_retry) << min(row.attempts - 1, 40),
    )
    wait_us = view.draw(ceiling + 1, "action", name, row.attempts)
    return e.ActionRetried(name, row.action, row.attempts, at_us + wait_us, row.customer, row.case, code)


def _recover(view: View, command: c.RecoverAction, at_us: int) -> Steps:
    name, row = command.request, _row(view, command.request)
    if row.state != "STARTED" or row.epoch >= command.epoch:
        raise NotAllowedInState(name, f"{row.state} in epoch {row.epoch}", "recover")
    if row.attempts < view.plan.actions.attempts:
        yield _again(view, name, row, "owner_lost", at_us)
    else:
        yield e.ActionUnknown(name, row.action, row.attempts, row.customer, row.case)
    return None


def _cancel(view: View, command: c.CancelAction, at_us: int) -> Steps:
    row = _row(view, command.request)
    ACTION.step(command.request, row.state, "cancel")
    yield e.ActionCanceled(command.request, row.action, command.reason, row.customer, row.case)
    return None


def _due(view: View, name: str, at_us: int) -> Iterator[e.Event]:
    row = view.actions.requests[name]
    yield e.ActionDue(name, row.action, row.customer, row.case)


SECTION = Section(
    "actions",
    Requests,
    {
        c.RequestAction: _request,
        c.StartAction: _start,
        c.RecordAction: _record,
        c.RecoverAction: _recover,
        c.CancelAction: _cancel,
    },
    EVOLVE,
    timers={DUE: _due},
)
