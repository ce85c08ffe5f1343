"""Short scenarios whose every step can be asked for again, as a careful caller would after a crash.

A scenario is a function of a `World`. The world outlives crashes: it is what callers, customers and providers know.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import attrs

from orchestra.channels.loopback.transport import Failure
from orchestra.channels.sending import SendPlan, Sent
from orchestra.channels.wire import FrameAnswer, StepResult, WireStep
from orchestra.codec import decode_result, encode_command
from orchestra.errors import CommandRefused, JournalUnavailable
from orchestra.model import commands as c
from orchestra.model.addresses import Handle
from orchestra.model.definitions import Presence
from orchestra.model.message import Contact
from orchestra.model.plan import Plan
from orchestra.model.results import Received
from orchestra.runtime.workspace import Workspace
from orchestra.testing.clock import START, VirtualClock
from tests.contact_centre import PLAN, Centre, frame, message

__all__ = ["PATIENT", "SAME_STATE", "SENDING", "Scenario", "World", "prepare"]

PATIENT = attrs.evolve(PLAN, presence=Presence(device_lease=timedelta(days=1000)))
"""Devices are not lost: a restart gives them another grace, so the instant would depend on the crash."""

Scenario = Callable[["World"], Awaitable[None]]


class World:
    """Callers, customers and providers around a workspace that may die at any moment.

    Attributes:
        workspace: the one that is open now.
        known: step -> what its caller was told.
        taken: step -> message or contact that was handed in, what the caller was told, and when.
    """

    def __init__(self, plan: Plan = PATIENT) -> None:
        self.clock = VirtualClock()
        self.centre = Centre(clock=self.clock, plan=plan)
        self.workspace: Workspace
        self.known: dict[str, Any] = {}
        self.taken: dict[str, tuple[Any, Received, datetime]] = {}
        self.written: list[str] = []
        self._asked: set[str] = set()
        self._until: dict[str, int] = {}

    async def do(self, step: str, ask: Callable[[], Awaitable[Any]]) -> Any:
        """Ask until there is an answer. What was answered before is not asked for again.

        A refusal is the answer "it is done already" if it was asked for before and nobody knows what became of that.
        """
        while step not in self.known:
            was_asked = step in self._asked
            self._asked.add(step)
            try:
                answer = await ask()
            except JournalUnavailable:
                continue
            except CommandRefused:
                if not was_asked:
                    raise
                answer = "done before"
            await self.workspace.settle()
            self.known[step] = answer
        return self.known[step]

    async def execute(self, command: c.Command) -> Any:
        """A command as a step of its own."""
        return await self.do(repr(command), lambda: self.workspace.execute(command))

    async def comes(self, contact: Any) -> Received:
        """A message or contact as a step of its own."""
        step = f"comes {contact.id}"
        received: Received = await self.do(step, lambda: self.workspace.receive(contact))
        self.taken.setdefault(step, (contact, received, self.clock.now))
        return received

    async def passes(self, step: str, **span: float) -> None:
        """Time as a step of its own: up to the instant that was meant when it was first asked for."""
        if step not in self._until:
            probe = VirtualClock(self.clock.now)
            await probe.advance(**span)
            self._until[step] = probe.now_us()
        await self.do(step, self._wait(step))

    def _wait(self, step: str) -> Callable[[], Awaitable[None]]:
        async def wait() -> None:
            left_us = max(0, self._until[step] - self.clock.now_us())
            await self.clock.advance(seconds=left_us / 1_000_000)

        return wait

    async def offered(self, agent: str) -> tuple[str, int]:
        """The offer that an agent looks at, once in a scenario: id and token."""
        step = f"offer to {agent}"

        async def look() -> tuple[str, int]:
            offers = self.workspace._owner.view.routing.offers
            found = [(name, row.token) for name, row in offers.items() if row.agent == agent and row.state == "PENDING"]
            return found[-1] if found else ("none", 0)

        found: tuple[str, int] = await self.do(step, look)
        return found

    async def accepts(self, agent: str) -> None:
        """An agent takes what is offered."""
        step = f"accepted by {agent}"
        offer, token = await self.offered(agent)
        await self.do(step, lambda: self.workspace.execute(c.AcceptOffer(offer, agent, token)))


def call(number: int) -> Contact:
    return Contact("voice", id=f"c{number}", sender=Handle(f"caller-{number}", kind="loopback"))


# Contacts and routing: run again, each gives the very same state.


async def a_message(world: World) -> None:
    await world.comes(message(1))


async def the_same_message_twice(world: World) -> None:
    await world.comes(message(1))
    await world.do("again", lambda: world.workspace.receive(message(1)))
    await world.comes(message(2))


async def two_customers(world: World) -> None:
    await world.comes(message(1))
    await world.comes(message(2, sender="jim"))
    await world.comes(message(3))


async def a_call_that_ends_too_soon(world: World) -> None:
    received = await world.comes(call(1))
    assert received.interaction is not None
    await world.passes("patience", seconds=30)
    await world.execute(c.LeaveContact(received.interaction))


async def a_contact_from_offer_to_finish(world: World) -> None:
    await world.execute(c.SignIn("ana"))
    await world.comes(call(1))
    await world.accepts("ana")
    await world.execute(c.FinishInteraction("in1", "ana", "resolved"))


async def a_declined_offer(world: World) -> None:
    await world.execute(c.SignIn("ana"))
    await world.execute(c.SignIn("ben"))
    await world.comes(call(1))
    offer, token = await world.offered("ana")
    await world.execute(c.DeclineOffer(offer, "ana", token))
    await world.accepts("ben")


async def an_offer_that_times_out(world: World) -> None:
    await world.comes(call(1))
    await world.execute(c.SignIn("ana"))
    await world.passes("no answer", minutes=5)


async def a_transfer(world: World) -> None:
    await world.execute(c.SignIn("ana"))
    await world.execute(c.SignIn("ben"))
    await world.comes(call(1))
    await world.accepts("ana")
    await world.execute(c.TransferInteraction("in1", "ana", "care"))
    await world.accepts("ben")


async def hold_and_retrieve(world: World) -> None:
    await world.execute(c.SignIn("ana"))
    await world.comes(call(1))
    await world.accepts("ana")
    await world.execute(c.HoldInteraction("in1", "ana"))
    await world.execute(c.RetrieveInteraction("in1", "ana"))


async def a_wrap_up_that_runs_out(world: World) -> None:
    await world.execute(c.SignIn("ana"))
    await world.comes(message(1))
    await world.accepts("ana")
    await world.execute(c.FinishInteraction("in1", "ana", "resolved"))
    await world.passes("wrap up", minutes=1)


async def a_case_that_closes_and_opens_again(world: World) -> None:
    await world.comes(message(1, thread="t-1"))
    await world.execute(c.ResolveCase("ca1"))
    await world.passes("a week", days=8)
    await world.comes(message(2, thread="t-1"))


async def references_and_fields(world: World) -> None:
    await world.comes(message(1))
    await world.execute(c.AddRef("ca1", "order:81"))
    await world.execute(c.AssignCase("ca1", "agent", "ana"))
    await world.execute(c.SetCaseWaiting("ca1", "customer"))


async def a_batch_by_webhook(world: World) -> None:
    async def deliver() -> None:
        provider = world.centre.provider
        items: list[Any] = [
            {"id": f"e-{n}", "type": "message", "at": 1, "from": {"id": f"joe-{n}"}, "message": f"m-{n}", "text": "Hi"}
            for n in range(3)
        ]
        reply = await world.workspace.webhook("r-41f6", provider.webhook(*items, at=START))
        if reply.status == 503:
            raise JournalUnavailable("the provider is asked to send it again", True)
        assert reply.status == 200

    await world.do("batch", deliver)


async def a_request_through_the_inbox(world: World) -> None:
    await world.comes(message(1))

    async def ask() -> Any:
        inbox = world.workspace.journal.inbox
        inbox.submit("request-1", encode_command(c.OpenCase("cu1", topic="delay")))
        while (answer := inbox.result("request-1")) is None:
            await world.workspace._answering.answer_waiting()
            await world.workspace.settle()
        return decode_result(answer)

    await world.do("ask", ask)


# Sending: run again, an attempt may have another number; nothing else differs.


async def a_reply(world: World) -> None:
    await world.execute(c.SignIn("ana"))
    await world.comes(message(1))
    await world.accepts("ana")
    await world.do("reply", lambda: _reply_once(world, "Hello back"))
    await world.passes("delivery", minutes=10)


async def _reply_once(world: World, text: str) -> None:
    """A reply has no key of its own: a careful caller looks whether it is there before asking again."""
    records = world.workspace.journal.read(types=["MessageWritten"])
    if not any(text in (record.private or "") for record in records):
        await world.workspace.execute(c.WriteReply("in1", "ana", text=text))


async def two_messages_in_order(world: World) -> None:
    await world.comes(message(1))
    for number in (1, 2):
        await world.execute(c.SendMessage("ca1", f"k{number}", text=f"News {number}"))
    await world.passes("delivery", minutes=10)


async def a_provider_that_is_down_at_first(world: World) -> None:
    await world.comes(message(1))
    await world.execute(c.SendMessage("ca1", "k1", text="News"))
    await world.passes("retries", hours=1)


async def a_provider_whose_answer_is_lost(world: World) -> None:
    await world.comes(message(1))
    await world.execute(c.SendMessage("ca1", "k1", text="News"))
    await world.passes("retries", hours=1)


async def a_provider_that_honours_no_keys(world: World) -> None:
    await world.comes(message(1))
    for number in (1, 2):
        await world.execute(c.SendMessage("ca1", f"k{number}", text="News"))
    await world.passes("delivery", minutes=10)


async def a_gap_that_is_filled(world: World) -> None:
    """What came while nobody was there is asked for, page by page; then the account was down, and is asked again."""
    await world.passes("read", minutes=1)
    await world.execute(c.ReportChannel("chat", "main", "down", "no answer"))
    await world.do("written meanwhile", lambda: keep(world, "d", "e"))
    await world.execute(c.ReportChannel("chat", "main", "up", "it answers"))
    await world.passes("read again", minutes=1)


async def keep(world: World, *texts: str) -> None:
    """Have the provider keep messages for whoever asks."""
    for text in texts:
        world.centre.provider.keep_message(text, at=START - timedelta(hours=1), sender=text, conversation=text)


def honour_no_keys(world: World) -> None:
    """Put a provider at the other end that sends whatever it gets."""

    class Wire:
        async def perform(self, step: WireStep) -> StepResult:
            world.written.append(step.idempotency_key)
            return FrameAnswer()

    centre = world.centre
    centre.adapter.honours_keys = False
    centre.adapter.on_encode = lambda outbound: SendPlan((frame(outbound.key),))
    centre.adapter.on_interpret = lambda step, result: Sent((step.idempotency_key,))
    centre.transport = Wire()


async def an_operator_s_stop(world: World) -> None:
    await world.comes(message(1))
    await world.execute(c.StopSending("a wrong price"))
    await world.execute(c.SendMessage("ca1", "k1", text="News"))
    await world.passes("stopped", minutes=5)
    await world.execute(c.StartSending())
    await world.passes("delivery", minutes=10)


SAME_STATE: Mapping[str, Scenario] = {
    scenario.__name__: scenario
    for scenario in (
        a_message,
        the_same_message_twice,
        two_customers,
        a_call_that_ends_too_soon,
        a_contact_from_offer_to_finish,
        a_declined_offer,
        an_offer_that_times_out,
        a_transfer,
        hold_and_retrieve,
        a_wrap_up_that_runs_out,
        a_case_that_closes_and_opens_again,
        references_and_fields,
        a_batch_by_webhook,
        a_request_through_the_inbox,
    )
}
"""Scenarios after which the state is the same, hash for hash, whatever happened on the way."""

SENDING: Mapping[str, Scenario] = {
    scenario.__name__: scenario
    for scenario in (
        a_reply,
        two_messages_in_order,
        a_provider_that_is_down_at_first,
        a_provider_whose_answer_is_lost,
        a_provider_that_honours_no_keys,
        an_operator_s_stop,
        a_gap_that_is_filled,
    )
}
"""Scenarios with deliveries or polls, whose attempts may differ."""


def prepare(name: str) -> World:
    """The world in which a scenario begins."""
    world = World()
    if name == a_provider_that_is_down_at_first.__name__:
        world.centre.provider.fail_next(Failure.UNAVAILABLE, Failure.NOT_CONNECTED)
    elif name == a_provider_whose_answer_is_lost.__name__:
        world.centre.provider.fail_next(Failure.TIMED_OUT_AFTER_TAKING, Failure.CUT_SHORT)
    elif name == a_provider_that_honours_no_keys.__name__:
        honour_no_keys(world)
    elif name == a_gap_that_is_filled.__name__:
        world.centre.provider.page_size = 2
        for text in ("a", "b", "c"):
            world.centre.provider.keep_message(text, at=START - timedelta(hours=2), sender=text, conversation=text)
    return world
