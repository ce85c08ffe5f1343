"""Offers: made when a contact waits and an agent is free, answered, missed, taken back."""

from __future__ import annotations

from collections.abc import Iterator

from orchestra.engine.engagements.deferring import defer
from orchestra.engine.engagements.joining import asks_the_same, is_joined
from orchestra.engine.engagements.questions import age_of_place, keep_one
from orchestra.engine.routing.answers import DECIDE
from orchestra.engine.routing.arriving import arrive, required, straight
from orchestra.engine.routing.changing import behind, unmoved
from orchestra.engine.routing.closing import leave_closed
from orchestra.engine.routing.dialing import dial_next
from orchestra.engine.routing.evolve import EVOLVE
from orchestra.engine.routing.helping import about
from orchestra.engine.routing.match import fill_ring, offer_best_agent, offer_best_items
from orchestra.engine.routing.offers import end, end_all
from orchestra.engine.routing.parking import go_on, heard, in_hand, leave_behind, parked_too_long
from orchestra.engine.routing.pending import Pending
from orchestra.engine.routing.rows import (
    AGEING,
    ASK,
    CONNECT,
    EXHAUSTED,
    GATE,
    MOVE,
    OFFER_TIMEOUT,
    PARK,
    REST,
    RETRY,
    RING,
    SEAT,
    SILENCE,
    STEP,
    SWEEP,
    Item,
)
from orchestra.engine.routing.state import Routing
from orchestra.engine.routing.steps import at_risk, begin, exhausted, gate_over, grown_older, queue_again, step_over
from orchestra.engine.section import Section
from orchestra.engine.view import View
from orchestra.model import events as e

__all__ = ["SECTION"]

_MOVED_AT_ONCE = 200
_SEATED_AT_ONCE = 100
_SWEPT_AT_ONCE = 50
_EVENTS_AT_ONCE = 200
_REQUEUED = ("DECLINED", "TIMED_OUT", "RESCINDED", "AGENT_LOST", "SETUP_FAILED")
_TAKEN_BACK = ("rescinded", "setup_failed")
"""Why an interaction waits again that the same agent may be offered again, after what is more urgent."""


# Interactions begin, and begin again, to wait


def _on_started(view: View, event: e.InteractionStarted, at_us: int) -> Iterator[e.Event]:
    """Cases react first, so the interaction has its case by now."""
    if not event.live and view.plan.channels[event.channel].live:
        # Imported: whoever called or chatted then waits on no line now.
        yield e.InteractionCanceled(event.interaction, event.customer, "import")
        return
    row = view.contacts.interactions[event.interaction]
    queue = row.queue or event.queue or view.plan.queue_of(event.channel, event.account)
    agent = event.agent or _who_knows(view, event, queue, row.case)
    place = straight(view, queue, event.skills)
    if place is None:
        arriving = Item(event.customer, event.channel, queue, agent=agent)
        place = arrive(view, arriving, event.skills, is_live=event.live)
    if place.turned_away is not None:
        yield e.InteractionDeflected(event.interaction, event.customer, place.queue, place.turned_away)
        return
    whose, left = _left(view, event, place.queue, at_us) if event.live and view.routing.left else (None, None)
    start_us, order = left or (event.occurred_us, view.routing.next_order())
    if view.engagements.engagements:  # else nobody is in touch twice
        start_us = min(start_us, age_of_place(view, event.interaction) or start_us)
    yield e.InteractionQueued(
        event.interaction,
        event.customer,
        place.queue,
        event.channel,
        place.skills,
        view.plan.queues[place.queue].priority + event.priority,
        start_us,
        order,
        "resumed" if left else "arrived" if place.queue == queue else "overflowed",
        agent,
        place_of=whose,
    )


def _left(
    view: View, event: e.InteractionStarted, queue: str, at_us: int
) -> tuple[str, tuple[int, int]] | tuple[None, None]:
    """The place that the person left in the queue a moment ago, and under which of their ids."""
    for customer in view.identity.group(event.customer):
        place = view.routing.places.by(customer, queue, at_us)
        if place is not None:
            return customer, place
    return None, None


