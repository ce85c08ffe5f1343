"""Callbacks: asked for, put off, called off, dialled by an agent, tried again, and not made to those already served."""

from __future__ import annotations

from collections.abc import Iterator

from orchestra.engine.callbacks.state import DUE, EVOLVE, Callback, Callbacks
from orchestra.engine.contacts.state import Interaction
from orchestra.engine.lifecycle import INTERACTION
from orchestra.engine.routing.offers import end_all
from orchestra.engine.section import Section, Steps
from orchestra.engine.view import View
from orchestra.errors import InvalidCommand, NotAllowedInState, NotPermitted
from orchestra.model import commands as c, events as e
from orchestra.model.command import Id
from orchestra.model.commands.callbacks import CALLBACK_OUTCOMES
from orchestra.model.results import RequestedCallback
from orchestra.model.structure import microseconds

__all__ = ["SECTION"]

_WAITS = ("QUEUED", "OFFERED", "CONNECTING")
_UNDIALLED = ("SCHEDULED", *_WAITS)
_HOPELESS = ("wrong_number",)
"""Outcomes after which dialling again would reach the same stranger."""


def _request(view: View, command: c.RequestCallback, at_us: int) -> Steps:
    key, asking = view.interaction(command.interaction)
    if not asking.live:
        raise InvalidCommand("interaction", f"{key} is no live contact: its customer does not wait on a line")
    if command.agent is not None:
        view.agent(command.agent)
    _check_due(view, command.due_us, at_us)
    assert asking.case is not None  # every interaction has a case from its first batch on
    known = view.callbacks.open.get((asking.customer, asking.case))
    if known is not None:
        if known != key and asking.state in _WAITS:
            yield from _ends(view, key, asking)
        return RequestedCallback(known, view.callbacks.callbacks[known].due_us, is_new=False)
    return (yield from _requested(view, command, key, asking, at_us))


def _requested(view: View, command: c.RequestCallback, key: str, asking: Interaction, at_us: int) -> Steps:
    """The waiting contact ends, and the callback waits in its place, or for its time."""
    item = view.routing.items.get(key)
    waits = item is not None and asking.state in _WAITS
    queue = asking.queue or view.plan.queue_of(asking.channel, asking.account)
    if queue not in view.plan.queues:
        queue = view.plan.workspace.default_queue
    assert asking.case is not None
    assert asking.conversation is not None  # only work items have none, and they are never live
    skills = dict(view.plan.queues[queue].skills) if item is None else item.skills
    priority = view.plan.queues[queue].priority if item is None else item.priority
    start_us, order = (item.start_us, item.order) if item and waits else (at_us, view.routing.next_order())
    agent = command.agent or (item.agent if item and waits else None)
    at_front = item is not None and waits and item.at_front
    if waits:
        yield from _ends(view, key, asking)
    name = view.contacts.next_id("interaction", "in")
    yield e.CallbackRequested(
        name,
        asking.case,
        asking.customer,
        asking.channel,
        asking.account,
        asking.conversation,
        queue,
        skills,
        key,
        agent,
        priority - view.plan.queues[queue].priority,
    )
    yield e.InteractionAttached(name, asking.case, asking.customer, "callback")
    if command.due_us is not None:
        yield e.CallbackScheduled(name, asking.customer, command.due_us, "requested")
    else:
        yield e.InteractionQueued(
            name, asking.customer, queue, asking.channel, skills, priority, start_us, order, "callback", agent, at_front
        )
    return RequestedCallback(name, command.due_us, is_new=True)


def _ends(view: View, key: str, asking: Interaction) -> Iterator[e.Event]:
    """The customer hangs up because they will be called: nobody was abandoned."""
    yield from end_all(view, key, "withdraw", "to be called back")
    yield e.InteractionDone(key, asking.customer, "callback")


def _check_due(view: View, due_us: int | None, at_us: int) -> None:
    if due_us is None:
        return
    if due_us <= at_us:
        raise InvalidCommand("due_us", "lies in the past")
    ahead = view.plan.callbacks.ahead
    if due_us > at_us + microseconds(ahead):
        raise InvalidCommand("due_us", f"lies too far ahead: at most {ahead.days} days and {ahead.seconds} seconds")


def _open(view: View, name: Id, trigger: str, wish: str) -> tuple[str, Interaction, Callback]:
    """A callback that has not reached its customer, in a state that allows the trigger."""
    key, interaction = view.interaction(name)
    row = view.callbacks.callbacks.get(key)
    if row is None or not INTERACTION.allows(interaction.state, trigger):
        raise NotAllowedInState(key, interaction.state, wish)
    return key, interaction, row


def _reschedule(view: View, command: c.RescheduleCallback, at_us: int) -> Steps:
    key, interaction, row = _open(view, command.interaction, "schedule", "reschedule_callback")
    _check_due(view, command.due_us, at_us)
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
    if command.outcome not in CALLBACK_OUTCOMES:
        raise InvalidCommand("outcome", f"must be one of {', '.join(CALLBACK_OUTCOMES)}")
    key, interaction, row = _open(view, command.interaction, "schedule", "report_callback")
    if interaction.state != "ACTIVE":
        raise NotAllowedInState(key, interaction.state, "report_callback")
    if interaction.agent != command.agent:
        raise NotPermitted(f"agent:{command.agent}", "ReportCallback", f"{key} is not theirs")
    if command.outcome == "answered":
        yield e.CallbackAnswered(key, row.customer, command.agent)
        return None
    yield e.CallbackFailed(key, row.customer, command.agent, row.failed + 1, command.outcome)
    plan = view.plan.callbacks
    if row.failed < plan.attempts and command.outcome not in _HOPELESS:
        due_us = at_us + microseconds(plan.retry_after)
        yield e.CallbackScheduled(key, row.customer, due_us, "retry", command.agent)
        return None
    yield e.CallbackExhausted(key, row.customer, row.failed)
    yield e.InteractionDone(key, row.customer, "callback_exhausted", command.agent)
    return None


def _on_accepted(view: View, event: e.OfferAccepted, at_us: int) -> Iterator[e.Event]:
    """Whoever made contact themself and is being served by a person is not called back as well."""
    interaction = view.contacts.interactions[event.interaction]
    if interaction.conversation is None or view.presence.agents[event.agent].kind != "person":
        return
    assert interaction.case is not None  # only interactions of a case are routed
    key = view.callbacks.open.get((interaction.customer, interaction.case))
    if key is None or view.contacts.interactions[key].state not in _UNDIALLED:
        return
    yield from end_all(view, key, "withdraw", "served meanwhile")
    yield e.InteractionDone(key, interaction.customer, "served")


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
    )


SECTION = Section(
    "callbacks",
    Callbacks,
    {
        c.RequestCallback: _request,
        c.RescheduleCallback: _reschedule,
        c.CancelCallback: _cancel,
        c.ReportCallback: _report,
    },
    EVOLVE,
    {e.OfferAccepted: _on_accepted},
    {DUE: _due},
)
