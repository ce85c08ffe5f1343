"""What a back office reports by webhook: cases go on by it, whatever comes twice, late or not at all."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
from tests.contact_centre import PLAN, Centre, SteeredJournal, message

from orchestra.model import events as e
from orchestra.model.addresses import ref
from orchestra.model.case_types import CaseType, Stage
from orchestra.model.commands import AddRef
from orchestra.runtime.workspace import Workspace
from orchestra.testing.clock import START, VirtualClock

STAGES = [Stage(name, timedelta(hours=2)) for name in ("received", "checked", "shipping")]
ORDERS = attrs.evolve(PLAN, case_types={"order": CaseType(["order"], stages=STAGES, silent=True)})
MS = 1_000


def centre() -> Centre:
    return Centre(SteeredJournal(), VirtualClock(), ORDERS)


async def opened(workspace: Workspace) -> str:
    """A case of an order, which the back office knows as order:81."""
    case = (await workspace.receive(message(1, topic="order"))).case
    assert case is not None
    await workspace.execute(AddRef(case.id, "order:81"))
    return case.id


async def report(workspace: Workspace, one: Centre, stage: str, name: str, minute: int, **more: Any) -> int:
    """Let a report come that was made so many minutes after the start; gives how it is answered."""
    fields = {"ref": "order:81", "stage": stage, **more}
    event = {**one.provider.event("progress", at=START + timedelta(minutes=minute), **fields), "id": name}
    return (await workspace.webhook("r-41f6", one.provider.webhook(event, at=START))).status


async def test_a_case_goes_on_by_what_the_back_office_reports() -> None:
    one = centre()
    async with one.open() as workspace:
        await opened(workspace)
        due = int((START + timedelta(days=1)).timestamp()) * MS
        assert await report(workspace, one, "checked", "e-1", 0, due=due) == 200
        progress = await workspace.progress(ref("order:81"))
        assert progress.stage == "checked"
    entered = one.events(e.StageEntered)[-1]
    assert (entered.due_us, entered.by) == (due * 1_000, "advanced")
    assert one.events(e.ProgressReported)[0].report == "chat/main/e-1"


async def test_what_comes_twice_or_late_does_not_lead_back() -> None:
    one = centre()
    async with one.open() as workspace:
        case = await opened(workspace)
        for stage, name, minute in (
            ("shipping", "e-2", 2),
            ("checked", "e-1", 1),
            ("shipping", "e-2", 2),
            ("checked", "e-1", 1),
        ):
            assert await report(workspace, one, stage, name, minute) == 200
        assert (await workspace.progress(case)).stage == "shipping"
        await report(workspace, one, "checked", "e-3", 3)
        assert (await workspace.progress(case)).stage == "checked", "it was sent back, and the report is newer"
    assert [event.outcome for event in one.events(e.ProgressReported)] == ["taken", "late", "taken"]


async def test_what_is_reported_of_nobodys_case_is_answered_and_left_out() -> None:
    one = centre()
    async with one.open() as workspace:
        await opened(workspace)
        assert await report(workspace, one, "checked", "e-1", 0, ref="order:99") == 200
        assert await report(workspace, one, "melted", "e-2", 0) == 200
    assert one.events(e.ProgressReported) == []


async def test_an_application_hands_in_reports_that_it_took_itself() -> None:
    one = centre()
    async with one.open() as workspace:
        case = await opened(workspace)
        for stage, name, minute in (("shipping", "q-2", 2), ("checked", "q-1", 1), ("shipping", "q-2", 2)):
            made = START + timedelta(minutes=minute)
            await workspace.advance(case, stage, report=name, reported=made, actor="back_office:erp")
        assert (await workspace.progress(case)).stage == "shipping"
    assert [event.outcome for event in one.events(e.ProgressReported)] == ["taken", "late"]
