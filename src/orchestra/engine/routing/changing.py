"""What another plan changes in routing, and nothing else: all that it leaves as it was stays where it stands.

Belongs here: telling what has changed, and moving that. Does not: offering again what now fits, which goes in slices.
"""

from __future__ import annotations

from collections.abc import Iterator

from orchestra.engine.routing.rules import Rules
from orchestra.engine.routing.state import Routing
from orchestra.model import events as e

__all__ = ["change_plan"]


def change_plan(routing: Routing, event: e.PlanChanged, at_us: int) -> None:
    """Go by the new plan's rules: move what they change, and begin to offer again what now fits.

    Items move whose queue is served otherwise, agents if the room or the keys of any change; whom the plan defines
    otherwise follows in an event of their own.
    """
    before = routing.rules
    rules = routing.rules = Rules(routing.plan, routing.plans.rating, before)
    opened = list(_doors(routing))
    if rules.callbacks != before.callbacks:  # more may be called at once, or sooner
        opened += sorted(routing.to_dial)
    changed = sorted(rules.queues.keys() - rules.queues_alike(before))
    for queue in changed:
        _move_items(routing, queue, at_us)
    for queue in (*changed, *opened):
        routing.fewer_serve(routing.index.of_queue.get(queue, {}).values(), at_us)
    if rules.places_alike(before) and rules.gives_room_alike(before) and rules.paces_alike(before):
        routing.sweep(routing.index.takers([*changed, *opened]), at_us)
    else:
        _move_agents(routing, before, at_us)
        routing.sweep(routing.index.of_agent, at_us)


def _doors(routing: Routing) -> Iterator[str]:
    """Shut queues as the new plan says; gives those that are no longer shut, or for callbacks alone."""
    for queue in sorted(routing.closed):
        before = routing.index.is_shut(queue)
        if queue not in routing.plan.queues:
            del routing.closed[queue]
        after = routing.is_shut(queue) if queue in routing.closed else None
        if after is before:
            continue
        routing.index.reopen(queue)
        if after is not None:
            routing.index.shut(queue, for_all=after)
        if not after:
            yield queue


def _move_items(routing: Routing, queue: str, at_us: int) -> None:
    """Enter anew what waits or rings in a queue that is served otherwise."""
    buckets = routing.index.of_queue.get(queue, {})
    for name in [rank[-1] for bucket in buckets.values() for rank in bucket.waiting]:
        routing.again(name, routing.items[name])
        routing.arm(name, routing.items[name])
    for name in list(routing.rings_in.get(queue, ())):
        routing.settle(name, routing.items[name])


def _move_agents(routing: Routing, before: Rules, at_us: int) -> None:
    """Place anew all who take work."""
    if not routing.rules.places_alike(before):
        routing.index.nobody(routing.rules.own_keys)
    for name, bench in sorted(routing.benches.items()):
        if bench.takes_work:
            routing.limit(name, bench, at_us)
            routing.seat(name, bench)
