"""What teams have yet to take note of, as they see it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from itertools import islice

import attrs

from orchestra.codec import decode_event
from orchestra.engine.view import View
from orchestra.errors import UnknownId
from orchestra.journal.port import Journal
from orchestra.model import events as e
from orchestra.model.instants import instant
from orchestra.model.results import CaseRef
from orchestra.runtime.owner import Owner
from orchestra.runtime.ownership import last_of_page
from orchestra.runtime.threads import in_thread

__all__ = ["FindingView", "findings_of"]


@attrs.frozen
class FindingView:
    """What a case has brought to light for other departments.

    Attributes:
        id: to acknowledge it by.
        kind: one of the plan's findings.
        teams: those that have yet to take note of it.
        fields: what it consists of.
        text: what else was said; None if nothing was, or once it is erased.
    """

    id: str
    kind: str
    case: CaseRef
    customer: str
    teams: tuple[str, ...]
    fields: Mapping[str, str | int | bool | None]
    raised: datetime
    text: str | None = attrs.field(default=None, repr=False)


async def findings_of(owner: Owner, team: str, after: str | None, limit: int) -> tuple[FindingView, ...]:
    """What a team has yet to take note of, oldest first.

    Raises:
        UnknownId: there is no such team.
        InvalidCommand: the page is none.
    """
    past = last_of_page("fi", after, limit)
    found, customers = await owner.read(lambda view: _listed(view, team, past, limit))
    return await in_thread(_with_texts, owner.journal, found, customers)


def _listed(view: View, team: str, past: int, limit: int) -> tuple[tuple[FindingView, ...], tuple[str, ...]]:
    """What the state tells, without any text; and the customers in whose records the texts stand."""
    if team not in view.plan.teams:
        raise UnknownId("team", team)
    listed = view.findings.on_list.get(team)
    names = () if listed is None else tuple(f"fi{number}" for number in islice(listed.past(past), limit))
    customers = tuple(dict.fromkeys(view.findings.findings[name].customer for name in names))
    return tuple(_view(view, name) for name in names), customers


def _view(view: View, name: str) -> FindingView:
    row = view.findings.findings[name]
    case = CaseRef(row.case, view.cases.cases[row.case].number)
    customer = view.identity.root(row.customer)
    return FindingView(name, row.kind, case, customer, tuple(row.waits_for), dict(row.fields), instant(row.raised_us))


def _with_texts(
    journal: Journal, found: tuple[FindingView, ...], customers: tuple[str, ...]
) -> tuple[FindingView, ...]:
    texts: dict[str, str | None] = {}
    for record in journal.read(subjects=customers, types=["FindingRaised"]) if customers else ():
        event = decode_event(record)
        assert isinstance(event, e.FindingRaised)
        texts[event.finding] = event.text
    return tuple(attrs.evolve(one, text=texts.get(one.id)) for one in found)
