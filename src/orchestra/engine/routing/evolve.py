"""How routing's state follows events: one function per kind of event."""

from __future__ import annotations

from orchestra.engine.routing.changing import change_plan, enter_anew, moved, reseated
from orchestra.engine.routing.consulting import CONSULTS, begin_waiting
from orchestra.engine.routing.limits import note_offer, note_sign_in, rest_us
from orchestra.engine.routing.rows import (
    ASK,
    CONNECT,
    EXHAUSTED,
    OFFER_TIMEOUT,
    PARK,
    REST,
    RETRY,
    RING,
    SILENCE,
    SWEEP,
    Bench,
    Item,
    Load,
    Offer,
)
from orchestra.engine.routing.state import Routing
from orchestra.engine.section import SLICE_PAUSE_US, Evolve
from orchestra.model import events as e
from orchestra.model.structure import microseconds

__all__ = ["EVOLVE"]


def swept(routing: Routing, event: e.RoutingSwept, at_us: int) -> None:
    """These agents have been asked."""
    for agent in event.agents:
        routing.sweeping.discard(agent)
        routing.asking.discard(agent)
    if not routing.asking:
        routing.timers.cancel(ASK, "")
    if routing.sweeping:
        routing.timers.set(SWEEP, "", at_us + SLICE_PAUSE_US)
    else:
        routing.timers.cancel(SWEEP, "")


def queue_closed(routing: Routing, event: e.QueueClosed, at_us: int) -> None:
    """Nothing is offered from it, unless those who wait there are to be served; callbacks never are meanwhile."""
    routing.closed[event.queue] = 1
    routing.index.shut(event.queue, for_all=routing.is_shut(event.queue))


def queue_opened(routing: Routing, event: e.QueueOpened, at_us: int) -> None:
    """Begin to offer again what waits there."""
    if routing.closed.pop(event.queue, None) is None:
        return
    routing.index.reopen(event.queue)
    routing.fewer_serve(routing.index.of_queue.get(event.queue, {}).values(), at_us)
    routing.sweep(routing.index.takers([event.queue]), at_us)


def agent_defined(routing: Routing, event: e.AgentDefined, at_us: int) -> None:
    """The agent can do other things, or other amounts. Whom a plan defines otherwise is asked in a moment."""
    bench = routing.benches.get(event.agent)
    if bench is None:
        bench = Bench(event.teams, event.skills, event.capacity_percent, kind=event.kind, position=event.position)
        routing.benches[event.agent] = bench
        return
    bench.teams, bench.skills, bench.capacity_percent = event.teams, event.skills, event.capacity_percent
    bench.kind, bench.position = event.kind, event.position
    routing.limit(event.agent, bench, at_us)
    routing.change(event.agent, bench, at_us)
    if event.source == "plan" and bench.takes_work:
        routing.sweep([event.agent], at_us)


def agent_removed(routing: Routing, event: e.AgentRemoved, at_us: int) -> None:
    """Forget the agent."""
    routing.timers.cancel(REST, event.agent)
    del routing.benches[event.agent]  # who is removed has signed out, so nobody's place changes


def signed_in(routing: Routing, event: e.AgentSignedIn, at_us: int) -> None:
    """The agent may be offered work, unless away."""
    note_sign_in(routing.benches[event.agent], at_us)
    for name in routing.in_hand.get(event.agent, ()):
        routing.timers.cancel(PARK, name)
    if event.takes_work:
        routing.set_takes_work(event.agent, True, at_us)


def came_back(routing: Routing, event: e.AgentAvailable | e.DeviceReturned, at_us: int) -> None:
    """The agent may be offered work again, if they both are available and answer."""
    if event.takes_work:
        routing.set_takes_work(event.agent, True, at_us)


def left(routing: Routing, event: e.AgentSignedOut | e.AgentWentAway | e.AgentLost, at_us: int) -> None:
    """The agent may not be offered work."""
    bench = routing.benches[event.agent]
    bench.rests, bench.rest_until_us = False, 0
    if not isinstance(event, e.AgentWentAway):
        bench.since_us = None
    routing.timers.cancel(REST, event.agent)
    routing.set_takes_work(event.agent, False, at_us)


