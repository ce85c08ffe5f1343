"""Drives an engine in tests: ticks before each command, keeps the log, rebuilds the engine in every way there is."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from typing import Any, TypeVar

import attrs
import pytest

from orchestra.engine.engine import Decided, Engine
from orchestra.errors import CommandRefused
from orchestra.model import commands as c, events as e
from orchestra.model.addresses import Address, Thread
from orchestra.model.plan import Plan
from orchestra.model.private import private_names
from orchestra.model.scores import Scores

__all__ = ["CARE", "DAY", "HOUR", "MINUTE", "SECOND", "START", "Driver", "Logged", "parsed", "person", "plan", "thread"]

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
START = 1_700_000_000 * SECOND
"""When every driven engine begins, microseconds UTC."""

CARE = """
[workspace]
name = "test"
default_queue = "care"
seed = 7
[teams.care]
[teams.sales]
[skills]
german = "German"
billing = "Billing"
[queues.care]
team = "care"
[queues.german]
team = "care"
skills = {german = 50}
[queues.sales]
team = "sales"
priority = 2
retry_after = "45s"
[channels.chat]
live = true
weight_percent = 50
offer_timeout = "30s"
[channels.voice]
live = true
limit = 1
offer_timeout = "20s"
wrap_up = "10s"
[channels.email]
weight_percent = 20
idle_after = "1d"
on_agent_lost = "keep"
[channels.email.accounts.sales]
queue = "sales"
[agents.ana]
teams = ["care"]
[agents.bob]
teams = ["care"]
skills = {german = 60}
[agents.cleo]
teams = ["care", "sales"]
skills = {german = 90, billing = 40}
[presence]
misses = 3
grace = "60s"
[cases.dispositions.resolved]
resolves = true
[cases.dispositions.callback]
[fields.customer]
vip = "boolean"
[fields.case]
orders = "integer"
due = "date"
[fields.interaction]
note = "text"
"""
"""A small contact centre: three queues, three channels, three agents."""

Kind = TypeVar("Kind", bound=e.Event)


@attrs.frozen
class Logged:
    """An event as a journal would keep it."""

    event: e.Event
    at_us: int
    actor: str


@cache
def parsed(text: str) -> Plan:
    """A plan from TOML. Plans are frozen, so that one serves all tests that write the same."""
    return Plan.parse(text)


def plan(text: str = CARE, **parts: Any) -> Plan:
    """A plan from TOML, with some of its parts replaced."""
    return attrs.evolve(parsed(text), **parts)


def person(name: str) -> Address:
    """A customer's address."""
    return Address("handle", f"key-{name}", value=name, name=name.title())


def thread(name: str) -> Thread:
    """A provider's thread."""
    return Thread(f"key-{name}", value=name)


