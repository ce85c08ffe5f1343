"""What of a customer, a case, an interaction, an engagement, commitments and an explanation the reader is not shown.

Belongs here: values taken from the state, or made from the journal, as one reader sees them. Does not: timelines
(`history.redaction`), and who sees how much of what belongs where (`readers`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import attrs

from orchestra.engine.cases.state import NO_PART
from orchestra.engine.view import View
from orchestra.errors import NotPermitted
from orchestra.model.addresses import Ref
from orchestra.model.definitions import Participant
from orchestra.runtime.commitments import CommitmentView, ConflictView, commitments_in, conflict_view
from orchestra.runtime.readers import NOWHERE, Place, Reader, Withheld, place_in, reader_in
from orchestra.runtime.views import (
    CaseView,
    CustomerView,
    EngagementView,
    InteractionView,
    case_view,
    customer_view,
    engagement_view,
    interaction_view,
)

__all__ = [
    "case_for",
    "commitments_for",
    "conflict_for",
    "customer_for",
    "engagement_for",
    "hidden_of_case",
    "interaction_for",
    "shown",
]

_UNNAMED = Participant()


def customer_for(view: View, name: str | Ref, actor: str | None) -> CustomerView:
    """A customer as an actor sees them. Customers see themselves alone, and nobody who may be the same person.

    Raises:
        UnknownId: there is no such customer.
        NotPermitted: it is another customer, or the actor is nobody known.
    """
    reader, found = reader_in(view, actor), customer_view(view, name)
    reader.refuse_others(found.id, "customer")
    suggested = () if reader.ids else found.suggested
    return attrs.evolve(found, suggested=suggested, fields=reader.fields(found.fields))


def case_for(view: View, name: str | Ref, actor: str | None) -> CaseView:
    """A case as an actor sees it. Customers see their own, and those in which their part shows them facts.

    Raises:
        UnknownId: there is no such case.
        NotPermitted: it is another customer's, or the actor is nobody known.
    """
    reader, found = reader_in(view, actor), case_view(view, name)
    mark = hidden_of_case(view, reader, found.id)
    if mark is None:
        return attrs.evolve(found, fields=reader.fields(found.fields))
    hidden = dict.fromkeys(found.fields, mark)
    owner = found.owner if view.cases.row(found.id).owner_kind == "team" else mark
    return attrs.evolve(found, owner=owner, topic=mark, participants=(), fields=hidden)


def interaction_for(view: View, name: str | Ref, actor: str | None) -> InteractionView:
    """An interaction as an actor sees it. Customers see their own, and those of cases that they see.

    Raises:
        UnknownId: there is no such interaction.
        NotPermitted: it is another customer's, or the actor is nobody known.
    """
    reader, found = reader_in(view, actor), interaction_view(view, name)
    if reader.ids:
        is_theirs = found.customer in reader.ids
        if not is_theirs and (found.case is None or not _sees_case(view, reader, found.case)):
            raise NotPermitted(str(actor), "interaction", "it is another customer's")
        return attrs.evolve(found, fields=reader.fields(found.fields), suggested_case=None)
    mark = _hidden(reader, _place_of(view, found.id))
    if mark is None:
        return attrs.evolve(found, fields=reader.fields(found.fields))
    agent = None if found.agent is None else mark
    return attrs.evolve(found, agent=agent, fields=dict.fromkeys(found.fields, mark), suggested_case=None)


def engagement_for(view: View, name: str | Ref, actor: str | None) -> EngagementView | None:
    """What a customer is in touch with, as an actor sees it.

    Raises:
        UnknownId: there is no such customer.
        NotPermitted: it is another customer, or the actor is nobody known.
    """
    reader, found = reader_in(view, actor), engagement_view(view, name)
    reader.refuse_others(view.customer(name)[0], "engagement")
    if found is None or reader.ids:
        return found
    marks = {member: _hidden(reader, _place_of(view, member)) for member in found.members}
    members = {member: marks[member] or mode for member, mode in found.members.items()}
    led = [member for member in members if view.contacts.interactions[member].agent == found.lead]
    lead = (marks[led[0]] if led else None) or found.lead
    return attrs.evolve(found, lead=lead, members=members)


def _place_of(view: View, interaction: str) -> Place:
    return place_in(view, view.contacts.interactions[interaction].case, interaction)


def _hidden(reader: Reader, place: Place) -> Withheld | None:
    """What stands for the facts of what belongs there, if they are not shown."""
    seen, mark = reader.seen(place)
    return mark if seen == "trace" else None


def hidden_of_case(view: View, reader: Reader, case: str) -> Withheld | None:
    """What stands for the facts of a case, if they are not shown to the reader.

    Raises:
        NotPermitted: the reader is a customer to whom nothing of it is shown.
    """
    if not reader.ids:
        return _hidden(reader, place_in(view, case))
    if not _sees_case(view, reader, case):
        raise NotPermitted(str(reader.actor), "case", "it is another customer's case")
    return None


def commitments_for(
    view: View, actor: str | None, subject: str | None, case: str | Ref | None, customer: str | Ref | None
) -> tuple[CommitmentView, ...]:
    """What was said of a subject, in a case or to a customer, as an actor sees it.

    Customers see what was said to them, and what was said in cases in which their part shows them facts.

    Raises:
        InvalidCommand: not exactly one of them is given.
        UnknownId: there is no such case or customer.
        NotPermitted: it is another customer's, or the actor is nobody known.
    """
    reader, found = reader_in(view, actor), commitments_in(view, subject, case, customer)
    if customer is not None:
        reader.refuse_others(view.customer(customer)[0], "commitments")
    if case is not None and reader.ids and not _sees_case(view, reader, view.case(case)[0]):
        raise NotPermitted(str(actor), "commitments", "it is another customer's case")
    return shown(view, reader, found)


def shown(view: View, reader: Reader, statements: Iterable[CommitmentView]) -> tuple[CommitmentView, ...]:
    """Statements as the reader sees them."""
    if reader.ids:
        return tuple(_told(view, reader, statements))
    return tuple(_redacted(view, reader, one) for one in statements)


def _told(view: View, reader: Reader, statements: Iterable[CommitmentView]) -> Iterator[CommitmentView]:
    for one in statements:
        is_theirs = one.customer in reader.ids
        if one.kind == "commitment" and (is_theirs or (one.case is not None and _sees_case(view, reader, one.case))):
            yield one


def _sees_case(view: View, reader: Reader, case: str) -> bool:
    """Whether a customer sees the facts of a case: it is theirs, or their part in it shows them."""
    row = view.cases.cases[case]
    if row.customer in reader.ids:
        return True
    role = (view.cases.part(case, reader.ids) or NO_PART).role
    has_part = any(name in row.participants for name in reader.ids)
    return has_part and view.plan.participants.get(role or "", _UNNAMED).sees in ("facts", "all")


def _redacted(view: View, reader: Reader, one: CommitmentView) -> CommitmentView:
    place = NOWHERE if one.case is None else place_in(view, one.case)
    mark = Withheld("role") if reader.hides(one.attribute) else _hidden(reader, place)
    return one if mark is None else attrs.evolve(one, value=mark, text=mark, unit=None)


def conflict_for(view: View, conflict: str, actor: str | None) -> ConflictView:
    """An open conflict as an actor sees it.

    Raises:
        UnknownId: there is no such conflict, or it is settled.
        NotPermitted: the actor is a customer, or nobody known.
    """
    reader, found = reader_in(view, actor), conflict_view(view, conflict)
    reader.refuse_customers("conflict")
    return attrs.evolve(found, statements=shown(view, reader, found.statements))
