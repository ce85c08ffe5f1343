"""Ending the pending offer of an interaction, for the sections that end the interaction itself."""

from __future__ import annotations

from collections.abc import Iterator

from orchestra.engine.lifecycle import OFFER
from orchestra.engine.view import View
from orchestra.model import events as e

__all__ = ["end", "end_pending"]


def end(view: View, offer: str, trigger: str, reason: str | None) -> e.OfferEnded:
    """The event that ends this pending offer by a trigger of the offer's table."""
    row = view.routing.offers[offer]
    outcome = OFFER.step(offer, row.state, trigger)
    customer = view.routing.items[row.interaction].customer
    return e.OfferEnded(offer, row.interaction, customer, row.agent, outcome, reason)


def end_pending(view: View, interaction: str, trigger: str, reason: str | None) -> Iterator[e.Event]:
    """End the interaction's pending offer, if it has one."""
    item = view.routing.items.get(interaction)
    if item is not None and item.state == "OFFERED":
        yield end(view, item.offers[-1], trigger, reason)
