"""Opening, waiting, resolving, reopening and closing cases; and always exactly one owner."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import nsmallest

from orchestra.engine.cases.attach import find_case
from orchestra.engine.cases.participants import join, remove_participant, set_participant
from orchestra.engine.cases.state import CLOSE, DISOWN, EVOLVE, Case, Cases
from orchestra.engine.lifecycle import CASE
from orchestra.engine.section import Section, Steps
from orchestra.engine.view import View
from orchestra.errors import InvalidCommand, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.results import CaseRef
from orchestra.model.structure import microseconds

__all__ = ["SECTION"]

_SLICE = 200


def _open(view: View, command: c.OpenCase, at_us: int) -> Steps:
    customer, _ = view.customer(command.customer)
    queue = command.queue or view.plan.workspace.default_queue
    if queue not in view.plan.queues:
        raise UnknownId("queue", queue)
    case, number = view.cases.next_case()
    team = view.plan.queues[queue].team
    yield e.CaseOpened(case, number, customer, "team", team, queue, command.topic)
    return CaseRef(case, number)


def _wait(view: View, command: c.SetCaseWaiting, at_us: int) -> Steps:
    key, case = view.case(command.case)
    if command.on not in ("customer", "third_party"):
        raise InvalidCommand("on", "must be customer or third_party")
    CASE.step(key, case.state, f"wait_on_{command.on}")
    yield e.CaseWaiting(key, case.customer, command.on, command.reason)
    return None


def _resume(view: View, command: c.ResumeCase, at_us: int) -> Steps:
    key, case = view.case(command.case)
    CASE.step(key, case.state, "resume")
    yield e.CaseResumed(key, case.customer, "asked")
    return None


def _resolve(view: View, command: c.ResolveCase, at_us: int) -> Steps:
    key, case = view.case(command.case)
    CASE.step(key, case.state, "resolve")
    known = view.plan.cases.dispositions
    if command.disposition is not None and known and command.disposition not in known:
        raise InvalidCommand("disposition", f"must be one of {', '.join(sorted(known))}")
    yield _resolved(view, key, case, command.disposition, at_us)
    return None


def _resolved(view: View, key: str, case: Case, disposition: str | None, at_us: int) -> e.CaseResolved:
    after = view.plan.cases.close_after
    return e.CaseResolved(key, case.customer, disposition, None if after is None else at_us + microseconds(after))


def _reopen(view: View, command: c.ReopenCase, at_us: int) -> Steps:
    key, case = view.case(command.case)
    CASE.step(key, case.state, "reopen")
    yield e.CaseReopened(key, case.customer, command.reason)
    return None


def _close(view: View, command: c.CloseCase, at_us: int) -> Steps:
    key, case = view.case(command.case)
    CASE.step(key, case.state, "close")
    yield e.CaseClosed(key, case.customer, "asked")
    return None


def _assign(view: View, command: c.AssignCase, at_us: int) -> Steps:
    key, case = view.case(command.case)
    if command.owner_kind == "agent":
        view.agent(command.owner)
    elif command.owner_kind != "team":
        raise InvalidCommand("owner_kind", "must be agent or team")
    elif command.owner not in view.plan.teams:
        raise UnknownId("team", command.owner)
    if (case.owner_kind, case.owner) != (command.owner_kind, command.owner):
        yield e.CaseOwnerChanged(key, case.customer, command.owner_kind, command.owner, "assigned")
    return None


# Contacts join cases


def _on_started(view: View, event: e.InteractionStarted, at_us: int) -> Iterator[e.Event]:
    found = find_case(view, event, at_us)
    if found is None:
        queue = event.queue or view.plan.queue_of(event.channel, event.account)
        case, number = view.cases.next_case()
        team = view.plan.queues[queue].team
        yield e.CaseOpened(case, number, event.customer, "team", team, queue, event.topic, event.conversation)
        yield e.InteractionAttached(event.interaction, case, event.customer, "new")
        return
    case, by = found
    yield from _reopened(view, case) if event.conversation is None else _revive(view, case, at_us)
    yield e.InteractionAttached(event.interaction, case, event.customer, by)
    yield from join(view, case, event.customer, event.interaction)


def _revive(view: View, key: str, at_us: int) -> Iterator[e.Event]:
    """The customer came back: the case is open again."""
    case = view.cases.cases[key]
    if case.state in ("RESOLVED", "CLOSED"):
        yield e.CaseReopened(key, case.customer, "contact")
    elif case.state == "WAITING_ON_CUSTOMER":
        yield e.CaseResumed(key, case.customer, "contact")


def _reopened(view: View, key: str) -> Iterator[e.Event]:
    """There is work in the matter again, whatever the customer does: what it waits for it still waits for."""
    case = view.cases.cases[key]
    if case.state in ("RESOLVED", "CLOSED"):
        yield e.CaseReopened(key, case.customer, "work_item")


def _on_received(view: View, event: e.MessageReceived, at_us: int) -> Iterator[e.Event]:
    yield from _revive(view, event.case, at_us)
    yield from join(view, event.case, event.customer, event.interaction)


def _on_callback(view: View, event: e.CallbackRequested, at_us: int) -> Iterator[e.Event]:
    return _revive(view, event.case, at_us)


def _on_contact_taken(view: View, event: e.ContactTaken, at_us: int) -> Iterator[e.Event]:
    return join(view, event.case, event.customer, event.interaction)


# Contacts change cases


def _on_accepted(view: View, event: e.OfferAccepted, at_us: int) -> Iterator[e.Event]:
    """Whoever takes a case that only a team answered for is accountable for it from now on, unless it is a bot."""
    case = view.contacts.interactions[event.interaction].case
    assert case is not None  # only interactions of a case are routed
    row = view.cases.cases[case]
    if row.owner_kind == "team" and event.agent not in view.bots.bots:
        yield e.CaseOwnerChanged(case, row.customer, "agent", event.agent, "accepted")


def _on_transferred(
    view: View, event: e.InteractionTransferred | e.InteractionHandedOver, at_us: int
) -> Iterator[e.Event]:
    """Handing over one's interaction hands over the case to the team that gets it."""
    case = view.contacts.interactions[event.interaction].case
    assert case is not None  # only interactions of a case are routed
    row = view.cases.cases[case]
    if (row.owner_kind, row.owner) == ("agent", event.agent):
        team = view.plan.queues[event.queue].team
        yield e.CaseOwnerChanged(case, row.customer, "team", team, "transferred")


