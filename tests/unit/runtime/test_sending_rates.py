"""A burst over an account with a rate: spread over time, seen in the workspace's health, and sent once."""

from __future__ import annotations

from datetime import timedelta

import attrs
import pytest
from tests.contact_centre import PLAN, Centre, message

from orchestra.model import events as e
from orchestra.model.commands import SendMessage
from orchestra.model.pace import SendingRate
from orchestra.runtime.workspace import Workspace
from orchestra.testing.clock import VirtualClock

pytestmark = pytest.mark.anyio

CHAT = attrs.evolve(PLAN.channels["chat"], rate=SendingRate(2, timedelta(seconds=1), 4))
PACED = attrs.evolve(PLAN, channels={**PLAN.channels, "chat": CHAT})


async def burst(workspace: Workspace, count: int) -> None:
    """So many messages, each to somebody else."""
    for number in range(count):
        got = await workspace.receive(message(number, sender=f"p{number}"))
        await workspace.execute(SendMessage(got.case.id, f"k{number}", text=f"News {number}"))


async def test_a_burst_leaves_at_the_rate_of_its_account() -> None:
    clock = VirtualClock()
    centre = Centre(clock=clock, plan=PACED)
    async with centre.open() as workspace:
        clock.attach(workspace)
        await burst(workspace, 12)
        await workspace.settle()
        assert len(centre.provider.delivered) == 4
        assert workspace.health().deliveries_waiting == {"chat/main": 8}
        for sent in (4, 5, 6, 7, 8, 9, 10, 11, 12):
            assert len(centre.provider.delivered) == sent
            assert workspace.health().deliveries_waiting == ({"chat/main": 12 - sent} if sent < 12 else {})
            await clock.advance(seconds=0.5)
        texts = [one.text for one in centre.provider.delivered]
        # What may leave at once leaves side by side, as it is for several customers; what waits keeps its order.
        assert sorted(texts[:4]) + texts[4:] == [f"News {number}" for number in range(12)]


async def test_another_owner_goes_on_at_the_same_rate() -> None:
    clock = VirtualClock()
    centre = Centre(clock=clock, plan=PACED)
    async with centre.open() as workspace:
        await burst(workspace, 8)
        await workspace.settle()
    async with centre.open() as workspace:
        clock.attach(workspace)
        await workspace.settle()
        assert len(centre.provider.delivered) == 4
        assert workspace.health().deliveries_waiting == {"chat/main": 4}
        await clock.advance(seconds=10)
        assert len(centre.provider.delivered) == 8
    assert [event.attempt for event in centre.events(e.DeliveryStarted)] == 8 * [1]


async def test_over_a_fast_account_each_waits_for_its_token() -> None:
    """Permits are a moment ahead: what has one leaves when its token is there, and no sooner."""
    fast = attrs.evolve(CHAT, rate=SendingRate(100, timedelta(seconds=1), 1))
    clock = VirtualClock()
    centre = Centre(clock=clock, plan=attrs.evolve(PLAN, channels={**PLAN.channels, "chat": fast}))
    async with centre.open() as workspace:
        clock.attach(workspace)
        await burst(workspace, 9)
        await workspace.settle()
        assert len(centre.provider.delivered) == 1
        assert workspace.health().sends_in_flight == 0, "what waits for time alone is not under way"
        for sent in range(2, 10):
            await clock.advance(seconds=0.01)
            assert len(centre.provider.delivered) == sent
    started = [entry.at_us for entry in centre.records() if entry.type == "DeliveryStarted"]
    assert [at_us - started[0] for at_us in started] == [number * 10_000 for number in range(9)]


async def test_what_waits_for_its_token_as_the_workspace_closes_is_the_next_owners() -> None:
    fast = attrs.evolve(CHAT, rate=SendingRate(100, timedelta(seconds=1), 1))
    clock = VirtualClock()
    centre = Centre(clock=clock, plan=attrs.evolve(PLAN, channels={**PLAN.channels, "chat": fast}))
    async with centre.open() as workspace:
        clock.attach(workspace)
        await burst(workspace, 5)
        await workspace.settle()
    assert len(centre.provider.delivered) == 1
    async with centre.open() as workspace:
        clock.attach(workspace)
        await workspace.settle()
        await clock.advance(seconds=60)
        assert len(centre.provider.delivered) == 5
    assert len(centre.events(e.DeliveryStarted)) == 5
