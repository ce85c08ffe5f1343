"""What becomes of contacts whose queue is closed."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge
from itertools import islice

from orchestra.engine.consults.parts import end
from orchestra.engine.ordered import Ordered
from orchestra.engine.routing.sides import Rank
from orchestra.engine.routing.steps import queue_again
from orchestra.engine.view import View
from orchestra.model import events as e

__all__ = ["leave_closed", "to_clear"]


def leave_closed(view: View, name: str, at_us: int) -> Iterator[e.Event]:
    """A contact waits in a closed queue: it goes where the queue says, or waits until the queue opens.

    A callback is never turned away: its customer does not wait on the line, and keeps the place until the opening.
    A consult waits, or is turned away, as what it is about would.
    """
    item = view.routing.items[name]
    queue = view.plan.queues[item.queue]
    if queue.when_closed == "overflow" and queue.overflow_to is not None:
        yield queue_again(view, name, "closed", at_us, queue.overflow_to)
    elif queue.when_closed == "turn_away" and item.first is None and view.plan.channels[item.channel].live:
        if item.consult_on is not None:
            yield end(view, name, "deflect", "closed")
            return
        yield e.InteractionDeflected(name, item.customer, item.queue, "closed")


def to_clear(view: View, queue: str, most: int) -> list[str]:
    """At most so many of those that wait in a closed queue and are to leave it, those who came first before others."""
    definition = view.plan.queues[queue]
    if definition.when_closed not in ("overflow", "turn_away"):
        return []
    buckets = [bucket.waiting for bucket in view.routing.index.buckets_of(queue)]
    if definition.when_closed == "turn_away":
        buckets = [waiting for waiting in buckets if _is_on_the_line(view, waiting)]
    return [rank[-1] for rank in islice(merge(*buckets), most)]


def _is_on_the_line(view: View, waiting: Ordered[Rank]) -> bool:
    """Whether those of a bucket wait on the line, or for help with contacts that do: all of them, or none."""
    head = waiting.first()
    if head is None:
        return False
    item = view.routing.items[head[-1]]
    return view.plan.channels[item.channel].live and item.first is None
