"""Where a person may be written to: the conversations in which they wrote before, the best first."""

from __future__ import annotations

from collections.abc import Sequence

from orchestra.engine.identity.undeliverable import is_given_up
from orchestra.engine.view import View

__all__ = ["UNLISTED", "conversations_of", "is_theirs", "places"]

UNLISTED = 1 << 30
"""The place of a channel that a customer has not named among those that they prefer."""


def places(view: View, customer: str) -> dict[str, int]:
    """Channel -> its place among those that a person prefers."""
    return {channel: place for place, channel in enumerate(view.identity.preferred(customer))}


def conversations_of(view: View, case: str | None, ids: Sequence[str]) -> list[str]:
    """Where a person may be written to, the best first: as they prefer, else where they are, or wrote last.

    Only where anybody wrote before, which tells that the channel can, and to addresses that are still theirs and at
    which they can be reached: who was taken for them once may have been in the conversation in which they are known to
    have been.
    """
    rows, talks = view.contacts.interactions, view.contacts.conversations
    found = {
        name
        for member in (() if case is None else view.cases.group(case))
        for one in ids
        for channel in view.plan.channels
        if (name := view.contacts.newest.get((member, one, channel))) is not None
    }
    found.update(name for name in view.known.contacts_of(ids) if rows[name].channel in view.plan.channels)
    preferred = places(view, ids[0])
    order = sorted(
        found,
        key=lambda name: (
            preferred.get(rows[name].channel, UNLISTED),
            rows[name].live and not rows[name].is_open,  # whoever has left a line is not there
            -int(name[2:]),
        ),
    )
    named = (rows[name].conversation for name in order)
    talked = [one for one in dict.fromkeys(named) if one is not None and talks[one].messages]
    theirs = [one for one in talked if talks[one].customer in ids and is_theirs(view, one)]
    return [one for one in theirs if not is_given_up(view, one)]


def is_theirs(view: View, conversation: str) -> bool:
    """Whether who is written to there is still known by that address; not if whoever had it was forgotten."""
    address = view.contacts.conversations[conversation].address
    if address not in view.identity.suppressed:
        return True
    holder = view.identity.holder(address)
    return holder is not None and view.identity.is_same(holder, view.contacts.conversations[conversation].customer)
