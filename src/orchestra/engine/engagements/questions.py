"""One place in the queues for one matter: what waits twice is linked, so that one answer serves both.

Belongs here: which contacts ask the same, which of them keeps its place, and what becomes of the others. Does not: how
the one that is kept is answered (`routing`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from orchestra.engine.deliveries.planning import point
from orchestra.engine.engagements.leading import members_of
from orchestra.engine.routing.offers import end_all
from orchestra.engine.routing.steps import queue_as_before
from orchestra.engine.view import View
from orchestra.model import events as e

__all__ = ["age_of_place", "discharged", "give_place", "keep_one", "link", "may_be_linked", "released", "unlink"]

_WAITING = ("QUEUED", "OFFERED", "DEFERRED")
_GIVEN = ("QUEUED", "OFFERED")
_PLACES = ("QUEUED", "OFFERED", "CONNECTING")
_LONGEST = 1 << 62


def may_be_linked(view: View, interaction: str) -> bool:
    """Whether a contact waits for somebody to answer it, in a queue or until another one is over."""
    return view.contacts.interactions[interaction].state in _WAITING and interaction in view.engagements.members


def _others(view: View, interaction: str) -> Iterable[str]:
    """The other contacts of the person in the same case that share a place with this one, and wait."""
    member = view.engagements.members.get(interaction)
    if member is None or member.engagement is None or member.is_apart:
        return []
    rows = view.contacts.interactions
    cases = view.cases.group(rows[interaction].case or "")
    return [
        other
        for other in members_of(view, interaction)
        if other != interaction
        and rows[other].case in cases
        and not view.engagements.members[other].is_apart
        and rows[other].state in _PLACES
        and _share(view, other, interaction)
    ]


def _share(view: View, one: str, other: str) -> bool:
    """Whether both go together: as it was found when the later one came, and as the plan has it for their channels."""
    rows, members = view.contacts.interactions, view.engagements.members
    first, second = sorted((one, other), key=lambda name: members[name].began)
    mode = view.plan.engagements.mode(rows[first].channel, rows[second].channel)
    return members[second].mode == mode == "together"


def age_of_place(view: View, interaction: str) -> int | None:
    """Since when somebody who comes on another channel has waited in the same matter; None if they have not."""
    return min((view.routing.items[other].start_us for other in _others(view, interaction)), default=None)


def keep_one(view: View, interaction: str) -> Iterator[e.Event]:
    """Of two contacts that wait for one answer the one that will have it first keeps its place."""
    if not may_be_linked(view, interaction):
        return
    for other in _others(view, interaction):
        kept, linked = sorted((interaction, other), key=lambda name: _answered_at(view, name))
        yield from link(view, linked, kept, "place")
        if linked == interaction:
            return


def _answered_at(view: View, interaction: str) -> tuple[bool, bool, bool, bool, int, int]:
    """When a contact will be answered, as far as that can be told, least first.

    Where nothing can be sent nobody is answered. One whose agent is being connected goes before one that rings, and
    that before all others; whoever is on the line is not sent away for something that is written.
    """
    place = view.routing.place(interaction)
    wait_us = None if place is None else place[1]
    is_ringing = bool(view.routing.items[interaction].ringing)
    row = view.contacts.interactions[interaction]
    began = view.engagements.members[interaction].began
    is_down = view.outages.is_down(row.channel, row.account)
    wait_us = _LONGEST if wait_us is None else wait_us
    return is_down, row.state != "CONNECTING", not is_ringing, not row.live, wait_us, began


def give_place(view: View, interaction: str) -> Iterator[e.Event]:
    """A contact waits where nothing can be sent any more: one that is linked to it and can be answered has its place.

    Of several it is the one that is answered first. An agent who is being connected goes on with what they have.
    """
    rows = view.contacts.interactions
    there = [one for one in view.engagements.linked_to(interaction) if _can_be_answered(view, one)]
    if not there or rows[interaction].state not in _GIVEN:
        return
    to = min(there, key=lambda name: _answered_at(view, name))
    yield from unlink(view, to, "channel down")
    to = view.engagements.linked.get(to, to)  # at once, where another in its own matter is answered sooner
    # Else people linked what does not go together by itself.
    if to != interaction and rows[to].state in _PLACES and rows[interaction].state in _GIVEN:
        yield from link(view, interaction, to, "asked")


def _can_be_answered(view: View, linked: str) -> bool:
    """Whether something can be sent where a linked contact came, and its queue is open."""
    row, item = view.contacts.interactions[linked], view.routing.items[linked]
    return not view.outages.is_down(row.channel, row.account) and not view.routing.is_shut(item.queue, item.first)


def link(view: View, interaction: str, to: str, by: str) -> Iterator[e.Event]:
    """Take a contact out of its queue: the answer to the other one is its answer, too; and so for what it has taken."""
    customer = view.contacts.interactions[interaction].customer
    yield from end_all(view, interaction, "withdraw", f"linked to {to}")
    yield e.QuestionLinked(interaction, customer, to, by)
    for other in view.engagements.linked_to(interaction):
        yield e.QuestionLinked(other, view.contacts.interactions[other].customer, to, by)


def unlink(view: View, interaction: str, reason: str) -> Iterator[e.Event]:
    """A contact has a place of its own again, as old as it was."""
    yield e.QuestionUnlinked(interaction, view.routing.items[interaction].customer, reason)
    yield queue_as_before(view, interaction, "unlinked")


def released(view: View, interaction: str, reason: str) -> Iterator[e.Event]:
    """What was linked to a contact that ended without an answer waits again, in one place."""
    first, *others = view.engagements.linked_to(interaction)
    yield from unlink(view, first, reason)
    for other in others:
        if view.contacts.interactions[first].state in _PLACES:
            yield e.QuestionLinked(other, view.contacts.interactions[other].customer, first, "place")
        else:  # it was turned away, as its queue has closed
            yield from unlink(view, other, reason)


def discharged(view: View, interaction: str, at_us: int) -> Iterator[e.Event]:
    """One answer is the answer to all: each is told so where it was asked, if the plan has a text for that."""
    for other in view.engagements.linked_to(interaction):
        if not view.logs.importing:  # who was answered years ago was told
            yield from point(view, other, at_us)
        yield e.QuestionAnswered(other, view.contacts.interactions[other].customer, interaction)
