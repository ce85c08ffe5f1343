"""What a token that comes back proves: which case whoever comes with it was shown it for; never who they are."""

from __future__ import annotations

from orchestra.engine.invitations.state import Invitation
from orchestra.engine.view import View
from orchestra.model import events as e

__all__ = ["invited_case", "named", "takes_up"]


def named(view: View, event: e.InteractionStarted) -> Invitation | None:
    """The invitation that a contact names, if that is open and for its channel."""
    row = view.invitations.invitations.get(event.invitation or "")
    return row if row is not None and row.taken_by is None and row.channel == event.channel else None


def takes_up(view: View, event: e.InteractionStarted, row: Invitation) -> bool:
    """Whether it is the one who was invited that comes, as far as anybody knows: themself, or nobody known yet."""
    ids = view.identity.group(event.customer)
    return view.identity.is_same(event.customer, row.customer) or len(view.known.contacts_of(ids)) == 1


def invited_case(view: View, event: e.InteractionStarted) -> str | None:
    """The case for which whoever comes was invited; None if the contact names no invitation of theirs."""
    row = named(view, event)
    return row.case if row is not None and takes_up(view, event, row) else None
