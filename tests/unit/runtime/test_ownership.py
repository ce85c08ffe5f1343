"""Who answers for cases, through the runtime: offered with all that is known, taken, escalated, listed in pages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import attrs
import pytest
from tests.contact_centre import PLAN, Centre, answered, message

from orchestra.errors import InvalidCommand, NotAllowedInState, NotPermitted, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.definitions import AgentDefinition, CommitmentAttribute, Commitments, Fields, Team
from orchestra.model.results import CaseRef, OfferedHandOff
from orchestra.runtime.context import Question
from orchestra.runtime.ownership import HandOffView
from orchestra.testing.clock import VirtualClock

SHOP = attrs.evolve(
    PLAN,
    teams={"care": Team(escalates_to="leads"), "returns": Team(), "leads": Team()},
    agents={**PLAN.agents, "dan": AgentDefinition(["returns"]), "lea": AgentDefinition(["leads", "returns"])},
    commitments=Commitments(attributes={"price": CommitmentAttribute("money", "lower", "EUR")}),
    fields=Fields(case={"size": "integer"}, customer={"vip": "boolean"}),
)
AT = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def centre() -> Centre:
    return Centre(plan=SHOP, clock=VirtualClock(AT))


async def test_whoever_is_asked_knows_what_is_known(centre: Centre) -> None:
    async with centre.open() as workspace:
        contact = await answered(workspace)
        await workspace.execute(c.VerifyContact("in1", "basic", "asked"))
        await workspace.execute(c.SetFields("ca1", {"size": 42}))
        await workspace.execute(c.SetFields("cu1", {"vip": True}))
        await contact.commit("order:81", "price", 4900)
        await workspace.report_fact("billing", "order:81", "price", 4900, case="ca1")
        await workspace.receive(message(2, "And may I return them?"))
        ana, dan = await workspace.sign_in("ana"), await workspace.sign_in("dan")
        offered = await ana.offer_case("ca1", team="returns", note="wants to return the shoes")
        assert offered.hand_off == "ho1"
        (shown,) = await dan.hand_offs()
        assert shown == HandOffView(
            "ho1",
            CaseRef("ca1", "C-000001"),
            "cu1",
            "agent:ana",
            "team:returns",
            shown.offered,
            shown.offered + timedelta(hours=4),
        )
        context = await dan.hand_off_context("ho1")
        assert (context.case.id, context.owner, context.note) == ("ca1", "agent:ana", "wants to return the shoes")
        assert (context.case_fields, context.customer_fields) == ({"size": 42}, {"vip": True})
        assert context.questions == (Question("me3", "And may I return them?"),)
        assert [(said.kind, said.text) for said in context.commitments] == [
            ("fact", "49.00 EUR"),
            ("commitment", "49.00 EUR"),
        ]
        assert [past.interaction for past in context.contacts] == ["in1"]
        assert context.verified == {"in1": "basic"}
        assert await dan.accept_hand_off("ho1") == CaseRef("ca1", "C-000001")
        assert (await workspace.case("ca1")).owner == "agent:dan"
        assert await dan.hand_offs() == ()
        assert (await workspace.interaction("in1")).verified == "basic"


async def test_who_is_not_asked_learns_nothing(centre: Centre) -> None:
    async with centre.open() as workspace:
        await answered(workspace)
        ana, ben = await workspace.sign_in("ana"), await workspace.sign_in("ben")
        await ana.offer_case("ca1", agent="dan")
        for refused in (ana.hand_off_context, ben.hand_off_context, ben.accept_hand_off):
            with pytest.raises(NotPermitted):
                await refused("ho1")
        with pytest.raises(NotPermitted):
            await ben.offer_case("ca1", team="care")
        dan = await workspace.sign_in("dan")
        assert (await dan.hand_off_context("ho1")).note is None
        await dan.decline_hand_off("ho1", "not ours")
        with pytest.raises(UnknownId):
            await dan.hand_off_context("ho1")
        with pytest.raises(NotAllowedInState):
            await dan.accept_hand_off("ho1")
        (ended,) = centre.events(e.HandOffEnded)
        assert (ended.outcome, ended.agent, ended.reason) == ("DECLINED", "dan", "not ours")


async def test_it_is_offered_to_a_team_or_to_an_agent(centre: Centre) -> None:
    async with centre.open() as workspace:
        await answered(workspace)
        ana = await workspace.sign_in("ana")
        for more in ({}, {"team": "returns", "agent": "dan"}):
            with pytest.raises(InvalidCommand, match="team"):
                await ana.offer_case("ca1", **more)


async def test_an_agent_sees_what_is_offered_to_them_and_to_their_teams(centre: Centre) -> None:
    async with centre.open() as workspace:
        await answered(workspace)
        for _ in range(5):
            await workspace.execute(c.OpenCase("cu1"))
        for number, to in enumerate((("team", "leads"), ("agent", "lea"), ("team", "returns"), ("agent", "dan")), 1):
            offered = await workspace.execute(c.OfferHandOff(f"ca{number}", *to))
            assert isinstance(offered, OfferedHandOff)
        assert [one.id for one in await workspace.hand_offs(agent="lea")] == ["ho1", "ho2", "ho3"]
        assert [one.id for one in await workspace.hand_offs(agent="lea", after="ho1", limit=1)] == ["ho2"]
        assert [one.id for one in await workspace.hand_offs(agent="dan")] == ["ho3", "ho4"]
        assert [one.to for one in await workspace.hand_offs(team="returns")] == ["team:returns"]
        assert await workspace.hand_offs(team="care") == ()


async def test_what_somebody_owns_comes_in_pages(centre: Centre) -> None:
    async with centre.open() as workspace:
        await answered(workspace)
        for _ in range(4):
            await workspace.execute(c.OpenCase("cu1"))
        assert [case.id for case in await workspace.owned_by(agent="ana")] == ["ca1"]
        first = await workspace.owned_by(team="care", limit=3)
        assert [(case.id, case.owner) for case in first] == [(f"ca{number}", "team:care") for number in (2, 3, 4)]
        assert [case.id for case in await workspace.owned_by(team="care", after=first[-1].id, limit=3)] == ["ca5"]
        assert await workspace.owned_by(team="leads") == ()


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({}, InvalidCommand),
        ({"agent": "ana", "team": "care"}, InvalidCommand),
        ({"agent": "nobody"}, UnknownId),
        ({"team": "nobody"}, UnknownId),
        ({"team": "care", "limit": 0}, InvalidCommand),
        ({"team": "care", "limit": 1001}, InvalidCommand),
        ({"team": "care", "after": "x"}, InvalidCommand),
        ({"team": "care", "after": "ca²"}, InvalidCommand),
    ],
)
async def test_pages_that_nobody_has(centre: Centre, asked: dict[str, object], error: type[Exception]) -> None:
    async with centre.open() as workspace:
        for listed in (workspace.owned_by, workspace.hand_offs):
            with pytest.raises(error):
                await listed(**asked)  # type: ignore[arg-type]


async def test_an_agent_escalates(centre: Centre) -> None:
    async with centre.open() as workspace:
        await answered(workspace)
        ana = await workspace.sign_in("ana")
        await ana.escalate("ca1", "angry")
        assert (await workspace.case("ca1")).owner == "team:leads"
        told = [entry.sentence for entry in await workspace.timeline("cu1")]
        assert "the case escalated from team care to team leads (angry)" in told
        assert "team leads now answers for the case (escalated)" in told
