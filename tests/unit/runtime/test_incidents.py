"""Incidents through the runtime: what people see of them, in both doors, and what agents are told."""

from __future__ import annotations

from datetime import UTC, datetime

import attrs
import pytest
from tests.contact_centre import PLAN, Centre, answered

from orchestra.errors import InvalidCommand, UnknownId
from orchestra.model import commands as c
from orchestra.model.results import CaseRef
from orchestra.runtime.incidents import ExceptedCase, IncidentNote, IncidentView
from orchestra.testing.clock import VirtualClock

NINE = datetime(2026, 3, 1, 9, tzinfo=UTC)


@pytest.fixture
def centre() -> Centre:
    return Centre(plan=PLAN, clock=VirtualClock(NINE))


async def test_how_far_an_incident_has_come(centre: Centre) -> None:
    async with centre.open() as workspace:
        await answered(workspace)
        name = await workspace.execute(c.OpenIncident("no power", "We know.", ["power"], ["care"]))
        seen = await workspace.incident(name)
        assert seen == IncidentView(
            *("ic1", "no power", "OPEN", ("power",), ("care",), {}, {}, 0, None, 1, "We know."),
            *(NINE, None, None, 0, 0, 0, 0, 0, 0),
        )
        await workspace.execute(c.LinkToIncident(name, "ca1"))
        await workspace.execute(c.ApproveIncidentText(name, 1))
        await workspace.execute(c.FlagIncidentCase(name, "ca1", "has a freezer"))
        await centre.clock.advance(seconds=1)
        await workspace.settle()
        seen = await workspace.incident(name)
        assert (seen.told, seen.told_text, seen.waiting, seen.waiting_text) == (1, "We know.", None, None)
        assert (seen.cases, seen.customers, seen.at_once, seen.untold) == (1, 1, 0, 0)
        assert await workspace.incidents() == (seen,)
        await workspace.execute(c.CloseIncident(name, "over", "It is over."))
        await centre.clock.advance(seconds=1)
        await workspace.settle()
        seen = await workspace.incident(name)
        assert (seen.state, seen.resolution, seen.cases, seen.settled, seen.excepted) == ("CLOSED", "over", 0, 0, 1)
        assert seen.closed is not None
        assert seen.closed > NINE
        assert await workspace.incidents() == ()
        assert await workspace.incidents(is_open=False) == (seen,)
        (left,) = await workspace.excepted(name)
        case = CaseRef("ca1", "C-000001")
        assert left == ExceptedCase(case, "cu1", "flagged: has a freezer", "agent:ana", "OPEN")
        assert await workspace.excepted(name, after="ca1") == ()


async def test_incidents_come_in_pages(centre: Centre) -> None:
    async with centre.open() as workspace:
        for number in range(3):
            await workspace.execute(c.OpenIncident(f"post {number}"))
        assert [one.id for one in await workspace.incidents(limit=2)] == ["ic1", "ic2"]
        assert [one.id for one in await workspace.incidents(after="ic2")] == ["ic3"]
        with pytest.raises(InvalidCommand):
            await workspace.incidents(after="ca1")
        with pytest.raises(InvalidCommand):
            await workspace.excepted("ic1", limit=0)
        with pytest.raises(UnknownId):
            await workspace.excepted("ic9")
        with pytest.raises(UnknownId):
            await workspace.incident("ic9")


async def test_an_agent_is_told_of_the_incident_with_the_contact(centre: Centre) -> None:
    async with centre.open() as workspace:
        contact = await answered(workspace)
        assert (await contact.context()).incident is None
        name = await workspace.execute(c.OpenIncident("no power", "We know."))
        await workspace.execute(c.LinkToIncident(name, contact.case.id))
        note = IncidentNote("ic1", "no power", None, False)
        assert (await contact.context()).incident == note
        await workspace.execute(c.ApproveIncidentText(name, 1))
        assert (await contact.context()).incident == attrs.evolve(note, text="We know.")
        await centre.clock.advance(seconds=1)
        await workspace.settle()
        assert (await contact.context()).incident == attrs.evolve(note, text="We know.", told=True)
        await workspace.execute(c.UnlinkFromIncident(name, contact.case.id, "their own fuse"))
        assert (await contact.context()).incident is None
