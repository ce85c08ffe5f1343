"""Offering cases to other departments, and escalating them: who answers for a case next, and until when nobody does.

Belongs here: what leads to another owner. Does not: who the owner is, which `cases` alone decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from orchestra.engine.cases.state import SETTLED, Case
from orchestra.engine.contacts.intake import check_text
from orchestra.engine.lifecycle import HAND_OFF
from orchestra.engine.ownership.owners import check_owner, team_behind
from orchestra.engine.ownership.state import ESCALATE, EVOLVE, TIME_OUT, HandOff, Ownership
from orchestra.engine.section import Section, Steps
from orchestra.engine.view import View
from orchestra.errors import InvalidCommand, NotAllowedInState, NotPermitted, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.results import CaseRef, OfferedHandOff
from orchestra.model.structure import microseconds

__all__ = ["SECTION"]

_OVER = ("RESOLVED", "CLOSED")
_UNANSWERED = "unanswered"

# Hand-offs


def _offer(view: View, command: c.OfferHandOff, at_us: int) -> Steps:
    own: Ownership = view.ownership
    key, case = view.case(command.case)
    check_owner(view, command, key)
    _check_addressee(view, command, case)
    check_text(command.note)
    if case.state in _OVER:
        raise NotAllowedInState(key, case.state, "offer_hand_off")
    if key in own.of_case:
        raise NotAllowedInState(key, f"offered in {own.of_case[key]}", "offer_hand_off")
    name, until_us = own.next_hand_off(), at_us + microseconds(view.plan.cases.hand_off_within)
    owner = case.owner_kind, case.owner
    yield e.HandOffOffered(name, key, case.customer, *owner, command.to_kind, command.to, until_us, command.note)
    return OfferedHandOff(name, CaseRef(key, case.number), until_us)


def _check_addressee(view: View, command: c.OfferHandOff, case: Case) -> None:
    if command.to_kind == "agent":
        view.agent(command.to)
        if command.to in view.bots.bots:
            raise InvalidCommand("to", "bots answer for no case")
    elif command.to_kind != "team":
        raise InvalidCommand("to_kind", "must be agent or team")
    elif command.to not in view.plan.teams:
        raise UnknownId("team", command.to)
    if (case.owner_kind, case.owner) == (command.to_kind, command.to):
        raise InvalidCommand("to", "owns the case already")


def _pending(view: View, name: str, trigger: str) -> HandOff:
    """A hand-off that nobody has answered.

    Raises:
        UnknownId: there is no such hand-off.
        NotAllowedInState: it is over.
    """
    row: HandOff | None = view.ownership.hand_offs.get(name)
    if row is not None:
        return row
    if view.ownership.is_past(name):
        raise NotAllowedInState(name, "over", trigger)
    raise UnknownId("hand_off", name)


def _check_asked(view: View, command: c.AcceptHandOff | c.DeclineHandOff, row: HandOff) -> None:
    """Refuse whoever is not asked.

    Raises:
        UnknownId: there is no such agent.
        NotPermitted: it is offered to others.
    """
    agent = view.agent(command.agent)
    is_asked = command.agent == row.to if row.to_kind == "agent" else row.to in agent.teams
    if not is_asked or command.agent in view.bots.bots:
        text = f"{command.hand_off} is offered to {row.to_kind} {row.to}"
        raise NotPermitted(command.actor or f"agent:{command.agent}", type(command).__name__, text)


def _accept(view: View, command: c.AcceptHandOff, at_us: int) -> Steps:
    row = _pending(view, command.hand_off, "accept")
    _check_asked(view, command, row)
    case = view.cases.cases[row.case]
    if (case.owner_kind, case.owner) == ("agent", command.agent):
        raise InvalidCommand("agent", "owns the case already")
    team = row.to if row.to_kind == "team" else _team_of(view, command.agent, row.case)
    yield e.HandOffAccepted(command.hand_off, row.case, row.customer, command.agent, team)
    return CaseRef(row.case, case.number)


def _team_of(view: View, agent: str, case: str) -> str:
    """The team on whose behalf an agent takes a case: the one behind it, if they are of that, else one of theirs."""
    teams, behind = view.agent(agent).teams, team_behind(view, case)
    return behind if behind in teams else min(teams)


def _decline(view: View, command: c.DeclineHandOff, at_us: int) -> Steps:
    row = _pending(view, command.hand_off, "decline")
    _check_asked(view, command, row)
    yield _ended(command.hand_off, row, "decline", command.agent, command.reason)
    return None


def _withdraw(view: View, command: c.WithdrawHandOff, at_us: int) -> Steps:
    row = _pending(view, command.hand_off, "withdraw")
    check_owner(view, command, row.case)
    yield _ended(command.hand_off, row, "withdraw", None, command.reason)
    return None


def _ended(name: str, row: HandOff, trigger: str, agent: str | None = None, reason: str | None = None) -> e.Event:
    outcome = HAND_OFF.step(name, HAND_OFF.initial, trigger)
    return e.HandOffEnded(name, row.case, row.customer, outcome, agent, reason)


def _time_out(view: View, name: str, at_us: int) -> Iterator[e.Event]:
    yield _ended(name, view.ownership.hand_offs[name], "time_out")


# Escalation


def _escalate(view: View, command: c.EscalateCase, at_us: int) -> Steps:
    key, case = view.case(command.case)
    if case.state in _OVER:
        raise NotAllowedInState(key, case.state, "escalate")
    if not command.reason or command.reason == _UNANSWERED:
        raise InvalidCommand("reason", f"must say why, in another word than {_UNANSWERED!r}")
    team = team_behind(view, key)
    to = view.plan.teams[team].escalates_to
    if to is None:
        raise NotAllowedInState(key, f"with {team}, from which nothing escalates", "escalate")
    yield e.CaseEscalated(key, case.customer, team, to, command.reason)
    return None


def _due(view: View, case: str, at_us: int) -> Iterator[e.Event]:
    """Nobody has answered in time."""
    wait = view.ownership.waits[case]
    yield e.CaseEscalated(case, view.cases.cases[case].customer, wait.team, wait.to, _UNANSWERED)


def _on_received(view: View, event: e.MessageReceived, at_us: int) -> Iterable[e.Event]:
    case = view.cases.root(event.case)
    if not view.ownership.escalates or case in view.ownership.waits:
        return ()
    return _scheduled(view, case, at_us)


def _scheduled(view: View, case: str, at_us: int) -> Iterator[e.Event]:
    """The next step of a case whose customer waits, if there is one."""
    team = team_behind(view, case)
    path = view.plan.teams[team]
    if path.escalates_to is not None and path.escalate_after is not None:
        due_us = at_us + microseconds(path.escalate_after)
        yield e.EscalationScheduled(case, view.cases.cases[case].customer, team, path.escalates_to, due_us)
    elif case in view.ownership.waits:
        yield _calm(view, case, "no_next_team")


def _calm(view: View, case: str, reason: str) -> e.EscalationEnded:
    return e.EscalationEnded(case, view.cases.cases[case].customer, reason)


def _on_written(view: View, event: e.MessageWritten, at_us: int) -> Iterable[e.Event]:
    """A person's answer counts, and what the application writes in a conversation; a bot's word and a notice do not."""
    case = view.cases.root(event.case)
    if case not in view.ownership.waits or event.interaction is None or event.agent in view.bots.bots:
        return ()
    return (_calm(view, case, "answered"),)


def _on_reply_recorded(view: View, event: e.ReplyRecorded, at_us: int) -> Iterable[e.Event]:
    case = view.cases.root(event.case)
    return (_calm(view, case, "answered"),) if case in view.ownership.waits else ()


def _on_question_answered(view: View, event: e.QuestionAnswered, at_us: int) -> Iterable[e.Event]:
    """The answer was given in another contact, perhaps by phone."""
    case = view.contacts.interactions[event.interaction].case
    assert case is not None  # every interaction has a case from its first batch on
    root = view.cases.root(case)
    return (_calm(view, root, "answered"),) if root in view.ownership.waits else ()


def _on_waiting(view: View, event: e.CaseWaiting, at_us: int) -> Iterable[e.Event]:
    return (_calm(view, event.case, "waiting"),) if event.case in view.ownership.waits else ()


def _on_resolved(view: View, event: e.CaseResolved, at_us: int) -> Iterable[e.Event]:
    return _left(view, event.case, at_us, "resolved") if _is_concerned(view, event.case) else ()


def _on_owner_changed(view: View, event: e.CaseOwnerChanged, at_us: int) -> Iterable[e.Event]:
    return _left(view, event.case, at_us, "owner_changed") if _is_concerned(view, event.case) else ()


def _on_merged(view: View, event: e.CaseMerged, at_us: int) -> Iterator[e.Event]:
    """Whoever answers for the case that it goes on as answers for it, and has their own time to answer its customer."""
    own: Ownership = view.ownership
    if event.case in own.of_case:
        name = own.of_case[event.case]
        yield _ended(name, own.hand_offs[name], "withdraw", None, "merged")
    if event.case not in own.waits:
        return
    yield _calm(view, event.case, "merged")
    root = view.cases.root(event.case)
    if root not in own.waits and view.cases.cases[root].state not in SETTLED:
        yield from _scheduled(view, root, at_us)


def _on_moved(view: View, event: e.InteractionMoved, at_us: int) -> Iterable[e.Event]:
    """Whoever waits for an answer does so where their contact is now."""
    return _parted(view, event.before, event.case, at_us) if view.ownership.waits else ()


def _on_unmerged(view: View, event: e.CaseUnmerged, at_us: int) -> Iterable[e.Event]:
    return _parted(view, event.into, event.case, at_us) if view.ownership.waits else ()


def _parted(view: View, case: str, other: str, at_us: int) -> Iterator[e.Event]:
    """A matter in which somebody waited is two: the time runs in those in which somebody waits."""
    one, two = view.cases.root(case), view.cases.root(other)
    if one == two or one not in view.ownership.waits:
        return
    if _is_unanswered(view, two) and two not in view.ownership.waits and view.cases.cases[two].state not in SETTLED:
        yield from _scheduled(view, two, at_us)
    if view.cases.cases[one].state != "OPEN" or not _is_unanswered(view, one):
        yield _calm(view, one, "moved")


def _is_unanswered(view: View, case: str) -> bool:
    """Whether a contact of a matter that goes on has a message without an answer."""
    members = (view.cases.cases[member] for member in view.cases.group(case))
    return any(view.known.questions.get(name) for row in members for name in row.interactions)


def _is_concerned(view: View, case: str) -> bool:
    return case in view.ownership.of_case or case in view.ownership.waits


def _left(view: View, case: str, at_us: int, reason: str) -> Iterator[e.Event]:
    """Nobody offers what is settled or no longer theirs; and each team has its own time to answer."""
    own: Ownership = view.ownership
    if case in own.of_case:
        name = own.of_case[case]
        yield _ended(name, own.hand_offs[name], "withdraw", None, reason)
    if case not in own.waits:
        return
    if reason == "resolved":
        yield _calm(view, case, reason)
    elif own.waits[case].team != team_behind(view, case):
        yield from _scheduled(view, case, at_us)


SECTION = Section(
    "ownership",
    Ownership,
    {
        c.OfferHandOff: _offer,
        c.AcceptHandOff: _accept,
        c.DeclineHandOff: _decline,
        c.WithdrawHandOff: _withdraw,
        c.EscalateCase: _escalate,
    },
    EVOLVE,
    {
        e.MessageReceived: _on_received,
        e.MessageWritten: _on_written,
        e.ReplyRecorded: _on_reply_recorded,
        e.QuestionAnswered: _on_question_answered,
        e.CaseWaiting: _on_waiting,
        e.CaseResolved: _on_resolved,
        e.CaseOwnerChanged: _on_owner_changed,
        e.CaseMerged: _on_merged,
        e.CaseUnmerged: _on_unmerged,
        e.InteractionMoved: _on_moved,
    },
    {TIME_OUT: _time_out, ESCALATE: _due},
)