def device_lost(routing: Routing, event: e.DeviceLost, at_us: int) -> None:
    """Without any device the agent may not be offered work."""
    if event.grace_until_us is not None:
        routing.set_takes_work(event.agent, False, at_us)


def work_opened(routing: Routing, event: e.WorkItemOpened, at_us: int) -> None:
    """Know when it is due before it waits."""
    routing.items[event.interaction] = Item(event.customer, event.channel, due_us=event.due_us, is_inbound=False)


def queued(routing: Routing, event: e.InteractionQueued, at_us: int) -> None:
    """The interaction waits, and takes nobody's capacity."""
    item = routing.items.get(event.interaction)
    if event.place_of is not None:
        routing.places.forget(event.place_of, event.queue)
    if not routing.index.waiting_in.get(event.queue):
        routing.paces.waits(event.queue, at_us)
    if item is None:
        item = routing.items[event.interaction] = Item(event.customer, event.channel, is_inbound=event.first is None)
    elif item.state == "WAITING":
        routing.unwait(event.interaction, item)
    else:
        routing.release(event.interaction, item, at_us)
    item.agent, item.first = event.agent, event.first
    begin_waiting(routing, event.interaction, item, event, at_us)


def step_entered(routing: Routing, event: e.StepEntered, at_us: int) -> None:
    """The item waits for others now."""
    name = event.consult or event.interaction
    item = routing.items[name]
    item.step, item.step_us = event.step, at_us
    routing.again(name, item)
    routing.arm(name, item)


def gate_opened(routing: Routing, event: e.GateOpened, at_us: int) -> None:
    """Further teams may take the item."""
    name = event.consult or event.interaction
    item = routing.items[name]
    item.gate = event.gate
    routing.again(name, item)
    routing.arm(name, item)


def priority_raised(routing: Routing, event: e.PriorityRaised, at_us: int) -> None:
    """The item stands further ahead."""
    name = event.consult or event.interaction
    item = routing.items[name]
    item.aged = event.age
    routing.again(name, item)
    routing.arm(name, item)


def prioritized(routing: Routing, event: e.InteractionPrioritized, at_us: int) -> None:
    """The item stands further ahead, where it waits or rings for more."""
    item = routing.items[event.interaction]
    item.priority = event.priority
    if item.state == "WAITING":
        routing.again(event.interaction, item)
    else:
        routing.settle(event.interaction, item)


def transferred(routing: Routing, event: e.InteractionTransferred, at_us: int) -> None:
    """Whoever handed it over does not get it back at once."""
    item = routing.items[event.interaction]
    item.excluded = {event.agent: 1}  # whoever hands it over does not get it back at once
    item.for_people = False


def handed_over(routing: Routing, event: e.InteractionHandedOver, at_us: int) -> None:
    """Only people are asked from now on; who had it does not get it back at once, though they be one by now."""
    item = routing.items[event.interaction]
    item.for_people = True
    item.excluded = {event.agent: 1} if routing.benches[event.agent].kind == "person" else {}


def made(routing: Routing, event: e.OfferMade, at_us: int) -> None:
    """Hold the agent's capacity until the offer ends."""
    routing.counts["offer"] = event.token
    name, agent = event.interaction, event.agent
    item = routing.items[name]
    row = Offer(
        name,
        agent,
        event.token,
        event.weight_percent,
        at_us,
        event.deadline_us,
        routing.benches[agent].idle_since_us,
        routing.benches[agent].inbound_us,
        event.labels,
    )
    item.offers.append(event.offer)
    item.ringing[agent] = event.offer
    routing.offers[event.offer] = row
    note_offer(routing.benches[agent], routing.plan.presence, at_us)
    routing.limit(agent, routing.benches[agent], at_us)
    routing.hold(name, agent, Load(item.channel, event.weight_percent, event.labels, item.is_inbound), at_us)
    if item.state == "WAITING":
        routing.unwait(name, item)
        item.state, item.ring = "OFFERED", 1
        routing.arm_ring(name, item, at_us)
    routing.settle(name, item)
    interrupts = routing.plan.channels[item.channel].interrupts
    if interrupts:
        bench = routing.benches[agent]
        if routing.lend(agent, event.offer, interrupts) and bench.used_percent < bench.budget_percent:
            routing.ask_later(agent, at_us)  # more is put aside than this needs
        routing.seat(agent, bench)
    routing.timers.set(OFFER_TIMEOUT, event.offer, event.deadline_us)


