"""What must hold after every event and between any two batches, worked out naively from the tables of the state.

What belongs here: invariants by name, and the witness that folds the events. What does not: workloads.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import cache
from typing import Any
from unittest.mock import patch

import attrs

from orchestra.engine import view as views
from orchestra.engine.callbacks.state import CALL, DUE
from orchestra.engine.consults.state import ANSWER, Consult
from orchestra.engine.engine import SECTIONS, Decided, Engine
from orchestra.engine.lifecycle import CASE, CONSULT, DELIVERY, INTERACTION, OFFER, PRESENCE
from orchestra.engine.routing.index import Index
from orchestra.engine.routing.rows import (
    AGEING,
    CONNECT,
    GATE,
    MOST_IN_HAND,
    MOVE,
    OFFER_TIMEOUT,
    PARK,
    REST,
    RETRY,
    RING,
    SEAT,
    SILENCE,
    STEP,
    Bench,
    Item,
)
from orchestra.engine.routing.rules import Rules
from orchestra.engine.routing.seats import Before, Seats
from orchestra.engine.routing.sides import Requirement
from orchestra.engine.routing.standing import Standing
from orchestra.engine.section import Steps
from orchestra.engine.segments.state import OVER
from orchestra.model import events as e
from orchestra.model.actions import ActionNames
from orchestra.model.addresses import Actor
from orchestra.model.routing import MOST_RUNG
from orchestra.model.rules import Predicates
from orchestra.model.scores import Scores
from orchestra.model.structure import microseconds
from tests import (
    action_invariants,
    case_invariants,
    clock_invariants,
    commitment_invariants,
    desk_invariants,
    import_invariants,
    incident_invariants,
    invitation_moves,
    journey_invariants,
    notice_invariants,
    ownership_invariants,
    pace_invariants,
    people_invariants,
    personal_invariants,
    routing_oracle as oracle,
    rule_invariants,
)
from tests.engine_driver import Logged
from tests.watching import EVERY, NOW, NotedTimers, Watch, due_of, followed_by, invariant, named, named_by, reached

__all__ = [
    "WatchedEngine",
    "Witness",
    "check_changed",
    "check_changed_liveness",
    "check_liveness",
    "check_rebuilt",
    "check_state",
]

_STATES = {machine.name: frozenset(machine.states) for machine in (CASE, CONSULT, DELIVERY, INTERACTION, PRESENCE)}
_UNSENT = frozenset({"PENDING", "PERMITTED", "STARTED"})
_ITEM_STATES = {
    "QUEUED": "WAITING",
    "DIALING": "DIALING",
    "OFFERED": "OFFERED",
    "CONNECTING": "OFFERED",
    "ACTIVE": "TAKEN",
    "HELD": "TAKEN",
    "PARKED": "TAKEN",
    "WRAPPING": "TAKEN",
    "LINKED": "LINKED",
    "DEFERRED": "DEFERRED",
}


_ENTERS_ANEW = (e.InteractionQueued, e.ConsultQueued, e.StepEntered, e.GateOpened, e.RoutingRetried)
"""What waits stands by the rules that hold, once one of these has happened to it."""


@attrs.define
class Witness:
    """Sees each event as it takes effect, and remembers what histories must agree with."""

    position: int = 0
    at_us: int = 0
    token: int = 0
    offers: dict[str, e.OfferMade] = attrs.field(factory=dict)
    connecting: dict[str, int] = attrs.field(factory=dict)
    answered: dict[str, str] = attrs.field(factory=dict)
    numbers: dict[str, int] = attrs.field(factory=dict)
    taken: dict[tuple[str, str, str], int] = attrs.field(factory=dict)
    keys: set[str] = attrs.field(factory=set)
    delivery_states: dict[str, str] = attrs.field(factory=dict)
    gone_lines: set[str] = attrs.field(factory=set)
    attempts: dict[str, int] = attrs.field(factory=dict)
    behind: set[str] = attrs.field(factory=set)
    queues: dict[str, Any] = attrs.field(factory=dict)
    permits: dict[str, tuple[int, int]] = attrs.field(factory=dict)
    promised: dict[tuple[str, str], int] = attrs.field(factory=dict)
    paced: dict[str, list[int]] = attrs.field(factory=dict)
    begun: dict[str, int] = attrs.field(factory=dict)
    took: dict[str, list[int]] = attrs.field(factory=dict)
    reopened: set[str] = attrs.field(factory=set)
    reseated_to: str = ""
    finishing: str | None = None
    once_held: set[str] = attrs.field(factory=set)
    consults: dict[str, str] = attrs.field(factory=dict)
    consult_token: int = 0
    started: int = 0
    ended: int = 0
    desk: desk_invariants.DeskWitness = attrs.field(factory=desk_invariants.DeskWitness)
    cases: case_invariants.CaseWitness = attrs.field(factory=case_invariants.CaseWitness)
    people: people_invariants.PeopleWitness = attrs.field(factory=people_invariants.PeopleWitness)
    pace: pace_invariants.PaceWitness = attrs.field(factory=pace_invariants.PaceWitness)
    personal: personal_invariants.PersonalWitness = attrs.field(factory=personal_invariants.PersonalWitness)
    commitments: commitment_invariants.CommitmentWitness = attrs.field(factory=commitment_invariants.CommitmentWitness)
    ownership: ownership_invariants.OwnershipWitness = attrs.field(factory=ownership_invariants.OwnershipWitness)
    actions: action_invariants.ActionWitness = attrs.field(factory=action_invariants.ActionWitness)
    rules: rule_invariants.RuleWitness = attrs.field(factory=rule_invariants.RuleWitness)
    imports: import_invariants.ImportWitness = attrs.field(factory=import_invariants.ImportWitness)
    incidents: incident_invariants.IncidentWitness = attrs.field(factory=incident_invariants.IncidentWitness)
    clocks: clock_invariants.ClockWitness = attrs.field(factory=clock_invariants.ClockWitness)
    journeys: journey_invariants.JourneyWitness = attrs.field(factory=journey_invariants.JourneyWitness)
    notices: notice_invariants.NoticeWitness = attrs.field(factory=notice_invariants.NoticeWitness)
    to_call: dict[str, tuple[str, str]] = attrs.field(factory=dict)
    dialled: Counter[str] = attrs.field(factory=Counter)
    silent_from_us: dict[str, int] = attrs.field(factory=dict)
    segments: dict[str, e.SegmentWrapUpStarted] = attrs.field(factory=dict)
    segments_begun: int = 0
    cursors: dict[str, str] = attrs.field(factory=dict)
    being_called: dict[str, e.CallbackDialing] = attrs.field(factory=dict)
    called: Counter[str] = attrs.field(factory=Counter)

    def see(self, engine: Engine, event: e.Event, at_us: int) -> None:
        """Check one event against all before it; the engine has just evolved it."""
        assert engine.view.position == self.position + 1, "a position was skipped or repeated"
        assert at_us >= self.at_us, "engine time went back"
        self.position, self.at_us = engine.view.position, at_us
        assert self.ownership.taken is None or isinstance(event, e.CaseOwnerChanged), "taken, and another owns it"
        for part, look in _concerned(type(event)):
            look(getattr(self, part) if part else self, engine, event, at_us)

    def _follow_behind(self, engine: Engine, event: e.Event, at_us: int) -> None:
        """What waits in a queue that a plan changes is offered to nobody until it is moved, or enters it again."""
        name = getattr(event, "consult", None) or getattr(event, "interaction", None)
        if isinstance(event, e.PlanChanged):
            items = engine.view.routing.items
            edition = engine.view.routing.standing.edition
            changed = {name for name, one in event.plan.queues.items() if oracle.standing(one) != self.queues.get(name)}
            self.queues = {name: oracle.standing(one) for name, one in event.plan.queues.items()}
            waiting = {name for name, item in items.items() if item.state == "WAITING" and item.queue in changed}
            assert all(items[name].edition < edition(items[name].queue) for name in waiting)
            self.behind |= waiting
        elif isinstance(event, e.RoutingMoved):
            assert len(event.moved) == len(set(event.moved)) <= 200, "too many at once, or one of them twice"
            self.behind.difference_update(event.moved)
        elif isinstance(event, e.OfferMade | e.ConsultAsked | e.CallbackDialing):
            assert name not in self.behind, f"{name} is offered by the rules of a plan of before"
        elif isinstance(event, _ENTERS_ANEW):
            self.behind.discard(str(name))
        elif isinstance(event, e.BargedIn):
            self.behind.discard(engine.view.routing.consult_on.get(event.interaction, ""))

    # Interactions

    def _see_InteractionStarted(self, engine: Engine, event: e.InteractionStarted, at_us: int) -> None:
        self.started += 1
        assert event.occurred_us <= at_us, "it happened after now"

    def _see_CallbackRequested(self, engine: Engine, event: e.CallbackRequested, at_us: int) -> None:
        self.started += 1
        assert (event.customer, event.case) not in self.to_call.values(), "two open callbacks of a customer in a case"
        self.to_call[event.interaction] = event.customer, event.case

    def _see_CallbackScheduled(self, engine: Engine, event: e.CallbackScheduled, at_us: int) -> None:
        assert event.interaction in self.to_call, "put off though nobody is to be called"
        assert event.due_us > at_us
        self.being_called.pop(event.interaction, None)

    def _see_CallbackDialing(self, engine: Engine, event: e.CallbackDialing, at_us: int) -> None:
        view, plan = engine.view, engine.view.plan.callbacks
        assert event.interaction in self.to_call, "called though nobody was to be called"
        assert event.interaction not in self.being_called, "called twice at once"
        whom = [self.to_call[name] for name in self.being_called]
        assert self.to_call[event.interaction] not in whom, "a customer is called twice at once in one case"
        self.being_called[event.interaction] = event
        self.called[event.interaction] += 1
        assert event.token == self.called[event.interaction], "tokens must rise one by one"
        assert event.attempt == self.dialled[event.interaction] + 1 <= plan.attempts, "called more often than allowed"
        assert event.until_us > at_us
        item = view.routing.items[event.interaction]
        door = view.hours.doors.get(item.queue)
        assert door is None or door.is_open, "called while the queue is closed"
        called = sum(row.queue == item.queue for row in view.routing.items.values() if row.state == "DIALING")
        assert called <= plan.at_once, "too many of a queue are called at once"
        may_take = oracle.asking(view.plan, item)
        able = [name for name, row in view.presence.agents.items() if may_take(name, row)]
        able = [name for name in able if view.presence.agents[name].takes_work]
        assert called <= len(able), "more are called than there are agents who could take them"
        free = [name for name in able if _may(engine, view.routing.benches[name], name, item, _items(engine, name))]
        is_ahead = plan.dial_ahead > timedelta()
        assert called <= len(free) or is_ahead, "nobody is free who could take the customer"

    def _see_CallbackFailed(self, engine: Engine, event: e.CallbackFailed, at_us: int) -> None:
        assert event.interaction in self.to_call, "dialled though nobody was to be called"
        assert (event.agent is None) == (event.interaction in self.being_called), "who is called first has no agent"
        self.dialled[event.interaction] += 1
        assert event.attempt == self.dialled[event.interaction], "an attempt was skipped or repeated"
        assert event.attempt <= engine.view.plan.callbacks.attempts, "dialled more often than the plan allows"

    def _see_CallbackAnswered(self, engine: Engine, event: e.CallbackAnswered, at_us: int) -> None:
        del self.to_call[event.interaction]
        made = self.being_called.pop(event.interaction, None)
        assert (event.agent is None) == (made is not None)
        assert made is None or at_us < made.until_us, "answered at or after the deadline"

    def _see_InteractionQueued(self, engine: Engine, event: e.InteractionQueued, at_us: int) -> None:
        is_callback = event.interaction in self.to_call
        assert is_callback == (event.first is not None), "who is to be on the line first is told of callbacks, and only"
        self.being_called.pop(event.interaction, None)
        if event.reason == "parked_too_long":
            self._keep("parking", event.interaction, at_us)

    def _see_InteractionParked(self, engine: Engine, event: e.InteractionParked, at_us: int) -> None:
        assert at_us < event.until_us
        item = engine.view.routing.items[event.interaction]
        assert (item.held_by, item.first) == (event.agent, None), "parked for somebody else, or though it is a callback"
        self._promise("parking", event.interaction, event.until_us)

    def _see_InteractionResumed(self, engine: Engine, event: e.InteractionResumed, at_us: int) -> None:
        assert engine.view.presence.agents[event.agent].state != "OFFLINE", "whoever is gone goes on with nothing"
        self._promise("parking", event.interaction, None)

    def _see_InteractionDone(self, engine: Engine, event: e.InteractionDone, at_us: int) -> None:
        self.ended += 1
        self._called_no_more(event.interaction)

    def _called_no_more(self, interaction: str) -> None:
        self.to_call.pop(interaction, None)
        self.being_called.pop(interaction, None)

    def _see_InteractionAbandoned(self, engine: Engine, event: e.InteractionAbandoned, at_us: int) -> None:
        self.ended += 1
        assert event.waited_us >= 0
        assert event.interaction not in self.to_call, "whoever is to be called back cannot hang up"

    def _see_InteractionDeflected(self, engine: Engine, event: e.InteractionDeflected, at_us: int) -> None:
        self.ended += 1
        assert event.interaction not in self.to_call, "whoever is to be called back is never turned away"
        view = engine.view
        assert view.contacts.interactions[event.interaction].live, "what is written is never turned away"

    def _see_InteractionCanceled(self, engine: Engine, event: e.InteractionCanceled, at_us: int) -> None:
        self.ended += 1
        self._called_no_more(event.interaction)

    def _see_QuestionAnswered(self, engine: Engine, event: e.QuestionAnswered, at_us: int) -> None:
        self.ended += 1
        assert event.interaction not in engine.view.routing.items

    def _number(self, event: e.MessageReceived | e.MessageWritten | e.ReplyRecorded) -> None:
        assert event.number == self.numbers.get(event.conversation, 0) + 1, "a message was skipped or repeated"
        self.numbers[event.conversation] = event.number

    def _see_MessageReceived(self, engine: Engine, event: e.MessageReceived, at_us: int) -> None:
        self._number(event)
        self._take(engine, event.channel, event.account, event.message_id, at_us)
        self.silent_from_us.pop(event.interaction, None)
        item = engine.view.routing.items.get(event.interaction)
        assert item is None or not item.is_silent, "somebody wrote, and is silent"

    def _see_MessageWritten(self, engine: Engine, event: e.MessageWritten, at_us: int) -> None:
        self._number(event)
        self._ours(engine, event, at_us)

    def _ours(self, engine: Engine, event: e.MessageWritten | e.ReplyRecorded, at_us: int) -> None:
        """The last message is ours: from when on its customer may count as silent."""
        item = engine.view.routing.items.get(event.interaction or "")
        after = None if item is None else engine.view.plan.channels[item.channel].silence.after
        if after is not None and event.interaction is not None:
            self.silent_from_us[event.interaction] = at_us + microseconds(after)

    def _see_CustomerFellSilent(self, engine: Engine, event: e.CustomerFellSilent, at_us: int) -> None:
        assert at_us >= self.silent_from_us[event.interaction], "silent too soon, or though nobody waits for them"
        assert engine.view.routing.items[event.interaction].held_by == event.agent

    def _see_CustomerMovedOn(self, engine: Engine, event: e.CustomerMovedOn, at_us: int) -> None:
        items, contacts = engine.view.routing.items, engine.view.contacts.interactions
        assert (items[event.interaction].held_by, items[event.interaction].weight_percent) == (event.agent, 0)
        assert contacts[event.to].case is not None, "nobody came"
        assert not contacts[event.to].is_final

    def _see_ReplyRecorded(self, engine: Engine, event: e.ReplyRecorded, at_us: int) -> None:
        self._number(event)
        self._ours(engine, event, at_us)
        self._take(engine, event.channel, event.account, event.message_id, at_us)

    def _see_ContactTaken(self, engine: Engine, event: e.ContactTaken, at_us: int) -> None:
        self._take(engine, event.channel, event.account, event.contact_id, at_us)

    def _take(self, engine: Engine, channel: str, account: str, provider_id: str, at_us: int) -> None:
        before = self.taken.get((channel, account, provider_id))
        kept = engine.view.plan.channels[channel].keep_ids
        if before is not None:
            assert kept is not None, "an id that is kept for ever was taken twice"
            assert at_us - before > microseconds(kept), "an id was taken twice while it was kept"
        self.taken[channel, account, provider_id] = at_us

    def _see_QueueOpened(self, engine: Engine, event: e.QueueOpened, at_us: int) -> None:
        self.reopened.add(event.queue)

    def _see_RoutingReseated(self, engine: Engine, event: e.RoutingReseated, at_us: int) -> None:
        at_work = sorted(name for name, bench in engine.view.routing.benches.items() if bench.takes_work)
        assert len(event.agents) <= 100, "too many at once"
        assert event.agents == [name for name in at_work if name > self.reseated_to][: len(event.agents)], (
            "not in order"
        )
        self.reseated_to = event.agents[-1] if event.agents else self.reseated_to
        is_over = self.reseated_to >= max(at_work, default="")
        assert bool(engine.view.routing.to_seat) is not is_over, "it goes on with nobody left, or ends before that"

    def _see_RoutingSwept(self, engine: Engine, event: e.RoutingSwept, at_us: int) -> None:
        if not engine.view.routing.to_sweep:
            self.reopened.clear()

    # Offers

    def _see_OfferMade(self, engine: Engine, event: e.OfferMade, at_us: int) -> None:
        view = engine.view
        assert event.token == self.token + 1, "tokens must rise one by one"
        assert event.deadline_us > at_us
        self.token = event.token
        self.offers[event.offer] = event
        agent, item = view.presence.agents[event.agent], view.routing.items[event.interaction]
        assert agent.takes_work, "offered to an agent who takes no work"
        assert not is_shut(engine, item), "offered from a queue that is closed"
        assert not view.routing.benches[event.agent].rests, "offered to an agent who rests"
        assert not _is_unmoved(engine, event.agent), "offered by the room of a plan of before"
        assert oracle.able(view.plan, event.agent, agent, item), "a team or skill is missing"
        assert event.agent not in item.excluded, "offered to an agent who is excluded"
        assert item.ringing[event.agent] == event.offer
        assert len(item.ringing) <= max(1, item.ring) <= MOST_RUNG, "rings more than it is to"
        assert item.connecting == 0, "somebody else is asked while one is being connected"
        bench = view.routing.benches[event.agent]
        exceeded = _exceeded(engine, event)
        assert bench.budget_percent <= agent.capacity_percent
        assert bool(exceeded) == event.beyond_capacity, f"more than granted is held of {exceeded}, or not as told"
        assert not exceeded or oracle.goes_beyond(view.plan, item), "beyond capacity, though no step says so"
        assert sum(bench.counts.values()) <= MOST_IN_HAND, "more in hand than there may ever be"
        assert sorted(event.labels) == sorted(set(view.plan.queues[event.queue].labels))
        assert event.key[-1] == event.agent
        assert event.leads == (event.agent == people_invariants.lead_for(engine, event.interaction))
        # Whoever talks with the customer already is asked before all others, who are in order themselves.
        ranked = event.runners_up if event.leads else [event.key, *event.runners_up]
        assert ranked == sorted(ranked), "a runner-up is before the winner"

        if not _is_on_the_way(engine):
            _check_best(engine, _Made.offer_of(event), at_us, self.reopened, self.finishing)

        self._check_pace(engine, event.agent, at_us)

    def _check_pace(self, engine: Engine, agent: str, at_us: int) -> None:
        """No more offers within a time than the plan allows, since it does."""
        if engine.view.presence.agents[agent].kind == "bot":
            self.paced.pop(agent, None)
            return
        presence, made = engine.view.plan.presence, self.paced.setdefault(agent, [])
        made.append(at_us)
        if presence.rate.offers is not None:
            within = [made_us for made_us in made if made_us > at_us - microseconds(presence.rate.per)]
            assert len(within) <= presence.rate.offers, f"{agent} is offered too much at once"
        begun_us = self.begun[agent]
        warm_up, back = presence.warm_up, presence.on_return
        if back.offers is not None and at_us < begun_us + microseconds(back.per):
            hers = [
                row for row in engine.view.routing.offers.values() if row.agent == agent and row.made_us >= begun_us
            ]
            has = sum(row.is_open or row.state == "ACCEPTED" for row in hers)
            assert has <= back.offers, f"{agent} has only come back"
        if at_us >= begun_us + microseconds(warm_up.lasts):
            assert engine.view.routing.benches[agent].warm_percent == 100, f"{agent} never warms up"

    def _see_PlanChanged(self, engine: Engine, event: e.PlanChanged, at_us: int) -> None:
        if "" in engine.view.routing.to_seat:
            self.reseated_to = ""
        self.paced.clear()
        self.took.clear()

    def _see_AgentRemoved(self, engine: Engine, event: e.AgentRemoved, at_us: int) -> None:
        # One of the same name begins anew.
        self.took.pop(event.agent, None)
        self.paced.pop(event.agent, None)

    def _see_OfferConnecting(self, engine: Engine, event: e.OfferConnecting, at_us: int) -> None:
        assert at_us < self.offers[event.offer].deadline_us, "accepted at or after the deadline"
        assert event.offer not in self.answered | self.connecting, "answered twice"
        self.connecting[event.offer] = event.until_us

    def _see_PriorityRaised(self, engine: Engine, event: e.PriorityRaised, at_us: int) -> None:
        item = engine.view.routing.items[event.consult or event.interaction]
        reached = engine.view.plan.queues[event.queue].ageing[: event.age]
        assert (item.state, item.aged) == ("WAITING", event.age)
        assert event.priority == sum(one.priority for one in reached)
        assert at_us >= item.start_us + microseconds(reached[-1].after), "it counts as older too soon"

    def _see_RingWidened(self, engine: Engine, event: e.RingWidened, at_us: int) -> None:
        item = engine.view.routing.items[event.interaction]
        assert 1 <= len(item.ringing) <= event.agents == item.ring <= MOST_RUNG

    def _see_OfferAccepted(self, engine: Engine, event: e.OfferAccepted, at_us: int) -> None:
        until_us = self.connecting.pop(event.offer, self.offers[event.offer].deadline_us)
        assert at_us < until_us, "accepted or connected at or after the deadline"
        self._end_offer(event.offer, "ACCEPTED", event.interaction, event.agent)
        took, window_us = self.took.setdefault(event.agent, []), microseconds(engine.view.plan.presence.window)
        took.append(at_us)
        slots = engine.view.routing.benches[event.agent].slots
        assert all(at_us - window_us < slot[0] <= at_us for slot in slots), "something is remembered too long"
        if engine.view.routing.rules.looks_back:
            surely = [one for one in took if one > at_us - window_us * 11 // 12]
            assert len(surely) <= sum(slot[1] for slot in slots), f"what {event.agent} took is forgotten too soon"

    def _see_OfferEnded(self, engine: Engine, event: e.OfferEnded, at_us: int) -> None:
        made = self.offers[event.offer]
        if event.outcome == "TIMED_OUT":
            assert at_us >= made.deadline_us, "timed out early"
        assert event.outcome in OFFER.final
        was_connecting = self.connecting.pop(event.offer, None) is not None
        assert was_connecting or event.outcome != "SETUP_FAILED", "failed before it was accepted"
        assert not was_connecting or event.outcome not in ("DECLINED", "TIMED_OUT"), "blamed after the answer"
        is_blamed = event.agent in engine.view.routing.items[event.interaction].excluded
        assert is_blamed == (event.outcome in ("DECLINED", "TIMED_OUT")), "only who declined or missed it is excluded"
        self._end_offer(event.offer, event.outcome, event.interaction, event.agent)

    def _end_offer(self, offer: str, outcome: str, interaction: str, agent: str) -> None:
        assert offer not in self.answered, f"offer ended twice: {self.answered.get(offer)}, then {outcome}"
        assert (self.offers[offer].interaction, self.offers[offer].agent) == (interaction, agent)
        self.answered[offer] = outcome

    # Consults

    def _see_ConsultAsked(self, engine: Engine, event: e.ConsultAsked, at_us: int) -> None:
        view = engine.view
        self._next_token(event.token)
        assert at_us < event.deadline_us
        if event.queue is None:
            assert event.consult == f"cs{event.token}"
            self.consults[event.consult] = CONSULT.initial
        else:
            self.consults[event.consult] = CONSULT.steps[self.consults[event.consult], "ask"]
            self._asked_by_queue(engine, event, at_us)
        bench, channel = view.routing.benches[event.consulted], view.plan.channels[event.channel]
        assert view.presence.agents[event.consulted].takes_work, "asked an agent who takes no work"
        assert bench.used_percent <= bench.capacity_percent, "more capacity held than granted"
        assert channel.limit is None or bench.counts[event.channel] <= channel.limit, "above the channel's limit"
        assert not _above(engine, event.consulted, event.labels), "more of a label than one agent may have"

    def _next_token(self, token: int) -> None:
        self.consult_token += 1
        assert token == self.consult_token, "tokens must rise one by one"

    def _asked_by_queue(self, engine: Engine, event: e.ConsultAsked, at_us: int) -> None:
        """All that holds for an offer holds for asking somebody of a queue."""
        view = engine.view
        item, bench = view.routing.items[event.consult], view.routing.benches[event.consulted]
        agent = view.presence.agents[event.consulted]
        assert (item.queue, item.consult_on) == (event.queue, event.interaction)
        assert agent.kind == "person", "a bot is consulted"
        assert not is_shut(engine, item), "asked from a queue that is closed"
        assert not bench.rests, "asked an agent who rests"
        assert not _is_unmoved(engine, event.consulted), "asked by the room of a plan of before"
        assert oracle.able(view.plan, event.consulted, agent, item), "a team or skill is missing"
        assert event.consulted not in item.excluded, "asked an agent who declined, or takes part"
        assert sorted(event.labels) == sorted(set(view.plan.queues[item.queue].labels))
        assert event.key[-1] == event.consulted
        assert all(event.key < other for other in event.runners_up), "a runner-up is before the winner"
        if not _is_on_the_way(engine):
            _check_best(engine, _Made.asking_of(event), at_us, self.reopened, self.finishing)

    def _see_ConsultQueued(self, engine: Engine, event: e.ConsultQueued, at_us: int) -> None:
        before = self.consults.get(event.consult)
        if before is None:
            self._next_token(int(event.consult.removeprefix("cs")))
        assert (event.consulted is None) == (before in (None, "QUEUED")), "somebody is asked no more, or nobody was"
        self.consults[event.consult] = CONSULT.steps[before or CONSULT.initial, "queue"]
        refused = event.reason in ("declined", "timed_out", "setup_failed")
        excluded = engine.view.routing.items[event.consult].excluded
        assert event.consulted is None or (event.consulted in excluded) == refused, "only who refused is excluded"

    def _see_ConsultAccepted(self, engine: Engine, event: e.ConsultAccepted, at_us: int) -> None:
        assert at_us < engine.view.consults.consults[event.consult].deadline_us, "accepted at or after the deadline"
        trigger = "accept" if self.consults[event.consult] == CONSULT.initial else "confirm"
        self.consults[event.consult] = CONSULT.steps[self.consults[event.consult], trigger]

    def _see_ConsultConnecting(self, engine: Engine, event: e.ConsultConnecting, at_us: int) -> None:
        assert at_us < event.until_us
        self.consults[event.consult] = CONSULT.steps[self.consults[event.consult], "connect"]

    def _see_BargedIn(self, engine: Engine, event: e.BargedIn, at_us: int) -> None:
        assert event.consult == f"cs{event.token}"
        self._next_token(event.token)
        self.consults[event.consult] = CONSULT.steps[CONSULT.initial, "barge_in"]

    def _see_MonitoringStarted(self, engine: Engine, event: e.MonitoringStarted, at_us: int) -> None:
        assert event.agent != event.monitored == engine.view.contacts.interactions[event.interaction].agent

    def _see_ConsultMerged(self, engine: Engine, event: e.ConsultMerged, at_us: int) -> None:
        self.consults[event.consult] = CONSULT.steps[self.consults[event.consult], "merge"]
        channel = engine.view.contacts.interactions[event.interaction].channel
        most = engine.view.plan.channels[channel].parties
        assert len(engine.view.consults.parties(event.interaction)) + 1 <= most, "too many talk with one customer"

    def _see_ConsultEnded(self, engine: Engine, event: e.ConsultEnded, at_us: int) -> None:
        before, outcomes = self.consults[event.consult], CONSULT.steps
        assert (event.consulted is None) == (before == "QUEUED")
        is_of_one = event.outcome in ("DECLINED", "TIMED_OUT", "SETUP_FAILED", "AGENT_LOST")
        was_asked = before in (CONSULT.initial, "CONNECTING")
        assert event.queue is None or not (is_of_one and was_asked), "others of the queue could have been asked"
        assert event.outcome in {after for (state, _), after in outcomes.items() if state == before} & CONSULT.final
        self.consults[event.consult] = event.outcome

    def _see_TransferCompleted(self, engine: Engine, event: e.TransferCompleted, at_us: int) -> None:
        assert event.consult not in engine.view.consults.consults
        self.consults[event.consult] = CONSULT.steps[self.consults[event.consult], "transfer"]
        interaction, item = engine.view.contacts.interactions[event.interaction], engine.view.routing.items
        assert (interaction.state, interaction.agent) == ("ACTIVE", event.to)
        assert item[event.interaction].taken_by == event.consult
        assert event.agent != event.to

    def _see_SegmentWrapUpStarted(self, engine: Engine, event: e.SegmentWrapUpStarted, at_us: int) -> None:
        view = engine.view
        self.segments_begun += 1
        assert event.segment == f"sg{self.segments_begun}", "a segment was skipped or repeated"
        self.segments[event.segment] = event
        channel = view.plan.channels[event.channel]
        assert event.weight_percent == channel.weight_percent * channel.wrap_up_percent // 100
        assert view.presence.agents[event.agent].state != "OFFLINE", "who is gone has nothing to wrap up"

    def _see_SegmentWrapUpEnded(self, engine: Engine, event: e.SegmentWrapUpEnded, at_us: int) -> None:
        began = self.segments.pop(event.segment)
        assert (event.agent, event.interaction) == (began.agent, began.interaction)
        assert (event.weight_percent, event.labels) == (began.weight_percent, began.labels)
        is_over = began.until_us is not None and at_us >= began.until_us
        if event.reason == "finished":
            assert is_over or began.wrap_up != "fixed", "fixed wrap-up ended early"
            assert event.disposition or began.wrap_up != "required", "ended without a disposition"
        elif event.reason == "taken_again":
            offered = engine.view.routing.items[event.interaction]
            assert offered.held_by == event.agent
        else:
            assert event.reason == "agent_left"
            assert engine.view.presence.agents[event.agent].state == "OFFLINE"

    # Timers: what an event promised comes once, and never early

    def _promise(self, what: str, subject: str, due_us: int | None) -> None:
        self.promised.pop((what, subject), None)
        if due_us is not None:
            self.promised[what, subject] = due_us

    def _keep(self, what: str, subject: str, at_us: int) -> None:
        assert at_us >= self.promised.pop((what, subject)), f"{what} of {subject} came early"

    def _see_CaseResolved(self, engine: Engine, event: e.CaseResolved, at_us: int) -> None:
        self._promise("close", event.case, event.close_us)

    def _see_CaseReopened(self, engine: Engine, event: e.CaseReopened, at_us: int) -> None:
        self._promise("close", event.case, None)

    def _see_CaseMerged(self, engine: Engine, event: e.CaseMerged, at_us: int) -> None:
        self._promise("close", event.case, None)

    def _see_CaseUnmerged(self, engine: Engine, event: e.CaseUnmerged, at_us: int) -> None:
        self._promise("close", event.case, event.close_us)

    def _see_CaseClosed(self, engine: Engine, event: e.CaseClosed, at_us: int) -> None:
        if event.reason == "time":
            self._keep("close", event.case, at_us)

    def _see_DeviceLost(self, engine: Engine, event: e.DeviceLost, at_us: int) -> None:
        if event.grace_until_us is not None:
            self._promise("grace", event.agent, event.grace_until_us)

    def _see_DeviceReturned(self, engine: Engine, event: e.DeviceReturned, at_us: int) -> None:
        self._promise("grace", event.agent, None)

    def _see_AgentSignedIn(self, engine: Engine, event: e.AgentSignedIn, at_us: int) -> None:
        self._promise("grace", event.agent, None)
        self.begun.setdefault(event.agent, at_us)

    def _see_AgentSignedOut(self, engine: Engine, event: e.AgentSignedOut, at_us: int) -> None:
        self.begun.pop(event.agent)

    def _see_AgentLost(self, engine: Engine, event: e.AgentLost, at_us: int) -> None:
        self._keep("grace", event.agent, at_us)
        self.begun.pop(event.agent)

    def _see_RoutingExhausted(self, engine: Engine, event: e.RoutingExhausted, at_us: int) -> None:
        self._promise("retry", event.consult or event.interaction, event.retry_us)

    def _see_RoutingRetried(self, engine: Engine, event: e.RoutingRetried, at_us: int) -> None:
        self._keep("retry", event.consult or event.interaction, at_us)

    def _see_InteractionFinished(self, engine: Engine, event: e.InteractionFinished, at_us: int) -> None:
        self.finishing = event.agent
        self._called_no_more(event.interaction)
        self._promise("wrap_up", event.interaction, event.wrap_up_until_us)

    # Deliveries

    def _see_DeliveryPlanned(self, engine: Engine, event: e.DeliveryPlanned, at_us: int) -> None:
        assert event.key not in self.keys, "two deliveries of one key"
        self.keys.add(event.key)
        if event.instead_of is not None:
            rows = engine.view.deliveries.deliveries
            before, after = rows[event.instead_of], rows[event.delivery]
            assert (before.state, before.instead_of) == ("FAILED", None), "said otherwise without need, or twice"
            assert (before.message, before.conversation, before.body) == (event.message, after.conversation, event.body)
        self._move(event.delivery, "PENDING")

    def _see_MessageAmended(self, engine: Engine, event: e.MessageAmended, at_us: int) -> None:
        own = engine.view.deliveries
        assert event.body == engine.view.position, "what it is to say stands elsewhere"
        of = None if event.of is None else own.deliveries[event.of]
        assert of is None or of.act is None, "a change was changed"
        assert event.act == "taken_back" or event.of is None or not own.is_taken_back(event.of), "it is gone"
        if event.delivery is None:
            assert of is not None
            assert of.attempts == 0, "changed before it leaves, though it may have left"
            assert of.state in ("PENDING", "PERMITTED")
            return
        assert event.key is not None
        assert event.key not in self.keys, "two deliveries of one key"
        self.keys.add(event.key)
        assert of is None or of.provider_ids, "a change of what its provider does not know"
        self._move(event.delivery, "PENDING")

    def _see_CallSteered(self, engine: Engine, event: e.CallSteered, at_us: int) -> None:
        self._move(event.delivery, "PENDING")
        assert event.body == engine.view.position, "what is to be told stands elsewhere"
        if event.leg is None:
            assert event.interaction not in self.gone_lines, "a line is told something on which nobody is"
            rows = engine.view.deliveries.deliveries.values()
            of_line = [row for row in rows if (row.interaction, row.topic) == (event.interaction, "call")]
            assert sum(row.state in ("PENDING", "PERMITTED") for row in of_line) == 1, "a line is told two things"

    def _see_CallEnded(self, engine: Engine, event: e.CallEnded, at_us: int) -> None:
        assert event.interaction not in self.gone_lines, "a line went twice"
        self.gone_lines.add(event.interaction)

    def _see_CursorMoved(self, engine: Engine, event: e.CursorMoved, at_us: int) -> None:
        account = f"{event.channel}\x1f{event.account}"
        assert event.channel in engine.view.plan.channels
        assert self.cursors.get(account) != event.cursor, "it did not move"
        self.cursors[account] = event.cursor

    def _see_DeliveryPermitted(self, engine: Engine, event: e.DeliveryPermitted, at_us: int) -> None:
        row = engine.view.deliveries.deliveries[event.delivery]
        assert not engine.view.deliveries.is_stopped(row.channel, row.topic), "permitted in spite of a stop"
        assert not engine.view.outages.is_down(row.channel, row.account), "permitted where nothing arrives"
        assert at_us < row.expires_us, "permitted after it expired"
        self.permits[event.delivery] = event.attempt, event.until_us
        self._move(event.delivery, "PERMITTED")

    def _see_DeliveryStarted(self, engine: Engine, event: e.DeliveryStarted, at_us: int) -> None:
        attempt, until_us = self.permits.pop(event.delivery)
        assert event.attempt == attempt == self.attempts.get(event.delivery, 0) + 1, "an attempt without its permit"
        assert at_us < until_us, "started after the permit ran out"
        self.attempts[event.delivery] = attempt
        self._move(event.delivery, "STARTED")
        row = engine.view.deliveries.deliveries[event.delivery]
        if row.automatic and row.notice is None and row.topic not in ("delay", "deferred", "linked"):
            assert not people_invariants.talks(engine, row.customer), "sent by itself while somebody talked with them"
        rows = engine.view.deliveries.deliveries
        for name, row in rows.items():
            if int(name[2:]) < int(event.delivery[2:]) and row.conversation == rows[event.delivery].conversation:
                is_over = self.delivery_states[name] not in _UNSENT
                assert is_over or name in self.once_held, f"{event.delivery} overtakes {name}, which nobody held"

    def _see_DeliveryRetried(self, engine: Engine, event: e.DeliveryRetried, at_us: int) -> None:
        assert event.next_us >= at_us
        self.permits.pop(event.delivery, None)
        self._move(event.delivery, "PENDING")

    def _see_DeliveryHeld(self, engine: Engine, event: e.DeliveryHeld, at_us: int) -> None:
        self.once_held.add(event.delivery)
        self.permits.pop(event.delivery, None)
        self._move(event.delivery, "PENDING")

    def _see_DeliveryAccepted(self, engine: Engine, event: e.DeliveryAccepted, at_us: int) -> None:
        self._move(event.delivery, "ACCEPTED")

    def _see_DeliveryFailed(self, engine: Engine, event: e.DeliveryFailed, at_us: int) -> None:
        self._move(event.delivery, "FAILED")

    def _see_DeliveryUnknown(self, engine: Engine, event: e.DeliveryUnknown, at_us: int) -> None:
        self._move(event.delivery, "UNKNOWN")

    def _see_DeliveryExpired(self, engine: Engine, event: e.DeliveryExpired, at_us: int) -> None:
        assert at_us >= engine.view.deliveries.deliveries[event.delivery].expires_us, "expired early"
        self._move(event.delivery, "EXPIRED")

    def _see_DeliveryCanceled(self, engine: Engine, event: e.DeliveryCanceled, at_us: int) -> None:
        self._move(event.delivery, "CANCELED")

    def _see_ReceiptRecorded(self, engine: Engine, event: e.ReceiptRecorded, at_us: int) -> None:
        before = self.delivery_states[event.delivery]
        after = engine.view.deliveries.deliveries[event.delivery].state
        order = ["UNKNOWN", "ACCEPTED", "DELIVERED", "READ", "ACTED"]
        if before in order and after in order:
            assert order.index(after) >= order.index(before), "a receipt regressed"
        assert after == before or not event.conflicts
        self.delivery_states[event.delivery] = after

    def _move(self, delivery: str, state: str) -> None:
        before = self.delivery_states.get(delivery, "PENDING")
        assert before in _UNSENT, f"{delivery} was {before} and became {state}: tried after its end"
        self.delivery_states[delivery] = state


_PARTS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "desk": (desk_invariants.DeskWitness, ("routing",)),
    "cases": (case_invariants.CaseWitness, ()),
    "people": (people_invariants.PeopleWitness, ("engagements",)),
    "personal": (personal_invariants.PersonalWitness, ()),
    "pace": (pace_invariants.PaceWitness, ()),
    "commitments": (commitment_invariants.CommitmentWitness, ()),
    "ownership": (ownership_invariants.OwnershipWitness, ()),
    "actions": (action_invariants.ActionWitness, ()),
    "rules": (rule_invariants.RuleWitness, EVERY),
    "imports": (import_invariants.ImportWitness, ()),
    "incidents": (incident_invariants.IncidentWitness, ()),
    "journeys": (journey_invariants.JourneyWitness, ()),
    "clocks": (clock_invariants.ClockWitness, ()),
    "notices": (notice_invariants.NoticeWitness, ()),
}
"""Parts of the witness: each hears the events that it names, and all that change the sections named here."""


@cache
def _concerned(kind: type[e.Event]) -> list[tuple[str, Callable[..., None]]]:
    """Who takes notice of an event: the parts of the witness, and the witness itself."""
    sections = followed_by(kind)
    parts = [
        (name, part.see)
        for name, (part, looks_at) in _PARTS.items()
        if looks_at is EVERY or kind in named(part) or not sections.isdisjoint(looks_at)
    ]
    own = [Witness._follow_behind] if kind in named_by(Witness._follow_behind) else []
    look = getattr(Witness, f"_see_{kind.__name__}", None)
    return [*parts, *(("", one) for one in (*own, look) if one is not None)]


@cache
def _noted(kind: type[e.Event]) -> frozenset[str]:
    """What may be otherwise in the witness once it has seen an event: names of its parts, and of its own attributes."""
    own = [look for part, look in _concerned(kind) if not part]
    return frozenset(name for name, (part, _) in _PARTS.items() if kind in named(part)) | reached(Witness, own)


class WatchedEngine(Engine):
    """An engine whose every event goes past a witness."""

    def __init__(
        self,
        witness: Witness | None = None,
        scores: Scores | None = None,
        predicates: Predicates | None = None,
        actions: ActionNames | None = None,
    ) -> None:
        with patch.object(views, "Agenda", NotedTimers):
            super().__init__(scores, predicates, actions)
        self.witness = witness or Witness()
        self.watch = Watch(self, self.witness, (INVARIANTS, AT_REST), _noted)
        self.is_watched = True

    def _concerned(self, kind: type[e.Event]) -> Any:
        known = self._handlers.get(kind)
        if known is None:
            known = super()._concerned(kind)
            known[0].append(self._see)  # the last, once all sections have evolved
        return known

    def _run(self, steps: Steps, at_us: int, actor: Actor) -> Decided:
        self.witness.finishing = None
        return super()._run(steps, at_us, actor)

    def load(self, dumped: Mapping[str, Any]) -> None:
        super().load(dumped)
        self.watch.forget()

    def _see(self, event: e.Event, at_us: int) -> None:
        if self.is_watched:
            self.watch.note(type(event))
            self.witness.see(self, event, at_us)

    def replay_unseen(self, log: Sequence[Logged]) -> None:
        """Replay past the witness, who has seen it all."""
        self.is_watched = False
        for logged in log:
            self.replay(logged.event, logged.at_us)
        self.is_watched = True
        self.watch.forget()


def _above(engine: Engine, agent: str, labels: list[str]) -> list[str]:
    """The labels of which an agent has more than the plan allows."""
    has, known = engine.view.routing.benches[agent].labels, engine.view.plan.labels
    return [label for label in labels if label in known and has[label] > known[label].limit]


def _exceeded(engine: Engine, made: e.OfferMade) -> list[str]:
    """Of what an agent has more than is granted, now that they are offered something."""
    bench, limit = engine.view.routing.benches[made.agent], engine.view.plan.channels[made.channel].limit
    exceeded = ["the budget"] if bench.used_percent > bench.budget_percent else []
    if limit is not None and bench.counts[made.channel] > limit:
        exceeded.append(f"channel {made.channel}")
    return [*exceeded, *(f"label {label}" for label in _above(engine, made.agent, made.labels))]


@attrs.frozen
class _Made:
    """What is offered to whom: a contact, or a consult."""

    name: str
    offer: str
    agent: str
    channel: str
    weight_percent: int
    labels: list[str]
    key: list[int | str]

    @classmethod
    def offer_of(cls, event: e.OfferMade) -> _Made:
        """A contact is offered."""
        held = event.channel, event.weight_percent, event.labels, event.key
        return cls(event.interaction, event.offer, event.agent, *held)

    @classmethod
    def asking_of(cls, event: e.ConsultAsked) -> _Made:
        """A queue asks somebody for help."""
        held = event.channel, event.weight_percent, event.labels, event.key
        return cls(event.consult, event.consult, event.consulted, *held)


def _check_best(engine: Engine, made: _Made, at_us: int, reopened: set[str], finishing: str | None) -> None:
    """Nobody who could have been offered the item goes before, and nothing that the agent could take is more urgent."""
    routing, plan = engine.view.routing, engine.view.plan
    item, bench = routing.items[made.name], routing.benches[made.agent]
    hand = [other for name, other in _hand(engine, made.agent) if name != made.name]
    lent = [other for other in hand if other.lent_to == made.offer]
    lead = None if item.consult_on is not None else people_invariants.asked_first(engine, made.name)
    for name, other in routing.benches.items():
        theirs_in_hand = [row for _, row in _hand(engine, name)]
        if (
            name not in (made.agent, finishing)  # who finishes is asked once what their answer ends has ended
            and name not in item.ringing
            and other.takes_work
            and not other.rests
            and not other.is_limited
            and _may(engine, other, name, item, theirs_in_hand)
        ):
            last = engine.view.known.customers[item.customer].agent
            theirs, draws = oracle.key(plan, name, other, item, engine.view.plans.rating.scores, last)
            asides = not oracle.has_room(plan, other, item), bool(lent)
            assert asides[0] >= asides[1], f"{name} need put nothing aside"
            assert name != lead or asides[0], f"{name} talks with the customer already"
            if asides[0] == asides[1] and made.agent != lead:
                assert theirs[:-1] >= made.key[:-1] if draws else theirs > made.key, f"{name} goes first"
    counts = {**bench.counts, made.channel: bench.counts[made.channel] - 1}
    used = bench.used_percent - made.weight_percent + sum(other.weight_percent for other in lent)
    labels = {label: count - (label in made.labels) for label, count in bench.labels.items()}
    before = attrs.evolve(bench, used_percent=used, counts=counts, labels=labels)
    hand = [attrs.evolve(other, lent_to=None) if other in lent else other for other in hand]
    mine = oracle.urgency(plan, before, made.name, item, at_us)
    rest_us = engine.view.timers.get(REST, made.agent)
    is_overdue = rest_us is not None and rest_us <= at_us
    for name, waiting in routing.items.items():
        if is_overdue:
            continue  # what they may be given has changed, and they are asked in a moment
        if waiting.queue in reopened and made.agent in routing.to_sweep:
            continue  # whoever could take what waits in a queue that has just opened is asked in a moment
        if (
            waiting.state == "WAITING"
            and waiting.first != "customer"
            and _may(engine, before, made.agent, waiting, hand)
        ):
            assert len(item.ringing) <= 1, f"{made.name} rings one more, and nobody is asked to take {name}"
            if waiting.queue == item.queue and plan.queues[item.queue].newest_first:
                assert oracle.newness(plan, name, waiting) > oracle.newness(plan, made.name, item), f"{name} is newer"
            elif not plan.queues[waiting.queue].newest_first and not plan.queues[item.queue].newest_first:
                assert oracle.urgency(plan, before, name, waiting, at_us) > mine, f"{name} is more urgent"


def _is_on_the_way(engine: Engine) -> bool:
    """Whether some are yet to be asked, or moved: these go by name, or rank, and not by who is the best."""
    routing = engine.view.routing
    return bool(routing.to_sweep or routing.to_ask or routing.to_move or routing.to_seat)


def _is_unmoved(engine: Engine, agent: str) -> bool:
    """Whether an agent is yet to be placed by the plan in force."""
    bounds = engine.view.routing.to_seat
    return bool(bounds) and agent > min(bounds)


def _hand(engine: Engine, agent: str) -> list[tuple[str, Item]]:
    """What an agent has taken."""
    items = engine.view.routing.items
    in_hand = engine.view.routing.in_hand.get(agent, ())
    return [(name, items[name]) for name in in_hand if items[name].held_by == agent]


def _items(engine: Engine, agent: str) -> list[Item]:
    return [item for _, item in _hand(engine, agent)]


def _may(engine: Engine, bench: Bench, agent: str, item: Item, hand: list[Item]) -> bool:
    plan = engine.view.plan
    is_able = oracle.able(plan, agent, bench, item)
    is_asked = agent in item.excluded or agent in item.ringing
    return is_able and not is_shut(engine, item) and oracle.has_room(plan, bench, item, hand) and not is_asked


# Between batches


def check_state(engine: Engine, witness: Witness | None = None) -> None:
    """Everything that must hold between two batches."""
    for one in INVARIANTS:
        if witness is not None or not one.is_compared:
            one.of_engine(engine, witness)()


def check_changed(engine: WatchedEngine) -> None:
    """Everything that must hold between two batches, where it did after the last one that was looked at."""
    engine.watch.look(_BETWEEN)


def _check_contacts(engine: Engine) -> None:
    cases = engine.view.cases.cases
    for name, row in engine.view.contacts.interactions.items():
        assert row.state in _STATES[INTERACTION.name]
        assert row.state != "ARRIVED", f"{name} was left where it arrived"
        assert row.case in cases, f"{name} belongs to no case"
        assert name in cases[row.case].interactions


def _check_interactions(engine: Engine) -> None:
    view = engine.view
    routing, items, offers = view.routing, view.routing.items, view.routing.offers
    called, scheduled = due_of(engine, CALL), due_of(engine, DUE)
    for name, row in view.contacts.interactions.items():
        item = items.get(name)
        if row.state in INTERACTION.final:
            assert item is None, f"{name} is over and still routed"
            continue
        if row.state == "SCHEDULED":
            assert item is None, f"{name} waits for its time and is routed"
            assert name in scheduled, f"{name} waits for a time that never comes"
            continue
        assert item is not None, f"{name} is {row.state} and lost to routing"
        assert item.state == _ITEM_STATES[row.state], f"{name} is {row.state}, its item {item.state}"
        assert item.queue == row.queue
        assert (item.first is not None) == (name in view.callbacks.callbacks), f"{name} is called, or not"
        assert (name in called) == (row.state == "DIALING"), f"{name} is called for ever"
        rings = {offers[offer].agent: offer for offer in item.offers if offers[offer].is_open} if item.offers else {}
        assert item.ringing == rings, f"{name} is offered by {rings}, and rings {item.ringing}"
        assert bool(rings) == (item.state == "OFFERED"), f"{name} has open offers {rings} while {row.state}"
        connecting = [offer for offer in rings.values() if offers[offer].state == "CONNECTING"]
        assert (sorted(row.connecting), item.connecting) == (sorted(connecting), len(connecting))
        assert bool(connecting) == (row.state == "CONNECTING"), f"{name} is {row.state} with {connecting} connecting"
        assert (row.agent is None) == (item.state != "TAKEN")
        assert item.held_by == row.agent
        if item.state == "TAKEN":
            taken = offers.get(item.taken_by or "")
            if taken is None:
                assert (item.taken_by or "").startswith("cs"), f"{name} was taken by {item.taken_by}"
            else:
                assert (taken.state, taken.agent) == ("ACCEPTED", row.agent)
                assert item.weight_percent <= taken.weight_percent, "it weighs more than it was taken for"
                assert item.full_percent == taken.weight_percent, "it was taken for another weight"
        may_ring = item.state == "OFFERED" and not connecting
        assert may_ring or name not in due_of(engine, RING), f"{name} would ring further agents while {row.state}"
    contacts = {name for name, item in items.items() if item.consult_on is None}
    assert contacts <= view.contacts.interactions.keys()
    assert {offer for item in items.values() for offer in item.offers} == routing.offers.keys()


def _check_items(engine: Engine) -> None:
    rows, items = engine.view.contacts.interactions, engine.view.routing.items
    for name, item in items.items():
        if item.consult_on is None:
            _check_weight(engine, name, item)
            _check_parked(engine, name, rows[name].state, item)


def _check_places(engine: Engine) -> None:
    gates: dict[str, list[int]] = {}
    for name, item in engine.view.routing.items.items():
        if item.consult_on is None:
            _check_standing(engine, name, item, gates)


def _check_standing(engine: Engine, name: str, item: Item, gates: dict[str, list[int]]) -> None:
    """What waits or rings stands by its queue's rules, or is behind and will be moved."""
    routing, timers = engine.view.routing, engine.view.timers
    is_behind = routing.standing.is_behind(item)
    if is_behind and (item.state == "WAITING" or item.ringing):
        assert item.queue in routing.to_move, f"{name} is behind for ever"
        assert timers.get(MOVE, "") is not None
    assert (item.rank is not None) == (item.state == "WAITING")
    if item.state == "WAITING":
        bucket, rank = routing.index.of_item[name]
        assert (bucket.is_behind, item.rank) == (is_behind, rank)
        if not is_behind:
            assert bucket.wanted == routing.rules.wanted(item), f"{name} waits for what its step does not say"
            assert rank == routing.rules.rank(name, item), f"{name} waits at a place of before"
            _check_clocks(engine, name, item, gates)
    elif not is_behind:
        assert (name in routing.index.of_ringing) == routing.wants_more(item)


