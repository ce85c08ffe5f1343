"""Findings through the runtime: raised at the desk, listed for each team with what was said, acknowledged."""

from __future__ import annotations

from contextlib import aclosing
from datetime import UTC, datetime

import attrs
import pytest
from tests.contact_centre import PLAN, Centre, answered

from orchestra.errors import InvalidCommand, NotAllowedInState, NotPermitted, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.definitions import AgentDefinition, FindingKind, Team
from orchestra.model.results import CaseRef
from orchestra.runtime.findings import FindingView
from orchestra.testing.clock import VirtualClock

SHOP = attrs.evolve(
    PLAN,
    teams={**PLAN.teams, "brand": Team(), "sales": Team()},
    agents={**PLAN.agents, "dan": AgentDefinition(["brand"])},
    findings={"praise": FindingKind(["brand"], {"stars": "integer"}), "chance": FindingKind(["sales", "brand"])},
)


@pytest.fixture
def centre() -> Centre:
    return Centre(plan=SHOP, clock=VirtualClock(datetime(2026, 3, 1, tzinfo=UTC)))


async def test_a_team_reads_what_was_found_and_takes_note(centre: Centre) -> None:
    async with centre.open() as workspace:
        await answered(workspace)
        ana, dan = await workspace.sign_in("ana"), await workspace.sign_in("dan")
        assert await ana.raise_finding("ca1", "praise", "loves the new shoes", {"stars": 5}) == "fi1"
        (found,) = await workspace.findings("brand")
        case = CaseRef("ca1", "C-000001")
        assert found == FindingView(
            "fi1", "praise", case, "cu1", ("brand",), {"stars": 5}, found.raised, "loves the new shoes"
        )
        with pytest.raises(NotPermitted):
            await ana.acknowledge("fi1", "brand")
        await dan.acknowledge("fi1", "brand")
        assert await workspace.findings("brand") == ()
        with pytest.raises(NotAllowedInState):
            await dan.acknowledge("fi1", "brand")
        async with aclosing(workspace.events(types=[e.FindingRaised])) as found:
            raised = await anext(found)
        assert (raised.actor, raised.event.customer) == ("agent:ana", "cu1")
        told = [entry.sentence for entry in await workspace.timeline("cu1")]
        assert "fi1 for brand: praise" in told
        assert "team brand has taken note of fi1" in told


async def test_a_list_comes_in_pages(centre: Centre) -> None:
    async with centre.open() as workspace:
        await answered(workspace)
        for number in range(1, 6):
            await workspace.execute(c.RaiseFinding("ca1", "chance", text=f"number {number}"))
        await workspace.execute(c.AcknowledgeFinding("fi2", "sales"))
        first = await workspace.findings("sales", limit=2)
        assert [one.text for one in first] == ["number 1", "number 3"]
        assert [one.id for one in await workspace.findings("sales", after=first[-1].id)] == ["fi4", "fi5"]
        assert (await workspace.findings("brand", after="fi1", limit=1))[0].teams == ("brand",)


async def test_what_was_erased_is_listed_without_its_text(centre: Centre) -> None:
    async with centre.open() as workspace:
        contact = await answered(workspace)
        await contact.finish("resolved")
        await workspace.execute(c.RaiseFinding("ca1", "praise", text="joe loves them"))
        await workspace.erase("cu1", "asked")
        (found,) = await workspace.findings("brand")
        assert (found.kind, found.text) == ("praise", None)


async def test_lists_that_nobody_has(centre: Centre) -> None:
    async with centre.open() as workspace:
        with pytest.raises(UnknownId):
            await workspace.findings("nobody")
        with pytest.raises(InvalidCommand):
            await workspace.findings("brand", after="ca1")
