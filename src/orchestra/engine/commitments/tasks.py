"""Whose work a conflict is: somebody is asked to settle it, and somebody to deal with what follows from that."""

from __future__ import annotations

from collections.abc import Iterator

from orchestra.engine.commitments.state import Conflict
from orchestra.engine.lifecycle import INTERACTION
from orchestra.engine.routing.offers import end_all
from orchestra.engine.view import View
from orchestra.engine.work.decide import CONFLICT_KEYS, DECISION_KEYS, opening
from orchestra.model import commands as c, events as e
from orchestra.model.commitments import value_text

__all__ = ["correction_task", "decided", "decision_task"]


def correction_task(view: View, event: e.CommitmentCorrected, channel: str, at_us: int) -> Iterator[e.Event]:
    """Somebody is to deal with it: whoever answers for the customer's case, in its queue."""
    case = None if event.case is None else view.cases.row(event.case)
    queue = case.queue if case is not None and case.queue in view.plan.queues else None
    owner = case.owner if case is not None and case.owner_kind == "agent" else None
    said = value_text(event.type, event.instead, event.instead_unit)
    holds = value_text(event.type, event.value, event.unit)
    item = c.OpenWorkItem(
        channel,
        f"{CONFLICT_KEYS}{event.conflict}",
        queue=queue,
        agent=owner if owner in view.presence.agents else None,
        title=f"{event.attribute} of {event.subject}: {holds} holds, the customer was told {said}",
    )
    yield from opening(view, item, event.case, _whose(view, event.case, event.customer), at_us)


def decision_task(view: View, name: str, at_us: int) -> Iterator[e.Event]:
    """Somebody is to settle a conflict, if the plan says where; once, however many statements join it."""
    channel, conflict = view.plan.commitments.decisions, view.commitments.conflicts[name]
    if channel is None or _task_of(view, name) is not None:
        return
    title = f"{conflict.attribute} of {conflict.subject}: {_told(view, conflict)}; which holds?"
    item = c.OpenWorkItem(channel, f"{DECISION_KEYS}{name}", title=title)
    yield from opening(view, item, conflict.case, _whose(view, conflict.case, conflict.customer), at_us)


def _told(view: View, conflict: Conflict) -> str:
    rows = [view.commitments.statements[name] for name in sorted(conflict.statements, key=lambda name: int(name[2:]))]
    return ", ".join(dict.fromkeys(value_text(row.type, row.value, row.unit) for row in rows))


def _whose(view: View, case: str | None, customer: str) -> str:
    return view.identity.root(customer) if case is None else customer


def decided(view: View, name: str) -> Iterator[e.Event]:
    """It is settled: nobody who has not begun need decide it."""
    task = _task_of(view, name)
    if task is None:
        return
    row = view.contacts.interactions[task]
    if row.agent is None and INTERACTION.allows(row.state, "cancel"):
        yield from end_all(view, task, "withdraw", "settled")
        yield e.InteractionCanceled(task, row.customer, "settled")


def _task_of(view: View, conflict: str) -> str | None:
    """The work item by which somebody was asked to settle it, on whichever channel of work the plan had for that."""
    keys = ((name, f"{DECISION_KEYS}{conflict}") for name, channel in view.plan.channels.items() if channel.work)
    return next((view.work.by_key[key] for key in keys if key in view.work.by_key), None)