def widened(routing: Routing, event: e.RingWidened, at_us: int) -> None:
    """The item is to ring so many."""
    item = routing.items[event.interaction]
    item.ring = event.agents
    routing.settle(event.interaction, item)
    routing.arm_ring(event.interaction, item, at_us)


def connecting(routing: Routing, event: e.OfferConnecting, at_us: int) -> None:
    """The agent has answered; while agent and customer are being connected nobody else is asked."""
    row, item = routing.offers[event.offer], routing.items[event.interaction]
    row.state, row.deadline_us = "CONNECTING", event.until_us
    item.connecting += 1
    routing.settle(event.interaction, item)
    routing.timers.cancel(RING, event.interaction)
    routing.timers.cancel(OFFER_TIMEOUT, event.offer)
    routing.timers.set(CONNECT, event.offer, event.until_us)


def accepted(routing: Routing, event: e.OfferAccepted, at_us: int) -> None:
    """The agent keeps the capacity for it; nobody is excluded any more."""
    row, item = routing.offers[event.offer], routing.items[event.interaction]
    item.connecting -= row.state == "CONNECTING"
    row.state = "ACCEPTED"
    item.state, item.held_by, item.taken_by = "TAKEN", event.agent, event.offer
    item.weight_percent, item.full_percent, item.labels = row.weight_percent, row.weight_percent, row.labels
    del item.ringing[event.agent]
    routing.settle(event.interaction, item)
    routing.follow(item, row, at_us)
    routing.replace(event.agent)
    item.excluded, item.taken_us = {}, at_us
    routing.look_back(event.agent, at_us, taken=1)
    routing.timers.cancel(RING, event.interaction)
    routing.timers.cancel_all((OFFER_TIMEOUT, CONNECT), event.offer)


def ended(routing: Routing, event: e.OfferEnded, at_us: int) -> None:
    """Give the capacity back; whoever declined or missed it is excluded."""
    routing.timers.cancel(OFFER_TIMEOUT, event.offer)
    routing.timers.cancel(CONNECT, event.offer)
    row, item = routing.offers[event.offer], routing.items[event.interaction]
    for name in routing.lent_to(event.agent, event.offer):
        routing.take_back(name, event.agent)
    bench, rests_us = routing.benches[event.agent], rest_us(routing.plan.presence, event.outcome)
    if rests_us and bench.takes_work:
        bench.rest_until_us = at_us + rests_us
    bench.fresh -= 1
    routing.limit(event.agent, bench, at_us)
    routing.unring(event.interaction, item, row, at_us)
    row.state = event.outcome
    if event.outcome in ("DECLINED", "TIMED_OUT"):
        item.excluded[event.agent] = 1
    if item.ends_with_others(event.outcome):
        routing.ask_later(event.agent, at_us)


def rested(routing: Routing, event: e.AgentRested, at_us: int) -> None:
    """The agent may be offered work again, or more of it."""
    bench = routing.benches[event.agent]
    routing.timers.cancel(REST, event.agent)
    routing.limit(event.agent, bench, at_us)
    routing.seat(event.agent, bench)


def retried(routing: Routing, event: e.RoutingRetried, at_us: int) -> None:
    """Nobody is excluded any more but those who are for good."""
    name = event.consult or event.interaction
    item = routing.items[name]
    item.excluded = dict.fromkeys(item.barred, 1)
    if routing.standing.is_behind(item):
        enter_anew(routing, name, item, at_us)  # it is offered now
    elif not item.barred:
        routing.index.include(name)
    routing.timers.cancel(RETRY, name)


