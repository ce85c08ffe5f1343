"""Consults at the agents' own desks: asking, being asked, answering, ending."""

from __future__ import annotations

from datetime import timedelta

import anyio
import attrs
import pytest
from tests.contact_centre import PLAN, Centre, message, until

from orchestra import Consult
from orchestra.errors import JournalUnavailable, NotAllowedInState, NotPermitted, OfferExpired
from orchestra.model import commands as c, events as e
from orchestra.runtime.agents import ActiveContact
from orchestra.runtime.offers import Offer
from orchestra.runtime.sessions import AgentSession
from orchestra.runtime.signals import PlaceSignal
from orchestra.runtime.workspace import Workspace
from orchestra.testing.clock import VirtualClock


@pytest.fixture
def centre() -> Centre:
    return Centre(clock=VirtualClock())


async def at_work(workspace: Workspace) -> tuple[ActiveContact, AgentSession]:
    """A chat that ana has, and ben, who is free."""
    ana = await workspace.sign_in("ana")
    await workspace.receive(message(1))
    return await (await ana.next_offer()).accept(), await workspace.sign_in("ben")


async def test_an_agent_asks_another_who_takes_part(centre: Centre) -> None:
    async with centre.open() as workspace:
        contact, ben = await at_work(workspace)
        asked = await contact.consult("ben", "wants her money back")
        consult = await ben.next_consult()
        assert (consult.id, consult.token, consult.deadline) == (asked.id, asked.token, asked.deadline)
        assert (consult.agent, consult.consulted, consult.note) == ("ana", "ben", "wants her money back")
        assert (consult.interaction, consult.customer, consult.channel) == ("in1", contact.customer, "chat")
        assert repr(asked) == "Consult('cs1', interaction='in1', consulted='ben')"
        assert workspace.is_pending("cs1")
        taken = await consult.accept()
        assert (taken.interaction, taken.case, taken.agent) == ("in1", contact.case, "ben")
        assert not workspace.is_pending("cs1")
        await asked.answered()
        await consult.leave()
        with pytest.raises(OfferExpired):
            await asked.end()
    assert [event.outcome for event in centre.events(e.ConsultEnded)] == ["LEFT"]


async def test_whoever_is_asked_sees_what_it_is_about_until_they_take_no_part_any_more(centre: Centre) -> None:
    async with centre.open() as workspace:
        contact, ben = await at_work(workspace)
        with pytest.raises(NotPermitted, match="in1 is neither"):
            await workspace.context_of("in1", "ben")
        await contact.consult("ben")
        consult = await ben.next_consult()
        asked = await consult.context()
        assert asked == await contact.context()
        assert asked.questions
        await consult.accept()
        assert (await consult.context()).case == asked.case
        await consult.leave()
        with pytest.raises(NotPermitted):
            await consult.context()


@pytest.mark.parametrize("is_connected", [True, False])
async def test_a_consult_is_accepted_once_the_agent_is_connected(is_connected: bool) -> None:
    told: list[object] = []

    async def accept(what: Offer | Consult) -> None:
        try:
            told.append(await what.accept())
        except OfferExpired as error:
            told.append(error.state)

    chat = attrs.evolve(PLAN.channels["chat"], connects=timedelta(seconds=30))
    centre = Centre(clock=VirtualClock(), plan=attrs.evolve(PLAN, channels={**PLAN.channels, "chat": chat}))
    async with centre.open() as workspace:
        ana = await workspace.sign_in("ana")
        await workspace.receive(message(1))
        offer = await ana.next_offer()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(accept, offer)
            await until(lambda: bool(centre.events(e.OfferConnecting)))
            await offer.confirm_connected()
        ben = await workspace.sign_in("ben")
        contact = told.pop()
        assert isinstance(contact, ActiveContact)
        await contact.consult("ben")
        consult = await ben.next_consult()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(accept, consult)
            await until(lambda: bool(centre.events(e.ConsultConnecting)))
            assert told == []
            kind = c.ConfirmConnected if is_connected else c.ReportSetupFailed
            await workspace.execute(kind(consult.id, "ben", consult.token))
    if is_connected:
        assert [str(one) for one in told] == ["ActiveContact('in1', case='C-000001', agent='ben')"]
    else:
        assert told == ["SETUP_FAILED"]


