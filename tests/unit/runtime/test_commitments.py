"""Commitments through the runtime: said at the desk, contradicted from the back office, seen by whoever asks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import attrs
import pytest
from tests.contact_centre import PLAN, Centre, answered, message

from orchestra.errors import InvalidCommand, MalformedMessage, NotAllowedInState, NotPermitted, UnknownId
from orchestra.journal.registry import open_journal
from orchestra.model import commands as c, events as e
from orchestra.model.addresses import ref
from orchestra.model.definitions import AgentDefinition, Channel, CommitmentAttribute, Commitments, Role
from orchestra.model.results import Stated
from orchestra.runtime.client import connect
from orchestra.runtime.commitments import CommitmentView
from orchestra.testing.clock import VirtualClock

SHOP = attrs.evolve(
    PLAN,
    channels={**PLAN.channels, "task": Channel(work=True, weight_percent=10)},
    roles={"seller": Role(["*"], may_commit={"price": 4000, "delivery": True}, authority="sales")},
    agents={"ana": AgentDefinition(["care"], roles=["seller"]), "ben": AgentDefinition(["care"])},
    commitments=Commitments(
        attributes={
            "price": CommitmentAttribute("money", "lower", "EUR"),
            "delivery": CommitmentAttribute("date", "earlier"),
            "pieces": CommitmentAttribute("quantity", "higher", lasts=None),
        },
        authorities={"sales": 10, "billing": 20},
        tasks="task",
    ),
)
AT = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def centre() -> Centre:
    return Centre(plan=SHOP, clock=VirtualClock(AT))


async def test_what_an_agent_says_is_committed_in_the_case_of_their_contact(centre: Centre) -> None:
    async with centre.open() as workspace:
        contact = await answered(workspace)
        until = workspace_now(centre) + timedelta(days=2)
        assert await contact.commit("order:81", "price", 4900, until=until) == Stated("cm1")
        assert await contact.commit("order:81", "delivery", date(2026, 3, 3)) == Stated("cm2")
        price, day = await workspace.commitments("order:81")
        assert price == CommitmentView(
            "cm1",
            "commitment",
            "order:81",
            "price",
            4900,
            "EUR",
            "49.00 EUR",
            "agent:ana",
            "sales",
            "in1",
            "cu1",
            "ca1",
            price.valid_from,
            until,
            None,
        )
        assert (day.value, day.unit, day.text) == ("2026-03-03", None, "2026-03-03")
        with pytest.raises(NotPermitted, match=r"40\.00 EUR at least"):
            await contact.commit("order:82", "price", 3900)
        corrected = await contact.commit("order:81", "price", 4500, "EUR", supersedes="cm1")
        assert corrected == Stated("cm3")
        assert centre.events(e.CommitmentCorrected)[0].rule == "supersession"


def workspace_now(centre: Centre) -> datetime:
    assert isinstance(centre.clock, VirtualClock)
    return centre.clock.now


async def test_what_was_said_is_found_by_subject_case_and_customer(centre: Centre) -> None:
    async with centre.open() as workspace:
        contact = await answered(workspace)
        await contact.commit("order:81", "price", 4900)
        await workspace.execute(c.MakeCommitment("order:82", "pieces", 3, "pieces", customer=contact.customer))
        await workspace.execute(c.AddRef(contact.customer, "crm:5"))
        by_case = await workspace.commitments(case=contact.case.id)
        assert [found.id for found in by_case] == ["cm1"]
        assert [found.id for found in await workspace.commitments(customer=ref("crm:5"))] == ["cm1", "cm2"]
        assert [found.valid_until for found in await workspace.commitments("order:82")] == [None]
        assert await workspace.commitments("order:83") == ()
        with pytest.raises(UnknownId):
            await workspace.commitments(case="ca9")
        with pytest.raises(UnknownId):
            await workspace.commitments(customer="cu9")
        with pytest.raises(InvalidCommand, match="give a subject, a case or a customer"):
            await workspace.commitments()
        with pytest.raises(InvalidCommand):
            await workspace.commitments("order:81", case="ca1")
        other = await workspace.receive(message(9, sender="jim"))
        assert await workspace.commitments(case=other.case.id) == ()
        assert await workspace.commitments(customer=other.customer) == ()


async def test_a_back_office_contradicts_what_was_said_and_a_person_settles_it(centre: Centre) -> None:
    async with centre.open() as workspace:
        contact = await answered(workspace)
        await contact.commit("order:81", "price", 4900)
        until = AT + timedelta(days=30)
        told = await workspace.report_fact("billing", "order:81", "price", 5900, "EUR", until=until, source="bill:7")
        assert told == Stated("fa2", "cf1")
        assert workspace.health().conflicts_open == 1
        assert centre.events(e.FactReported)[0].by == "back_office:billing"
        conflict = await workspace.conflict("cf1")
        assert (conflict.id, conflict.subject, conflict.attribute) == ("cf1", "order:81", "price")
        assert (conflict.customer, conflict.case) == (contact.customer, contact.case.id)
        assert (conflict.keep, conflict.rule, conflict.effect) == ("fa2", "authority", "worse")
        assert [(said.id, said.text, said.by) for said in conflict.statements] == [
            ("cm1", "49.00 EUR", "agent:ana"),
            ("fa2", "59.00 EUR", "back_office:billing"),
        ]
        with pytest.raises(NotAllowedInState, match="in conflict cf1"):
            await workspace.execute(c.SendMessage(contact.case.id, "k1", subject="order:81", text="Your bill"))
        await workspace.execute(c.SettleConflict("cf1", "cm1", actor="agent:ana"))
        with pytest.raises(UnknownId, match="cf1"):
            await workspace.conflict("cf1")


async def test_facts_name_the_case_or_the_customer_where_that_is_known(centre: Centre) -> None:
    async with centre.open() as workspace:
        got = await workspace.receive(message(1))
        await workspace.report_fact("carrier", "order:81", "delivery", date(2026, 3, 6), case=got.case.id)
        await workspace.report_fact("carrier", "order:82", "delivery", "2026-03-06", customer=got.customer)
        assert [(told.customer, told.case) for told in centre.events(e.FactReported)] == [("cu1", "ca1"), ("cu1", None)]


async def test_days_and_times_must_be_what_they_are(centre: Centre) -> None:
    async with centre.open() as workspace:
        with pytest.raises(MalformedMessage, match="a day, not a time"):
            await workspace.report_fact("carrier", "order:81", "delivery", AT)
        with pytest.raises(MalformedMessage, match="time zone"):
            await workspace.report_fact("carrier", "order:81", "price", 1, until=datetime(2026, 3, 9))  # noqa: DTZ001


async def test_an_offer_tells_what_was_said_newest_first_and_no_more_than_twenty(centre: Centre) -> None:
    async with centre.open() as workspace:
        contact = await answered(workspace)
        for number in range(22):
            await contact.commit(f"order:{number}", "price", 4900)
        await workspace.report_fact("billing", "order:21", "price", 5900)
        context = await contact.context()
        assert len(context.commitments) == 20
        assert context.commitments[0].text == "49.00 EUR"
        assert [(said.id, said.conflict) for said in context.commitments[:2]] == [("cm22", "cf1"), ("cm21", None)]


async def test_what_turns_out_worse_is_a_task_that_says_what_was_said(centre: Centre) -> None:
    async with centre.open() as workspace:
        contact = await answered(workspace)
        await contact.commit("order:81", "price", 4900)
        await workspace.report_fact("billing", "order:81", "price", 5900)
        await workspace.execute(c.SettleConflict("cf1", "fa2", "the offer had ended"))
        ana = await workspace.sign_in("ana")
        task = await ana.next_offer()
        while task.channel != "task":
            task = await ana.next_offer()
        work = (await task.context()).work
        assert work is not None
        assert work.title == "price of order:81: 59.00 EUR holds, the customer was told 49.00 EUR"
        sentences = [entry.sentence for entry in await workspace.timeline(contact.customer)]
        assert "price of order:81 is 59.00 EUR, not 49.00 EUR (decided) (the offer had ended): " in "\n".join(sentences)


async def test_any_process_reports_facts_and_commits_with_the_same_answers(tmp_path: Path) -> None:
    url = f"sqlite:{tmp_path / 'contacts.db'}"
    async with Centre(open_journal(url), plan=SHOP).open() as workspace:
        got = await workspace.receive(message(1))
        await workspace.execute(c.AddRef(got.case.id, "ticket:5"))
        async with connect(url) as client:
            said = await client.execute(c.MakeCommitment("order:81", "delivery", "2026-03-03", case=ref("ticket:5")))
            assert said == Stated("cm1")
            told = await client.report_fact("carrier", "order:81", "delivery", date(2026, 3, 6), case=ref("ticket:5"))
            assert told == Stated("fa2", holds=False)
            with pytest.raises(UnknownId, match="weight"):
                await client.report_fact("carrier", "order:81", "weight", 5)


async def test_what_was_said_to_a_customer_is_found_under_each_of_their_ids(centre: Centre) -> None:
    async with centre.open() as workspace:
        first, second = await workspace.receive(message(1)), await workspace.receive(message(2, sender="jo"))
        await workspace.execute(c.MakeCommitment("order:81", "price", 4900, case=first.case.id))
        await workspace.execute(c.MakeCommitment("order:82", "price", 4900, customer=second.customer))
        await workspace.execute(c.MergeCustomers(first.customer, second.customer, "told"))
        for customer in (first.customer, second.customer):
            found = await workspace.commitments(customer=customer)
            assert [(said.id, said.customer) for said in found] == [("cm1", "cu1"), ("cm2", "cu1")]
        await workspace.report_fact("billing", "order:82", "price", 5900)
        assert (await workspace.conflict("cf1")).customer == "cu1"
        await workspace.execute(c.SettleConflict("cf1", "fa3"))
        assert centre.events(e.WorkItemOpened)[0].customer == "cu1"
        assert "fa3" in [said.id for said in await workspace.commitments(customer="cu1")]
