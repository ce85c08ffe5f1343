"""Cases, interactions and what agents are asked, as callers see them: plain values taken from the state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from heapq import nsmallest

import attrs

from orchestra.engine.cases.state import NO_PART
from orchestra.engine.engagements.leading import lead
from orchestra.engine.identity.state import Merge, consent_key
from orchestra.engine.quiet_hours import zones_of
from orchestra.engine.view import View
from orchestra.errors import UnknownId
from orchestra.model.addresses import Ref
from orchestra.model.instants import instant
from orchestra.model.results import CaseRef
from orchestra.runtime.readers import Withheld

__all__ = [
    "CaseView",
    "ConsentView",
    "CustomerView",
    "EngagementView",
    "InteractionView",
    "MergeView",
    "ParticipantView",
    "RequestView",
    "asked_of",
    "case_fields",
    "case_view",
    "customer_view",
    "engagement_view",
    "fields_of",
    "interaction_view",
    "participants_of",
    "suggested_case_of",
    "suggested_of",
]


_MOST_TOLD = 20


@attrs.frozen
class ParticipantView:
    """Somebody who has a part in a case.

    Attributes:
        id: the customer id that stands for them.
        role: as which they take part; None if nobody said.
        acts: whether they act for the case's customer.
    """

    id: str
    role: str | None = None
    acts: bool = False


@attrs.frozen
class CaseView:
    """A case as it stood when asked.

    Attributes:
        owner: `agent:ana` or `team:care`: the one accountable.
        participants: people other than the case's customer who have a part in it.
        interactions: its interactions, oldest first.
        fields: what the application set.
        merged: cases that were merged and go on as this one, oldest first; all else counts what is theirs.
        follows: the case that this one follows, which had been closed for too long when the customer replied to it.
        split_from: the case that this one was part of.

    Where the reader is shown no more than that there is such a case, a mark that says why stands instead.
    """

    id: str
    number: str
    state: str
    customer: str
    owner: str | Withheld
    queue: str
    topic: str | Withheld | None
    participants: tuple[ParticipantView, ...]
    interactions: tuple[str, ...]
    fields: Mapping[str, str | int | bool | Withheld]
    merged: tuple[str, ...] = ()
    follows: str | None = None
    split_from: str | None = None


@attrs.frozen
class InteractionView:
    """An interaction as it stood when asked.

    Attributes:
        agent: who handles it; None if nobody does.
        position: how many of its queue go before it; None if it does not wait.
        verified: how surely the customer is who they say, as one of the plan's levels.
        suggested_case: where it may belong, for somebody to look at.

    Where the reader is shown no more than that there is such an interaction, a mark that says why stands instead.
    """

    id: str
    state: str
    customer: str
    case: str | None
    channel: str
    account: str
    queue: str | None
    agent: str | Withheld | None
    position: int | None
    verified: str
    fields: Mapping[str, str | int | bool | Withheld]
    suggested_case: CaseRef | None = None


@attrs.frozen
class RequestView:
    """A request for one of the application's own actions.

    Attributes:
        state: `READY`, `WAITING` (for its next attempt), `STARTED`, `DONE`, `FAILED`, `UNKNOWN` or `CANCELED`.
        attempts: how many have begun.
        values: what was asked for.
    """

    id: str
    action: str
    key: str
    state: str
    attempts: int
    customer: str | None
    case: str | None
    interaction: str | None
    values: Mapping[str, str | int | bool]


def request_view(view: View, name: str) -> RequestView:
    """The view of a request.

    Raises:
        UnknownId: there is no such request.
    """
    row = view.actions.requests.get(name)
    if row is None:
        raise UnknownId("request", name)
    about = row.customer, row.case, row.interaction
    return RequestView(name, row.action, row.key, row.state, row.attempts, *about, dict(row.values))


@attrs.frozen
class EngagementView:
    """A customer who is in touch, as it stood when asked.

    Attributes:
        id: of the engagement.
        version: to be given as `seen` with commands that are right only as long as nothing more happens.
        lead: the agent who leads; None if nobody has any of it in hand.
        members: interaction -> how it goes with the others: `first`, `together`, `defer` or `separate`.
        linked: interaction -> the one whose answer it waits for.
        deferred: interaction -> the one for whose end it waits.
        tell_now: deliveries that are held while somebody talks with the customer, oldest first, then notices that are
            held; at most twenty.

    Where the reader is shown no more than that there is something, a mark that says why stands instead.
    """

    id: str
    version: int
    lead: str | Withheld | None
    members: Mapping[str, str | Withheld]
    linked: Mapping[str, str]
    tell_now: tuple[str, ...]
    deferred: Mapping[str, str] = attrs.field(factory=dict)


def held_for(view: View, ids: Iterable[str]) -> tuple[str, ...]:
    """What the application sends a customer by itself, and is held since somebody talks with them: the oldest.

    Notices, whatever holds them, come after messages.
    """
    people = tuple(ids)
    found: list[str] = []
    for held in (view.deliveries.hushed, view.notices.held):
        names = (name for customer in people for name in held.get(customer, ()))
        found += nsmallest(_MOST_TOLD - len(found), names, key=lambda name: int(name[2:]))
    return tuple(found)


def engagement_view(view: View, name: str | Ref) -> EngagementView | None:
    """What the customer of an id or reference is in touch with; None if they are not.

    Raises:
        UnknownId: there is no such customer.
    """
    ids = view.identity.group(view.customer(name)[0])
    found = view.engagements.by(ids)
    if not found:
        return None
    rows = view.engagements
    members = {name: rows.members[name].mode for name in rows.of(ids)}
    linked = {name: rows.linked[name] for name in members if name in rows.linked}
    deferred = {name: rows.deferred[name].to for name in members if name in rows.deferred}
    version = view.engagements.changes_of(found[0])[-1][0]
    return EngagementView(found[0], version, lead(view, ids), members, linked, held_for(view, ids), deferred)


@attrs.frozen
class MergeView:
    """A merge that holds: `other` is an alias of `customer`. `link` names it for `SplitCustomers`."""

    link: str
    customer: str
    other: str
    evidence: str
    confidence: int
    since: datetime


@attrs.frozen
class ConsentView:
    """What a customer said last about a purpose, on a channel or, if that is None, on all of them."""

    purpose: str
    channel: str | None
    given: bool
    occurred: datetime


@attrs.frozen
class CustomerView:
    """A customer as they stood when asked.

    Attributes:
        id: the id that stands for them.
        ids: all their ids, the oldest first.
        addresses: kind of address -> how many of it they are known by.
        merges: what made their ids one person's.
        suggested: others who may be the same person.
        consents: what they said, under all their ids.
        preferred: channels on which they would rather be written to, the dearest first.
        language: in which they want to be addressed; None if that is not known.
        form: of address, that they want; None if that is not known.
        zones: the time zones in which they may be, by all that is known; quiet hours hold in each of them.
        fields: what the application set; a mark that says why where the reader is not shown it.
    """

    id: str
    ids: tuple[str, ...]
    addresses: Mapping[str, int]
    merges: tuple[MergeView, ...]
    suggested: tuple[str, ...]
    consents: tuple[ConsentView, ...]
    preferred: tuple[str, ...]
    language: str | None
    form: str | None
    zones: tuple[str, ...]
    fields: Mapping[str, str | int | bool | Withheld]


def customer_view(view: View, name: str | Ref) -> CustomerView:
    """The customer of an id or reference.

    Raises:
        UnknownId: there is no such customer.
    """
    key, _ = view.customer(name)
    identity = view.identity
    ids = tuple(identity.group(key))
    kinds = Counter(identity.addresses[address].kind for one in ids for address in identity.addresses_of.get(one, ()))
    links = sorted(filter(None, (identity.customers[one].link for one in ids)), key=lambda link: int(link[2:]))
    return CustomerView(
        key,
        ids,
        dict(sorted(kinds.items())),
        tuple(_merge_view(link, identity.merges[link]) for link in links),
        suggested_of(view, key),
        tuple(_consents(view, ids)),
        tuple(identity.preferred(key)),
        view.personal.said_last(ids, "language"),
        view.personal.said_last(ids, "form"),
        tuple(zones_of(view, key)),
        fields_of(view, key),
    )


def _merge_view(link: str, row: Merge) -> MergeView:
    return MergeView(link, row.customer, row.other, row.evidence, row.confidence, instant(row.since_us))


def _consents(view: View, ids: Sequence[str]) -> Iterator[ConsentView]:
    for customer in ids:
        for purpose in sorted(view.plan.identity.purposes):
            for channel in (None, *sorted(view.plan.channels)):
                row = view.identity.consents.get(consent_key(customer, channel, purpose))
                if row is not None:
                    yield ConsentView(purpose, channel, row.given, instant(row.occurred_us))


def fields_of(view: View, customer: str) -> dict[str, str | int | bool]:
    """The fields of a person, of which those of the id that stands for them go before those of its aliases."""
    found: dict[str, str | int | bool] = {}
    for name in (view.identity.root(customer), *view.identity.group(customer)):
        for field, value in view.details.fields.get(name, {}).items():
            found.setdefault(field, value)
    return found


def suggested_of(view: View, customer: str) -> tuple[str, ...]:
    """Other people who may be this one."""
    ids = view.identity.group(customer)
    found = (row.other if row.customer in ids else row.customer for row in view.identity.suggested(customer))
    return tuple(sorted({view.identity.root(name) for name in found}))


def case_view(view: View, name: str | Ref) -> CaseView:
    """The case of an id or reference; the one it goes on as, if it was merged.

    Raises:
        UnknownId: there is no such case.
    """
    key, row = view.case(name)
    members = view.cases.group(key)
    interactions = (one for member in members for one in view.cases.cases[member].interactions)
    return CaseView(
        key,
        row.number,
        row.state,
        view.identity.root(row.customer),
        f"{row.owner_kind}:{row.owner}",
        row.queue,
        row.topic,
        participants_of(view, key),
        tuple(sorted(interactions, key=lambda one: int(one[2:]))),
        case_fields(view, key),
        tuple(member for member in members if member != key),
        row.follows,
        row.split_from,
    )


def case_fields(view: View, case: str) -> dict[str, str | int | bool]:
    """The fields of a matter, of which those of the case that it goes on as go before those of merged ones."""
    found: dict[str, str | int | bool] = {}
    for name in (view.cases.root(case), *view.cases.group(case)):
        for field, value in view.details.fields.get(name, {}).items():
            found.setdefault(field, value)
    return found


def participants_of(view: View, case: str) -> tuple[ParticipantView, ...]:
    """The participants of a matter who are other people than its customer, each once."""
    members = view.cases.group(case)
    rows = [view.cases.cases[member] for member in members]
    found = {view.identity.root(name): 1 for one in rows for name in (one.customer, *one.participants)}
    found.pop(view.identity.root(view.cases.row(case).customer), None)
    parts = ((name, view.cases.part(case, view.identity.group(name)) or NO_PART) for name in found)
    return tuple(ParticipantView(name, part.role, part.acts) for name, part in parts)


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
        None if row.case is None else view.cases.root(row.case),
        row.channel,
        row.account,
        row.queue,
        row.agent,
        None if place is None else place[0],
        view.identity.verified.get(key, view.plan.identity.levels[0]),
        dict(view.details.fields.get(key, {})),
        suggested_case_of(view, key),
    )


def suggested_case_of(view: View, interaction: str) -> CaseRef | None:
    """The case that an interaction may belong to, beside its own; none whose customer has been archived since."""
    row = view.cases.suggestions.get(interaction)
    return None if row is None or row.case not in view.cases.cases else view.matter(row.case)


def asked_of(view: View, agent: str) -> list[tuple[str, str, int]]:
    """What is offered to an agent or asked of them: type of the event that says so, customer, and its token."""
    routing = view.routing
    rings = [(item, item.ringing.get(agent)) for item in map(routing.items.__getitem__, routing.in_hand.get(agent, ()))]
    offers = [("OfferMade", item.customer, routing.offers[offer].token) for item, offer in rings if offer is not None]
    return offers + [("ConsultAsked", row.customer, row.token) for _, row in view.consults.of_consulted(agent)]
