"""Incidents as people look at them: what is known, how far telling and settling have come, and what stays open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import islice

import attrs

from orchestra.engine.incidents.matching import open_incident
from orchestra.engine.incidents.state import listed
from orchestra.engine.view import View
from orchestra.errors import UnknownId
from orchestra.model.instants import instant
from orchestra.model.results import CaseRef
from orchestra.runtime.ownership import last_of_page

__all__ = [
    "ExceptedCase",
    "IncidentNote",
    "IncidentView",
    "excepted_cases",
    "incident_of",
    "incident_view",
    "incidents_in",
]


@attrs.frozen
class IncidentView:
    """One cause that concerns many customers, as it stood when asked.

    Attributes:
        title: the fact, as it is known now.
        state: `OPEN`, `CLOSING` while the cases are being settled, `CLOSED`.
        topics: of the cases that match.
        queues: of the cases that match.
        fields: of the cases that match.
        customer_fields: of the customers whose cases match.
        told: version of the text that is told; 0 for none.
        told_text: that text.
        waiting: version of a text that waits to be approved; None if none does.
        waiting_text: that text.
        opened: when it became known.
        closed: when the last case was settled.
        resolution: how it ended.
        cases: how many are linked now; of a closed one none is any more.
        customers: how many were told anything.
        at_once: how many times a text was the answer to a contact that had just come.
        untold: how many customers could not be told what is told now.
        settled: how many cases were settled with it.
        excepted: how many stayed open.
    """

    id: str
    title: str
    state: str
    topics: Sequence[str]
    queues: Sequence[str]
    fields: Mapping[str, str | int | bool]
    customer_fields: Mapping[str, str | int | bool]
    told: int
    told_text: str | None
    waiting: int | None
    waiting_text: str | None
    opened: datetime
    closed: datetime | None
    resolution: str | None
    cases: int
    customers: int
    at_once: int
    untold: int
    settled: int
    excepted: int


@attrs.frozen
class ExceptedCase:
    """A case that stayed open when its incident was closed.

    Attributes:
        reason: why: `agent`, `on_the_line`, `callback`, `work`, `contacts`, `conflict`, `question`, `not_told`, or
            `flagged:` and what was said.
        owner: `agent:ana` or `team:care`: who answers for it now.
        state: how it stands now.
    """

    case: CaseRef
    customer: str
    reason: str
    owner: str
    state: str


@attrs.frozen
class IncidentNote:
    """What an agent is told of the incident of which a contact comes.

    Attributes:
        text: what customers are told; None if nothing is approved.
        told: whether this customer was told it.
    """

    id: str
    title: str
    text: str | None
    told: bool


def incident_view(view: View, name: str) -> IncidentView:
    """An incident by its id.

    Raises:
        UnknownId: there is no such incident.
    """
    row = view.incidents.incidents.get(name)
    if row is None:
        raise UnknownId("incident", name)
    is_waiting = row.version > row.approved
    return IncidentView(
        name,
        row.title,
        row.state,
        tuple(row.topics),
        tuple(row.queues),
        dict(row.fields),
        dict(row.customer_fields),
        row.approved,
        row.told_text,
        row.version if is_waiting else None,
        row.text if is_waiting else None,
        instant(row.opened_us),
        None if row.closed_us is None else instant(row.closed_us),
        row.resolution,
        view.incidents.count(name),
        len(row.told),
        row.at_once,
        sum(version == row.approved for version in row.untold.values()),
        row.settled,
        len(row.excepted),
    )


def incidents_in(view: View, *, is_open: bool, after: str | None, limit: int) -> tuple[IncidentView, ...]:
    """A page of the incidents, oldest first.

    Raises:
        InvalidCommand: the page is none.
    """
    past = last_of_page("ic", after, limit)
    states = ("OPEN", "CLOSING") if is_open else ("OPEN", "CLOSING", "CLOSED")
    rows = view.incidents.incidents
    numbers = sorted(int(name[2:]) for name, row in rows.items() if row.state in states)
    return tuple(incident_view(view, f"ic{number}") for number in islice((n for n in numbers if n > past), limit))


def excepted_cases(view: View, name: str, after: str | None, limit: int) -> tuple[ExceptedCase, ...]:
    """A page of the cases that stayed open after an incident, oldest first; without those that were archived since.

    Raises:
        UnknownId: there is no such incident.
        InvalidCommand: the page is none.
    """
    row = view.incidents.incidents.get(name)
    if row is None:
        raise UnknownId("incident", name)
    past = last_of_page("ca", after, limit)
    there = (case for case in listed(row, past) if case in view.cases.cases)
    return tuple(_excepted(view, case, row.excepted[case]) for case in islice(there, limit))


def _excepted(view: View, case: str, reason: str) -> ExceptedCase:
    number, now = view.cases.cases[case].number, view.cases.row(case)
    customer = view.identity.root(now.customer)
    return ExceptedCase(CaseRef(case, number), customer, reason, f"{now.owner_kind}:{now.owner}", now.state)


def incident_of(view: View, case: str) -> IncidentNote | None:
    """What an agent is told of the open incident of a case; None if it comes of none."""
    name = open_incident(view, view.cases.root(case))
    if name is None:
        return None
    row = view.incidents.incidents[name]
    version, _ = row.told_to(view.identity.group(view.cases.row(case).customer))
    return IncidentNote(name, row.title, row.told_text, row.approved > 0 and version >= row.approved)
