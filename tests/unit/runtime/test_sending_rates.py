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