def _check_clocks(engine: Engine, name: str, item: Item, gates: dict[str, list[int]]) -> None:
    """A step ends, and a gate opens, when the plan in force says so."""
    timers, queue = engine.view.timers, engine.view.plan.queues[item.queue]
    step = oracle.step_of(engine.view.plan, item)
    is_last = item.step + 1 >= len(queue.steps)
    if step.lasts is None or (is_last and queue.overflow_to is None):
        assert timers.get(STEP, name) is None, f"{name} leaves a step that does not end"
    else:
        from_us = item.start_us if step.clock == "item" else item.step_us
        assert timers.get(STEP, name) == from_us + microseconds(step.lasts)
    if item.queue not in gates:
        gates[item.queue] = sorted({0, *(microseconds(one.after) for one in queue.also.values())})
    ahead = gates[item.queue][item.gate + 1 :]
    assert timers.get(GATE, name) == (item.start_us + ahead[0] if ahead else None)


def _check_seats(engine: Engine) -> None:
    """All who take work stand by the plan in force, or will; whoever does not counts, and could be offered nothing."""
    routing = engine.view.routing
    assert (engine.view.timers.get(SEAT, "") is not None) == bool(routing.to_seat), "the walk over the agents stopped"
    at_work = sorted(name for name, bench in routing.benches.items() if bench.takes_work)
    assert list(routing.index.at_work) == at_work
    assert sorted(routing.index.of_agent) == [name for name in at_work if not _is_unmoved(engine, name)]
    unmoved = sorted(name for one in routing.index.unmoved for name in one.of_agent)
    assert unmoved == [name for name in at_work if _is_unmoved(engine, name)]
    assert all(routing.index.open_to(name) == () for name in unmoved)


