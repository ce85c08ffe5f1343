"""A burst of what nobody waits for goes on between what people wait for, and all of it goes on."""

from __future__ import annotations

from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import anyio
import attrs
import pytest
from tests.contact_centre import PLAN, Centre, SteeredJournal, message

from orchestra.errors import JournalUnavailable
from orchestra.model import events as e
from orchestra.model.commands import SignIn
from orchestra.model.notices import Notices, NoticeTopic
from orchestra.runtime.turns import Turns, rest_s
from orchestra.runtime.workspace import Workspace
from orchestra.testing.clock import VirtualClock
from orchestra.testing.faults import JournalFault

pytestmark = pytest.mark.anyio

AT = datetime(2026, 3, 1, tzinfo=UTC)
SHOP = attrs.evolve(PLAN, notices=Notices({"news": NoticeTopic(text="It is there.")}))
COUNT = 30


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(AT)


@pytest.fixture
def journal() -> SteeredJournal:
    return SteeredJournal()


@pytest.fixture
def centre(clock: VirtualClock, journal: SteeredJournal) -> Centre:
    return Centre(journal, plan=SHOP, clock=clock)


async def planned(workspace: Workspace) -> None:
    """So many customers are to be told something in an hour."""
    for number in range(COUNT):
        got = await workspace.receive(message(number, sender=f"p{number}"))
        await workspace.plan_notice(f"k{number}", "news", case=got.case.id, not_before=AT + timedelta(hours=1))
    await workspace.settle()


async def test_a_command_goes_before_a_burst_that_is_due(centre: Centre, clock: VirtualClock) -> None:
    async with centre.open() as workspace:
        await planned(workspace)
        clock._now_us += 3600 * 1_000_000
        await workspace.execute(SignIn("ben"))
        types = [record.type for record in centre.records()]
        assert types[: types.index("AgentSignedIn")].count("NoticeSending") < 5
        await workspace.settle()
        assert len(centre.provider.delivered) == COUNT


async def test_a_burst_goes_on_by_itself(centre: Centre, clock: VirtualClock) -> None:
    async with centre.open() as workspace:
        await planned(workspace)
        await clock.advance(hours=1)  # nobody takes the workspace along: it sees by itself that time has passed
        with anyio.fail_after(30):
            async with aclosing(workspace.events(after=0, types=[e.NoticeSent])) as told:
                for _ in range(COUNT):
                    await anext(told)
    assert centre.counts()["NoticeSent"] == COUNT


async def test_nobody_has_a_turn_until_all_is_stored(
    centre: Centre, journal: SteeredJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestra.runtime.turns.rest_s", lambda took_s: 0.0)  # it is not time that they wait for
    had: list[int] = []
    async with centre.open() as workspace:
        turns = Turns(workspace._owner)

        async def take(number: int) -> None:
            await turns.turn()
            had.append(number)

        for number in range(4):
            await take(number)
        journal.hold()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(workspace.execute, SignIn("ben"))
            await journal.held()
            tasks.start_soon(take, 4)
            tasks.start_soon(take, 5)
            for _ in range(50):
                await anyio.lowlevel.checkpoint()
            assert had == [0, 1, 2, 3]
            journal.let_pass()
    assert had[:4] == [0, 1, 2, 3]
    assert sorted(had[4:]) == [4, 5]


@pytest.mark.parametrize(
    ("took_ms", "begins_after_ms"), [(0.5, 9), (2, 9), (3, 12), (6, 24), (9, 36), (500, 36)], ids=lambda ms: f"{ms} ms"
)
def test_a_turn_that_took_long_is_followed_by_a_long_rest(took_ms: float, begins_after_ms: float) -> None:
    assert rest_s(took_ms / 1000) == pytest.approx(begins_after_ms / 1000)


async def test_the_next_turn_begins_when_the_rest_is_over(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    now_s, slept_s = 1000.0, list[float]()

    async def sleep(seconds: float) -> None:
        nonlocal now_s
        now_s += seconds
        slept_s.append(seconds)

    async with centre.open() as workspace:
        monkeypatch.setattr("orchestra.runtime.turns.time", SimpleNamespace(monotonic=lambda: now_s))
        monkeypatch.setattr("orchestra.runtime.turns.anyio", SimpleNamespace(Lock=anyio.Lock, sleep=sleep))
        turns = Turns(workspace._owner)
        for took_s in (0.004, 0.001, 7.0, 0.0):
            await turns.turn()
            now_s += took_s
    assert slept_s == pytest.approx([0.0, 0.012, 0.008, 0.0], abs=1e-9)


async def test_a_failed_append_takes_nobody_the_turn(centre: Centre, journal: SteeredJournal) -> None:
    async with centre.open() as workspace:
        turns = Turns(workspace._owner)
        journal.hold()
        journal.fail(JournalFault.REFUSE)
        async with anyio.create_task_group() as tasks:

            async def sign_in() -> None:
                with pytest.raises(JournalUnavailable):
                    await workspace.execute(SignIn("ben"))

            tasks.start_soon(sign_in)
            await journal.held()
            tasks.start_soon(turns.turn)
            await anyio.lowlevel.checkpoint()
            journal.let_pass()
        await workspace.execute(SignIn("ben"))
