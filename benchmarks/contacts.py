"""The contact that the benchmarks handle: it arrives, is offered, answered and settled, with every section at work."""

from __future__ import annotations

from orchestra.engine.engine import Decided, Engine
from orchestra.model import commands as c, events as e
from orchestra.model.addresses import Address
from orchestra.model.command import Command
from orchestra.model.event import Event
from orchestra.model.plan import Plan

__all__ = ["EVENTS_PER_CONTACT", "PLAN", "SECOND_US", "Desk", "drive"]

SECOND_US = 1_000_000
START_US = 1_800_000_000 * SECOND_US

PLAN = Plan.parse(
    """
    [workspace]
    default_queue = "care"
    [teams.care]
    [queues.care]
    team = "care"
    [channels.chat]
    live = true
    weight_percent = 25
    offer_timeout = "1m"
    [cases]
    close_after = "1h"
    """
)
EVENTS_PER_CONTACT = 23
"""Events of one whole contact, customer and conversation being new."""


class Desk:
    """An engine with agents at work, and a clock of its own."""

    def __init__(self, agents: int = 10, keep: bool = False) -> None:
        self.engine = Engine()
        self.now_us = START_US
        self.kept: list[tuple[Event, int, str]] | None = [] if keep else None
        self.do(c.ChangePlan(PLAN, PLAN.digest(), "none", "none"))
        for number in range(agents):
            self.do(c.DefineAgent(f"a{number}", ["care"]))
            self.do(c.SignIn(f"a{number}"))

    def do(self, command: Command) -> Decided:
        """Let 1 ms pass, then decide."""
        self.now_us += 1000
        self.let_time_pass()
        return self._keep(self.engine.execute(command, self.now_us))

    def let_time_pass(self) -> None:
        """Ring what is due."""
        while (due := self.engine.due()) is not None and due <= self.now_us:
            self._keep(self.engine.tick(self.now_us))

    def _keep(self, decided: Decided) -> Decided:
        if self.kept is not None:
            self.kept.extend((event, decided.at_us, decided.actor) for event in decided.events)
        return decided

    def arrive(self, number: int, topic: str | None = None, skills: dict[str, int] | None = None) -> Decided:
        """A new customer writes."""
        sender, text = Address("handle", f"{number:032x}"), "Where is it?"
        message = c.ReceiveMessage("chat", "main", f"m{number}", sender, topic=topic, skills=skills or {}, text=text)
        return self.do(message)


def drive(desk: Desk, first: int, count: int) -> int:
    """Handle `count` contacts from arrival to settled; gives the number of events."""
    before = desk.engine.position
    for number in range(first, first + count):
        arrived = desk.arrive(number)
        offer = next(event for event in arrived.events if isinstance(event, e.OfferMade))
        accepted = desk.do(c.AcceptOffer(offer.offer, offer.agent, offer.token)).result
        written = desk.do(c.WriteReply(accepted.interaction, offer.agent, text="On its way.")).result
        desk.do(c.StartDelivery(written.delivery, 1, 1))
        desk.do(c.RecordOutcome(written.delivery, 1, "accepted", [f"p{number}"]))
        desk.do(c.RecordReceipt("chat", "main", f"p{number}", "delivered"))
        desk.do(c.FinishInteraction(accepted.interaction, offer.agent, "resolved"))
    desk.now_us += 2 * 3600 * SECOND_US
    desk.let_time_pass()
    return desk.engine.position - before
