"""Customers, engagements, commitments and contexts as each reader is shown them, through a workspace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.contact_centre import Centre

from orchestra.errors import InvalidCommand, NotPermitted, UnknownId
from orchestra.model import commands as c
from orchestra.model.addresses import Email, Handle, ref
from orchestra.model.message import Message
from orchestra.model.plan import Plan
from orchestra.model.results import Received, TakesPart
from orchestra.model.work import WorkItem
from orchestra.runtime.client import connect
from orchestra.runtime.context import PastContact, Question
from orchestra.runtime.readers import Withheld
from orchestra.runtime.sources import Article, Asked, Knowledge, Source
from orchestra.runtime.views import ParticipantView
from orchestra.runtime.workspace import Workspace
from orchestra.testing.clock import VirtualClock

pytestmark = pytest.mark.anyio

SHOP = Plan.parse("""
workspace = { name = "tests", default_queue = "care" }
teams.care = {}
teams.sales = {}
teams.hats = {}
queues.care = { team = "care" }
queues.sales = { team = "sales" }
queues.hats = { team = "hats" }
channels.chat = { live = true, weight_percent = 10 }
channels.mail = { weight_percent = 10, accounts = { sales = { queue = "sales" }, hats = { queue = "hats" } } }
channels.task = { work = true, weight_percent = 10 }
agents.ana.teams = ["care"]
agents.sam.teams = ["sales"]
agents.hal.teams = ["hats"]
agents.tom = { teams = ["care"], roles = ["trainee"] }
roles.trainee = { may = ["*"], sees = { own = "facts", withholds = ["vip", "price", "orders", "note"] } }
brands.shoes = { accounts = { chat = ["main"], mail = ["main", "sales"] }, teams = ["care", "sales"] }
brands.hats = { accounts = { mail = ["hats"] }, teams = ["hats"] }
fields = { customer = { vip = "boolean" }, case = { orders = "integer" }, interaction = { note = "text" } }
commitments.attributes.price = { type = "money", unit = "EUR" }
commitments.attributes.pieces = { type = "quantity", unit = "pairs" }
commitments.tasks = "task"
participants.relative = { sees = "facts", told = true }
participants.expert = { shown = true }
""")
AT = datetime(2026, 3, 1, tzinfo=UTC)
JOE = Handle("joe")


@pytest.fixture
def centre() -> Centre:
    return Centre(plan=SHOP, clock=VirtualClock(AT))


async def write(ws: Workspace, number: int, account: str = "main", sender: Any = JOE, **more: Any) -> Received:
    channel = more.pop("channel", "mail")
    return await ws.receive(
        Message(channel, id=f"m{number}", account=account, sender=sender, text=f"t{number}", **more)
    )


async def commit(ws: Workspace, attribute: str, value: int, case: str | None, actor: str) -> None:
    await ws.execute(c.MakeCommitment("order:81", attribute, value, case=case, actor=actor))


async def shop(ws: Workspace) -> None:
    """Joe's cases with care, sales and another brand, with a price said in each; Eve has a case of her own."""
    for number, account in enumerate(("main", "sales", "hats")):
        await write(ws, number, account, topic=f"topic{number}")
    await write(ws, 9, sender=Handle("eve"))
    await ws.execute(c.SetFields("cu1", {"vip": True}))
    await commit(ws, "price", 4900, "ca1", "agent:ana")
    await commit(ws, "pieces", 2, "ca2", "agent:sam")
    await commit(ws, "pieces", 3, "ca3", "agent:hal")


# Customers


async def test_fields_of_a_customer_are_withheld_by_role(centre: Centre) -> None:
    async with centre.open() as ws:
        await shop(ws)
        assert (await ws.customer("cu1")).fields == {"vip": True}
        assert (await ws.customer("cu1", actor="agent:ana")).fields == {"vip": True}
        assert (await ws.customer("cu1", actor="agent:tom")).fields == {"vip": Withheld("role")}


