"""Who leads an engagement: whoever has had one of its contacts longest."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, islice

from orchestra.engine.view import View

__all__ = ["HELPING", "MOST_LOOKED_AT", "asked_first", "lead", "lead_for", "members_of", "talks_with"]

HELPING = ("together", "link")
"""How a contact goes with that of whoever leads if whoever has it helps them."""

MOST_LOOKED_AT = 50
"""Somebody who sends a thousand mails at once does not make every offer look at a thousand."""


def members_of(view: View, interaction: str) -> Iterable[str]:
    """The contacts that go on with this one, itself among them: the first ones of each of its customer's ids."""
    return _of(view, view.identity.group(view.engagements.members[interaction].customer))


def _of(view: View, ids: Iterable[str]) -> Iterable[str]:
    return islice(chain.from_iterable(map(view.engagements.in_touch, ids)), MOST_LOOKED_AT)


def asked_first(view: View, interaction: str) -> str | None:
    """Who is to be asked first for an interaction: whoever leads, or has had the contact for whose end it waited."""
    member = view.engagements.members.get(interaction)
    if member is not None and member.asked_first is not None:
        return member.asked_first
    return lead_for(view, interaction)


def lead_for(view: View, interaction: str) -> str | None:
    """Who leads, for an interaction that goes together with theirs: they talk with its customer about the same case."""
    member = view.engagements.members.get(interaction)
    if member is None or member.mode not in HELPING:
        return None
    return lead(view, view.identity.group(member.customer))


def talks_with(view: View, ids: Iterable[str]) -> str | None:
    """The contact on a live channel in which a person talks with a customer now; None if nobody does."""
    rows = view.contacts.interactions
    for interaction in _of(view, ids):
        row = rows[interaction]
        if row.live and row.agent is not None and row.agent not in view.bots.bots:
            return interaction
    return None


def lead(view: View, ids: Iterable[str]) -> str | None:
    """The person who has had one of a customer's contacts longest; None if nobody has any, or just a bot."""
    first: tuple[int, str] | None = None
    for interaction in _of(view, ids):
        agent = view.contacts.interactions[interaction].agent
        since = view.engagements.members[interaction].since
        if agent is not None and agent not in view.bots.bots and (first is None or since < first[0]):
            first = since, agent
    return None if first is None else first[1]