def _on_completed(view: View, event: e.TransferCompleted, at_us: int) -> Iterator[e.Event]:
    """Handing over one's interaction hands over the case to the agent who gets it."""
    case = view.contacts.interactions[event.interaction].case
    assert case is not None  # only interactions of a case are routed
    row = view.cases.cases[case]
    if row.owner_kind == "team" or row.owner == event.agent:
        yield e.CaseOwnerChanged(case, row.customer, "agent", event.to, "transferred")


def _on_reopened(view: View, event: e.CaseReopened, at_us: int) -> Iterator[e.Event]:
    """Its queue and its owner may have gone while it was closed: a plan may drop what only closed cases name."""
    case = view.cases.cases[event.case]
    if case.queue not in view.plan.queues:
        yield e.CaseQueueChanged(event.case, case.customer, view.plan.workspace.default_queue, "queue removed")
    if case.owner_kind == "agent" and case.owner not in view.presence.agents:
        yield e.CaseOwnerChanged(event.case, case.customer, "team", _team(view, case), "agent removed")
    elif case.owner_kind == "team" and case.owner not in view.plan.teams:
        yield e.CaseOwnerChanged(event.case, case.customer, "team", _team(view, case), "team removed")


def _team(view: View, case: Case) -> str:
    """The team of the case's queue; of the default queue where an older journal names one that was dropped."""
    queues = view.plan.queues
    return queues[case.queue if case.queue in queues else view.plan.workspace.default_queue].team


def _on_finished(view: View, event: e.InteractionDone, at_us: int) -> Iterator[e.Event]:
    """A disposition that resolves settles the case, unless the customer is being served elsewhere in it."""
    if not _resolves(view, event.disposition):
        return
    key = view.contacts.interactions[event.interaction].case
    assert key is not None  # every interaction has a case from its first batch on
    case = view.cases.cases[key]
    if CASE.allows(case.state, "resolve") and key not in view.contacts.open_in_case:
        yield _resolved(view, key, case, event.disposition, at_us)


def _resolves(view: View, disposition: str | None) -> bool:
    if disposition is None:
        return False
    known = view.plan.cases.dispositions
    return known[disposition].resolves if disposition in known else disposition == "resolved"


def _on_reply_recorded(view: View, event: e.ReplyRecorded, at_us: int) -> Iterator[e.Event]:
    yield from join(view, event.case, event.customer, event.interaction)
    case = view.cases.cases[event.case]
    if event.resolve and CASE.allows(case.state, "resolve"):
        yield _resolved(view, event.case, case, event.disposition, at_us)


# Time


def _close_due(view: View, key: str, at_us: int) -> Iterator[e.Event]:
    yield e.CaseClosed(key, view.cases.cases[key].customer, "time")


def _disown(view: View, agent: str, at_us: int) -> Iterator[e.Event]:
    """Cases of an agent who is gone go back to the team of their queue."""
    for key in nsmallest(_SLICE, view.cases.owned[agent]):
        case = view.cases.cases[key]
        yield e.CaseOwnerChanged(key, case.customer, "team", _team(view, case), "agent removed")


SECTION = Section(
    "cases",
    Cases,
    {
        c.OpenCase: _open,
        c.SetCaseWaiting: _wait,
        c.ResumeCase: _resume,
        c.ResolveCase: _resolve,
        c.ReopenCase: _reopen,
        c.CloseCase: _close,
        c.AssignCase: _assign,
        c.SetParticipant: set_participant,
        c.RemoveParticipant: remove_participant,
    },
    EVOLVE,
    {
        e.InteractionStarted: _on_started,
        e.MessageReceived: _on_received,
        e.ContactTaken: _on_contact_taken,
        e.CallbackRequested: _on_callback,
        e.CaseReopened: _on_reopened,
        e.OfferAccepted: _on_accepted,
        e.InteractionTransferred: _on_transferred,
        e.InteractionHandedOver: _on_transferred,
        e.TransferCompleted: _on_completed,
        e.InteractionDone: _on_finished,
        e.ReplyRecorded: _on_reply_recorded,
    },
    {CLOSE: _close_due, DISOWN: _disown},
)
