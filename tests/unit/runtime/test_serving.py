"""Bots served in this process: taken, answered, handed over, and what becomes of a contact whose handler fails."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, asynccontextmanager
from datetime import timedelta

import anyio
import attrs
import pytest
from tests.contact_centre import PLAN, Centre, message, turns

from orchestra.errors import InvalidCommand, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.definitions import AgentDefinition
from orchestra.model.routing import Condition, Step
from orchestra.runtime.agents import ActiveContact
from orchestra.runtime.serving import Handler
from orchestra.runtime.workspace import Workspace
from orchestra.testing.clock import VirtualClock

ROB = AgentDefinition(["care"], kind="bot", capacity_percent=200)
BOTS = attrs.evolve(
    PLAN,
    agents={**PLAN.agents, "rob": ROB},
    queues={
        "care": attrs.evolve(
            PLAN.queues["care"],
            steps=[
                Step(pool="bots", lasts=timedelta(seconds=20), skip_if=Condition(nobody=True)),
                Step(pool="people"),
            ],
        )
    },
)


@pytest.fixture
def centre() -> Centre:
    return Centre(plan=BOTS, clock=VirtualClock())


@asynccontextmanager
async def served(workspace: Workspace, handler: Handler) -> AsyncGenerator[None]:
    """Rob is served within the block."""
    async with anyio.create_task_group() as tasks:
        await tasks.start(workspace.serve, "rob", handler)
        yield
        tasks.cancel_scope.cancel()


async def until(holds: Callable[[], bool]) -> None:
    """Return when something holds, which other tasks and threads bring about."""
    with anyio.fail_after(8):
        while not holds():
            await anyio.lowlevel.checkpoint()


async def taken(centre: Centre, count: int = 1) -> None:
    """Return when the bot has taken so many contacts, and nothing is on its way."""
    await until(lambda: centre.counts()["OfferAccepted"] == count)
    await turns()


async def idle(contact: ActiveContact) -> None:
    await anyio.sleep_forever()


async def test_a_handler_gets_each_contact_and_finishes_it(centre: Centre) -> None:
    async def greet(contact: ActiveContact) -> None:
        async with aclosing(contact.messages()) as messages:
            async for text in messages:
                await contact.reply(f"You said {text}")
                await contact.finish()

    async with centre.open() as workspace, served(workspace, greet):
        for number in range(5):
            await workspace.receive(message(number, f"hello {number}", sender=f"joe-{number}"))
        await until(lambda: centre.counts()["InteractionFinished"] == 5)
        assert sorted(event.text for event in centre.events(e.MessageWritten)) == [
            f"You said hello {number}" for number in range(5)
        ]
        assert {record.actor for record in centre.records() if record.type == "MessageWritten"} == {"bot:rob"}
        assert centre.counts()["InteractionHandedOver"] == 0


async def test_many_are_handled_at_once_as_capacity_allows(centre: Centre) -> None:
    busy: list[str] = []

    async def wait(contact: ActiveContact) -> None:
        busy.append(contact.interaction)
        await anyio.sleep_forever()

    async with centre.open() as workspace, served(workspace, wait):
        for number in range(10):
            await workspace.receive(message(number, sender=f"joe-{number}"))
        await until(lambda: len(busy) == 8)
        await workspace.settle()
        assert len(busy) == 8, "25 % each of 200 %"


async def test_what_a_handler_hands_over_goes_to_people_and_it_may_go_on(centre: Centre) -> None:
    after: list[str] = []

    async def pass_on(contact: ActiveContact) -> None:
        await contact.hand_over(topic="refund", priority=5, text="wants money back")
        await turns()
        after.append(contact.interaction)

    async with centre.open() as workspace, served(workspace, pass_on):
        got = await workspace.receive(message(1))
        ana = await workspace.sign_in("ana")
        offer = await ana.next_offer()
        assert offer.interaction == got.interaction
        await until(lambda: after == [got.interaction])
        (handed,) = centre.events(e.InteractionHandedOver)
        assert (handed.topic, handed.priority, handed.text, handed.reason) == ("refund", 5, "wants money back", "asked")


async def test_an_exception_harms_its_own_contact_only_and_is_told_by_ids(
    centre: Centre, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(contact: ActiveContact) -> None:
        if contact.customer == "cu1":
            raise ValueError("the customer's secret")
        await anyio.sleep_forever()

    async with centre.open() as workspace, served(workspace, fail):
        with caplog.at_level(logging.INFO, "orchestra"):
            for number in range(3):
                await workspace.receive(message(number, sender=f"joe-{number}"))
            await taken(centre, 3)
            await until(lambda: centre.counts()["InteractionHandedOver"] == 1)
        states = [await workspace.interaction(f"in{number}") for number in (1, 2, 3)]
        assert [(state.state, state.agent) for state in states] == [
            ("QUEUED", None),
            ("ACTIVE", "rob"),
            ("ACTIVE", "rob"),
        ]
        assert [event.reason for event in centre.events(e.InteractionHandedOver)] == ["failed"]
    assert "bot rob failed in in1: ValueError" in caplog.text
    assert "secret" not in caplog.text


async def test_a_handler_that_returns_leaves_its_contact_to_people(centre: Centre) -> None:
    async def look_away(contact: ActiveContact) -> None:
        pass

    async with centre.open() as workspace, served(workspace, look_away):
        got = await workspace.receive(message(1))
        await until(lambda: centre.counts()["InteractionHandedOver"] == 1)
        assert (await workspace.interaction(got.interaction or "")).state == "QUEUED"
        assert [event.reason for event in centre.events(e.InteractionHandedOver)] == ["left"]


async def test_a_handler_that_says_nothing_for_too_long_is_ended_and_people_take_over(centre: Centre) -> None:
    ended: list[str] = []

    async def sleep(contact: ActiveContact) -> None:
        try:
            await anyio.sleep_forever()
        finally:
            ended.append(contact.interaction)

    async with centre.open() as workspace, served(workspace, sleep):
        assert isinstance(centre.clock, VirtualClock)
        centre.clock.attach(workspace)
        got = await workspace.receive(message(1))
        await taken(centre)
        await centre.clock.advance(seconds=61)
        await until(lambda: ended == [got.interaction])
        assert [event.reason for event in centre.events(e.InteractionHandedOver)] == ["no_answer"]
        assert (await workspace.interaction(got.interaction or "")).state == "QUEUED"


async def test_who_takes_the_contact_from_the_bot_ends_its_handler(centre: Centre) -> None:
    ended: list[str] = []

    async def sleep(contact: ActiveContact) -> None:
        try:
            await anyio.sleep_forever()
        finally:
            ended.append(contact.interaction)

    async with centre.open() as workspace, served(workspace, sleep):
        await workspace.receive(message(1))
        await taken(centre)
        await workspace.execute(c.SignOut("rob"))
        await until(lambda: ended == ["in1"])
        assert centre.counts()["InteractionHandedOver"] == 0


async def test_who_ends_the_service_leaves_the_contacts_to_people_and_the_bot_away(centre: Centre) -> None:
    async with centre.open() as workspace:
        async with served(workspace, idle):
            await workspace.receive(message(1))
            await taken(centre)
        assert (await workspace.interaction("in1")).state == "QUEUED"
        assert [event.reason for event in centre.events(e.InteractionHandedOver)] == ["interrupted"]
        assert centre.events(e.AgentSignedOut)[-1].reason == "not served"
        await workspace.receive(message(2, sender="jim"))
        ana = await workspace.sign_in("ana")
        assert (await ana.next_offer()).agent == "ana"


async def test_a_bot_needs_no_heartbeat_and_nothing_of_it_is_lost_with_its_process(centre: Centre) -> None:
    assert isinstance(centre.clock, VirtualClock)
    async with centre.open() as workspace:
        centre.clock.attach(workspace)
        await workspace.execute(c.SignIn("rob"))
        await workspace.receive(message(1))
        offer = centre.events(e.OfferMade)[-1]
        await workspace.execute(c.AcceptOffer(offer.offer, "rob", offer.token))
        await workspace.execute(c.WriteReply("in1", "rob", "One moment"))
        await centre.clock.advance(hours=1)
        assert centre.counts()["DeviceLost"] == 0
        await workspace.execute(c.SetAway("rob", "lunch"))
        async with served(workspace, idle):
            # Nobody knows any more how far it had come.
            assert [event.reason for event in centre.events(e.InteractionHandedOver)] == ["interrupted"]
            await workspace.receive(message(2, sender="jim"))
            await taken(centre, 2)
            assert (await workspace.interaction("in2")).agent == "rob"


async def test_only_bots_are_served_and_each_once(centre: Centre) -> None:
    async with centre.open() as workspace:
        with pytest.raises(InvalidCommand, match="ana is no bot"):
            await workspace.serve("ana", idle)
        with pytest.raises(UnknownId):
            await workspace.serve("zoe", idle)
        async with served(workspace, idle):
            with pytest.raises(InvalidCommand, match="served already"):
                await workspace.serve("rob", idle)


async def test_a_handler_whose_contact_is_over_may_tidy_up_for_a_while(centre: Centre) -> None:
    ends: list[float] = []

    async def tidy(contact: ActiveContact) -> None:
        await contact.finish()
        await turns()
        ends.append(anyio.current_effective_deadline() - anyio.current_time())

    async with centre.open() as workspace, served(workspace, tidy):
        await workspace.receive(message(1))
        await until(lambda: len(ends) == 1)
        assert 0 < ends[0] <= 60
        assert centre.counts()["InteractionHandedOver"] == 0
