"""Calling the customers of callbacks before an agent is asked: whose turn has come, and how many at once.

Belongs here: when a customer is called. Does not: what becomes of the call (`callbacks`).
"""

from __future__ import annotations

from collections.abc import Iterator

from orchestra.engine.routing.sides import Requirement
from orchestra.engine.view import View
from orchestra.model import events as e
from orchestra.model.structure import microseconds

__all__ = ["dial_next", "dialing", "may_dial"]


def may_dial(view: View, name: str, wanted: Requirement) -> bool:
    """Whether the turn of a waiting callback has come, and not too many of its queue are called already.

    An agent is free who is not needed for one of those who are called; or the estimated wait, behind these, is so short
    that the customer may be called ahead.
    """
    routing, plan = view.routing, view.plan.callbacks
    called = routing.dialing.get(wanted.queue, 0)
    if called >= plan.at_once:
        return False
    if called < routing.index.ready(wanted):
        return True
    if not plan.dial_ahead or called >= routing.index.able(wanted):
        return False
    place = routing.place(name)
    assert place is not None  # it waits
    wait_us = routing.wait_us(wanted, place[0] + called)
    return wait_us is not None and wait_us <= microseconds(plan.dial_ahead)


def dialing(view: View, name: str, at_us: int) -> e.CallbackDialing:
    """The customer of a waiting callback is to be called now."""
    row, interaction = view.callbacks.callbacks[name], view.contacts.interactions[name]
    return e.CallbackDialing(
        name,
        row.customer,
        view.routing.items[name].queue,
        interaction.channel,
        interaction.account,
        row.token + 1,
        row.failed + 1,
        at_us + microseconds(view.plan.callbacks.answer_within),
    )


def dial_next(view: View, queue: str | None, at_us: int) -> Iterator[e.Event]:
    """Somebody has left a queue, or is called no longer: call those whose turn has come by that, in order."""
    if queue is None or not view.routing.to_dial.get(queue) or view.routing.is_shut(queue, "customer"):
        return
    buckets = [bucket for bucket in view.routing.index.of_queue.get(queue, {}).values() if bucket.dials]
    while True:
        heads = sorted((head, bucket.wanted) for bucket in buckets if (head := bucket.waiting.first()) is not None)
        name = next((head[-1] for head, wanted in heads if may_dial(view, head[-1], wanted)), None)
        if name is None:
            return
        yield dialing(view, name, at_us)
