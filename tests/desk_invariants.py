"""What must hold of work items, of bots, and of what is known of customers."""

from __future__ import annotations

from collections import defaultdict

import attrs

from orchestra.engine.engine import Engine
from orchestra.engine.known.state import MOST_CONTACTS, MOST_QUESTIONS
from orchestra.model import events as e
from tests.watching import NOW, invariant

__all__ = ["INVARIANTS", "DeskWitness"]


_BESIDE = (e.ConsultAsked, e.ConsultQueued, e.ConsultEnded, e.BargedIn, e.SegmentWrapUpStarted, e.SegmentWrapUpEnded)
"""Work that has to do with an interaction, and is no contact of its own."""


@attrs.define
class DeskWitness:
    """Remembers who was served by whom, and what has no answer, without any bound."""

    contacts: dict[str, list[str]] = attrs.field(factory=lambda: defaultdict(list))
    person: dict[str, str] = attrs.field(factory=dict)
    asked: dict[str, list[str]] = attrs.field(factory=lambda: defaultdict(list))
    began: set[str] = attrs.field(factory=set)
    inbound_us: dict[str, int] = attrs.field(factory=dict)

    def see(self, engine: Engine, event: e.Event, at_us: int) -> None:
        """Take notice of an event that the engine has just evolved."""
        self._see_inbound(engine, event)
        if isinstance(event, e.InteractionStarted | e.CallbackRequested):
            self.contacts[event.customer].append(event.interaction)
        elif isinstance(event, e.OfferAccepted):
            if engine.view.presence.agents[event.agent].kind == "person":
                self.person[event.customer] = event.agent
        elif isinstance(event, e.TransferCompleted):
            if engine.view.presence.agents[event.to].kind == "person":
                self.person[event.customer] = event.to
        elif isinstance(event, e.OfferMade):
            item = engine.view.routing.items[event.interaction]
            is_bot = engine.view.presence.agents[event.agent].kind == "bot"
            assert not (is_bot and item.for_people), "what was handed over to people is offered to a bot"
        elif isinstance(event, e.MessageReceived):
            self.asked[event.interaction].append(event.message)
        elif isinstance(event, e.MessageWritten | e.ReplyRecorded):
            self.asked.pop(event.interaction or "", None)

    def _see_inbound(self, engine: Engine, event: e.Event) -> None:
        """Only contacts that customers began, and coming to work, move since when such contacts have not changed."""
        if isinstance(event, e.InteractionStarted) and event.conversation is not None:
            self.began.add(event.interaction)
        may_move = isinstance(event, e.AgentSignedIn | e.AgentAvailable | e.DeviceReturned) or (
            getattr(event, "interaction", None) in self.began and not isinstance(event, _BESIDE)
        )
        for name, bench in engine.view.routing.benches.items():
            before = self.inbound_us.get(name, 0)
            assert bench.inbound_us == before or may_move, f"{type(event).__name__} is no contact that a customer began"
            self.inbound_us[name] = bench.inbound_us
        if isinstance(event, e.OfferMade) and event.interaction in self.began:
            assert self.inbound_us[event.agent] >= engine.view.routing.offers[event.offer].made_us
        elif isinstance(event, e.AgentRemoved):
            del self.inbound_us[event.agent]


def check_against(engine: Engine, witness: DeskWitness) -> None:
    """What is known of customers is what was seen, as far as its bounds go."""
    view = engine.view
    for customer, contacts in witness.contacts.items():
        past = view.known.customers[customer]
        assert past.contacts == contacts[-MOST_CONTACTS:], f"the newest contacts of {customer} are others"
        assert past.agent == witness.person.get(customer), f"{customer} was served last by somebody else"
    over = {name for name, row in view.contacts.interactions.items() if row.is_final}
    asked = {name: witness.asked.get(name, [])[-MOST_QUESTIONS:] for name in view.contacts.interactions.keys() - over}
    assert view.known.questions == asked, f"without an answer are {asked}, known are {view.known.questions}"


def _check_work(engine: Engine) -> None:
    view = engine.view
    alone = {name for name, row in view.contacts.interactions.items() if row.conversation is None}
    assert alone == set(view.work.items), "work items, and they alone, are part of no conversation"
    keys = [(row.channel, row.key) for row in view.work.items.values()]
    assert len(keys) == len(set(keys)), "a work item was opened twice"
    for name, row in view.work.items.items():
        interaction = view.contacts.interactions[name]
        assert not interaction.live
        assert interaction.state not in ("HELD", "ABANDONED", "DEFLECTED")
        assert view.timers.get("contacts.idle", name) is None, f"{name} would be over because nobody writes in it"
        if name in view.routing.items:
            assert view.routing.items[name].due_us == row.due_us


def _check_bots(engine: Engine) -> None:
    view = engine.view
    assert set(view.bots.bots) == {name for name, agent in view.presence.agents.items() if agent.kind == "bot"}
    for name, bench in view.routing.benches.items():
        assert bench.kind == view.presence.agents[name].kind
    for name, item in view.routing.items.items():
        if item.for_people and item.state in ("OFFERED", "TAKEN") and item.held_by not in view.bots.bots:
            assert name not in view.bots.in_hand, f"{name} was handed over and is still with a bot"


def _check_in_hand(engine: Engine) -> None:
    view, due = engine.view, engine.due()
    is_cut_short = due is not None and due <= engine.now_us  # the batch was full, and the next one does the rest
    for name, bot in view.bots.in_hand.items():
        row = view.contacts.interactions[name]
        assert (row.agent, row.state in ("ACTIVE", "HELD", "PARKED")) == (bot, True), f"{name} is not with {bot}"
        due_us = view.timers.get("bots.silent", name)
        # A plan may since allow longer or shorter.
        assert due_us is None or due_us > engine.now_us or is_cut_short, (
            f"{bot} has owed an answer in {name} for too long"
        )


INVARIANTS = (
    invariant(_check_work, "contacts", "work", "routing", "contacts.idle"),
    invariant(_check_bots, "bots", "presence", "routing"),
    invariant(_check_in_hand, "bots", "contacts", "bots.silent", NOW),
    invariant(check_against, "known", "contacts", "seen desk", of="desk"),
)
"""Each invariant with all that it reads."""