async def test_customers_see_themselves_and_nobody_else(centre: Centre) -> None:
    async with centre.open() as ws:
        await shop(ws)
        await ws.execute(c.MergeCustomers("cu1", "cu2", "same name", 60))
        assert (await ws.customer("cu1", actor="agent:ana")).suggested == ("cu2",)
        own = await ws.customer("cu1", actor="customer:cu1")
        assert (own.id, own.suggested, own.fields) == ("cu1", (), {"vip": Withheld("inner")})
        with pytest.raises(NotPermitted):
            await ws.customer("cu1", actor="customer:cu2")
        with pytest.raises(NotPermitted):
            await ws.customer("cu1", actor="agent:nobody")
        with pytest.raises(InvalidCommand):
            await ws.customer("cu1", actor="boss")


# Cases and interactions


async def test_a_case_is_shown_as_far_as_its_reader_sees_it(centre: Centre) -> None:
    async with centre.open() as ws:
        await shop(ws)
        await ws.execute(c.SetFields("ca3", {"orders": 3}))
        whole = await ws.case("ca3")
        assert (whole.owner, whole.topic, whole.fields) == ("team:hats", "topic2", {"orders": 3})
        assert await ws.case("ca3", actor="agent:hal") == await ws.case("ca3", actor="operator:kim") == whole
        seen, mark = await ws.case("ca3", actor="agent:ana"), Withheld("brand", "hats")
        assert (seen.id, seen.state, seen.interactions) == (whole.id, whole.state, whole.interactions)
        assert (seen.owner, seen.topic, seen.participants, seen.fields) == ("team:hats", mark, (), {"orders": mark})
        await ws.execute(c.AssignCase("ca3", "agent", "hal"))
        assert (await ws.case("ca3", actor="agent:ana")).owner == mark
        await ws.execute(c.SetFields("ca1", {"orders": 1}))
        assert (await ws.case("ca1", actor="agent:tom")).fields == {"orders": Withheld("role")}


async def test_customers_see_their_own_cases_and_those_in_which_they_have_a_part(centre: Centre) -> None:
    async with centre.open() as ws:
        await shop(ws)
        await ws.execute(c.SetFields("ca1", {"orders": 1}))
        await ws.execute(c.SetFields("in1", {"note": "rude"}))
        assert (await ws.case("ca1", actor="customer:cu1")).fields == {"orders": Withheld("inner")}
        own = await ws.interaction("in1", actor="customer:cu1")
        assert (own.id, own.fields, own.suggested_case) == ("in1", {"note": Withheld("inner")}, None)
        for actor in ("customer:cu2", "agent:nobody"):
            with pytest.raises(NotPermitted):
                await ws.case("ca1", actor=actor)
            with pytest.raises(NotPermitted):
                await ws.interaction("in1", actor=actor)
        await ws.set_participant("ca1", Handle("eve"), "relative")
        assert (await ws.case("ca1", actor="customer:cu2")).participants == (ParticipantView("cu2", "relative"),)
        assert (await ws.interaction("in1", actor="customer:cu2")).id == "in1"
        await ws.set_participant("ca1", Handle("eve"), "expert")
        with pytest.raises(NotPermitted):
            await ws.interaction("in1", actor="customer:cu2")


async def test_an_interaction_is_shown_as_far_as_its_reader_sees_it(centre: Centre) -> None:
    async with centre.open() as ws:
        hal = await ws.sign_in("hal")
        await write(ws, 1, "hats", topic="a hat")
        await write(ws, 2, topic="a shoe")
        await (await hal.next_offer()).accept()
        for name in ("in1", "in2"):
            await ws.execute(c.SetFields(name, {"note": "rude"}))
        whole, mark = await ws.interaction("in1"), Withheld("brand", "hats")
        assert (whole.agent, whole.fields) == ("hal", {"note": "rude"})
        assert await ws.interaction("in1", actor="agent:hal") == whole
        seen = await ws.interaction("in1", actor="agent:ana")
        assert (seen.state, seen.channel, seen.agent, seen.fields) == (whole.state, "mail", mark, {"note": mark})
        waits = await ws.interaction("in2", actor="agent:hal")
        assert (waits.agent, waits.fields) == (None, {"note": Withheld("brand", "shoes")})
        assert (await ws.interaction("in2", actor="agent:tom")).fields == {"note": Withheld("role")}


