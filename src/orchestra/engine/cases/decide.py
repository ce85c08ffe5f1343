"""Opening, waiting, resolving, reopening and closing cases; and always exactly one owner."""

from __future__ import annotations

from collections.abc import Iterator

from orchestra.engine.cases.answering import answered_in
from orchestra.engine.cases.attach import CORRELATOR, find_case, find_followed
from orchestra.engine.cases.correlating import accept, dismiss, guess, suggested
from orchestra.engine.cases.joining import join, reopen, revive
from orchestra.engine.cases.merging import is_worked, merge, move, split, unmerge
from orchestra.engine.cases.participants import remove_participant, set_participant
from orchestra.engine.cases.state import CLOSE, DISOWN, EVOLVE, SETTLED, Case, Cases
from orchestra.engine.lifecycle import CASE
from orchestra.engine.ownership.owners import team_behind
from orchestra.engine.section import Section, Steps
from orchestra.engine.view import View
from orchestra.errors import InvalidCommand, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.results import CaseRef
from orchestra.model.structure import microseconds

__all__ = ["SECTION", "resolved"]

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
    yield resolved(view, key, case, command.disposition, at_us)
    return None


def resolved(view: View, key: str, case: Case, disposition: str | None, at_us: int) -> e.CaseResolved:
    """The event that settles a case, with the time at which it closes by itself."""
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
    found, guessed = find_case(view, event, at_us), None
    if found is None:
        guessed = guess(view, event, at_us)
        if guessed is not None and guessed.is_sure:
            found = guessed.case, CORRELATOR
    if found is None:
        queue = event.queue or view.plan.queue_of(event.channel, event.account)
        case, number = view.cases.next_case()
        team, late = view.plan.queues[queue].team, find_followed(view, event)
        yield e.CaseOpened(case, number, event.customer, "team", team, queue, event.topic, event.conversation, late)
        yield e.InteractionAttached(event.interaction, case, event.customer, "new")
        if guessed is not None:
            yield from suggested(view, event, guessed)
        return
    case, by = found
    yield from reopen(view, case, "work_item") if event.conversation is None else revive(view, case)
    yield e.InteractionAttached(event.interaction, case, event.customer, by)
    yield from join(view, case, event.customer, event.interaction)


def _on_received(view: View, event: e.MessageReceived, at_us: int) -> Iterator[e.Event]:
    yield from revive(view, event.case)
    yield from join(view, event.case, event.customer, event.interaction)


def _on_callback(view: View, event: e.CallbackRequested, at_us: int) -> Iterator[e.Event]:
    return revive(view, event.case)


def _on_contact_taken(view: View, event: e.ContactTaken, at_us: int) -> Iterator[e.Event]:
    return join(view, event.case, event.customer, event.interaction)


# Contacts change cases


def _matter(view: View, interaction: str) -> tuple[str, Case]:
    """The case that an interaction is about, as it goes on."""
    case = view.contacts.interactions[interaction].case
    assert case is not None  # every interaction has a case from its first batch on
    key = view.cases.root(case)
    return key, view.cases.cases[key]


def _on_accepted(view: View, event: e.OfferAccepted, at_us: int) -> Iterator[e.Event]:
    """Whoever takes a case that only a team answered for is accountable for it from now on, unless it is a bot."""
    case, row = _matter(view, event.interaction)
    if row.owner_kind == "team" and event.agent not in view.bots.bots:
        yield e.CaseOwnerChanged(case, row.customer, "agent", event.agent, "accepted")


def _on_transferred(
    view: View, event: e.InteractionTransferred | e.InteractionHandedOver, at_us: int
) -> Iterator[e.Event]:
    """Handing over one's interaction hands over the case to the team that gets it."""
    case, row = _matter(view, event.interaction)
    if (row.owner_kind, row.owner) == ("agent", event.agent):
        team = view.plan.queues[event.queue].team
        yield e.CaseOwnerChanged(case, row.customer, "team", team, "transferred")


def _on_completed(view: View, event: e.TransferCompleted, at_us: int) -> Iterator[e.Event]:
    """Handing over one's interaction hands over the case to the agent who gets it."""
    case, row = _matter(view, event.interaction)
    if row.owner_kind == "team" or row.owner == event.agent:
        yield e.CaseOwnerChanged(case, row.customer, "agent", event.to, "transferred")


