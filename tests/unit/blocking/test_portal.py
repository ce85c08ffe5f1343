"""The hand-written half of the blocking door: threads, closing, forks, errors, iterating."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path

import anyio
import pytest

from orchestra.blocking.portal import Counterpart, Door, Opened, Stream, as_is
from orchestra.errors import JournalUnavailable

SOON = timedelta(seconds=1)


@pytest.fixture
def door() -> Iterator[Door]:
    opened = Door()
    yield opened
    opened.close()


class Refusal(Exception):
    pass


async def _refuse() -> None:
    raise Refusal


async def _double(number: int, *, plus: int = 0) -> int:
    await anyio.lowlevel.checkpoint()
    return 2 * number + plus


async def _count(upto: int) -> AsyncGenerator[int]:
    for number in range(upto):
        yield number


class Feed:
    """An async generator that waits for ever after its items, and tells when it is over."""

    def __init__(self, *items: int) -> None:
        self.items = items
        self.waits = threading.Event()
        self.is_over = threading.Event()

    async def run(self) -> AsyncGenerator[int]:
        try:
            for item in self.items:
                yield item
            self.waits.set()
            await anyio.sleep_forever()
        finally:
            self.is_over.set()


# Calls


def test_a_call_gives_what_the_coroutine_gives(door: Door) -> None:
    assert door.run(_double, 4, plus=1) == 9


def test_a_plain_function_runs_in_the_loop_s_thread(door: Door) -> None:
    assert door.run_sync(threading.get_ident) != threading.get_ident()


def test_errors_come_as_they_were_raised(door: Door) -> None:
    with pytest.raises(Refusal) as raised:
        door.run(_refuse)
    assert type(raised.value) is Refusal


def test_many_threads_call_at_once(door: Door) -> None:
    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(lambda n: door.run(_double, n), range(200))) == [2 * n for n in range(200)]


def test_a_call_into_a_closed_door_is_refused(door: Door) -> None:
    door.close()
    with pytest.raises(JournalUnavailable, match="it is closed"):
        door.run(_double, 1)


def test_a_runtime_error_of_another_kind_is_not_taken_for_closing(door: Door) -> None:
    async def call_from_inside() -> int:
        return door.run(_double, 1)

    with pytest.raises(RuntimeError, match="event loop thread"):
        door.run(call_from_inside)


def test_closing_ends_calls_under_way_with_an_unknown_outcome(door: Door) -> None:
    waits = threading.Event()

    async def wait() -> None:
        waits.set()
        await anyio.sleep_forever()

    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(door.run, wait)
        waits.wait()
        door.close()
        with pytest.raises(JournalUnavailable) as raised:
            call.result()
    assert raised.value.outcome_unknown


def test_an_interrupted_caller_leaves_nothing_behind(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted(Future[int]):
        def result(self, timeout: float | None = None) -> int:
            raise KeyboardInterrupt

    call = Interrupted()
    monkeypatch.setattr(door, "start", lambda function: call)
    with pytest.raises(KeyboardInterrupt):
        door.run(_double, 1)
    assert call.cancelled()


def test_cancelling_what_was_started_ends_it(door: Door) -> None:
    feed = Feed()

    async def wait() -> None:
        async for _ in feed.run():
            pass

    call = door.start(wait)
    feed.waits.wait()
    call.cancel()
    assert feed.is_over.wait(timeout=60)


# Opening and closing


@asynccontextmanager
async def _context(log: list[str]) -> AsyncIterator[str]:
    log.append("entered")
    yield "inner"
    log.append("left")


def test_the_context_is_left_when_closed_and_once_only() -> None:
    log: list[str] = []
    opened = Opened.behind(_context(log))
    assert repr(opened) == "'inner'"
    opened.close()
    opened.close()
    assert log == ["entered", "left"]


def test_a_with_block_closes_and_lets_its_error_through() -> None:
    log: list[str] = []
    with pytest.raises(Refusal), Opened.behind(_context(log)):
        raise Refusal
    assert log == ["entered", "left"]


def test_what_entering_raises_comes_out_and_leaves_no_thread() -> None:
    @asynccontextmanager
    async def broken() -> AsyncIterator[str]:
        raise Refusal
        yield ""  # what makes it a generator

    before = threading.active_count()
    with pytest.raises(Refusal):
        Opened.behind(broken())
    assert threading.active_count() == before


def test_what_leaving_raises_comes_out_and_leaves_no_thread() -> None:
    @asynccontextmanager
    async def broken() -> AsyncIterator[str]:
        yield ""
        raise Refusal

    before = threading.active_count()
    opened = Opened.behind(broken())
    with pytest.raises(Refusal):
        opened.close()
    assert threading.active_count() == before


def test_a_loop_that_cannot_start_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise OSError("no descriptors left")

    monkeypatch.setattr(anyio, "run", fail)
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    with pytest.raises(OSError, match="no descriptors"):
        Door()


PROGRAM = """
import os, sys
from orchestra.blocking.portal import Door
from orchestra.errors import JournalUnavailable
async def one():
    return 1
