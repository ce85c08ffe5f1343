"""What customers are told, through the runtime: noted at the desk or by the application, and read by whoever asks."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import attrs
import pytest
from tests.contact_centre import PLAN, Centre, answered, message

from orchestra.errors import InvalidCommand, MalformedMessage, NotPermitted, UnknownId
from orchestra.journal.registry import open_journal
from orchestra.model import commands as c
from orchestra.model.addresses import ref
from orchestra.model.definitions import AgentDefinition, CommitmentAttribute, Commitments, Queue, Role, Team
from orchestra.model.roles import Sight
from orchestra.runtime.client import connect
from orchestra.runtime.progress import ToldFact
from orchestra.runtime.readers import Withheld
from orchestra.testing.clock import VirtualClock

SHOP = attrs.evolve(
    PLAN,
    teams={**PLAN.teams, "sales": Team()},
    queues={**PLAN.queues, "sales": Queue("sales")},
    commitments=Commitments({"price": CommitmentAttribute("money")}),
    roles={"plain": Role(["*"], sees=Sight(withholds=["price"]))},
    agents={
        **PLAN.agents,
        "ben": AgentDefinition(["care"], roles=["plain"]),
        "dan": AgentDefinition(["sales"]),
    },
)
AT = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def centre() -> Centre:
    return Centre(plan=SHOP, clock=VirtualClock(AT))


async def test_an_agent_notes_what_they_just_told(centre: Centre) -> None:
    async with centre.open() as workspace:
        contact = await answered(workspace)
        await contact.tell_fact("ready", date(2026, 3, 4))
        told = await workspace.told("ca1")
        assert told == (ToldFact("ready", "2026-03-04", told[0].at),)
        entry = (await workspace.timeline("cu1"))[-1]
        assert (entry.sentence, entry.who) == ("was told: ready is 2026-03-04", "agent:ana")


async def test_the_application_notes_what_it_told(centre: Centre) -> None:
    async with centre.open() as workspace:
        await workspace.receive(message(1))
        await workspace.execute(c.AddRef("ca1", "order:81"))
        await workspace.tell_fact(ref("order:81"), "shipped", True)
        await workspace.tell_fact(ref("order:81"), "price", 4900, interaction="in1", actor="back_office:erp")
        assert [(one.fact, one.value) for one in await workspace.told("ca1")] == [("price", 4900), ("shipped", True)]
        sentences = [entry.sentence for entry in await workspace.timeline("cu1")]
        assert sentences[-2:] == ["was told: shipped is yes", "was told: price is 4900"]
        with pytest.raises(MalformedMessage):
            await workspace.tell_fact("ca1", "ready", AT)
        with pytest.raises(UnknownId):
            await workspace.tell_fact("ca9", "ready", "soon")
        for case in ("", "ca9"):
            with pytest.raises((InvalidCommand, UnknownId)):
                await workspace.told(case)


async def test_each_reader_sees_of_it_what_they_may(centre: Centre) -> None:
    async with centre.open() as workspace:
        await workspace.receive(message(1))
        await workspace.receive(message(2, sender="mia"))
        await workspace.tell_fact("ca1", "price", 4900)
        await workspace.tell_fact("ca1", "ready", "soon")
        whole = [4900, "soon"]
        seen = {
            actor: [one.value for one in await workspace.told("ca1", actor=actor)]
            for actor in ("agent:ana", "agent:ben", "customer:cu1", "operator:root")
        }
        hidden = [Withheld("role"), "soon"]
        assert seen == {"agent:ana": whole, "agent:ben": hidden, "customer:cu1": whole, "operator:root": whole}
        with pytest.raises(NotPermitted):
            await workspace.told("ca1", actor="customer:cu2")
        told = {
            actor: [entry.sentence for entry in await workspace.timeline("cu1", actor=actor)][-2:]
            for actor in ("agent:ben", "customer:cu1")
        }
        assert told["agent:ben"] == ["fact told", "was told: ready is soon"]
        assert told["customer:cu1"] == ["was told: price is 4900", "was told: ready is soon"]


async def test_a_team_sees_of_the_cases_of_another_what_its_roles_say() -> None:
    roles = {"stranger": Role(["*"], sees=Sight(teams="trace"))}
    agents = {**SHOP.agents, "dan": AgentDefinition(["sales"], roles=["stranger"])}
    centre = Centre(plan=attrs.evolve(SHOP, roles=roles, agents={**agents, "ben": AgentDefinition(["care"])}))
    async with centre.open() as workspace:
        await workspace.receive(message(1))
        await workspace.tell_fact("ca1", "ready", "soon")
        (told,) = await workspace.told("ca1", actor="agent:dan")
        assert told.value == Withheld("team", "care")


async def test_another_process_notes_it_as_well(tmp_path: Path) -> None:
    url = f"sqlite:{tmp_path / 'contacts.db'}"
    centre = Centre(journal=open_journal(url), plan=SHOP)
    async with centre.open() as workspace, connect(url) as client:
        await workspace.receive(message(1))
        await client.tell_fact("ca1", "ready", "soon", actor="back_office:erp")
        assert [one.value for one in await workspace.told("ca1")] == ["soon"]