def _check_parked(engine: Engine, name: str, state: str, item: Item) -> None:
    """What is parked is put aside for something, or waits until an instant for an agent who is gone."""
    waits = engine.view.timers.get(PARK, name) is not None
    assert state != "PARKED" or waits or item.lent_to is not None, f"{name} is parked for ever"
    if waits:
        assert item.held_by is not None
        is_gone = engine.view.presence.agents[item.held_by].state == "OFFLINE"
        assert (state, is_gone) == ("PARKED", True), f"{name} is {state}, and waits for {item.held_by} to come back"


def _check_weight(engine: Engine, name: str, item: Item) -> None:
    """What is in hand weighs what it was taken for, but while it is wrapped up or its customer is silent."""
    is_in_hand = item.held_by is not None and not item.is_wrapping
    assert is_in_hand or not item.is_silent, f"{name} is silent to nobody"
    assert is_in_hand or engine.view.timers.get(SILENCE, name) is None, f"{name} may fall silent to nobody"
    if item.held_by is not None:
        assert item.weight_percent <= item.full_percent, f"{name} weighs more than it was taken for"
        may_be_less = item.is_wrapping or item.is_silent
        assert may_be_less or item.weight_percent == item.full_percent, f"{name} weighs less in hand"


def _check_capacity(engine: Engine) -> None:
    view, benches = engine.view, engine.view.routing.benches
    held = _held(engine)
    assert held.keys() <= benches.keys(), "capacity of an agent who is gone"
    assert benches.keys() == view.presence.agents.keys()
    for name, bench in benches.items():
        used_percent, counts, labels = 0, dict[str, int](), dict[str, int]()
        for weight_percent, channel, of in held.get(name, ()):
            used_percent += weight_percent
            counts[channel] = counts.get(channel, 0) + 1
            for label in of:
                labels[label] = labels.get(label, 0) + 1
        agent = view.presence.agents[name]
        assert agent.state in _STATES[PRESENCE.name]
        charged_percent = bench.used_percent
        assert charged_percent == used_percent, f"{name} holds {used_percent} %, is charged {charged_percent} %"
        assert bench.counts == counts
        assert bench.labels == labels
        assert bench.takes_work == agent.takes_work
        assert (bench.teams, bench.skills) == (agent.teams, agent.skills)
        assert agent.state == "OFFLINE" or agent.devices


