"""What departments hand to each other, from every side: other processes, the door without await, the timeline."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs
import pytest
from tests.contact_centre import PLAN, Centre, answered, message

from orchestra import blocking, events
from orchestra.errors import NotAllowedInState, NotPermitted
from orchestra.journal.registry import open_journal
from orchestra.model import commands as c
from orchestra.model.definitions import AgentDefinition, FindingKind, Team
from orchestra.model.results import CaseRef, OfferedHandOff
from orchestra.runtime.client import connect
from orchestra.runtime.history.timeline import timeline
from orchestra.runtime.workspace import Workspace
from orchestra.testing.clock import VirtualClock

AT = datetime(2026, 3, 1, tzinfo=UTC)
SHOP = attrs.evolve(
    PLAN,
    teams={
        "care": Team(escalates_to="leads", escalate_after=timedelta(hours=1)),
        "returns": Team(),
        "leads": Team(),
    },
    agents={**PLAN.agents, "dan": AgentDefinition(["returns"])},
    findings={"fault": FindingKind(["returns"], {"product": "text"})},
)


@pytest.fixture
def centre() -> Centre:
    return Centre(plan=SHOP, clock=VirtualClock(AT))


async def sentences(workspace: Workspace) -> list[str]:
    """What the timeline of joe says."""
    return [entry.sentence for entry in await workspace.timeline("cu1")]


@pytest.mark.parametrize(
    ("commands", "told"),
    [
        ([c.AcceptHandOff("ho1", "dan")], "dan took the case for team returns"),
        (
            [c.DeclineHandOff("ho1", "dan", "not ours")],
            "the case stays where it is: ho1 was declined (not ours)",
        ),
        (
            [c.WithdrawHandOff("ho1", "solved")],
            "the case stays where it is: ho1 was withdrawn (solved)",
        ),
        (
            [c.AssignCase("ca1", "agent", "ben")],
            "the case stays where it is: ho1 was withdrawn (owner changed)",
        ),
    ],
)
async def test_the_timeline_tells_what_came_of_an_offer(centre: Centre, commands: list[c.Command], told: str) -> None:
    async with centre.open() as workspace:
        await answered(workspace)
        await workspace.execute(c.OfferHandOff("ca1", "team", "returns"))
        for command in commands:
            await workspace.execute(command)
        found = await sentences(workspace)
        assert "agent ana offered the case to team returns, which is ho1" in found
        assert told in found


async def test_the_timeline_tells_that_nobody_answered() -> None:
    clock = VirtualClock(AT)
    centre = Centre(plan=SHOP, clock=clock)
    async with centre.open() as workspace:
        clock.attach(workspace)
        await workspace.receive(message(1))
        await clock.advance(minutes=59)
        assert (await workspace.case("ca1")).owner == "team:care"
        await clock.advance(minutes=1)
        assert (await workspace.case("ca1")).owner == "team:leads"
        assert "the case escalated from team care to team leads (unanswered)" in await sentences(workspace)


async def test_who_looks_for_a_fault_is_told_when_it_would_have_escalated(centre: Centre) -> None:
    async with centre.open() as workspace:
        await answered(workspace)
        found = [entry.sentence for entry in timeline(centre.journal, "cu1", details=True)]
        assert "waits for an answer of team care, else the case goes to team leads" in found
        assert "the case does not escalate by itself (answered)" in found
        assert "the case does not escalate by itself (answered)" not in await sentences(workspace)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:{tmp_path / 'contacts.db'}"


@pytest.fixture
def workspace(url: str) -> Iterator[blocking.Workspace]:
    with blocking.open(SHOP, url) as opened:
        yield opened


def test_a_case_goes_from_hand_to_hand_without_await(workspace: blocking.Workspace) -> None:
    workspace.receive(message(1, "It does not fit"))
    ana, dan = workspace.sign_in("ana"), workspace.sign_in("dan")
    ana.next_offer().accept()
    offered = ana.offer_case("ca1", team="returns", note="promised free returns")
    assert isinstance(offered, OfferedHandOff)
    (shown,) = dan.hand_offs()
    context = dan.hand_off_context(shown.id)
    assert (context.note, [asked.text for asked in context.questions]) == (
        "promised free returns",
        ["It does not fit"],
    )
    assert dan.accept_hand_off(shown.id) == CaseRef("ca1", "C-000001")
    assert [case.id for case in workspace.owned_by(agent="dan")] == ["ca1"]
    with pytest.raises(NotPermitted):
        ana.offer_case("ca1", team="leads")
    with pytest.raises(NotAllowedInState):
        dan.escalate("ca1", "no path from here")
    finding = ana.raise_finding("ca1", "fault", "runs small", {"product": "shoes"})
    assert [found.text for found in workspace.findings("returns")] == ["runs small"]
    dan.acknowledge(finding, "returns")
    assert workspace.findings("returns") == ()


def test_another_process_offers_and_takes_note(workspace: blocking.Workspace, url: str) -> None:
    workspace.receive(message(1))
    with blocking.connect(url) as client:
        offered = client.execute(c.OfferHandOff("ca1", "agent", "dan", actor="back_office:crm"))
        assert offered == OfferedHandOff("ho1", CaseRef("ca1", "C-000001"), offered.until_us)
        assert client.execute(c.AcceptHandOff("ho1", "dan")) == CaseRef("ca1", "C-000001")
        finding = client.execute(c.RaiseFinding("ca1", "fault", {"product": "shoes"}))
        assert finding == "fi1"
        assert client.execute(c.AcknowledgeFinding("fi1", "returns", actor="back_office:crm")) is None
        with pytest.raises(NotAllowedInState, match="fi1 is not on the list of team returns"):
            client.execute(c.AcknowledgeFinding("fi1", "returns"))
        raised = next(iter(client.events(types=[events.FindingRaised])))
        assert raised.event.fields == {"product": "shoes"}  # type: ignore[attr-defined]


async def test_what_is_offered_outlives_its_process(url: str) -> None:
    with_journal = Centre(journal=open_journal(url), plan=SHOP)
    async with with_journal.open() as workspace:
        await answered(workspace)
        ana = await workspace.sign_in("ana")
        await ana.offer_case("ca1", team="returns", note="careful")
    async with with_journal.open() as workspace:
        dan = await workspace.sign_in("dan")
        (offered,) = await dan.hand_offs()
        assert (await dan.hand_off_context(offered.id)).note == "careful"
        async with connect(url) as client:
            assert await client.execute(c.AcceptHandOff(offered.id, "dan")) == CaseRef("ca1", "C-000001")
    with_journal.journal.close()


async def test_a_note_goes_with_whom_it_is_about(centre: Centre) -> None:
    async with centre.open() as workspace:
        contact = await answered(workspace)
        ana, dan = await workspace.sign_in("ana"), await workspace.sign_in("dan")
        await ana.offer_case("ca1", agent="dan", note="joe is in hospital")
        facts = [record.facts for record in centre.records() if record.type == "HandOffOffered"]
        assert "hospital" not in "".join(facts)
        await contact.finish()
        await workspace.erase("cu1", "asked")
        context = await dan.hand_off_context("ho1")
        assert (context.note, context.owner) == (None, "agent:ana")


async def test_others_who_wrote_in_the_case_are_quoted_too(centre: Centre) -> None:
    async with centre.open() as workspace:
        await answered(workspace)
        ana, dan = await workspace.sign_in("ana"), await workspace.sign_in("dan")
        token = workspace.reply_token("ca1")
        await workspace.receive(message(2, "I am his wife", sender="jane", reply_token=token))
        assert [one.id for one in (await workspace.case("ca1")).participants] == ["cu2"]
        await ana.offer_case("ca1", agent="dan")
        context = await dan.hand_off_context("ho1")
        assert [asked.text for asked in context.questions] == ["I am his wife"]
        assert context.verified.keys() == {"in1", "in2"}
