"""What an agent works with: offers, contacts, and their messages."""

from __future__ import annotations

from contextlib import aclosing
from datetime import timedelta

import anyio
import attrs
import pytest
from tests.contact_centre import PLAN, Centre, message, turns

from orchestra.errors import CommandRefused, JournalUnavailable, OfferExpired, UnknownId
from orchestra.model import events as e
from orchestra.model.addresses import Handle
from orchestra.model.commands import AcceptOffer, DeclineOffer, LeaveContact
from orchestra.model.definitions import Ring
from orchestra.model.message import Contact
from orchestra.runtime.agents import ActiveContact
from orchestra.runtime.offers import Offer
from orchestra.runtime.workspace import Workspace
from orchestra.testing.clock import VirtualClock


@pytest.fixture
def centre() -> Centre:
    return Centre(clock=VirtualClock())


def call(number: int) -> Contact:
    return Contact("voice", id=f"c{number}", sender=Handle(f"caller-{number}", kind="loopback"))


async def test_an_offer_shows_what_is_offered(centre: Centre) -> None:
    async with centre.open() as workspace:
        received = await workspace.receive(message(1))
        ana = await workspace.sign_in("ana")
        offer = await ana.next_offer()
        assert (offer.interaction, offer.customer) == (received.interaction, received.customer)
        assert (offer.agent, offer.queue, offer.channel) == ("ana", "care", "chat")
        assert workspace.is_pending(offer.id)
        assert repr(offer) == "Offer('of1', interaction='in1', agent='ana')"
        contact = await offer.accept()
        assert (contact.interaction, contact.case, contact.customer) == ("in1", received.case, received.customer)
        assert (contact.agent, contact.channel) == ("ana", "chat")
        assert repr(contact) == "ActiveContact('in1', case='C-000001', agent='ana')"
        assert repr(ana) == "AgentSession('ana', device='main')"


async def test_an_offer_that_was_pending_before_the_question_is_given(centre: Centre) -> None:
    async with centre.open() as workspace:
        ana = await workspace.sign_in("ana")
        for number in range(3):
            await workspace.receive(message(number, sender=f"joe-{number}"))
        for number in range(300):  # much happens meanwhile
            await workspace.receive(message(f"x{number}", sender="joe-0"))
        found: list[str] = []
        async with aclosing(ana.offers()) as offers:
            async for offer in offers:
                found.append(offer.interaction)
                await offer.accept()
                if len(found) == 3:
                    break
        assert found == ["in1", "in2", "in3"]


async def test_offers_come_as_they_are_made(centre: Centre) -> None:
    found: list[Offer] = []
    async with centre.open() as workspace:
        ana, ben = await workspace.sign_in("ana"), await workspace.sign_in("ben")

        async def work() -> None:
            async for offer in ana.offers():
                found.append(offer)
                await (await offer.accept()).finish()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(work)
            await ben.away("lunch")
            for number in range(3):
                await workspace.receive(call(number))
                await workspace.settle()
            tasks.cancel_scope.cancel()
    assert [offer.interaction for offer in found] == ["in1", "in2", "in3"]


async def test_a_declined_offer_goes_to_another(centre: Centre) -> None:
    async with centre.open() as workspace:
        ana, ben = await workspace.sign_in("ana"), await workspace.sign_in("ben")
        await workspace.receive(call(1))
        offer = await ana.next_offer()
        await offer.decline("busy")
        with pytest.raises(OfferExpired):
            await offer.accept()
        assert (await ben.next_offer()).interaction == offer.interaction
    assert [(event.outcome, event.reason) for event in centre.events(e.OfferEnded)] == [("DECLINED", "busy")]


@pytest.fixture
def dialing() -> Centre:
    """A centre whose calls must be connected after an agent has answered, and ring both agents."""
    voice = attrs.evolve(PLAN.channels["voice"], connects=timedelta(seconds=30))
    care = attrs.evolve(PLAN.queues["care"], ring=Ring(first=2))
    plan = attrs.evolve(PLAN, channels={**PLAN.channels, "voice": voice}, queues={"care": care})
    return Centre(clock=VirtualClock(), plan=plan)


async def _accept(offer: Offer, told: list[object]) -> None:
    try:
        told.append(await offer.accept())
    except OfferExpired as error:
        told.append(error.state)