def _held(engine: Engine) -> Mapping[str, list[tuple[int, str, Sequence[str]]]]:
    """Agent -> weight, channel and labels of all that takes their capacity."""
    view, offers = engine.view, engine.view.routing.offers
    held: defaultdict[str, list[tuple[int, str, Sequence[str]]]] = defaultdict(list)
    for item in view.routing.items.values():
        if item.held_by is not None:
            held[item.held_by].append((0 if item.lent_to else item.weight_percent, item.channel, item.labels))
        for agent, offer in item.ringing.items():
            held[agent].append((offers[offer].weight_percent, item.channel, offers[offer].labels))
    for consult in view.consults.consults.values():
        if consult.consulted:  # else it waits in a queue, and takes nobody's capacity
            held[consult.consulted].append((consult.weight_percent, consult.channel, consult.labels))
    for segment in view.segments.segments.values():
        held[segment.agent].append((segment.weight_percent, segment.channel, segment.labels))
    return held


def _check_consults(engine: Engine) -> None:
    view = engine.view
    for name, row in view.consults.consults.items():
        assert row.state in _STATES[CONSULT.name] - CONSULT.final, f"{name} is {row.state} and was kept"
        interaction = view.contacts.interactions[row.interaction]
        assert interaction.state in ("ACTIVE", "HELD", "PARKED"), f"{name} is about what is {interaction.state}"
        assert (interaction.agent, interaction.channel) == (row.agent, row.channel)
        assert row.consulted != row.agent
        assert (row.state == "QUEUED") == (not row.consulted), f"{name} is {row.state} and asks {row.consulted}"
        is_there = not row.consulted or view.presence.agents[row.consulted].state != "OFFLINE"
        assert is_there, f"{name} is with an agent who is gone"
        _check_waits(engine, name, row)
        is_asked = row.state in (CONSULT.initial, "CONNECTING")
        assert view.timers.get(ANSWER, name) == (row.deadline_us if is_asked else None)
    for interaction_name, listeners in view.supervision.listeners.items():
        interaction = view.contacts.interactions[interaction_name]
        assert interaction.state in ("ACTIVE", "HELD", "PARKED"), "somebody listens where nobody talks"
        taking_part = {interaction.agent} | {row.consulted for _, row in view.consults.parties(interaction_name)}
        assert taking_part.isdisjoint(listeners), "somebody listens to themself"
        assert all(view.presence.agents[agent].state != "OFFLINE" for agent in listeners)
    about = Counter(row.interaction for row in view.consults.consults.values() if row.state != "MERGED")
    assert all(count == 1 for count in about.values()), "two consults of one interaction at once"
    pairs = Counter((row.interaction, row.consulted) for row in view.consults.consults.values())
    assert all(count == 1 for count in pairs.values()), "somebody takes part twice"
    waiting = {name for name, item in view.routing.items.items() if item.consult_on is not None}
    looking = {name for name, row in view.consults.consults.items() if row.queue is not None and row.is_open}
    assert waiting == looking, "what a queue looks for is asked for by nobody, or asked for and not looked for"