def _who_knows(view: View, event: e.InteractionStarted, queue: str, case: str | None) -> str | None:
    """Who last answered the customer, where the queue goes by that; else the agent who owns the case, if one does."""
    if view.plan.queues[queue].known == "last":
        agent = view.known.agent_of(view.identity.group(event.customer))
        if agent in view.presence.agents:
            return agent
    row = None if case is None else view.cases.row(case)
    return row.owner if row is not None and row.owner_kind == "agent" else None


def _on_transferred(view: View, event: e.InteractionTransferred, at_us: int) -> Iterator[e.Event]:
    item = view.routing.items[event.interaction]
    of_before, definition = view.plan.queues[item.queue], view.plan.queues[event.queue]
    yield e.InteractionQueued(
        event.interaction,
        event.customer,
        event.queue,
        item.channel,
        required(definition.skills, event.skills),
        item.priority - of_before.priority + definition.priority,
        item.start_us,
        item.order,
        "transferred",
        first=item.first,
    )
    yield from offer_best_items(view, event.agent, at_us)


def _on_handed_over(view: View, event: e.InteractionHandedOver, at_us: int) -> Iterator[e.Event]:
    item = view.routing.items[event.interaction]
    of_before, definition = view.plan.queues[item.queue], view.plan.queues[event.queue]
    yield e.InteractionQueued(
        event.interaction,
        event.customer,
        event.queue,
        item.channel,
        required(item.skills if event.queue == item.queue else definition.skills, event.skills),
        item.priority - of_before.priority + definition.priority + event.priority,
        item.start_us,
        item.order,
        "handed_over",
        first=item.first,
    )
    yield from offer_best_items(view, event.agent, at_us)


def _on_queued(view: View, event: e.InteractionQueued, at_us: int) -> Iterator[e.Event]:
    is_twice = bool(view.engagements.engagements)  # else nobody is in touch twice
    deferred = defer(view, event, at_us) if is_twice else None
    if deferred is not None:
        yield deferred
    elif is_twice and is_joined(view, event):
        yield from asks_the_same(view, event.interaction)
    elif event.reason not in _TAKEN_BACK:
        yield from _waits_in_one_place(view, event.interaction, at_us)
    if event.reason == "reached":  # one customer less is called
        yield from dial_next(view, event.queue, at_us)


def _waits_in_one_place(view: View, name: str, at_us: int) -> Iterator[e.Event]:
    yield from _waits(view, name, at_us)
    if view.engagements.engagements:  # else nobody is in touch twice
        yield from keep_one(view, name)


def _waits(view: View, name: str, at_us: int) -> Iterator[e.Event]:
    """An interaction or a consult has come to wait: offer it, or see what becomes of it."""
    item = view.routing.items[name]
    if view.routing.is_shut(item.queue, item.first):
        yield from leave_closed(view, name, at_us)
        return
    yield from begin(view, name, at_us)
    yield from _unless_exhausted(view, name, at_us)


def _on_consult_queued(view: View, event: e.ConsultQueued, at_us: int) -> Iterator[e.Event]:
    return _waits(view, event.consult, at_us)


def _on_consult_over(view: View, event: e.ConsultAccepted | e.ConsultEnded, at_us: int) -> Iterator[e.Event]:
    """If it waited in a queue, it does so no more."""
    return dial_next(view, event.queue, at_us)


def _on_stepped(view: View, event: e.StepEntered | e.GateOpened, at_us: int) -> Iterator[e.Event]:
    name = event.consult or event.interaction
    yield from offer_best_agent(view, name, at_us)
    yield from _unless_exhausted(view, name, at_us)


def _on_raised(view: View, event: e.PriorityRaised | e.InteractionPrioritized, at_us: int) -> Iterator[e.Event]:
    """Nobody is free by that who was not; but a customer who is to be called first may come to their turn."""
    name = event.consult if isinstance(event, e.PriorityRaised) else None
    if view.routing.items[name or event.interaction].first == "customer":
        yield from offer_best_agent(view, event.interaction, at_us)


