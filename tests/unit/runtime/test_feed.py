"""The public feed: from any position on, in order, without gap or repeat, also past what is kept in memory."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import anyio
import pytest
from tests.contact_centre import Centre, SteeredJournal, message, turns

from orchestra.errors import OrchestraError
from orchestra.journal.memory import MemoryJournal
from orchestra.model import events as e
from orchestra.runtime.feed import follow, follow_journal, type_names
from orchestra.runtime.published import Bell, Published, Recent, published


async def taken(entries: AsyncGenerator[Published], count: int) -> list[Published]:
    """The next ones, then no more."""
    found: list[Published] = []
    with anyio.fail_after(30):
        async with aclosing(entries):
            async for entry in entries:
                found.append(entry)
                if len(found) == count:
                    break
    return found


async def test_it_begins_anywhere_and_has_no_gap() -> None:
    centre = Centre()
    async with centre.open() as workspace:
        for number in range(10):
            await workspace.receive(message(number))
        last = workspace.health().position
        for after in range(last):
            positions = [entry.position for entry in await taken(workspace.events(after), last - after)]
            assert positions == list(range(after + 1, last + 1))


async def test_it_tells_what_the_record_says() -> None:
    centre = Centre()
    async with centre.open() as workspace:
        await workspace.sign_in("ana")
        entries = await taken(workspace.events(), workspace.health().position)
    assert [(entry.position, entry.at_us, entry.actor, entry.type) for entry in entries] == [
        (record.position, record.at_us, record.actor, record.type) for record in centre.records()
    ]
    assert [entry.event for entry in entries] == centre.events()
    assert entries == [published(record) for record in centre.records()]


@pytest.mark.parametrize("window", [1, 7, 10_000])
async def test_slow_readers_fall_back_to_the_journal(window: int, monkeypatch: pytest.MonkeyPatch) -> None:
    original = Recent.__init__
    monkeypatch.setattr(Recent, "__init__", lambda self, position: original(self, position, window))
    monkeypatch.setattr("orchestra.runtime.feed._CHUNK", 3)
    centre = Centre()
    seen: list[int] = []

    async with centre.open() as workspace:

        async def read_slowly() -> None:
            async with aclosing(workspace.events()) as entries:
                async for entry in entries:
                    seen.append(entry.position)
                    await turns(2)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(read_slowly)
            for number in range(30):
                await workspace.receive(message(number))
            last = workspace.health().position
            with anyio.fail_after(30):
                while len(seen) < last:
                    await anyio.lowlevel.checkpoint()
            tasks.cancel_scope.cancel()
    assert seen == list(range(1, last + 1))


@pytest.mark.parametrize("window", [1, 10_000])
async def test_some_types_only(window: int, monkeypatch: pytest.MonkeyPatch) -> None:
    original = Recent.__init__
    monkeypatch.setattr(Recent, "__init__", lambda self, position: original(self, position, window))
    centre = Centre()
    async with centre.open() as workspace:
        for number in range(5):
            await workspace.receive(message(number, sender=f"joe-{number}"))
        entries = await taken(workspace.events(types=[e.MessageReceived, e.CustomerAdded]), 10)
        assert {entry.type for entry in entries} == {"MessageReceived", "CustomerAdded"}
        assert [entry.position for entry in entries] == [
            record.position for record in centre.records() if record.type in {"MessageReceived", "CustomerAdded"}
        ]


class Racing(MemoryJournal):
    """A journal to which something is appended while it is being read, after the reading looked."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: Any = None

    def read(self, after: int = 0, **more: Any) -> Any:
        found = list(super().read(after, **more))
        if self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            meanwhile()
        return iter(found)


async def test_what_comes_while_the_journal_is_read_is_not_missed() -> None:
    centre = Centre()
    async with centre.open() as workspace:
        await workspace.sign_in("ana")
        await workspace.receive(message(1))
    entries = [published(record) for record in centre.records()]
    wanted = next(entry for entry in entries if entry.type == "MessageReceived")
    recent, journal = Recent(0, 1), Racing()
    recent.publish([entry for entry in entries if entry.position < wanted.position])  # none of them is wanted
    journal.meanwhile = lambda: recent.publish([wanted])
    found = await taken(follow(journal, recent, 0, frozenset({"MessageReceived"}), lambda: False), 1)
    assert found == [wanted]