def _check_waits(engine: Engine, name: str, row: Consult) -> None:
    """A consult of a queue is routed until somebody takes part, and never asks those who do already."""
    if row.queue is None or not row.is_open:
        return
    item = engine.view.routing.items[name]
    assert (item.consult_on, item.queue, item.channel) == (row.interaction, row.queue, row.channel)
    assert item.state == ("WAITING" if row.state == "QUEUED" else "OFFERED")
    assert (item.ringing, item.held_by, item.offers, item.lent_to) == ({}, None, [], None)
    parties = {row.agent, *(other.consulted for _, other in engine.view.consults.parties(row.interaction))}
    assert parties <= set(item.barred) <= set(item.excluded), f"{name} may ask somebody who takes part"
    assert row.consulted not in item.excluded


def _check_segments(engine: Engine) -> None:
    view = engine.view
    for name, row in view.segments.segments.items():
        assert view.presence.agents[row.agent].state != "OFFLINE", f"{name} is wrapped up by an agent who is gone"
        assert view.contacts.interactions[row.interaction].agent != row.agent or (
            view.contacts.interactions[row.interaction].is_final
        ), f"{name} is wrapped up by who has the interaction"
        assert (view.timers.get(OVER, name) is not None) or row.wrap_up in ("optional", "required")
    pairs = Counter((row.agent, row.interaction) for row in view.segments.segments.values())
    assert all(count == 1 for count in pairs.values()), "two parts of one interaction are wrapped up by one agent"