def _on_risk(view: View, event: e.ConnectAtRisk, at_us: int) -> Iterator[e.Event]:
    return at_risk(view, event.interaction, at_us)


def _unless_exhausted(view: View, name: str, at_us: int) -> Iterator[e.Event]:
    """See whether all who could serve what waits have declined or missed it already."""
    item = view.routing.items[name]
    if item.state == "WAITING" and view.routing.is_exhausted(name, item):
        yield from exhausted(view, name, at_us)


def _on_retried(view: View, event: e.RoutingRetried, at_us: int) -> Iterator[e.Event]:
    return offer_best_agent(view, event.consult or event.interaction, at_us)


def _on_accepted(view: View, event: e.OfferAccepted, at_us: int) -> Iterator[e.Event]:
    """Nobody else is asked any more. What the agent puts aside for it is put aside now.

    What they have taken may itself be put aside for more.
    """
    yield from end_all(view, event.interaction, "rescind", "another agent took it")
    for name in view.routing.lent_to(event.agent, event.offer):
        item = view.routing.items[name]
        if view.plan.channels[item.channel].put_aside == "requeue":
            yield queue_again(view, name, "interrupted", at_us)
        else:
            yield e.InteractionInterrupted(name, item.customer, event.agent, event.interaction)
    item = view.routing.items[event.interaction]
    if item.channel in view.routing.rules.interrupted:
        yield from offer_best_items(view, event.agent, at_us)
    yield from dial_next(view, item.queue, at_us)


def _on_offer_ended(view: View, event: e.OfferEnded, at_us: int) -> Iterator[e.Event]:
    item = view.routing.items[event.interaction]
    if item.ends_with_others(event.outcome):
        return
    if event.outcome in _REQUEUED and item.ringing:
        # What waits goes before what rings already, and what rings goes to the best, who need not be this agent.
        yield from offer_best_items(view, event.agent, at_us, rings=False)
        yield from fill_ring(view, event.interaction, at_us)
        if event.outcome == "SETUP_FAILED" and view.engagements.engagements:
            yield from keep_one(view, event.interaction)  # it was on its way to an agent, and waits again
    elif event.outcome in _REQUEUED and item.state == "OFFERED":
        yield queue_again(view, event.interaction, event.outcome.lower(), at_us)
        if event.outcome.lower() in _TAKEN_BACK:
            # It goes to the best, who may be this agent again, unless something more urgent waits for them.
            yield from offer_best_items(view, event.agent, at_us, before=event.interaction, rings=False)
            yield from _waits_in_one_place(view, event.interaction, at_us)
    yield from offer_best_items(view, event.agent, at_us)


def _on_widened(view: View, event: e.RingWidened, at_us: int) -> Iterator[e.Event]:
    return fill_ring(view, event.interaction, at_us)


# Agents become free, change, or go


def _on_defined(view: View, event: e.AgentDefined, at_us: int) -> Iterator[e.Event]:
    """Whom a plan defines otherwise is offered work by the sweep that follows every change of plan."""
    if event.source == "command":
        yield from offer_best_items(view, event.agent, at_us)


def _on_free(view: View, event: e.Event, at_us: int) -> Iterator[e.Event]:
    agent: str = event.agent  # type: ignore[attr-defined]
    return offer_best_items(view, agent, at_us)


def _on_signed_in(view: View, event: e.AgentSignedIn, at_us: int) -> Iterator[e.Event]:
    yield from go_on(view, event.agent)
    yield from offer_best_items(view, event.agent, at_us)


def _on_finished(view: View, event: e.InteractionFinished, at_us: int) -> Iterator[e.Event]:
    """What is being wrapped up may weigh less than before."""
    item = view.routing.items[event.interaction]
    if event.wrap_up is not None and view.plan.channels[item.channel].wrap_up_percent < 100:
        yield from offer_best_items(view, event.agent, at_us)