def exhausted(routing: Routing, event: e.RoutingExhausted, at_us: int) -> None:
    """Everybody is asked again later."""
    name = event.consult or event.interaction
    routing.timers.cancel(EXHAUSTED, name)
    routing.timers.set(RETRY, name, event.retry_us)


def over(
    routing: Routing,
    event: e.InteractionDone
    | e.InteractionAbandoned
    | e.InteractionCanceled
    | e.InteractionDeflected
    | e.QuestionAnswered
    | e.CallbackScheduled,
    at_us: int,
) -> None:
    """Forget the interaction and its offers, and give the capacity back. Who was turned away at once never waited."""
    item = routing.items.pop(event.interaction, None)
    if item is None:  # nor does a callback that is still before its time
        return
    if isinstance(event, e.InteractionAbandoned):
        routing.leave(item, at_us)
    if isinstance(event, e.InteractionAbandoned) and not event.is_short:
        routing.paces.answered(item.queue, is_met=False)
    if isinstance(event, e.InteractionDone):
        routing.paces.over(item, at_us)
    if item.state == "WAITING":
        routing.unwait(event.interaction, item)
    routing.release(event.interaction, item, at_us)
    for offer in item.offers:
        del routing.offers[offer]


def linked(routing: Routing, event: e.QuestionLinked, at_us: int) -> None:
    """It waits for another's answer, and keeps what it needs to wait for one of its own again."""
    item = routing.items[event.interaction]
    if item.state == "WAITING":
        routing.unwait(event.interaction, item)
    elif item.state not in ("LINKED", "DEFERRED"):
        routing.release(event.interaction, item, at_us)
    item.state = "LINKED"


def deferred(routing: Routing, event: e.ContactDeferred, at_us: int) -> None:
    """It waits for another one to be over, and keeps what it needs to wait in its queue."""
    item = routing.items[event.interaction]
    routing.unwait(event.interaction, item)
    item.state = "DEFERRED"


def dialing(routing: Routing, event: e.CallbackDialing, at_us: int) -> None:
    """Its customer is called; no agent's capacity is held for that."""
    routing.dial(event.interaction, routing.items[event.interaction])


def reached(routing: Routing, event: e.CallbackAnswered, at_us: int) -> None:
    """From here on it is a contact like any other."""
    routing.items[event.interaction].first = None


def resumed(routing: Routing, event: e.InteractionResumed, at_us: int) -> None:
    """It takes its agent's capacity again, if it was put aside; what was parked takes it all the time."""
    if routing.items[event.interaction].lent_to is not None:
        routing.take_back(event.interaction, event.agent)
    routing.replace(event.agent)


def parked(routing: Routing, event: e.InteractionParked, at_us: int) -> None:
    """Its agent may come back until then."""
    routing.timers.set(PARK, event.interaction, event.until_us)


