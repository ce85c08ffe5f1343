"""Cases as an application puts them right: merged, taken apart, split, and contacts moved between them."""

from __future__ import annotations

import attrs
import pytest
from tests.contact_centre import PLAN

from orchestra.errors import CommandRefused, DefinitionError
from orchestra.model import commands as c
from orchestra.model.addresses import Email, ref
from orchestra.model.correlating import CaseScore
from orchestra.model.definitions import Channel, CommitmentAttribute, Commitments, Fields
from orchestra.model.message import Message
from orchestra.model.results import CaseRef, Received
from orchestra.model.scores import ScoreFailure, Scores
from orchestra.runtime.workspace import Workspace

pytestmark = pytest.mark.anyio

MAIL = attrs.evolve(
    PLAN,
    channels={**PLAN.channels, "email": Channel()},
    commitments=Commitments(attributes={"price": CommitmentAttribute("money", "lower", "EUR")}),
    fields=Fields(case={"orders": "integer", "vip": "boolean"}),
)


async def _write(workspace: Workspace, number: str, sender: str = "joe", **values: str) -> Received:
    return await workspace.receive(
        Message("email", id=number, sender=Email(f"{sender}@mail.example"), text=f"text {number}", **values)  # type: ignore[arg-type]
    )


async def test_a_merged_case_is_seen_as_what_it_goes_on_as() -> None:
    async with Workspace.open(MAIL) as workspace:
        await _write(workspace, "1", topic="order", thread="t1")
        await _write(workspace, "2", topic="bill", thread="t2")
        await _write(workspace, "3", "jim", thread="t2")
        await workspace.execute(c.AddRef("ca2", "bill:7"))
        await workspace.execute(c.SetFields("ca2", {"orders": 2, "vip": True}))
        await workspace.execute(c.SetFields("ca1", {"orders": 1}))
        await workspace.execute(c.MakeCommitment("bill:7", "price", 4900, case="ca2", actor="agent:ana"))
        assert await workspace.merge_cases("ca1", ref("bill:7"), "the same") == CaseRef("ca1", "C-000001")
        seen = await workspace.case("ca2")
        assert (seen.id, seen.number, seen.merged) == ("ca1", "C-000001", ("ca2",))
        assert seen.interactions == ("in1", "in2")
        assert [one.id for one in seen.participants] == ["cu2"]
        assert seen.fields == {"orders": 1, "vip": True}
        assert (await workspace.interaction("in2")).case == "ca1"
        (said,) = await workspace.commitments(case="ca1")
        assert said.case == "ca1"
        assert await workspace.unmerge_case("ca2", "two") == CaseRef("ca2", "C-000002")
        seen = await workspace.case(ref("bill:7"))
        assert (seen.id, seen.merged, seen.interactions) == ("ca2", (), ("in2",))
        assert [one.id for one in seen.participants] == ["cu2"]
        assert await workspace.commitments(case="ca1") == ()


async def test_part_of_a_case_is_split_off_and_its_contacts_are_moved_back() -> None:
    async with Workspace.open(MAIL) as workspace:
        await _write(workspace, "1", topic="order", thread="t1")
        await _write(workspace, "2", topic="order", thread="t2")
        split = await workspace.split_case("ca1", "another order", interactions=["in2"], topic="order two")
        assert split == CaseRef("ca2", "C-000002")
        seen = await workspace.case("ca2")
        assert (seen.topic, seen.owner, seen.interactions) == ("order two", "team:care", ("in2",))
        assert (seen.split_from, seen.follows) == ("ca1", None)
        assert await workspace.move_interaction("in2", "ca1", "one after all") == CaseRef("ca1", "C-000001")
        assert (await workspace.case("ca1")).interactions == ("in1", "in2")
        with pytest.raises(CommandRefused):
            await workspace.split_case("ca1", "nothing")
        split = await workspace.split_case("ca1", "again", conversations=["co1"], queue="care")
        assert (await workspace.case(split.id)).interactions == ("in1",)


