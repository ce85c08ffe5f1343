"""Waiting for answers: whoever looks, looks for all; nobody's answer is lost, and nobody waits for another's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import anyio
import pytest

from orchestra.errors import JournalCorrupt, JournalUnavailable
from orchestra.journal.port import Journal
from orchestra.runtime.answers import Answers


class Shelf:
    """As much of a journal as waiting for answers needs."""

    def __init__(self) -> None:
        self.answers: dict[str, str] = {}
        self.version = 0
        self.looked_for: list[str] = []
        self.is_down = False
        self.fails_once = False
        self.damaged: set[str] = set()
        self.inbox = self

    def put(self, request_id: str) -> None:
        self.answers[request_id] = f"answer to {request_id}"
        self.version += 1

    def changes(self) -> int:
        if self.is_down:
            raise JournalUnavailable("down")
        return self.version

    def result(self, request_id: str) -> str | None:
        self.looked_for.append(request_id)
        if self.fails_once:
            self.fails_once = False
            raise JournalUnavailable("as planned")
        if request_id in self.damaged:
            raise JournalCorrupt(1, f"{request_id} is damaged")
        return self.answers.get(request_id)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
async def answers(shelf: Shelf) -> Answers:
    return Answers(cast(Journal, shelf))


async def _until_looked_for(shelf: Shelf, request_id: str) -> None:
    while request_id not in shelf.looked_for:
        await anyio.lowlevel.checkpoint()


async def test_an_answer_that_is_there_already_is_given(shelf: Shelf, answers: Answers) -> None:
    shelf.put("a")
    assert await answers.of("a") == "answer to a"
    assert await answers.of("a") == "answer to a"


async def test_each_gets_their_own_in_whatever_order_they_come(shelf: Shelf, answers: Answers) -> None:
    given: dict[str, str] = {}

    async def wait(request_id: str) -> None:
        given[request_id] = await answers.of(request_id)

    names = [f"r{number}" for number in range(20)]
    async with anyio.create_task_group() as tasks:
        for name in names:
            tasks.start_soon(wait, name)
        await _until_looked_for(shelf, "r19")
        for name in reversed(names):
            shelf.put(name)
            await anyio.lowlevel.checkpoint()
    assert given == {name: f"answer to {name}" for name in names}


async def test_two_who_ask_for_the_same_both_get_it(shelf: Shelf, answers: Answers) -> None:
    given: list[str] = []

    async def wait() -> None:
        given.append(await answers.of("a"))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wait)
        tasks.start_soon(wait)
        await _until_looked_for(shelf, "a")
        shelf.put("a")
    assert given == ["answer to a"] * 2


async def test_a_newcomer_is_looked_for_though_nothing_has_changed(shelf: Shelf, answers: Answers) -> None:
    shelf.put("late")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(answers.of, "never")
        await _until_looked_for(shelf, "never")
        assert await answers.of("late") == "answer to late"
        tasks.cancel_scope.cancel()


async def test_who_gives_up_is_no_longer_looked_for(shelf: Shelf, answers: Answers) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(answers.of, "given-up")
        await _until_looked_for(shelf, "given-up")
        tasks.cancel_scope.cancel()
    shelf.looked_for.clear()
    shelf.put("a")
    assert await answers.of("a") == "answer to a"
    assert "given-up" not in shelf.looked_for


async def test_a_journal_that_cannot_be_read_is_reported_to_all(shelf: Shelf, answers: Answers) -> None:
    errors: list[Any] = []

    async def wait(request_id: str) -> None:
        try:
            await answers.of(request_id)
        except JournalUnavailable as error:
            errors.append(error)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wait, "a")
        tasks.start_soon(wait, "b")
        await _until_looked_for(shelf, "b")
        shelf.is_down = True
    assert len(errors) == 2
    shelf.is_down = False
    shelf.put("c")
    assert await answers.of("c") == "answer to c"


async def test_a_look_that_fails_is_made_again_for_the_others(shelf: Shelf, answers: Answers) -> None:
    ends: dict[str, str] = {}

    async def wait(request_id: str) -> None:
        try:
            ends[request_id] = await answers.of(request_id)
        except JournalUnavailable:
            ends[request_id] = "told"

    with anyio.fail_after(8):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(wait, "a")
            tasks.start_soon(wait, "b")
            await _until_looked_for(shelf, "b")
            shelf.fails_once = True
            shelf.put("a")
            shelf.put("b")
    assert sorted(ends.values()) in (["answer to a", "told"], ["answer to b", "told"])


async def test_a_damaged_answer_is_told_to_those_alone_who_wait_for_it(shelf: Shelf, answers: Answers) -> None:
    ends: list[tuple[str, str]] = []

    async def wait(request_id: str) -> None:
        try:
            ends.append((request_id, await answers.of(request_id)))
        except JournalCorrupt as error:
            ends.append((request_id, error.reason))

    shelf.damaged.add("bad")
    with anyio.fail_after(8):
        async with anyio.create_task_group() as tasks:
            for name in ("a", "bad", "b", "bad"):
                tasks.start_soon(wait, name)
            while len(ends) < 2:
                await anyio.lowlevel.checkpoint()
            assert ends == [("bad", "bad is damaged")] * 2
            shelf.put("a")
            shelf.put("b")
    assert sorted(ends[2:]) == [("a", "answer to a"), ("b", "answer to b")]


async def test_a_look_that_is_cancelled_before_it_reads_is_made_again(
    shelf: Shelf, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All threads are busy when the answers come, and the one whose turn it is gives up waiting for one."""
    given: list[str] = []
    scopes: dict[int, anyio.CancelScope] = {}
    hung: list[anyio.CancelScope] = []
    has_hung, never = anyio.Event(), anyio.Event()
    is_busy = False

    async def in_busy_threads(function: Callable[..., Any], *arguments: Any) -> Any:
        if is_busy and not hung:
            hung.append(scopes[anyio.get_current_task().id])
            has_hung.set()
            await never.wait()
        return function(*arguments)

    async def wait(request_id: str) -> None:
        with anyio.CancelScope() as scopes[anyio.get_current_task().id]:
            given.append(await answers.of(request_id))

    monkeypatch.setattr("orchestra.runtime.answers.in_thread", in_busy_threads)
    with anyio.fail_after(8):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(wait, "a")
            tasks.start_soon(wait, "b")
            await _until_looked_for(shelf, "b")
            is_busy = True
            shelf.put("a")
            shelf.put("b")
            await has_hung.wait()
            hung[0].cancel()
    assert given in (["answer to a"], ["answer to b"])
