"""From step to step: whom a waiting interaction is offered to as time passes, and where it goes when nobody is left."""

from __future__ import annotations

from collections.abc import Iterator

from orchestra.engine.routing.helping import about, queued_again
from orchestra.engine.routing.match import offer_best_agent
from orchestra.engine.routing.rows import Item
from orchestra.engine.routing.sides import Requirement
from orchestra.engine.view import View
from orchestra.model import events as e
from orchestra.model.routing import Condition
from orchestra.model.structure import microseconds

__all__ = [
    "at_risk",
    "begin",
    "exhausted",
    "gate_over",
    "grown_older",
    "holds",
    "queue_again",
    "queue_as_before",
    "step_over",
]


def begin(view: View, name: str, at_us: int) -> Iterator[e.Event]:
    """An interaction waits: go to the first step that applies, and offer it."""
    item = view.routing.items[name]
    if view.targets.is_at_risk(name):
        yield from _help(view, name, item)
        if item.state != "WAITING":
            return
    first = _next(view, name, item, item.step)
    if first is not None and first != item.step:
        yield _entered(name, item, first, "skipped")  # which offers it
    else:
        yield from offer_best_agent(view, name, at_us)


def at_risk(view: View, name: str, at_us: int) -> Iterator[e.Event]:
    """A live contact's connect target is at risk: what its queue does about it, if it still waits."""
    item = view.routing.items[name]
    queue = view.routing.rules.queues[item.queue].definition
    if item.state != "WAITING":
        return
    if queue.at_risk == "overflow" and queue.overflow_to is not None:
        yield queue_again(view, name, "at_risk", at_us, queue.overflow_to)
    else:
        yield from _help(view, name, item)


def _help(view: View, name: str, item: Item) -> Iterator[e.Event]:
    """All further teams may take it at once."""
    last = len(view.routing.rules.queues[item.queue].gates_us) - 1
    if item.gate < last:
        yield _opened(name, item, last)


def step_over(view: View, name: str, at_us: int) -> Iterator[e.Event]:
    """The step's time is over; or by the rules that hold it may not be."""
    if view.routing.standing.is_behind(view.routing.items[name]):
        yield e.RoutingMoved([name])
    else:
        yield from _go_on(view, name, "time", at_us)


def exhausted(view: View, name: str, at_us: int) -> Iterator[e.Event]:
    """All who could serve the item, busy or not, have declined or missed it."""
    item = view.routing.items[name]
    queue = view.routing.rules.queues[item.queue]
    if queue.step(item.step).is_known or queue.definition.exhausted == "next_step":
        following = _next(view, name, item, item.step + 1)
        if following is not None:
            yield _entered(name, item, following, "exhausted")
            return
    retry_us = at_us + microseconds(queue.definition.retry_after)
    interaction, consult = about(name, item)
    yield e.RoutingExhausted(interaction, item.customer, item.queue, retry_us, consult)


def gate_over(view: View, name: str, at_us: int) -> Iterator[e.Event]:
    """It has waited long enough for further teams; or by the rules that hold it may not have."""
    item = view.routing.items[name]
    yield e.RoutingMoved([name]) if view.routing.standing.is_behind(item) else _opened(name, item, item.gate + 1)


def grown_older(view: View, name: str, at_us: int) -> Iterator[e.Event]:
    """It has waited long enough to count as older than it is; or by the rules that hold it may not have."""
    item = view.routing.items[name]
    if view.routing.standing.is_behind(item):
        yield e.RoutingMoved([name])
        return
    queue = view.routing.rules.queues[item.queue]
    age = queue.aged(item.start_us, at_us)
    interaction, consult = about(name, item)
    yield e.PriorityRaised(interaction, item.customer, item.queue, age, queue.raised[age], consult)


def _opened(name: str, item: Item, gate: int) -> e.GateOpened:
    interaction, consult = about(name, item)
    return e.GateOpened(interaction, item.customer, item.queue, gate, consult)


