"""Walks over the cases of an incident, in slices: linking those that match, telling, settling.

A walk goes by the cases' numbers, so that what changes between two slices makes it neither miss a case nor see one
twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from heapq import merge
from itertools import islice

from orchestra.engine.cases.decide import resolved
from orchestra.engine.cases.state import SETTLED
from orchestra.engine.incidents.matching import matches
from orchestra.engine.incidents.telling import is_told, tell
from orchestra.engine.lifecycle import INTERACTION
from orchestra.engine.routing.offers import end_all
from orchestra.engine.view import View
from orchestra.model import events as e

__all__ = ["match_slice", "settle_slice", "tell_slice"]

_LOOKED_AT = 1000
"""Cases that a slice looks at."""
_ENOUGH = 100
"""Events after which a slice ends with the case that it is at. Each case brings few."""
_MOST_ENDED = 20
"""Waiting contacts of one matter that are ended with it."""

Step = Callable[[View, str, str, int], Iterator[e.Event]]


def _walk(view: View, incident: str, walk: str, cases: Iterable[str], step: Step, at_us: int) -> Iterator[e.Event]:
    """Take so many of the cases, in the order of their numbers, as one slice."""
    began, past, taken = view.position, view.incidents.incidents[incident].past[walk], list(islice(cases, _LOOKED_AT))
    more = len(taken) == _LOOKED_AT
    for place, case in enumerate(taken, 1):
        past = int(case[2:])
        yield from step(view, incident, case, at_us)
        if view.position - began >= _ENOUGH:
            more = more or place < len(taken)
            break
    yield e.IncidentAdvanced(incident, walk, past, more)


def match_slice(view: View, incident: str, at_us: int) -> Iterator[e.Event]:
    """Link the next of all open cases that match."""
    past = view.incidents.incidents[incident].past["match"]
    numbers = merge(*(owned.past(past) for owned in view.cases.owned.values()))
    return _walk(view, incident, "match", (f"ca{number}" for number in numbers), _match, at_us)


def _match(view: View, incident: str, case: str, at_us: int) -> Iterator[e.Event]:
    row = view.cases.row(case)
    if row.into is not None or row.state in SETTLED or not matches(view, view.incidents.incidents[incident], case):
        return
    if not view.incidents.of_cases(view.cases.group(case)):
        yield e.IncidentCaseLinked(incident, view.cases.root(case), row.customer, "search")
        yield from tell(view, incident, view.cases.root(case), at_us)


def tell_slice(view: View, incident: str, at_us: int) -> Iterator[e.Event]:
    """Tell the customers of the next linked cases."""
    past = view.incidents.incidents[incident].past["tell"]
    return _walk(view, incident, "tell", view.incidents.linked(incident, past), _tell, at_us)


def _tell(view: View, incident: str, case: str, at_us: int) -> Iterator[e.Event]:
    """Whose matter is settled hears nothing more of it."""
    if view.cases.row(case).state not in SETTLED:
        yield from tell(view, incident, view.cases.root(case), at_us)


def settle_slice(view: View, incident: str, at_us: int) -> Iterator[e.Event]:
    """Settle the next linked cases; after the last one the incident is closed."""
    past = view.incidents.incidents[incident].past["settle"]
    yield from _walk(view, incident, "settle", view.incidents.linked(incident, past), _settle, at_us)
    row = view.incidents.incidents[incident]
    if "settle" not in row.past:
        yield e.IncidentClosed(incident, row.settled, len(row.excepted))


def _settle(view: View, incident: str, case: str, at_us: int) -> Iterator[e.Event]:
    """Tell the customer the last text, and resolve the matter; or list why it stays open."""
    root = view.cases.root(case)
    row, own = view.cases.cases[root], view.incidents.incidents[incident]
    if row.state in SETTLED or root in own.excepted:
        return
    flag = next((flag for flag in _flags(view, incident, root) if flag is not None), None)
    reason = "flagged" if flag is not None else _kept_open_by(view, incident, root)
    yield from tell(view, incident, root, at_us)
    if reason is None and not is_told(view, incident, root):
        reason = "not_told"
    if reason is not None:
        yield e.IncidentCaseExcepted(incident, root, row.customer, reason, flag)
        return
    for name in _waiting(view, root):
        yield from end_all(view, name, "withdraw", "incident closed")
        yield e.InteractionDone(name, view.contacts.interactions[name].customer, "incident")
    yield resolved(view, root, row, own.disposition, at_us)
    yield e.IncidentCaseSettled(incident, root, row.customer)


def _flags(view: View, incident: str, case: str) -> Iterator[str | None]:
    for member in view.cases.group(case):
        link = view.incidents.links.get(member)
        if link is not None and link.incident == incident:
            yield link.flag


def _kept_open_by(view: View, incident: str, case: str) -> str | None:
    """Why a matter is not settled with its incident; None if nothing keeps it open."""
    waiting = _open_contacts(view, case)
    rows = view.contacts.interactions
    for name in waiting:
        row = rows[name]
        if row.agent is not None:
            return "agent"
        if name in view.callbacks.callbacks:
            return "callback"
        if row.conversation is None:
            return "work"
        if row.live:
            return "on_the_line"
    if len(waiting) > _MOST_ENDED or not all(INTERACTION.allows(rows[name].state, "end") for name in waiting):
        return "contacts"
    if _is_in_conflict(view, case):
        return "conflict"
    _, message = view.incidents.incidents[incident].told_to(view.identity.group(view.cases.cases[case].customer))
    asked = (one for name in waiting for one in view.known.questions.get(name, ()))
    return "question" if message and any(int(one[2:]) > message for one in asked) else None


def _open_contacts(view: View, case: str) -> list[str]:
    """The contacts of a matter that go on, oldest first."""
    rows = view.contacts.interactions
    found = (name for member in view.cases.group(case) for name in view.cases.cases[member].interactions)
    return sorted((name for name in found if not rows[name].is_final), key=_number)


def _waiting(view: View, case: str) -> Iterator[str]:
    """Those that wait, one after the other: what waits for the answer to another one is its own once that is over."""
    linked = view.engagements.linked
    names = _open_contacts(view, case)
    yield from (name for name in names if name not in linked)
    yield from (name for name in names if INTERACTION.allows(view.contacts.interactions[name].state, "end"))


def _is_in_conflict(view: View, case: str) -> bool:
    """Whether what was said in a matter is in dispute."""
    own = view.commitments
    names = (name for member in view.cases.group(case) for name in own.of_case.get(member, ()))
    return any(own.statements[name].conflict is not None for name in names)


def _number(name: str) -> int:
    return int(name[2:])
