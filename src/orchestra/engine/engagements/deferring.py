"""Contacts that wait until the agent who leads is done with another contact of their customer.

Belongs here: which contact waits for which, and when it waits no longer. Does not: to whom it is offered then
(`routing`).
"""

from __future__ import annotations

from collections.abc import Iterator

from orchestra.engine.engagements.leading import MOST_LOOKED_AT, members_of
from orchestra.engine.routing.steps import queue_as_before
from orchestra.engine.view import View
from orchestra.model import events as e
from orchestra.model.structure import microseconds

__all__ = ["COMES", "defer", "no_longer", "over", "until_over"]

COMES = ("arrived", "overflowed", "resumed")
"""Why a contact queues whose customer has just come; what has waited in the queues before is not put off."""


def defer(view: View, event: e.InteractionQueued, at_us: int) -> e.ContactDeferred | None:
    """The event by which a contact that comes waits for another one to be over; None if it does not."""
    own, name = view.engagements, event.interaction
    member = own.members.get(name)
    if member is None or member.mode != "defer" or member.was_deferred or event.reason not in COMES:
        return None
    # What moves on from another queue may be waited for itself by now.
    to = None if view.logs.importing or own.deferred_to(name) else _first(view, name)
    if to is None:
        return None
    return e.ContactDeferred(name, event.customer, to, at_us + microseconds(view.plan.engagements.defer_for))


def _first(view: View, name: str) -> str | None:
    """The oldest contact about the same case for whose end a contact is to wait; never one that waits itself."""
    own, rows, mode = view.engagements, view.contacts.interactions, view.plan.engagements.mode
    cases, comes = view.cases.group(rows[name].case or ""), rows[name].channel
    there = (
        other
        for other in members_of(view, name)
        if other != name
        and other not in own.deferred
        and other not in own.linked
        and rows[other].case in cases
        and mode(rows[other].channel, comes) == "defer"
    )
    to = min(there, key=lambda other: own.members[other].began, default=None)
    # What waits for one contact comes to the queues in one batch when that is over: there are never very many.
    return None if to is None or len(own.deferred_to(to)) >= MOST_LOOKED_AT else to


def no_longer(view: View, name: str, reason: str, agent: str | None = None) -> Iterator[e.Event]:
    """A contact waits no longer for another to be over: it has a place in its queue, as old as it is."""
    item = view.routing.items[name]
    first = None if agent in view.bots.bots else agent
    yield e.DeferralEnded(name, item.customer, reason, first)
    yield queue_as_before(view, name, "deferral_over")


def over(view: View, to: str, agent: str | None) -> Iterator[e.Event]:
    """A contact is over: what waited for that is asked of whoever had it first."""
    for name in view.engagements.deferred_to(to):
        yield from no_longer(view, name, "lead_done", agent)


def until_over(view: View, name: str, at_us: int) -> Iterator[e.Event]:
    """It has waited for the other one as long as the plan allows."""
    yield from no_longer(view, name, "too_long")
