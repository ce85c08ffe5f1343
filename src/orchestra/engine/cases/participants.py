"""Who has a part in a case beside its customer, in which role, and who acts for the customer."""

from __future__ import annotations

from orchestra.engine.cases.state import NO_PART, Part
from orchestra.engine.contacts.intake import add_customer
from orchestra.engine.section import Steps
from orchestra.engine.view import View
from orchestra.errors import InvalidCommand, NotAllowedInState
from orchestra.model import commands as c, events as e
from orchestra.model.limits import id_fault
from orchestra.model.results import TakesPart

__all__ = ["remove_participant", "set_participant"]

_LONGEST_WORD = 100


def set_participant(view: View, command: c.SetParticipant, at_us: int) -> Steps:
    """Decide on somebody's part in a case; gives `TakesPart`."""
    key, case = view.case(command.case)
    person = _person(view, command)
    ids = () if person is None else view.identity.group(person)
    if case.customer in ids:
        raise InvalidCommand("participant", f"{person} is the customer of {key}")
    if command.role is not None:
        _check_role(view, command.role)
    if case.state == "CLOSED":
        raise NotAllowedInState(key, case.state, "set_participant")
    before = view.cases.part(key, ids) or NO_PART
    if command.acts and not before.acts and not command.evidence:
        raise InvalidCommand("evidence", f"is needed: nobody acts for {case.customer} without their consent")
    if person is None:
        assert command.address is not None  # else the person is known
        person = yield from add_customer(view, command.address)
    return (yield from _set(view, command, key, person, before))


def _person(view: View, command: c.SetParticipant) -> str | None:
    """Whose part it is; None if nobody is known by the address."""
    if (command.participant is None) == (command.address is None):
        raise InvalidCommand("participant", "give either a participant or an address")
    if command.participant is not None:
        return view.customer(command.participant)[0]
    assert command.address is not None  # it is the one that is given
    if (fault := id_fault(command.address.key)) is not None:
        raise InvalidCommand("address", fault)
    if not command.address.matches:
        raise InvalidCommand("address", "is blocked: it names nobody, so nobody can be known by it")
    holder = view.identity.holder(command.address.key)
    return None if holder is None else view.identity.root(holder)


def _set(view: View, command: c.SetParticipant, key: str, person: str, before: Part) -> Steps:
    case, part = view.cases.cases[key], (command.role, command.acts)
    names = _names(view, key, person)
    if not names:
        yield e.ParticipantJoined(key, case.customer, person, None, *part, command.evidence)
        yield e.PartTaken(person, key, case.customer, *part)
    elif part != (before.role, before.acts):
        for member, name in names:
            yield e.ParticipantChanged(member, view.cases.cases[member].customer, name, *part, command.evidence)
            yield e.PartTaken(name, member, view.cases.cases[member].customer, *part)
    return TakesPart(person, key)


def _check_role(view: View, role: str) -> None:
    known = view.plan.participants
    if known and role not in known:
        raise InvalidCommand("role", f"must be one of the plan's: {', '.join(sorted(known))}")
    if not role or len(role) > _LONGEST_WORD or not role.isprintable():
        raise InvalidCommand("role", f"must be 1 to {_LONGEST_WORD} printable characters")


def _names(view: View, case: str, person: str) -> list[tuple[str, str]]:
    """Those of a person's ids that have a part in the matter, and in which of its cases."""
    return [
        (member, name)
        for member in view.cases.group(case)
        for name in view.identity.group(person)
        if name in view.cases.cases[member].participants
    ]


def remove_participant(view: View, command: c.RemoveParticipant, at_us: int) -> Steps:
    """Decide that somebody has no part in a case any more."""
    key, _ = view.case(command.case)
    person, _ = view.customer(command.participant)
    names = _names(view, key, person)
    if not names:
        raise NotAllowedInState(person, f"no participant of {key}", "remove_participant")
    for member, name in names:
        customer = view.cases.cases[member].customer
        yield e.ParticipantLeft(member, customer, name, command.reason)
        yield e.PartEnded(name, member, customer, command.reason)
    return None