class Driver:
    """An engine, the clock it is given, and everything it decided."""

    def __init__(self, of: Plan | str | None = CARE, *, engine: Engine | None = None) -> None:
        self.engine = engine or Engine()
        self.now_us = START
        self.log: list[Logged] = []
        self.batches: list[Decided] = []
        self._ids = 0
        if of is not None:
            self.change_plan(of)

    # Commands and time

    def change_plan(self, of: Plan | str) -> Decided:
        """Put a plan into force."""
        new = of if isinstance(of, Plan) else parsed(of)
        return self.run(c.ChangePlan(new, new.digest(), "2025b", "check"))

    def run(self, command: c.Command, after: float = 0) -> Decided:
        """Execute a command `after` seconds from now, once all timers due by then have rung."""
        self.advance(after)
        return self._keep(self.engine.execute(command, self.now_us))

    def refuse(self, command: c.Command, error: type[CommandRefused], **attributes: Any) -> CommandRefused:
        """The refusal of a command, after a look that nothing has changed and that it tells what it must."""
        self.advance(0)
        before, position, due = self.engine.state_hash(), self.engine.position, self.engine.due()
        with pytest.raises(error) as caught:
            self.engine.execute(command, self.now_us)
        assert type(caught.value) is error
        assert (self.engine.state_hash(), self.engine.position, self.engine.due()) == (before, position, due)
        assert {name: getattr(caught.value, name) for name in attributes} == attributes
        assert str(caught.value)
        return caught.value

    def advance(self, seconds: float) -> list[e.Event]:
        """Let time pass, from timer to timer; gives what it brought."""
        return self.advance_to(self.now_us + round(seconds * SECOND))

    def advance_to(self, at_us: int) -> list[e.Event]:
        """Let time pass until an instant, from timer to timer."""
        brought: list[e.Event] = []
        while (due := self.engine.due()) is not None and due <= max(at_us, self.engine.now_us):
            brought += self._keep(self.engine.tick(max(due, self.now_us))).events
        self.now_us = at_us
        return brought

    def _keep(self, decided: Decided) -> Decided:
        self.batches.append(decided)
        self.log += [Logged(event, decided.at_us, decided.actor) for event in decided.events]
        return decided

    # Shorthand for what most tests need

    def sign_in(self, *agents: str) -> None:
        """Sign agents in, a second apart."""
        for agent in agents:
            self.run(c.SignIn(agent), 1)

    def message(self, sender: str = "joe", channel: str = "chat", after: float = 1, **values: Any) -> Any:
        """Take a message under a new id, unless one is given; gives the result."""
        self._ids += 1
        values = {"account": "main", "message_id": f"m{self._ids}", "text": "hello"} | values
        return self.run(c.ReceiveMessage(channel, sender=person(sender), **values), after).result

    def call(self, sender: str = "joe", channel: str = "voice", after: float = 1, **values: Any) -> Any:
        """Take a contact without text under a new id, unless one is given; gives the result."""
        self._ids += 1
        values = {"account": "main", "contact_id": f"k{self._ids}"} | values
        return self.run(c.ReceiveContact(channel, sender=person(sender), **values), after).result

    def accept(self, offer: e.OfferMade | None = None, after: float = 1) -> Decided:
        """Accept an offer, the last one made unless another is given."""
        made = offer or self.last(e.OfferMade)
        return self.run(c.AcceptOffer(made.offer, made.agent, made.token), after)

    def confirm(self, offer: e.OfferMade | None = None, after: float = 1) -> Decided:
        """Say that whoever accepted an offer is connected, the last one made unless another is given."""
        made = offer or self.last(e.OfferMade)
        return self.run(c.ConfirmConnected(made.offer, made.agent, made.token), after)

    def fail(self, offer: e.OfferMade | None = None, after: float = 1) -> Decided:
        """Say that whoever accepted an offer could not be connected."""
        made = offer or self.last(e.OfferMade)
        return self.run(c.ReportSetupFailed(made.offer, made.agent, made.token, "no line"), after)

    def decline(self, offer: e.OfferMade | None = None, after: float = 1) -> Decided:
        """Decline an offer, the last one made unless another is given."""
        made = offer or self.last(e.OfferMade)
        return self.run(c.DeclineOffer(made.offer, made.agent, made.token), after)

    def answered(self, sender: str = "joe", channel: str = "chat", **values: Any) -> Any:
        """A contact that somebody has accepted; gives its result."""
        got = self.call(sender, channel, **values) if channel == "voice" else self.message(sender, channel, **values)
        if self.accept().result.is_connecting:
            self.confirm()
        return got

    def sent(self, got: Any, text: str = "hi") -> str:
        """A reply of whoever handles the interaction; gives the delivery's id."""
        delivery: str = self.run(c.WriteReply(got.interaction, self.agent_of(got), text), 1).result.delivery
        return delivery

    # Questions

    def state(self, got: Any) -> str:
        """State of a result's interaction."""
        return self.engine.view.contacts.interactions[got.interaction].state

    def agent_of(self, got: Any) -> str:
        """Who handles a result's interaction."""
        agent = self.engine.view.contacts.interactions[got.interaction].agent
        assert agent is not None
        return agent

    def case_state(self, got: Any) -> str:
        """State of a result's case."""
        return self.engine.view.cases.cases[got.case.id].state

    def owner(self, got: Any) -> tuple[str, str]:
        """Kind and name of the accountable owner of a result's case."""
        case = self.engine.view.cases.cases[got.case.id]
        return case.owner_kind, case.owner

    def events(self, kind: type[Kind]) -> list[Kind]:
        """All events of a kind, oldest first."""
        return [logged.event for logged in self.log if isinstance(logged.event, kind)]

    def last(self, kind: type[Kind]) -> Kind:
        """The newest event of a kind."""
        return self.events(kind)[-1]

    def names(self, since: int = 0) -> list[str]:
        """Names of the events after the first `since`."""
        return [type(logged.event).__name__ for logged in self.log[since:]]

    def ringing(self, got: Any) -> dict[str, str]:
        """Agent -> state of the open offers of a result's interaction."""
        offers = self.engine.view.routing.offers
        ringing = self.engine.view.routing.items[got.interaction].ringing
        return {agent: offers[offer].state for agent, offer in sorted(ringing.items())}

    def offer_to(self, agent: str) -> e.OfferMade:
        """The newest offer made to an agent."""
        return next(made for made in reversed(self.events(e.OfferMade)) if made.agent == agent)

    def offered(self) -> dict[str, str]:
        """Interaction -> agent of all offers that are pending."""
        offers = self.engine.view.routing.offers.values()
        return {offer.interaction: offer.agent for offer in offers if offer.state == "PENDING"}

    def pending(self) -> list[e.OfferMade]:
        """The offers that nobody has answered, oldest first."""
        offers = self.engine.view.routing.offers
        return [
            made for made in self.events(e.OfferMade) if made.offer in offers and offers[made.offer].state == "PENDING"
        ]

    # Rebuilding

    def replayed(self, *, is_blanked: bool = False) -> Engine:
        """An engine that saw the log alone, without its private parts if asked."""
        return replay(self.log, is_blanked=is_blanked)

    def reloaded(self) -> Engine:
        """An engine that took this one's state through JSON, with keys sorted as canonical text has them."""
        engine = Engine()
        engine.load(json.loads(json.dumps(self.engine.dump(), sort_keys=True)))
        return engine


def replay(log: Iterable[Logged], *, is_blanked: bool = False, scores: Scores | None = None) -> Engine:
    """An engine that saw the log alone."""
    engine = Engine(scores)
    for logged in log:
        event = logged.event
        if is_blanked:
            event = attrs.evolve(event, **dict.fromkeys(private_names(type(event))))
        engine.replay(event, logged.at_us)
    return engine
