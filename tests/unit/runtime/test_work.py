"""Work items through the runtime: opened by any process, told in the timeline."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import attrs
import pytest
from tests.contact_centre import PLAN, Centre, message

from orchestra.errors import CommandRefused, MalformedMessage
from orchestra.model.addresses import ref
from orchestra.model.commands import OpenWorkItem
from orchestra.model.definitions import Channel, Fields
from orchestra.model.instants import since_epoch_us
from orchestra.model.work import WorkItem
from orchestra.runtime.work import open_work_item
from orchestra.testing.clock import VirtualClock

AT = datetime(2026, 1, 5, 12, tzinfo=UTC)
WORK = attrs.evolve(
    PLAN,
    channels={**PLAN.channels, "task": Channel(work=True)},
    fields=Fields(interaction={"order": "integer"}),
)


@pytest.fixture
def centre() -> Centre:
    return Centre(plan=WORK, clock=VirtualClock())


def test_a_work_item_becomes_a_command() -> None:
    item = WorkItem(
        "task",
        key="refund-81",
        case=ref("order:81"),
        title="Refund\u0000",
        text="Two of them",
        topic="refund",
        queue="care",
        skills={"billing": 5},
        priority=7,
        agent="ana",
        due=AT,
        ref="refund:81",
        fields={"order": 81},
    )
    assert open_work_item(item) == OpenWorkItem(
        "task",
        "refund-81",
        ref("order:81"),
        None,
        "refund",
        "care",
        {"billing": 5},
        7,
        "ana",
        since_epoch_us(AT),
        "refund:81",
        {"order": 81},
        "Refund",
        "Two of them",
    )
    assert "Refund" not in repr(item)
    assert "Two" not in repr(item)


@pytest.mark.parametrize(
    ("values", "where"),
    [
        ({"key": ""}, "key"),
        ({"key": 5}, "key"),
        ({"due": AT.replace(tzinfo=None)}, "due"),
        ({"due": "tomorrow"}, "due"),
        ({"text": "x" * 500_001}, "text"),
        ({"fields": {"order": 1.5}}, "fields"),
    ],
)
def test_what_is_not_well_formed_is_refused(values: dict[str, Any], where: str) -> None:
    with pytest.raises(MalformedMessage) as caught:
        open_work_item(WorkItem("task", **{"key": "k", "customer": "cu1", **values}))
    assert caught.value.where == where


def test_only_work_items_are_taken() -> None:
    with pytest.raises(MalformedMessage, match="must be a WorkItem, not Message"):
        open_work_item(message(1))  # type: ignore[arg-type]


async def test_it_is_opened_once_offered_and_told(centre: Centre) -> None:
    async with centre.open() as workspace:
        received = await workspace.receive(message(1))
        item = WorkItem("task", key="refund-81", case=received.case.id, title="Refund", text="order 81", due=AT)
        opened = await workspace.open_work_item(item)
        assert (opened.case, opened.customer, opened.duplicate) == (received.case, received.customer, False)
        assert (await workspace.open_work_item(item)).duplicate
        ben = await workspace.sign_in("ben")
        await (await ben.next_offer()).accept()  # the live one goes first, by its time
        why = await workspace.why_waiting(opened.interaction)
        assert why is not None
        assert why.channel == "task"
        entries = [entry for entry in await workspace.timeline(opened.customer) if entry.channel == "task"]
        assert [entry.sentence for entry in entries[:2]] == [
            f"work was asked for: {opened.interaction}, on task",
            "a work item began on task",
        ]
        assert entries[0].text == "order 81"
        explained = await workspace.explain(opened.interaction)
        assert [step.kind for step in explained.steps] == [
            "WorkItemOpened",
            "InteractionStarted",
            "InteractionAttached",
            "InteractionQueued",
        ]


async def test_writing_in_it_is_refused(centre: Centre) -> None:
    async with centre.open() as workspace:
        received = await workspace.receive(message(1))
        await workspace.open_work_item(WorkItem("task", key="k", customer=received.customer))
        ana = await workspace.sign_in("ana")
        first = await (await ana.next_offer()).accept()
        await first.finish()
        await first.finish_wrap_up()
        contact = await (await ana.next_offer()).accept()
        with pytest.raises(CommandRefused, match="work item"):
            await contact.reply("hello")
        await contact.finish()