def _go_on(view: View, name: str, reason: str, at_us: int) -> Iterator[e.Event]:
    """The next step that applies, else the queue that this one overflows to, else the same step for as long again."""
    item = view.routing.items[name]
    following = _next(view, name, item, item.step + 1)
    overflow_to = view.routing.rules.queues[item.queue].definition.overflow_to
    if following is not None:
        yield _entered(name, item, following, reason)
    elif overflow_to is not None:
        yield queue_again(view, name, "overflowed", at_us, overflow_to)
    else:
        yield _entered(name, item, item.step, "stayed")


def _entered(name: str, item: Item, step: int, reason: str) -> e.StepEntered:
    interaction, consult = about(name, item)
    return e.StepEntered(interaction, item.customer, item.queue, step, reason, consult)


def _next(view: View, name: str, item: Item, at_least: int) -> int | None:
    """The first step from this one on that is not skipped."""
    queue = view.routing.rules.queues[item.queue]
    for number in range(at_least, len(queue.steps)):
        step = queue.steps[number]
        if (step.is_known and not _is_at_work(view, item.agent)) or (step.is_for_bots and item.for_people):
            continue
        wanted = view.routing.rules.wanted(item, number)
        if not holds(view, step.definition.skip_if, wanted):
            return number
    return None


def _is_at_work(view: View, agent: str | None) -> bool:
    """Whether somebody knows the customer and could come back to them: who is away may, who has signed out will not."""
    row = None if agent is None else view.presence.agents.get(agent)
    return row is not None and row.state != "OFFLINE"


def holds(view: View, condition: Condition, wanted: Requirement) -> bool:
    """Whether a condition holds now for what an interaction waits for. An empty one does not."""
    routing, queue = view.routing, condition.queue or wanted.queue
    there = wanted if queue == wanted.queue else routing.rules.bare(queue, wanted.kind)
    asked: list[bool] = []
    if condition.nobody:
        asked.append(routing.index.able(wanted) == 0)
    if condition.saturated:
        asked.append(routing.index.free(wanted) == 0)
    if condition.waiting_above is not None:
        asked.append(routing.index.waiting_in.get(queue, 0) > condition.waiting_above)
    if condition.wait_above is not None:
        wait_us = routing.wait_us(there, routing.index.waiting_in.get(queue, 0))
        asked.append(wait_us is not None and wait_us >= microseconds(condition.wait_above))
    if condition.service_level_below is not None:
        asked.append(routing.paces.service_level(queue) < condition.service_level_below)
    return bool(asked) and all(asked)


def queue_as_before(view: View, name: str, reason: str) -> e.InteractionQueued:
    """A contact that waited for another one has a place in its queue, as old as it is."""
    item = view.routing.items[name]
    return e.InteractionQueued(
        name,
        item.customer,
        item.queue,
        item.channel,
        dict(item.skills),
        item.priority,
        item.start_us,
        item.order,
        reason,
        item.agent,
        first=item.first,
    )


def queue_again(
    view: View, name: str, reason: str, at_us: int, queue: str | None = None, told: str | None = None
) -> e.InteractionQueued | e.ConsultQueued:
    """An item waits again, in its queue with the place that the queue gives it, or with its own in another.

    Args:
        view: the state before that.
        name: the interaction, or the consult.
        reason: why.
        at_us: now.
        queue: the other queue.
        told: what an agent who was asked to help gave as the reason.
    """
    item = view.routing.items[name]
    place = "keep" if queue is not None else view.plan.queues[item.queue].requeue
    is_reset = place == "reset"
    start_us, order = (at_us, view.routing.next_order()) if is_reset else (item.start_us, item.order)
    at_front = item.at_front or place == "front"
    if item.consult_on is not None:
        return queued_again(view, name, reason, (queue or item.queue, start_us, order, at_front), told)
    return e.InteractionQueued(
        name,
        item.customer,
        queue or item.queue,
        item.channel,
        item.skills,
        item.priority,
        start_us,
        order,
        reason,
        item.agent,
        at_front,
        item.first,
    )
