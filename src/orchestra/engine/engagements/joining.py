"""Contacts that are answered with another one as the plan has it, as what is written in public by a caller.

Belongs here: which contact a new one is linked to as its channel says. Does not: what is linked since it waits twice
(`questions`), and what its customer is told (`telling`).
"""

from __future__ import annotations

from collections.abc import Iterator

from orchestra.engine.engagements.deferring import COMES
from orchestra.engine.engagements.leading import MOST_LOOKED_AT, members_of
from orchestra.engine.engagements.questions import link
from orchestra.engine.view import View
from orchestra.model import events as e

__all__ = ["asks_the_same", "is_joined"]


def is_joined(view: View, event: e.InteractionQueued) -> bool:
    """Whether a contact that comes is to be linked to one that is there, as the plan has it for their channels."""
    member = view.engagements.members.get(event.interaction)
    if member is None or member.mode != "link" or member.is_apart or event.reason not in COMES:
        return False
    return not view.logs.importing and _first(view, event.interaction) is not None


def asks_the_same(view: View, interaction: str) -> Iterator[e.Event]:
    """Link a contact to the oldest one about the same case with whose answer it is answered."""
    to = _first(view, interaction)
    if to is not None and not view.engagements.members[interaction].is_apart:
        yield from link(view, interaction, to, "pair")


def _first(view: View, name: str) -> str | None:
    own, rows, mode = view.engagements, view.contacts.interactions, view.plan.engagements.mode
    cases, comes = view.cases.group(rows[name].case or ""), rows[name].channel
    there = (
        other
        for other in members_of(view, name)
        if other != name
        and other not in own.linked
        and rows[other].case in cases
        and mode(rows[other].channel, comes) == "link"
    )
    to = min(there, key=lambda other: own.members[other].began, default=None)
    # What is answered with one contact is over in one batch with it: there are never very many.
    return None if to is None or len(own.linked_to(to)) >= MOST_LOOKED_AT else to
