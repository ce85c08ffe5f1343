"""Which incident a case comes of, by what is known of the case and its customer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from orchestra.engine.cases.state import SETTLED
from orchestra.engine.incidents.state import Incident
from orchestra.engine.incidents.telling import tell
from orchestra.engine.view import View
from orchestra.model import events as e

__all__ = ["find", "join", "link_matching", "matches", "open_incident"]

Value = str | int | bool


def open_incident(view: View, case: str) -> str | None:
    """The oldest open incident to which a matter is linked, by any case that goes on as it."""
    linked = view.incidents.of_cases(view.cases.group(case))
    return min((name for name in linked if name in view.incidents.open), key=_number, default=None)


def find(view: View, case: str, topic: str | None = None) -> str | None:
    """The oldest open incident that a matter matches, by its topics and that one; None if it matches none."""
    own = view.incidents.matching
    if not own:
        return None
    members = view.cases.group(case)
    rows = [view.cases.cases[member] for member in members]
    ids = view.identity.group(rows[0].customer)
    keys = {("topic", row.topic) for row in rows if row.topic is not None}
    keys.add(("topic", topic or ""))
    keys |= {("queue", row.queue) for row in rows}
    keys |= {("field", name) for member in members for name in view.details.fields.get(member, ())}
    keys |= {("customer_field", name) for one in ids for name in view.details.fields.get(one, ())}
    found = sorted({name for key in keys for name in own.get(key, ())}, key=_number)
    return next((name for name in found if matches(view, view.incidents.incidents[name], case, topic)), None)


def matches(view: View, row: Incident, case: str, topic: str | None = None) -> bool:
    """Whether a matter has all that an incident asks for, and nobody has said that it has another cause."""
    members = view.cases.group(case)
    rows = [view.cases.cases[member] for member in members]
    ids = view.identity.group(rows[0].customer)
    return (
        not (row.apart and any(member in row.apart for member in members))
        and (not row.topics or topic in row.topics or any(one.topic in row.topics for one in rows))
        and (not row.queues or any(one.queue in row.queues for one in rows))
        and _have(view, members, row.fields)
        and _have(view, ids, row.customer_fields)
    )


def _have(view: View, names: Sequence[str], wanted: Mapping[str, Value]) -> bool:
    """Whether one of these has each of the fields, with that value."""
    held = [view.details.fields.get(name, {}) for name in names] if wanted else []
    return all(any(_is(fields.get(name), value) for fields in held) for name, value in wanted.items())


def _is(held: Value | None, value: Value) -> bool:
    return held == value and type(held) is type(value)  # to Python, true is 1


def join(
    view: View, case: str, by: str, at_us: int, *, conversation: str | None = None, learned: bool = False
) -> Iterator[e.Event]:
    """Link a matter to the incident that it matches, unless it is linked; tell its customer what is approved.

    Args:
        view: the state.
        case: any of the matter's.
        by: what is said of the link.
        at_us: now.
        conversation: in which a contact of it has just come, that it is to be told in.
        learned: nothing came: only a link that is new tells the customer anything.
    """
    root = view.cases.root(case)
    row = view.cases.cases[root]
    incident = open_incident(view, root)
    if row.state in SETTLED or (learned and incident is not None):
        return
    if incident is None:
        yield from link_matching(view, root, by)
        incident = open_incident(view, root)
    if incident is not None:
        yield from tell(view, incident, root, at_us, conversation)


def link_matching(view: View, case: str, by: str, topic: str | None = None) -> Iterator[e.Event]:
    """Link a matter to the incident that it matches, also by the topic of a contact of it, unless it is linked."""
    if view.incidents.of_cases(view.cases.group(case)):  # also one that is just being closed, which settles it
        return
    incident = find(view, case, topic)
    if incident is not None:
        yield e.IncidentCaseLinked(incident, case, view.cases.cases[case].customer, by)


def _number(name: str) -> int:
    return int(name[2:])
