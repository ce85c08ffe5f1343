"""What another plan changes in routing, and nothing else: all that it leaves as it was stays where it stands.

Belongs here: telling what has changed, and moving that. What waits or rings in a queue whose rules have changed is
behind from then on, and enters anew in slices; so do agents whose room, keys or pace have changed. Does not: offering
again what now fits, which goes in slices, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from orchestra.engine.routing.rows import EXHAUSTED, MOVE, RETRY, SEAT, Item
from orchestra.engine.routing.rules import Rules
from orchestra.engine.routing.sides import Bucket
from orchestra.engine.routing.state import Routing
from orchestra.engine.section import SLICE_PAUSE_US
from orchestra.model import events as e

__all__ = ["behind", "change_plan", "enter_anew", "moved", "reseated", "unmoved"]

_QUEUES_AT_ONCE = 50
"""Queues that are found to have nothing behind any more, at most, in one slice."""


def change_plan(routing: Routing, event: e.PlanChanged, at_us: int) -> None:
    """Go by the new plan's rules: move what they change, and begin to offer again what now fits.

    Items are behind whose queue is served otherwise, and so are all agents if the room or the keys of any change: these
    move in slices. Whom the plan defines otherwise follows in an event of their own.
    """
    before = routing.rules
    rules = routing.rules = Rules(routing.plan, routing.plans.rating, before)
    opened = list(_doors(routing))
    if rules.callbacks != before.callbacks:  # more may be called at once, or sooner
        opened += sorted(routing.to_dial)
    changed = sorted(rules.queues.keys() - rules.queues_alike(before))
    for queue in changed:
        _leave_behind(routing, queue, at_us)
    for queue in routing.editions.keys() - rules.queues.keys():
        del routing.editions[queue]  # nothing stands in it
    for queue in opened:
        routing.fewer_serve(routing.index.of_queue.get(queue, {}).values(), at_us)
    if rules.places_alike(before) and rules.gives_room_alike(before) and rules.paces_alike(before):
        routing.sweep(routing.index.takers(opened), at_us)
    else:
        _leave_agents(routing, before, at_us)


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


# Agents, in slices


def _leave_agents(routing: Routing, before: Rules, at_us: int) -> None:
    """All who take work are to be placed anew, beginning in a moment. Looks at none of them.

    Until their turn comes they are able, and free, as they were: else contacts would leave their steps and queues. They
    are offered nothing, since by the new rules they may have no room, and are ordered otherwise.
    """
    agents = routing.index.leave_all()
    if routing.index.at_work or routing.seats:
        routing.seats.change(before.capacity, agents, routing.rules.capacity)
        routing.index.unmoved = routing.seats.unmoved
        routing.timers.set(SEAT, "", at_us)


def unmoved(routing: Routing, most: int) -> list[str]:
    """At most so many of those who are yet to be placed, the first by name."""
    return list(islice(routing.index.at_work.past(routing.seats.cursor), most))


def reseated(routing: Routing, event: e.RoutingReseated, at_us: int) -> None:
    """These are placed by the rules that hold, and asked in a moment."""
    for last in event.agents[-1:]:
        routing.seats.advance(last)
    for name in event.agents:
        routing.limit(name, routing.benches[name], at_us)
        routing.seat(name, routing.benches[name])
    routing.sweep(event.agents, at_us)
    if unmoved(routing, 1):
        routing.timers.set(SEAT, "", at_us + SLICE_PAUSE_US)
    else:
        routing.seats.end()
        routing.timers.cancel(SEAT, "")
    routing.index.unmoved = routing.seats.unmoved


# What is behind, in slices


def _leave_behind(routing: Routing, queue: str, at_us: int) -> None:
    """A queue is served otherwise: what waits or rings there is to be entered anew, beginning in a moment.

    What is behind from a change before stays so, and what has been entered since is behind with it.
    """
    if routing.index.waiting_in.get(queue) or queue in routing.standing.rings:
        routing.standing.change(queue)
        routing.index.leave_behind(queue)
        routing.moving.add([queue])
        routing.timers.set(MOVE, "", at_us)


def behind(routing: Routing, most: int) -> list[str]:
    """At most so many of those that are behind, queue by queue; what waits by the ranks that it had."""
    found: list[str] = []
    for queue in routing.moving.first(_QUEUES_AT_ONCE):
        found += routing.index.behind(queue, most - len(found))
        found += routing.standing.behind(queue, most - len(found))
        if len(found) == most:
            break
    return found


def moved(routing: Routing, event: e.RoutingMoved, at_us: int) -> None:
    """These stand by the rules that hold now; those who could take them are asked in a moment.

    Who could take what is looked for only while nobody is about to be asked, and for a whole queue when it is done: so
    no agent is looked at again and again.
    """
    for name in event.moved:
        enter_anew(routing, name, routing.items[name], at_us)
    done = _done(routing)
    routing.sweep(routing.index.takers(done), at_us)
    if not routing.sweeping:
        routing.sweep(routing.index.takers_of(_buckets(routing, event.moved)), at_us)
    if not routing.moving:
        routing.timers.cancel(MOVE, "")
    elif (routing.timers.get(MOVE, "") or 0) <= at_us:
        routing.timers.set(MOVE, "", at_us + SLICE_PAUSE_US)


def enter_anew(routing: Routing, name: str, item: Item, at_us: int) -> None:
    """What waits or rings stands by the rules that hold now."""
    if item.state != "WAITING":
        routing.settle(name, item)
        return
    item.aged = routing.rules.queues[item.queue].aged(item.start_us, at_us)
    routing.again(name, item)
    routing.arm(name, item)
    if item.excluded and routing.timers.get(RETRY, name) is None and routing.is_exhausted(name, item):
        routing.timers.set(EXHAUSTED, name, at_us)


def _done(routing: Routing) -> list[str]:
    """Take out the first queues in which nothing is behind any more."""
    done: list[str] = []
    for queue in routing.moving.first(_QUEUES_AT_ONCE):
        if routing.index.behind(queue, 1) or routing.standing.behind(queue, 1):
            break
        routing.moving.discard(queue)
        done.append(queue)
    return done


def _buckets(routing: Routing, names: Sequence[str]) -> Iterable[Bucket]:
    """The buckets in which these wait, or ring for more."""
    index = routing.index
    entered = (index.of_item.get(name) or index.of_ringing.get(name) for name in names)
    return {bucket.wanted: bucket for bucket, _ in filter(None, entered)}.values()
