"""Whether a message of a purpose may go to a customer on a channel."""

from __future__ import annotations

from orchestra.engine.identity.state import consent_key
from orchestra.engine.view import View
from orchestra.model.identity import SERVICE

__all__ = ["is_allowed"]


def is_allowed(view: View, customer: str, channel: str, purpose: str) -> bool:
    """Whether the customer may be sent that.

    Of what was said under one id the latest counts, whether it was about this channel or all of them; where a person
    has several ids, the most restrictive. Without a word from them the plan decides, or that they
    were forgotten once.
    """
    if purpose == SERVICE:
        return True
    said = {_said(view, name, channel, purpose) for name in view.identity.group(customer)} - {None}
    if said:
        return False not in said
    return view.plan.identity.purposes.get(purpose) == "opt_out" and not _is_suppressed(view, customer)


def _is_suppressed(view: View, customer: str) -> bool:
    """Whether somebody with an address of theirs was forgotten, who must not be found on a list again."""
    identity = view.identity
    addresses = (address for name in identity.group(customer) for address in identity.addresses_of.get(name, ()))
    return any(address in identity.suppressed for address in addresses)


def _said(view: View, customer: str, channel: str, purpose: str) -> bool | None:
    keys = (consent_key(customer, None, purpose), consent_key(customer, channel, purpose))
    rows = [row for key in keys if (row := view.identity.consents.get(key)) is not None]
    # Of two statements of one instant the narrower one counts, which comes last.
    return max(enumerate(rows), key=lambda item: (item[1].occurred_us, item[0]))[1].given if rows else None