def finished(routing: Routing, event: e.InteractionFinished, at_us: int) -> None:
    """What is being wrapped up is not put aside, and may weigh less; of what it weighs while nobody is silent."""
    item = routing.items[event.interaction]
    item.is_wrapping, item.first = True, None
    routing.look_back(event.agent, at_us, talk_us=at_us - item.taken_us)
    if event.wrap_up is not None and item.lent_to is not None:
        routing.take_back(event.interaction, event.agent)  # it is worked on again
    routing.replace(event.agent)
    routing.timers.cancel_all((SILENCE, PARK), event.interaction)
    item.is_silent = False
    if event.wrap_up is not None:
        percent = routing.plan.channels[item.channel].wrap_up_percent
        routing.weigh(item, event.agent, item.full_percent * percent // 100)


def answered(routing: Routing, event: e.MessageWritten | e.ReplyRecorded, at_us: int) -> None:
    """The last message is ours: whoever has the interaction waits for the customer, who may be silent for a while."""
    item = routing.items.get(event.interaction or "")
    if item is None or item.held_by is None or item.is_wrapping or item.is_silent:
        return
    after = routing.plan.channels[item.channel].silence.after
    if after is not None:
        assert event.interaction is not None  # it has an item
        routing.timers.set(SILENCE, event.interaction, at_us + microseconds(after))


def fell_silent(routing: Routing, event: e.CustomerFellSilent, at_us: int) -> None:
    """It weighs less until the customer writes."""
    item = routing.items[event.interaction]
    routing.timers.cancel(SILENCE, event.interaction)
    item.is_silent = True
    routing.weigh(item, event.agent, event.weight_percent)


def moved_on(routing: Routing, event: e.CustomerMovedOn, at_us: int) -> None:
    """It weighs nothing until the customer writes there again."""
    routing.timers.cancel(SILENCE, event.interaction)
    item = routing.items[event.interaction]
    item.is_silent = True
    routing.weigh(item, event.agent, 0)


def heard(routing: Routing, event: e.MessageReceived, at_us: int) -> None:
    """The customer is not silent: it takes its whole weight again, even where that exceeds the budget."""
    item = routing.items.get(event.interaction)
    routing.timers.cancel(SILENCE, event.interaction)
    if item is not None and item.is_silent and item.held_by is not None:
        item.is_silent = False
        routing.weigh(item, item.held_by, item.full_percent)


def segment_started(routing: Routing, event: e.SegmentWrapUpStarted, at_us: int) -> None:
    """Whoever gave an interaction away has their part of it to wrap up."""
    routing.add(event.agent, Load(event.channel, event.weight_percent, event.labels), at_us)


def segment_ended(routing: Routing, event: e.SegmentWrapUpEnded, at_us: int) -> None:
    """They have one less to do."""
    routing.relieve(event.agent, Load(event.channel, event.weight_percent, event.labels), at_us)


EVOLVE: dict[type[e.Event], Evolve] = {
    e.PlanChanged: change_plan,
    e.RoutingMoved: moved,
    e.RoutingReseated: reseated,
    e.RoutingSwept: swept,
    e.QueueClosed: queue_closed,
    e.QueueOpened: queue_opened,
    e.AgentDefined: agent_defined,
    e.AgentRemoved: agent_removed,
    e.AgentSignedIn: signed_in,
    e.AgentAvailable: came_back,
    e.DeviceReturned: came_back,
    e.AgentSignedOut: left,
    e.AgentWentAway: left,
    e.AgentLost: left,
    e.DeviceLost: device_lost,
    e.WorkItemOpened: work_opened,
    e.InteractionQueued: queued,
    e.InteractionTransferred: transferred,
    e.InteractionHandedOver: handed_over,
    e.OfferMade: made,
    e.RingWidened: widened,
    e.OfferConnecting: connecting,
    e.OfferAccepted: accepted,
    e.OfferEnded: ended,
    e.RoutingRetried: retried,
    e.AgentRested: rested,
    e.RoutingExhausted: exhausted,
    e.StepEntered: step_entered,
    e.GateOpened: gate_opened,
    e.PriorityRaised: priority_raised,
    e.InteractionPrioritized: prioritized,
    e.InteractionResumed: resumed,
    e.InteractionParked: parked,
    e.MessageWritten: answered,
    e.ReplyRecorded: answered,
    e.CustomerFellSilent: fell_silent,
    e.CustomerMovedOn: moved_on,
    e.MessageReceived: heard,
    e.InteractionFinished: finished,
    e.SegmentWrapUpStarted: segment_started,
    e.SegmentWrapUpEnded: segment_ended,
    e.InteractionDone: over,
    e.InteractionAbandoned: over,
    e.InteractionCanceled: over,
    e.QuestionLinked: linked,
    e.ContactDeferred: deferred,
    e.QuestionAnswered: over,
    e.InteractionDeflected: over,
    e.CallbackScheduled: over,
    e.CallbackDialing: dialing,
    e.CallbackAnswered: reached,
    **CONSULTS,
}