async def test_an_agent_is_told_who_else_has_a_part_in_the_case(centre: Centre) -> None:
    async with centre.open() as ws:
        ana = await ws.sign_in("ana")
        await write(ws, 1)
        await ws.set_participant("ca1", Handle("eve"), "relative", acts=True, evidence="paper 17")
        context = await (await ana.next_offer()).context()
        assert context.participants == (ParticipantView("cu2", "relative", True),)


# Engagements


async def test_of_another_brand_it_is_told_that_there_is_something(centre: Centre) -> None:
    async with centre.open() as ws:
        hal = await ws.sign_in("hal")
        await write(ws, 1, "hats", topic="a hat")
        await (await hal.next_offer()).accept()
        await write(ws, 2, topic="a shoe")
        whole = await ws.engagement("cu1")
        assert whole is not None
        assert (whole.lead, whole.members) == ("hal", {"in1": "first", "in2": "separate"})
        assert await ws.engagement("cu1", actor="agent:hal") == await ws.engagement("cu1", actor="agent:hal")
        seen = await ws.engagement("cu1", actor="agent:ana")
        assert seen is not None
        assert (seen.id, seen.version) == (whole.id, whole.version)
        assert (seen.lead, seen.members) == (
            Withheld("brand", "hats"),
            {"in1": Withheld("brand", "hats"), "in2": "separate"},
        )
        assert await ws.engagement("cu1", actor="customer:cu1") == whole
        await write(ws, 3, sender=Handle("eve"))
        with pytest.raises(NotPermitted):
            await ws.engagement("cu1", actor="customer:cu2")


async def test_of_nobody_in_touch_there_is_nothing_to_show(centre: Centre) -> None:
    async with centre.open() as ws:
        got = await write(ws, 1)
        await ws.execute(c.CancelInteraction(got.interaction or "", "x"))
        assert await ws.engagement("cu1", actor="agent:ana") is None
        got = await write(ws, 2)
        found = await ws.engagement("cu1", actor="agent:ana")
        assert found is not None
        assert found.lead is None


# Commitments


async def said(ws: Workspace, actor: str | None, **about: Any) -> list[tuple[str, Any, Any, Any]]:
    statements = await ws.commitments(actor=actor, **about)
    return [(one.attribute, one.value, one.unit, one.text) for one in statements]


async def test_commitments_are_shown_to_every_team_of_the_brand(centre: Centre) -> None:
    async with centre.open() as ws:
        await shop(ws)
        mark = Withheld("brand", "hats")
        assert await said(ws, "agent:ana", customer="cu1") == [
            ("price", 4900, "EUR", "49.00 EUR"),
            ("pieces", 2, "pairs", "2 pairs"),
            ("pieces", mark, None, mark),
        ]
        assert len(await said(ws, None, customer="cu1")) == 3


async def test_a_role_may_withhold_an_attribute(centre: Centre) -> None:
    async with centre.open() as ws:
        await shop(ws)
        mark = Withheld("role")
        assert await said(ws, "agent:tom", case="ca1") == [("price", mark, None, mark)]
        assert await said(ws, "agent:tom", case="ca2") == [("pieces", 2, "pairs", "2 pairs")]


async def test_a_customer_sees_what_was_said_to_them_and_not_what_offices_told(centre: Centre) -> None:
    async with centre.open() as ws:
        await shop(ws)
        await ws.report_fact("erp", "order:81", "price", 4900, case="ca1")
        assert len(await said(ws, None, case="ca1")) == 2
        assert await said(ws, "customer:cu1", case="ca1") == [("price", 4900, "EUR", "49.00 EUR")]
        assert len(await said(ws, "customer:cu1", subject="order:81")) == 3
        assert await said(ws, "customer:cu2", subject="order:81") == []
        for about in ({"case": "ca1"}, {"customer": "cu1"}):
            with pytest.raises(NotPermitted):
                await said(ws, "customer:cu2", **about)