async def test_an_accept_returns_once_the_contact_is_connected(dialing: Centre) -> None:
    told: list[object] = []
    async with dialing.open() as workspace:
        ana = await workspace.sign_in("ana")
        await workspace.receive(call(1))
        offer = await ana.next_offer()
        with pytest.raises(OfferExpired):
            await offer.confirm_connected()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_accept, offer, told)
            await turns()
            assert (await workspace.interaction("in1")).state == "CONNECTING"
            assert told == []
            assert not workspace.is_pending(offer.id)
            await offer.confirm_connected()
        contact = told[0]
        assert isinstance(contact, ActiveContact)
        assert (await offer.accept()).interaction == contact.interaction, "asked again"
        await contact.finish()


async def test_an_accept_that_comes_to_nothing_says_how(dialing: Centre) -> None:
    told: list[object] = []
    async with dialing.open() as workspace:
        ana, ben = await workspace.sign_in("ana"), await workspace.sign_in("ben")
        await workspace.receive(call(1))
        await workspace.settle()
        first, second = await ana.next_offer(), await ben.next_offer()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_accept, first, told)
            await turns()
            await first.setup_failed("no line")
        assert told == ["SETUP_FAILED"]
        with pytest.raises(OfferExpired):
            await first.setup_failed()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_accept, second, told)
            await turns()
            await workspace.execute(LeaveContact("in1"))
        assert told == ["SETUP_FAILED", "CUSTOMER_LEFT"]


async def test_whoever_is_being_connected_learns_that_another_was_first(dialing: Centre) -> None:
    told: list[object] = []
    async with dialing.open() as workspace:
        ana, ben = await workspace.sign_in("ana"), await workspace.sign_in("ben")
        await workspace.receive(call(1))
        await workspace.settle()
        first, second = await ana.next_offer(), await ben.next_offer()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_accept, first, told)
            await turns()
            tasks.start_soon(_accept, second, told)
            await turns()
            await second.confirm_connected()
        outcomes = sorted(repr(one) for one in told)
        assert outcomes == ["'RESCINDED'", "ActiveContact('in1', case='C-000001', agent='ben')"]


async def test_a_workspace_that_closes_leaves_nobody_waiting_to_be_connected(dialing: Centre) -> None:
    refused: list[Exception] = []

    async def accept(offer: Offer) -> None:
        try:
            await offer.accept()
        except JournalUnavailable as error:
            refused.append(error)

    async with anyio.create_task_group() as tasks, dialing.open() as workspace:
        ana = await workspace.sign_in("ana")
        await workspace.receive(call(1))
        tasks.start_soon(accept, await ana.next_offer())
        await turns()
    assert len(refused) == 1


async def test_an_agent_who_is_away_gets_nothing(centre: Centre) -> None:
    async with centre.open() as workspace:
        ana = await workspace.sign_in("ana")
        await ana.away("lunch")
        await workspace.receive(call(1))
        assert centre.counts()["OfferMade"] == 0
        await ana.available()
        await (await ana.next_offer()).accept()
        await ana.sign_out()
        assert (await workspace.interaction("in1")).state == "QUEUED"


async def test_nobody_can_sign_in_who_is_not_known(centre: Centre) -> None:
    async with centre.open() as workspace:
        with pytest.raises(UnknownId):
            await workspace.sign_in("zoe")


async def test_hold_and_retrieve(centre: Centre) -> None:
    async with centre.open() as workspace:
        ana = await workspace.sign_in("ana")
        await workspace.receive(call(1))
        contact = await (await ana.next_offer()).accept()
        await contact.hold()
        assert (await workspace.interaction("in1")).state == "HELD"
        await contact.retrieve()
        assert (await workspace.interaction("in1")).state == "ACTIVE"
        with pytest.raises(CommandRefused):
            await contact.retrieve()


async def test_wrap_up_follows_a_chat(centre: Centre) -> None:
    async with centre.open() as workspace:
        ana = await workspace.sign_in("ana")
        await workspace.receive(message(1))
        contact = await (await ana.next_offer()).accept()
        await contact.finish("resolved")
        assert (await workspace.interaction("in1")).state == "WRAPPING"
        await contact.finish_wrap_up("resolved")
        assert (await workspace.interaction("in1")).state == "DONE"
        assert (await workspace.case(contact.case.id)).state == "RESOLVED"


async def test_a_transfer_hands_it_back_to_a_queue(centre: Centre) -> None:
    async with centre.open() as workspace:
        ana, ben = await workspace.sign_in("ana"), await workspace.sign_in("ben")
        await workspace.receive(call(1))
        contact = await (await ana.next_offer()).accept()
        await contact.transfer("care")
        assert (await ben.next_offer()).interaction == contact.interaction
        with pytest.raises(CommandRefused):
            await contact.finish()