async def test_whoever_gave_a_contact_away_ends_the_wrap_up_of_their_part(centre: Centre) -> None:
    async with centre.open() as workspace:
        contact, ben = await at_work(workspace)
        await contact.transfer_to("ben")
        theirs = await (await ben.next_consult()).accept()
        await contact.finish_wrap_up("resolved")
        await theirs.reply("It is on its way.")
    assert [event.disposition for event in centre.events(e.SegmentWrapUpEnded)] == ["resolved"]


async def test_a_consult_that_was_pending_before_the_question_is_given(centre: Centre) -> None:
    async with centre.open() as workspace:
        contact, ben = await at_work(workspace)
        await contact.consult("ben")
        for number in range(300):  # much happens meanwhile
            await workspace.receive(message(f"x{number}"))
        assert (await ben.next_consult()).id == "cs1"


async def test_who_asks_is_told_that_the_other_declined(centre: Centre) -> None:
    async with centre.open() as workspace:
        contact, ben = await at_work(workspace)
        asked = await contact.consult("ben")
        told: list[str] = []

        async def wait() -> None:
            with pytest.raises(OfferExpired) as caught:
                await asked.answered()
            told.append(caught.value.state)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(wait)
            await workspace.settle()
            await (await ben.next_consult()).decline("busy")
        assert told == ["DECLINED"]
        with pytest.raises(OfferExpired) as caught:
            await asked.answered()
        assert caught.value.state == "DECLINED"


async def test_a_queue_is_asked_and_who_answers_takes_part(centre: Centre) -> None:
    async with centre.open() as workspace:
        contact, ben = await at_work(workspace)
        asked = await contact.consult_queue("care", "wants her money back", priority=3)
        assert (asked.consulted, asked.queue, asked.deadline, asked.note) == ("", "care", None, "wants her money back")
        consult = await ben.next_consult()
        assert (consult.consulted, consult.queue, consult.note) == ("ben", "care", "wants her money back")
        assert consult.deadline is not None
        await consult.accept()
        await asked.answered()
        assert asked.consulted == "ben"
        await asked.transfer()
        await asked.completed()
    assert [event.to for event in centre.events(e.TransferCompleted)] == ["ben"]


async def test_what_was_asked_of_one_before_the_next_is_not_pending_for_the_first(centre: Centre) -> None:
    async with centre.open() as workspace:
        contact, ben = await at_work(workspace)
        await workspace.execute(c.DefineAgent("cid", ["care"]))
        await contact.consult_queue("care")
        first = await ben.next_consult()
        cid = await workspace.sign_in("cid")
        await first.decline("busy")
        second = await cid.next_consult()
        assert (second.id, second.note, second.token > first.token) == (first.id, None, True)
        assert workspace.is_pending(second.id, second.token)
        assert not workspace.is_pending(first.id, first.token)
        named: list[str] = []

        async def next_of_ben() -> None:
            named.append((await ben.next_consult()).note or "")

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(next_of_ben)
            await workspace.settle()
            await second.accept()
            await workspace.execute(c.EndConsult(second.id, "ana"))
            await contact.consult("ben", "and now?")
        assert named == ["and now?"]


async def test_whoever_waits_for_a_queue_sees_the_place_and_why(centre: Centre) -> None:
    async with centre.open() as workspace:
        contact, ben = await at_work(workspace)
        await ben.away("lunch")
        asked = await contact.consult_queue("care")
        waiting = await workspace.why_waiting(asked.id)
        assert waiting is not None
        assert waiting.reason == "no_agents"
        assert workspace.health().waiting == 1
        signals = workspace.signals(asked.id)
        signal = await anext(signals)
        assert isinstance(signal, PlaceSignal)
        assert (signal.interaction, signal.position) == (asked.id, 0)
        await signals.aclose()
        await asked.end()
        with pytest.raises(OfferExpired) as caught:
            await asked.answered()
        assert caught.value.state == "CANCELED"


async def test_a_second_consult_goes_on_without_the_first(centre: Centre) -> None:
    async with centre.open() as workspace:
        contact, ben = await at_work(workspace)
        first = await contact.consult("ben")
        with pytest.raises(NotAllowedInState):
            await contact.consult("ben")
        await first.end("found it")
        second = await contact.consult("ben")
        assert (await ben.next_consult()).id == second.id
        await (await ben.next_consult()).accept()
        await second.answered()
        await second.end()
    assert [event.reason for event in centre.events(e.ConsultEnded)] == ["found it", None]