async def test_a_participant_sees_what_was_said_in_the_case_if_their_role_shows_facts(centre: Centre) -> None:
    async with centre.open() as ws:
        await shop(ws)
        for role in (None, "expert"):
            await ws.set_participant("ca1", "cu2", role)
            with pytest.raises(NotPermitted):
                await said(ws, "customer:cu2", case="ca1")
        await ws.set_participant("ca1", "cu2", "relative")
        assert await said(ws, "customer:cu2", case="ca1") == [("price", 4900, "EUR", "49.00 EUR")]
        assert await said(ws, "customer:cu2", subject="order:81") == [("price", 4900, "EUR", "49.00 EUR")]


async def test_what_was_told_of_no_case_is_nobodys_own(centre: Centre) -> None:
    async with centre.open() as ws:
        await write(ws, 1)
        await ws.report_fact("erp", "order:9", "price", 100, customer="cu1")
        assert [value for _, value, _, _ in await said(ws, "agent:hal", subject="order:9")] == [100]


async def test_conflicts_are_shown_as_their_statements_are(centre: Centre) -> None:
    async with centre.open() as ws:
        await shop(ws)
        conflict = (await ws.report_fact("erp", "order:81", "price", 5900, case="ca1")).conflict or ""
        assert [one.value for one in (await ws.conflict(conflict, actor="agent:ana")).statements] == [4900, 5900]
        hidden = (await ws.conflict(conflict, actor="agent:hal")).statements
        assert [one.value for one in hidden] == [Withheld("brand", "shoes")] * 2
        with pytest.raises(NotPermitted):
            await ws.conflict(conflict, actor="customer:cu1")
        with pytest.raises(UnknownId):
            await ws.conflict("cf9", actor="agent:ana")


# Contexts


async def crm(asked: Asked) -> Mapping[str, Any]:
    return {"mood": "cross"}


async def test_who_is_offered_a_contact_sees_it_as_their_own(centre: Centre) -> None:
    async with centre.open(sources={"crm": Source(crm)}) as ws:
        hal = await ws.sign_in("hal")
        await shop(ws)
        context = await (await hal.next_offer()).context()
        assert context.questions == (Question("me3", "t2"),)
        assert context.sources == {"crm": {"mood": "cross"}}
        assert [(past.agent, past.withheld) for past in context.contacts] == [
            (None, Withheld("brand", "shoes")),
            (None, Withheld("brand", "shoes")),
        ]
        marks = [one.value for one in context.commitments]
        assert marks == [3, Withheld("brand", "shoes"), Withheld("brand", "shoes")]


async def test_contacts_with_other_teams_of_the_brand_are_facts(centre: Centre) -> None:
    async with centre.open() as ws:
        ana = await ws.sign_in("ana")
        got = await write(ws, 1, topic="a")
        contact = await (await ana.next_offer()).accept()
        await contact.finish("resolved")
        sam = await ws.sign_in("sam")
        await write(ws, 2, "sales", topic="b")
        (past,) = (await (await sam.next_offer()).context()).contacts
        expected = PastContact(got.interaction or "", "mail", "DONE", past.started, "C-000001", "ana", "resolved")
        assert past == expected


async def test_whose_role_shows_no_texts_gets_none_and_nothing_of_other_systems(centre: Centre) -> None:
    async def find(asked: Asked, texts: Sequence[str]) -> list[Article]:
        raise AssertionError("nobody is asked what is not to be read")

    async with centre.open(sources={"crm": Source(crm), "help": Knowledge(find)}) as ws:
        tom = await ws.sign_in("tom")
        got = await write(ws, 1)
        offer = await tom.next_offer()
        await ws.execute(c.SetFields("cu1", {"vip": True}))
        await ws.execute(c.SetFields(got.case.id, {"orders": 3}))
        await ws.execute(c.SetFields(got.interaction or "", {"note": "x"}))
        mark = Withheld("role")
        context = await offer.context()
        assert context.questions == (Question("me1", mark),)
        assert (context.sources, context.knowledge) == ({}, {})
        assert context.missing == {"crm": "withheld", "help": "withheld"}
        assert (context.fields, context.case_fields, context.customer_fields) == (
            {"note": mark},
            {"orders": mark},
            {"vip": mark},
        )
        assert (context.work, context.handed_over) == (None, mark)


