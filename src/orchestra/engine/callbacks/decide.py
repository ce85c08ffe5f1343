"""Callbacks: asked for, put off, called off, dialled, tried again, and not made to those already served."""

from __future__ import annotations

from collections.abc import Iterator

from orchestra.engine.callbacks.asking import WAITS, check_due, request, schedule
from orchestra.engine.callbacks.state import CALL, DUE, EVOLVE, Callback, Callbacks
from orchestra.engine.cases.state import SETTLED
from orchestra.engine.contacts.state import Interaction
from orchestra.engine.lifecycle import INTERACTION
from orchestra.engine.routing.offers import end_all
from orchestra.engine.routing.steps import queue_again
from orchestra.engine.section import Section, Steps
from orchestra.engine.view import View
from orchestra.errors import InvalidCommand, NotAllowedInState, NotPermitted
from orchestra.model import commands as c, events as e
from orchestra.model.command import Id
from orchestra.model.commands.callbacks import CALLBACK_OUTCOMES
from orchestra.model.results import Dialed
from orchestra.model.structure import microseconds

__all__ = ["SECTION"]

_UNREACHED = ("SCHEDULED", *WAITS, "DIALING")
_IN_HAND = ("ACTIVE", "HELD", "WRAPPING")
_HOPELESS = ("wrong_number",)
"""Outcomes after which dialling again would reach the same stranger."""


def _open(view: View, name: Id, trigger: str, wish: str) -> tuple[str, Interaction, Callback]:
    """A callback that has not reached its customer, in a state that allows the trigger."""
    key, interaction = view.interaction(name)
    row = view.callbacks.callbacks.get(key)
    if row is None or not INTERACTION.allows(interaction.state, trigger):
        raise NotAllowedInState(key, interaction.state, wish)
    return key, interaction, row


def _reschedule(view: View, command: c.RescheduleCallback, at_us: int) -> Steps:
    key, interaction, row = _open(view, command.interaction, "schedule", "reschedule_callback")
    check_due(view, command.due_us, at_us)
    agent = interaction.agent
    yield from end_all(view, key, "withdraw", "called back at another time")
    yield e.CallbackScheduled(key, row.customer, command.due_us, "rescheduled", agent)
    return None


def _cancel(view: View, command: c.CancelCallback, at_us: int) -> Steps:
    key, _, row = _open(view, command.interaction, "cancel", "cancel_callback")
    yield from end_all(view, key, "withdraw", command.reason)
    yield e.InteractionCanceled(key, row.customer, command.reason)
    return None


def _report(view: View, command: c.ReportCallback, at_us: int) -> Steps:
    _check_outcome(command.outcome)
    key, interaction, row = _open(view, command.interaction, "schedule", "report_callback")
    if interaction.state != "ACTIVE":
        raise NotAllowedInState(key, interaction.state, "report_callback")
    if interaction.agent != command.agent:
        raise NotPermitted(f"agent:{command.agent}", "ReportCallback", f"{key} is not theirs")
    if command.outcome == "answered":
        yield e.CallbackAnswered(key, row.customer, command.agent)
        return None
    yield from _missed(view, key, row, command.agent, command.outcome, at_us)
    return None


def _report_dialing(view: View, command: c.ReportDialing, at_us: int) -> Steps:
    _check_outcome(command.outcome)
    key, interaction, row = _open(view, command.interaction, "schedule", "report_dialing")
    if interaction.state != "DIALING":
        raise NotAllowedInState(key, interaction.state, "report_dialing")
    if command.token != row.token:
        raise InvalidCommand("token", f"is of another call: the one that is on has {row.token}")
    if command.outcome != "answered":
        yield from _missed(view, key, row, None, command.outcome, at_us)
        return Dialed(waits=False, due_us=row.due_us)
    queue = view.plan.queues[row.queue]
    if view.routing.is_shut(row.queue) and queue.when_closed != "overflow":
        # It closed while the customer was called; nobody is there who could talk with them.
        yield queue_again(view, key, "closed", at_us)
        return Dialed(waits=False)
    item = view.routing.items[key]
    yield e.CallbackAnswered(key, row.customer)
    yield e.InteractionQueued(
        key,
        row.customer,
        row.queue,
        item.channel,
        item.skills,
        item.priority,
        at_us,
        view.routing.next_order(),
        "reached",
        item.agent,
        at_front=True,
    )
    return Dialed(waits=True)


def _check_outcome(outcome: str) -> None:
    if outcome not in CALLBACK_OUTCOMES:
        raise InvalidCommand("outcome", f"must be one of {', '.join(CALLBACK_OUTCOMES)}")


