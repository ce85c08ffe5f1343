"""A small contact centre in virtual time, whose events the tests of this folder fold, list and explain."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs

from orchestra.codec import decode_event
from orchestra.engine.engine import Decided
from orchestra.engine.view import View
from orchestra.insight.measures import Measures
from orchestra.journal.memory import MemoryJournal
from orchestra.model import commands as c, events as e
from orchestra.model.addresses import Address, Thread
from orchestra.model.plan import Plan
from orchestra.runtime.ledger import Ledger

SECOND = 1_000_000
START_US = 1_700_000_000 * SECOND

PLAN = """
[workspace]
default_queue = "care"
[teams.care]
[teams.sales]
[skills]
german = "speaks German"
[queues.care]
team = "care"
retry_after = "1h"
[queues.german]
team = "care"
skills = {german = 3}
service_level = {percent = 90, within = "60s"}
[channels.voice]
live = true
offer_timeout = "10m"
[channels.chat]
live = true
weight_percent = 50
offer_timeout = "1m"
wrap_up = "30s"
[channels.mail]
weight_percent = 25
offer_timeout = "1h"
[cases]
close_after = "7d"
[agents.ana]
teams = ["care"]
[agents.bob]
teams = ["care"]
skills = {german = 5}
[agents.cid]
teams = ["sales"]
[agents.dan]
teams = ["care"]
"""


def person(name: str) -> Address:
    """An address whose hash is made up."""
    return Address("handle", f"hash-{name}", f"{name}@example.org", name.title())


def thread(name: str) -> Thread:
    """A thread whose hash is made up."""
    return Thread(f"hash-{name}", name)


class Desk:
    """Gives commands at seconds after the start and keeps what was decided, in a journal in memory."""

    def __init__(self, plan: str = PLAN) -> None:
        self.journal = MemoryJournal()
        self.ledger = Ledger(self.journal, self.journal.acquire("test", 0, 10**18))
        parsed = Plan.parse(plan)
        self.run(c.ChangePlan(parsed, parsed.digest(), "zones", "check"), 0)

    @property
    def view(self) -> View:
        return self.ledger.engine.view

    def run(self, command: c.Command, at_s: float) -> Decided:
        """What the command decided; it is in the journal."""
        self.wait(at_s)
        decided = self.ledger.execute(command, START_US + round(at_s * SECOND))
        self.ledger.commit()
        return decided

    def wait(self, at_s: float) -> None:
        """Let timers ring, each at its time."""
        until_us = START_US + round(at_s * SECOND)
        while (due_us := self.ledger.engine.due()) is not None and due_us <= until_us:
            self.ledger.tick(due_us)
        self.ledger.commit()

    def call(self, who: str, at_s: float, channel: str = "voice", **more: Any) -> str:
        """The interaction of a contact without text."""
        command = c.ReceiveContact(channel, "main", f"{who}-{at_s}", person(who), **more)
        return self.run(command, at_s).result.interaction

    def write(self, who: str, at_s: float, channel: str = "chat", text: str = "help", **more: Any) -> str:
        """The interaction of an inbound message."""
        command = c.ReceiveMessage(channel, "main", f"{who}-{at_s}", person(who), text=text, **more)
        return self.run(command, at_s).result.interaction

    def take(self, interaction: str, at_s: float) -> str:
        """Accept the pending offer of an interaction; gives the agent."""
        name = self.view.routing.items[interaction].offers[-1]
        offer = self.view.routing.offers[name]
        self.run(c.AcceptOffer(name, offer.agent, offer.token), at_s)
        return offer.agent

    def decline(self, interaction: str, at_s: float, reason: str | None = None) -> str:
        """Decline the pending offer of an interaction; gives the agent."""
        name = self.view.routing.items[interaction].offers[-1]
        offer = self.view.routing.offers[name]
        self.run(c.DeclineOffer(name, offer.agent, offer.token, reason), at_s)
        return offer.agent

    def sign_in(self, *agents: str, at_s: float = 1) -> None:
        """Agents begin to work, a microsecond apart."""
        for place, agent in enumerate(agents):
            self.run(c.SignIn(agent), at_s + place / SECOND)

    def events(self) -> list[tuple[e.Event, int]]:
        """All that was decided, with its time, as the journal gives it back."""
        return [(decode_event(record), record.at_us) for record in self.journal.read()]

    def measures(self) -> Measures:
        """The fold of all events."""
        return fold(self.events())


def fold(events: Iterable[tuple[e.Event, int]], measures: Measures | None = None) -> Measures:
    """The measures of these events, added to those given."""
    measures = measures or Measures()
    for event, at_us in events:
        measures.add(event, at_us)
    return measures


def busy_day() -> Desk:
    """Something of everything: calls, chats, mails; answers, abandons, transfers, failures; two people in one case."""
    desk = Desk()
    desk.sign_in("ana", "bob")
    first = desk.write("joe", 10, thread=thread("t1"))
    assert desk.decline(first, 12, "busy") == "ana"
    assert desk.take(first, 15) == "bob"
    desk.run(c.WriteReply(first, "bob", text="hello"), 20)
    desk.write("eve", 21, text="me too", thread=thread("t1"))
    desk.run(c.TransferInteraction(first, "bob", "care"), 30)
    assert desk.take(first, 33) == "ana"
    desk.run(c.FinishInteraction(first, "ana", "resolved"), 60)
    called = desk.call("sue", 40)
    desk.run(c.LeaveContact(called), 43)
    mailed = desk.write("joe", 100, "mail", "and another thing", topic="billing")
    agent = desk.take(mailed, 110)
    desk.run(c.WriteReply(mailed, agent, text="done"), 130)
    for delivery, outcome in (("de1", "accepted"), ("de2", "failed")):
        desk.run(c.StartDelivery(delivery, 1, 1), 131)
        desk.run(c.RecordOutcome(delivery, 1, outcome, [f"p-{delivery}"], "no such mailbox"), 132)
    desk.run(c.RecordReceipt("chat", "main", "p-de1", "read"), 140)
    desk.wait(200)
    return desk


def without_private(event: e.Event) -> e.Event:
    """The event as it is after its private parts were erased."""
    blank = {field.name: None for field in attrs.fields(type(event)) if field.metadata.get("orchestra.private")}
    return attrs.evolve(event, **blank)
