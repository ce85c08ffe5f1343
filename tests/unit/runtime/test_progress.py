"""How cases go on, through the runtime: stages, promises and forecasts, told by whoever knows, read by whoever asks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest
from tests.case_plans import ORDER
from tests.contact_centre import PLAN, Centre, answered, message

from orchestra.errors import (
    CommandRefused,
    InvalidCommand,
    MalformedMessage,
    NotAllowedInState,
    NotPermitted,
    UnknownId,
)
from orchestra.journal.registry import open_journal
from orchestra.model import commands as c
from orchestra.model.addresses import ref
from orchestra.model.definitions import AgentDefinition, Role
from orchestra.model.results import CaseRef
from orchestra.model.roles import Sight
from orchestra.runtime.client import connect
from orchestra.runtime.progress import ForecastView, ProgressView, PromiseView
from orchestra.runtime.readers import Withheld
from orchestra.testing.clock import VirtualClock

SHOP = attrs.evolve(
    PLAN,
    case_types={"order": ORDER},
    teams={**PLAN.teams, "sales": PLAN.teams["care"]},
    roles={"stranger": Role(["*"], sees=Sight(teams="trace"))},
    agents={**PLAN.agents, "dan": AgentDefinition(["sales"], roles=["stranger"])},
)
AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
CASE = CaseRef("ca1", "C-000001")
STAGES = ("received", "checked", "shipping", "ready")


@pytest.fixture
def centre() -> Centre:
    return Centre(plan=SHOP, clock=VirtualClock(AT))


async def test_how_far_a_case_has_come_is_read_at_any_time(centre: Centre) -> None:
    async with centre.open() as workspace:
        await workspace.receive(message(1, topic="order"))
        await workspace.execute(c.AddRef("ca1", "order:81"))
        order = ref("order:81")
        first = await workspace.progress(order)
        began = first.since
        assert began is not None
        forecast = ForecastView(began + 14 * HOUR, began + 27 * HOUR, None)
        assert first == ProgressView(CASE, "order", "received", STAGES, began, forecast, began + 4 * HOUR, ())
        promised = await workspace.promise(order)
        assert (promised.earliest, promised.due) == (forecast.earliest, forecast.due)
        await workspace.advance(order, "shipping", due=began + 40 * HOUR, reason="no driver", actor="back_office:erp")
        late = await workspace.progress(order)
        assert (late.stage, late.forecast) == ("shipping", ForecastView(began + 40 * HOUR, began + 40 * HOUR, None))
        assert [one.due for one in late.promises] == [forecast.due], "a promise is not moved by what is foreseen"
        told = await workspace.revise_promise("pr1", "no driver", due=began + 41 * HOUR, confidence=90)
        assert told.due == began + 41 * HOUR
        (promise,) = (await workspace.progress("ca1")).promises
        assert promise == PromiseView(
            *("pr1", "resolution", promise.earliest, began + 41 * HOUR, forecast.due, "REVISED", "OPEN"),
            *("back_office", 90, None, 1, promise.made, None),
        )
        await workspace.advance(order, "ready")
        done = await workspace.progress(order)
        assert (done.stage, done.forecast, done.next_update) == ("ready", None, None)
        assert [(one.state, one.last) for one in done.promises] == [("KEPT", "KEPT")]
        assert done.promises[0].done is not None


async def test_an_agent_promises_in_their_contact(centre: Centre) -> None:
    async with centre.open() as workspace:
        contact = await answered(workspace)
        await workspace.set_case_type("ca1", "order")
        promised = await contact.promise("checked", AT + 5 * HOUR)
        assert (promised.promise, promised.due) == ("pr1", AT + 5 * HOUR)
        await contact.promise("update")
        promises = (await workspace.progress("ca1")).promises
        assert [(one.what, one.basis, one.stated_via) for one in promises] == [
            ("checked", "agent", "in1"),
            ("update", "normal_time", "in1"),
        ]
        await workspace.withdraw_promise("pr1", "not wanted", actor="agent:ana")
        with pytest.raises(NotAllowedInState):
            await workspace.withdraw_promise("pr1", "not wanted")
        with pytest.raises(MalformedMessage):
            await contact.promise("checked", AT.replace(tzinfo=None))


async def test_what_happened_reads_in_plain_words(centre: Centre) -> None:
    async with centre.open() as workspace:
        await workspace.receive(message(1, topic="order"))
        await workspace.promise("ca1", due=AT + 30 * HOUR)
        await workspace.advance("ca1", "shipping", due=AT + 40 * HOUR, reason="no driver")
        await workspace.advance("ca1", "shipping", due=AT + 30 * HOUR)
        await workspace.revise_promise("pr1", "no driver", due=AT + 35 * HOUR)
        await workspace.promise("ca1", "shipping", due=AT + 60 * HOUR)
        await workspace.withdraw_promise("pr2", "not wanted")
        await workspace.advance("ca1", "ready")
        known = ("stage", "promise", "resolution", "pr2", "resolved", "pr1")
        sentences = [entry.sentence for entry in await workspace.timeline("cu1")]
        assert [one for one in sentences if any(word in one for word in known)] == [
            "the case is in stage received",
            "was promised resolution by 2026-03-03 15:00 UTC, which is pr1",
            "the case is in stage shipping (no driver)",
            "resolution will be later than 2026-03-03 15:00 UTC, perhaps until 2026-03-04 01:00 UTC (no driver)",
            "stage shipping should be over by 2026-03-03 15:00 UTC",
            "resolution should be done in time after all, by 2026-03-03 15:00 UTC",
            "was told 2026-03-03 20:00 UTC for resolution, not 2026-03-03 15:00 UTC any more (no driver)",
            "was promised shipping by 2026-03-04 21:00 UTC, which is pr2",
            "pr2 about shipping is withdrawn (not wanted)",
            "the case is in stage ready",
            "pr1 about resolution is kept",
        ]


async def test_time_alone_breaks_a_promise_and_foresees_a_delay(centre: Centre) -> None:
    async with centre.open() as workspace:
        await workspace.receive(message(1, topic="order"))
        await workspace.promise("ca1", "received", due=AT + 2 * HOUR)
        assert isinstance(centre.clock, VirtualClock)
        await centre.clock.advance(hours=5)
        sentences = [entry.sentence for entry in await workspace.timeline("cu1")]
        assert "pr1 about received is broken" in sentences
        assert "received will be later than 2026-03-02 11:00 UTC, nobody knows until when (overrun)" in sentences
        assert "is to hear of the case by 2026-03-02 13:00 UTC, whether anything has changed or not" in sentences


async def test_each_reader_sees_of_it_what_they_may(centre: Centre) -> None:
    async with centre.open() as workspace:
        await workspace.receive(message(1, topic="order"))
        await workspace.receive(message(2, sender="mia"))
        await workspace.promise("ca1")
        whole = await workspace.progress("ca1")
        assert await workspace.progress("ca1", actor="agent:ana") == whole
        theirs = await workspace.progress("ca1", actor="customer:cu1")
        assert theirs == attrs.evolve(whole, forecast=None), "what is only foreseen is not stated"
        mark = Withheld("team", "care")
        hidden = await workspace.progress("ca1", actor="agent:dan")
        assert hidden == ProgressView(CASE, mark, mark, (), None, None, None, ())
        with pytest.raises(NotPermitted):
            await workspace.progress("ca1", actor="customer:cu2")
        outer = [entry.sentence for entry in await workspace.timeline("cu1", actor="customer:cu1")]
        assert "the case is in stage received" in outer
        assert not any("will be" in sentence or "should be" in sentence for sentence in outer)


async def test_a_case_may_have_no_type_and_get_one(centre: Centre) -> None:
    async with centre.open() as workspace:
        await workspace.receive(message(1))
        assert await workspace.progress("ca1") == ProgressView(CASE, None, None, (), None, None, None, ())
        await workspace.set_case_type("ca1", "order", actor="agent:ana")
        assert (await workspace.progress("ca1")).stage == "received"
        await workspace.set_case_type("ca1", None)
        assert (await workspace.progress("ca1")).type is None
        with pytest.raises(UnknownId):
            await workspace.set_case_type("ca1", "gossip")


async def test_what_cannot_be_asked_is_refused(centre: Centre) -> None:
    async with centre.open() as workspace:
        await workspace.receive(message(1, topic="order"))
        naive = AT.replace(tzinfo=None)
        for field in ("due", "earliest"):
            times: dict[str, Any] = {"due": AT + HOUR, field: naive}
            for asked in (
                workspace.advance("ca1", "checked", **times),
                workspace.promise("ca1", **times),
                workspace.revise_promise("pr1", "late", **times),
            ):
                with pytest.raises(MalformedMessage, match=field):
                    await asked
        for case in ("", "ca9"):
            with pytest.raises((InvalidCommand, UnknownId)):
                await workspace.progress(case)
        with pytest.raises(CommandRefused):
            await workspace.advance("ca1", "packed")


async def test_another_process_asks_for_the_same(tmp_path: Path) -> None:
    url = f"sqlite:{tmp_path / 'contacts.db'}"
    centre = Centre(journal=open_journal(url), plan=SHOP)
    async with centre.open() as workspace, connect(url) as client:
        await workspace.receive(message(1, topic="order"))
        await client.advance("ca1", "checked", actor="back_office:erp")
        promised = await client.promise("ca1", "shipping")
        assert promised.due > promised.earliest
        await client.withdraw_promise(promised.promise, "not wanted")
        assert (await workspace.progress("ca1")).stage == "checked"


async def test_who_is_offered_a_contact_knows_what_its_customer_was_promised_and_told(centre: Centre) -> None:
    async with centre.open() as workspace:
        got = await workspace.receive(message(1, topic="order"))
        promised = await workspace.promise(got.case.id, "checked", due=AT + 6 * HOUR, actor="agent:ana")
        await workspace.tell_fact(got.case.id, "carrier", "by ship")
        ana = await workspace.sign_in("ana")
        offer = await ana.next_offer()
        context = await offer.context()
        assert context.progress == await workspace.progress(got.case.id, actor="agent:ana")
        assert [one.id for one in context.progress.promises] == [promised.promise]
        assert context.told == await workspace.told(got.case.id, actor="agent:ana")
        assert ("carrier", "by ship") in [(one.fact, one.value) for one in context.told]


async def test_whoever_is_asked_to_take_a_case_over_knows_what_they_would_have_to_keep(centre: Centre) -> None:
    async with centre.open() as workspace:
        got = await workspace.receive(message(1, topic="order"))
        promised = await workspace.promise(got.case.id, "checked", due=AT + 6 * HOUR)
        await workspace.tell_fact(got.case.id, "carrier", "by ship")
        assert (await workspace.progress(got.case.id, actor="agent:dan")).stage == Withheld("team", "care")
        await workspace.execute(c.OfferHandOff(got.case.id, "agent", "dan"))
        context = await workspace.hand_off_context("ho1", "dan")
        assert context.progress == await workspace.progress(got.case.id)
        assert [one.id for one in context.progress.promises] == [promised.promise]
        assert context.told == await workspace.told(got.case.id)


async def test_who_may_not_see_what_was_said_is_not_told_it_with_an_offer(centre: Centre) -> None:
    blind = attrs.evolve(
        SHOP,
        roles={"blind": Role(["*"], sees=Sight(own="trace", teams="trace"))},
        agents={"ana": AgentDefinition(["care"], roles=["blind"])},
    )
    async with Centre(plan=blind, clock=VirtualClock(AT)).open() as workspace:
        got = await workspace.receive(message(1, topic="order"))
        await workspace.promise(got.case.id, "checked", due=AT + 6 * HOUR)
        await workspace.tell_fact(got.case.id, "carrier", "by ship")
        context = await (await (await workspace.sign_in("ana")).next_offer()).context()
        assert (context.progress.promises, context.progress.stage) == ((), Withheld("role"))
        assert {one.value for one in context.told} == {Withheld("role")}