async def test_messages_of_a_contact_come_in_order_and_end_with_it(centre: Centre) -> None:
    texts: list[str] = []
    async with centre.open() as workspace:
        ana = await workspace.sign_in("ana")
        await workspace.receive(message(1, "one"))
        await workspace.receive(message("other", "not mine", sender="jim"))
        await workspace.receive(message(2, "two"))
        contact = await (await ana.next_offer()).accept()

        async def read() -> None:
            async for text in contact.messages():
                texts.append(text)  # noqa: PERF401
            texts.append("over")

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(read)
            await workspace.receive(message(3, "three"))
            with anyio.fail_after(30):
                while len(texts) < 3:
                    await turns()
            assert texts == ["one", "two", "three"]
            await contact.finish()
    assert texts == ["one", "two", "three", "over"]


async def test_messages_after_a_transfer_are_those_of_the_whole_interaction(centre: Centre) -> None:
    texts: list[str] = []
    async with centre.open() as workspace:
        ana, ben = await workspace.sign_in("ana"), await workspace.sign_in("ben")
        await workspace.receive(message(1, "one"))
        first = await (await ana.next_offer()).accept()
        await first.transfer("care")
        second = await (await ben.next_offer()).accept()
        async with aclosing(second.messages()) as messages:
            texts.append(await anext(messages))
    assert texts == ["one"]


async def test_the_stateless_form_does_the_same(centre: Centre) -> None:
    async with centre.open() as workspace:
        ana = await workspace.sign_in("ana")
        await workspace.receive(message(1))
        offer = await ana.next_offer()
        with pytest.raises(CommandRefused):
            await workspace.execute(DeclineOffer(offer.id, "ben", offer.token))
        accepted = await workspace.execute(AcceptOffer(offer.id, "ana", offer.token))
        assert accepted.interaction == offer.interaction


# Views


async def test_a_case_and_an_interaction_as_they_stand(centre: Centre) -> None:
    async with centre.open() as workspace:
        received = await workspace.receive(message(1, topic="delay"))
        await workspace.receive(message(2, sender="jim"))
        case = await workspace.case(received.case.id)
        assert (case.id, case.number, case.state, case.topic) == ("ca1", "C-000001", "OPEN", "delay")
        assert (case.customer, case.owner, case.queue) == ("cu1", "team:care", "care")
        assert (case.interactions, case.participants, dict(case.fields)) == (("in1",), (), {})
        views = [await workspace.interaction(name) for name in ("in1", "in2")]
        assert [(view.state, view.position, view.agent) for view in views] == [("QUEUED", 0, None), ("QUEUED", 1, None)]
        assert (views[0].channel, views[0].account, views[0].queue) == ("chat", "main", "care")
        for ask in (workspace.case, workspace.interaction, workspace.why_waiting):
            with pytest.raises(UnknownId):
                await ask("nothing")


async def test_health_counts(centre: Centre) -> None:
    async with centre.open() as workspace:
        await workspace.receive(message(1))
        await workspace.receive(message(2, sender="jim"))
        ana = await workspace.sign_in("ana")
        await ana.away("lunch")
        health = workspace.health()
        assert (health.position, health.epoch, health.pending_events) == (centre.journal.position(), 1, 0)
        assert (health.waiting, health.agents_taking_work, health.quarantined) == (2, 0, 0)
        assert health.timer_lag.total_seconds() == 0
        assert health.append_latency.total_seconds() >= 0
        await ana.available()
        assert workspace.health().agents_taking_work == 1


async def test_timer_lag_shows(centre: Centre) -> None:
    clock = VirtualClock()
    centre.clock = clock
    async with centre.open() as workspace:
        await workspace.sign_in("ana")
        await workspace.receive(message(1))
        clock._now_us += 3600 * 1_000_000  # and nobody noticed yet
        assert workspace.health().timer_lag.total_seconds() > 3000
        await workspace.settle()
        assert workspace.health().timer_lag.total_seconds() == 0


async def test_a_plan_file_can_be_named(centre: Centre, tmp_path: object) -> None:
    file = f"{tmp_path}/plan.toml"
    with open(file, "w", encoding="utf-8") as out:  # noqa: ASYNC230, PTH123 - a test may block
        out.write('workspace.default_queue = "q"\nteams.t = {}\nqueues.q.team = "t"\nchannels.chat = {}\n')
    async with Workspace.open(file) as workspace:
        await workspace.receive(message(1))
        await turns()
    async with Workspace.open(PLAN, f"sqlite:{tmp_path}/contacts.db") as workspace:
        await workspace.receive(message(1))
