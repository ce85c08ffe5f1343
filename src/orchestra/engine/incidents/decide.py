"""Incidents: opening, approving, linking and closing them; and contacts that come of one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from orchestra.engine.access import may_also
from orchestra.engine.cases.state import SETTLED
from orchestra.engine.details.decide import fits
from orchestra.engine.incidents.matching import join, link_matching
from orchestra.engine.incidents.state import EVOLVE, MATCH, SETTLE, TELL, Incident, Incidents
from orchestra.engine.incidents.telling import tell
from orchestra.engine.incidents.walking import match_slice, settle_slice, tell_slice
from orchestra.engine.lifecycle import INCIDENT
from orchestra.engine.section import Section, Steps
from orchestra.engine.view import View
from orchestra.errors import InvalidCommand, NotAllowedInState, NotPermitted, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.identity import SERVICE

__all__ = ["SECTION"]

_LONGEST_TITLE = 200
_LONGEST_TEXT = 2_000
_MOST_CASES = 50
"""Cases of one customer that are looked at where something becomes known of them."""


def _incident(view: View, name: str, trigger: str) -> Incident:
    """The row of an incident that is open.

    Raises:
        UnknownId: there is no such incident.
        NotAllowedInState: it is being closed, or is closed.
    """
    row: Incident | None = view.incidents.incidents.get(name)
    if row is None:
        raise UnknownId("incident", name)
    if row.state != "OPEN":
        raise NotAllowedInState(name, row.state, trigger)
    return row


def _check_words(field: str, text: str) -> None:
    if not text or len(text) > _LONGEST_TITLE or not text.isprintable():
        raise InvalidCommand(field, f"must be 1 to {_LONGEST_TITLE} printable characters")


def _check_text(text: str | None) -> None:
    """Short, since it is written to many at once."""
    if text is not None and not (text.strip() and len(text) <= _LONGEST_TEXT):
        raise InvalidCommand("text", f"must be 1 to {_LONGEST_TEXT} characters, or left out")


def _open(view: View, command: c.OpenIncident, at_us: int) -> Steps:
    _check_words("title", command.title)
    _check_text(command.text)
    for queue in command.queues:
        if queue not in view.plan.queues:
            raise UnknownId("queue", queue)
    for topic in command.topics:
        _check_words("topics", topic)
    _check_wanted(view, "case", "fields", command.fields)
    _check_wanted(view, "customer", "customer_fields", command.customer_fields)
    if command.purpose != SERVICE and command.purpose not in view.plan.identity.purposes:
        raise InvalidCommand("purpose", f"must be {SERVICE} or one of the plan's purposes")
    name = view.incidents.next_incident()
    yield e.IncidentOpened(
        name,
        command.title,
        command.text,
        sorted(set(command.topics)),
        sorted(set(command.queues)),
        dict(sorted(command.fields.items())),
        dict(sorted(command.customer_fields.items())),
        command.purpose,
    )
    return name


def _check_wanted(view: View, kind: str, field: str, wanted: Mapping[str, str | int | bool]) -> None:
    declared: Mapping[str, str] = getattr(view.plan.fields, kind)
    for name, value in wanted.items():
        if name not in declared:
            raise InvalidCommand(f"{field}.{name}", f"the plan declares no such {kind} field")
        if not fits(value, declared[name]):
            raise InvalidCommand(f"{field}.{name}", f"must be of type {declared[name]}")


def _update(view: View, command: c.UpdateIncident, at_us: int) -> Steps:
    row = _incident(view, command.incident, "update")
    if command.title is None and command.text is None:
        raise InvalidCommand("text", "give a title, a text or both")
    if command.title is not None:
        _check_words("title", command.title)
    _check_text(command.text)
    version = row.version + (command.text is not None)
    yield e.IncidentUpdated(command.incident, command.title or row.title, version, command.text)
    return version


def _approve(view: View, command: c.ApproveIncidentText, at_us: int) -> Steps:
    row = _incident(view, command.incident, "approve")
    if command.text_version != row.version or row.version == row.approved:
        newest = f"version {row.version}" if row.version else "without a text"
        raise NotAllowedInState(command.incident, f"{newest}, told is {row.approved}", "approve")
    yield e.IncidentTextApproved(command.incident, command.text_version)
    return None


def _link(view: View, command: c.LinkToIncident, at_us: int) -> Steps:
    _incident(view, command.incident, "link")
    key, case = view.case(command.case)
    linked = view.incidents.of_cases(view.cases.group(key))
    if command.incident in linked:
        return None
    if linked:
        raise NotAllowedInState(key, f"linked to {min(linked)}", "link")
    if case.state in SETTLED:
        raise NotAllowedInState(key, case.state, "link")
    yield e.IncidentCaseLinked(command.incident, key, case.customer, "asked")
    yield from tell(view, command.incident, key, at_us)
    return None


def _linked(view: View, command: c.UnlinkFromIncident | c.FlagIncidentCase, trigger: str) -> list[str]:
    """The cases of a matter that are linked to the incident, oldest first."""
    _incident(view, command.incident, trigger)
    key, case = view.case(command.case)
    links = view.incidents.links
    own = [one for one in view.cases.group(key) if one in links and links[one].incident == command.incident]
    if not own:
        raise NotAllowedInState(key, f"{case.state}, not linked to {command.incident}", trigger)
    return own


def _unlink(view: View, command: c.UnlinkFromIncident, at_us: int) -> Steps:
    own = _linked(view, command, "unlink")
    _check_words("reason", command.reason)
    for case in own:
        yield e.IncidentCaseUnlinked(command.incident, case, view.cases.cases[case].customer, command.reason)
    return None


def _flag(view: View, command: c.FlagIncidentCase, at_us: int) -> Steps:
    own = _linked(view, command, "flag")
    if command.reason is not None:
        _check_words("reason", command.reason)
    for case in own:
        if view.incidents.links[case].flag != command.reason:
            yield e.IncidentCaseFlagged(command.incident, case, view.cases.cases[case].customer, command.reason)
    return None


def _match(view: View, command: c.LinkMatching, at_us: int) -> Steps:
    row = _incident(view, command.incident, "match")
    if not row.looked_up_by():
        raise InvalidCommand("incident", f"{command.incident} names no topic, queue or field that a case could match")
    yield e.IncidentMatching(command.incident)
    return None


def _close(view: View, command: c.CloseIncident, at_us: int) -> Steps:
    row = _incident(view, command.incident, "close")
    INCIDENT.step(command.incident, row.state, "close")
    _check_words("resolution", command.resolution)
    _check_text(command.text)
    known = view.plan.cases.dispositions
    if command.disposition is not None and known and command.disposition not in known:
        raise InvalidCommand("disposition", f"must be one of {', '.join(sorted(known))}")
    if command.text is not None and not may_also(view, command, c.ApproveIncidentText):
        reason = "they may close an incident, but not approve the text that is told with it"
        raise NotPermitted(command.actor or "system", "CloseIncident", reason)
    version = row.version + (command.text is not None)
    yield e.IncidentClosing(command.incident, command.resolution, version, command.text, command.disposition)
    return None


# What comes of an incident


def _on_started(view: View, event: e.InteractionStarted, at_us: int) -> Iterable[e.Event]:
    """What a contact is about may be no topic of the case that it belongs to. Its text comes next, and is answered."""
    if event.topic is None or not view.incidents.matching or view.logs.importing:
        return ()
    case = view.contacts.interactions[event.interaction].case
    assert case is not None  # attaching is a reaction of cases, which react first
    return link_matching(view, view.cases.root(case), "contact", event.topic)


def _on_received(view: View, event: e.MessageReceived, at_us: int) -> Iterable[e.Event]:
    if not view.incidents.open or view.logs.importing:
        return ()
    return join(view, event.case, "contact", at_us, conversation=event.conversation)


def _on_taken(view: View, event: e.ContactTaken, at_us: int) -> Iterable[e.Event]:
    """Whoever calls is told where they write; who talks with them sees that it is to be told."""
    return join(view, event.case, "contact", at_us) if view.incidents.open and not view.logs.importing else ()


def _on_fields(view: View, event: e.FieldsSet, at_us: int) -> Iterator[e.Event]:
    if not view.incidents.matching or view.logs.importing:
        return
    cases = [event.target] if event.target in view.cases.cases else []
    if event.target in view.identity.customers:
        of = (view.cases.open_of.get(one, ()) for one in view.identity.group(event.target))
        cases = list(islice((case for names in of for case in names), _MOST_CASES))
    for case in cases:
        yield from join(view, case, "learned", at_us, learned=True)


def _on_handed_over(view: View, event: e.InteractionHandedOver, at_us: int) -> Iterable[e.Event]:
    """A bot may have found out what the case is about."""
    return join(view, event.case, "learned", at_us, learned=True) if view.incidents.matching else ()


def _on_split(view: View, event: e.CustomersSplit, at_us: int) -> Iterator[e.Event]:
    """One who was told is two people: the other one has not been told."""
    own: Incidents = view.incidents
    if not own.open:
        return
    of = (own.of_customer.get(one, ()) for side in (event.customer, event.other) for one in view.identity.group(side))
    for case in list(islice((case for names in of for case in names), _MOST_CASES)):
        row = view.cases.row(case)
        if own.links[case].incident in own.open and row.state not in SETTLED:
            yield from tell(view, own.links[case].incident, view.cases.root(case), at_us)


SECTION = Section(
    "incidents",
    Incidents,
    {
        c.OpenIncident: _open,
        c.UpdateIncident: _update,
        c.ApproveIncidentText: _approve,
        c.LinkToIncident: _link,
        c.UnlinkFromIncident: _unlink,
        c.LinkMatching: _match,
        c.FlagIncidentCase: _flag,
        c.CloseIncident: _close,
    },
    EVOLVE,
    {
        e.InteractionStarted: _on_started,
        e.MessageReceived: _on_received,
        e.ContactTaken: _on_taken,
        e.FieldsSet: _on_fields,
        e.InteractionHandedOver: _on_handed_over,
        e.CustomersSplit: _on_split,
    },
    {MATCH: match_slice, TELL: tell_slice, SETTLE: settle_slice},
)
