"""Which case a contact belongs to, asked in the plan's order."""

from __future__ import annotations

from collections.abc import Callable

from orchestra.engine.cases.state import case_age
from orchestra.engine.engagements.leading import members_of
from orchestra.engine.invitations.proving import invited_case
from orchestra.engine.view import View
from orchestra.model import events as e
from orchestra.model.structure import microseconds

__all__ = ["CORRELATOR", "find_case", "find_followed", "has_part"]

CORRELATOR = "correlator"
"""The way that guesses, where no other tells."""


def find_case(view: View, event: e.InteractionStarted, at_us: int) -> tuple[str, str] | None:
    """The case this contact belongs to, and what told so; None if it is a new matter."""
    if event.conversation is None:
        case = view.work.items[event.interaction].case
        return None if case is None else (case, "work_item")
    if event.reply_case is not None and view.logs.importing and event.reply_case in view.cases.cases:
        return event.reply_case, "import"
    if event.invitation is not None and "reply_token" in view.plan.cases.attach:
        # It names the matter, where a conversation only tells what was last talked about in it.
        invited = invited_case(view, event)
        if invited is not None and _reachable(view, invited, at_us):
            return invited, "reply_token"
    for way in view.plan.cases.attach:
        if way == CORRELATOR:  # the last, which may also only suggest
            return None
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
    topics = {view.cases.cases[name].topic for name in view.cases.group(case)}
    return view.cases.row(case).state != "CLOSED" and (topic is None or None in topics or topic in topics)


def _by_token(view: View, event: e.InteractionStarted, at_us: int) -> str | None:
    case = event.reply_case
    return case if case in view.cases.cases and _reachable(view, case, at_us) else None


def _by_number(view: View, event: e.InteractionStarted, at_us: int) -> str | None:
    """A number can be guessed, so it counts only for people who are already in the case."""
    case = view.cases.by_number.get(event.case_number or "")
    if case is None or not _reachable(view, case, at_us):
        return None
    return case if has_part(view, case, event.customer) else None


def _by_engagement(view: View, event: e.InteractionStarted, at_us: int) -> str | None:
    """Whoever is on a line already, in touch about one matter that this can be about as well, goes on with that.

    Of two mails that wait for an answer neither tells what the other is about.
    """
    others = [one for one in members_of(view, event.interaction) if one != event.interaction]
    rows = view.contacts.interactions
    if not any(rows[one].live for one in others):
        return None
    cases = {case for one in others if (case := rows[one].case) is not None and _goes_on(view, case, event.topic)}
    if len({view.cases.root(case) for case in cases}) != 1:
        return None
    return max(cases, key=case_age)


def _by_topic(view: View, event: e.InteractionStarted, at_us: int) -> str | None:
    if event.topic is None:
        return None
    case = view.cases.newest_open(view.identity.group(event.customer), event.topic)
    return case if case is not None and _is_recent(view, case, at_us) else None


def _is_recent(view: View, case: str, at_us: int) -> bool:
    """Whether a contact about the same topic is about the same matter: one came lately, or goes on."""
    within, members = view.plan.cases.topic_window, view.cases.group(case)
    if within is None or any(name in view.contacts.open_in_case for name in members):
        return True
    return at_us - max(view.cases.cases[name].touched_us for name in members) <= microseconds(within)


def has_part(view: View, case: str, customer: str) -> bool:
    """Whether a person, under any of their ids, is the customer of a matter or one of its participants."""
    rows = [view.cases.cases[name] for name in view.cases.group(case)]
    ids = view.identity.group(customer)
    return any(name == row.customer or name in row.participants for name in ids for row in rows)


def _reachable(view: View, case: str, at_us: int) -> bool:
    """Whether a contact may still join the case: it is not closed, or not for too long."""
    row, within = view.cases.row(case), view.plan.cases.reopen_within
    return row.closed_us is None or within is None or at_us - row.closed_us <= microseconds(within)


def find_followed(view: View, event: e.InteractionStarted) -> str | None:
    """The case that a new one follows: it was replied to, and has been closed for too long to be joined."""
    if event.conversation is None:
        return None
    ways, talk = view.plan.cases.attach, view.contacts.conversations[event.conversation]
    named = [talk.case if "thread" in ways and talk.has_thread else None]
    if event.reply_case is not None and "reply_token" in ways:
        named.append(event.reply_case)
    if event.case_number is not None and "case_number" in ways:
        number = view.cases.by_number.get(event.case_number)
        named.append(number if number is not None and has_part(view, number, event.customer) else None)
    return next((view.cases.root(case) for case in named if case in view.cases.cases), None)


_WAYS: dict[str, Callable[[View, e.InteractionStarted, int], str | None]] = {
    "thread": _by_thread,
    "reply_token": _by_token,
    "case_number": _by_number,
    "engagement": _by_engagement,
    "customer_topic": _by_topic,
}