def _on_back(view: View, event: e.CaseReopened | e.CaseUnmerged, at_us: int) -> Iterator[e.Event]:
    """Its queue and its owner may have gone while it was closed or merged: a plan may drop what only those name."""
    case = view.cases.cases[event.case]
    if case.state == "CLOSED":
        return
    if case.queue not in view.plan.queues:
        yield e.CaseQueueChanged(event.case, case.customer, view.plan.workspace.default_queue, "queue removed")
    if case.owner_kind == "agent" and case.owner not in view.presence.agents:
        yield e.CaseOwnerChanged(event.case, case.customer, "team", team_behind(view, event.case), "agent removed")
    elif case.owner_kind == "team" and case.owner not in view.plan.teams:
        yield e.CaseOwnerChanged(event.case, case.customer, "team", team_behind(view, event.case), "team removed")


def _on_hand_off_accepted(view: View, event: e.HandOffAccepted, at_us: int) -> Iterator[e.Event]:
    yield e.CaseOwnerChanged(event.case, event.customer, "agent", event.agent, "handed_off")


def _on_escalated(view: View, event: e.CaseEscalated, at_us: int) -> Iterator[e.Event]:
    yield e.CaseOwnerChanged(event.case, event.customer, "team", event.to, "escalated")


def _on_finished(view: View, event: e.InteractionDone, at_us: int) -> Iterator[e.Event]:
    """A disposition that resolves settles the case, unless the customer is being served elsewhere in it."""
    if not _resolves(view, event.disposition):
        return
    key, case = _matter(view, event.interaction)
    if CASE.allows(case.state, "resolve") and not is_worked(view, key):
        yield resolved(view, key, case, event.disposition, at_us)


def _resolves(view: View, disposition: str | None) -> bool:
    if disposition is None:
        return False
    known = view.plan.cases.dispositions
    return known[disposition].resolves if disposition in known else disposition == "resolved"


def _on_reply_recorded(view: View, event: e.ReplyRecorded, at_us: int) -> Iterator[e.Event]:
    yield from join(view, event.case, event.customer, event.interaction)
    key, case = view.cases.root(event.case), view.cases.row(event.case)
    if event.resolve and CASE.allows(case.state, "resolve"):
        yield resolved(view, key, case, event.disposition, at_us)


def _on_resolved(view: View, event: e.CaseResolved, at_us: int) -> Iterator[e.Event]:
    """What asked the same in a case of its own is settled with it: nobody is left to do it."""
    for name in answered_in(view, event.case):
        yield resolved(view, name, view.cases.cases[name], event.disposition, at_us)


def _on_question_answered(view: View, event: e.QuestionAnswered, at_us: int) -> Iterator[e.Event]:
    """The answer may have settled the case in which it was given before this was told."""
    by = view.contacts.interactions[event.by]
    assert by.case is not None  # every interaction has a case from its first batch on
    own = view.contacts.interactions[event.interaction].case
    if view.cases.root(own or "") != view.cases.root(by.case) and view.cases.row(by.case).state in SETTLED:
        for name in answered_in(view, by.case):
            yield resolved(view, name, view.cases.cases[name], by.disposition, at_us)


# Time


def _close_due(view: View, key: str, at_us: int) -> Iterator[e.Event]:
    yield e.CaseClosed(key, view.cases.cases[key].customer, "time")


def _disown(view: View, agent: str, at_us: int) -> Iterator[e.Event]:
    """Cases of an agent who is gone go back to the team for which they owned them."""
    for key in view.cases.owned_by("agent", agent, 0, _SLICE):
        yield e.CaseOwnerChanged(key, view.cases.cases[key].customer, "team", team_behind(view, key), "agent removed")


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
        c.MergeCases: merge,
        c.UnmergeCase: unmerge,
        c.SplitCase: split,
        c.MoveInteraction: move,
        c.AcceptCaseSuggestion: accept,
        c.DismissCaseSuggestion: dismiss,
        c.SetParticipant: set_participant,
        c.RemoveParticipant: remove_participant,
    },
    EVOLVE,
    {
        e.InteractionStarted: _on_started,
        e.MessageReceived: _on_received,
        e.ContactTaken: _on_contact_taken,
        e.CallbackRequested: _on_callback,
        e.CaseReopened: _on_back,
        e.CaseUnmerged: _on_back,
        e.OfferAccepted: _on_accepted,
        e.InteractionTransferred: _on_transferred,
        e.InteractionHandedOver: _on_transferred,
        e.TransferCompleted: _on_completed,
        e.InteractionDone: _on_finished,
        e.ReplyRecorded: _on_reply_recorded,
        e.CaseResolved: _on_resolved,
        e.QuestionAnswered: _on_question_answered,
        e.HandOffAccepted: _on_hand_off_accepted,
        e.CaseEscalated: _on_escalated,
    },
    {CLOSE: _close_due, DISOWN: _disown},
)
