"""Typing and reading, shown to customers: now or never, rarely, and at nobody's cost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import anyio
import attrs
import pytest
from tests.contact_centre import ACCOUNT, PLAN, Centre, frame, message, turns, until

from orchestra.channels.outbound import MarkRead, Message, Outbound, Typing
from orchestra.channels.sending import Next, Refused, SendPlan, Sent
from orchestra.channels.wire import FrameAnswer, StepResult, WireStep
from orchestra.model import commands as c, events as e
from orchestra.runtime.agents import ActiveContact
from orchestra.runtime.lines import Line
from orchestra.runtime.signals import TypingSignal
from orchestra.runtime.workspace import Workspace
from orchestra.testing.clock import START, VirtualClock


@attrs.define
class Wire:
    """Carries frames; `hold` keeps it from answering, `fails` makes it raise."""

    carried: int = 0
    hold: anyio.Event | None = None
    fails: bool = False

    async def perform(self, step: WireStep) -> StepResult:
        self.carried += 1
        if self.hold is not None:
            await self.hold.wait()
        if self.fails:
            raise OSError("the wire is cut")
        return FrameAnswer()


@attrs.define
class Desk:
    """A workspace of one line, what its adapter was asked to carry, and its wire."""

    centre: Centre
    clock: VirtualClock
    wire: Wire
    asked: list[Outbound] = attrs.field(factory=list)
    refuses: tuple[type[Outbound], ...] = ()

    @property
    def signals(self) -> list[Outbound]:
        return [one for one in self.asked if not isinstance(one, Message)]

    def encode(self, message: Outbound) -> SendPlan | Refused:
        self.asked.append(message)
        return Refused("no", "no") if isinstance(message, self.refuses) else SendPlan((frame(message.key),))

    async def quiet(self, workspace: Workspace) -> None:
        """Return when no signal is under way, after all that are due have begun."""
        await until(lambda: workspace._signals._passing.in_flight == 0)


@pytest.fixture
def desk() -> Desk:
    clock = VirtualClock()
    desk = Desk(Centre(clock=clock), clock, Wire())
    desk.centre.adapter.on_encode = desk.encode
    desk.centre.adapter.on_interpret = lambda step, result: Sent(("p1",))
    desk.centre.transport = desk.wire
    return desk


async def talking(desk: Desk, workspace: Workspace) -> ActiveContact:
    """Ana talks with joe."""
    desk.clock.attach(workspace)
    await workspace.receive(message(1, at=START))
    ana = await workspace.sign_in("ana")
    return await (await ana.next_offer()).accept()


async def test_the_customer_is_shown_that_who_talks_with_them_types(desk: Desk) -> None:
    async with desk.centre.open() as workspace:
        contact = await talking(desk, workspace)
        before = len(desk.centre.records())
        contact.typing()
        await desk.quiet(workspace)
        assert [type(one) for one in desk.asked] == [Typing]
        assert desk.wire.carried == 1
        assert len(desk.centre.records()) == before, "nothing of it is journaled"


async def test_and_that_their_last_message_was_read(desk: Desk) -> None:
    async with desk.centre.open() as workspace:
        contact = await talking(desk, workspace)
        await workspace.receive(message(2, sender="joe", at=START))
        await workspace.receive(message(3, sender="jane", at=START))
        contact.mark_read()
        await desk.quiet(workspace)
        [asked] = desk.asked
        assert isinstance(asked, MarkRead)
        assert asked.message_id == "m2"


async def test_nobody_else_is_seen_typing(desk: Desk) -> None:
    async with desk.centre.open() as workspace:
        contact = await talking(desk, workspace)
        for who in ("customer", "ben", "nobody"):
            workspace.typing(contact.interaction, who)
        workspace.typing("in9", "ana")
        workspace.mark_read("in9")
        await contact.finish()
        contact.typing()
        await turns()
        assert desk.asked == []


async def test_it_is_shown_rarely_however_often_it_is_told(desk: Desk) -> None:
    async with desk.centre.open() as workspace:
        contact = await talking(desk, workspace)
        for _ in range(5):
            for _ in range(20):
                contact.typing()
            await desk.quiet(workspace)
            await desk.clock.advance(seconds=1)
        assert len(desk.asked) == 2, "at once, and after four seconds"


async def test_a_wire_that_hangs_holds_up_nothing_and_gathers_nothing(desk: Desk) -> None:
    desk.wire.hold = anyio.Event()
    async with desk.centre.open() as workspace:
        contact = await talking(desk, workspace)
        for _ in range(100):
            contact.typing()
            contact.mark_read()
        await until(lambda: desk.wire.carried > 0)
        assert workspace._signals._passing.in_flight == 1, "of one account no two leave at once"
        await workspace.receive(message(2, at=START))
        await desk.clock.advance(seconds=10)
        contact.typing()
        desk.wire.hold.set()
        await desk.quiet(workspace)
        assert len(desk.signals) == 2, "what came meanwhile is shown once"


async def test_what_fails_is_lost_without_harm(desk: Desk) -> None:
    desk.wire.fails = True
    async with desk.centre.open() as workspace:
        contact = await talking(desk, workspace)
        contact.typing()
        await desk.quiet(workspace)
        await desk.clock.advance(seconds=10)
        contact.typing()
        await desk.quiet(workspace)
        assert desk.wire.carried == 2
        desk.wire.fails = False
        await contact.reply("Here I am")
        await desk.clock.advance()
    assert len(desk.centre.events(e.DeliveryAccepted)) == 1


async def test_where_the_channel_shows_no_such_thing_nothing_leaves(desk: Desk, monkeypatch: Any) -> None:
    desk.refuses = (MarkRead,)
    able = desk.centre.adapter.capabilities
    monkeypatch.setattr(
        type(desk.centre.adapter), "capabilities", lambda _, *given: attrs.evolve(able(*given), typing=False)
    )
    async with desk.centre.open() as workspace:
        contact = await talking(desk, workspace)
        contact.typing()
        await desk.quiet(workspace)
        await desk.clock.advance(seconds=10)
        contact.mark_read()
        await desk.quiet(workspace)
    assert [type(one) for one in desk.asked] == [MarkRead]
    assert desk.wire.carried == 0


async def test_no_signal_is_worth_a_second_step(desk: Desk) -> None:
    desk.centre.adapter.on_interpret = lambda step, result: Next(frame("more"))
    async with desk.centre.open() as workspace:
        contact = await talking(desk, workspace)
        contact.typing()
        await desk.quiet(workspace)
    assert desk.wire.carried == 1


@pytest.mark.parametrize(
    "stop",
    [
        c.StopSending("a wrong word"),
        c.StopSending("a wrong word", "chat", "reply"),
        c.ReportChannel("chat", "main", "down", "cut"),
        c.EraseCustomer("cu1", "asked"),
    ],
    ids=lambda command: type(command).__name__,
)
async def test_where_nothing_leaves_no_signal_does(desk: Desk, stop: c.Command) -> None:
    async with desk.centre.open() as workspace:
        contact = await talking(desk, workspace)
        await workspace.execute(stop)
        contact.typing()
        contact.mark_read()
        await turns()
    assert desk.asked == []


async def test_without_a_wire_there_is_nobody_to_show_it_to() -> None:
    centre = Centre()
    async with Workspace.open(PLAN, channels=[Line("chat", centre.adapter, ACCOUNT)]) as workspace:
        await workspace.receive(message(1))
        ana = await workspace.sign_in("ana")
        contact = await (await ana.next_offer()).accept()
        heard = workspace.typings(timedelta(0))
        contact.typing()
        contact.mark_read()
        async with anyio.create_task_group() as tasks:

            async def listen() -> None:
                assert await anext(heard) == TypingSignal("in1", "ana")
                tasks.cancel_scope.cancel()

            tasks.start_soon(listen)
            await turns()
            contact.typing()
        await heard.aclose()


async def test_somebody_erased_is_shown_nothing(desk: Desk) -> None:
    async with desk.centre.open() as workspace:
        contact = await talking(desk, workspace)
        await workspace.erase("cu1", "asked")
        contact.typing()
        await turns()
    assert desk.asked == []


async def test_of_many_conversations_only_some_are_shown_at_once(desk: Desk) -> None:
    desk.wire.hold = anyio.Event()
    async with desk.centre.open() as workspace:
        desk.clock.attach(workspace)
        ana = await workspace.sign_in("ana")
        contacts = []
        for number in range(3):
            await workspace.receive(message(number, sender=f"joe{number}", at=START))
            contacts.append(await (await ana.next_offer()).accept())
        for contact in contacts:
            contact.typing()
            await desk.clock.advance(seconds=0.2)
        assert workspace._signals._passing.in_flight == 3
        desk.wire.hold.set()
        await desk.quiet(workspace)
    assert len({one.key for one in desk.asked}) == 3