def _check_cases(engine: Engine) -> None:
    view = engine.view
    for name, case in view.cases.cases.items():
        assert case.state in _STATES[CASE.name]
        assert case.customer in view.identity.customers
        assert (case.closed_us is not None) == ("CLOSED" in (case.state, case.before))
        if case.state in ("CLOSED", "MERGED"):
            continue
        if case.owner_kind == "team":
            assert case.owner in view.plan.teams, f"{name} belongs to no known team"
        else:
            assert case.owner_kind == "agent"
            is_being_moved = view.timers.get("cases.disown", case.owner) is not None
            assert case.owner in view.presence.agents or is_being_moved, f"{name} belongs to an agent who is gone"


def _check_deliveries(engine: Engine) -> None:
    view, own = engine.view, engine.view.deliveries
    due, permits, expiries = (due_of(engine, f"deliveries.{kind}") for kind in ("due", "permit", "expiry"))
    for name, row in own.deliveries.items():
        assert row.state in _STATES[DELIVERY.name]
        waits = [name in due, name in permits, name in expiries]
        if row.state == "PENDING":
            assert waits[2], f"{name} could wait for ever"
            is_turn = not row.is_held and own.is_first(name)
            assert waits[0] == (is_turn and not row.waits), f"{name} is due before its turn, or not at its turn"
        elif row.state in ("PERMITTED", "STARTED"):
            assert own.is_first(name), f"{name} leaves before its turn"
        elif row.state == "PERMITTED":
            assert waits == [False, True, True]
        else:
            assert waits == [False, False, False], f"{name} is {row.state} and has timers"
        assert not row.is_held or row.state == "PENDING"
        if row.is_held:
            is_down = view.outages.is_down(row.channel, row.account)
            is_kept = is_down or own.is_stopped(row.channel, row.topic) or row.subject in view.commitments.frozen
            is_waiting = is_kept and not row.is_outdated
            is_released = name in own.to_release
            assert is_waiting or is_released or row.is_hushed, f"{name} is held by no stop, no conflict and no talk"
    assert own.unsent == sum(row.state in _UNSENT for row in own.deliveries.values())
    assert not own.to_release or view.timers.get("deliveries.release", "") is not None


