"""Notices through the runtime: planned by the application, read by whoever asks, told by whoever talks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs
import pytest
from tests.contact_centre import PLAN, Centre, message

from orchestra.errors import InvalidCommand, MalformedMessage, NotAllowedInState, UnknownId
from orchestra.journal.registry import open_journal
from orchestra.model import commands as c
from orchestra.model.addresses import ref
from orchestra.model.definitions import AgentDefinition, Channel, Fields, Queue, Role, Team
from orchestra.model.notices import Leg, Notices, NoticeTopic
from orchestra.model.roles import Sight
from orchestra.runtime.client import connect
from orchestra.runtime.context import Held
from orchestra.runtime.notices import NoticeView
from orchestra.runtime.readers import Withheld
from orchestra.testing.clock import VirtualClock

AT = datetime(2026, 3, 1, tzinfo=UTC)
SHOP = attrs.evolve(
    PLAN,
    channels={**PLAN.channels, "sms": Channel()},
    teams={**PLAN.teams, "sales": Team()},
    queues={**PLAN.queues, "sales": Queue("sales")},
    notices=Notices(
        {
            "stage": NoticeTopic(text="It is $stage.", facts={"stage": "text"}),
            "law": NoticeTopic(kind="legal", text="We must.", legs=[Leg("sms"), Leg("chat")]),
        }
    ),
    fields=Fields(case={"stage": "text"}),
    roles={"plain": Role(["*"], sees=Sight(withholds=["stage"]))},
    agents={**PLAN.agents, "ben": AgentDefinition(["care"], roles=["plain"])},
)
PACKED = {"stage": "packed"}


@pytest.fixture
def centre() -> Centre:
    return Centre(plan=SHOP, clock=VirtualClock(AT))


async def test_a_notice_goes_out_and_is_seen_to_arrive(centre: Centre) -> None:
    async with centre.open() as workspace:
        got = await workspace.receive(message(1))
        name = await workspace.plan_notice("k1", "stage", case=got.case.id, facts=PACKED)
        await workspace.settle()
        seen = await workspace.notice(name)
        assert seen == NoticeView(
            "nt1",
            "k1",
            "cu1",
            "ca1",
            "stage",
            "SENT",
            None,
            PACKED,
            seen.planned,
            None,
            seen.planned + timedelta(days=2),
            None,
            {"chat": "ACCEPTED"},
            seen.sent,
        )
        assert seen.sent is not None
        sentences = [entry.sentence for entry in await workspace.timeline("cu1")]
        assert "is to be told of stage: nt1" in sentences
        assert sentences[-1] == "was told on chat: nt1, which was accepted"


async def test_what_holds_it_back_is_told(centre: Centre) -> None:
    async with centre.open() as workspace:
        await workspace.receive(message(1))
        await workspace.execute(c.AddRef("ca1", "order:81"))
        await workspace.prefer_notices("cu1", False, topic="stage", actor="customer:cu1")
        assert await workspace.plan_notice("k1", "stage", case=ref("order:81"), facts=PACKED) == "nt1"
        assert (await workspace.notice("nt1")).reason == "not_wanted"
        sentences = [entry.sentence for entry in await workspace.timeline("cu1")]
        assert sentences[-3] == "wants no notices of stage"
        assert sentences[-1] == "nt1 is not told (not wanted)"
        await workspace.prefer_notices("cu1", None, topic="stage")
        await workspace.prefer_notices("cu1", True, topic="stage", channel="chat")
        sentences = [entry.sentence for entry in await workspace.timeline("cu1")]
        assert sentences[-2:] == ["says nothing any more of notices of stage", "wants notices of stage on chat"]


async def test_they_are_listed_in_pages(centre: Centre) -> None:
    async with centre.open() as workspace:
        await workspace.receive(message(1))
        later = AT + timedelta(days=1)
        for stage in "abc":
            await workspace.plan_notice(stage, "stage", case="ca1", facts={"stage": stage}, not_before=later)
        await workspace.plan_notice("law", "law", customer="cu1", expires=later, urgency="urgent", supersedes_group="g")
        assert [one.id for one in await workspace.notices(case="ca1", limit=2)] == ["nt1", "nt2"]
        assert [one.id for one in await workspace.notices(case="ca1", after="nt2")] == ["nt3"]
        (first, *_, last) = await workspace.notices(customer="cu1")
        assert (first.not_before, first.until, first.state) == (later, later, "PLANNED")
        assert (last.case, last.channels["sms"], last.expires) == (None, None, later)
        await workspace.cancel_notice("nt1", "never mind")
        assert (await workspace.notice("nt1")).state == "SUPPRESSED"
        with pytest.raises(NotAllowedInState):
            await workspace.cancel_notice("nt1", "again")
        for asked in ({}, {"case": "ca1", "customer": "cu1"}, {"case": "ca1", "limit": 0}):
            with pytest.raises(InvalidCommand):
                await workspace.notices(**asked)  # type: ignore[arg-type]
        for asked in ({"case": "ca9"}, {"customer": "cu9"}, {"case": ""}):
            with pytest.raises(UnknownId):
                await workspace.notices(**asked)
        with pytest.raises(UnknownId):
            await workspace.notice("nt9")
        with pytest.raises(MalformedMessage):
            await workspace.plan_notice("k", "law", case="ca1", expires=datetime(2026, 4, 1))  # noqa: DTZ001
        with pytest.raises(InvalidCommand):
            await workspace.prefer_notices("cu1", True, channel="chat")


async def test_whoever_talks_with_them_sees_it_and_tells_it(centre: Centre) -> None:
    async with centre.open() as workspace:
        got = await workspace.receive(message(1, "Where is it?"))
        ana = await workspace.sign_in("ana")
        contact = await (await ana.next_offer()).accept()
        await workspace.plan_notice("k1", "stage", case=got.case.id, facts=PACKED)
        held = await workspace.notice("nt1")
        assert (held.state, held.reason, held.channels) == ("HELD", "talking", {})
        assert (await contact.context()).tell_now == (Held("nt1", None, "stage", "It is packed."),)
        engagement = await workspace.engagement(got.customer)
        assert engagement is not None
        assert engagement.tell_now == ("nt1",)
        await workspace.execute(c.TellNow(got.interaction or "", "ana", "nt1"))
        assert (await contact.context()).tell_now == ()
        told = await workspace.told(got.case.id)
        assert [(one.fact, one.value) for one in told] == [("stage", "packed")]


async def test_of_a_fact_that_is_not_for_them_they_see_that_there_is_something(centre: Centre) -> None:
    async with centre.open() as workspace:
        got = await workspace.receive(message(1, "Where is it?"))
        ben = await workspace.sign_in("ben")
        contact = await (await ben.next_offer()).accept()
        await workspace.plan_notice("k1", "stage", case=got.case.id, facts=PACKED)
        assert (await contact.context()).tell_now == (Held("nt1", None, "stage", Withheld("role")),)


async def test_what_the_plan_knows_no_more_has_no_text(centre: Centre) -> None:
    async with centre.open() as workspace:
        got = await workspace.receive(message(1, "Where is it?"))
        ana = await workspace.sign_in("ana")
        contact = await (await ana.next_offer()).accept()
        await workspace.plan_notice("k1", "stage", customer=got.customer, facts=PACKED)
        assert (await contact.context()).tell_now[0].text == "It is packed."
        plan = attrs.evolve(SHOP, notices=Notices())
        await workspace.execute(c.ChangePlan(plan, plan.digest(), "2025b", workspace.key.check))
        assert (await contact.context()).tell_now == (Held("nt1", None, "stage", None),)


async def test_another_process_may_plan_one(tmp_path: Path) -> None:
    url = f"sqlite:{tmp_path / 'shop.db'}"
    centre = Centre(plan=SHOP, journal=open_journal(url))
    async with centre.open() as workspace, connect(url) as client:
        await workspace.receive(message(1))
        assert await client.plan_notice("k1", "stage", case="ca1", facts=PACKED) == "nt1"
        assert await client.plan_notice("k1", "stage", case="ca1", facts=PACKED) == "nt1"
        await client.prefer_notices("cu1", False)
        await workspace.settle()
        assert (await workspace.notice("nt1")).state == "SENT"
