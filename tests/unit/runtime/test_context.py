"""What an agent is told with an offer, and what sources add to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import attrs
import pytest
from tests.contact_centre import PLAN, Centre, message

from orchestra.errors import DefinitionError, NotPermitted
from orchestra.model import commands as c
from orchestra.model.definitions import AgentDefinition, Channel, Fields
from orchestra.model.engagements import Engagements
from orchestra.model.work import WorkItem
from orchestra.runtime.context import Held, PastContact, Question, Task
from orchestra.runtime.sessions import AgentSession
from orchestra.runtime.sources import Asked, Source
from orchestra.testing.clock import VirtualClock

DESK = attrs.evolve(
    PLAN,
    channels={"chat": attrs.evolve(PLAN.channels["chat"], wrap_up=timedelta()), "task": Channel(work=True)},
    fields=Fields(interaction={"order": "integer"}, case={"stage": "text"}, customer={"vip": "boolean"}),
    skills={"german": "German"},
    agents={
        "ana": AgentDefinition(["care"], {"german": 50}),
        "ben": AgentDefinition(["care"]),
        "rob": AgentDefinition(["care"], kind="bot"),
    },
)
DUE = datetime(2026, 3, 1, tzinfo=UTC)
SLOW = timedelta(milliseconds=1)


@pytest.fixture
def centre() -> Centre:
    return Centre(plan=DESK, clock=VirtualClock())


async def test_whoever_talks_with_a_customer_is_told_what_waits_for_them(centre: Centre) -> None:
    async with centre.open() as workspace:
        got = await workspace.receive(message(1, "Where is it?", topic="order"))
        ana = await workspace.sign_in("ana")
        contact = await (await ana.next_offer()).accept()
        await workspace.execute(c.SendMessage(got.case.id, "k1", "delay", text="It is late."))
        context = await contact.context()
        assert context.tell_now == (Held("de1", context.tell_now[0].message, "delay", "It is late."),)
        assert "late" not in repr(context)
        engagement = await workspace.engagement(got.customer)
        assert engagement is not None
        assert (engagement.tell_now, engagement.linked) == (("de1",), {})
        await workspace.execute(c.TellNow(got.interaction or "", "ana", "de1"))
        assert (await contact.context()).tell_now == ()


async def test_whoever_has_a_contact_is_told_which_others_wait_for_its_end() -> None:
    deferring = attrs.evolve(DESK, engagements=Engagements({"chat": {"chat": "defer"}}))
    async with Centre(plan=deferring, clock=VirtualClock()).open() as workspace:
        await workspace.receive(message(1, "Where is it?", topic="order", thread="a"))
        ana = await workspace.sign_in("ana")
        contact = await (await ana.next_offer()).accept()
        assert (await contact.context()).deferred == ()
        later = await workspace.receive(message(2, "And this?", topic="order", thread="b"))
        assert (await contact.context()).deferred == ("chat",)
        engagement = await workspace.engagement(later.customer)
        assert engagement is not None
        assert engagement.deferred == {later.interaction: contact.interaction}
        waiting = await workspace.why_waiting(later.interaction or "")
        assert waiting is not None
        assert waiting.to_json()["sentence"] == f"it waits until {contact.interaction} is over"


async def test_an_offer_tells_the_matter_and_the_question(centre: Centre) -> None:
    async with centre.open() as workspace:
        got = await workspace.receive(message(1, "Where is it?", topic="order", skills={"german": 30}))
        await workspace.receive(message(2, "Hello?"))
        await workspace.execute(c.SetFields(got.interaction or "", {"order": 81}))
        await workspace.execute(c.SetFields(got.case.id, {"stage": "sent"}))
        await workspace.execute(c.SetFields(got.customer, {"vip": True}))
        ana = await workspace.sign_in("ana")
        offer = await ana.next_offer()
        context = await offer.context()
        assert (context.interaction, context.customer, context.case) == (got.interaction, got.customer, got.case)
        assert (context.channel, context.queue, context.topic) == ("chat", "care", "order")
        assert (context.case_state, context.owner, context.skills) == ("OPEN", "team:care", {"german": 30})
        assert (context.fields, context.case_fields, context.customer_fields) == (
            {"order": 81},
            {"stage": "sent"},
            {"vip": True},
        )
        assert context.questions == (Question("me1", "Where is it?"), Question("me2", "Hello?"))
        assert (context.contacts, context.work, context.handed_over) == ((), None, None)
        assert (context.sources, context.missing) == ({}, {})
        assert "Where" not in repr(context)
        contact = await offer.accept()
        await contact.reply("In your street")
        assert (await contact.context()).questions == ()


async def test_the_last_contacts_are_told_newest_first_and_no_more_than_five(centre: Centre) -> None:
    async with centre.open() as workspace:
        ana = await workspace.sign_in("ana")
        for number in range(7):
            await workspace.receive(message(number))
            await (await (await ana.next_offer()).accept()).finish("resolved")
        await workspace.receive(message("last"))
        await workspace.receive(message("other", sender="jim"))
        context = await (await ana.next_offer()).context()
        assert [past.interaction for past in context.contacts] == ["in7", "in6", "in5", "in4", "in3"]
        newest = context.contacts[0]
        assert isinstance(newest, PastContact)
        assert (newest.channel, newest.state, newest.agent, newest.disposition) == ("chat", "DONE", "ana", "resolved")
        assert newest.case == context.case.number
        assert newest.started == VirtualClock().now


async def test_a_work_item_tells_what_is_to_be_done(centre: Centre) -> None:
    async with centre.open() as workspace:
        got = await workspace.receive(message(1))
        await workspace.execute(c.CancelInteraction(got.interaction or "", "x"))
        await workspace.open_work_item(
            WorkItem("task", key="k", case=got.case.id, title="Refund", text="of order 81", due=DUE)
        )
        await workspace.open_work_item(WorkItem("task", key="k2", case=got.case.id))
        ana = await workspace.sign_in("ana")
        offer = await ana.next_offer()
        context = await offer.context()
        assert context.work == Task("Refund", "of order 81", DUE)
        assert "Refund" not in repr(context)
        await (await offer.accept()).finish()
        assert (await (await ana.next_offer()).context()).work == Task(None, None, None)


async def test_what_a_bot_said_when_it_handed_over_is_told(centre: Centre) -> None:
    async with centre.open() as workspace:
        rob = await workspace.sign_in("rob")
        await workspace.receive(message(1))
        await (await (await rob.next_offer()).accept()).hand_over(text="wants money back", topic="refund")
        ana = await workspace.sign_in("ana")
        context = await (await ana.next_offer()).context()
        assert (context.handed_over, context.topic) == ("wants money back", "refund")


async def test_erased_texts_are_missing_and_nothing_else_is(centre: Centre) -> None:
    async with centre.open() as workspace:
        got = await workspace.receive(message(1, "secret"))
        centre.journal.blank([got.customer])
        ana = await workspace.sign_in("ana")
        assert (await (await ana.next_offer()).context()).questions == (Question("me1", None),)


async def test_only_who_is_offered_it_or_has_it_is_told(centre: Centre) -> None:
    async with centre.open() as workspace:
        await workspace.receive(message(1))
        with pytest.raises(NotPermitted):
            await workspace.context_of("in1", "ana")
        ana = await workspace.sign_in("ana")
        offer = await ana.next_offer()
        with pytest.raises(NotPermitted):
            await workspace.context_of("in1", "ben")
        contact = await offer.accept()
        with pytest.raises(NotPermitted):
            await workspace.context_of("in1", "ben")
        await contact.context()
        await contact.finish()
        with pytest.raises(NotPermitted):
            await contact.context()


# Sources


async def look_up(centre: Centre, **sources: Source) -> tuple[Any, Any]:
    """What the context of an offer says of these sources."""
    async with centre.open(sources=sources) as workspace:
        got = await workspace.receive(message(1, topic="order"))
        await workspace.execute(c.AddRef(got.customer, "crm:7"))
        await workspace.execute(c.AddRef(got.case.id, "order:81"))
        ana: AgentSession = await workspace.sign_in("ana")
        context = await (await ana.next_offer()).context()
        return context.sources, context.missing


async def test_sources_are_asked_with_the_applications_own_keys(centre: Centre) -> None:
    asked: list[Asked] = []

    async def crm(question: Asked) -> dict[str, object]:
        asked.append(question)
        return {"name": "Joe", "orders": [81, {"total": 1.5, "paid": True, "note": None}]}

    values, missing = await look_up(centre, crm=Source(crm))
    assert asked == [Asked("cu1", "ca1", "C-000001", "in1", "chat", "order", ("crm:7", "order:81"))]
    assert values == {"crm": {"name": "Joe", "orders": [81, {"total": 1.5, "paid": True, "note": None}]}}
    assert missing == {}


async def test_a_source_that_fails_is_slow_or_odd_is_named_and_the_others_are_told(
    centre: Centre, caplog: pytest.LogCaptureFixture
) -> None:
    async def fails(_: Asked) -> dict[str, object]:
        raise ValueError("secret")

    async def sleeps(_: Asked) -> dict[str, object]:
        await anyio.sleep_forever()
        return {}

    def gives(value: object) -> Source:
        async def found(_: Asked) -> Any:
            return value

        return Source(found)

    values, missing = await look_up(
        centre,
        bytes=gives({"picture": b"x"}),
        fails=Source(fails),
        good=gives({"name": "Joe"}),
        keys=gives({1: "x"}),
        long=gives({"text": "x" * 20_001}),
        many=gives({"rows": list(range(501))}),
        none=gives(None),
        object=gives({"rows": object()}),
        sleeps=Source(sleeps, time_out=SLOW),
    )
    assert values == {"good": {"name": "Joe"}}
    assert missing == {
        "bytes": "gave what is no plain value",
        "fails": "failed",
        "keys": "gave what is no plain value",
        "long": "gave too much",
        "many": "gave too much",
        "none": "gave no mapping",
        "object": "gave what is no plain value",
        "sleeps": "timed out",
    }
    assert "source fails failed in ca1: ValueError" in caplog.text
    assert "secret" not in caplog.text


async def test_an_answer_is_used_again_for_its_time_and_a_failure_is_not(centre: Centre) -> None:
    count = 0

    async def crm(_: Asked) -> dict[str, object]:
        nonlocal count
        count += 1
        if count == 1:
            raise ValueError
        return {"count": count}

    async with centre.open(sources={"crm": Source(crm, keep=timedelta(minutes=5))}) as workspace:
        assert isinstance(centre.clock, VirtualClock)
        centre.clock.attach(workspace)
        await workspace.receive(message(1))
        ana = await workspace.sign_in("ana")
        contact = await (await ana.next_offer()).accept()
        assert (await contact.context()).missing == {"crm": "failed"}
        assert (await contact.context()).sources == {"crm": {"count": 2}}
        await centre.clock.advance(minutes=5, seconds=-1)
        assert (await contact.context()).sources == {"crm": {"count": 2}}
        await centre.clock.advance(seconds=1)
        assert (await contact.context()).sources == {"crm": {"count": 3}}


async def test_no_more_than_a_thousand_answers_are_kept(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestra.runtime.sources._MOST_KEPT", 1)
    asked: list[str] = []

    async def crm(question: Asked) -> dict[str, object]:
        asked.append(question.customer)
        return {}

    async with centre.open(sources={"crm": Source(crm)}) as workspace:
        ana = await workspace.sign_in("ana")
        contacts = []
        for name in ("joe", "jim"):
            await workspace.receive(message(name, sender=name))
            contacts.append(await (await ana.next_offer()).accept())
        for number in (0, 1, 1, 0):
            await contacts[number].context()
    assert asked == ["cu1", "cu2", "cu1"]


@pytest.mark.parametrize(
    ("sources", "told"),
    [
        (["crm"], "must be a mapping of names to sources"),
        ({"crm": print}, "as Source\\(look_up\\) or Knowledge\\(find\\)"),
    ],
)
async def test_what_is_no_source_is_refused_when_opening(centre: Centre, sources: Any, told: str) -> None:
    with pytest.raises(DefinitionError, match=told):
        async with centre.open(sources=sources):
            pass