def _check_hushed(engine: Engine) -> None:
    hushed = due_of(engine, "deliveries.hush")
    for name, row in engine.view.deliveries.deliveries.items():
        if row.is_hushed:
            is_timed = row.customer in hushed
            assert is_timed or people_invariants.talks(engine, row.customer), f"{name} waits for talk that is over"


def _check_cursors(engine: Engine, seen: Witness) -> None:
    assert engine.view.cursors.cursors == seen.cursors, "a cursor moved without its event, or went to another account"


def _check_behind(engine: Engine, seen: Witness) -> None:
    routing = engine.view.routing
    waiting = {name: item for name, item in routing.items.items() if item.state == "WAITING"}
    seen.behind.intersection_update(waiting)
    assert {name for name, item in waiting.items() if routing.standing.is_behind(item)} == seen.behind


def _check_lost(engine: Engine, seen: Witness) -> None:
    rows = engine.view.contacts.interactions
    assert seen.started == len(rows), "an interaction was lost"
    assert seen.ended == sum(row.state in INTERACTION.final for row in rows.values()), (
        "an interaction ended more or less than once"
    )


def _check_asked(engine: Engine, seen: Witness) -> None:
    is_asked = {name: state for name, state in seen.consults.items() if state not in CONSULT.final}
    assert {name: row.state for name, row in engine.view.consults.consults.items()} == is_asked


def _check_wrapped(engine: Engine, seen: Witness) -> None:
    assert engine.view.segments.segments.keys() == seen.segments.keys(), "a segment never ended, or was lost"
    for name, began in seen.segments.items():
        assert engine.view.timers.get(OVER, name) == began.until_us


def _check_offers(engine: Engine, seen: Witness) -> None:
    is_open = {name for name, row in engine.view.routing.offers.items() if row.is_open}
    assert seen.offers.keys() - seen.answered.keys() == is_open, "an offer never ended"
    connects, ends = due_of(engine, CONNECT), due_of(engine, OFFER_TIMEOUT)
    for name in is_open:
        until_us = seen.connecting.get(name)
        pending_until_us = seen.offers[name].deadline_us if until_us is None else None
        assert connects.get(name) == until_us
        assert ends.get(name) == pending_until_us


def _check_sent(engine: Engine, seen: Witness) -> None:
    rows = engine.view.deliveries.deliveries
    assert {name: row.state for name, row in rows.items()} == seen.delivery_states


def _check_numbers(engine: Engine, seen: Witness) -> None:
    rows = engine.view.contacts.conversations
    assert {name: row.messages for name, row in rows.items() if row.messages} == seen.numbers


_TALK = ("contacts", "presence", "identity", "engagements")
"""What says whether a person talks with somebody."""

INVARIANTS = (
    invariant(_check_contacts, "contacts", "cases"),
    invariant(_check_interactions, "contacts", "routing", "callbacks", CALL, DUE, RING),
    invariant(_check_items, "contacts", "routing", "presence", SILENCE, PARK),
    invariant(_check_places, "routing", MOVE, STEP, GATE),
    invariant(_check_seats, "routing", SEAT),
    invariant(_check_capacity, "routing", "consults", "segments", "presence"),
    invariant(_check_consults, "consults", "contacts", "presence", "supervision", "routing", ANSWER),
    invariant(_check_segments, "segments", "presence", "contacts", OVER),
    invariant(_check_cases, "cases", "identity", "presence", "cases.disown"),
    invariant(
        _check_deliveries,
        *("deliveries", "outages", "commitments"),
        *(f"deliveries.{kind}" for kind in ("due", "permit", "expiry", "release")),
    ),
    invariant(_check_hushed, "deliveries", *_TALK, "deliveries.hush"),
    *desk_invariants.INVARIANTS,
    *journey_invariants.INVARIANTS,
    *case_invariants.INVARIANTS,
    *people_invariants.INVARIANTS,
    *pace_invariants.INVARIANTS,
    *invitation_moves.INVARIANTS,
    *personal_invariants.INVARIANTS,
    *commitment_invariants.INVARIANTS,
    *ownership_invariants.INVARIANTS,
    *action_invariants.INVARIANTS,
    *import_invariants.INVARIANTS,
    *incident_invariants.INVARIANTS,
    *clock_invariants.INVARIANTS,
    *notice_invariants.INVARIANTS,
    invariant(_check_cursors, "cursors", "seen cursors"),
    invariant(_check_behind, "routing", "seen behind"),
    invariant(_check_lost, "contacts", "seen started", "seen ended"),
    invariant(_check_asked, "consults", "seen consults"),
    invariant(_check_wrapped, "segments", "seen segments", OVER),
    invariant(_check_offers, "routing", "seen offers", "seen answered", "seen connecting", CONNECT, OFFER_TIMEOUT),
    invariant(_check_sent, "deliveries", "seen delivery_states"),
    invariant(_check_numbers, "contacts", "seen numbers"),
)
"""Each invariant with all that it reads."""


# When everything due has been done


def check_liveness(engine: Engine) -> None:
    """No agent idles while work that they can take waits, and nothing that waits is forgotten."""
    for one in AT_REST:
        one.of_engine(engine)()


def check_changed_liveness(engine: WatchedEngine) -> None:
    """The same, where it did hold when it was looked at last."""
    engine.watch.look(_AT_REST)


def _check_ages(engine: Engine) -> None:
    routing = engine.view.routing
    if routing.to_sweep or routing.to_move or routing.to_seat:
        return  # a plan change is still being walked through
    ages_us: dict[str, list[int]] = {}
    for name, item in routing.items.items():
        if item.state == "WAITING" and not routing.standing.is_behind(item):
            if item.queue not in ages_us:
                ages_us[item.queue] = [microseconds(one.after) for one in engine.view.plan.queues[item.queue].ageing]
            _check_age(engine, name, item, ages_us[item.queue])


