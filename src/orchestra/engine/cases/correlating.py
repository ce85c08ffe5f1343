"""Guessing to which of a customer's open cases a contact belongs, where nothing tells; and what people make of guesses.

Belongs here: which cases are compared, what their scores lead to. Does not: scores (`engine.scores`), certain ways
(`attach`).
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import nlargest
from types import MappingProxyType

import attrs

from orchestra.engine.cases.attach import CORRELATOR
from orchestra.engine.cases.merging import MOST_MERGED, check_movable, merged, moved
from orchestra.engine.cases.state import Suggestion, case_age
from orchestra.engine.section import Steps
from orchestra.engine.view import View
from orchestra.errors import UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.addresses import Ref
from orchestra.model.correlating import ScoredArrival, ScoredCase

__all__ = ["Guess", "accept", "dismiss", "guess", "suggested"]


@attrs.frozen
class Guess:
    """The case that a contact is most probably about; `is_sure` if it joins that."""

    case: str
    score: int
    is_sure: bool


def guess(view: View, event: e.InteractionStarted, at_us: int) -> Guess | None:
    """What the plan's correlator makes of a contact; None if it is a new matter as far as anybody can tell."""
    plan = view.plan.cases
    if event.conversation is None or CORRELATOR not in plan.attach:
        return None
    best, score = None, plan.suggest_at - 1
    for name in _candidates(view, event.customer, plan.candidates):
        rated = view.plans.rating.case(plan.correlator, _scored(view, name, event), _arrival(event, at_us))
        if rated is not None and rated > score:  # of equal ones the newest, which comes first
            best, score = name, rated
    return None if best is None else Guess(best, score, score >= plan.link_at)


def _candidates(view: View, customer: str, most: int) -> list[str]:
    """A person's newest open cases, the newest first."""
    found = [name for one in view.identity.group(customer) for name in view.cases.open_of.get(one, ())]
    return nlargest(most, found, key=case_age) if len(found) > 1 else found


def _scored(view: View, name: str, event: e.InteractionStarted) -> ScoredCase:
    row, members = view.cases.cases[name], view.cases.group(name)
    rows = [view.cases.cases[member] for member in members]
    contacts = view.contacts.interactions
    last = (contacts[one] for one in view.known.contacts_of(view.identity.group(event.customer)))
    fields: dict[str, str | int | bool] = {}
    for member in (name, *members):
        for field, value in view.details.fields.get(member, {}).items():
            fields.setdefault(field, value)
    return ScoredCase(
        name,
        row.state,
        tuple(sorted({one.topic for one in rows if one.topic is not None})),
        row.queue,
        f"{row.owner_kind}:{row.owner}",
        tuple(sorted({contact.channel for contact in last if contact.case in members})),
        tuple(sorted(ref for member in members for ref in view.details.refs_of.get(member, ()))),
        MappingProxyType(fields),
        max(one.touched_us for one in rows),
    )


def _arrival(event: e.InteractionStarted, at_us: int) -> ScoredArrival:
    return ScoredArrival(
        event.interaction,
        event.customer,
        event.channel,
        event.account,
        event.topic,
        event.queue,
        MappingProxyType(event.skills),
        at_us,
    )


def suggested(view: View, event: e.InteractionStarted, guessed: Guess) -> Iterator[e.Event]:
    """Whoever gets the contact is told where it may belong."""
    name = view.plan.cases.correlator
    yield e.CaseSuggested(event.interaction, event.customer, guessed.case, guessed.score, name)


# What people make of it


def _suggestion(view: View, name: str | Ref) -> tuple[str, Suggestion]:
    key, _ = view.interaction(name)
    row = view.cases.suggestions.get(key)
    if row is None:
        raise UnknownId("suggested case of", key)
    return key, row


def accept(view: View, command: c.AcceptCaseSuggestion, at_us: int) -> Steps:
    """Decide that an interaction belongs where it was suggested to."""
    key, row = _suggestion(view, command.interaction)
    target, own = view.cases.root(row.case), view.contacts.interactions[key].case
    assert own is not None  # every interaction has a case from its first batch on
    root = view.cases.root(own)
    if _can_go_along(view, root, target):
        yield from merged(view, root, target, "suggestion")
    else:
        check_movable(view, key)
        yield from moved(view, key, target, "suggestion")
    return view.matter(target)


def _can_go_along(view: View, own: str, target: str) -> bool:
    """Whether all of a case goes where its one interaction goes."""
    members, others = view.cases.group(own), view.cases.group(target)
    is_alone = sum(len(view.cases.cases[name].interactions) for name in members) == 1
    is_same = view.identity.is_same(view.cases.cases[own].customer, view.cases.cases[target].customer)
    return is_alone and is_same and len(members) + len(others) <= MOST_MERGED


def dismiss(view: View, command: c.DismissCaseSuggestion, at_us: int) -> Steps:
    """Decide that an interaction does not belong where it was suggested to."""
    key, row = _suggestion(view, command.interaction)
    customer = view.contacts.interactions[key].customer
    yield e.CaseSuggestionDismissed(key, customer, row.case, command.reason)
    return None
