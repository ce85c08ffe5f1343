"""An event loop in a thread of its own, and one async context open in it.

Belongs here: threads, forks, closing, what it means to iterate without await. Does not: the names and signatures of
the public API, which the other modules of this package hold and a generator writes.
"""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import AbstractAsyncContextManager, AbstractContextManager, suppress
from datetime import timedelta
from functools import partial
from typing import Any, Generic, ParamSpec, Self, TypeVar

import anyio
from anyio.from_thread import BlockingPortal

from orchestra.errors import JournalUnavailable

__all__ = ["Counterpart", "Door", "Opened", "Stream", "as_is"]

_Args = ParamSpec("_Args")
_Value = TypeVar("_Value")
_Inner = TypeVar("_Inner")
_Item = TypeVar("_Item")

_OVER = object()


class Door:
    """One event loop in one thread, for one connection or one workspace. Usable from any other thread.

    A loop for each, instead of one for all: nothing is shared, so closing one cannot disturb another, and a forked
    process has nothing to clean up.
    """

    def __init__(self) -> None:
        self._process = os.getpid()
        self._changing = threading.Lock()
        self._is_closed = False
        self._context: AbstractContextManager[Any] | None = None
        started: Future[BlockingPortal] = Future()
        # A daemon, so that a program which forgot to close ends all the same.
        self._thread = threading.Thread(target=_serve, args=[started], name="orchestra-blocking", daemon=True)
        self._thread.start()
        self._portal = started.result()
        atexit.register(self.close)

    def enter(self, context: AbstractAsyncContextManager[_Value]) -> _Value:
        """Enter the context that this door leads to; whatever it raises closes the door."""
        wrapped: AbstractContextManager[_Value] = self._portal.wrap_async_context_manager(context)
        self._context = wrapped
        try:
            return wrapped.__enter__()
        except BaseException:
            self._context = None
            self.close()
            raise

    def start(self, function: Callable[[], Any]) -> Future[Any]:
        """Call it in the event loop's thread, and await what it gives if that can be awaited.

        Raises:
            JournalUnavailable: the door is closed, or belongs to the process that this one was forked from.
        """
        if os.getpid() != self._process:
            raise JournalUnavailable(
                f"it was opened in process {self._process}, which then forked: open it in the child, after the fork"
            )
        try:
            return self._portal.start_task_soon(function)
        except RuntimeError:
            if self._is_closed:
                raise JournalUnavailable("it is closed") from None
            raise

    def run(self, function: Callable[_Args, Awaitable[_Value]], *args: _Args.args, **kwargs: _Args.kwargs) -> _Value:
        """Await what it gives, and give that. Its errors come as they were raised.

        Raises:
            JournalUnavailable: as `start`; or the door was closed meanwhile, and the outcome is unknown.
        """
        value: _Value = self._wait(self.start(partial(function, *args, **kwargs)))
        return value

    def run_sync(self, function: Callable[_Args, _Value], *args: _Args.args, **kwargs: _Args.kwargs) -> _Value:
        """As `run`, for what needs no awaiting but belongs to the event loop's thread."""
        value: _Value = self._wait(self.start(partial(function, *args, **kwargs)))
        return value

    def _wait(self, future: Future[Any]) -> Any:
        try:
            return future.result()
        except CancelledError:
            raise JournalUnavailable("it was closed during the call", True) from None
        except BaseException:
            future.cancel()  # the caller was interrupted; nobody waits for the answer any more
            raise

    @property
    def is_closed(self) -> bool:
        """Whether it has been closed, or is being closed."""
        return self._is_closed

    def close(self) -> None:
        """Leave the context, end the loop and its thread. Closing twice is fine, and in a forked child does nothing."""
        if os.getpid() != self._process:
            return
        with self._changing:
            if self._is_closed:
                return
            self._is_closed = True
        atexit.unregister(self.close)
        try:
            if self._context is not None:
                self._context.__exit__(None, None, None)
        finally:
            self._portal.call(self._portal.stop, True)
            self._thread.join()


def _serve(started: Future[BlockingPortal]) -> None:
    try:
        anyio.run(_open_portal, started)
    except BaseException as error:
        if not started.done():
            started.set_exception(error)
        raise


async def _open_portal(started: Future[BlockingPortal]) -> None:
    async with BlockingPortal() as portal:
        started.set_result(portal)
        await portal.sleep_until_stopped()


class Counterpart(Generic[_Inner]):
    """Something of the async API, behind a door."""

    def __init__(self, door: Door, inner: _Inner) -> None:
        self._door = door
        self._inner = inner

    def __repr__(self) -> str:
        return repr(self._inner)


class Opened(Counterpart[_Inner]):
    """What was opened and must be closed: by `close`, or by a `with` block, or at the latest when the process ends."""

    @classmethod
    def behind(cls, context: AbstractAsyncContextManager[_Inner]) -> Self:
        """Open an async context, and stand for what it gives."""
        door = Door()
        return cls(door, door.enter(context))

    def close(self) -> None:
        """End it. Calls still under way raise `JournalUnavailable`, iterations end. Closing twice is fine."""
        self._door.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        # What went wrong in the block is the block's own: what was decided is stored in any case.
        self.close()


class Stream(Iterator[_Item]):
    """An async iterator, without await: `next` waits for the next item, and `for` works.

    Leave it by `break`, `close` or a `with` block. Several threads may share it; each item comes to one of them. It
    ends when its source ends, when it or what it came from is closed, or after `timeout` without a new item.
    """

    def __init__(
        self,
        door: Door,
        source: AsyncIterator[Any],
        wrap: Callable[[Any], _Item],
        timeout: timedelta | None = None,
    ) -> None:
        self._door = door
        self._source = source
        self._wrap = wrap
        self._timeout_s = None if timeout is None else timeout.total_seconds()
        self._turn = threading.Lock()
        self._is_over = False
        self._pending: Future[Any] | None = None

    def __next__(self) -> _Item:
        with self._turn:
            item = _OVER if self._is_over else self._next()
        if item is _OVER:
            self.close()
            raise StopIteration
        return self._wrap(item)

    def _next(self) -> Any:
        try:
            self._pending = self._door.start(self._step)
            if self._is_over:  # closed between the look and the start
                return _OVER
            return self._pending.result(self._timeout_s)
        except (CancelledError, TimeoutError):
            return _OVER
        except BaseException:
            if self._door.is_closed:
                return _OVER
            self.close()
            raise

    async def _step(self) -> Any:
        return await anext(self._source, _OVER)

    def close(self) -> None:
        """End the iteration, also for a thread that waits in it. Closing twice is fine."""
        self._is_over = True
        pending = self._pending
        if pending is not None and not pending.done():
            pending.cancel()  # which ends the source too
        elif isinstance(self._source, AsyncGenerator):
            with suppress(JournalUnavailable):
                self._door.start(self._source.aclose)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


def as_is(item: _Item) -> _Item:
    """An item that is the same on both sides of a door."""
    return item
