"""How routing's state follows consults: what they take of whoever is asked, and those that wait in a queue.

Belongs here: one function per kind of event of consults. Does not: all other events (`evolve`).
"""

from __future__ import annotations

from orchestra.engine.routing.changing import enter_anew
from orchestra.engine.routing.rows import EXHAUSTED, RETRY, Item, Load
from orchestra.engine.routing.state import Routing
from orchestra.engine.section import Evolve
from orchestra.model import events as e

__all__ = ["CONSULTS", "begin_waiting"]


def begin_waiting(
    routing: Routing, name: str, item: Item, event: e.InteractionQueued | e.ConsultQueued, at_us: int
) -> None:
    """An item waits as its event says, as old as it is, in the step that it was in before if it was in this queue."""
    if item.queue != event.queue:
        item.step, item.step_us, item.gate = 0, at_us, 0
    routing.counts["order"] = max(event.order, routing.counts.get("order", 0))
    item.queue, item.skills, item.priority = event.queue, event.skills, event.priority
    item.start_us, item.order, item.state = event.start_us, event.order, "WAITING"
    item.at_front = event.at_front
    item.aged = routing.rules.queues[item.queue].aged(item.start_us, at_us)
    routing.wait(name, item)
    routing.arm(name, item)


def queued(routing: Routing, event: e.ConsultQueued, at_us: int) -> None:
    """The consult waits; who declined or missed it is not asked again until all others have been."""
    name = event.consult
    item = routing.items.get(name)
    if not routing.index.waiting_in.get(event.queue):
        routing.paces.waits(event.queue, at_us)
    if item is None:
        item = routing.items[name] = Item(event.customer, event.channel, is_inbound=False)
        item.consult_on, item.for_people = event.interaction, True
        item.barred, item.excluded = event.barred, dict.fromkeys(event.barred, 1)
        routing.consult_on[event.interaction] = name
    elif event.consulted is None:
        routing.unwait(name, item)
    else:
        routing.relieve(event.consulted, Load(item.channel, item.weight_percent, item.labels), at_us)
        if event.reason != "agent_lost":
            item.excluded[event.consulted] = 1
    begin_waiting(routing, name, item, event, at_us)


def asked(routing: Routing, event: e.ConsultAsked, at_us: int) -> None:
    """Whoever is asked for help has one more of the channel to do."""
    item = routing.items.get(event.consult)
    if item is not None:
        routing.unwait(event.consult, item)
        item.state, item.weight_percent, item.labels = "OFFERED", event.weight_percent, event.labels
        item.taken_us = at_us
    routing.occupy(event.consulted, Load(event.channel, event.weight_percent, event.labels), at_us)


def barged_in(routing: Routing, event: e.BargedIn, at_us: int) -> None:
    """So has whoever barges in, who is not asked to help with it any more."""
    routing.occupy(event.consulted, Load(event.channel, event.weight_percent, event.labels), at_us)
    name = routing.consult_on.get(event.interaction)
    if name is None:
        return
    item = routing.items[name]
    item.barred, item.excluded[event.consulted] = [*item.barred, event.consulted], 1
    if item.state == "WAITING":
        if routing.standing.is_behind(item):
            enter_anew(routing, name, item, at_us)
        routing.index.exclude(name)
        if routing.timers.get(RETRY, name) is None and routing.is_exhausted(name, item):
            routing.timers.set(EXHAUSTED, name, at_us)  # the last who could have been asked barged in


def accepted(routing: Routing, event: e.ConsultAccepted, at_us: int) -> None:
    """It waits no more, which is part of the queue's pace; consults are no contacts, and have no service level."""
    item = routing.items.get(event.consult)
    if item is not None:
        at_work_us = routing.benches[event.consulted].since_us or 0
        routing.paces.accepted(item.queue, item.taken_us, at_work_us, at_us)
        _forget(routing, event.consult, event.interaction)


def ended(routing: Routing, event: e.ConsultEnded, at_us: int) -> None:
    """Whoever was asked or took part has one less to do; if nobody was, it waits no more."""
    item = routing.items.get(event.consult)
    if item is not None:
        if item.state == "WAITING":
            routing.unwait(event.consult, item)
        _forget(routing, event.consult, event.interaction)
    if event.consulted is not None:
        routing.relieve(event.consulted, Load(event.channel, event.weight_percent, event.labels), at_us)


def _forget(routing: Routing, name: str, interaction: str) -> None:
    del routing.items[name]
    del routing.consult_on[interaction]


def transfer_completed(routing: Routing, event: e.TransferCompleted, at_us: int) -> None:
    """What the consult held is the interaction's."""
    item = routing.items[event.interaction]
    load = Load(item.channel, event.weight_percent, event.labels)
    routing.pass_on(event.interaction, item, event.to, event.consult, load, at_us)


CONSULTS: dict[type[e.Event], Evolve] = {
    e.ConsultQueued: queued,
    e.ConsultAsked: asked,
    e.BargedIn: barged_in,
    e.ConsultAccepted: accepted,
    e.ConsultEnded: ended,
    e.TransferCompleted: transfer_completed,
}
"""Event -> how the state follows."""
