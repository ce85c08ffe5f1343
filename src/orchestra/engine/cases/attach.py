"""Which case a contact belongs to, asked in the plan's order."""

from __future__ import annotations

from collections.abc import Callable

from orchestra.engine.cases.state import Case
from orchestra.engine.view import View
from orchestra.model import events as e
from orchestra.model.structure import microseconds

__all__ = ["find_case", "has_part"]


def find_case(view: View, event: e.InteractionStarted, at_us: int) -> tuple[str, str] | None:
    """The case this contact belongs to, and what told so; None if it is a new matter."""
    if event.conversation is None:
        case = view.work.items[event.interaction].case
        return None if case is None else (case, "work_item")
    if event.reply_case is not None and view.logs.importing and event.reply_case in view.cases.cases:
        return event.reply_case, "import"
    for way in view.plan.cases.attach:
        case = _WAYS[way](view, event, at_us)
        if case is not None:
            return case, way
    return None


def _by_thread(view: View, event: e.InteractionStarted, at_us: int) -> str | None:
    assert event.conversation is not None  # `find_case` has seen to work items
    conversation = view.contacts.conversations[event.conversation]
    case = conversation.case
    if case is None or not _reachable(view, case, at_us):
        return None
    return case if conversation.has_thread or _goes_on(view, case, event.topic) else None


def _goes_on(view: View, case: str, topic: str | None) -> bool:
    """Whether people who come back without a thread go on with the case: not if it is closed or another matter."""
    row = view.cases.cases[case]
    return row.state != "CLOSED" and (topic is None or row.topic is None or topic == row.topic)


def _by_token(view: View, event: e.InteractionStarted, at_us: int) -> str | None:
    case = event.reply_case
    return case if case in view.cases.cases and _reachable(view, case, at_us) else None


def _by_number(view: View, event: e.InteractionStarted, at_us: int) -> str | None:
    """A number can be guessed, so it counts only for people who are already in the case."""
    case = view.cases.by_number.get(event.case_number or "")
    if case is None or not _reachable(view, case, at_us):
        return None
    row: Case = view.cases.cases[case]
    return case if has_part(view, row, event.customer) else None


def _by_topic(view: View, event: e.InteractionStarted, at_us: int) -> str | None:
    if event.topic is None:
        return None
    return view.cases.newest_open(view.identity.group(event.customer), event.topic)


def has_part(view: View, case: Case, customer: str) -> bool:
    """Whether a person, under any of their ids, is the case's customer or one of its participants."""
    return any(name == case.customer or name in case.participants for name in view.identity.group(customer))


def _reachable(view: View, case: str, at_us: int) -> bool:
    """Whether a contact may still join the case: it is not closed, or not for too long."""
    row, within = view.cases.cases[case], view.plan.cases.reopen_within
    return row.closed_us is None or within is None or at_us - row.closed_us <= microseconds(within)


_WAYS: dict[str, Callable[[View, e.InteractionStarted, int], str | None]] = {
    "thread": _by_thread,
    "reply_token": _by_token,
    "case_number": _by_number,
    "customer_topic": _by_topic,
}