async def test_what_became_of_cases_is_told() -> None:
    async with Workspace.open(MAIL) as workspace:
        await _write(workspace, "1", topic="order", thread="t1")
        await _write(workspace, "2", topic="bill", thread="t2")
        await workspace.merge_cases("ca1", "ca2", "the_same")
        await workspace.unmerge_case("ca2", "two_matters")
        await workspace.split_case("ca1", "another_order", interactions=["in1"])
        told = [entry.sentence for entry in await workspace.timeline("cu1")]
        for sentence in (
            "ca2 is the same matter as ca1, and goes on as that (the same)",
            "in2 goes with the others another way now (together)",
            "ca2 is a matter of its own again (two matters)",
            "part of ca1 goes on as ca3 (another order)",
            "in1 belongs to ca3, not to ca1 (split)",
        ):
            assert sentence in told
        steps = [step.sentence for step in (await workspace.explain("in1")).steps]
        assert "in1 belongs to ca3, not to ca1 (split)" in steps


async def test_a_case_that_follows_another_says_so() -> None:
    async with Workspace.open(attrs.evolve(MAIL, cases=attrs.evolve(MAIL.cases, reopen_within=None))) as workspace:
        await _write(workspace, "1", thread="t1")
        assert (await workspace.case("ca1")).follows is None
    never = attrs.evolve(MAIL.cases, reopen_within=MAIL.cases.close_after and 0 * MAIL.cases.close_after)
    async with Workspace.open(attrs.evolve(MAIL, cases=never)) as workspace:
        await _write(workspace, "1", thread="t1")
        await workspace.execute(c.CancelInteraction("in1", "x"))
        await workspace.execute(c.ResolveCase("ca1"))
        await workspace.execute(c.CloseCase("ca1"))
        await _write(workspace, "2", thread="t1")
        assert (await workspace.case("ca2")).follows == "ca1"
        assert "case C-000002 opened after ca1, team care answers for it" in [
            entry.sentence for entry in await workspace.timeline("cu1")
        ]


def sure(score: int) -> Scores:
    return {"acme.match@1": CaseScore(lambda case, arrival: score)}


GUESSED = attrs.evolve(MAIL, cases=attrs.evolve(MAIL.cases, correlator="acme.match@1"))


async def test_where_a_contact_may_belong_is_told_with_the_offer() -> None:
    async with Workspace.open(GUESSED, scores=sure(70)) as workspace:
        await _write(workspace, "1", thread="t1")
        await workspace.execute(c.CancelInteraction("in1", "x"))
        got = await _write(workspace, "2", thread="t2")
        assert (await workspace.interaction(got.interaction or "")).suggested_case == CaseRef("ca1", "C-000001")
        ana = await workspace.sign_in("ana")
        offer = await ana.next_offer()
        assert (await offer.context()).suggested_case == CaseRef("ca1", "C-000001")
        assert "in2 may belong to ca1 (70 %)" in [step.sentence for step in (await workspace.explain("in2")).steps]
        assert await workspace.accept_case("in2") == CaseRef("ca1", "C-000001")
        assert (await offer.context()).suggested_case is None
        assert (await workspace.interaction("in2")).case == "ca1"


async def test_a_suggestion_is_dismissed() -> None:
    async with Workspace.open(GUESSED, scores=sure(70)) as workspace:
        await _write(workspace, "1", thread="t1")
        await _write(workspace, "2", thread="t2")
        await workspace.dismiss_case("in2", "another_order")
        assert (await workspace.interaction("in2")).suggested_case is None
        told = [entry.sentence for entry in await workspace.timeline("cu1")]
        assert "in2 does not belong to ca1 (another order)" in told
        with pytest.raises(CommandRefused):
            await workspace.accept_case("in2")


async def test_a_correlator_that_fails_is_told_in_health() -> None:
    async with Workspace.open(GUESSED, scores=sure(101)) as workspace:
        await _write(workspace, "1", thread="t1")
        assert (await _write(workspace, "2", thread="t2")).case.id == "ca2"
        assert workspace.health().scores_failed == {"acme.match@1": ScoreFailure(1, "gave 101, not 0 to 100")}


async def test_a_correlator_that_was_not_given_is_refused_at_the_door() -> None:
    with pytest.raises(DefinitionError, match="no CaseScore"):
        async with Workspace.open(GUESSED):
            pass


async def test_what_is_no_score_is_refused_at_the_door() -> None:
    with pytest.raises(DefinitionError, match=r"ProfileScore\(rate\) or CaseScore\(rate\), not"):
        async with Workspace.open(GUESSED, scores={"acme.match@1": len}):  # type: ignore[dict-item]
            pass