def _on_transfer_completed(view: View, event: e.TransferCompleted, at_us: int) -> Iterator[e.Event]:
    """Who gave it away has room; who has it now may put it aside for more."""
    yield from offer_best_items(view, event.agent, at_us)
    if view.routing.items[event.interaction].channel in view.routing.rules.interrupted:
        yield from offer_best_items(view, event.to, at_us)


def _on_done(view: View, event: e.InteractionDone | e.CallbackScheduled, at_us: int) -> Iterator[e.Event]:
    if event.agent is not None:
        yield from offer_best_items(view, event.agent, at_us)
    yield from _on_left(view, event, at_us)


def _on_left(
    view: View,
    event: e.InteractionDone | e.CallbackScheduled | e.InteractionCanceled | e.InteractionAbandoned | e.QuestionLinked,
    at_us: int,
) -> Iterator[e.Event]:
    """It waits no more, or its customer is called no longer."""
    return dial_next(view, view.contacts.interactions[event.interaction].queue, at_us)


def _on_canceled(view: View, event: e.InteractionCanceled, at_us: int) -> Iterator[e.Event]:
    agent = view.contacts.interactions[event.interaction].agent
    if agent is not None:
        yield from offer_best_items(view, agent, at_us)
    yield from _on_left(view, event, at_us)


def _end_offers(view: View, agent: str, trigger: str, reason: str) -> Iterator[e.Event]:
    for _, item in in_hand(view, agent):
        if agent in item.ringing:
            yield end(view, item.ringing[agent], trigger, f"agent {reason}")


def _on_away(view: View, event: e.AgentWentAway, at_us: int) -> Iterator[e.Event]:
    return _end_offers(view, event.agent, "rescind", "went away")


def _on_device_lost(view: View, event: e.DeviceLost, at_us: int) -> Iterator[e.Event]:
    if event.grace_until_us is not None:
        yield from _end_offers(view, event.agent, "agent_lose", "lost the last device")


def _on_signed_out(view: View, event: e.AgentSignedOut, at_us: int) -> Iterator[e.Event]:
    yield from _end_offers(view, event.agent, "rescind", "signed out")
    yield from _give_back(view, event.agent, "agent_signed_out", at_us)


def _on_lost(view: View, event: e.AgentLost, at_us: int) -> Iterator[e.Event]:
    yield from _end_offers(view, event.agent, "agent_lose", "was lost")
    yield from _give_back(view, event.agent, "agent_lost", at_us)


def _on_removed(view: View, event: e.AgentRemoved, at_us: int) -> Iterator[e.Event]:
    for name, _ in in_hand(view, event.agent):
        yield queue_again(view, name, "agent_removed", at_us)


def _give_back(view: View, agent: str, reason: str, at_us: int) -> Iterator[e.Event]:
    """What an agent leaves behind waits again with its place, is parked, or stays with them, as its channel says."""
    for name, item in in_hand(view, agent):
        # What is being transferred is theirs until whoever was asked to take it has answered.
        if item.held_by == agent and not view.consults.is_transferred(name):
            yield from leave_behind(view, name, agent, reason, at_us)


# Time


def _offer_over(view: View, offer: str, at_us: int) -> Iterator[e.Event]:
    yield end(view, offer, "time_out", None)


def _not_connected(view: View, offer: str, at_us: int) -> Iterator[e.Event]:
    yield end(view, offer, "fail", "not connected in time")


def _widen(view: View, interaction: str, at_us: int) -> Iterator[e.Event]:
    item = view.routing.items[interaction]
    ring = view.routing.rules.ring(item)
    grows = ring.every is not None and item.ring >= ring.first
    agents = min(ring.most, item.ring + ring.more) if grows else ring.first
    # Never fewer, since another plan may hold by now than when it began to ring.
    yield e.RingWidened(interaction, item.customer, item.queue, max(item.ring, agents))


def _rested(view: View, agent: str, at_us: int) -> Iterator[e.Event]:
    yield e.AgentRested(agent)