async def test_it_ends_when_the_workspace_is_over_and_not_before() -> None:
    journal = SteeredJournal()
    centre = Centre(journal)
    seen: list[str] = []

    async def follow_all() -> None:
        async for entry in workspace.events():
            seen.append(entry.type)  # noqa: PERF401
        seen.append("over")

    async with anyio.create_task_group() as tasks, centre.open() as workspace:
        tasks.start_soon(follow_all)
        await turns()
        journal.hold()
        with anyio.move_on_after(0.01):
            await workspace.receive(message(1))
        journal.let_pass()
    assert seen == [*(record.type for record in centre.records()), "over"]


async def test_a_position_ahead_waits_for_it() -> None:
    centre = Centre()
    async with centre.open() as workspace:
        ahead = workspace.health().position + 3
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(workspace.receive, message(1))
            assert (await taken(workspace.events(ahead), 1))[0].position == ahead + 1


class Counted(MemoryJournal):
    """A journal that tells from where it is read, and how much of each reading is used."""

    def __init__(self) -> None:
        super().__init__()
        self.read_after: list[int] = []
        self.given: list[int] = []

    def read(self, after: int = 0, **more: Any) -> Any:
        self.read_after.append(after)
        self.given.append(0)
        for record in super().read(after, **more):
            self.given[-1] += 1
            yield record


async def test_who_is_connected_reads_nothing_twice() -> None:
    journal = Counted()
    centre = Centre(journal)
    async with centre.open() as workspace:
        for number in range(5):
            await workspace.receive(message(number))
        async with aclosing(follow_journal(journal, 0, frozenset({"AgentSignedIn"}))) as entries:
            async with anyio.create_task_group() as tasks:
                seen: list[Published] = []

                async def follow_on() -> None:
                    seen.append(await anext(entries))

                tasks.start_soon(follow_on)
                for number in range(5, 8):
                    last = workspace.health().position
                    with anyio.fail_after(8):
                        while journal.read_after[-1] < last:
                            await workspace.receive(message(f"{number}-{len(journal.read_after)}"))
                            await turns(1)
                await workspace.sign_in("ana")
            assert [entry.type for entry in seen] == ["AgentSignedIn"]


@pytest.mark.parametrize("names", [None, frozenset({"MessageReceived"})])
async def test_long_texts_are_read_few_at_a_time(names: frozenset[str] | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestra.runtime.feed._CHUNK_SIZE", 2_500)
    journal = Counted()
    centre = Centre(journal)
    async with centre.open() as workspace:
        for number in range(8):
            await workspace.receive(message(number, "long " * 200))
    journal.given.clear()
    wanted = [record.position for record in MemoryJournal.read(journal) if names is None or record.type in names]
    found = await taken(follow_journal(journal, 0, names), len(wanted))
    assert [entry.position for entry in found] == wanted
    assert 1 < max(journal.given) <= (16 if names is None else 3)


def test_type_names_are_those_of_events() -> None:
    assert type_names(None) is None
    assert type_names([]) == frozenset()
    assert type_names([e.MessageReceived, OrchestraError]) == {"MessageReceived"}  # type: ignore[list-item]


# What is kept


def entry(position: int) -> Published:
    return Published(position, position, "system", e.CaseClosed(f"ca{position}", "cu1", "done"))


async def test_recent_gives_what_is_past_a_position() -> None:
    recent = Recent(10, 3)
    assert recent.past(10) == []
    assert recent.past(9) is None
    recent.publish([entry(11), entry(12)])
    assert recent.past(10) == [entry(11), entry(12)]
    assert recent.past(11) == [entry(12)]
    assert recent.past(12) == recent.past(99) == []
    recent.publish([entry(13), entry(14)])
    assert recent.past(10) is None
    assert recent.past(11) == [entry(12), entry(13), entry(14)]
    assert recent.position == 14


async def test_listeners_hear_in_order() -> None:
    recent = Recent(0)
    heard: list[int] = []
    recent.listeners.append(lambda entry: heard.append(entry.position))
    recent.publish([entry(1), entry(2)])
    recent.publish([])
    recent.publish([entry(3)])
    assert heard == [1, 2, 3]


async def test_a_bell_wakes_those_who_wait_now() -> None:
    bell = Bell()
    first = bell.stroke
    bell.ring()
    assert first.is_set()
    assert not bell.stroke.is_set()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(bell.wait)
        await turns()
        bell.ring()