async def test_what_a_work_item_asks_for_is_withheld_too(centre: Centre) -> None:
    async with centre.open() as ws:
        tom = await ws.sign_in("tom")
        await write(ws, 1, "sales")
        await ws.open_work_item(WorkItem("task", key="j1", case="ca1", queue="care", title="look", text="at this"))
        context = await (await tom.next_offer()).context()
        assert context.work is not None
        assert (context.work.title, context.work.text) == (Withheld("role"), Withheld("role"))


# Participants


async def test_a_participant_is_entered_by_id_reference_or_address(centre: Centre) -> None:
    async with centre.open() as ws:
        await shop(ws)
        await ws.execute(c.AddRef("cu2", "crm:2"))
        assert await ws.set_participant("ca1", "cu2", "expert") == TakesPart("cu2", "ca1")
        assert await ws.set_participant("ca1", ref("crm:2"), "relative", actor="agent:ana") == TakesPart("cu2", "ca1")
        taken = await ws.set_participant("ca1", Email("zoe@mail.example"), acts=True, evidence="paper 7")
        assert taken == TakesPart("cu3", "ca1")
        assert (await ws.case("ca1")).participants == (
            ParticipantView("cu2", "relative"),
            ParticipantView("cu3", None, acts=True),
        )
        assert (await ws.customer("cu3")).addresses == {"email": 1}


async def test_all_that_is_stored_of_a_participant_is_told_to_them_and_forgotten_with_them(centre: Centre) -> None:
    async with centre.open() as ws:
        joe = await write(ws, 1, thread="t")
        await write(ws, 2, sender=Handle("eve", name="Eve"), thread="t")
        await ws.set_participant(joe.case.id, "cu2", "relative", acts=True, evidence="paper 7")
        told = await ws.export("cu2")
        assert [entry["event"] for entry in told if "case" in entry] == ["MessageReceived", "PartTaken", "PartTaken"]
        assert {entry["customer"] for entry in told} == {"cu2"}
        assert "paper 7" not in str(told), "what the case's customer consented to is the customer's"
        assert "paper 7" in str(await ws.export("cu1"))
        assert "t2" not in str(await ws.export("cu1"))
        await ws.erase("cu2", "asked")
        assert "t2" not in str([entry.text for entry in await ws.timeline("cu1")])
        assert "Eve" not in str(await ws.export("cu2"))
        assert "t1" in [entry.text for entry in await ws.timeline("cu1")]
        assert (await ws.case(joe.case.id)).participants == (ParticipantView("cu2", "relative"),)


async def test_a_client_reads_for_an_actor_and_enters_participants(tmp_path: Path) -> None:
    url = f"sqlite:{tmp_path / 'contacts.db'}"
    async with Workspace.open(SHOP, url) as ws:
        await shop(ws)
        async with connect(url) as client:
            assert await client.set_participant("ca1", "cu2", "relative") == TakesPart("cu2", "ca1")
            for actor in (None, "agent:ana", "agent:hal", "customer:cu1", "customer:cu2", "back_office:erp"):
                assert await client.timeline("cu1", actor=actor) == await ws.timeline("cu1", actor=actor)
            for actor in (None, "agent:ana", "agent:hal"):
                assert await client.explain("in1", actor=actor) == await ws.explain("in1", actor=actor)
            with pytest.raises(NotPermitted):
                await client.explain("in1", actor="customer:cu1")
            linked = await client.link_address("cu1", Email("joe@mail.example"), "told")
            assert linked.outcome == "linked"