def _missed(view: View, key: str, row: Callback, agent: str | None, outcome: str, at_us: int) -> Iterator[e.Event]:
    """The customer was not reached: they are called again later, or never."""
    yield e.CallbackFailed(key, row.customer, agent, row.failed + 1, outcome)
    plan = view.plan.callbacks
    if _is_served(view, key, row):
        yield e.InteractionDone(key, row.customer, "served", agent)
        return
    if row.failed < plan.attempts and outcome not in _HOPELESS:
        yield e.CallbackScheduled(key, row.customer, at_us + microseconds(plan.retry_after), "retry", agent)
        return
    yield e.CallbackExhausted(key, row.customer, row.failed)
    yield e.InteractionDone(key, row.customer, "callback_exhausted", agent)


def _is_served(view: View, key: str, row: Callback) -> bool:
    """Whether a person answers the customer in the matter just now, or has while somebody was dialling."""
    rows, cases = view.contacts.interactions, view.cases.group(row.case)
    for name in view.known.contacts_of(view.identity.group(row.customer)):
        other = rows[name]
        is_theirs = name != key and other.conversation is not None and other.case in cases
        if is_theirs and other.agent is not None and _is_person(view, other.customer, other.agent):
            came_since = int(name[2:]) > int(key[2:])
            if other.state in _IN_HAND or (came_since and other.state == "DONE"):
                return True
    return False


def _is_person(view: View, customer: str, name: str) -> bool:
    """Whether whoever took a contact of a customer is a person, or was before they were removed."""
    agent = view.presence.agents.get(name)
    return view.known.customers[customer].agent == name if agent is None else agent.kind == "person"


def _unanswered(view: View, key: str, at_us: int) -> Iterator[e.Event]:
    """Nobody has told what became of the call."""
    return _missed(view, key, view.callbacks.callbacks[key], None, "no_answer", at_us)


def _on_accepted(view: View, event: e.OfferAccepted, at_us: int) -> Iterator[e.Event]:
    """Whoever made contact themself and is being served by a person is not called back as well."""
    if not view.callbacks.open:
        return
    interaction = view.contacts.interactions[event.interaction]
    if interaction.conversation is None or view.presence.agents[event.agent].kind != "person":
        return
    assert interaction.case is not None  # only interactions of a case are routed
    key = view.callbacks.of(view.identity.group(interaction.customer), view.cases.group(interaction.case))
    if key is None or view.contacts.interactions[key].state not in _UNREACHED:
        return
    yield from end_all(view, key, "withdraw", "served meanwhile")
    yield e.InteractionDone(key, view.contacts.interactions[key].customer, "served")


def _on_reply_recorded(view: View, event: e.ReplyRecorded, at_us: int) -> Iterator[e.Event]:
    """Cases react first. Whoever has an answer, and whose matter is settled, waits for no call any more.

    An answer that leaves the matter open is none to who asked to be called; nor is a case that somebody resolves
    without a word to the customer.
    """
    key = view.callbacks.of(view.identity.group(event.customer), view.cases.group(event.case))
    if key is None or view.cases.row(event.case).state not in SETTLED:
        return
    if view.contacts.interactions[key].state in ("SCHEDULED", "QUEUED"):
        yield e.InteractionDone(key, view.contacts.interactions[key].customer, "resolved", None, event.disposition)


def _due(view: View, key: str, at_us: int) -> Iterator[e.Event]:
    """Its time has come: it waits as one who has waited since then."""
    row, interaction = view.callbacks.callbacks[key], view.contacts.interactions[key]
    assert row.due_us is not None  # only what has a time has this timer
    priority = view.plan.queues[row.queue].priority + row.priority + view.plan.callbacks.priority
    yield e.InteractionQueued(
        key,
        row.customer,
        row.queue,
        interaction.channel,
        row.skills,
        priority,
        row.due_us,
        view.routing.next_order(),
        "callback",
        row.agent,
        first=view.plan.callbacks.first,
    )


SECTION = Section(
    "callbacks",
    Callbacks,
    {
        c.RequestCallback: request,
        c.ScheduleCallback: schedule,
        c.RescheduleCallback: _reschedule,
        c.CancelCallback: _cancel,
        c.ReportCallback: _report,
        c.ReportDialing: _report_dialing,
    },
    EVOLVE,
    {e.OfferAccepted: _on_accepted, e.ReplyRecorded: _on_reply_recorded},
    {DUE: _due, CALL: _unanswered},
)
