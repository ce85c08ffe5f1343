"""Ending what rings for an interaction, for the sections that end the interaction itself."""

from __future__ import annotations

from collections.abc import Iterator

from orchestra.engine.lifecycle import OFFER
from orchestra.engine.routing.rows import Item
from orchestra.engine.view import View
from orchestra.model import events as e

__all__ = ["end", "end_all"]


def end(view: View, offer: str, trigger: str, reason: str | None) -> e.OfferEnded:
    """The event that ends this open offer by a trigger of the offer's table."""
    row = view.routing.offers[offer]
    outcome = OFFER.step(offer, row.state, trigger)
    customer = view.routing.items[row.interaction].customer
    return e.OfferEnded(offer, row.interaction, customer, row.agent, outcome, reason)


def end_all(view: View, interaction: str, trigger: str, reason: str | None) -> Iterator[e.Event]:
    """End all of the interaction's open offers, oldest first."""
    item = view.routing.items.get(interaction)
    for offer in [] if item is None else _by_age(view, item):
        yield end(view, offer, trigger, reason)


def _by_age(view: View, item: Item) -> list[str]:
    return sorted(item.ringing.values(), key=lambda offer: view.routing.offers[offer].token)