def _check_idle(engine: Engine) -> None:
    view, routing = engine.view, engine.view.routing
    assert not routing.to_ask, "somebody was not asked in the moment in which they became free"
    if routing.to_sweep or routing.to_move or routing.to_seat:
        return  # a plan change is still being walked through
    at_work = {agent: row for agent, row in view.presence.agents.items() if row.takes_work}
    has_room = _room(engine, [agent for agent in at_work if _is_ready(routing.benches[agent])])
    for name, item in routing.items.items():
        if item.state not in ("WAITING", "OFFERED"):
            continue  # it asks nobody
        if is_shut(engine, item) or (item.state != "WAITING" and not _rings_too_few(engine, item)):
            continue
        is_called, called = item.first == "customer", 0
        if is_called:
            called = sum(row.queue == item.queue for row in routing.items.values() if row.state == "DIALING")
        if is_called and called >= view.plan.callbacks.at_once:
            continue
        free = [agent for agent in has_room(item) if agent not in item.excluded and agent not in item.ringing]
        was_refused = item.state == "WAITING" and item.excluded.keys() - set(item.barred)
        if not free and not was_refused:
            continue
        may_take = oracle.asking(view.plan, item)
        free = [agent for agent in free if may_take(agent, at_work[agent])]
        if is_called:
            assert len(free) <= called, f"{free} idle while {name} is not called"
        else:
            assert free == [], f"{free} idle while {name} is {item.state}"
        asked = {agent for agent in at_work if agent not in item.excluded and agent not in item.ringing}
        if was_refused and not any(may_take(agent, at_work[agent]) for agent in asked):
            is_asked_again = view.timers.get(RETRY, name) or view.timers.get(STEP, name) or view.timers.get(GATE, name)
            assert is_asked_again, f"{name} waits for nobody and is not asked again"


def _is_ready(bench: Bench) -> bool:
    """Whether an agent at work may be asked now."""
    return not (bench.rests or bench.is_limited)


def _room(engine: Engine, agents: Sequence[str]) -> Callable[[Item], list[str]]:
    """Who of some agents has room for an item; worked out once for all that differ in nothing that matters."""
    benches, plan = engine.view.routing.benches, engine.view.plan
    hands = {agent: _items(engine, agent) for agent in agents}
    known: dict[tuple[str, str, bool, bool], list[str]] = {}

    def has_room(item: Item) -> list[str]:
        kind = item.channel, item.queue, bool(item.consult_on), oracle.goes_beyond(plan, item)
        if kind not in known:
            known[kind] = [one for one in agents if oracle.has_room(plan, benches[one], item, hands[one])]
        return known[kind]

    return has_room


AT_REST = (
    invariant(_check_ages, "routing", AGEING, NOW),
    invariant(_check_idle, "routing", "presence", "hours", RETRY, STEP, GATE),
)
"""What must hold when everything due has been done, with all that it reads."""

_BETWEEN, _AT_REST = range(2)


def _check_age(engine: Engine, name: str, item: Item, ages_us: list[int]) -> None:
    """What waits has reached the ages that it is old enough for, and the next one is to come."""
    now_us, due_us = engine.now_us, [item.start_us + age_us for age_us in ages_us]
    reached = sum(at_us <= now_us for at_us in due_us) if due_us else 0
    assert item.aged == reached, f"{name} is older than it counts, or younger"
    del due_us[:reached]
    assert engine.view.timers.get(AGEING, name) == min(due_us, default=None), f"{name} never grows older"


def is_shut(engine: Engine, item: Item) -> bool:
    """Whether an item's queue is closed, and serves nobody meanwhile."""
    door = engine.view.hours.doors.get(item.queue)
    if door is None or door.is_open:
        return False
    return item.first is not None or engine.view.plan.queues[item.queue].when_closed != "finish"


def _rings_too_few(engine: Engine, item: Item) -> bool:
    """Whether an item that rings could ring more agents, were there any."""
    is_for_one = oracle.step_of(engine.view.plan, item).pool == "known" and item.agent
    may_grow = item.state == "OFFERED" and item.consult_on is None and not item.connecting and not is_for_one
    return may_grow and len(item.ringing) < item.ring


# Rebuilding


def derived(engine: Engine) -> dict[str, Any]:
    """All that is kept beside the tables, in a form that tells content from order of insertion."""
    found: dict[str, Any] = {}
    for section in SECTIONS:
        own = getattr(engine.view, section.name)
        for name, value in vars(own).items():
            # Receipts that were claimed, places that were taken up again, and talks that were followed by others stay
            # in their queues until they surface.
            if isinstance(value, Index):
                found[f"{section.name}.{name}"] = contents(value, engine.view.routing.rules)
            elif isinstance(value, Seats):
                found[f"{section.name}.{name}"] = [_unmoved(one) for one in value.befores]
            elif isinstance(value, Standing):
                found[f"{section.name}.{name}"] = _plain(value.rings)
            elif name not in own.TABLES and name not in (
                "plans",
                "timers",
                "_early_order",
                "_coolest",
                "places",
                "paces",
                "_written",
                "author",  # between an event and the next one
                "holds",  # compiled from the plan alone, when first asked
            ):
                found[f"{section.name}.{name}"] = _plain(value)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: plain for key, item in value.items() if (plain := _plain(item)) not in ({}, [], None)}
    if type(value).__name__ == "Ordered":
        return list(value)
    if type(value).__name__ == "Pending":
        return value.first(1_000_000)
    if type(value).__name__ == "Rules":
        return None  # compiled from the plan alone
    if isinstance(value, list):
        return [plain for item in value if (plain := _plain(item)) not in ({}, [], None)]
    return list(value) if type(value).__name__ == "deque" else value


def _unmoved(before: Before) -> dict[str, Any]:
    """Who stands by a plan of before, and with which room, whatever number a kind of work has."""
    places = before.capacity.places

    def room(bits: int) -> list[Any]:
        named = [(work, aside) for work, place in places.items() for aside in (0, 1) if bits >> place + aside & 1]
        assert len(named) + (bits & 1) == bits.bit_count(), "room for what no channel is"
        return [bits & 1, *sorted(named)]

    return {name: (placed.profile.key, room(placed.room)) for name, placed in before.agents.of_agent.items()}


def contents(index: Index, rules: Rules) -> dict[str, Any]:
    """What an index says, without how it says it: which buckets and profiles exist depends on what ever was there.

    So do the numbers of kinds of work and of own keys, which keep them when the plan changes.
    """
    works = {place: work for work, place in rules.places.items()}

    def wish(wanted: Requirement) -> tuple[Any, ...]:
        return tuple(wanted._replace(kind=works[wanted.kind]))  # type: ignore[arg-type]

    def room(bits: int) -> list[str]:
        places = [(f"{work}+{aside}", place + aside) for work, place in rules.places.items() for aside in (0, 1)]
        named = [name for name, place in places if bits >> place & 1]
        assert len(named) + (bits & 1) == bits.bit_count(), "room for what no channel is"
        return sorted(named) + ["limited"] * (bits & 1)

    def keys(entries: Sequence[Any]) -> dict[Any, Any]:
        return dict(zip(rules.own_orders, entries, strict=True))

    buckets = {wanted: bucket for wanted, bucket in index.buckets.items() if not bucket.is_empty}
    places = {
        agent: (placed.profile.key, room(placed.room), keys(placed.keys) if placed.room else {})
        for agent, placed in index.of_agent.items()
    }
    for queue, apart in index._apart.items():
        all_there = list(index.buckets_of(queue))
        others = [rank for bucket in all_there if bucket not in apart for rank in bucket.waiting]
        assert list(index._shared.get(queue, ())) == sorted(others), f"{queue} has no order of what waits"
        assert apart.keys() <= set(all_there), f"{queue} remembers what is empty"
    for queue, heads in index._behind.items():
        assert heads, f"{queue} is remembered for what is not behind any more"
        runs = [index.of_item[head[-1]][0] for head in heads]
        assert all(run.is_behind and run.waiting.first() == head for run, head in zip(runs, heads, strict=True))
    return {
        "buckets": {
            wish(wanted): (list(bucket.waiting), list(bucket.ringing), sorted(bucket.excluding))
            for wanted, bucket in buckets.items()
        },
        "ringing": {
            item: (wish(bucket.wanted), rank)
            for item, (bucket, rank) in index.of_ringing.items()
            if not bucket.is_behind
        },
        "items": {
            item: ("behind" if bucket.is_behind else wish(bucket.wanted), rank)
            for item, (bucket, rank) in index.of_item.items()
        },
        "behind": {queue: index.behind(queue, 1_000_000) for queue in index._behind},
        "agents": places,
        "free": {
            agent: sorted(wish(wanted) for wanted, bucket in buckets.items() if index.is_free(agent, wanted))
            for agent in index.at_work
        },
        "open": {agent: sorted(wish(bucket.wanted) for bucket in index.open_to(agent)) for agent in index.at_work},
        "rings": {
            agent: sorted(wish(bucket.wanted) for bucket in index.open_to(agent, rings=True)) for agent in index.at_work
        },
        "excluding": sorted(wish(bucket.wanted) for bucket in index.excluding()),
        "waiting": index.waiting,
        "waiting_in": {queue: count for queue, count in index.waiting_in.items() if count},
        "counts": {wish(wanted): (index.able(wanted), index.free(wanted), index.ready(wanted)) for wanted in buckets},
    }


def check_rebuilt(engine: Engine, other: Engine) -> None:
    """Another engine, rebuilt somehow, is this one: state, timers, clock and everything derived."""
    assert other.state_hash() == engine.state_hash()
    assert other.position == engine.position
    assert other.now_us == engine.now_us
    assert other.due() == engine.due()
    mine, theirs = derived(engine), derived(other)
    assert [name for name in mine if mine[name] != theirs[name]] == [], "derived otherwise"
