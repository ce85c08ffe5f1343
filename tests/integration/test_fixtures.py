"""The fixtures that ship: used here as an application's own tests would use them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orchestra.channels.loopback.transport import Failure
from orchestra.errors import NotAllowedInState, OfferExpired
from orchestra.journal.port import Journal
from orchestra.journal.sqlite import SqliteJournal
from orchestra.model.commands import AcceptOffer, SendMessage, StartSending, StopSending
from orchestra.model.plan import Plan
from orchestra.runtime.sessions import AgentSession
from orchestra.runtime.workspace import Workspace
from orchestra.testing.clock import VirtualClock
from orchestra.testing.customer import Customer
from orchestra.testing.outbox import Outbox


async def test_a_first_answer(workspace: Workspace, customer: Customer, agent: AgentSession, outbox: Outbox) -> None:
    await customer.writes("Where is my order?")
    contact = await (await agent.next_offer()).accept()
    await contact.reply("It comes on Friday.")
    await workspace.settle()
    assert outbox.texts == ["It comes on Friday."]
    assert outbox.last.to == customer.handle
    assert (outbox.last.channel, outbox.last.topic, outbox.last.case) == ("chat", "reply", contact.case.id)
    assert len(outbox) == 1


async def test_the_outbox_tells_what_was_done_to_a_message(
    workspace: Workspace, customer: Customer, agent: AgentSession, outbox: Outbox
) -> None:
    received = await customer.writes("Where is my order?")
    contact = await (await agent.next_offer()).accept()
    await workspace.execute(StopSending("incident"))
    written = await contact.reply("It comes on Frday.")
    await contact.correct(written, "It comes on Friday.")
    await workspace.execute(StartSending())
    await workspace.settle()
    await contact.correct(written, "It comes on Monday.")
    await contact.take_back(written)
    await workspace.settle()
    assert [(one.kind, one.text) for one in outbox] == [
        ("message", "It comes on Friday."),
        ("edit", "It comes on Monday."),
        ("delete", ""),
    ]
    assert {(one.case, one.topic) for one in outbox} == {(received.case.id, "reply")}


async def test_the_outbox_tells_the_topic(workspace: Workspace, customer: Customer, outbox: Outbox) -> None:
    received = await customer.writes("Where is it?")
    await workspace.execute(SendMessage(received.case.id, "late-81", topic="delay", text="It comes on Monday."))
    await workspace.settle()
    assert outbox.last.topic == "delay"
    assert outbox.last.customer == received.customer


async def test_days_pass_in_no_time(workspace: Workspace, clock: VirtualClock, customer: Customer) -> None:
    before = clock.now
    received = await customer.writes("Hello?")
    await clock.advance(days=6, hours=1)
    assert clock.now - before == timedelta(days=6, hours=1)
    assert received.interaction is not None
    assert (await workspace.interaction(received.interaction)).state == "QUEUED"


async def test_a_failed_sending_is_tried_again_as_time_passes(
    workspace: Workspace, clock: VirtualClock, customer: Customer, agent: AgentSession, outbox: Outbox
) -> None:
    outbox.providers["chat"].fail_next(Failure.UNAVAILABLE, Failure.RATE_LIMITED)
    await customer.writes("Where is my order?")
    contact = await (await agent.next_offer()).accept()
    await contact.reply("On its way.")
    await workspace.settle()
    assert outbox.texts == []
    await clock.advance(minutes=5)
    assert outbox.texts == ["On its way."]


async def test_a_call_that_ends_too_soon(workspace: Workspace, customer: Customer) -> None:
    received = await customer.calls()
    assert received.interaction is not None
    await customer.hangs_up()
    view = await workspace.interaction(received.interaction)
    assert (view.state, view.channel) == ("ABANDONED", "voice")
    with pytest.raises(NotAllowedInState):
        await customer.hangs_up()


async def test_who_has_not_called_cannot_hang_up(customer: Customer) -> None:
    with pytest.raises(AssertionError):
        await customer.hangs_up()


async def test_two_people_are_two_customers(workspace: Workspace, customer: Customer) -> None:
    other = Customer(workspace, "customer-2")
    assert (await customer.writes("Hello")).customer != (await other.writes("Hello")).customer


async def test_an_offer_that_nobody_answers_times_out(
    workspace: Workspace, clock: VirtualClock, customer: Customer, agent: AgentSession
) -> None:
    await customer.calls()
    offer = await agent.next_offer()
    await clock.advance(minutes=2)
    assert not workspace.is_pending(offer.id)
    with pytest.raises(OfferExpired):
        await workspace.execute(AcceptOffer(offer.id, offer.agent, offer.token))


class TestOwnPlan:
    @pytest.fixture
    def orchestra_plan(self) -> Plan:
        return Plan.parse("""
            workspace.default_queue = "help"
            teams.first = {}
            queues.help.team = "first"
            channels.forum = {}
            agents.zoe.teams = ["first"]
        """)

    async def test_the_fixtures_follow_it(
        self, customer: Customer, agent: AgentSession, workspace: Workspace, outbox: Outbox
    ) -> None:
        await customer.writes("How does this work?")
        await customer.calls()
        offer = await agent.next_offer()
        assert (agent.agent, offer.channel, offer.queue) == ("zoe", "forum", "help")
        assert list(outbox.providers) == ["forum"]


class TestOwnJournal:
    @pytest.fixture
    def orchestra_journal(self, tmp_path: object) -> Journal:
        return SqliteJournal(f"{tmp_path}/contacts.db")

    async def test_the_fixtures_use_it(
        self, orchestra_journal: Journal, workspace: Workspace, customer: Customer
    ) -> None:
        await customer.writes("Hello")
        assert orchestra_journal.position() == workspace.health().position > 0
