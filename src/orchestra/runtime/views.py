"""Cases, interactions and what agents are asked, as callers see them: plain values taken from the state."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from orchestra.engine.cases.state import Case
from orchestra.engine.view import View
from orchestra.model.addresses import Ref

__all__ = ["CaseView", "InteractionView", "asked_of", "case_view", "interaction_view"]


@attrs.frozen
class CaseView:
    """A case as it stood when asked.

    Attributes:
        owner: `agent:ana` or `team:care`: the one accountable.
        participants: customers other than the case's own who wrote or were answered in it.
        interactions: its interactions, oldest first.
        fields: what the application set.
    """

    id: str
    number: str
    state: str
    customer: str
    owner: str
    queue: str
    topic: str | None
    participants: tuple[str, ...]
    interactions: tuple[str, ...]
    fields: Mapping[str, str | int | bool]


@attrs.frozen
class InteractionView:
    """An interaction as it stood when asked.

    Attributes:
        agent: who handles it; None if nobody does.
        position: how many of its queue go before it; None if it does not wait.
        verified: how surely the customer is who they say, as one of the plan's levels.
    """

    id: str
    state: str
    customer: str
    case: str | None
    channel: str
    account: str
    queue: str | None
    agent: str | None
    position: int | None
    verified: str
    fields: Mapping[str, str | int | bool]


def case_view(view: View, name: str | Ref) -> CaseView:
    """The case of an id or reference.

    Raises:
        UnknownId: there is no such case.
    """
    key, row = view.case(name)
    return CaseView(
        key,
        row.number,
        row.state,
        view.identity.root(row.customer),
        f"{row.owner_kind}:{row.owner}",
        row.queue,
        row.topic,
        _others(view, row),
        tuple(row.interactions),
        dict(view.details.fields.get(key, {})),
    )


def _others(view: View, row: Case) -> tuple[str, ...]:
    """The participants who are other people than the case's customer, each once."""
    found = {view.identity.root(name): 1 for name in row.participants}
    found.pop(view.identity.root(row.customer), None)
    return tuple(found)


def interaction_view(view: View, name: str | Ref) -> InteractionView:
    """The interaction of an id or reference.

    Raises:
        UnknownId: there is no such interaction.
    """
    key, row = view.interaction(name)
    place = view.routing.place(key)
    return InteractionView(
        key,
        row.state,
        view.identity.root(row.customer),
        row.case,
        row.channel,
        row.account,
        row.queue,
        row.agent,
        None if place is None else place[0],
        view.identity.verified.get(key, view.plan.identity.levels[0]),
        dict(view.details.fields.get(key, {})),
    )


def asked_of(view: View, agent: str) -> list[tuple[str, str, int]]:
    """What is offered to an agent or asked of them: type of the event that says so, customer, and its token."""
    routing = view.routing
    rings = [(item, item.ringing.get(agent)) for item in map(routing.items.__getitem__, routing.in_hand.get(agent, ()))]
    offers = [("OfferMade", item.customer, routing.offers[offer].token) for item, offer in rings if offer is not None]
    return offers + [("ConsultAsked", row.customer, row.token) for _, row in view.consults.of_consulted(agent)]
