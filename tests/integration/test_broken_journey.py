"""The classic broken journey: what sales and delivery said to a customer, and what other departments then know."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from tests.contact_centre import Centre, message

from orchestra.errors import NotAllowedInState, NotPermitted
from orchestra.model import commands as c, events as e
from orchestra.model.plan import Plan
from orchestra.runtime.agents import ActiveContact
from orchestra.runtime.workspace import Workspace
from orchestra.testing.clock import VirtualClock

SHOP = Plan.parse("""
workspace = { name = "shop", default_queue = "sales" }
teams.sales = {}
queues.sales = { team = "sales", announce_every = "0s" }
channels.chat = { live = true, weight_percent = 50 }
channels.task = { work = true, weight_percent = 20 }

[commitments]
tasks = "task"
authorities = { carrier = 30, sales = 10, billing = 10 }
attributes.price = { type = "money", better = "lower", unit = "EUR" }
attributes.delivery = { type = "date", better = "earlier" }
attributes.refund = { type = "money", better = "higher", unit = "EUR" }

[roles.seller]
may = ["*"]
authority = "sales"
may_commit = { price = 4000, delivery = true, refund = 5000 }

[roles.supervisor]
may = ["*"]
authority = "sales"

[agents]
ana = { teams = ["sales"], roles = ["seller"] }
sue = { teams = ["sales"], roles = ["supervisor"] }
""")
SUNDAY = datetime(2026, 11, 29, 9, tzinfo=UTC)
TUESDAY, FRIDAY = date(2026, 12, 1), date(2026, 12, 4)


@pytest.fixture
def centre() -> Centre:
    return Centre(plan=SHOP, clock=VirtualClock(SUNDAY))


async def a_sale(workspace: Workspace) -> ActiveContact:
    """Joe asks what the shoes cost and when they come, and ana tells him."""
    ana = await workspace.sign_in("ana")
    await workspace.receive(message(1, "What do the shoes cost, and when do they come?"))
    contact = await (await ana.next_offer()).accept()
    await contact.commit("order:81", "price", 4900)
    await contact.commit("order:81", "delivery", TUESDAY)
    await contact.reply("49 euros, and they come on Tuesday.")
    return contact


async def told(workspace: Workspace, customer: str, after: int) -> list[str]:
    """What the customer's timeline tells from a position on."""
    return [entry.sentence for entry in await workspace.timeline(customer) if entry.position > after]


async def test_billing_that_does_not_know_the_deal_is_told_and_the_deal_holds(centre: Centre) -> None:
    async with centre.open() as workspace:
        contact = await a_sale(workspace)
        after = workspace.health().position
        stated = await workspace.report_fact("billing", "order:81", "price", 5900, source="bill:7")
        assert not stated.holds, "the deal that was made in joe's own case is more specific than the list of prices"
        assert await told(workspace, contact.customer, after) == [
            (
                "conflict cf1 about price of order:81: back_office:billing has it as 59.00 EUR, "
                "agent:ana as 49.00 EUR; cm1 would hold (the more specific)"
            ),
            "price of order:81 is 49.00 EUR, not 59.00 EUR (the more specific)",
        ]
        (correction,) = centre.events(e.CommitmentCorrected)
        assert (correction.value, correction.ended, correction.effect) == (4900, [stated.statement], "none")
        assert centre.events(e.WorkItemOpened) == [], "nobody has to tell joe anything"


async def test_a_day_that_the_carrier_cannot_keep_is_settled_corrected_and_told_to_the_customer(centre: Centre) -> None:
    async with centre.open() as workspace:
        contact = await a_sale(workspace)
        await contact.finish()
        after = workspace.health().position

        # The carrier knows better, and it is worse for joe: a person has to decide what he is told.
        stated = await workspace.report_fact("carrier", "order:81", "delivery", FRIDAY, source="parcel:5")
        conflict = await workspace.conflict(stated.conflict or "")
        assert [(said.by, said.text) for said in conflict.statements] == [
            ("agent:ana", "2026-12-01"),
            ("back_office:carrier", "2026-12-04"),
        ]
        assert (conflict.keep, conflict.rule, conflict.effect) == (stated.statement, "authority", "worse")

        # Until then no notice about the order leaves.
        notice = c.SendMessage(contact.case.id, "notice-81", "order", subject="order:81", text="It comes on Tuesday!")
        with pytest.raises(NotAllowedInState, match="order:81 is in conflict cf1"):
            await workspace.execute(notice)

        # Sue decides. What had been said is corrected, and somebody is to deal with it, in joe's case.
        settle = c.SettleConflict(conflict.id, stated.statement, "parcel at the hub", actor="agent:sue")
        await workspace.execute(settle)
        ana = await workspace.sign_in("ana")
        task = await (await ana.next_offer()).accept()
        assert (task.channel, task.case) == ("task", contact.case)
        context = await task.context()
        assert context.work is not None
        assert context.work.title == "delivery of order:81: 2026-12-04 holds, the customer was told 2026-12-01"
        assert [(said.id, said.text) for said in context.commitments] == [
            ("fa3", "2026-12-04"),
            ("cm1", "49.00 EUR"),
        ]

        # Ana makes up for it, as far as she may.
        with pytest.raises(NotPermitted, match=r"refund of 50\.00 EUR at most"):
            await task.commit("order:81", "refund", 8000)
        await task.commit("order:81", "refund", 1000)
        await workspace.execute(
            c.SendMessage(
                task.case.id, "sorry-81", "order", subject="order:81", text="It comes on Friday. Have 10 back."
            )
        )
        await task.finish("resolved")
        assert await told(workspace, contact.customer, after) == [
            (
                "conflict cf1 about delivery of order:81: back_office:carrier has it as 2026-12-04, "
                "agent:ana as 2026-12-01; fa3 would hold (by authority)"
            ),
            (
                "delivery of order:81 is 2026-12-04, not 2026-12-01 (decided) (parcel at the hub): "
                "worse than the customer was told"
            ),
            "work was asked for: in2, on task",
            "a work item began on task",
            "waits in queue sales (arrived)",
            "offered to ana",
            "ana took it",
            "agent:ana said: refund of order:81 is 10.00 EUR",
            "the company answered",
            "the contact with ana ended, by agent [resolved]",
            "in2 is over (finished) [resolved]",
            "the case is resolved [resolved]",
        ]


async def test_what_waits_to_leave_when_the_day_is_contradicted_does_not_tell_the_wrong_one(centre: Centre) -> None:
    async with centre.open() as workspace:
        contact = await a_sale(workspace)
        await workspace.settle()
        await workspace.execute(c.StopSending("maintenance", "chat", actor="operator:eve"))
        text = "It comes on Tuesday!"
        await workspace.execute(c.SendMessage(contact.case.id, "notice-81", "order", subject="order:81", text=text))
        await workspace.report_fact("carrier", "order:81", "delivery", FRIDAY)
        await workspace.execute(c.StartSending("chat", actor="operator:eve"))
        await workspace.settle()
        await workspace.execute(c.SettleConflict("cf1", "fa3", actor="agent:sue"))
        await workspace.settle()
        await centre_clock(centre).advance(hours=1)
        assert [sent.text for sent in centre.provider.delivered] == ["49 euros, and they come on Tuesday."]
        assert [event.reason for event in centre.events(e.DeliveryCanceled)] == ["corrected"]


def centre_clock(centre: Centre) -> VirtualClock:
    assert isinstance(centre.clock, VirtualClock)
    return centre.clock