def _retry(view: View, name: str, at_us: int) -> Iterator[e.Event]:
    item = view.routing.items[name]
    interaction, consult = about(name, item)
    yield e.RoutingRetried(interaction, item.customer, consult)


def _silent(view: View, interaction: str, at_us: int) -> Iterator[e.Event]:
    item = view.routing.items[interaction]
    assert item.held_by is not None  # what nobody has has no such timer
    weight_percent = item.full_percent * view.plan.channels[item.channel].silence.percent // 100
    yield e.CustomerFellSilent(interaction, item.customer, item.held_by, weight_percent)


def _move(view: View, _: str, at_us: int) -> Iterator[e.Event]:
    yield e.RoutingMoved(behind(view.routing, _MOVED_AT_ONCE))


def _reseat(view: View, _: str, at_us: int) -> Iterator[e.Event]:
    yield e.RoutingReseated(unmoved(view.routing, _SEATED_AT_ONCE))


def _sweep(view: View, _: str, at_us: int) -> Iterator[e.Event]:
    return _ask(view, view.routing.sweeping, at_us)


def _ask_free(view: View, _: str, at_us: int) -> Iterator[e.Event]:
    return _ask(view, view.routing.asking, at_us)


def _ask(view: View, agents: Pending, at_us: int) -> Iterator[e.Event]:
    """Offer some of these what they can take; the others come next."""
    swept, until = [], view.position + _EVENTS_AT_ONCE
    for agent in agents.first(_SWEPT_AT_ONCE):
        if view.position >= until:
            break
        yield from offer_best_items(view, agent, at_us)
        swept.append(agent)
    yield e.RoutingSwept(swept)


SECTION = Section(
    "routing",
    Routing,
    DECIDE,
    EVOLVE,
    {
        e.InteractionStarted: _on_started,
        e.InteractionQueued: _on_queued,
        e.InteractionTransferred: _on_transferred,
        e.InteractionHandedOver: _on_handed_over,
        e.InteractionFinished: _on_finished,
        e.InteractionDone: _on_done,
        e.CallbackScheduled: _on_done,
        e.InteractionCanceled: _on_canceled,
        e.QuestionLinked: _on_left,
        e.InteractionAbandoned: _on_left,
        e.OfferAccepted: _on_accepted,
        e.OfferEnded: _on_offer_ended,
        e.RingWidened: _on_widened,
        e.RoutingRetried: _on_retried,
        e.AgentRested: _on_free,
        e.CustomerFellSilent: _on_free,
        e.CustomerMovedOn: _on_free,
        e.MessageReceived: heard,
        e.TransferCompleted: _on_transfer_completed,
        e.StepEntered: _on_stepped,
        e.GateOpened: _on_stepped,
        e.PriorityRaised: _on_raised,
        e.InteractionPrioritized: _on_raised,
        e.ConnectAtRisk: _on_risk,
        e.ConsultQueued: _on_consult_queued,
        e.ConsultAccepted: _on_consult_over,
        e.ConsultEnded: _on_consult_over,
        e.AgentDefined: _on_defined,
        e.AgentSignedIn: _on_signed_in,
        e.AgentAvailable: _on_free,
        e.DeviceReturned: _on_free,
        e.AgentWentAway: _on_away,
        e.DeviceLost: _on_device_lost,
        e.AgentSignedOut: _on_signed_out,
        e.AgentLost: _on_lost,
        e.AgentRemoved: _on_removed,
    },
    {
        OFFER_TIMEOUT: _offer_over,
        CONNECT: _not_connected,
        RING: _widen,
        EXHAUSTED: exhausted,
        RETRY: _retry,
        REST: _rested,
        SILENCE: _silent,
        PARK: parked_too_long,
        STEP: step_over,
        GATE: gate_over,
        AGEING: grown_older,
        ASK: _ask_free,
        MOVE: _move,
        SEAT: _reseat,
        SWEEP: _sweep,
    },
)