door = Door()
assert door.run(one) == 1
"""

FORK = """
child = os.fork()
if child == 0:
    try:
        door.run(one)
    except JournalUnavailable as error:
        print(error, flush=True)
    door.close()
    sys.exit(0)
assert os.waitpid(child, 0)[1] == 0
assert door.run(one) == 1
door.close()
"""


def _run(program: str) -> str:
    # Python 3.12 warns of forking with threads, which is what is done here on purpose.
    command = [sys.executable, "-W", "ignore", "-c", program]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def test_a_forked_child_is_refused_with_advice_and_the_parent_goes_on() -> None:
    told = _run(PROGRAM + FORK)
    assert told.count("\n") == 1
    assert "which then forked: open it in the child, after the fork" in told


def test_a_program_that_forgets_to_close_ends_all_the_same() -> None:
    assert _run(PROGRAM) == ""


# Iterating


def test_it_gives_what_the_source_gives(door: Door) -> None:
    assert list(Stream(door, _count(3), lambda n: n * 10)) == [0, 10, 20]


def test_what_has_ended_stays_ended(door: Door) -> None:
    stream = Stream(door, _count(1), as_is)
    assert list(stream) == [0]
    assert list(stream) == []


def test_it_ends_after_the_time_out_and_ends_its_source(door: Door) -> None:
    feed = Feed(1, 2)
    assert list(Stream(door, feed.run(), as_is, SOON)) == [1, 2]
    assert feed.is_over.wait(timeout=60)


def test_leaving_a_with_block_ends_the_source(door: Door) -> None:
    feed = Feed(1, 2)
    with Stream(door, feed.run(), as_is) as stream:
        assert next(stream) == 1
    assert feed.is_over.wait(timeout=60)
    assert list(stream) == []


def test_a_stream_left_by_break_is_ended_when_it_is_forgotten(door: Door) -> None:
    feed = Feed(1, 2)
    for _ in Stream(door, feed.run(), as_is):
        break
    assert feed.is_over.wait(timeout=60)


def test_closing_wakes_who_waits_in_it(door: Door) -> None:
    feed = Feed()
    stream = Stream(door, feed.run(), as_is)
    with ThreadPoolExecutor(1) as pool:
        rest = pool.submit(list[int], stream)
        feed.waits.wait()
        stream.close()
        assert rest.result() == []


def test_closing_the_door_ends_iterations(door: Door) -> None:
    feed = Feed(1)
    stream = Stream(door, feed.run(), as_is)
    with ThreadPoolExecutor(1) as pool:
        all_of_it = pool.submit(list[int], stream)
        feed.waits.wait()
        door.close()
        assert all_of_it.result() == [1]


def test_an_iteration_begun_after_closing_is_over_at_once(door: Door) -> None:
    stream = Stream(door, _count(3), as_is)
    door.close()
    assert list(stream) == []


def test_each_item_comes_to_one_of_the_threads_that_share_it(door: Door) -> None:
    stream = Stream(door, _count(100), as_is)
    with ThreadPoolExecutor(4) as pool:
        shares: list[Future[list[int]]] = [pool.submit(list[int], stream) for _ in range(4)]
    assert sorted(number for share in shares for number in share.result()) == list(range(100))


def test_the_source_s_errors_come_out_and_end_it(door: Door) -> None:
    async def broken() -> AsyncGenerator[int]:
        yield 1
        raise Refusal

    stream = Stream(door, broken(), as_is)
    assert next(stream) == 1
    with pytest.raises(Refusal):
        next(stream)
    assert list(stream) == []


def test_a_source_that_is_no_generator_works_too(door: Door) -> None:
    class Twice:
        left = 2

        def __aiter__(self) -> Twice:
            return self

        async def __anext__(self) -> int:
            if not self.left:
                raise StopAsyncIteration
            self.left -= 1
            return self.left

    assert list(Stream(door, Twice(), as_is)) == [1, 0]


def test_counterparts_show_what_they_stand_for(door: Door) -> None:
    assert repr(Counterpart(door, Path("x"))) == repr(Path("x"))


def test_only_one_way_is_needed_to_stop(door: Door) -> None:
    stream = Stream(door, Feed(1).run(), as_is)
    with suppress(StopIteration):
        stream.close()
        next(stream)
        pytest.fail("a closed stream gave an item")