async def test_a_consult_becomes_a_transfer(centre: Centre) -> None:
    async with centre.open() as workspace:
        contact, ben = await at_work(workspace)
        asked = await contact.consult("ben")
        theirs = await (await ben.next_consult()).accept()
        with pytest.raises(NotPermitted):
            await theirs.reply("too early")
        await asked.transfer()
        await asked.completed()
        await theirs.reply("It is on its way.")
        assert [text async for text in contact.messages()] == ["Hello"]
        await theirs.finish()
        assert [text async for text in theirs.messages()] == ["Hello"]
    assert [event.to for event in centre.events(e.TransferCompleted)] == ["ben"]


async def test_an_agent_is_asked_to_take_a_contact(centre: Centre) -> None:
    async with centre.open() as workspace:
        contact, ben = await at_work(workspace)
        asked = await contact.transfer_to("ben", "speaks Dutch")
        consult = await ben.next_consult()
        assert (consult.purpose, consult.note) == ("transfer", "speaks Dutch")
        theirs = await consult.accept()
        await asked.completed()
        read: list[str] = []

        async def read_all() -> None:
            read.extend([text async for text in theirs.messages()])

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(read_all)
            await workspace.receive(message(2, "Hallo?"))
            await workspace.settle()
            await theirs.finish()
        assert read == ["Hello", "Hallo?"]


async def test_a_transfer_that_nobody_takes_leaves_the_contact_where_it_is(centre: Centre) -> None:
    async with centre.open() as workspace:
        contact, ben = await at_work(workspace)
        asked = await contact.transfer_to("ben")
        await (await ben.next_consult()).decline()
        with pytest.raises(OfferExpired) as caught:
            await asked.completed()
        assert caught.value.state == "DECLINED"
        await contact.reply("I am still here.")


async def test_a_conference_is_read_and_written_by_all_who_take_part(centre: Centre) -> None:
    async with centre.open() as workspace:
        contact, ben = await at_work(workspace)
        asked = await contact.consult("ben")
        theirs = await (await ben.next_consult()).accept()
        await asked.merge()
        await theirs.reply("I can tell you.")
        read: list[list[str]] = []

        async def read_all(one: ActiveContact) -> None:
            read.append([text async for text in one.messages()])

        async with anyio.create_task_group() as tasks:
            for one in (contact, theirs):
                tasks.start_soon(read_all, one)
            await workspace.receive(message(2, "Thank you."))
            await workspace.settle()
            await contact.finish()
        assert read == [["Hello", "Thank you."]] * 2


async def test_who_leaves_a_consult_reads_no_more(centre: Centre) -> None:
    async with centre.open() as workspace:
        contact, ben = await at_work(workspace)
        await contact.consult("ben")
        consult = await ben.next_consult()
        theirs = await consult.accept()
        await consult.leave()
        await workspace.receive(message(2, "Are you there?"))
        assert [text async for text in theirs.messages()] == ["Hello"]
        await contact.finish()


async def test_when_the_workspace_closes_nobody_waits_for_consults(centre: Centre) -> None:
    caught: list[type[Exception]] = []

    async def wait(ben: AgentSession, asked: Consult) -> None:
        for waiting in (ben.next_consult, asked.answered):
            try:
                await waiting()
            except JournalUnavailable as error:
                caught.append(type(error))

    async with anyio.create_task_group() as tasks:
        async with centre.open() as workspace:
            contact, ben = await at_work(workspace)
            asked = await contact.consult("ben")
            consult = await ben.next_consult()
            await consult.accept()
            other = Consult(workspace, attrs.evolve(_event(consult), consult="cs9"))
            tasks.start_soon(wait, ben, other)
            await workspace.settle()
        assert asked.deadline == consult.deadline
    assert caught == [JournalUnavailable, JournalUnavailable]


def _event(consult: Consult) -> e.ConsultAsked:
    names = (consult.id, consult.interaction, consult.customer, consult.agent, consult.consulted, consult.channel)
    return e.ConsultAsked(*names, consult.token, 25, 0)
