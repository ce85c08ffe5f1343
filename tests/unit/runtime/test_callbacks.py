"""Callbacks through the runtime: asked for by any process, reported by agents, told in the timeline."""

from __future__ import annotations

from datetime import datetime, timedelta

import attrs
import pytest
from tests.contact_centre import PLAN, Centre, message

from orchestra.errors import CommandRefused, MalformedMessage
from orchestra.model import events as e
from orchestra.testing.clock import START, VirtualClock

LIVE = attrs.evolve(PLAN, channels={name: attrs.evolve(row, live=True) for name, row in PLAN.channels.items()})


@pytest.fixture
def centre() -> Centre:
    return Centre(plan=LIVE, clock=VirtualClock())


async def test_it_is_asked_for_once_taken_reported_and_told(centre: Centre) -> None:
    async with centre.open() as workspace:
        received = await workspace.receive(message(1))
        waiting = await workspace.request_callback(received.interaction or "")
        assert (waiting.due_us, waiting.is_new) == (None, True)
        assert not (await workspace.request_callback(received.interaction or "")).is_new
        ana = await workspace.sign_in("ana")
        offer = await ana.next_offer()
        assert offer.interaction == waiting.interaction
        contact = await offer.accept()
        await contact.report_callback("no_answer")
        sentences = [entry.sentence for entry in await workspace.timeline(received.customer)]
        for told in (
            f"asked to be called back, which is {waiting.interaction}",
            "ana called, attempt 1, and did not reach them (no answer)",
        ):
            assert told in sentences
        explained = await workspace.explain(waiting.interaction)
        assert [step.kind for step in explained.steps][:2] == ["CallbackRequested", "InteractionAttached"]
        assert explained.steps[-1].kind == "CallbackScheduled"
        assert explained.channel == "chat"
        assert [text async for text in contact.messages()] == [], "it is no longer with the agent"


async def test_it_is_moved_and_canceled(centre: Centre) -> None:
    async with centre.open() as workspace:
        received = await workspace.receive(message(1))
        now = START
        waiting = await workspace.request_callback(received.interaction or "", due=now + timedelta(days=1))
        await workspace.reschedule_callback(waiting.interaction, now + timedelta(days=2))
        assert [event.reason for event in centre.events(e.CallbackScheduled)] == ["requested", "rescheduled"]
        await workspace.cancel_callback(waiting.interaction, "settled")
        assert centre.events(e.InteractionCanceled)[-1].reason == "settled"
        with pytest.raises(CommandRefused):
            await workspace.cancel_callback(waiting.interaction, "settled")


async def test_a_time_without_zone_is_refused(centre: Centre) -> None:
    async with centre.open() as workspace:
        received = await workspace.receive(message(1))
        with pytest.raises(MalformedMessage, match="time zone"):
            await workspace.request_callback(received.interaction or "", due=datetime(2026, 1, 5))  # noqa: DTZ001 - it is what is refused
