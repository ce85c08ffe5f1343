"""Sending notices that an account is down, and that it is up again."""

from __future__ import annotations

from datetime import timedelta

import attrs
import pytest
from tests.contact_centre import PLAN, Centre, answered, frame

from orchestra.channels.sending import Failed, Interpreted, Retry, SendPlan, Sent, Unknown
from orchestra.channels.wire import StepResult, WireStep
from orchestra.model import commands as c, events as e
from orchestra.model.definitions import Deliveries
from orchestra.testing.clock import VirtualClock


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


def _centre(clock: VirtualClock, down_after: int | None, outcomes: list[Interpreted]) -> Centre:
    """A centre whose provider answers so, one after the other, and then takes everything."""
    quick = Deliveries(
        attempts=20, first_retry=timedelta(seconds=1), down_after=down_after, try_after=timedelta(minutes=2)
    )
    centre = Centre(plan=attrs.evolve(PLAN, deliveries=quick), clock=clock)
    centre.adapter.on_encode = lambda message: SendPlan((frame("a"),))

    def interpret(step: WireStep, result: StepResult) -> Interpreted:
        return outcomes.pop(0) if outcomes else Sent(("id",))

    centre.adapter.on_interpret = interpret
    return centre


def _told(centre: Centre) -> list[str]:
    return [type(event).__name__ for event in centre.events(e.ChannelDown, e.ChannelUp)]


async def test_so_many_attempts_in_a_row_mean_that_it_is_down(clock: VirtualClock) -> None:
    centre = _centre(clock, 3, [Retry("busy")] * 3)
    async with centre.open() as workspace:
        clock.attach(workspace)
        await answered(workspace)
        await clock.advance(seconds=60)
        assert workspace.health().channels_down == ("chat/main",)
        assert centre.counts()["DeliveryStarted"] == 3, "and none since then"
        await clock.advance(minutes=3)
        assert workspace.health().channels_down == ()
    assert _told(centre) == ["ChannelDown", "ChannelUp"]
    assert centre.counts()["DeliveryAccepted"] == 1


async def test_one_more_in_vain_is_enough_after_that(clock: VirtualClock) -> None:
    centre = _centre(clock, 3, [Retry("busy")] * 5)
    async with centre.open() as workspace:
        clock.attach(workspace)
        await answered(workspace)
        await clock.advance(minutes=20)
    assert _told(centre) == ["ChannelDown", "ChannelUp"] * 3
    assert centre.counts()["DeliveryAccepted"] == 1


@pytest.mark.parametrize("answer", [Sent(("id",)), Failed("no")])
async def test_any_answer_is_one(clock: VirtualClock, answer: Interpreted) -> None:
    centre = _centre(clock, 2, [Unknown("cut"), answer, Unknown("cut"), answer])
    async with centre.open() as workspace:
        clock.attach(workspace)
        contact = await answered(workspace)
        for number in range(3):
            await contact.reply(f"Hello {number}")
        await clock.advance(minutes=1)
    assert _told(centre) == []


async def test_a_plan_may_leave_that_to_people(clock: VirtualClock) -> None:
    centre = _centre(clock, None, [Retry("busy")] * 8)
    async with centre.open() as workspace:
        clock.attach(workspace)
        await answered(workspace)
        await clock.advance(minutes=20)
        assert _told(centre) == []
        await workspace.execute(c.ReportChannel("chat", "main", "down", "the provider says so"))
        assert workspace.health().channels_down == ("chat/main",)
